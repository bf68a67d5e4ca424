"""The missing items of cases, found for many cases in a constant number of queries. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from backend.access import named_on_each
from backend.cases import change_warnings
from backend.models import (
    Activation,
    ActivationCorrection,
    Fix,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Tag,
    Victim,
    Wearer,
)
from backend.people import consent, numbers
from backend.record import reading
from backend.record.facts import Case, Life, What, true_at

# A tag that was fitted this long ago and never reported is not just slow.
FITTED_AFTER = timedelta(hours=1)
REPORTING_WITHIN = timedelta(hours=24)
# What a service without a setting of its own takes for silence.
SILENT_AFTER = timedelta(hours=24)
# So many cases are read together.
BATCH = 200


class Gap(StrEnum):
    """What can be missing."""

    ORDER_WITHOUT_ZONE = "order_without_zone"
    ZONE_WITHOUT_ORDER = "zone_without_order"
    WITHOUT_TAG = "zone_without_tag"
    TAG_NEVER_REPORTED = "tag_never_reported"
    TAG_SILENT = "tag_silent"
    TWO_TAGS = "two_tags_worn"
    REPORTING_WITHOUT_ORDER = "reporting_without_order"
    WITHOUT_OFFICER = "wearer_without_officer"
    VICTIM_WITHOUT_ZONE = "victim_without_zone"
    VICTIM_WITHOUT_CONTACT = "victim_without_safe_contact"
    NUMBER_UNPROVED = "victim_number_unproved"
    NUMBER_DUE = "victim_number_due"
    NUMBER_HELD = "victim_number_held"
    EXPIRED_AND_REPORTING = "expired_order_and_reporting"
    ENDED_AND_REPORTING = "ended_case_and_reporting"
    SUSPENSION_OVERDUE = "suspension_overdue"
    UNREADABLE = "case_unreadable"


TEXTS = {
    Gap.ORDER_WITHOUT_ZONE: "An order is in force and no zone rests on it",
    Gap.ZONE_WITHOUT_ORDER: "A zone is in force that rests on no order",
    Gap.WITHOUT_TAG: "A zone is in force and no tag is worn, so nothing is judged",
    Gap.TAG_NEVER_REPORTED: "The tag was fitted and has never reported",
    Gap.TAG_SILENT: "The tag has stopped reporting",
    Gap.TWO_TAGS: "Two tags are recorded as worn at once, so it is not known which one the wearer has on",
    Gap.REPORTING_WITHOUT_ORDER: "The tag reports and there is no order",
    Gap.WITHOUT_OFFICER: "No active officer is responsible",
    Gap.VICTIM_WITHOUT_ZONE: "No zone was ever drawn around a place of a protected person",
    Gap.VICTIM_WITHOUT_CONTACT: "A protected person has no safe way to be reached, and has not declined warnings",
    Gap.NUMBER_UNPROVED: "The number of a protected person is not verified, so no text goes to them",
    Gap.NUMBER_DUE: "The number of a protected person was verified more than 90 days ago: verify it again",
    Gap.NUMBER_HELD: (
        "The number of a protected person was declared to be the wearer's, so texts about this case are held"
    ),
    Gap.EXPIRED_AND_REPORTING: "Every order has ended and the tag still reports",
    Gap.ENDED_AND_REPORTING: "The case has ended and the tag still reports: take it off, or open the case again",
    Gap.SUSPENSION_OVERDUE: "A suspension is past the end that was expected",
    Gap.UNREADABLE: "Something that is recorded of the case cannot be read, so fixes are kept and not judged",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is missing from one case."""

    gap: Gap
    wearer_id: int
    wearer: str
    team_id: int
    detail: str = ""

    @property
    def text(self) -> str:
        return TEXTS[self.gap] + (f": {self.detail}" if self.detail else "")


