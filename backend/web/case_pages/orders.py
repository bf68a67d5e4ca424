"""Licences and orders of a case: recorded, varied, and whether the wearer may be tagged under them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import eligibility, writing
from backend.errors import InvalidRecord, NotFound
from backend.models import Person
from backend.record.facts import Terms, ends_with, midnight
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import day_of, from_when, is_confirmed, text_of
from backend.web.signed_in import page_for

# What is not answered is not known.
ANSWERS = {"yes": True, "no": False}


@bp.post("/cases/<int:wearer_id>/orders")
@page_for(*STAFF)
@refusable
def add_order(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        starts_on = day_of("starts_on", "the first day of the order")
        ends_on = day_of("ends_on", "the last day of the order", is_needed=False)
        assert starts_on is not None
        if not text_of("reference") or not text_of("condition"):
            raise InvalidRecord("Enter the reference and the condition in the words of the order.")
        return writing.open_order(
            person,
            wearer_id,
            text_of("kind"),
            text_of("reference"),
            Terms(midnight(starts_on), ends_with(ends_on) if ends_on else None),
            now,
            why=text_of("why"),
            document=text_of("document"),
            conditions=(("1", text_of("condition")),),
        )

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/orders/<int:order_id>")
@page_for(*STAFF)
@refusable
def vary_order(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, order_id, now)
        held = writing.current_terms(order_id, now)
        ends_on = day_of("ends_on", "the last day of the order", is_needed=False)
        terms = Terms(held.starts_at, ends_with(ends_on) if ends_on else None, text_of("is_suspended") == "yes")
        return writing.vary_order(
            person,
            order_id,
            terms,
            from_when(now),
            now,
            why=text_of("why"),
            document=text_of("document"),
            is_confirmed=is_confirmed(),
        )

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/orders/<int:order_id>/eligibility")
@page_for(*STAFF)
@refusable
def state_eligibility(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, order_id, now)
        facts = {name: ANSWERS.get(text_of(name)) for name in eligibility.FACTS}
        more: dict[str, Any] = {"why": text_of("why"), "document": text_of("document")}
        return eligibility.state(person, order_id, facts, from_when(now), now, **more)

    return change(wearer_id, act)


def _refuse_another_case(person: Person, wearer_id: int, order_id: int, now: datetime) -> None:
    if writing.access_order(person, order_id, now).wearer_id != wearer_id:
        raise NotFound("There is no such order.")
