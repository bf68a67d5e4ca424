"""Reads cases from their tables, many at once, for ``backend.record.facts``."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from peewee import JOIN

from backend.errors import DomainError
from backend.models import (
    DatedEntry,
    Person,
    PlaceZone,
    ProtectedPlace,
    Team,
    Victim,
    Wearer,
    ZoneVersion,
)
from backend.record.facts import (
    Case,
    MovingTerms,
    Terms,
    Version,
    What,
    ZoneTerms,
    changes_of,
    cover_changes,
    officer_at,
    standing,
    true_at,
)
from backend.record.values import is_readable
from backend.zone_properties import properties_of
from zones.refusal import ZoneRefused
from zones.schedule import read_timing

log = logging.getLogger(__name__)

# Of backend.cases.monitoring_status.Risk.
HIGH_RISK = ("high", "very_high")


def entry_version(row: DatedEntry) -> Version[Any]:
    """Return an entry as the record takes it."""
    return Version(row.id, row.from_at, row.recorded_at, row.value, row.corrects_id)


def readable(rows: Iterable[DatedEntry]) -> Iterator[DatedEntry]:
    """Return the entries whose value can be read; what is recorded of others must not wait for one that cannot."""
    for row in rows:
        if is_readable(row.what, row.value):
            yield row
        else:
            log.warning("entry %s of %s: its %s cannot be read and is passed over", row.id, row.subject, row.what)


def entries(subject: str, what: What) -> list[Version[Any]]:
    """Return the whole history of one thing, corrected entries included."""
    rows = DatedEntry.select().where(DatedEntry.subject == subject, DatedEntry.what == what).order_by(DatedEntry.id)
    return [entry_version(row) for row in readable(rows)]


def histories(subjects: Iterable[str], what: What) -> dict[str, list[Version[Any]]]:
    """Return the whole histories of many things, read at once; what has no entry is left out."""
    found: dict[str, list[Version[Any]]] = defaultdict(list)
    query = DatedEntry.select().where(DatedEntry.subject.in_(sorted(set(subjects))), DatedEntry.what == what)
    for row in readable(query.order_by(DatedEntry.id)):
        found[row.subject].append(entry_version(row))
    return dict(found)


def value_at(subject: str, what: What, at: datetime) -> Any:
    """Return what holds of a subject at ``at``, or None."""
    found = true_at(entries(subject, what), at)
    return found.value if found else None


class CaseUnreadable(DomainError):
    """A row of a case that cannot be read, so that no one knows which of its zones are in force."""

    code, status, title = "case_unreadable", 409, "Something that is recorded of this case cannot be read"


def cases(
    wearer_ids: Iterable[int], zones: Sequence[PlaceZone] | None = None, faults: dict[int, str] | None = None
) -> dict[int, Case]:
    """Return the cases of these wearers; ``zones`` are all rows of their fixed zones, if no moving ones are asked.

    Where ``faults`` is given, a case with a row that cannot be read is left out and named there with what is wrong:
    the others are read all the same. Raises: CaseUnreadable for such a case where it is not.
    """
    wrong: dict[int, str] = {}
    found = _cases(list(wearer_ids), zones, wrong)
    if wrong and faults is None:
        wearer_id, said = next(iter(wrong.items()))
        raise CaseUnreadable(f"Case {wearer_id}: {said}. Its fixes are kept and not judged until it is corrected.")
    for wearer_id, said in wrong.items():
        log.warning("case %s cannot be read: %s", wearer_id, said)
        del found[wearer_id]
    if faults is not None:
        faults.update(wrong)
    return found


def _cases(ids: Sequence[int], zones: Sequence[PlaceZone] | None, wrong: dict[int, str]) -> dict[int, Case]:
    found = {wearer_id: Case(wearer_id) for wearer_id in ids}
    if not ids:
        return found
    rows = zones
    if rows is None:
        drawn = list(PlaceZone.select().where(PlaceZone.wearer.in_(ids)))
        rows = [zone for zone in drawn if not zone.moves]
        for zone in drawn:
            if zone.moves:
                found[zone.wearer_id].moving.append(MovingTerms(zone.place_id, zone.from_at, zone.to_at))
    made = ZoneVersion.select().join(PlaceZone, on=ZoneVersion.zone).where(PlaceZone.wearer.in_(ids)) if rows else []
    versions = {version.zone_id: version for version in made}
    for zone in rows:
        version = versions.get(zone.id)
        line = version.line if version else zone.id
        try:
            until = _until(zone)
        except Exception:
            # Whatever is wrong with a zone is said where its fixes are judged.
            until = zone.to_at
        terms = ZoneTerms(
            zone.id,
            zone.place_id,
            until,
            version.order_id if version else None,
            version.is_removed if version else False,
        )
        recorded_at = version.recorded_at if version else zone.from_at
        corrects = version.corrects_id if version else None
        found[zone.wearer_id].lines.setdefault(line, []).append(
            Version(zone.id, zone.from_at, recorded_at, terms, corrects)
        )
    query = DatedEntry.select().where(DatedEntry.wearer.in_(ids), DatedEntry.what.in_([What.LIFE, What.TERMS]))
    for row in query.order_by(DatedEntry.id):
        # Which zones are in force rests on every one of these: none may be passed over.
        if is_readable(row.what, row.value):
            _add_entry(found[row.wearer_id], row)
        else:
            wrong[row.wearer_id] = f"entry {row.id} of its {row.what} cannot be read"
    return found


def _add_entry(case: Case, row: DatedEntry) -> None:
    if row.what == What.LIFE:
        case.life.append(entry_version(row))
        return
    order_id, terms = int(row.subject.partition(":")[2]), Terms.from_value(row.value)
    case.orders.setdefault(order_id, []).append(Version(row.id, row.from_at, row.recorded_at, terms, row.corrects_id))


def _until(zone: PlaceZone) -> datetime | None:
    """Return when a version of a zone ends by itself: as was entered or as its shape says, whichever comes first."""
    said = properties_of(zone.feature).get("valid_until")
    if said is None:
        return zone.to_at
    try:
        valid_until = read_timing({"valid_until": said}).valid_until
    except ZoneRefused:
        # Whatever is wrong with a zone is said where its fixes are judged.
        return zone.to_at
    ends = [zone.to_at, None if valid_until is None else datetime.fromtimestamp(valid_until, UTC)]
    return min((at for at in ends if at is not None), default=None)


def case(wearer_id: int) -> Case:
    """Return one wearer's case."""
    return cases([wearer_id])[wearer_id]


