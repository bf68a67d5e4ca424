"""The tag of a case: fitted, swapped for another, and removed; and which was worn when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import render_template, url_for

from backend.cases import opening, viewing, writing
from backend.cases.commands.tags import FitTag, SwapTag, TakeTagOff
from backend.errors import NotFound
from backend.models import Person
from backend.web.case_pages.case import found, one_task, opened
from backend.web.case_pages.layout import STAFF, bp, refusable, with_form
from backend.web.forms import build
from backend.web.signed_in import page_for


@bp.get("/cases/<int:wearer_id>/tags")
@page_for(*STAFF)
@refusable
def tags(wearer_id: int) -> Any:
    """Which tag is worn, and which was worn when."""
    shown = opened(wearer_id)
    activations = viewing.activations_of(shown["file"], shown["names"], shown["at"])
    return render_template("case/tags.html", **with_form(**shown, activations=activations))


@bp.route("/cases/<int:wearer_id>/tags/new", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def fit_tag(wearer_id: int) -> Any:
    return one_task(
        wearer_id,
        "fit_tag",
        lambda person, now: build(FitTag).carry_out(person, now, wearer_id),
        said="The tag is fitted.",
        back=_tags(wearer_id),
        more=lambda shown: {"free_tags": opening.free_tags()},
    )


@bp.route("/cases/<int:wearer_id>/tags/<int:activation_id>/swap", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def swap_tag(wearer_id: int, activation_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, activation_id, now)
        return build(SwapTag).carry_out(person, now, activation_id)

    return one_task(
        wearer_id, "swap_tag", act, said="The tag is swapped.", back=_tags(wearer_id), more=_worn(activation_id)
    )


@bp.route("/cases/<int:wearer_id>/tags/<int:activation_id>/off", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def take_tag_off(wearer_id: int, activation_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        _refuse_another_case(person, wearer_id, activation_id, now)
        return build(TakeTagOff).carry_out(person, now, activation_id)

    return one_task(
        wearer_id,
        "take_tag_off",
        act,
        said="The tag is recorded as taken off.",
        back=_tags(wearer_id),
        more=_worn(activation_id),
    )


def _tags(wearer_id: int) -> str:
    return url_for("case_pages.tags", wearer_id=wearer_id)


def _worn(activation_id: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def more(shown: dict[str, Any]) -> dict[str, Any]:
        rows = viewing.activations_of(shown["file"], shown["names"], shown["at"])
        return {"worn": found(rows, activation_id, "The activation"), "free_tags": opening.free_tags()}

    return more


def _refuse_another_case(person: Person, wearer_id: int, activation_id: int, now: datetime) -> None:
    if writing.access_activation(person, activation_id, now).wearer_id != wearer_id:
        raise NotFound("The activation was not found.")
