"""The missing items of cases, found for many cases in a constant number of queries. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from peewee import JOIN

from backend.cases import change_warnings
from backend.models import Activation, Fix, Person, PlaceZone, Victim, Wearer
from backend.people.contacts import Contacts
from backend.people.numbers import Standing
from backend.record.case_file import CaseFile, is_worn
from backend.record.facts import MonitoringStatus, What, true_at
from backend.record.recalls import at_large_since
from backend.zone_properties import properties_of
from zones.refusal import ZoneRefused
from zones.schedule import read_timing

# A tag that was fitted this long ago and never reported is not just slow.
FITTED_AFTER = timedelta(hours=1)
REPORTING_WITHIN = timedelta(hours=24)
# What a service without a setting of its own takes for silence.
SILENT_AFTER = timedelta(hours=24)
# So many cases are read together.
BATCH = 200


class MissingItem(StrEnum):
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
    RECALLED = "recalled_without_custody"
    SCHEDULE_OVER = "schedule_over"
    UNREADABLE = "case_unreadable"


TEXTS = {
    MissingItem.ORDER_WITHOUT_ZONE: "An order is in force and has no zone",
    MissingItem.ZONE_WITHOUT_ORDER: "A zone is in force without an order",
    MissingItem.WITHOUT_TAG: "A zone is in force and no tag is worn, so nothing is judged",
    MissingItem.TAG_NEVER_REPORTED: "The tag was fitted and has never reported",
    MissingItem.TAG_SILENT: "The tag has stopped reporting",
    MissingItem.TWO_TAGS: "Two tags are recorded as worn at once, so it is not known which one the person wears",
    MissingItem.REPORTING_WITHOUT_ORDER: "The tag reports and there is no order",
    MissingItem.WITHOUT_OFFICER: "No active officer is responsible",
    MissingItem.VICTIM_WITHOUT_ZONE: "No zone was ever drawn around a place of a protected person",
    MissingItem.VICTIM_WITHOUT_CONTACT: "A protected person cannot be reached safely and has not declined warnings",
    MissingItem.NUMBER_UNPROVED: "The number of a protected person is not verified, so no text goes to them",
    MissingItem.NUMBER_DUE: "The number of a protected person was verified more than 90 days ago: verify it again",
    MissingItem.NUMBER_HELD: (
        "The number of a protected person was declared to be that of the person on probation, so "
        "texts about this case are held"
    ),
    MissingItem.EXPIRED_AND_REPORTING: "Every order has ended and the tag still reports",
    MissingItem.ENDED_AND_REPORTING: "The case has ended and the tag still reports: take it off, or reopen the case",
    MissingItem.SUSPENSION_OVERDUE: "A suspension is past the end that was expected",
    MissingItem.RECALLED: "The person is recalled and custody is not entered: protection goes on until it is",
    MissingItem.SCHEDULE_OVER: "The hours of a zone have run out, so it warns of nothing: enter others, or remove it",
    MissingItem.UNREADABLE: "Something that is recorded of the case cannot be read, so fixes are kept and not judged",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is missing from one case."""

    item: MissingItem
    wearer_id: int
    wearer: str
    team_id: int
    detail: str = ""

    @property
    def text(self) -> str:
        return TEXTS[self.item] + (f": {self.detail}" if self.detail else "")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of some cases, by the number of their wearers."""

    files: Mapping[int, CaseFile]
    contacts: Contacts
    # The staff who are active, of those who answer for these cases.
    active: set[int]
    # When the tags that are worn reported last, by the number of their activation.
    reported: dict[int, datetime | None]
    # The newest fix of each wearer, by its own time and when it was received.
    newest: dict[int, tuple[datetime, datetime]]


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
        files = CaseFile.load(wearer.id for wearer in some)
        victims = {victim.id: victim for file in files.values() for victim in file.victims.values()}
        contacts = Contacts.read(victims.values(), files)
        found += find_in([files[one.id] for one in some if one.id in files], contacts, now, silent_after=silent_after)
    return found


def find_in(
    files: Sequence[CaseFile], contacts: Contacts, now: datetime, *, silent_after: timedelta = SILENT_AFTER
) -> list[Finding]:
    """Return the same of cases whose files are open, in their order."""
    facts = _read({file.wearer.id: file for file in files}, contacts, now)
    return [
        Finding(item, file.wearer.id, file.wearer.name, file.wearer.team_id, detail)
        for file in files
        if not file.wearer.is_training
        for item, detail in _missing_from(file, facts, now, silent_after)
    ]


def _missing_from(
    file: CaseFile, facts: _Facts, now: datetime, silent_after: timedelta
) -> list[tuple[MissingItem, str]]:
    if file.timeline is None:
        return [(MissingItem.UNREADABLE, "")]
    wearer_id, case, orders = file.wearer.id, file.timeline, file.orders
    worn = [one for one in sorted(file.activations, key=lambda one: (one.from_at, one.id)) if is_worn(one, now)]
    life, entry = case.status_at(now), case.status_fact(now)
    newest = facts.newest.get(wearer_id)
    is_reporting = newest is not None and now - newest[1] <= REPORTING_WITHIN
    if life is MonitoringStatus.ENDED:
        # Of an ended case nothing is missing, but no one took the tag off.
        has_reported_since = newest is not None and entry is not None and newest[0] > entry.from_at
        return [(MissingItem.ENDED_AND_REPORTING, "")] if is_reporting and has_reported_since else []
    found: list[tuple[MissingItem, str]] = []
    recalled_at = at_large_since(file.history(f"wearer:{wearer_id}", What.RECALL), case, now)
    if recalled_at is not None:
        found.append((MissingItem.RECALLED, f"recalled {change_warnings.day(recalled_at)}"))
    # A suspension hides zones; what is missing is asked as if it were lifted.
    zones = case.as_if_active.zones_in_force(now)
    held = {zone.order_id for zone in zones}
    in_force = [order for order in orders if case.is_order_in_force(order.id, now)]
    found += [(MissingItem.ORDER_WITHOUT_ZONE, order.reference) for order in in_force if order.id not in held]
    found += [(MissingItem.ZONE_WITHOUT_ORDER, "") for _ in [zone for zone in zones if zone.order_id is None][:1]]
    held_zones = {zone.zone_id for zone in zones}
    over = {one.row.place.label for one in file.zones if one.row.id in held_zones and _has_run_out(one.row, now)}
    found += [(MissingItem.SCHEDULE_OVER, label) for label in sorted(over)]
    if not worn and zones and life is MonitoringStatus.ACTIVE:
        found.append((MissingItem.WITHOUT_TAG, ""))
    if len(worn) > 1:
        found.append((MissingItem.TWO_TAGS, ", ".join(one.tag.serial for one in worn)))
    for one in worn:
        serial, reported_at = one.tag.serial, facts.reported.get(one.id)
        if reported_at is None and now - one.from_at >= FITTED_AFTER:
            found.append((MissingItem.TAG_NEVER_REPORTED, serial))
        elif reported_at is not None and now - reported_at >= silent_after and life is MonitoringStatus.ACTIVE:
            found.append(
                (MissingItem.TAG_SILENT, f"{serial} has not reported since {change_warnings.day(reported_at)}")
            )
    if is_reporting and not in_force:
        is_expired = bool(orders) and all(case.is_order_over(order.id, now) for order in orders)
        found.append((MissingItem.EXPIRED_AND_REPORTING if is_expired else MissingItem.REPORTING_WITHOUT_ORDER, ""))
    # A person who may not open a restricted case does not answer for it.
    named = file.named_at(now)
    if file.officer_at(now) not in (facts.active if named is None else facts.active & named):
        found.append((MissingItem.WITHOUT_OFFICER, ""))
    for victim in file.victims.values():
        if victim.id not in file.placed:
            found.append((MissingItem.VICTIM_WITHOUT_ZONE, victim.name))
        found += _missing_of_victim(victim, file, facts, now)
        if facts.contacts.is_held(victim, wearer_id) and facts.contacts.has_agreed(victim, now):
            found.append((MissingItem.NUMBER_HELD, victim.name))
    if life is MonitoringStatus.SUSPENDED and entry is not None:
        until = entry.value.get("expected_end_at")
        if until and datetime.fromisoformat(until) <= now:
            found.append((MissingItem.SUSPENSION_OVERDUE, str(entry.value.get("reason") or "")))
    return found


def _has_run_out(zone: PlaceZone, now: datetime) -> bool:
    """Tell whether the hours of a zone that the record has in force come no more, as far as its calendar is read."""
    try:
        timing = read_timing(properties_of(zone.feature))
    except ZoneRefused:
        # Whatever is wrong with a zone is said where its fixes are judged.
        return False
    at = now.timestamp()
    return timing.schedule is not None and not timing.is_in_force(at) and timing.next_change(at) is None


def _missing_of_victim(victim: Victim, file: CaseFile, facts: _Facts, now: datetime) -> list[tuple[MissingItem, str]]:
    if victim.is_child:
        # Reached through an adult who is a protected person of the case themselves, or through no one by choice.
        return []
    if not victim.phone or not facts.contacts.has_agreed(victim, now):
        # A person who said themselves that they want no warnings has all that they asked for.
        declined = true_at(file.of_victim(victim.id, What.DECLINED), now)
        is_declined = declined is not None and declined.value["is_declined"]
        return [] if is_declined else [(MissingItem.VICTIM_WITHOUT_CONTACT, victim.name)]
    standing = facts.contacts.standing_at(victim, victim.phone, now)
    if standing is Standing.PROVED:
        return []
    return [(MissingItem.NUMBER_DUE if standing is Standing.DUE else MissingItem.NUMBER_UNPROVED, victim.name)]


def _read(files: Mapping[int, CaseFile], contacts: Contacts, now: datetime) -> _Facts:
    asked = {file.officer_at(now) for file in files.values()} - {None}
    active = Person.select(Person.id).where(Person.is_active, Person.id.in_(asked))
    reported, newest = _reports(files, now)
    return _Facts(files, contacts, {row.id for row in active}, reported, newest)


def _reports(
    files: Mapping[int, CaseFile], now: datetime
) -> tuple[dict[int, datetime | None], dict[int, tuple[datetime, datetime]]]:
    """Return when each tag that is worn reported last since it was fitted, and the newest fix of each wearer.

    One probe of an index for each: the newest of a group would read every fix that was ever stored.
    """

    def newest(column: Any, *where: Any) -> Any:
        return Fix.select(column).where(*where).order_by(Fix.fix_time.desc()).limit(1)

    worn = [one.id for file in files.values() for one in file.activations if is_worn(one, now)]
    since_fitted = (Fix.tag == Activation.tag, Fix.fix_time >= Activation.from_at)
    rows: Any = (
        Wearer.select(
            Wearer.id,
            newest(Fix.fix_time, Fix.wearer == Wearer.id),
            newest(Fix.received_at, Fix.wearer == Wearer.id),
            Activation.id,
            newest(Fix.received_at, *since_fitted),
        )
        .join(Activation, JOIN.LEFT_OUTER, on=(Activation.wearer == Wearer.id) & Activation.id.in_(worn))
        .where(Wearer.id.in_(list(files)))
        .tuples()
    )
    reported: dict[int, datetime | None] = {}
    found: dict[int, tuple[datetime, datetime]] = {}
    for wearer_id, fix_time, received_at, activation_id, reported_at in rows:
        if activation_id is not None:
            reported[activation_id] = _instant(reported_at)
        at, received = _instant(fix_time), _instant(received_at)
        if at is not None and received is not None:
            found[wearer_id] = (at, received)
    return reported, found


def _instant(value: Any) -> datetime | None:
    """Return what a query in a query gives for an instant, which peewee does not read as one by itself."""
    field: Any = Fix.received_at
    at: datetime | None = value if value is None or isinstance(value, datetime) else field.python_value(value)
    return at
