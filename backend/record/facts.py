"""What was true at T: the one reader of dated facts and zone versions. Pure: rows in, answers out.

An entry holds from its instant until the next entry of the same subject; one that another corrects never held. What is
asked with ``known_at`` is answered as the record stood then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
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


@dataclass(slots=True)
class Case:
    """Everything that decides which of one wearer's zones are in force."""

    wearer_id: int
    life: list[Version[dict[str, Any]]] = field(default_factory=list)
    orders: dict[int, list[Version[Terms]]] = field(default_factory=dict)
    # The versions of each zone by their line.
    lines: dict[int, list[Version[ZoneTerms]]] = field(default_factory=dict)
    moving: list[MovingTerms] = field(default_factory=list)

    def life_at(self, at: datetime, known_at: datetime | None = None) -> Life:
        """Return whether the wearer is monitored; a case without an entry is."""
        found = self.life_entry(at, known_at)
        return Life(found.value["state"]) if found else Life.ACTIVE

    def life_entry(self, at: datetime, known_at: datetime | None = None) -> Version[dict[str, Any]] | None:
        """Return the entry of the case's life that holds at ``at``, or None before the first one.

        What was planned for a later day does not bring back a case that was ended after it was planned.
        """
        found = None
        for version in standing(self.life, known_at):
            if version.from_at <= at and not (found is not None and self._is_ended_since_planned(version, found)):
                found = version
        return found

    def _is_ended_since_planned(self, planned: Version[dict[str, Any]], end: Version[dict[str, Any]]) -> bool:
        if end.value["state"] != Life.ENDED:
            return False
        decided_at = self._decided_at(end)
        return self._decided_at(planned) < decided_at < planned.from_at

    def _decided_at(self, entry: Version[dict[str, Any]]) -> datetime:
        """Return when it was first recorded: a correction says better what was decided before."""
        by_id = {version.id: version for version in self.life}
        while entry.corrects in by_id:
            entry = by_id[entry.corrects]
        return entry.recorded_at

    def terms_at(self, order_id: int, at: datetime, known_at: datetime | None = None) -> Terms | None:
        """Return the terms of an order that hold at ``at``, or None before the first."""
        versions = self.orders.get(order_id, [])
        found = true_at(versions, at, known_at)
        return found.value if found else None

    def is_order_in_force(self, order_id: int, at: datetime, known_at: datetime | None = None) -> bool:
        terms = self.terms_at(order_id, at, known_at)
        return terms is not None and terms.are_in_force(at)

    def is_order_over(self, order_id: int, at: datetime) -> bool:
        """Tell whether the order had an end and has passed it."""
        terms = self.terms_at(order_id, at)
        return terms is not None and terms.ends_at is not None and terms.ends_at <= at

    def zones_in_force(self, at: datetime, known_at: datetime | None = None) -> list[ZoneTerms]:
        """Return the versions of zones by which a fix of that instant is judged, by the number of their rows.

        A zone that rests on no order is in force by its own dates: nothing may go unjudged for want of paper.
        """
        if self.life_at(at, known_at) is not Life.ACTIVE:
            return []
        return [
            zone
            for zone in self._standing_zones(at, known_at)
            if zone.order_id is None or self.is_order_in_force(zone.order_id, at, known_at)
        ]

    def zones_meant(self, at: datetime) -> list[ZoneTerms]:
        """Return the versions of zones that would be in force if no suspension, of the case or an order, were."""
        if self.life_at(at) is Life.ENDED:
            return []
        found = []
        for zone in self._standing_zones(at, None):
            terms = self.terms_at(zone.order_id, at) if zone.order_id is not None else None
            if zone.order_id is None or (terms is not None and terms.cover(at)):
                found.append(zone)
        return found

    def moving_places(self, at: datetime) -> set[int]:
        """Return the places that move with a person who agrees at that instant, also while monitoring is suspended."""
        return {
            place.place_id for place in self.moving if place.from_at <= at and (not place.to_at or at < place.to_at)
        }

    def _standing_zones(self, at: datetime, known_at: datetime | None) -> list[ZoneTerms]:
        held = (true_at(versions, at, known_at) for versions in self.lines.values())
        zones = [version.value for version in held if version is not None]
        standing_zones = [z for z in zones if not z.is_removed and (z.to_at is None or at < z.to_at)]
        return sorted(standing_zones, key=lambda zone: zone.zone_id)

    def is_in_force(self, zone_id: int, at: datetime) -> bool:
        """Tell whether a fix of that instant is judged against this version of a zone."""
        return any(zone.zone_id == zone_id for zone in self.zones_in_force(at))

    def changes(self) -> list[datetime]:
        """Return every instant at which the zones in force may change, in order."""
        found = set(changes_of(self.life))
        for terms in self.orders.values():
            for entry in standing(terms):
                found |= {entry.from_at, entry.value.starts_at, *([entry.value.ends_at] if entry.value.ends_at else [])}
        for zones in self.lines.values():
            for version in standing(zones):
                found |= {version.from_at, *([version.value.to_at] if version.value.to_at else [])}
        return sorted(found)

    def next_change(self, zone_id: int, after: datetime) -> datetime | None:
        """Return the first instant after ``after`` at which this version comes into force or goes out of it."""
        is_on = self.is_in_force(zone_id, after)
        for at in self.changes():
            if at > after and self.is_in_force(zone_id, at) != is_on:
                return at
        return None

    def spans(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime, list[ZoneTerms]]]:
        """Return the stretches of [since, until] between changes, each with the zones in force throughout it."""
        cuts = [since, *(at for at in self.changes() if since < at <= until), until + timedelta(microseconds=1)]
        return [(begin, end, self.zones_in_force(begin)) for begin, end in pairwise(cuts) if begin < end]


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
