"""What was true at T: the one reader of dated facts and zone versions. Pure: rows in, answers out.

At an instant holds the fact that covers it, was not replaced and was recorded last. What is asked with ``known_at`` is
answered as the record stood then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from backend.vocabulary import What as What

LONDON = ZoneInfo("Europe/London")

T = TypeVar("T")


class MonitoringStatus(StrEnum):
    """Whether a wearer's fixes are judged."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


def midnight(day: date) -> datetime:
    """Return the instant at which ``day`` begins in London, whichever way the clocks are set on it."""
    return datetime.combine(day, time(), LONDON)


def ends_with(day: date) -> datetime:
    """Return the instant at which ``day``, the last one of a period, is over in London."""
    return midnight(day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """One fact of a history: what was said to hold from ``from_at`` until ``until``, and when it was recorded."""

    id: int
    from_at: datetime
    recorded_at: datetime
    value: T
    # The fact that this one replaces, which from then on never held.
    corrects: int | None = None
    until: datetime | None = None
    # The same as what it replaces: said again because a fact that begins before it was recorded after it.
    is_restated: bool = False

    def covers(self, at: datetime) -> bool:
        return self.from_at <= at and (self.until is None or at < self.until)


def known(versions: Iterable[Version[T]], known_at: datetime | None) -> list[Version[T]]:
    """Return what had been recorded by ``known_at``; without an instant, all of it."""
    return [version for version in versions if known_at is None or version.recorded_at <= known_at]


def standing(versions: Iterable[Version[T]], known_at: datetime | None = None) -> list[Version[T]]:
    """Return the facts that nothing replaces, in the order in which they begin."""
    recorded = known(versions, known_at)
    replaced = {version.corrects for version in recorded if version.corrects is not None}
    return sorted((v for v in recorded if v.id not in replaced), key=lambda v: (v.from_at, v.recorded_at, v.id))


def true_at(versions: Iterable[Version[T]], at: datetime, known_at: datetime | None = None) -> Version[T] | None:
    """Return the fact that holds at ``at``: it covers the instant, was not replaced, and was recorded last."""
    covering = (version for version in standing(versions, known_at) if version.covers(at))
    return max(covering, key=lambda version: (version.recorded_at, version.id), default=None)


def changes_of(versions: Iterable[Version[T]]) -> list[datetime]:
    """Return the instants at which what holds may change."""
    held = standing(versions)
    return sorted({*(v.from_at for v in held), *(v.until for v in held if v.until is not None)})


def in_turn(versions: Iterable[Version[T]]) -> list[Version[T]]:
    """Return the versions of something that has no ends of its own, each giving way to the one that begins next."""
    held = standing(versions)
    return [replace(one, until=following.from_at) for one, following in pairwise(held)] + held[-1:]


def first_said(versions: Iterable[Version[T]], restated: Version[T]) -> Version[T]:
    """Return the fact as it was recorded first, where it was only said again since."""
    by_id = {version.id: version for version in versions}
    while restated.is_restated and restated.corrects in by_id:
        restated = by_id[restated.corrects]
    return restated


def goes_on(
    versions: Iterable[Version[T]], new: Version[T], undoes_plans: Callable[[T], bool] = lambda _: False
) -> list[Version[T]]:
    """Return the facts that a new one would hide and must not, in the order in which they were recorded.

    What was entered for a later day goes on as entered, and is said again, unless something that begins before it has
    hidden it already. A fact that ``undoes_plans`` hides all that was recorded before it. A correction takes the place
    of what it corrects: as an end it hides no more than that did, and beneath an end it stays beneath it.
    """
    recorded = sorted(versions, key=lambda one: (one.recorded_at, one.id))
    order = {one.id: number for number, one in enumerate(recorded)}
    decided = {one.id: order[_decided(recorded, one).id] for one in recorded}
    place = decided.get(new.corrects, len(recorded)) if new.corrects is not None else len(recorded)
    held = [one for one in standing(recorded) if one.id != new.corrects]
    if undoes_plans(new.value):
        held = [one for one in held if decided[one.id] > place]
    meets = [one for one in held if new.covers(one.from_at) or one.covers(new.from_at)]

    def is_hidden(one: Version[T]) -> bool:
        on_top = true_at(held, one.from_at)
        return on_top is not None and on_top.from_at < one.from_at

    kept = {one.id for one in meets if one.from_at > new.from_at and not is_hidden(one)}
    ends_above = [order[one.id] for one in meets if undoes_plans(one.value) and decided[one.id] > place]
    if ends_above and not undoes_plans(new.value):
        kept |= {one.id for one in meets if order[one.id] >= min(ends_above)}
    return [one for one in recorded if one.id in kept]


def _decided(versions: Sequence[Version[T]], one: Version[T]) -> Version[T]:
    """Return the fact with which it was first decided: a correction says better what was decided before."""
    by_id = {version.id: version for version in versions}
    while one.corrects in by_id:
        one = by_id[one.corrects]
    return one


def ends_a_case(value: Any) -> bool:
    """Tell whether a value is that of a case which has ended."""
    return isinstance(value, dict) and value.get("state") == MonitoringStatus.ENDED


def without(versions: Iterable[Version[T]], one: Version[T]) -> list[Version[T]]:
    """Return a history as it would be if a fact had never been recorded, nor said again."""
    recorded = list(versions)
    first = first_said(recorded, one)
    return [version for version in recorded if first_said(recorded, version) is not first]


@dataclass(frozen=True, slots=True)
class Terms:
    """An order's dates as the court gave them: in force from ``starts_at`` until ``ends_at``, unless suspended.

    ``protected_until`` is a grace beside them: protection goes on so long after the order, so that the person protected
    hears of its end first. What is seen in that time is after the order, and no evidence of a breach.
    """

    starts_at: datetime
    ends_at: datetime | None = None
    is_suspended: bool = False
    end_reason: str | None = None
    protected_until: datetime | None = None

    @property
    def over_at(self) -> datetime | None:
        """When protection by the order is over: at its end, or at the end of the grace after it."""
        if self.ends_at is None or self.protected_until is None:
            return self.ends_at
        return max(self.ends_at, self.protected_until)

    def is_after(self, at: datetime) -> bool:
        """Tell whether an instant is after the order, in the grace of protection."""
        return self.ends_at is not None and self.ends_at <= at and self.cover(at)

    def are_in_force(self, at: datetime) -> bool:
        return not self.is_suspended and self.cover(at)

    def cover(self, at: datetime) -> bool:
        """Tell whether the instant is within the dates, or the grace after them, suspended or not."""
        return self.starts_at <= at and (self.over_at is None or at < self.over_at)

    def as_value(self) -> dict[str, Any]:
        """Return the terms as an entry keeps them."""
        return {
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "is_suspended": self.is_suspended,
            "end_reason": self.end_reason,
            "protected_until": self.protected_until.isoformat() if self.protected_until else None,
        }

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Terms:
        ends_at, protected_until = value.get("ends_at"), value.get("protected_until")
        return cls(
            datetime.fromisoformat(value["starts_at"]),
            datetime.fromisoformat(ends_at) if ends_at else None,
            bool(value.get("is_suspended")),
            value.get("end_reason"),
            datetime.fromisoformat(protected_until) if protected_until else None,
        )


@dataclass(frozen=True, slots=True)
class ZoneTerms:
    """One version of a zone: the row that holds its shape, the order it rests on, and its own end if it has one."""

    zone_id: int
    place_id: int
    to_at: datetime | None
    order_id: int | None = None
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class MovingTerms:
    """A place that moves with a protected person, from when and until when they agree; it rests on no order."""

    place_id: int
    from_at: datetime
    to_at: datetime | None


def stand_in_at(covers: Iterable[Version[dict[str, Any]]], at: datetime) -> int | None:
    """Return who covers at ``at``, or None.

    A day's cover within a fortnight's is an exception to it: when the day is over the fortnight's holds again.
    """
    held = true_at(covers, at)
    by = held.value.get("by") if held else None
    return int(by) if by is not None else None


def chain_at(person: int, covers: Mapping[int, Sequence[Version[dict[str, Any]]]], at: datetime) -> list[int]:
    """Return the person and anyone who covers for them, for that colleague, and so on, at ``at``.

    Where some cover for each other the last one is there twice.
    """
    chain = [person]
    while (following := stand_in_at(covers.get(chain[-1], []), at)) is not None:
        chain.append(following)
        if following in chain[:-1]:
            break
    return chain


def officer_at(
    assignments: Sequence[Version[int | None]],
    covers: Mapping[int, Sequence[Version[dict[str, Any]]]],
    at: datetime,
    otherwise: int | None,
) -> int | None:
    """Return who answers for a wearer at ``at``: the responsible officer, or the person who covers for them then.

    ``otherwise`` is the officer of a case without an entry. Cover of cover is followed, and never in a circle.
    """
    held = true_at(assignments, at)
    person = held.value if held else otherwise
    return chain_at(person, covers, at)[-1] if person is not None else None
