"""Versions of zones: each applies from its own instant on, and the earlier one stays for the time before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend import audit
from backend.access import access_wearer, known_victims
from backend.cases import change_warnings, zone_questions
from backend.cases.writing.locked_case import lock_cases, settle
from backend.db import atomic
from backend.errors import InvalidRecord, InvalidTransition, NeedsConfirmation, NotFound
from backend.models import Condition, Order, Person, PlaceZone, ProtectedPlace, ZoneVersion
from backend.record import reading
from backend.record.facts import in_turn, true_at
from backend.record.timeline import Case
from backend.record.zone_geojson import hours_lost, keeps_in
from backend.zone_replay import read_zone


def add_zone(
    person: Person,
    wearer_id: int,
    place_id: int,
    feature: dict[str, Any],
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    to_at: datetime | None = None,
    order_id: int | None = None,
    condition_id: int | None = None,
    is_provisional: bool = False,
    is_confirmed: bool = False,
) -> PlaceZone:
    """Protect a place from this wearer, from ``from_at`` on; judged at once against what is known.

    Raises: NotFound, NotAllowed; ZoneNotUsable; InvalidRecord; NeedsConfirmation where it would protect nothing.
    """
    access_wearer(person, wearer_id, now)
    _require_whose(access_place(person, wearer_id, place_id, now), feature)
    with atomic():
        lock_cases(wearer_id)
        before = reading.case(wearer_id)
        zone_questions.require_answers(
            before, feature, from_at, to_at, order_id, now, line=None, is_confirmed=is_confirmed
        )
        zone = _make_version(
            person,
            wearer_id,
            place_id,
            feature,
            from_at,
            to_at,
            now,
            line=None,
            order_id=order_id,
            condition_id=condition_id,
            is_provisional=is_provisional,
            why=why,
            document=document,
        )
        change_warnings.require_use(reading.case(wearer_id), zone.id, now, is_confirmed=is_confirmed)
        settle(before, from_at, now, is_confirmed=True)
        return zone


def change_zone(
    person: Person,
    zone_id: int,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    feature: dict[str, Any] | None = None,
    to_at: datetime | None = None,
    order_id: int | None = None,
    condition_id: int | None = None,
    is_removed: bool = False,
    is_provisional: bool = False,
    is_correction: bool = False,
    is_confirmed: bool = False,
) -> PlaceZone:
    """Let a new version of a zone hold from ``from_at`` on; the version at hand stays for the time before.

    With ``is_correction`` the version at hand was wrong all along and never held. What is not given stays as it is.

    Raises: NotFound, NotAllowed, ZoneNotUsable, InvalidRecord, NeedsConfirmation; InvalidTransition where someone has
    changed the zone since the version at hand was read.
    """
    wrong = PlaceZone.get_or_none(PlaceZone.id == zone_id)
    if wrong is None:
        raise NotFound("The zone was not found.")
    access_wearer(person, wrong.wearer_id, now)
    known = ZoneVersion.get_or_none(ZoneVersion.zone == wrong)
    with atomic():
        lock_cases(wrong.wearer_id)
        before = reading.case(wrong.wearer_id)
        feature = feature or wrong.feature
        line = known.line if known else wrong.id
        if not is_removed:
            _refuse_unseen(before, wrong, line, from_at, is_correction=is_correction)
        lost = [] if is_removed or is_confirmed else hours_lost(wrong.feature, feature)
        if lost:
            raise NeedsConfirmation(lost[0], warnings=lost)
        if keeps_in(feature) != keeps_in(wrong.feature):
            _require_whose(wrong.place, feature)
        if not is_removed and feature != wrong.feature:
            order = order_id or (known.order_id if known else None)
            zone_questions.require_answers(
                before, feature, from_at, to_at or wrong.to_at, order, now, line=line, is_confirmed=is_confirmed
            )
        zone = _make_version(
            person,
            wrong.wearer_id,
            wrong.place_id,
            feature,
            from_at,
            to_at or wrong.to_at,
            now,
            line=line,
            order_id=order_id or (known.order_id if known else None),
            condition_id=condition_id or (known.condition_id if known else None),
            is_removed=is_removed,
            is_provisional=is_provisional,
            corrects=wrong.id if is_correction else None,
            why=why,
            document=document,
        )
        settle(before, min(from_at, wrong.from_at) if is_correction else from_at, now, is_confirmed=is_confirmed)
        return zone


def access_place(person: Person, wearer_id: int, place_id: int, now: datetime) -> ProtectedPlace:
    """Return a place where this wearer stays, or of a protected person of whom ``person`` may know.

    The case is open to the person. Raises: NotAllowed; NotFound.
    """
    place = ProtectedPlace.get_or_none(ProtectedPlace.id == place_id)
    if place is not None and place.wearer_id is not None and place.wearer_id == wearer_id:
        return place
    if place is None or place.victim_id not in {victim.id for victim in known_victims(person, now)}:
        raise NotFound("The place was not found.")
    return place


def place_to_stay(person: Person, wearer_id: int, label: str, now: datetime) -> ProtectedPlace:
    """Return the place of this name where the wearer has to stay, made where there is none.

    Raises: NotFound, NotAllowed.
    """
    access_wearer(person, wearer_id, now)
    name = label.strip()
    with atomic():
        lock_cases(wearer_id)
        place = ProtectedPlace.get_or_none(ProtectedPlace.wearer == wearer_id, ProtectedPlace.label == name)
        if place is None:
            place = ProtectedPlace.create(wearer=wearer_id, label=name)
            audit.record(audit.actor_of(person), "place_added", f"wearer:{wearer_id}", now, place=place.id)
        return place


def _make_version(
    person: Person,
    wearer_id: int,
    place_id: int,
    feature: dict[str, Any],
    from_at: datetime,
    to_at: datetime | None,
    now: datetime,
    *,
    line: int | None,
    order_id: int | None,
    condition_id: int | None,
    why: str,
    document: str,
    is_removed: bool = False,
    is_provisional: bool = False,
    corrects: int | None = None,
) -> PlaceZone:
    read_zone(feature)
    if not why.strip():
        raise InvalidRecord("Enter why.")
    if to_at is not None and to_at <= from_at:
        raise InvalidRecord("The zone must end after it begins.")
    if order_id is not None and not Order.select().where(Order.id == order_id, Order.wearer == wearer_id).exists():
        raise InvalidRecord("The order is not of this case.")
    if condition_id is not None and not (
        Condition.select().where(Condition.id == condition_id, Condition.order == order_id).exists()
    ):
        raise InvalidRecord("The condition is not of this order.")
    zone = PlaceZone.create(place=place_id, wearer=wearer_id, feature=feature, from_at=from_at, to_at=to_at)
    ZoneVersion.create(
        zone=zone,
        line=line or zone.id,
        order=order_id,
        condition=condition_id,
        is_removed=is_removed,
        is_provisional=is_provisional,
        why=why.strip(),
        document=document.strip(),
        corrects=corrects,
        recorded_at=now,
        recorded_by=person,
    )
    audit.record(
        audit.actor_of(person),
        "zone_removed" if is_removed else "zone_entered",
        f"zone:{zone.id}",
        now,
        wearer=wearer_id,
        line=line or zone.id,
        from_at=from_at.isoformat(),
        why=why.strip(),
    )
    return zone


def _refuse_unseen(case: Case, wrong: PlaceZone, line: int, from_at: datetime, *, is_correction: bool) -> None:
    """Refuse to change a version in whose place another one holds that was entered since: it would be undone unseen.

    Raises: InvalidTransition.
    """
    versions = case.lines[line]
    held = true_at(in_turn(versions), from_at)
    is_undone = held is not None and held.id > wrong.id
    if is_correction:
        is_undone = any(version.corrects == wrong.id for version in versions)
    if is_undone:
        raise InvalidTransition(
            "Another version of this zone was entered since: look at the history of the case, and change that one."
        )


def _require_whose(place: ProtectedPlace, feature: dict[str, Any]) -> None:
    """Refuse a zone that keeps the wearer in at a protected person's place, or that keeps them out where they stay.

    A place where someone has to stay protects no one: whom it is of says who hears of it.
    """
    if keeps_in(feature) and place.wearer_id is None:
        raise InvalidRecord(
            "Where the person on probation has to stay is a place of theirs, no protected person's: name a new one."
        )
    if place.wearer_id is not None and not keeps_in(feature):
        raise InvalidRecord("The place to stay in and the place to keep out of are two places: name a new place.")
