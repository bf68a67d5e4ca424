"""Orders with their terms, variations and conditions, in the court's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from backend import audit
from backend.access import access_wearer
from backend.cases.writing.locked_case import lock_cases, record_fact, settle
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.models import Condition, Fact, Order, Person
from backend.record import protection_ends, reading
from backend.record.facts import Terms, What, standing
from backend.record.timeline import Case

ORDER_KINDS = ("dapol", "dapo", "bail", "other")


def access_order(person: Person, order_id: int, now: datetime) -> Order:
    """Return an order of a case that the person may know of. Raises: NotFound, NotAllowed."""
    order = Order.get_or_none(Order.id == order_id)
    if order is None:
        raise NotFound("The order was not found.")
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
        lock_cases(wearer_id)
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
) -> Fact:
    return record_fact(
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
) -> Fact:
    """Let other terms hold from ``from_at`` on; fixes since then are judged again by them.

    The dates stay as the court gave them. Where an end is decided now, protection goes on for ``ends.NOTICE`` beside
    them, so that the person affected gets a notice first. Of an end that has come before their officer is asked to tell
    them.

    Raises: NotFound, NotAllowed, InvalidRecord, NeedsConfirmation.
    """
    order = access_order(person, order_id, now)
    _check(terms)
    with atomic():
        lock_cases(order.wearer_id)
        before = reading.case(order.wearer_id)
        if corrects is None:
            terms = _after_notice(before, order_id, terms, now)
        entry = _enter_terms(order, terms, from_at, person, now, why, document, corrects)
        since = from_at
        if corrects is not None:
            since = min(from_at, Fact.get_by_id(corrects).from_at)
        settle(before, since, now, is_confirmed=is_confirmed)
        return entry


def _after_notice(before: Case, order_id: int, terms: Terms, now: datetime) -> Terms:
    if terms.ends_at is None or abs(terms.ends_at - now) >= protection_ends.NOTICE:
        return terms
    if not any(zone.order_id == order_id for zone in before.zones_meant(now)):
        return terms
    held = before.terms_at(order_id, now)
    over_at = held.over_at if held is not None else None
    if over_at is not None and terms.ends_at <= over_at <= now + protection_ends.NOTICE:
        # It ends as soon already, and they were told of that instant: a decision entered again makes it no other.
        return replace(terms, protected_until=over_at)
    return replace(terms, protected_until=now + protection_ends.NOTICE)


def add_condition(
    person: Person,
    order_id: int,
    number: str,
    wording: str,
    from_at: datetime,
    now: datetime,
    corrects: int | None = None,
    *,
    why: str = "",
    document: str = "",
) -> Condition:
    """Record a condition in the court's words; with ``corrects`` that one was never in the order as it was recorded.

    Zones that rest on the corrected one are read with the new words.

    Raises: NotFound, NotAllowed; InvalidRecord without words, or for a correction without a reason.
    """
    order = access_order(person, order_id, now)
    if not wording.strip():
        raise InvalidRecord("Write the condition in the words of the order.")
    if corrects is not None:
        wrong = Condition.get_or_none(Condition.id == corrects, Condition.order == order)
        if wrong is None:
            raise InvalidRecord("The condition that this corrects is not of this order.")
        if Condition.select().where(Condition.corrects == wrong).exists():
            raise InvalidRecord("That condition was already corrected. Correct the newer one.")
        if not why.strip():
            raise InvalidRecord("Enter what was wrong.")
    with atomic():
        condition = Condition.create(
            order=order,
            number=number.strip(),
            wording=wording.strip(),
            from_at=from_at,
            corrects=corrects,
            recorded_at=now,
            recorded_by=person,
            why=why.strip(),
            document=document.strip(),
        )
        audit.record(audit.actor_of(person), "condition_entered", f"order:{order.id}", now, condition=condition.id)
        return condition


def current_terms(order_id: int, now: datetime) -> Terms:
    """Return the terms of an order that hold now, or the first to come. Raises: NotFound for an order without terms."""
    return terms_shown(reading.case(Order.get_by_id(order_id).wearer_id), order_id, now)


def terms_shown(case: Case, order_id: int, at: datetime) -> Terms:
    """Return the same of a case that was read already. Raises: NotFound for an order without terms."""
    terms = case.terms_at(order_id, at)
    if terms is None:
        to_come = standing(case.orders.get(order_id, []))
        if not to_come:
            raise NotFound("The order has no dates.")
        terms = to_come[0].value
    return terms
