"""The team's cases with their missing items, and what a supervisor has to decide."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from backend import audit, clock
from backend.cases import caseload_health, completeness, drills, officers, viewing, writing
from backend.cases.commands.people import ReviewOpening
from backend.cases.commands.zones import DecideOnZone
from backend.models import Role
from backend.record import reading
from backend.web.case_pages.layout import STAFF, bp, refusable, refused, try_to
from backend.web.forms import build, keep_version, number_chosen, pressed, visitor
from backend.web.signed_in import page_for, settings

CASES_A_PAGE = 50


@bp.route("/cases", methods=["GET", "POST"])
@page_for(*STAFF)
def cases() -> Any:
    """The team's cases and what is missing from them; a search is posted, since names belong in no address."""
    person, now = visitor(), clock.now()
    text = pressed("text")
    # Before it is read: what is recorded between the two is no part of what a supervisor decides on.
    keep_version(audit.newest())
    found = viewing.cases_of(person, now, text)
    ids = [wearer.id for wearer in found]
    gaps: dict[int, list[str]] = {}
    for finding in completeness.find(now, ids, silent_after=settings().tag_silent_after()):
        gaps.setdefault(finding.wearer_id, []).append(finding.text)
    # Those that need something come first: of a long caseload they are on the first page.
    found.sort(key=lambda wearer: (wearer.is_training, wearer.id not in gaps))
    pages = max(1, -(-len(found) // CASES_A_PAGE))
    number = min(pages, max(1, number_chosen("page") or request.args.get("page", 1, type=int)))
    shown = found[(number - 1) * CASES_A_PAGE : number * CASES_A_PAGE]
    # The watch says of one that cannot be read that it cannot.
    known = reading.cases([wearer.id for wearer in shown], faults={})
    reporting = caseload_health.reporting_states(shown, settings(), now)
    officers_then = reading.OfficersThen(shown)
    rows = [
        {
            "id": wearer.id,
            "crn": wearer.crn,
            "name": wearer.name,
            "is_drill": wearer.is_training,
            "life": known[wearer.id].status_at(now).value if wearer.id in known else "unreadable",
            "is_judged": wearer.id in known and bool(known[wearer.id].zones_in_force(now)),
            "reporting": reporting[wearer.id],
            "officer": officers_then.at(wearer, now),
            "gaps": gaps.get(wearer.id, []),
        }
        for wearer in shown
    ]
    is_supervisor = person.role == Role.SUPERVISOR
    return render_template(
        "case/list.html",
        person=person,
        rows=rows,
        text=text,
        now=now,
        gap_count=sum(map(len, gaps.values())),
        number=number,
        pages=pages,
        count=len(found),
        address=lambda page: url_for("case_pages.cases", page=page),
        to_approve=writing.to_approve(person, now) if is_supervisor else [],
        openings=officers.openings_to_review(person, now) if is_supervisor else [],
    )


@bp.post("/zones/<int:zone_id>/approval")
@page_for(Role.SUPERVISOR)
@refusable
def decide_on_zone(zone_id: int) -> Any:
    def act() -> Any:
        is_approved = pressed("decision") == "approve"
        return build(DecideOnZone, is_approved=is_approved).carry_out(visitor(), clock.now(), zone_id)

    back = lambda _: redirect(url_for("case_pages.cases"))  # noqa: E731
    return try_to(act, back, refused)


@bp.post("/openings/<int:opening_id>/review")
@page_for(Role.SUPERVISOR)
@refusable
def review_opening(opening_id: int) -> Any:
    return try_to(
        lambda: build(ReviewOpening).carry_out(visitor(), clock.now(), opening_id),
        lambda _: redirect(url_for("case_pages.cases")),
        refused,
    )


@bp.post("/cases/drill")
@page_for(Role.SUPERVISOR)
@refusable
def drill() -> Any:
    """Let the team's training case walk into its zone: made on the first drill."""

    def act() -> Any:
        person, now = visitor(), clock.now()
        training = drills.make_case(person, now)
        drills.run(person, training.id, settings(), clock.now())

    return try_to(act, lambda _: redirect(url_for("pages.officer")), refused)