@dataclass(frozen=True, slots=True)
class _Worn:
    """A tag that is worn now, and when the newest of its fixes since it was fitted was received."""

    serial: str
    from_at: datetime
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of some cases, by the number of their wearers."""

    cases: dict[int, Case]
    officers: dict[int, int | None]
    active: set[int]
    # To whom each restricted case is open.
    named: dict[int, set[int]]
    orders: dict[int, list[Order]]
    worn: dict[int, list[_Worn]]
    # The newest fix of each wearer, by its own time and when it was received.
    newest: dict[int, tuple[datetime, datetime]]
    victims: dict[int, list[Victim]]
    # Who has a zone of which case: victim and wearer.
    placed: set[tuple[int, int]]
    agreed: set[int]
    declined: set[int]
    standings: dict[int, numbers.Standing]
    # To whom texts about which case are held: victim and wearer.
    held: set[tuple[int, int]]


def find(
    now: datetime,
    wearer_ids: Iterable[int] | None = None,
    team_id: int | None = None,
    *,
    silent_after: timedelta = SILENT_AFTER,
) -> list[Finding]:
    """Return all that is missing from these cases, or from every one, in the order of their names."""
    query = Wearer.select().where(~Wearer.is_training).order_by(Wearer.name, Wearer.id)
    if wearer_ids is not None:
        query = query.where(Wearer.id.in_(list(wearer_ids)))
    if team_id is not None:
        query = query.where(Wearer.team == team_id)
    wearers = list(query)
    found: list[Finding] = []
    for first in range(0, len(wearers), BATCH):
        some = wearers[first : first + BATCH]
        facts = _read(some, now)
        for wearer in some:
            found += [
                Finding(gap, wearer.id, wearer.name, wearer.team_id, detail)
                for gap, detail in _gaps(wearer.id, facts, now, silent_after)
            ]
    return found


def _gaps(wearer_id: int, facts: _Facts, now: datetime, silent_after: timedelta) -> list[tuple[Gap, str]]:
    if wearer_id not in facts.cases:
        return [(Gap.UNREADABLE, "")]
    case, orders, worn = facts.cases[wearer_id], facts.orders[wearer_id], facts.worn[wearer_id]
    life, entry = case.life_at(now), case.life_entry(now)
    newest = facts.newest.get(wearer_id)
    is_reporting = newest is not None and now - newest[1] <= REPORTING_WITHIN
    if life is Life.ENDED:
        # Of an ended case nothing is missing, but no one took the tag off.
        has_reported_since = newest is not None and entry is not None and newest[0] > entry.from_at
        return [(Gap.ENDED_AND_REPORTING, "")] if is_reporting and has_reported_since else []
    found: list[tuple[Gap, str]] = []
    # A suspension hides zones; what is missing is asked as if it were lifted.
    as_if_active = Case(case.wearer_id, [], case.orders, case.lines)
    zones = as_if_active.zones_in_force(now)
    held = {zone.order_id for zone in zones}
    in_force = [order for order in orders if case.is_order_in_force(order.id, now)]
    found += [(Gap.ORDER_WITHOUT_ZONE, order.reference) for order in in_force if order.id not in held]
    found += [(Gap.ZONE_WITHOUT_ORDER, "") for _ in [zone for zone in zones if zone.order_id is None][:1]]
    if not worn and zones and life is Life.ACTIVE:
        found.append((Gap.WITHOUT_TAG, ""))
    if len(worn) > 1:
        found.append((Gap.TWO_TAGS, ", ".join(tag.serial for tag in worn)))
    for tag in worn:
        if tag.reported_at is None and now - tag.from_at >= FITTED_AFTER:
            found.append((Gap.TAG_NEVER_REPORTED, tag.serial))
        elif tag.reported_at is not None and now - tag.reported_at >= silent_after and life is Life.ACTIVE:
            since = change_warnings.day(tag.reported_at)
            found.append((Gap.TAG_SILENT, f"{tag.serial} has not reported since {since}"))
    if is_reporting and not in_force:
        is_expired = bool(orders) and all(case.is_order_over(order.id, now) for order in orders)
        found.append((Gap.EXPIRED_AND_REPORTING if is_expired else Gap.REPORTING_WITHOUT_ORDER, ""))
    # A person who may not open a restricted case does not answer for it.
    if facts.officers[wearer_id] not in facts.active & facts.named.get(wearer_id, facts.active):
        found.append((Gap.WITHOUT_OFFICER, ""))
    for victim in facts.victims[wearer_id]:
        if (victim.id, wearer_id) not in facts.placed:
            found.append((Gap.VICTIM_WITHOUT_ZONE, victim.name))
        found += _gap_of_victim(victim, facts)
        if (victim.id, wearer_id) in facts.held and victim.id in facts.agreed:
            found.append((Gap.NUMBER_HELD, victim.name))
    if life is Life.SUSPENDED and entry is not None:
        until = entry.value.get("expected_end_at")
        if until and datetime.fromisoformat(until) <= now:
            found.append((Gap.SUSPENSION_OVERDUE, str(entry.value.get("reason") or "")))
    return found


def _gap_of_victim(victim: Victim, facts: _Facts) -> list[tuple[Gap, str]]:
    if victim.is_child:
        # Reached through an adult who is a protected person of the case themselves, or through no one by choice.
        return []
    if not victim.phone or victim.id not in facts.agreed:
        # A person who said themselves that they want no warnings has all that they asked for.
        return [] if victim.id in facts.declined else [(Gap.VICTIM_WITHOUT_CONTACT, victim.name)]
    standing = facts.standings[victim.id]
    if standing is numbers.Standing.PROVED:
        return []
    return [(Gap.NUMBER_DUE if standing is numbers.Standing.DUE else Gap.NUMBER_UNPROVED, victim.name)]


def _read(wearers: Sequence[Wearer], now: datetime) -> _Facts:
    ids = [wearer.id for wearer in wearers]
    officers = reading.officers_at(wearers, now)
    asked = {one for one in officers.values() if one is not None}
    orders: dict[int, list[Order]] = defaultdict(list)
    for order in Order.select().where(Order.wearer.in_(ids)).order_by(Order.id):
        orders[order.wearer_id].append(order)
    placed = _placed(ids)
    victims = _victims(ids, placed)
    everyone = {victim.id: victim for some in victims.values() for victim in some}
    declined = reading.histories([f"victim:{one}" for one in everyone], What.DECLINED)
    return _Facts(
        cases=reading.cases(ids, faults={}),
        officers=officers,
        active={row.id for row in Person.select(Person.id).where(Person.is_active, Person.id.in_(asked))},
        named=named_on_each(ids, now),
        orders=orders,
        worn=_worn(ids, now),
        newest=_newest(ids),
        victims=victims,
        placed=placed,
        agreed=consent.agreed_to_sms(everyone),
        declined={
            int(subject.partition(":")[2])
            for subject, history in declined.items()
            if (held := true_at(history, now)) is not None and held.value["is_declined"]
        },
        standings=numbers.of_victims(everyone.values(), now),
        held=numbers.held_people(ids),
    )


def _placed(ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return who has or had a zone of which of these cases."""
    pairs: Any = (
        PlaceZone.select(ProtectedPlace.victim, PlaceZone.wearer)
        .join(ProtectedPlace)
        .where(PlaceZone.wearer.in_(ids))
        .distinct()
        .tuples()
    )
    return {(victim_id, wearer_id) for victim_id, wearer_id in pairs}


