"""The completeness watch: what is missing from a case, so that nobody believes in protection that is not there."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend import alarms, alerts, audit, numbers
from backend.access import named_on_each
from backend.case import reading, rejudging
from backend.case.record import Case, Life, true_at
from backend.consent import sms_consent
from backend.db import atomic
from backend.models import (
    AlarmKind,
    AuditEntry,
    CaseDue,
    Fix,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Wearer,
)
from backend.rungs import Who

log = logging.getLogger(__name__)

WATCH = "watch"
# A tag that was fitted this long ago and never reported is not just slow.
FITTED_AFTER = timedelta(hours=1)
REPORTING_WITHIN = timedelta(hours=24)


class Gap(StrEnum):
    """What can be missing."""

    ORDER_WITHOUT_ZONE = "order_without_zone"
    ZONE_WITHOUT_ORDER = "zone_without_order"
    WITHOUT_TAG = "zone_without_tag"
    TAG_NEVER_REPORTED = "tag_never_reported"
    REPORTING_WITHOUT_ORDER = "reporting_without_order"
    WITHOUT_OFFICER = "wearer_without_officer"
    VICTIM_WITHOUT_ZONE = "victim_without_zone"
    VICTIM_WITHOUT_CONTACT = "victim_without_safe_contact"
    NUMBER_UNPROVED = "victim_number_unproved"
    NUMBER_DUE = "victim_number_due"
    EXPIRED_AND_REPORTING = "expired_order_and_reporting"
    SUSPENSION_OVERDUE = "suspension_overdue"


TEXTS = {
    Gap.ORDER_WITHOUT_ZONE: "An order is in force and no zone rests on it",
    Gap.ZONE_WITHOUT_ORDER: "A zone is in force that rests on no order",
    Gap.WITHOUT_TAG: "A zone is in force and no tag is worn, so nothing is judged",
    Gap.TAG_NEVER_REPORTED: "The tag was fitted and has never reported",
    Gap.REPORTING_WITHOUT_ORDER: "The tag reports and there is no order",
    Gap.WITHOUT_OFFICER: "No active officer is responsible",
    Gap.VICTIM_WITHOUT_ZONE: "No zone was ever drawn around a place of a protected person",
    Gap.VICTIM_WITHOUT_CONTACT: "A protected person has no safe way to be reached",
    Gap.NUMBER_UNPROVED: "The number of a protected person is not proved, so no text goes to her",
    Gap.NUMBER_DUE: "The number of a protected person was proved more than 90 days ago, ask her again",
    Gap.EXPIRED_AND_REPORTING: "Every order has ended and the tag still reports",
    Gap.SUSPENSION_OVERDUE: "A suspension is past the end that was expected",
}
# Zones from before orders were recorded, and protected persons who declined: shown, counted, and rung about to nobody.
NOT_RUNG = (Gap.ZONE_WITHOUT_ORDER, Gap.VICTIM_WITHOUT_CONTACT)


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


def find(now: datetime, wearer_ids: Iterable[int] | None = None, team_id: int | None = None) -> list[Finding]:
    """Return all that is missing from these cases, or from every one; ended cases miss nothing."""
    query = Wearer.select().where(~Wearer.is_training).order_by(Wearer.name)
    if wearer_ids is not None:
        query = query.where(Wearer.id.in_(list(wearer_ids)))
    if team_id is not None:
        query = query.where(Wearer.team == team_id)
    wearers = list(query)
    ids = [wearer.id for wearer in wearers]
    cases = reading.cases(ids)
    officers = reading.officers_at(wearers, now)
    active = {row.id for row in Person.select(Person.id).where(Person.is_active)}
    orders: dict[int, list[Order]] = {}
    for order in Order.select().where(Order.wearer.in_(ids)):
        orders.setdefault(order.wearer_id, []).append(order)
    found = []
    for wearer in wearers:
        for gap, detail in _gaps(
            wearer, cases[wearer.id], orders.get(wearer.id, []), officers[wearer.id] in active, now
        ):
            found.append(Finding(gap, wearer.id, wearer.name, wearer.team_id, detail))
    return found


def _gaps(wearer: Wearer, case: Case, orders: list[Order], has_officer: bool, now: datetime) -> list[tuple[Gap, str]]:
    life = case.life_at(now)
    if life is Life.ENDED:
        return []
    found: list[tuple[Gap, str]] = []
    # A suspension hides zones; what is missing is asked as if it were lifted.
    as_if_active = Case(case.wearer_id, [], case.orders, case.lines)
    zones = as_if_active.zones_in_force(now)
    held = {zone.order_id for zone in zones}
    in_force = [order for order in orders if case.is_order_in_force(order.id, now)]
    found += [(Gap.ORDER_WITHOUT_ZONE, order.reference) for order in in_force if order.id not in held]
    found += [(Gap.ZONE_WITHOUT_ORDER, "") for _ in [zone for zone in zones if zone.order_id is None][:1]]
    fitted = rejudging.present_tag(wearer.id, now)
    newest = Fix.select(Fix.received_at).where(Fix.wearer == wearer.id).order_by(Fix.fix_time.desc()).first()
    if fitted is None and zones and life is Life.ACTIVE:
        found.append((Gap.WITHOUT_TAG, ""))
    if fitted is not None and newest is None and now - fitted.from_at >= FITTED_AFTER:
        found.append((Gap.TAG_NEVER_REPORTED, fitted.tag.serial))
    if newest is not None and now - newest.received_at <= REPORTING_WITHIN and not in_force:
        is_expired = bool(orders) and all(case.is_order_over(order.id, now) for order in orders)
        found.append((Gap.EXPIRED_AND_REPORTING if is_expired else Gap.REPORTING_WITHOUT_ORDER, ""))
    if not has_officer:
        found.append((Gap.WITHOUT_OFFICER, ""))
    drawn = {version.value.place_id for versions in case.lines.values() for version in versions}
    placed = {place.victim_id for place in ProtectedPlace.select().where(ProtectedPlace.id.in_(sorted(drawn)))}
    for victim in reading.victims_of(wearer.id):
        if victim.id not in placed:
            found.append((Gap.VICTIM_WITHOUT_ZONE, victim.name))
        if victim.is_child:
            # Reached through an adult who is a protected person of the case herself, or through nobody by choice.
            continue
        if not victim.phone or sms_consent(victim) is None:
            found.append((Gap.VICTIM_WITHOUT_CONTACT, victim.name))
            continue
        standing = numbers.standing(victim, now)
        if standing is not numbers.Standing.PROVED:
            is_due = standing is numbers.Standing.DUE
            found.append((Gap.NUMBER_DUE if is_due else Gap.NUMBER_UNPROVED, victim.name))
    entry = true_at(case.life, now)
    if life is Life.SUSPENDED and entry is not None:
        until = entry.value.get("expected_end_at")
        if until and datetime.fromisoformat(until) <= now:
            found.append((Gap.SUSPENSION_OVERDUE, str(entry.value.get("reason") or "")))
    return found


def ask_for(wearer_ids: Iterable[int], at: datetime) -> None:
    """See that these cases are looked at when ``at`` has come, because something of them changes."""
    for wearer_id in sorted(set(wearer_ids)):
        CaseDue.create(what=WATCH, subject=f"wearer:{wearer_id}", wearer=wearer_id, due_at=at)


def look(wearer_id: int | None, now: datetime) -> Counter[str]:
    """Look at one case or all, keep the count, and tell each gap to the officer once for as long as it lasts."""
    found = find(now, None if wearer_id is None else [wearer_id])
    counts = Counter(str(finding.gap) for finding in found)
    subject = "watch:all" if wearer_id is None else f"watch:{wearer_id}"
    with atomic():
        before = AuditEntry.select().where(AuditEntry.action == "watched", AuditEntry.subject == subject)
        last = before.order_by(AuditEntry.id.desc()).first()
        audit.record(
            audit.SYSTEM, "watched", subject, now, counts=dict(counts), gaps=[_key(finding) for finding in found]
        )
        for missing_of in sorted({finding.wearer_id for finding in found}):
            _tell(missing_of, [finding for finding in found if finding.wearer_id == missing_of], now)
        _alarm_where_no_place_is(wearer_id, found, now)
        gaps = {_key(finding) for finding in found}
        _forget_filled(wearer_id, gaps, now)
    if found and (last is None or (last.detail or {}).get("gaps") != sorted(gaps)):
        log.warning("the watch found %s gaps in %s cases", len(found), len({f.wearer_id for f in found}))
    return counts


def _key(finding: Finding) -> str:
    return f"wearer:{finding.wearer_id}/{finding.gap}/{finding.detail}"


def _is_told(finding: Finding) -> bool:
    last = (
        AuditEntry.select(AuditEntry.action)
        .where(AuditEntry.subject == _key(finding), AuditEntry.action.in_(["gap_told", "gap_filled"]))
        .order_by(AuditEntry.id.desc())
        .first()
    )
    return last is not None and last.action == "gap_told"


def _tell(wearer_id: int, findings: list[Finding], now: datetime) -> None:
    """Tell what is newly missing from a case in one notice."""
    untold = [finding for finding in findings if finding.gap not in NOT_RUNG and not _is_told(finding)]
    zone = PlaceZone.select().where(PlaceZone.wearer == wearer_id).order_by(PlaceZone.id.desc()).first()
    if not untold or zone is None:
        # Without any place there is no alert to hang the message on: an alarm tells the supervisors instead.
        return
    for finding in untold:
        audit.record(audit.SYSTEM, "gap_told", _key(finding), now)
    wearer = Wearer.get_by_id(wearer_id)
    # Whose officer is missing is nobody's in particular: the supervisor has to name one.
    has_officer = all(finding.gap is not Gap.WITHOUT_OFFICER for finding in untold)
    to = (Who.OFFICER,) if has_officer else (Who.OFFICER, Who.SUPERVISORS)
    alerts.raise_notice(wearer, zone, [f"{finding.text}." for finding in untold], now, to)


def _alarm_where_no_place_is(wearer_id: int | None, found: list[Finding], now: datetime) -> None:
    """Let an alarm stand for each thing that is missing from a case without any place, for its supervisors."""
    ids = sorted({finding.wearer_id for finding in found})
    placed = {row.wearer_id for row in PlaceZone.select(PlaceZone.wearer).where(PlaceZone.wearer.in_(ids)).distinct()}
    closed = named_on_each(ids, now)
    missing = {}
    for finding in found:
        if finding.gap not in NOT_RUNG and finding.wearer_id not in placed:
            # The number of a restricted case is its name: not every supervisor may know of it.
            case = "A case" if finding.wearer_id in closed else f"Case {finding.wearer_id}"
            missing[f"wearer:{finding.wearer_id}/{finding.gap}"] = (f"{case}: {TEXTS[finding.gap]}", finding.team_id)
    prefix = "wearer:" if wearer_id is None else f"wearer:{wearer_id}/"
    alarms.reconcile(AlarmKind.CASE_INCOMPLETE, prefix, missing, now)


def _forget_filled(wearer_id: int | None, gaps: set[str], now: datetime) -> None:
    prefix = "wearer:" if wearer_id is None else f"wearer:{wearer_id}/"
    told = AuditEntry.select(AuditEntry.subject).where(
        AuditEntry.action == "gap_told", AuditEntry.subject.startswith(prefix)
    )
    filled = {
        row.subject: row.id
        for row in AuditEntry.select(AuditEntry.subject, AuditEntry.id).where(
            AuditEntry.action == "gap_filled", AuditEntry.subject.startswith(prefix)
        )
    }
    for subject in {row.subject for row in told} - gaps:
        newest = (
            AuditEntry.select(AuditEntry.id)
            .where(AuditEntry.subject == subject, AuditEntry.action == "gap_told")
            .order_by(AuditEntry.id.desc())
            .first()
        )
        if newest is not None and filled.get(subject, 0) < newest.id:
            audit.record(audit.SYSTEM, "gap_filled", subject, now)
