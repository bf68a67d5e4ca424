"""Reads cases from their tables, many at once, for ``backend.record.facts``."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from peewee import JOIN

from backend import db
from backend.errors import DomainError
from backend.models import (
    Fact,
    Person,
    PlaceZone,
    ProtectedPlace,
    Team,
    Victim,
    Wearer,
    ZoneVersion,
)
from backend.record.facts import (
    MovingTerms,
    Terms,
    Version,
    What,
    ZoneTerms,
    changes_of,
    officer_at,
    standing,
    true_at,
)
from backend.record.timeline import Case
from backend.record.values import is_readable
from backend.zone_properties import properties_of
from zones.refusal import ZoneRefused
from zones.schedule import read_timing

log = logging.getLogger(__name__)

# Of backend.cases.monitoring_status.Risk.
HIGH_RISK = ("high", "very_high")

# What a unit of work carries of the cases that it holds, and under which name.
ENTRIES = "entries"
CARRIED = frozenset({What.MONITORING_STATUS, What.TERMS, What.OFFICER, What.RESTRICTED, What.RISK})


def fact_version(row: Fact) -> Version[Any]:
    """Return an entry as the record takes it."""
    return Version(
        row.id, row.from_at, row.recorded_at, row.value, row.replaces_id, row.until, is_restated=row.is_restated
    )


def first_recorded(row: Fact, by_id: Mapping[int, Fact]) -> Fact:
    """Return the fact as it was recorded first, where it was only said again since."""
    while row.is_restated and row.replaces_id in by_id:
        row = by_id[row.replaces_id]
    return row


def readable(rows: Iterable[Fact]) -> Iterator[Fact]:
    """Return the entries whose value can be read; what is recorded of others must not wait for one that cannot."""
    for row in rows:
        if is_readable(row.what, row.value):
            yield row
        else:
            log.warning("entry %s of %s: its %s cannot be read and is passed over", row.id, row.subject, row.what)


def facts_of(subject: str, what: What, wearer_id: int | None = None) -> list[Fact]:
    """Return every fact of one thing, replaced ones included; whether a person is protected is said case by case."""
    query = Fact.select().where(Fact.is_of([subject]), Fact.what == what).order_by(Fact.id)
    return list(query.where(Fact.case == wearer_id) if what == What.PROTECTED else query)


def history(subject: str, what: What, wearer_id: int | None = None) -> list[Version[Any]]:
    """Return the whole history of one thing, replaced facts included."""
    return [fact_version(row) for row in readable(facts_of(subject, what, wearer_id))]


def histories(subjects: Iterable[str], what: What) -> dict[str, list[Version[Any]]]:
    """Return the whole histories of many things, read at once; what has no entry is left out."""
    found: dict[str, list[Version[Any]]] = defaultdict(list)
    query = Fact.select().where(Fact.is_of(subjects), Fact.what == what)
    for row in readable(query.order_by(Fact.id)):
        found[row.subject].append(fact_version(row))
    return dict(found)


def value_at(subject: str, what: What, at: datetime) -> Any:
    """Return what holds of a subject at ``at``, or None."""
    found = true_at(history(subject, what), at)
    return found.value if found else None


class CaseUnreadable(DomainError):
    """A row of a case that cannot be read, so that no one knows which of its zones are in force."""

    code, status, title = "case_unreadable", 409, "Something that is recorded of this case cannot be read"


def unreadable(wearer_id: int, fault: str) -> CaseUnreadable:
    """Return the refusal for a case of which a row cannot be read."""
    return CaseUnreadable(f"Case {wearer_id}: {fault}. Its fixes are kept and not judged until it is corrected.")


Drawn = Mapping[int, Sequence[tuple[PlaceZone, ZoneVersion | None]]]


def cases(
    wearer_ids: Iterable[int],
    drawn: Drawn | None = None,
    faults: dict[int, str] | None = None,
    entered: Iterable[Fact] | None = None,
) -> dict[int, Case]:
    """Return the cases of these wearers; ``drawn`` are their zones and ``entered`` their entries, where at hand.

    Where ``faults`` is given, a case with a row that cannot be read is left out and named there with what is wrong:
    the others are read all the same. Raises: CaseUnreadable for such a case where it is not.
    """
    ids = list(wearer_ids)
    if not ids:
        return {}
    zones = drawn_zones(ids) if drawn is None else drawn
    rows: dict[int, list[Fact]] = defaultdict(list)
    for row in facts_of_cases(ids, What.MONITORING_STATUS, What.TERMS) if entered is None else entered:
        rows[row.case_id].append(row)
    found = {}
    for wearer_id in ids:
        read, fault = case_from(wearer_id, zones.get(wearer_id, []), rows[wearer_id])
        if read is not None:
            found[wearer_id] = read
        elif faults is None:
            raise unreadable(wearer_id, fault)
        else:
            faults[wearer_id] = fault
    return found


def facts_of_cases(wearer_ids: Iterable[int], *what: What) -> list[Fact]:
    """Return the entries of these kinds and cases, oldest record first; what is carried is not read again."""
    ids = set(wearer_ids)
    carried = db.carried(ENTRIES) if db.is_in_unit() else {}
    if ids <= carried.keys() and set(what) <= CARRIED:
        return [row for wearer_id in sorted(ids) for row in carried[wearer_id] if row.what in what]
    query = Fact.select().where(Fact.case.in_(ids), Fact.what.in_(what))
    return list(query.order_by(Fact.id))


def carry_facts(wearer_ids: Iterable[int]) -> list[Fact]:
    """Read what ingest and a warning ask of these cases, once for the present unit of work, which holds them.

    No one else enters anything of a case that is held; what this unit enters itself is read anew.
    """
    ids = list(wearer_ids)
    rows = facts_of_cases(ids, *CARRIED)
    carried = db.carried(ENTRIES)
    carried.update({wearer_id: [] for wearer_id in ids})
    for row in rows:
        carried[row.case_id].append(row)
    return rows


def drawn_zones(wearer_ids: Iterable[int]) -> dict[int, list[tuple[PlaceZone, ZoneVersion | None]]]:
    """Return every version of the zones of these wearers with its place, and what is known of its making."""
    found: dict[int, list[tuple[PlaceZone, ZoneVersion | None]]] = defaultdict(list)
    query = (
        PlaceZone.select(PlaceZone, ProtectedPlace, ZoneVersion)
        .join(ProtectedPlace)
        .switch(PlaceZone)
        .join(ZoneVersion, JOIN.LEFT_OUTER, on=(ZoneVersion.zone == PlaceZone.id), attr="made")
        .where(PlaceZone.wearer.in_(list(wearer_ids)))
        .order_by(PlaceZone.id)
    )
    for zone in query:
        found[zone.wearer_id].append((zone, getattr(zone, "made", None)))
    return found


def case_from(
    wearer_id: int, zones: Iterable[tuple[PlaceZone, ZoneVersion | None]], rows: Iterable[Fact]
) -> tuple[Case | None, str]:
    """Return the case that these rows make; None where one of them cannot be read, and which."""
    case = Case(wearer_id)
    for zone, version in zones:
        if zone.moves:
            case.moving.append(MovingTerms(zone.place_id, zone.from_at, zone.to_at))
            continue
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
        case.lines.setdefault(version.line if version else zone.id, []).append(
            Version(zone.id, zone.from_at, recorded_at, terms, corrects)
        )
    for row in rows:
        if row.what not in (What.MONITORING_STATUS, What.TERMS):
            continue
        # Which zones are in force rests on every one of these: none may be passed over.
        if not is_readable(row.what, row.value):
            fault = f"entry {row.id} of its {row.what} cannot be read"
            log.warning("case %s cannot be read: %s", wearer_id, fault)
            return None, fault
        _add_fact(case, row)
    return case, ""


def _add_fact(case: Case, row: Fact) -> None:
    if row.what == What.MONITORING_STATUS:
        case.statuses.append(fact_version(row))
        return
    version = replace(fact_version(row), value=Terms.from_value(row.value))
    case.orders.setdefault(row.of_order_id, []).append(version)


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
    ids = list(wearer_ids)
    if not ids:
        return set()
    histories: dict[int, list[Version[Any]]] = defaultdict(list)
    for row in readable(facts_of_cases(ids, What.RISK)):
        histories[row.case_id].append(fact_version(row))
    assessed = {wearer_id: true_at(history, at) for wearer_id, history in histories.items()}
    return {wearer_id for wearer_id, held in assessed.items() if held and held.value.get("risk") in HIGH_RISK}


def covers_of(people: Iterable[int | None]) -> dict[int, list[Version[Any]]]:
    """Return who covers for these people, and for those in turn: each history by the absent person."""
    return facts_of_people([], people)[1]


def facts_of_people(
    victims: Iterable[int], staff: Iterable[int | None]
) -> tuple[dict[int, list[Fact]], dict[int, list[Version[Any]]]]:
    """Return what is recorded of protected persons, and who covers for staff: in one statement, unless someone does.

    Of the staff each history is by the absent person; those who cover for someone are followed.
    """
    about: dict[int, list[Fact]] = defaultdict(list)
    covers: dict[int, list[Version[Any]]] = {}
    asked = set(victims)
    unread = {person for person in staff if person is not None}
    while unread or asked:
        covers.update({person: [] for person in unread})
        which = Fact.of_person.in_(sorted(unread)) & (Fact.what == What.COVER)
        if asked:
            which |= Fact.of_victim.in_(sorted(asked))
        covering: set[int] = set()
        for row in Fact.select().where(which).order_by(Fact.id):
            if row.of_victim_id is not None:
                about[row.of_victim_id].append(row)
            elif is_readable(row.what, row.value):
                covers[row.of_person_id].append(fact_version(row))
                covering |= {row.value["by"]} - {None}
        unread, asked = covering - covers.keys(), set()
    return dict(about), covers


def named_at(restrictions: Iterable[Fact], at: datetime) -> set[int] | None:
    """Return to whom a case is open by its restrictions, or None where it is open to the team."""
    history = []
    for row in restrictions:
        # A restriction that cannot be read opens the case to no one; see backend.escalation.responders.
        people = row.value["people"] if is_readable(row.what, row.value) else []
        history.append(replace(fact_version(row), value=people))
    held = true_at(history, at)
    return None if held is None or held.value is None else set(held.value)


def officers_at(wearers: Sequence[Wearer], at: datetime) -> dict[int, int | None]:
    """Return who answers for each of these wearers at ``at``, cover for leave included."""
    then = OfficersThen(wearers)
    return {wearer.id: then.id_at(wearer, at) for wearer in wearers}


class OfficersThen:
    """Who answered for some wearers at any instant, read once for all of them."""

    def __init__(self, wearers: Sequence[Wearer]) -> None:
        self._held: dict[int, list[Version[Any]]] = defaultdict(list)
        ids = {wearer.id for wearer in wearers}
        for row in readable(facts_of_cases(ids, What.OFFICER)):
            version = fact_version(row)
            self._held[row.case_id].append(replace(version, value=version.value["person"]))
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
        covers = (at for versions in self._covers.values() for at in changes_of(versions))
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
    for row in readable(Fact.select().where(Fact.what == What.NAME)):
        histories[row.of_team_id].append(fact_version(row))
    names = {}
    for team in Team.select():
        found = true_at(histories.get(team.id, []), at)
        names[team.id] = found.value if found else team.name
    return names


def teams_of_cases() -> dict[int, list[Version[int]]]:
    """Return to which teams the cases that ever went to another one belonged, by the number of the wearer."""
    found: dict[int, list[Version[int]]] = defaultdict(list)
    query = Fact.select().where(Fact.what == What.TEAM, Fact.case.is_null(False))
    for row in readable(query.order_by(Fact.id)):
        found[row.case_id].append(fact_version(row))
    return dict(found)


def victims_of(wearer_id: int) -> list[Victim]:
    """Return the people who are protected from this wearer, or were: by a zone, or by being entered in the case."""
    places = PlaceZone.select(PlaceZone.place).where(PlaceZone.wearer == wearer_id)
    theirs = ProtectedPlace.select(ProtectedPlace.victim).where(ProtectedPlace.id.in_(places))
    named = [victim_id for victim_id, _ in entered_in([wearer_id])]
    return list(Victim.select().where(Victim.id.in_(theirs) | Victim.id.in_(named)).order_by(Victim.id))


def entered_in(wearer_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Return who is entered as protected in which of these cases, zones apart: victim and wearer."""
    entered: dict[tuple[int, int], list[Version[Any]]] = defaultdict(list)
    query = Fact.select().where(Fact.case.in_(list(wearer_ids)), Fact.what == What.PROTECTED)
    for row in readable(query.order_by(Fact.id)):
        entered[row.of_victim_id, row.case_id].append(fact_version(row))
    newest = [(standing(history), wearer_id) for (_, wearer_id), history in entered.items()]
    return {
        (held[-1].value["victim"], wearer_id) for held, wearer_id in newest if held and held[-1].value["is_protected"]
    }


def versions_of_zones(wearer_id: int) -> list[tuple[PlaceZone, ZoneVersion | None]]:
    """Return every version of every zone of the wearer, oldest record first, with what is known of its making."""
    return [(zone, made) for zone, made in drawn_zones([wearer_id])[wearer_id] if not zone.moves]
