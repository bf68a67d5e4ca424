"""Corrects a fact of a case from its timeline: what was wrong, what is right, why, and from which document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for

from backend import clock
from backend.cases import corrections, eligibility, monitoring_status, officers, viewing, writing
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import DomainError, InvalidRecord, InvalidTransition
from backend.models import DatedEntry, Person, Role
from backend.record.facts import LONDON, Life, Terms, What, ends_with, midnight
from backend.web.case_pages.case import RISK_TEXTS
from backend.web.case_pages.layout import STAFF, bp, colleagues_of, refusable, refused, try_to, with_form
from backend.web.case_pages.orders import ANSWERS
from backend.web.forms import day_of, from_when, is_confirmed, number_chosen, text_of, visitor
from backend.web.signed_in import page_for

RESUME = "active"


@bp.route("/cases/<int:wearer_id>/entries/<int:entry_id>/correction", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def correct_entry(wearer_id: int, entry_id: int) -> Any:
    person, now = visitor(), clock.now()

    def act() -> Any:
        entry = corrections.entry_of(person, wearer_id, entry_id, now)
        more: dict[str, Any] = {"why": text_of("why"), "document": text_of("document"), "corrects": entry.id}
        return WRITERS[What(entry.what)](person, entry, _from(entry.from_at, now), now, more)

    return _correction(wearer_id, "entry_id", entry_id, act)


@bp.route("/cases/<int:wearer_id>/conditions/<int:condition_id>/correction", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def correct_condition(wearer_id: int, condition_id: int) -> Any:
    person, now = visitor(), clock.now()

    def act() -> Any:
        wrong = corrections.condition_of(person, wearer_id, condition_id, now)
        return writing.add_condition(
            person,
            wrong.order_id,
            text_of("number"),
            text_of("wording"),
            _from(wrong.from_at, now),
            now,
            wrong.id,
            why=text_of("why"),
            document=text_of("document"),
        )

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
        return redirect(url_for("case_pages.case", wearer_id=wearer_id, _anchor="history"))

    return try_to(act, done, again)


def _held(entry: DatedEntry) -> dict[str, Any]:
    """Return what an entry holds as its form has it."""
    what, value = What(entry.what), entry.value
    if what is What.TERMS:
        terms = Terms.from_value(value)
        return {
            "starts_on": _first_day(terms.starts_at),
            "ends_on": _last_day(terms.ends_at) if terms.ends_at else "",
            "is_suspended": "yes" if terms.is_suspended else "",
        }
    if what is What.LIFE:
        until = value.get("expected_end_at")
        return {
            "life": value.get("reason") or RESUME,
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


def _from(held: datetime, now: datetime) -> datetime:
    """Return the instant that was entered; one that was left as the form had it is the very instant that was held."""
    local = held.astimezone(LONDON)
    if (text_of("from_day"), text_of("from_time")) == (f"{local:%Y-%m-%d}", f"{local:%H:%M}"):
        return held
    return from_when(now)


def _correct_terms(person: Person, entry: DatedEntry, from_at: datetime, now: datetime, more: dict[str, Any]) -> Any:
    held = Terms.from_value(entry.value)
    first, last = day_of("starts_on", "the first day"), day_of("ends_on", "the last day", is_needed=False)
    assert first is not None
    starts_at = held.starts_at if first.isoformat() == _first_day(held.starts_at) else midnight(first)
    ends_at = _end_of(last, held.ends_at)
    reason = held.end_reason if ends_at == held.ends_at else None
    terms = Terms(starts_at, ends_at, text_of("is_suspended") == "yes", reason)
    order_id = int(entry.subject.partition(":")[2])
    return writing.vary_order(person, order_id, terms, from_at, now, is_confirmed=is_confirmed(), **more)


def _end_of(last: date | None, held: datetime | None) -> datetime | None:
    if last is None:
        return None
    return held if held is not None and last.isoformat() == _last_day(held) else ends_with(last)


def _correct_life(person: Person, entry: DatedEntry, from_at: datetime, now: datetime, more: dict[str, Any]) -> Any:
    asked, wearer_id = text_of("life"), entry.wearer_id
    if asked == RESUME:
        return monitoring_status.resume(person, wearer_id, from_at, now, **more)
    if asked in set(Suspended):
        until = _end_of(day_of("expected_end", "the day on which it is expected to end"), _expected(entry))
        assert until is not None
        return monitoring_status.suspend(
            person, wearer_id, Suspended(asked), from_at, until, now, is_confirmed=is_confirmed(), **more
        )
    if asked in set(Ended):
        return monitoring_status.end(person, wearer_id, Ended(asked), from_at, now, is_confirmed=is_confirmed(), **more)
    raise InvalidRecord("Choose what is right.")


def _expected(entry: DatedEntry) -> datetime | None:
    until = entry.value.get("expected_end_at")
    return datetime.fromisoformat(until) if entry.value["state"] == Life.SUSPENDED and until else None


def _correct_officer(person: Person, entry: DatedEntry, from_at: datetime, now: datetime, more: dict[str, Any]) -> Any:
    officer_id = number_chosen("officer")
    if officer_id is None:
        raise InvalidRecord("Choose a colleague.")
    return officers.hand_over(person, entry.wearer_id, officer_id, from_at, now, **more)


def _correct_risk(person: Person, entry: DatedEntry, from_at: datetime, now: datetime, more: dict[str, Any]) -> Any:
    if text_of("risk") not in set(Risk):
        raise InvalidRecord("Choose the risk.")
    return monitoring_status.assess_risk(person, entry.wearer_id, Risk(text_of("risk")), from_at, now, **more)


def _correct_facts(person: Person, entry: DatedEntry, from_at: datetime, now: datetime, more: dict[str, Any]) -> Any:
    facts = {name: ANSWERS.get(text_of(name)) for name in eligibility.FACTS}
    return eligibility.state(person, int(entry.subject.partition(":")[2]), facts, from_at, now, **more)


WRITERS = {
    What.TERMS: _correct_terms,
    What.LIFE: _correct_life,
    What.OFFICER: _correct_officer,
    What.RISK: _correct_risk,
    What.ELIGIBILITY: _correct_facts,
}