def at_high_risk(wearer_ids: Iterable[int], at: datetime) -> set[int]:
    """Return those of these wearers who are assessed at high or very high risk at ``at``."""
    subjects = {f"wearer:{wearer_id}": wearer_id for wearer_id in wearer_ids}
    if not subjects:
        return set()
    found = set()
    for subject, history in histories(subjects, What.RISK).items():
        held = true_at(history, at)
        if held is not None and isinstance(held.value, dict) and held.value.get("risk") in HIGH_RISK:
            found.add(subjects[subject])
    return found


def covers_of(people: Iterable[int | None]) -> dict[int, list[Version[Any]]]:
    """Return who covers for these people, and for those in turn: each history by the absent person."""
    found: dict[int, list[Version[Any]]] = {}
    unread = {person for person in people if person is not None}
    while unread:
        subjects = [f"person:{person}" for person in sorted(unread)]
        query = DatedEntry.select().where(DatedEntry.subject.in_(subjects), DatedEntry.what == What.COVER)
        found.update({person: [] for person in unread})
        for row in readable(query.order_by(DatedEntry.id)):
            found[int(row.subject.partition(":")[2])].append(entry_version(row))
        stand_ins = {version.value.get("by") for person in unread for version in found[person]}
        unread = {int(person) for person in stand_ins if person is not None} - found.keys()
    return found


def officers_at(wearers: Sequence[Wearer], at: datetime) -> dict[int, int | None]:
    """Return who answers for each of these wearers at ``at``, cover for leave included."""
    then = OfficersThen(wearers)
    return {wearer.id: then.id_at(wearer, at) for wearer in wearers}


