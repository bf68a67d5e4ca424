"""Who is responsible for a case, who may open it, who covers for whom, and who leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for

from backend import audit, clock
from backend.cases import officers, viewing
from backend.cases.commands.people import CoverColleague, HandOver, LetLeave, OpenInEmergency, RestrictCase
from backend.errors import DomainError, NotFound
from backend.models import Person, Role
from backend.record.facts import LONDON
from backend.web.case_pages.case import colleagues, one_task
from backend.web.case_pages.layout import STAFF, bp, refusable, refused, try_to, with_form
from backend.web.forms import build, keep_version, number_chosen, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/officer", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def hand_over(wearer_id: int) -> Any:
    return one_task(
        wearer_id,
        "officer",
        lambda person, now: build(HandOver).carry_out(person, now, wearer_id),
        said="The case is handed over.",
        more=lambda shown: {"colleagues": colleagues()},
    )


@bp.route("/cases/<int:wearer_id>/restriction", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
@refusable
def restrict(wearer_id: int) -> Any:
    return one_task(
        wearer_id,
        "restriction",
        lambda person, now: build(RestrictCase).carry_out(person, now, wearer_id),
        said="Who may open the case is recorded.",
        more=lambda shown: {"colleagues": colleagues(), "restricted_to": shown["file"].named_at(shown["now"])},
    )


@bp.post("/cases/<int:wearer_id>/emergency")
@page_for(*STAFF)
@refusable
def open_in_emergency(wearer_id: int) -> Any:
    return try_to(
        lambda: build(OpenInEmergency).carry_out(visitor(), clock.now(), wearer_id),
        lambda _: redirect(url_for("case_pages.case", wearer_id=wearer_id)),
        refused,
    )


@bp.get("/people")
@page_for(Role.SUPERVISOR)
def team() -> Any:
    """The supervisor's colleagues: who has how many cases, who leaves, who covers."""
    person, now = visitor(), clock.now()
    closed = viewing.closed_cases([person.id], now).get(person.id, set())
    rows = [
        {"person": one, "cases": sum(wearer.id not in closed for wearer in officers.caseload_of(one, now))}
        for one in colleagues()
    ]
    return render_template("case/people.html", person=person, rows=rows)


@bp.route("/people/<int:person_id>/leave", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
@refusable
def leave(person_id: int) -> Any:
    """An officer leaves: each case to a named colleague, in one action."""
    person, now = visitor(), clock.now()
    team = colleagues()
    leaver = next((one for one in team if one.id == person_id), None)
    if leaver is None:
        raise NotFound("The colleague was not found.")
    keep_version(audit.newest())
    closed = viewing.closed_cases([person.id], now).get(person.id, set())
    caseload = officers.caseload_of(leaver, now)
    shown = [wearer for wearer in caseload if wearer.id not in closed]
    hidden = len(caseload) - len(shown)

    def again(error: DomainError | None) -> str:
        heirs = [{"value": str(one.id), "text": one.name} for one in team if one.id != leaver.id]
        return render_template(
            "case/leave.html",
            **with_form(
                error=error,
                leaver=leaver,
                caseload=shown,
                hidden=hidden,
                rest=_rest_of(hidden, officers.covered_by(leaver.id, now)),
                heirs=[{"value": "", "text": "Choose"}, *heirs],
            ),
        )

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        chosen = {one.id: number_chosen(f"heir_{one.id}") for one in caseload}
        heirs = {wearer_id: heir for wearer_id, heir in chosen.items() if heir is not None}
        return build(LetLeave, heirs=heirs).carry_out(person, now, leaver.id)

    return try_to(act, lambda _: redirect(url_for("case_pages.team")), again)


def _rest_of(hidden: int, covered: Sequence[Person]) -> str:
    """Return the label for what goes to one colleague together, empty where there is nothing of it."""
    parts = [f"cases that are closed to you ({hidden})"] if hidden else []
    parts += [f"cover for {', '.join(one.name for one in covered)}"] if covered else []
    rest = " and ".join(parts)
    return f"{rest[0].upper()}{rest[1:]} {'go' if hidden else 'goes'} to" if rest else ""


def held_days(cover: dict[str, Any]) -> dict[str, str]:
    """Return a cover as its form has it: who, the first day and the last one."""
    held = {"covering": str(cover["covering_id"]), "first_day": f"{cover['from_at'].astimezone(LONDON):%Y-%m-%d}"}
    if cover["until"]:
        held["last_day"] = f"{cover['until'].astimezone(LONDON) - timedelta(microseconds=1):%Y-%m-%d}"
    return held


@bp.route("/people/<int:person_id>/cover", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def cover(person_id: int) -> Any:
    """A colleague answers for someone's cases from one day to another."""
    person, now = visitor(), clock.now()
    team = colleagues()
    absent = next((one for one in team if one.id == person_id), None)
    if absent is None:
        raise NotFound("The colleague was not found.")

    keep_version(audit.newest())
    covers = officers.covers_of(person, absent.id, now)
    corrects = number_chosen("corrects") if request.method == "POST" else request.args.get("corrects", type=int)

    def again(error: DomainError | None) -> str:
        others = [one for one in team if one.id != absent.id]
        wrong = next((one for one in covers if one["id"] == corrects and not one["is_corrected"]), None)
        held = held_days(wrong) if wrong and request.method == "GET" else request.form
        return render_template(
            "case/cover.html",
            **with_form(error=error, absent=absent, others=others, covers=covers, wrong=wrong, values=held),
        )

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        return build(CoverColleague).carry_out(person, now, absent.id)

    home = "case_pages.team" if person.role == Role.SUPERVISOR else "case_pages.cases"
    return try_to(act, lambda _: redirect(url_for(home)), again)
