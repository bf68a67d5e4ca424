"""Reports each missing item once while it lasts: to the case's officer, or to supervisors as an alarm."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from peewee import fn

from backend import alarms, alerts, audit
from backend.access import named_on_each
from backend.cases.completeness.missing_items import SILENT_AFTER, TEXTS, Finding, MissingItem, find
from backend.db import atomic
from backend.escalation.steps import Who
from backend.models import Activation, AlarmKind, Fix, PlaceZone, ReportedItem, Tag, Wearer

log = logging.getLogger(__name__)

# Why a notice of missing items is closed without a person.
FILLED = "nothing_missing"
# Zones from before orders were recorded, and protected persons of whom no one knows what they want: nothing that
# becomes worse over a night, and so told by the morning's look alone, never as something changes.
BY_MORNING = (MissingItem.ZONE_WITHOUT_ORDER, MissingItem.VICTIM_WITHOUT_CONTACT)


def look(
    wearer_id: int, now: datetime, *, is_morning: bool = False, silent_after: timedelta = SILENT_AFTER
) -> Counter[str]:
    """Look at one case, and tell each item to the officer once for as long as it lasts; return what is missing."""
    with atomic():
        found = find(now, [wearer_id], silent_after=silent_after)
        counts = Counter(str(finding.item) for finding in found)
        audit.record(
            audit.SYSTEM,
            "watched",
            f"watch:{wearer_id}",
            now,
            counts=dict(counts),
            gaps=[_key(finding) for finding in found],
        )
        _tell(wearer_id, found, now, is_morning=is_morning)
        _alarm_where_no_place_is(wearer_id, found, now)
        _forget_filled(wearer_id, found, now)
    return counts


def with_news(ids: Sequence[int], found: Iterable[Finding], *, is_morning: bool) -> set[int]:
    """Return of which of these cases something is to be told, or no longer so."""
    by_wearer: dict[int, list[Finding]] = defaultdict(list)
    for finding in found:
        by_wearer[finding.wearer_id].append(finding)
    told = _told(ids)
    news = {
        wearer_id
        for wearer_id in ids
        if _untold(by_wearer[wearer_id], told[wearer_id], is_morning=is_morning)
        or told[wearer_id] - {_what(finding) for finding in by_wearer[wearer_id]}
    }
    alarmed = {_wearer_of(alarm.subject) for alarm in alarms.standing(AlarmKind.CASE_INCOMPLETE)}
    return news | (alarmed & set(ids))


def _wearer_of(subject: str) -> int:
    return int(subject.partition(":")[2].partition("/")[0])


def _what(finding: Finding) -> tuple[str, str]:
    return (str(finding.item), finding.detail)


def _key(finding: Finding) -> str:
    return f"wearer:{finding.wearer_id}/{finding.item}/{finding.detail}"


def _told(ids: Iterable[int]) -> dict[int, set[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for row in ReportedItem.select().where(ReportedItem.wearer.in_(list(ids))):
        found[row.wearer_id].add((row.item, row.detail))
    return found


def _untold(findings: Sequence[Finding], told: set[tuple[str, str]], *, is_morning: bool) -> list[Finding]:
    return [
        finding for finding in findings if _what(finding) not in told and (is_morning or finding.item not in BY_MORNING)
    ]


def _tell(wearer_id: int, findings: list[Finding], now: datetime, *, is_morning: bool) -> None:
    """Tell what is newly missing from a case in one notice."""
    untold = _untold(findings, _told([wearer_id])[wearer_id], is_morning=is_morning)
    zone = PlaceZone.select().where(PlaceZone.wearer == wearer_id).order_by(PlaceZone.id.desc()).first()
    if not untold or zone is None:
        # Without any place there is no alert to hang the message on: an alarm tells the supervisors instead.
        return
    log.warning("%s missing items of wearer %s are reported", len(untold), wearer_id)
    wearer = Wearer.get_by_id(wearer_id)
    # Whose officer is missing is no one's in particular: the supervisor has to name one.
    has_officer = all(finding.item is not MissingItem.WITHOUT_OFFICER for finding in untold)
    to = (Who.OFFICER,) if has_officer else (Who.OFFICER, Who.SUPERVISORS)
    notice = alerts.raise_notice(wearer, zone, [f"{finding.text}." for finding in untold], now, to)
    for finding in untold:
        ReportedItem.create(wearer=wearer_id, item=finding.item, detail=finding.detail, told_at=now, alert=notice)
        audit.record(audit.SYSTEM, "gap_told", _key(finding), now)


def _alarm_where_no_place_is(wearer_id: int, found: list[Finding], now: datetime) -> None:
    """Let an alarm stand for each thing that is missing from a case without any place, for its supervisors."""
    missing = {}
    if found and not PlaceZone.select().where(PlaceZone.wearer == wearer_id).exists():
        # The number of a restricted case is its name: not every supervisor may know of it.
        case = "A case" if named_on_each([wearer_id], now) else f"Case {wearer_id}"
        for finding in found:
            missing[f"wearer:{wearer_id}/{finding.item}"] = (f"{case}: {TEXTS[finding.item]}", finding.team_id)
    alarms.reconcile(AlarmKind.CASE_INCOMPLETE, f"wearer:{wearer_id}/", missing, now)


def _forget_filled(wearer_id: int, found: Sequence[Finding], now: datetime) -> None:
    """Forget what is missing no more, and close the notices of which nothing is."""
    missing = {_what(finding) for finding in found}
    rows = list(ReportedItem.select().where(ReportedItem.wearer == wearer_id).order_by(ReportedItem.id))
    filled = [row for row in rows if (row.item, row.detail) not in missing]
    for row in filled:
        row.delete_instance()
        audit.record(audit.SYSTEM, "gap_filled", f"wearer:{wearer_id}/{row.item}/{row.detail}", now)
    done = {row.alert_id for row in filled} - {row.alert_id for row in rows if row not in filled}
    alerts.close_by_system(sorted(done), FILLED, "Nothing of this is missing any more.", now)


def of_tags_that_report(now: datetime) -> list[int]:
    """Return the cases of which it was told that their tag does not report, and it does since."""
    is_worn = (Activation.wearer == ReportedItem.wearer) & (Activation.to_at.is_null() | (Activation.to_at > now))
    has_reported = Fix.select(Fix.id).where(
        Fix.tag == Activation.tag,
        Fix.fix_time >= Activation.from_at,
        (ReportedItem.item == MissingItem.TAG_NEVER_REPORTED) | (Fix.fix_time > ReportedItem.told_at),
    )
    query = (
        ReportedItem.select(ReportedItem.wearer)
        .join(Activation, on=is_worn)
        .join(Tag)
        .where(
            # Of two tags that a wearer has on, the one that was told of.
            fn.STARTS_WITH(ReportedItem.detail, Tag.serial),
            ReportedItem.item.in_([MissingItem.TAG_NEVER_REPORTED, MissingItem.TAG_SILENT]),
            ~Activation.is_in_error,
            fn.EXISTS(has_reported),
        )
    )
    return sorted({row.wearer_id for row in query})
