"""The only writer of the record: dated entries, orders, conditions and versions of zones, each with its audit row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend import audit
from backend.access import access_wearer
from backend.case import calendar, reading, rejudging, warnings
from backend.case.record import Case, Terms, What, standing
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, NotFound
from backend.models import (
    Activation,
    Condition,
    DatedEntry,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Tag,
    Victim,
    Wearer,
    ZoneVersion,
)
from backend.zone_replay import read_zone

ORDER_KINDS = ("dapol", "dapo", "bail", "other")


def hold(wearer_id: int) -> None:
    """Hold the case until the unit of work ends, in the order in which fixes hold it: tags, then the wearer."""
    tags = Activation.select(Activation.tag).where(Activation.wearer == wearer_id)
    lock_rows(Tag, [row.tag_id for row in tags])
    lock_rows(Wearer, [wearer_id])


def enter(
    subject: str,
    what: What,
    value: Any,
    from_at: datetime,
    by: Person | None,
    now: datetime,
    *,
    why: str,
    document: str = "",
    wearer_id: int | None = None,
    corrects: int | None = None,
) -> DatedEntry:
    """Append one dated entry. Raises: InvalidRecord where no reason is given or it corrects something else's entry."""
    if not why.strip():
        raise InvalidRecord("Say why.")
    if corrects is not None:
        wrong = DatedEntry.get_or_none(DatedEntry.id == corrects)
        if wrong is None or (wrong.subject, wrong.what) != (subject, what):
            raise InvalidRecord("The entry that this corrects is of something else.")
    with atomic():
        entry = DatedEntry.create(
            subject=subject,
            what=what,
            wearer=wearer_id,
            value=value,
            from_at=from_at,
            why=why.strip(),
            document=document.strip(),
            corrects=corrects,
            recorded_at=now,
            recorded_by=by,
        )
        audit.record(audit.actor_of(by), f"{what}_entered", subject, now, entry=entry.id, from_at=from_at.isoformat())
        return entry


def settle(before: Case, since: datetime, now: datetime, *, is_confirmed: bool) -> Case:
    """Let a change of the record take its consequences: warn, judge again what it concerns, plan what it owes.

    Raises: NeedsConfirmation when it leaves a place or the wearer without a zone that was there, unless confirmed.
    """
    after = reading.case(before.wearer_id)
    warnings.require_confirmation(before, after, now, is_confirmed=is_confirmed)
    rejudging.after_change(after, since, now)
    calendar.plan(after, now)
    return after


def access_order(person: Person, order_id: int, now: datetime) -> Order:
    """Return an order of a case that the person may know of. Raises: NotFound, NotAllowed."""
    order = Order.get_or_none(Order.id == order_id)
    if order is None:
        raise NotFound("There is no such order.")
    access_wearer(person, order.wearer_id, now)
    return order


def open_order(
    person: Person,
    wearer_id: int,
    kind: str,
    reference: str,
    terms: Terms,
    now: datetime,
    *,
    why: str,
    document: str = "",
    conditions: tuple[tuple[str, str], ...] = (),
) -> Order:
    """Record a licence or order with its dates and its conditions in the court's words.

    Raises: NotFound, NotAllowed; InvalidRecord for dates that contradict each other or an unknown kind.
    """
    access_wearer(person, wearer_id, now)
    _check(terms)
    if kind not in ORDER_KINDS:
        raise InvalidRecord(f"The kind is one of {', '.join(ORDER_KINDS)}.")
    with atomic():
        hold(wearer_id)
        before = reading.case(wearer_id)
        order = Order.create(
            wearer=wearer_id, kind=kind, reference=reference.strip(), created_at=now, created_by=person
        )
        _enter_terms(order, terms, terms.starts_at, person, now, why, document, None)
        for number, wording in conditions:
            add_condition(person, order.id, number, wording, terms.starts_at, now)
        settle(before, terms.starts_at, now, is_confirmed=True)
        return order


def _check(terms: Terms) -> None:
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        raise InvalidRecord("The order must end after it starts.")


