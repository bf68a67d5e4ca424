"""One case over time: which of its zones were in force when, computed once for all who ask. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from backend.record.facts import (
    MonitoringStatus,
    MovingTerms,
    Terms,
    Version,
    ZoneTerms,
    changes_of,
    in_turn,
    known,
    standing,
    true_at,
)

T = TypeVar("T")


class History(Generic[T]):
    """What stands of one thing, asked once between two of its changes."""

    def __init__(self, versions: Sequence[Version[T]]) -> None:
        self.standing = standing(versions)
        self.changes = changes_of(self.standing)
        self._held: dict[int, Version[T] | None] = {}

    def at(self, instant: datetime) -> Version[T] | None:
        """Return the fact that holds at that instant, or None."""
        number = bisect_right(self.changes, instant)
        if number not in self._held:
            self._held[number] = true_at(self.standing, instant)
        return self._held[number]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The zones of a time in which nothing changes: in force, and those that only a suspension keeps out of force."""

    in_force: tuple[ZoneTerms, ...]
    meant: tuple[ZoneTerms, ...]
    ids: frozenset[int]


class Timeline:
    """The stretches of a case between its changes, each judged at most once, when it is first asked for."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._orders = {order_id: History(versions) for order_id, versions in case.orders.items()}
        self._lines = [History(in_turn(versions)) for versions in case.lines.values()]
        self.changes = self._find_changes()
        self._stretches: dict[int, Stretch] = {}

    def _find_changes(self) -> list[datetime]:
        found = set(changes_of(self._case.statuses))
        for terms in self._orders.values():
            dates = [at for one in terms.standing for at in (one.value.starts_at, one.value.ends_at, one.value.over_at)]
            found |= {*terms.changes, *(at for at in dates if at is not None)}
        for line in self._lines:
            ends = [version.value.to_at for version in line.standing]
            found |= {*line.changes, *(at for at in ends if at is not None)}
        return sorted(found)

    def at(self, instant: datetime) -> Stretch:
        """Return the stretch in which an instant lies."""
        number = bisect_right(self.changes, instant)
        if number not in self._stretches:
            self._stretches[number] = self._judge(instant)
        return self._stretches[number]

    def terms_at(self, order_id: int, at: datetime) -> Terms | None:
        """Return the terms of an order that hold at ``at``, or None before the first."""
        history = self._orders.get(order_id)
        found = history.at(at) if history is not None else None
        return found.value if found else None

    def drawn_at(self, instant: datetime) -> list[Version[ZoneTerms]]:
        """Return the version of each zone that holds at that instant, in force or not, those of its removal too."""
        held = (line.at(instant) for line in self._lines)
        return [version for version in held if version is not None]

    def next_change(self, zone_id: int, after: datetime) -> datetime | None:
        """Return the first instant after ``after`` at which this version comes into force or goes out of it."""
        is_on = zone_id in self.at(after).ids
        for at in self.changes[bisect_right(self.changes, after) :]:
            if (zone_id in self.at(at).ids) != is_on:
                return at
        return None

    def _judge(self, at: datetime) -> Stretch:
        status = self._case.status_at(at)
        if status is MonitoringStatus.ENDED:
            return Stretch((), (), frozenset())
        zones = [version.value for version in self.drawn_at(at)]
        standing_zones = [z for z in zones if not z.is_removed and (z.to_at is None or at < z.to_at)]
        in_force, meant = [], []
        for zone in sorted(standing_zones, key=lambda zone: zone.zone_id):
            # One that rests on no order is in force by its own dates: nothing goes unjudged for want of paper.
            terms = self.terms_at(zone.order_id, at) if zone.order_id is not None else None
            if zone.order_id is None or (terms is not None and terms.cover(at)):
                meant.append(zone)
                if status is MonitoringStatus.ACTIVE and (terms is None or not terms.is_suspended):
                    in_force.append(zone)
        return Stretch(tuple(in_force), tuple(meant), frozenset(zone.zone_id for zone in in_force))


@dataclass
class Case:
    """Everything that decides which of one wearer's zones are in force; complete before the first question."""

    wearer_id: int
    statuses: list[Version[dict[str, Any]]] = field(default_factory=list)
    orders: dict[int, list[Version[Terms]]] = field(default_factory=dict)
    # The versions of each zone by their line.
    lines: dict[int, list[Version[ZoneTerms]]] = field(default_factory=dict)
    moving: list[MovingTerms] = field(default_factory=list)

    @cached_property
    def timeline(self) -> Timeline:
        """Which zones were in force when."""
        return Timeline(self)

    def as_known(self, known_at: datetime) -> Case:
        """Return the case as its record stood at that instant."""
        return Case(
            self.wearer_id,
            known(self.statuses, known_at),
            {order_id: known(versions, known_at) for order_id, versions in self.orders.items()},
            {line: known(versions, known_at) for line, versions in self.lines.items()},
            self.moving,
        )

    @cached_property
    def as_if_active(self) -> Case:
        """The case without its suspensions and its end: what is missing of it is asked as if they were lifted."""
        return Case(self.wearer_id, [], self.orders, self.lines)

    def status_at(self, at: datetime) -> MonitoringStatus:
        """Return whether the wearer is monitored; a case without an entry is."""
        found = self.status_fact(at)
        return MonitoringStatus(found.value["state"]) if found else MonitoringStatus.ACTIVE

    def status_fact(self, at: datetime) -> Version[dict[str, Any]] | None:
        """Return the fact of the monitoring status that holds at ``at``, or None before the first one."""
        return self._status_history.at(at)

    @cached_property
    def _status_history(self) -> History[dict[str, Any]]:
        return History(self.statuses)

    def terms_at(self, order_id: int, at: datetime) -> Terms | None:
        """Return the terms of an order that hold at ``at``, or None before the first."""
        return self.timeline.terms_at(order_id, at)

    def is_order_in_force(self, order_id: int, at: datetime) -> bool:
        terms = self.terms_at(order_id, at)
        return terms is not None and terms.are_in_force(at)

    def is_after_order(self, zone_id: int, at: datetime) -> bool:
        """Tell whether a version of a zone is in force by the grace after its order alone: see ``Terms``."""
        held = next((zone for zone in self.timeline.at(at).in_force if zone.zone_id == zone_id), None)
        terms = self.terms_at(held.order_id, at) if held is not None and held.order_id is not None else None
        return terms is not None and terms.is_after(at)

    def is_order_over(self, order_id: int, at: datetime) -> bool:
        """Tell whether the order had an end and has passed it."""
        terms = self.terms_at(order_id, at)
        return terms is not None and terms.ends_at is not None and terms.ends_at <= at

    def zones_in_force(self, at: datetime) -> tuple[ZoneTerms, ...]:
        """Return the versions of zones by which a fix of that instant is judged, by the number of their rows."""
        return self.timeline.at(at).in_force

    def zones_meant(self, at: datetime) -> tuple[ZoneTerms, ...]:
        """Return the versions of zones that would be in force if no suspension, of the case or an order, were."""
        return self.timeline.at(at).meant

    def moving_places(self, at: datetime) -> set[int]:
        """Return the places that move with a person who agrees at that instant, also while monitoring is suspended."""
        return {
            place.place_id for place in self.moving if place.from_at <= at and (not place.to_at or at < place.to_at)
        }

    def is_in_force(self, zone_id: int, at: datetime) -> bool:
        """Tell whether a fix of that instant is judged against this version of a zone."""
        return zone_id in self.timeline.at(at).ids

    def changes(self) -> list[datetime]:
        """Return every instant at which the zones in force may change, in order."""
        return self.timeline.changes

    def next_change(self, zone_id: int, after: datetime) -> datetime | None:
        """Return the first instant after ``after`` at which this version comes into force or goes out of it."""
        return self.timeline.next_change(zone_id, after)
