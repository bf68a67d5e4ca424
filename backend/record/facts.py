"""What was true at T: the one reader of dated facts and zone versions. Pure: rows in, answers out.

An entry holds from its instant until the next entry of the same subject; one that another corrects never held. What is
asked with ``known_at`` is answered as the record stood then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

T = TypeVar("T")


class What(StrEnum):
    """What a dated fact is about."""

    TERMS = "terms"
    LIFE = "life"
    OFFICER = "responsible_officer"
    COVER = "cover"
    TEAM = "team"
    NAME = "name"
    RISK = "risk"
    SAFETY_PLAN = "safety_plan"
    ELIGIBILITY = "eligibility"
    RESTRICTED = "restricted"
    APPROVAL = "approval"
    WORN = "worn"
    NUMBER = "number"
    PROTECTED = "protected"
    REACHED = "reached"
    DECLINED = "warnings_declined"


class Life(StrEnum):
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
    """One entry of a history: what holds from ``from_at`` on, and when we learned of it."""

    id: int
    from_at: datetime
    recorded_at: datetime
    value: T
    corrects: int | None = None


def standing(versions: Iterable[Version[T]], known_at: datetime | None = None) -> list[Version[T]]:
    """Return the versions that hold, in the order in which they come into force; corrected ones are left out.

    Of two that begin at one instant the one recorded later holds.
    """
    known = [version for version in versions if known_at is None or version.recorded_at <= known_at]
    corrected = {version.corrects for version in known if version.corrects is not None}
    return sorted((v for v in known if v.id not in corrected), key=lambda v: (v.from_at, v.recorded_at, v.id))


def true_at(versions: Iterable[Version[T]], at: datetime, known_at: datetime | None = None) -> Version[T] | None:
    """Return the version that holds at ``at``, or None before the first one."""
    found = None
    for version in standing(versions, known_at):
        if version.from_at <= at:
            found = version
    return found


def changes_of(versions: Iterable[Version[T]]) -> list[datetime]:
    """Return the instants at which what holds may change."""
    return [version.from_at for version in standing(versions)]


@dataclass(frozen=True, slots=True)
class Terms:
    """An order's dates as a variation sets them: in force from ``starts_at`` until ``ends_at``, unless suspended."""

    starts_at: datetime
    ends_at: datetime | None = None
    is_suspended: bool = False
    end_reason: str | None = None

    def are_in_force(self, at: datetime) -> bool:
        return not self.is_suspended and self.cover(at)

    def cover(self, at: datetime) -> bool:
        """Tell whether the instant is within the dates, suspended or not."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def as_value(self) -> dict[str, Any]:
        """Return the terms as an entry keeps them."""
        return {
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "is_suspended": self.is_suspended,
            "end_reason": self.end_reason,
        }

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Terms:
        ends_at = value.get("ends_at")
        return cls(
            datetime.fromisoformat(value["starts_at"]),
            datetime.fromisoformat(ends_at) if ends_at else None,
            bool(value.get("is_suspended")),
            value.get("end_reason"),
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


def _cover_ends(cover: Version[dict[str, Any]]) -> datetime | None:
    until = cover.value.get("until")
    return datetime.fromisoformat(until) if until else None


def stand_in_at(covers: Iterable[Version[dict[str, Any]]], at: datetime) -> int | None:
    """Return who covers at ``at``: of the covers that last then the one that began last, or None.

    A day's cover within a fortnight's is an exception to it: when the day is over the fortnight's holds again.
    """
    found = None
    for version in standing(covers):
        ends_at = _cover_ends(version)
        if version.from_at <= at and (ends_at is None or at < ends_at):
            found = version.value.get("by")
    return int(found) if found is not None else None


def cover_changes(covers: Iterable[Version[dict[str, Any]]]) -> list[datetime]:
    """Return the instants at which who covers may change."""
    held = standing(covers)
    ends = [ends_at for version in held if (ends_at := _cover_ends(version)) is not None]
    return sorted({*(version.from_at for version in held), *ends})


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