def _enter_terms(
    order: Order,
    terms: Terms,
    from_at: datetime,
    person: Person | None,
    now: datetime,
    why: str,
    document: str,
    corrects: int | None,
) -> DatedEntry:
    return enter(
        f"order:{order.id}",
        What.TERMS,
        terms.as_value(),
        from_at,
        person,
        now,
        why=why,
        document=document,
        wearer_id=order.wearer_id,
        corrects=corrects,
    )


def vary_order(
    person: Person,
    order_id: int,
    terms: Terms,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
    is_confirmed: bool = False,
) -> DatedEntry:
    """Let other terms hold from ``from_at`` on; fixes since then are judged again by them.

    Raises: NotFound, NotAllowed, InvalidRecord, NeedsConfirmation.
    """
    order = access_order(person, order_id, now)
    _check(terms)
    with atomic():
        hold(order.wearer_id)
        before = reading.case(order.wearer_id)
        entry = _enter_terms(order, terms, from_at, person, now, why, document, corrects)
        since = from_at
        if corrects is not None:
            since = min(from_at, DatedEntry.get_by_id(corrects).from_at)
        settle(before, since, now, is_confirmed=is_confirmed)
        return entry


def add_condition(
    person: Person,
    order_id: int,
    number: str,
    wording: str,
    from_at: datetime,
    now: datetime,
    corrects: int | None = None,
) -> Condition:
    """Record a condition in the court's words. Raises: NotFound, NotAllowed, InvalidRecord."""
    order = access_order(person, order_id, now)
    if not wording.strip():
        raise InvalidRecord("Write the condition in the words of the order.")
    with atomic():
        condition = Condition.create(
            order=order,
            number=number.strip(),
            wording=wording.strip(),
            from_at=from_at,
            corrects=corrects,
            recorded_at=now,
            recorded_by=person,
        )
        audit.record(audit.actor_of(person), "condition_entered", f"order:{order.id}", now, condition=condition.id)
        return condition


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
) -> PlaceZone:
    """Protect a place from this wearer, from ``from_at`` on; judged at once against what is known.

    Raises: NotFound, NotAllowed; ZoneNotUsable; InvalidRecord.
    """
    access_wearer(person, wearer_id, now)
    access_place(person, place_id)
    with atomic():
        hold(wearer_id)
        before = reading.case(wearer_id)
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

    Raises: NotFound, NotAllowed, ZoneNotUsable, InvalidRecord, NeedsConfirmation.
    """
    wrong = PlaceZone.get_or_none(PlaceZone.id == zone_id)
    if wrong is None:
        raise NotFound("There is no such zone.")
    access_wearer(person, wrong.wearer_id, now)
    known = ZoneVersion.get_or_none(ZoneVersion.zone == wrong)
    with atomic():
        hold(wrong.wearer_id)
        before = reading.case(wrong.wearer_id)
        zone = _make_version(
            person,
            wrong.wearer_id,
            wrong.place_id,
            feature or wrong.feature,
            from_at,
            to_at or wrong.to_at,
            now,
            line=known.line if known else wrong.id,
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


def access_place(person: Person, place_id: int) -> ProtectedPlace:
    """Return a place of a protected person whom the person's team knows. Raises: NotFound."""
    place = (
        ProtectedPlace.select().join(Victim).where(ProtectedPlace.id == place_id, Victim.team == person.team_id).first()
    )
    if place is None:
        raise NotFound("There is no such place.")
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
        raise InvalidRecord("Say why.")
    if to_at is not None and to_at <= from_at:
        raise InvalidRecord("The zone must end after it begins.")
    if order_id is not None and not Order.select().where(Order.id == order_id, Order.wearer == wearer_id).exists():
        raise InvalidRecord("The order is not this wearer's.")
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
    )
    return zone


def current_terms(order_id: int, now: datetime) -> Terms:
    """Return the terms of an order that hold now, or the first to come. Raises: NotFound for an order without terms."""
    order = Order.get_by_id(order_id)
    case = reading.case(order.wearer_id)
    terms = case.terms_at(order_id, now)
    if terms is None:
        to_come = standing(case.orders.get(order_id, []))
        if not to_come:
            raise NotFound("The order has no dates.")
        terms = to_come[0].value
    return terms
