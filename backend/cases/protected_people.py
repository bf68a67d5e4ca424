"""The protected people of a case: adults and children added to it, including people protected in several cases.

A person who is protected from two wearers is one row, with one number and one consent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, fn

from backend import audit
from backend.access import access_wearer, closed_cases, known_victims
from backend.cases import completeness
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord, InvalidTransition, NotFound
from backend.models import Fact, Person, PlaceZone, ProtectedPlace, Victim, Wearer
from backend.record import reading
from backend.record.facts import What, standing
from backend.record.recording import lock_cases, record_fact

MOST_FOUND = 20
# A person who enters them draws their zone next: it is asked after that whether one was.
DRAWN_WITHIN = timedelta(hours=1)


class KnownPerson(DomainError):
    """A person with this name is on record already; ``known`` lists who, each with the cases that may be known of."""

    code, status, title = "known_person", 409, "A person with this name is on record already"


@dataclass(frozen=True, slots=True)
class Known:
    """A protected person who is recorded, with the cases by which the one who asks may know of them."""

    victim: Victim
    cases: list[Wearer]


def seen_by(person: Person, now: datetime) -> list[Known]:
    """Return the protected persons of the team of whom this person may know, by name.

    People in restricted cases only are left out, as if they were not recorded; of the cases of the others only those
    are named that are open to the person.

    Raises: NotAllowed for administrators.
    """
    closed = closed_cases([person.id], now).get(person.id, set())
    wearers = {row.id: row for row in Wearer.select().where(Wearer.team == person.team_id)}
    ours = wearers.keys() - closed
    in_cases: dict[int, set[int]] = {}
    drawn: Any = PlaceZone.select(ProtectedPlace.victim, PlaceZone.wearer).join(ProtectedPlace)
    pairs = set(drawn.where(PlaceZone.wearer.in_(ours)).distinct().tuples()) | reading.entered_in(ours)
    for victim_id, wearer_id in pairs:
        in_cases.setdefault(victim_id, set()).add(wearer_id)
    return [
        Known(victim, [wearers[wearer_id] for wearer_id in sorted(in_cases.get(victim.id, set()))])
        for victim in known_victims(person, now)
    ]


def entered_in(victims: Iterable[Victim]) -> list[int]:
    """Return the cases in which any of these people is entered, zones apart."""
    ids = {victim.id for victim in victims}
    named = Fact.select(Fact.case).where(Fact.what == What.PROTECTED).distinct()
    pairs = reading.entered_in([row.case_id for row in named])
    return sorted({wearer_id for victim_id, wearer_id in pairs if victim_id in ids})


def find(person: Person, text: str, now: datetime, but: int | None = None) -> list[Known]:
    """Return those who match a part of a name and are not in the case ``but`` yet. Raises: NotAllowed."""
    sought = " ".join(text.split()).casefold()
    if not sought:
        return []
    already = {victim.id for victim in reading.victims_of(but)} if but is not None else set()
    found = [one for one in seen_by(person, now) if sought in one.victim.name.casefold()]
    return [one for one in found if one.victim.id not in already][:MOST_FOUND]


def require_new(person: Person, name: str, now: datetime) -> None:
    """Raises: KnownPerson where someone of whom the person may know has this name."""
    sought = " ".join(name.split()).casefold()
    same = [one for one in seen_by(person, now) if " ".join(one.victim.name.split()).casefold() == sought]
    if same:
        raise KnownPerson(
            f"{same[0].victim.name} is recorded already{_in_words(same[0].cases)}. "
            "Choose them, or say that this is another person with the same name.",
            known=[as_dict(one) for one in same],
        )


def _in_words(cases: Iterable[Wearer]) -> str:
    names = ", ".join(wearer.name for wearer in cases)
    return f" in the case of {names}" if names else ""


def as_dict(one: Known) -> dict[str, object]:
    """Return what is shown of someone who is recorded: never a number, never a place."""
    return {
        "id": one.victim.id,
        "name": one.victim.name,
        "is_child": one.victim.is_child,
        "cases": [{"id": wearer.id, "name": wearer.name} for wearer in one.cases],
    }


def add_person(
    person: Person,
    wearer_id: int,
    name: str,
    now: datetime,
    *,
    why: str,
    document: str = "",
    is_child: bool = False,
    through_id: int | None = None,
    is_another: bool = False,
) -> Victim:
    """Enter a protected person who is not recorded yet; a child has no phone and may be reached through an adult.

    Their places are drawn and their consent recorded afterwards: until then the watch says that they are not protected.

    Raises: NotFound, NotAllowed; KnownPerson unless ``is_another``; InvalidRecord that says what is missing.
    """
    wearer = access_wearer(person, wearer_id, now)
    name = " ".join(name.split())
    if not name:
        raise InvalidRecord("Enter the name of the protected person.")
    if through_id is not None and not is_child:
        raise InvalidRecord("Only a child is reached through another person: record an adult's own consent.")
    if not is_another:
        require_new(person, name, now)
    with atomic():
        lock_cases(wearer_id)
        victim = Victim.create(team=wearer.team_id, name=name, is_child=is_child, created_at=now)
        audit.record(audit.actor_of(person), "victim_added", f"victim:{victim.id}", now)
        _enter(person, wearer_id, victim, now, why=why, document=document)
        if through_id is not None:
            _reach(person, wearer_id, victim, _adult_of(wearer_id, through_id), now, why=why)
        return victim


def add_known(person: Person, wearer_id: int, victim_id: int, now: datetime, *, why: str, document: str = "") -> Victim:
    """Enter someone who is recorded already: the same number and the same consent, protected from one more wearer.

    Raises: NotFound for someone of whom the person may not know; NotAllowed; InvalidTransition where they are in the
    case; InvalidRecord for a child whose adult is not in it.
    """
    access_wearer(person, wearer_id, now)
    seen = seen_by(person, now)
    known = next((one for one in seen if one.victim.id == victim_id), None)
    if known is None:
        raise NotFound("The protected person was not found.")
    with atomic():
        lock_cases(wearer_id)
        theirs = {victim.id for victim in reading.victims_of(wearer_id)}
        victim = known.victim
        if victim.id in theirs:
            raise InvalidTransition(f"{victim.name} is in this case already.")
        if victim.reached_through_id is not None and victim.reached_through_id not in theirs:
            adult = next((one.victim.name for one in seen if one.victim.id == victim.reached_through_id), "an adult")
            raise InvalidRecord(f"{victim.name} is reached through {adult}, who is not in this case: add them first.")
        _enter(person, wearer_id, victim, now, why=why, document=document)
        return victim


def _enter(
    person: Person,
    wearer_id: int,
    victim: Victim,
    now: datetime,
    *,
    why: str,
    document: str = "",
    is_protected: bool = True,
    corrects: int | None = None,
) -> None:
    record_fact(
        f"victim:{victim.id}",
        What.PROTECTED,
        {"victim": victim.id, "is_protected": is_protected},
        now,
        person,
        now,
        why=why,
        document=document,
        wearer_id=wearer_id,
        corrects=corrects,
    )
    completeness.ask_for([wearer_id], now + DRAWN_WITHIN)


def take_out(person: Person, wearer_id: int, victim_id: int, now: datetime, *, why: str) -> None:
    """Say that they were entered in this case in error; their other cases, number and consent stay as they are.

    Raises: NotFound, NotAllowed; InvalidTransition where a zone of this case protects or protected them, or where a
    child of this case is reached through them.
    """
    access_wearer(person, wearer_id, now)
    victim = of_case(wearer_id, victim_id)
    with atomic():
        lock_cases(wearer_id)
        places = ProtectedPlace.select(ProtectedPlace.id).where(ProtectedPlace.victim == victim)
        if PlaceZone.select().where(PlaceZone.wearer == wearer_id, PlaceZone.place.in_(places)).exists():
            raise InvalidTransition(f"Zones of this case protect {victim.name} or did: they stay on record.")
        if any(one.reached_through_id == victim.id for one in reading.victims_of(wearer_id)):
            raise InvalidTransition(f"A child of this case is reached through {victim.name}: change that first.")
        said = standing(reading.history(f"victim:{victim_id}", What.PROTECTED, wearer_id))[-1]
        _enter(person, wearer_id, victim, now, why=why, is_protected=False, corrects=said.id)


def reach_through(
    person: Person, wearer_id: int, victim_id: int, through_id: int | None, now: datetime, *, why: str
) -> Victim:
    """Let a child be reached through an adult of the case from now on, in that adult's own words; or through no one.

    Raises: NotFound, NotAllowed; InvalidRecord for a grown person, or for another child as the one to be told.
    """
    access_wearer(person, wearer_id, now)
    child = of_case(wearer_id, victim_id)
    if not child.is_child:
        raise InvalidRecord("Only a child is reached through another person: record an adult's own consent.")
    with atomic():
        lock_cases(wearer_id)
        adult = _adult_of(wearer_id, through_id) if through_id is not None else None
        _reach(person, wearer_id, child, adult, now, why=why)
        return child


def _reach(person: Person, wearer_id: int, child: Victim, adult: Victim | None, now: datetime, *, why: str) -> None:
    value = {"victim": child.id, "through": adult.id if adult else None}
    record_fact(f"victim:{child.id}", What.REACHED, value, now, person, now, why=why, wearer_id=wearer_id)
    child.reached_through = adult
    Victim.update(reached_through=adult).where(Victim.id == child.id).execute()


def _adult_of(wearer_id: int, victim_id: int) -> Victim:
    adult = of_case(wearer_id, victim_id)
    if adult.is_child:
        raise InvalidRecord("A child is reached through an adult.")
    return adult


def places_by_victim(person: Person, victim_ids: Iterable[int], now: datetime) -> dict[int, list[ProtectedPlace]]:
    """Return the places of these people; one that only cases closed to the person know of is left out."""
    closed = closed_cases([person.id], now).get(person.id, set())
    drawn = fn.ARRAY_AGG(PlaceZone.wearer.distinct()).filter(PlaceZone.wearer.is_null(False))
    places = (
        ProtectedPlace.select(ProtectedPlace, drawn.alias("drawn"))
        .join(PlaceZone, JOIN.LEFT_OUTER)
        .where(ProtectedPlace.victim.in_(list(victim_ids)))
        .group_by(ProtectedPlace.id)
        .order_by(ProtectedPlace.id)
    )
    found: dict[int, list[ProtectedPlace]] = {}
    for place in places.objects():
        if not place.drawn or set(place.drawn) - closed:
            found.setdefault(place.victim_id, []).append(place)
    return found


def add_place(person: Person, wearer_id: int, victim_id: int, label: str, now: datetime) -> ProtectedPlace:
    """Add a place of a protected person of the case; nothing is judged there before a zone is drawn around it.

    Raises: NotFound, NotAllowed.
    """
    access_wearer(person, wearer_id, now)
    victim = of_case(wearer_id, victim_id)
    with atomic():
        place = ProtectedPlace.create(victim=victim, label=label.strip())
        audit.record(audit.actor_of(person), "place_added", f"victim:{victim.id}", now, place=place.id)
        return place


def of_case(wearer_id: int, victim_id: int) -> Victim:
    """Return someone whom this case protects. Raises: NotFound."""
    victim = next((one for one in reading.victims_of(wearer_id) if one.id == victim_id), None)
    if victim is None:
        raise NotFound("The protected person was not found.")
    return victim
