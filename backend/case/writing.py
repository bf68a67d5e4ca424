"""The only writer of the record: dated entries, orders, conditions and versions of zones, each with its audit row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend import audit
from backend.access import access_wearer, closed_cases, require
from backend.case import calendar, reading, rejudging, warnings
from backend.case.record import Case, Terms, What, standing
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, InvalidTransition, NotAllowed, NotFound
from backend.models import (
    Activation,
    ActivationCorrection,
    Condition,
    DatedEntry,
    Fix,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
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


def protect_tonight(
    person: Person, wearer_id: int, victim_id: int, label: str, lat: float, lon: float, radius_m: float, now: datetime
) -> PlaceZone:
    """Protect a new place of a protected person at once, with a circle that a supervisor approves afterwards.

    Judged in the same unit of work against where the wearer was last known to be. The zones that there are stay.

    Raises: NotFound, NotAllowed, InvalidRecord, ZoneNotUsable.
    """
    access_wearer(person, wearer_id, now)
    victim = next((one for one in victims_for(person, wearer_id) if one.id == victim_id), None)
    if victim is None:
        raise NotFound("There is no such protected person.")
    if not label.strip():
        raise InvalidRecord("Give the place a name by which colleagues know it.")
    if not 50 <= radius_m <= 10_000:
        raise InvalidRecord("The radius must be between 50 and 10,000 metres.")
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"id": "provisional", "kind": "exclusion", "radius_m": radius_m, "buffer_m": radius_m},
    }
    with atomic():
        place = ProtectedPlace.create(victim=victim, label=label.strip())
        audit.record(audit.actor_of(person), "place_added", f"victim:{victim.id}", now, place=place.id)
        return add_zone(
            person,
            wearer_id,
            place.id,
            feature,
            now,
            now,
            why="She has moved: protected at once, to be approved.",
            is_provisional=True,
        )


def victims_for(person: Person, wearer_id: int) -> list[Victim]:
    """Return the protected persons of a case, and where it has none yet those of the team without a case."""
    theirs = reading.victims_of(wearer_id)
    if theirs:
        return theirs
    return list(Victim.select().where(Victim.team == person.team_id).order_by(Victim.name))


def to_approve(person: Person, now: datetime) -> list[ZoneVersion]:
    """Return the provisional zones of the team that no supervisor has decided on, oldest first."""
    decided = DatedEntry.select(DatedEntry.subject).where(DatedEntry.what == What.APPROVAL)
    subjects = {row.subject for row in decided}
    closed = closed_cases([person.id], now).get(person.id, set())
    query = (
        ZoneVersion.select(ZoneVersion, PlaceZone, Wearer)
        .join(PlaceZone, on=ZoneVersion.zone)
        .join(Wearer)
        .where(ZoneVersion.is_provisional, Wearer.team == person.team_id)
        .order_by(ZoneVersion.recorded_at)
    )
    return [row for row in query if f"zone:{row.zone_id}" not in subjects and row.zone.wearer_id not in closed]


def decide_on(
    person: Person, zone_id: int, is_approved: bool, now: datetime, *, why: str, is_confirmed: bool = False
) -> DatedEntry:
    """Approve a provisional zone, or refuse it, which removes it from now on.

    Raises: NotAllowed for anybody but a supervisor, or for one's own zone; NotFound, NeedsConfirmation.
    """
    require(person, Role.SUPERVISOR)
    row = next((one for one in to_approve(person, now) if one.zone_id == zone_id), None)
    if row is None:
        raise NotFound("There is no such zone to approve.")
    if row.recorded_by_id == person.id:
        raise NotAllowed("Somebody else approves what you drew.")
    with atomic():
        hold(row.zone.wearer_id)
        entry = enter(
            f"zone:{zone_id}",
            What.APPROVAL,
            {"is_approved": is_approved},
            now,
            person,
            now,
            why=why,
            wearer_id=row.zone.wearer_id,
        )
        if not is_approved:
            change_zone(person, zone_id, now, now, why=why, is_removed=True, is_confirmed=is_confirmed)
        return entry


def fit_tag(
    person: Person,
    wearer_id: int,
    serial: str,
    from_at: datetime,
    now: datetime,
    *,
    to_at: datetime | None = None,
    why: str = "Fitted.",
    corrects: int | None = None,
) -> Activation:
    """Record that the wearer wears a tag from ``from_at`` on; stored fixes of that time become his and are judged.

    With ``corrects`` the activation of that number was recorded in error and never held.

    Raises: NotFound, NotAllowed; InvalidRecord where somebody else wears the tag then.
    """
    access_wearer(person, wearer_id, now)
    tag = Tag.get_or_none(Tag.serial == serial.strip())
    if tag is None:
        raise NotFound("No tag has this serial.")
    if to_at is not None and to_at <= from_at:
        raise InvalidRecord("The tag must come off after it was fitted.")
    wrong = None
    if corrects is not None:
        wrong = Activation.get_or_none(Activation.id == corrects, Activation.tag == tag)
        if wrong is None:
            raise InvalidRecord("The activation that this corrects is of another tag.")
        access_wearer(person, wrong.wearer_id, now)
    with atomic():
        concerned = sorted({wearer_id, *([wrong.wearer_id] if wrong else [])})
        lock_rows(Tag, [tag.id])
        for one in concerned:
            hold(one)
        activation = Activation.create(tag=tag, wearer=wearer_id, from_at=from_at, to_at=to_at)
        if wrong is not None:
            ActivationCorrection.create(
                activation=wrong, replaced_by=activation, why=why.strip(), recorded_at=now, recorded_by=person
            )
        _refuse_two_wearers(activation)
        audit.record(
            audit.actor_of(person), "tag_fitted", f"wearer:{wearer_id}", now, tag=tag.id, activation=activation.id
        )
        since = min([from_at, *([wrong.from_at] if wrong else [])])
        _give_fixes(tag.id, since)
        for one in concerned:
            rejudging.after_change(reading.case(one), since, now)
            calendar.plan(reading.case(one), now)
        return activation


def take_tag_off(person: Person, activation_id: int, to_at: datetime, now: datetime, *, why: str) -> Activation:
    """Record when a tag came off; fixes after that are nobody's. Raises: NotFound, NotAllowed, InvalidTransition."""
    activation = Activation.get_or_none(Activation.id == activation_id)
    if activation is None:
        raise NotFound("There is no such activation.")
    access_wearer(person, activation.wearer_id, now)
    if activation.to_at is not None:
        raise InvalidTransition("This tag has come off already: correct the activation instead.")
    if to_at <= activation.from_at:
        raise InvalidRecord("The tag must come off after it was fitted.")
    with atomic():
        hold(activation.wearer_id)
        activation.to_at = to_at
        activation.save(only=[Activation.to_at])
        audit.record(
            audit.actor_of(person),
            "tag_taken_off",
            f"wearer:{activation.wearer_id}",
            now,
            activation=activation.id,
            why=why,
        )
        _give_fixes(activation.tag_id, to_at)
        rejudging.after_change(reading.case(activation.wearer_id), to_at, now)
        calendar.plan(reading.case(activation.wearer_id), now)
        return activation


def activations_of(tag_id: int) -> list[Activation]:
    """Return when the tag was worn by whom, without what was recorded in error."""
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    query = Activation.select().where(Activation.tag == tag_id, Activation.id.not_in(in_error))
    return list(query.order_by(Activation.from_at))


def _refuse_two_wearers(new: Activation) -> None:
    for other in activations_of(new.tag_id):
        if other.id == new.id:
            continue
        is_before = other.to_at is not None and other.to_at <= new.from_at
        is_after = new.to_at is not None and new.to_at <= other.from_at
        if not is_before and not is_after:
            raise InvalidRecord("The tag is worn by somebody at that time: record first when it came off.")


def _give_fixes(tag_id: int, since: datetime) -> None:
    """Let the tag's stored fixes belong to whoever wore it at their own time."""
    Fix.update(wearer=None).where(Fix.tag == tag_id, Fix.fix_time >= since).execute()
    for activation in activations_of(tag_id):
        during = (Fix.tag == tag_id) & (Fix.fix_time >= max(since, activation.from_at))
        if activation.to_at is not None:
            during &= Fix.fix_time < activation.to_at
        Fix.update(wearer=activation.wearer_id).where(during).execute()
