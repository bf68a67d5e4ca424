"""Everything that is recorded of some cases, read at once: one statement a table, however many cases, orders and zones.

Code that has a case file asks it, and not the database again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from peewee import JOIN

from backend.models import (
    Activation,
    ActivationCorrection,
    AuditEntry,
    Condition,
    Fact,
    Order,
    PlaceZone,
    Tag,
    Victim,
    Wearer,
    ZoneVersion,
)
from backend.record import reading
from backend.record.facts import Version, What, known, officer_at, standing, true_at
from backend.record.timeline import Case

TAG_ACTIONS = ("tag_fitted", "tag_taken_off", "tag_swapped")


@dataclass(slots=True)
class DrawnZone:
    """One version of a zone with its place, and what is known of its making."""

    row: PlaceZone
    made: ZoneVersion | None

    @property
    def protects(self) -> int | None:
        """Whom it protects; None where the wearer has to stay."""
        victim_id: int | None = self.row.place.victim_id
        return victim_id


def is_worn(activation: Activation, at: datetime) -> bool:
    """Tell whether an activation holds at ``at``; one that was recorded in error never did."""
    is_over = activation.to_at is not None and activation.to_at <= at
    return not activation.is_in_error and activation.from_at <= at and not is_over


@dataclass
class CaseFile:
    """One case as it is recorded."""

    wearer: Wearer
    # What is recorded of the case itself, and of its protected persons in whichever case it was entered; oldest first.
    facts: list[Fact] = field(default_factory=list)
    of_victims: dict[int, list[Fact]] = field(default_factory=dict)
    covers: Mapping[int, list[Version[Any]]] = field(default_factory=dict)
    zones: list[DrawnZone] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    conditions: dict[int, list[Condition]] = field(default_factory=dict)
    # Which tags were worn, those that were recorded in error too.
    activations: list[Activation] = field(default_factory=list)
    victims: dict[int, Victim] = field(default_factory=dict)
    # Which zones were in force when; where something of it cannot be read there is none, and ``fault`` says what.
    timeline: Case | None = None
    fault: str = ""
    # The version that a change of what is read here names; 0 where it was read for something else.
    version: int = 0
    # As which record it is; None: as the record stands.
    known_at: datetime | None = None

    @classmethod
    def load(cls, wearer_ids: Iterable[int], known_at: datetime | None = None) -> dict[int, Self]:
        """Read these cases; one that does not exist is left out, one that cannot be read is there with its fault.

        With ``known_at`` they are as the record stood then.
        """
        ids = sorted(set(wearer_ids))
        files = {row.id: cls(row) for row in Wearer.select().where(Wearer.id.in_(ids))}
        if not files:
            return files
        _read_zones(files)
        for order in Order.select().where(Order.wearer.in_(ids)).order_by(Order.id):
            files[order.wearer_id].orders.append(order)
        _read_conditions(files)
        _read_tags(files)
        _read_facts(files)
        return files if known_at is None else {number: file.as_known(known_at) for number, file in files.items()}

    def as_known(self, known_at: datetime) -> Self:
        """Return the case as the record stood at an earlier instant: without what was recorded since."""
        facts = [row for row in self.facts if _is_known(row, known_at)]
        zones = [zone for zone in self.zones if zone.made is None or zone.made.recorded_at <= known_at]
        timeline, fault = reading.case_from(self.wearer.id, [(zone.row, zone.made) for zone in zones], facts)
        found = replace(
            self,
            known_at=known_at,
            facts=facts,
            zones=zones,
            timeline=timeline,
            fault=fault,
            of_victims={
                victim_id: [row for row in rows if _is_known(row, known_at)]
                for victim_id, rows in self.of_victims.items()
            },
            covers={person: known(versions, known_at) for person, versions in self.covers.items()},
            orders=[order for order in self.orders if order.created_at <= known_at],
            conditions={
                order_id: [one for one in rows if one.recorded_at <= known_at]
                for order_id, rows in self.conditions.items()
            },
            activations=[
                one for row in self.activations if (one := _worn_as_known(row, self.facts, known_at)) is not None
            ],
        )
        theirs = found.placed | _entered_in(found)
        return replace(found, victims={one: victim for one, victim in self.victims.items() if one in theirs})

    @property
    def case(self) -> Case:
        """Return which zones were in force when. Raises: CaseUnreadable."""
        if self.timeline is None:
            raise reading.unreadable(self.wearer.id, self.fault)
        return self.timeline

    def histories(self, what: What) -> dict[str, list[Version[Any]]]:
        """Return what can be read of one kind, by what it is of."""
        found: dict[str, list[Version[Any]]] = defaultdict(list)
        for row in reading.readable(row for row in self.facts if row.what == what):
            found[row.subject].append(reading.fact_version(row))
        return found

    def history(self, subject: str, what: What) -> list[Version[Any]]:
        """Return the whole history of one thing of the case."""
        return self.histories(what).get(subject, [])

    def value_at(self, subject: str, what: What, at: datetime) -> Any:
        """Return what holds of a subject of the case at ``at``, or None."""
        held = true_at(self.history(subject, what), at)
        return held.value if held else None

    def of_victim(self, victim_id: int, what: What) -> list[Version[Any]]:
        """Return the whole history of something of a protected person."""
        rows = [row for row in self.of_victims.get(victim_id, []) if row.what == what]
        return [reading.fact_version(row) for row in reading.readable(rows)]

    @cached_property
    def _assignments(self) -> list[Version[int | None]]:
        held = self.history(f"wearer:{self.wearer.id}", What.OFFICER)
        return [replace(version, value=version.value["person"]) for version in held]

    def officer_at(self, at: datetime) -> int | None:
        """Return who answers for the case at ``at``, cover for leave included."""
        return officer_at(self._assignments, self.covers, at, self.wearer.responsible_officer_id)

    @property
    def officers(self) -> set[int]:
        """Everybody who was, is or will be responsible for the case, cover apart."""
        ids = {self.wearer.responsible_officer_id, *(version.value for version in self._assignments)}
        return {one for one in ids if one is not None}

    def tag_at(self, at: datetime) -> Activation | None:
        """Return the activation of the tag that the wearer wears at ``at``, of two the one that began last."""
        worn = [one for one in self.activations if is_worn(one, at)]
        return max(worn, key=lambda row: row.from_at, default=None)

    def named_at(self, at: datetime) -> set[int] | None:
        """Return the people to whom a restricted case is open, or None for a case that is not restricted."""
        restrictions = [row for row in self.facts if row.what == What.RESTRICTED]
        return reading.named_at(restrictions, at)

    @property
    def placed(self) -> set[int]:
        """The protected persons of whom a place has or had a zone of this case."""
        return {zone.protects for zone in self.zones if zone.protects is not None}

    @property
    def places_to_stay(self) -> dict[int, str]:
        """The places with a zone in which the wearer has to stay, by what colleagues call them."""
        return {zone.row.place_id: zone.row.place.label for zone in self.zones if zone.protects is None}

    @cached_property
    def tag_changes(self) -> list[AuditEntry]:
        """What the audit trail has of tags fitted, swapped and taken off; read when it is first asked for."""
        query = AuditEntry.select().where(
            AuditEntry.subject == f"wearer:{self.wearer.id}", AuditEntry.action.in_(TAG_ACTIONS)
        )
        return [row for row in query.order_by(AuditEntry.id) if self.known_at is None or row.at <= self.known_at]


def _read_zones(files: Mapping[int, CaseFile]) -> None:
    for wearer_id, drawn in reading.drawn_zones(files).items():
        files[wearer_id].zones = [DrawnZone(row, made) for row, made in drawn]


def _read_conditions(files: Mapping[int, CaseFile]) -> None:
    of_case = {order.id: file for file in files.values() for order in file.orders}
    if not of_case:
        return
    for condition in Condition.select().where(Condition.order.in_(list(of_case))).order_by(Condition.id):
        of_case[condition.order_id].conditions.setdefault(condition.order_id, []).append(condition)


def _read_tags(files: Mapping[int, CaseFile]) -> None:
    query = (
        Activation.select(Activation, Tag, ActivationCorrection)
        .join(Tag)
        .switch(Activation)
        .join(
            ActivationCorrection,
            JOIN.LEFT_OUTER,
            on=(ActivationCorrection.activation == Activation.id),
            attr="correction",
        )
        .where(Activation.wearer.in_(list(files)))
        .order_by(Activation.id)
    )
    for row in query:
        files[row.wearer_id].activations.append(row)


def _is_known(row: Fact, known_at: datetime) -> bool:
    """Tell whether a fact was known by then: recorded, or so already and only written down with the next change."""
    is_written_later = row.recorded_by_id is None and row.from_at <= known_at
    return row.recorded_at <= known_at or is_written_later


def _worn_as_known(worn: Activation, entries: Iterable[Fact], known_at: datetime) -> Activation | None:
    """Return from when until when the tag was worn, as the record stood then; None where nothing was recorded of it."""
    said = [row for row in reading.readable(entries) if row.of_activation_id == worn.id]
    fitted = [row for row in said if row.value["to_at"] is None]
    if fitted and fitted[0].recorded_at > known_at:
        return None
    held = standing([reading.fact_version(row) for row in said], known_at)
    ends = [version.value["to_at"] for version in held if version.value["to_at"] is not None]
    since = [row for row in said if row.recorded_at > known_at]
    corrected_at = getattr(getattr(worn, "correction", None), "recorded_at", None)
    return Activation(
        id=worn.id,
        tag=worn.tag,
        wearer=worn.wearer_id,
        from_at=worn.from_at,
        # Of what was said since nothing was known; without that its row says it.
        to_at=(datetime.fromisoformat(ends[-1]) if ends else None) if since else worn.to_at,
        is_in_error=worn.is_in_error and (corrected_at is None or corrected_at <= known_at),
    )


def _read_facts(files: Mapping[int, CaseFile]) -> None:
    """Read the facts of the cases, then those of the people whom they name: theirs go with them everywhere."""
    for row in Fact.select().where(Fact.case.in_(list(files))).order_by(Fact.id):
        files[row.case_id].facts.append(row)
    for file in files.values():
        file.timeline, file.fault = reading.case_from(
            file.wearer.id, [(zone.row, zone.made) for zone in file.zones], file.facts
        )
    protected = {wearer_id: file.placed | _entered_in(file) for wearer_id, file in files.items()}
    people = {
        row.id: row for row in Victim.select().where(Victim.id.in_({one for ids in protected.values() for one in ids}))
    }
    officers = {one for file in files.values() for one in file.officers}
    about, covers = reading.facts_of_people(people, officers)
    for wearer_id, file in files.items():
        file.victims = {one: people[one] for one in sorted(protected[wearer_id])}
        file.of_victims = {one: about.get(one, []) for one in file.victims}
        file.covers = covers


def _entered_in(file: CaseFile) -> set[int]:
    """Return who is entered in the case as protected, zones apart."""
    newest = [standing(history) for history in file.histories(What.PROTECTED).values()]
    return {held[-1].value["victim"] for held in newest if held and held[-1].value["is_protected"]}
