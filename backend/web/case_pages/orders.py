"""Licences and orders of a case: recorded and varied, and whether the wearer may be tagged by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from backend.cases import eligibility, writing
from backend.cases.commands.orders import OpenOrder, StateEligibility, VaryOrder
from backend.errors import NotFound
from backend.models import Person
from backend.web.case_pages.case import found, one_task
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import answers, build, pressed
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/orders/new", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def add_order(wearer_id: int) -> Any:
    return one_task(
        wearer_id,
        "order",
        lambda person, now: build(OpenOrder).carry_out(person, now, wearer_id),
        said="The order is recorded.",
    )


@bp.route("/cases/<int:wearer_id>/orders/<int:order_id>/variation", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def vary_order(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, order_id, now)
        # The form has the last day as it is: one who says that there is none any more need not empty it.
        without_end = {"ends_at": None} if pressed("removes_end") == "yes" else {}
        return build(VaryOrder, **without_end).carry_out(person, now, order_id)

    return one_task(wearer_id, "variation", act, said="The variation is recorded.", more=_order_of(order_id))


@bp.route("/cases/<int:wearer_id>/orders/<int:order_id>/eligibility", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def state_eligibility(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, order_id, now)
        return build(StateEligibility, facts=answers()).carry_out(person, now, order_id)

    return one_task(wearer_id, "eligibility", act, said="The eligibility is recorded.", more=_order_of(order_id))


def _order_of(order_id: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def more(shown: dict[str, Any]) -> dict[str, Any]:
        return {"order": found(shown["case"]["orders"], order_id, "The order"), "facts": eligibility.FACTS}

    return more


def _refuse_another_case(person: Person, wearer_id: int, order_id: int, now: datetime) -> None:
    if writing.access_order(person, order_id, now).wearer_id != wearer_id:
        raise NotFound("The order was not found.")