class OfficersThen:
    """Who answered for some wearers at any instant, read once for all of them."""

    def __init__(self, wearers: Sequence[Wearer]) -> None:
        self._held: dict[int, list[Version[Any]]] = defaultdict(list)
        ids = {wearer.id for wearer in wearers}
        held = DatedEntry.select().where(DatedEntry.wearer.in_(ids), DatedEntry.what == What.OFFICER)
        for row in readable(held.order_by(DatedEntry.id)):
            version = entry_version(row)
            self._held[row.wearer_id].append(replace(version, value=version.value["person"]))
        self._covers = covers_of(
            {wearer.responsible_officer_id for wearer in wearers}
            | {version.value for history in self._held.values() for version in history}
        )
        self._people: dict[int, Person] = {}

    def id_at(self, wearer: Wearer, at: datetime) -> int | None:
        """Return who answered for the wearer at ``at``."""
        return officer_at(self._held.get(wearer.id, []), self._covers, at, wearer.responsible_officer_id)

    def answering(self, wearer: Wearer, since: datetime) -> set[int]:
        """Return everyone who answers for the wearer at ``since`` or any time after, as far as it is entered."""
        history = self._held.get(wearer.id, [])
        covers = (at for versions in self._covers.values() for at in cover_changes(versions))
        instants = {since, *(at for at in (*changes_of(history), *covers) if at > since)}
        return {person for at in instants if (person := self.id_at(wearer, at)) is not None}

    def at(self, wearer: Wearer, at: datetime) -> Person | None:
        """The same with what is known of that person."""
        person_id = self.id_at(wearer, at)
        if person_id is not None and not self._people:
            self._people = {person.id: person for person in Person.select()}
        return self._people.get(person_id) if person_id is not None else None


def responsible_officer_id(wearer: Wearer, at: datetime) -> int | None:
    """Return who answers for the wearer at ``at``."""
    return officers_at([wearer], at)[wearer.id]


def team_names_at(at: datetime) -> dict[int, str]:
    """Return what each team was called at ``at``."""
    histories: dict[int, list[Version[Any]]] = defaultdict(list)
    named = DatedEntry.select().where(DatedEntry.what == What.NAME, DatedEntry.subject.startswith("team:"))
    for row in readable(named):
        histories[int(row.subject.partition(":")[2])].append(entry_version(row))
    names = {}
    for team in Team.select():
        found = true_at(histories.get(team.id, []), at)
        names[team.id] = found.value if found else team.name
    return names


def teams_of_cases() -> dict[int, list[Version[int]]]:
    """Return to which teams the cases that ever went to another one belonged, by the number of the wearer."""
    found: dict[int, list[Version[int]]] = defaultdict(list)
    query = DatedEntry.select().where(DatedEntry.what == What.TEAM, DatedEntry.wearer.is_null(False))
    for row in readable(query.order_by(DatedEntry.id)):
        found[row.wearer_id].append(entry_version(row))
    return dict(found)


def victims_of(wearer_id: int) -> list[Victim]:
    """Return the people who are protected from this wearer, or were: by a zone, or by being entered in the case."""
    places = PlaceZone.select(PlaceZone.place).where(PlaceZone.wearer == wearer_id)
    theirs = ProtectedPlace.select(ProtectedPlace.victim).where(ProtectedPlace.id.in_(places))
    named = [victim_id for victim_id, _ in entered_in([wearer_id])]
    return list(Victim.select().where(Victim.id.in_(theirs) | Victim.id.in_(named)).order_by(Victim.id))


def entered_in(wearer_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Return who is entered as protected in which of these cases, zones apart: victim and wearer."""
    entered: dict[tuple[str, int], list[Version[Any]]] = defaultdict(list)
    query = DatedEntry.select().where(DatedEntry.wearer.in_(list(wearer_ids)), DatedEntry.what == What.PROTECTED)
    for row in readable(query.order_by(DatedEntry.id)):
        entered[row.subject, row.wearer_id].append(entry_version(row))
    newest = [(standing(history), wearer_id) for (_, wearer_id), history in entered.items()]
    return {
        (held[-1].value["victim"], wearer_id) for held, wearer_id in newest if held and held[-1].value["is_protected"]
    }


def versions_of_zones(wearer_id: int) -> list[tuple[PlaceZone, ZoneVersion | None]]:
    """Return every version of every zone of the wearer, oldest record first, with what is known of its making."""
    rows = (
        PlaceZone.select(PlaceZone, ZoneVersion)
        .join(ZoneVersion, JOIN.LEFT_OUTER, on=(ZoneVersion.zone == PlaceZone.id), attr="made")
        .where(PlaceZone.wearer == wearer_id, ~PlaceZone.moves)
        .order_by(PlaceZone.id)
    )
    return [(zone, getattr(zone, "made", None)) for zone in rows]
