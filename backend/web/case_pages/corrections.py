"""Corrects a fact of a case from its timeline: what was wrong, what is right, why, and from which document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request, url_for

from backend import clock
from backend.cases import corrections, eligibility, viewing
from backend.cases.commands.monitoring import AssessRisk, EndCase, SuspendCase
from backend.cases.commands.orders import AddCondition, StateEligibility, VaryOrder
from backend.cases.commands.people import HandOver
from backend.cases.monitoring_status import Ended, Suspended
from backend.errors import DomainError, InvalidTransition
from backend.models import Fact, Person, Role
from backend.record.facts import LONDON, Terms, What
from backend.web.case_pages.case import done_at
from backend.web.case_pages.layout import STAFF, bp, colleagues_of, refusable, refused, try_to, with_form
from backend.web.case_pages.monitoring_status import RISK_TEXTS, status_command
from backend.web.forms import answers, build, is_as, pressed, visitor
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/entries/<int:entry_id>/correction", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def correct_entry(wearer_id: int, entry_id: int) -> Any:
    person, now = visitor(), clock.now()

    def act() -> Any:
        entry = corrections.entry_of(person, wearer_id, entry_id, now)
        return WRITERS[What(entry.what)](person, entry, now, {"corrects": entry.id, **_from(entry.from_at)})

    return _correction(wearer_id, "entry_id", entry_id, act)


@bp.route("/cases/<int:wearer_id>/conditions/<int:condition_id>/correction", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def correct_condition(wearer_id: int, condition_id: int) -> Any:
    person, now = visitor(), clock.now()

    def act() -> Any:
        wrong = corrections.condition_of(person, wearer_id, condition_id, now)
        command = build(AddCondition, corrects=wrong.id, **_from(wrong.from_at))
        return command.carry_out(person, now, wrong.order_id)

    return _correction(wearer_id, "condition_id", condition_id, act)


def _correction(wearer_id: int, which: str, number: int, act: Callable[[], Any]) -> Any:
    person, now = visitor(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)
    row = next((one for one in viewing.history(person, wearer_id, now) if one.get(which) == number), None)

    def page(error: DomainError | None = None) -> str:
        if which == "entry_id":
            wrong: Any = corrections.entry_of(person, wearer_id, number, now)
            held = _held(wrong)
        else:
            wrong = corrections.condition_of(person, wearer_id, number, now)
            held = {"number": wrong.number, "wording": wrong.wording}
        from_at = wrong.from_at.astimezone(LONDON)
        held |= {"from_day": f"{from_at:%Y-%m-%d}", "from_time": f"{from_at:%H:%M}"}
        return render_template(
            "case/correct.html",
            **with_form(
                error=error,
                case=seen,
                row=row,
                held=request.form if request.method == "POST" else held,
                officers=[one for one in colleagues_of(person) if one.role != Role.ADMINISTRATOR],
                suspensions=list(Suspended),
                endings=list(Ended),
                risks=RISK_TEXTS,
                facts=eligibility.FACTS,
                action=request.path,
            ),
        )

    def again(error: DomainError) -> str:
        try:
            return page(error)
        except InvalidTransition:
            # Someone corrected it meanwhile: there is nothing left here to correct.
            return refused(error)

    if request.method == "GET":
        try:
            return page()
        except InvalidTransition as error:
            return refused(error), error.status

    def done(_: Any) -> Any:
        return done_at(url_for("case_pages.history", wearer_id=wearer_id), "The correction is recorded.")

    return try_to(act, done, again)


def _held(entry: Fact) -> dict[str, Any]:
    """Return what an entry holds as its form has it."""
    what, value = What(entry.what), entry.value
    if what is What.TERMS:
        terms = Terms.from_value(value)
        return {
            "starts_on": _first_day(terms.starts_at),
            "ends_on": _last_day(terms.ends_at) if terms.ends_at else "",
            "is_suspended": "yes" if terms.is_suspended else "",
        }
    if what is What.MONITORING_STATUS:
        until = value.get("expected_end_at")
        return {
            "life": value.get("reason") or "resume",
            "expected_end": _last_day(datetime.fromisoformat(until)) if until else "",
        }
    if what is What.OFFICER:
        return {"officer": str(value["person"] or "")}
    if what is What.RISK:
        return {"risk": value["risk"]}
    return {name: {True: "yes", False: "no", None: "unknown"}[value.get(name)] for name in eligibility.FACTS}


def _first_day(at: datetime) -> str:
    return at.astimezone(LONDON).date().isoformat()


def _last_day(at: datetime) -> str:
    return (at.astimezone(LONDON) - timedelta(microseconds=1)).date().isoformat()


def _from(held: datetime) -> dict[str, datetime]:
    """Return the instant that was recorded where the form still has it: its minute alone would be another one."""
    local = held.astimezone(LONDON)
    is_kept = is_as("from_day", f"{local:%Y-%m-%d}") and is_as("from_time", f"{local:%H:%M}")
    return {"from_at": held} if is_kept else {}


def _correct_terms(person: Person, entry: Fact, now: datetime, given: dict[str, Any]) -> Any:
    """A day that was left as the form had it is the very instant that was recorded."""
    held = Terms.from_value(entry.value)
    if is_as("starts_on", _first_day(held.starts_at)):
        given["starts_at"] = held.starts_at
    if held.ends_at is not None and is_as("ends_on", _last_day(held.ends_at)):
        given["ends_at"] = held.ends_at
    given |= {"removes_end": not pressed("ends_on"), "is_suspended": pressed("is_suspended") == "yes"}
    return build(VaryOrder, **given).carry_out(person, now, int(entry.subject.partition(":")[2]))


def _correct_life(person: Person, entry: Fact, now: datetime, given: dict[str, Any]) -> Any:
    command = status_command(pressed("life"))
    until = entry.value.get("expected_end_at")
    if command is SuspendCase and until and is_as("expected_end", _last_day(datetime.fromisoformat(until))):
        given["expected_end_at"] = datetime.fromisoformat(until)
    if command is EndCase:
        given |= {"at": given.pop("from_at")} if "from_at" in given else {}
    return build(command, **given).carry_out(person, now, entry.case_id)


def _correct_officer(person: Person, entry: Fact, now: datetime, given: dict[str, Any]) -> Any:
    return build(HandOver, **given).carry_out(person, now, entry.case_id)


def _correct_risk(person: Person, entry: Fact, now: datetime, given: dict[str, Any]) -> Any:
    return build(AssessRisk, **given).carry_out(person, now, entry.case_id)


def _correct_facts(person: Person, entry: Fact, now: datetime, given: dict[str, Any]) -> Any:
    command = build(StateEligibility, facts=answers(), **given)
    return command.carry_out(person, now, int(entry.subject.partition(":")[2]))


WRITERS = {
    What.TERMS: _correct_terms,
    What.MONITORING_STATUS: _correct_life,
    What.OFFICER: _correct_officer,
    What.RISK: _correct_risk,
    What.ELIGIBILITY: _correct_facts,
}
