"""The tag of a case: fitted, swapped for another, and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.cases import writing
from backend.errors import InvalidRecord, NotFound
from backend.models import Person
from backend.web.case_pages.case import change
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import from_when, is_confirmed, text_of
from backend.web.signed_in import page_for


@bp.post("/cases/<int:wearer_id>/tags")
@page_for(*STAFF)
@refusable
def fit_tag(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        return writing.fit_tag(
            person, wearer_id, _chosen(), from_when(now), now, why=_reason(), is_confirmed=is_confirmed()
        )

    return change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/tags/<int:activation_id>")
@page_for(*STAFF)
@refusable
def change_tag(wearer_id: int, activation_id: int) -> Any:
    """Swap the tag, or take it off."""

    def act(person: Person, now: datetime) -> Any:
        if writing.access_activation(person, activation_id, now).wearer_id != wearer_id:
            raise NotFound("The activation was not found.")
        at, why = from_when(now), _reason()
        if text_of("act") == "off":
            return writing.take_tag_off(person, activation_id, at, now, why=why, is_confirmed=is_confirmed())
        return writing.swap_tag(person, activation_id, _chosen(), at, now, why=why, is_confirmed=is_confirmed())

    return change(wearer_id, act)


def _chosen() -> str:
    if not text_of("serial"):
        raise InvalidRecord("Choose the serial of the tag that the wearer has on from now on.")
    return text_of("serial")


def _reason() -> str:
    if not text_of("why"):
        raise InvalidRecord("Enter why the tag is changed.")
    return text_of("why")
