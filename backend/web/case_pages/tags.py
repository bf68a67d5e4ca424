"""The tag of a case: fitted, swapped for another, and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import writing
from backend.cases.commands.tags import FitTag, SwapTag, TakeTagOff
from backend.errors import NotFound
from backend.models import Person
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build, pressed
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/tags")
@page_for(*STAFF)
@refusable
def fit_tag(wearer_id: int) -> Any:
    return change(
        wearer_id, lambda person, now: build(FitTag).carry_out(person, now, wearer_id), said="The tag is fitted."
    )


@bp.post("/cases/<int:wearer_id>/tags/<int:activation_id>")
@page_for(*STAFF)
@refusable
def change_tag(wearer_id: int, activation_id: int) -> Any:
    """Swap the tag, or take it off."""
    is_off = pressed() == "off"

    def act(person: Person, now: datetime) -> Any:
        if writing.access_activation(person, activation_id, now).wearer_id != wearer_id:
            raise NotFound("The activation was not found.")
        return build(TakeTagOff if is_off else SwapTag).carry_out(person, now, activation_id)

    return change(wearer_id, act, said="The tag is recorded as taken off." if is_off else "The tag is swapped.")
