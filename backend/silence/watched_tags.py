"""Which tags are watched for silence: those worn in monitored cases with a zone in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from backend.models import Activation, Wearer
from backend.record import reading
from backend.record.facts import MonitoringStatus
from backend.record.timeline import Case


class WatchedTag(NamedTuple):
    """A tag on a wearer, and since when; the case is None where it cannot be read."""

    wearer: Wearer
    since: datetime
    case: Case | None


def watched(tag_ids: Iterable[int], now: datetime, read: Mapping[int, Case] | None = None) -> dict[int, WatchedTag]:
    """Return those of these tags whose silence has to be told; ``read`` are cases that need not be read again.

    A case that cannot be read is watched: an error never means that no one is protected.
    """
    return watched_of(_worn(now, Activation.tag.in_(list(tag_ids))), now, read)


def watched_of(
    worn: Mapping[int, Activation], now: datetime, read: Mapping[int, Case] | None = None
) -> dict[int, WatchedTag]:
    """Return the same of tags whose activations are at hand."""
    wearer_ids = {activation.wearer_id for activation in worn.values()}
    if not wearer_ids:
        return {}
    known = dict(read or {})
    known |= reading.cases(wearer_ids - known.keys(), faults={})
    found = {}
    for tag_id, activation in worn.items():
        wearer, case = activation.wearer, known.get(activation.wearer_id)
        if wearer.is_training:
            continue
        if case is None or (
            case.status_at(now) is MonitoringStatus.ACTIVE and (case.zones_in_force(now) or case.moving_places(now))
        ):
            found[tag_id] = WatchedTag(wearer, activation.from_at, case)
    return found


def tags_on(wearer_id: int, now: datetime) -> dict[int, Activation]:
    """Return the tags that a wearer has on, each with its activation."""
    return _worn(now, Activation.wearer == wearer_id)


def _worn(now: datetime, where: object) -> dict[int, Activation]:
    query = (
        Activation.select(Activation, Wearer)
        .join(Wearer)
        .where(
            where,
            Activation.from_at <= now,
            Activation.to_at.is_null() | (Activation.to_at > now),
            ~Activation.is_in_error,
        )
        .order_by(Activation.id)
    )
    return {activation.tag_id: activation for activation in query}
