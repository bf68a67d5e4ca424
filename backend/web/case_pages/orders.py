"""Licences and orders of a case: recorded and varied, and whether the wearer may be tagged by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import writing
from backend.cases.commands.orders import OpenOrder, StateEligibility, VaryOrder
from backend.errors import NotFound
from backend.models import Person
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import answers, build
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/orders")
@page_for(*STAFF)
@refusable
def add_order(wearer_id: int) -> Any:
    return change(
        wearer_id,
        lambda person, now: build(OpenOrder).carry_out(person, now, wearer_id),
        said="The order is recorded.",
    )


@bp.post("/cases/<int:wearer_id>/orders/<int:order_id>")
@page_for(*STAFF)
@refusable
def vary_order(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, order_id, now)
        return build(VaryOrder).carry_out(person, now, order_id)

    return change(wearer_id, act, said="The variation is recorded.")


@bp.post("/cases/<int:wearer_id>/orders/<int:order_id>/eligibility")
@page_for(*STAFF)
@refusable
def state_eligibility(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, order_id, now)
        return build(StateEligibility, facts=answers()).carry_out(person, now, order_id)

    return change(wearer_id, act, said="The eligibility is recorded.")


def _refuse_another_case(person: Person, wearer_id: int, order_id: int, now: datetime) -> None:
    if writing.access_order(person, order_id, now).wearer_id != wearer_id:
        raise NotFound("The order was not found.")
