"""Evaluates a case again after its record changed: the present at once, the past afterwards."""

from __future__ import annotations

from datetime import datetime

from backend.cases import judged_now, reevaluation
from backend.models import Activation, PlaceZone, ProtectedPlace
from backend.record.timeline import Case


def after_change(case: Case, since: datetime, now: datetime) -> None:
    """Bring states and alerts into agreement with the record; part of the unit of work that changed it."""
    if case.lines or case.moving:
        judged_now.judge(case, now, now)
        reevaluation.request(case.wearer_id, since, now)


def present_tag(wearer_id: int, now: datetime) -> Activation | None:
    """Return the activation of the tag that the wearer wears now, if any; one recorded in error is none."""
    return (
        Activation.select()
        .where(
            Activation.wearer == wearer_id,
            Activation.from_at <= now,
            Activation.to_at.is_null() | (Activation.to_at > now),
            ~Activation.is_in_error,
        )
        .order_by(Activation.from_at.desc())
        .first()
    )


def places_of(wearer_id: int) -> list[ProtectedPlace]:
    """Return the places that this wearer has to keep away from, or had to."""
    held = PlaceZone.select(PlaceZone.place).where(PlaceZone.wearer == wearer_id)
    return list(ProtectedPlace.select().where(ProtectedPlace.id.in_(held)).order_by(ProtectedPlace.id))