def _victims(ids: Sequence[int], placed: set[tuple[int, int]]) -> dict[int, list[Victim]]:
    protected_from = sorted(placed | reading.entered_in(ids))
    known = {row.id: row for row in Victim.select().where(Victim.id.in_({one for one, _ in protected_from}))}
    found: dict[int, list[Victim]] = defaultdict(list)
    for victim_id, wearer_id in protected_from:
        found[wearer_id].append(known[victim_id])
    return found


def _worn(ids: Sequence[int], now: datetime) -> dict[int, list[_Worn]]:
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    # One probe of an index a tag: the newest of a group would read every fix that was ever stored.
    newest = (
        Fix.select(Fix.received_at)
        .where(Fix.tag == Activation.tag, Fix.fix_time >= Activation.from_at)
        .order_by(Fix.fix_time.desc())
        .limit(1)
    )
    rows: Any = (
        Activation.select(Activation.wearer, Tag.serial, Activation.from_at, newest.alias("reported_at"))
        .join(Tag)
        .where(
            Activation.wearer.in_(ids),
            Activation.from_at <= now,
            Activation.to_at.is_null() | (Activation.to_at > now),
            Activation.id.not_in(in_error),
        )
        .order_by(Activation.from_at, Activation.id)
        .tuples()
    )
    found: dict[int, list[_Worn]] = defaultdict(list)
    for wearer_id, serial, from_at, reported_at in rows:
        found[wearer_id].append(_Worn(serial, from_at, _instant(reported_at)))
    return found


def _newest(ids: Sequence[int]) -> dict[int, tuple[datetime, datetime]]:
    def of_wearer(column: Any) -> Any:
        return Fix.select(column).where(Fix.wearer == Wearer.id).order_by(Fix.fix_time.desc()).limit(1)

    rows: Any = (
        Wearer.select(Wearer.id, of_wearer(Fix.fix_time).alias("at"), of_wearer(Fix.received_at).alias("received_at"))
        .where(Wearer.id.in_(ids))
        .tuples()
    )
    found = {}
    for wearer_id, at, received_at in rows:
        fix_time, received = _instant(at), _instant(received_at)
        if fix_time is not None and received is not None:
            found[wearer_id] = (fix_time, received)
    return found


def _instant(value: Any) -> datetime | None:
    """Return what a query in a query gives for an instant, which peewee does not read as one by itself."""
    field: Any = Fix.received_at
    at: datetime | None = value if value is None or isinstance(value, datetime) else field.python_value(value)
    return at
