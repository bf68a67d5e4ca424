"""Scheduler of cases: announces ends ahead, closes alerts at them, and applies changes on their day.

The rows are derived from the record and made anew when it changes; what was done once for one end is not done again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from backend import alerts, audit
from backend.bulk_statements import insert_rows
from backend.cases import completeness, current_columns, end_of_protection, judged_now
from backend.db import atomic, is_held, is_lost, lock_rows
from backend.escalation.steps import Who
from backend.models import Activation, CaseDue, Order, Tag, Wearer
from backend.record import protection_ends, reading
from backend.record.facts import LONDON, MonitoringStatus, standing
from backend.record.protection_ends import Guard
from backend.record.timeline import Case

log = logging.getLogger(__name__)

ANNOUNCED_DAYS = (14, 3, 1)
TRY_AGAIN = timedelta(seconds=60)
# The loop that runs this runs escalation as well: it comes round again for the rest.
AT_ONCE = 25

ANNOUNCE, TELL_VICTIM, STOPS = "expiry_announced", "victim_told", "protection_stops"
# What an earlier release scheduled in place of the last.
ORDER_OVER, CASE_OVER = "order_over", "case_over"
# Zones come into force that nothing was judged by before: a tag that says nothing just then must not hide the wearer.
BEGINS = "zones_begin"
# Cases as an earlier release left them have nothing in the calendar for some of their ends.
PLANNED_ANEW = "planned_anew"
# A suspension comes to the end that was expected: what goes on beyond it is reported then, and not on the next
# morning.
EXPECTED_END = "suspension_expected_to_end"
ENDINGS = (TELL_VICTIM, STOPS, ORDER_OVER, CASE_OVER)
DERIVED = (ANNOUNCE, EXPECTED_END, *ENDINGS)


def when(at: datetime) -> datetime:
    """Return the instant by the clocks of London."""
    return at.astimezone(LONDON)


def ends_of(case: Case, now: datetime) -> list[tuple[int, datetime]]:
    """Return every end of an order that is to come by its dates: the last one, and one before a gap in them."""
    found = []
    for order_id, versions in case.orders.items():
        dates = {at for one in standing(versions) for at in (one.from_at, one.value.over_at) if at is not None}
        for at in sorted(at for at in dates if at > now):
            if _covers(case, order_id, at - timedelta(microseconds=1)) and not _covers(case, order_id, at):
                found.append((order_id, at))
    return found


def _covers(case: Case, order_id: int, at: datetime) -> bool:
    terms = case.terms_at(order_id, at)
    return terms is not None and terms.cover(at)


def gaining(case: Case, at: datetime) -> bool:
    """Tell whether a version of a zone comes into force at that instant."""
    return not case.timeline.at(at).ids <= case.timeline.at(at - timedelta(microseconds=1)).ids


def plan(case: Case, now: datetime) -> None:
    """Make anew the schedule of what the record holds to come; part of the unit of work that changed it."""
    insert_rows(CaseDue, [*_dates(case, now), completeness.look_due(case.wearer_id, now)])
    completeness.ensure_daily(now)


def plan_dates(case: Case, now: datetime) -> None:
    """Make the schedule anew where the record is as it was, and only who may be texted has changed."""
    insert_rows(CaseDue, _dates(case, now))


def _dates(case: Case, now: datetime) -> list[dict[str, Any]]:
    """Take out what is outdated of the schedule, and return the rows that take its place."""
    undone = CaseDue.select().where(
        CaseDue.wearer == case.wearer_id, CaseDue.done_at.is_null(), CaseDue.what.in_([BEGINS, *DERIVED])
    )
    outdated = [row.id for row in undone if not _has_come(row, now)]
    if outdated:
        CaseDue.delete().where(CaseDue.id.in_(outdated)).execute()
    done = list(
        CaseDue.select()
        .where(
            CaseDue.wearer == case.wearer_id, CaseDue.done_at.is_null(False), CaseDue.what.in_([TELL_VICTIM, ANNOUNCE])
        )
        .order_by(CaseDue.id)
    )
    told = _told(case, [row for row in done if row.what == TELL_VICTIM], now)
    ends = ends_of(case, now)
    due = _changes_to_come(case, told, {ends_at for _, ends_at in ends}, now)
    return due + _announcements(case, ends, [row for row in done if row.what == ANNOUNCE], now)


def _changes_to_come(
    case: Case, told: Mapping[datetime, dict[int, bool]], over: Container[datetime], now: datetime
) -> list[dict[str, Any]]:
    """Return what falls due for zones that begin, for protection that stops, and for suspensions that ought to end."""
    due: list[dict[str, Any]] = []

    def add(what: str, due_at: datetime, detail: dict[str, Any] | None = None) -> None:
        due.append(_row(case, what, f"wearer:{case.wearer_id}", due_at, detail))

    for at in case.changes():
        if at <= now:
            continue
        if gaining(case, at):
            add(BEGINS, at)
        lost = protection_ends.losses_at(case, at)
        # Where nothing rests on an order that ends, its end is looked at all the same.
        if not lost and at not in over and case.status_at(at) is MonitoringStatus.ACTIVE:
            continue
        known = told.get(at, {})
        detail = {
            "ends_at": at.isoformat(),
            "ends": [loss.place_id for loss in lost if not loss.is_pause and known.get(loss.place_id) is not False],
            "pauses": [loss.place_id for loss in lost if loss.is_pause and loss.place_id not in known],
        }
        if detail["ends"] or detail["pauses"]:
            add(TELL_VICTIM, protection_ends.told_at(at, now), detail)
        add(STOPS, at, {"ends_at": at.isoformat()})
    for entry in standing(case.statuses):
        until = entry.value.get("expected_end_at")
        if until is not None and datetime.fromisoformat(until) > now:
            add(EXPECTED_END, datetime.fromisoformat(until))
    return due


def _row(case: Case, what: str, subject: str, due_at: datetime, detail: dict[str, Any] | None) -> dict[str, Any]:
    return {"what": what, "subject": subject, "wearer": case.wearer_id, "due_at": due_at, "detail": detail}


def _has_come(due: CaseDue, now: datetime) -> bool:
    """Tell whether an end has come that no one was told of yet: it is due still, and asked of the record then."""
    return due.what in ENDINGS and datetime.fromisoformat(due.detail["ends_at"]) <= now


def _told(case: Case, done: Iterable[CaseDue], now: datetime) -> dict[datetime, dict[int, bool]]:
    """Return for each instant to come which places were told of, and whether as a suspension; call off what lapsed."""
    told: dict[datetime, dict[int, bool]] = defaultdict(dict)
    raised: dict[str, set[int]] = defaultdict(set)
    for due in done:
        raised[due.detail["ends_at"]] |= set(due.detail.get("alerts", []))
    for due in done:
        ends_at = datetime.fromisoformat(due.detail["ends_at"])
        if ends_at <= now:
            _take_back(case, due, ends_at, now)
            continue
        lost = {loss.place_id: loss.is_pause for loss in protection_ends.losses_at(case, ends_at)}
        if "ends" not in due.detail:
            # An earlier release told of all that stopped then, and did not keep of what.
            told[ends_at] |= dict.fromkeys(lost, False)
            continue
        held = protection_ends.guards(case, ends_at)
        # A person who agreed to texts since reads of it still.
        late = end_of_protection.readable_late(due.detail["ends"], raised[due.detail["ends_at"]], ends_at)
        off = []
        for name, least, is_pause in (("ends", Guard.PAUSED, False), ("pauses", Guard.WATCHED, True)):
            for place_id in due.detail[name]:
                if place_id in lost:
                    if is_pause or place_id not in late:
                        told[ends_at][place_id] = is_pause
                elif held.get(place_id, Guard.NONE) >= least:
                    off.append(place_id)
        if off:
            end_of_protection.call_off(case, off, due.detail.get("alerts", []), ends_at, now)
            for name in ("ends", "pauses"):
                due.detail[name] = [place_id for place_id in due.detail[name] if place_id not in off]
            due.save(only=[CaseDue.detail])
    return told


def _take_back(case: Case, due: CaseDue, ends_at: datetime, now: datetime) -> None:
    """Ask the officer to tell them that a place is protected again of which they were told that it ended."""
    held = protection_ends.guards(case, now)
    back = [place_id for place_id in due.detail.get("ends", []) if place_id in held]
    if back:
        end_of_protection.call_off(case, back, due.detail.get("alerts", []), ends_at, now)
        due.detail["ends"] = [place_id for place_id in due.detail["ends"] if place_id not in back]
        due.save(only=[CaseDue.detail])


def _announcements(
    case: Case, ends: Iterable[tuple[int, datetime]], announced: Iterable[CaseDue], now: datetime
) -> list[dict[str, Any]]:
    """Return which ends of orders are still to be announced, and when."""
    done = {(row.subject, datetime.fromisoformat(row.detail["ends_at"]), row.detail.get("days")) for row in announced}
    found = []
    for order_id, ends_at in ends:
        if case.status_at(ends_at - timedelta(microseconds=1)) is MonitoringStatus.ENDED:
            # Nothing rests on an order of a case that has ended by then.
            continue
        marks = [(days, protection_ends.by_day(ends_at - timedelta(days=days))) for days in ANNOUNCED_DAYS]
        expected = [(days, at) for days, at in marks if at > now]
        passed = [days for days, at in marks if at <= now]
        if passed:
            # An end that is nearer than a mark is announced at once.
            expected.append((min(passed), now))
        for days, at in expected:
            subject = f"order:{order_id}"
            if (subject, ends_at, days) not in done:
                detail = {"ends_at": ends_at.isoformat(), "days": days}
                found.append(_row(case, ANNOUNCE, subject, at, detail))
    return found


def next_due_at() -> datetime | None:
    """Return the instant at which a scheduled action is next due."""
    first = CaseDue.select(CaseDue.due_at).where(CaseDue.done_at.is_null()).order_by(CaseDue.due_at).limit(1).first()
    return first.due_at if first else None


def run_due(now: datetime, limit: int = AT_ONCE, *, silent_after: timedelta = completeness.SILENT_AFTER) -> int:
    """Do what has fallen due, each in a unit of work of its own; return how many.

    A tag that reports nothing for ``silent_after`` counts as silent.
    """
    due = list(
        CaseDue.select()
        .where(CaseDue.done_at.is_null(), CaseDue.due_at <= now)
        .order_by(CaseDue.due_at, CaseDue.id)
        .limit(limit)
    )
    for row in due:
        try:
            if row.what == completeness.WATCH and row.wearer_id is None:
                completeness.go_on(row, now, silent_after)
                continue
            with atomic():
                if row.wearer_id is not None:
                    tag_ids = [a.tag_id for a in Activation.select().where(Activation.wearer == row.wearer_id)]
                    lock_rows(Tag, tag_ids, waits=False)
                    lock_rows(Wearer, [row.wearer_id], waits=False)
                _run(row.id, now, silent_after)
        except Exception as error:
            if is_lost(error):
                raise
            if is_held(error):
                # Its turn comes at the next look: this process runs escalation as well, and waits for
                # no case.
                continue
            log.exception("scheduled work of the cases failed: %s", row.id)
            with atomic():
                CaseDue.update(due_at=now + TRY_AGAIN).where(CaseDue.id == row.id).execute()
    return len(due)


def _run(due_id: int, now: datetime, silent_after: timedelta) -> None:
    # Only one of several workers finds the row undone.
    taken = CaseDue.update(done_at=now).where(CaseDue.id == due_id, CaseDue.done_at.is_null()).execute()
    if not taken:
        return
    due = CaseDue.get_by_id(due_id)
    if due.what == completeness.WATCH:
        is_morning = bool((due.detail or {}).get("is_morning"))
        completeness.look(due.wearer_id, now, is_morning=is_morning, silent_after=silent_after)
        return
    if due.what == end_of_protection.CHECK_TOLD:
        end_of_protection.check_told(due, now)
        return
    if due.what == end_of_protection.CHECK_ASKED:
        end_of_protection.check_asked(due, now)
        return
    if due.what == current_columns.TAKES_EFFECT:
        current_columns.take_effect(due, now)
        return
    if due.what == EXPECTED_END:
        completeness.look(due.wearer_id, now, silent_after=silent_after)
        return
    case = reading.case(due.wearer_id)
    if due.what == BEGINS:
        judged_now.judge(case, due.due_at, now)
        # After a gap it goes on, and they were told that it ended.
        told = CaseDue.select().where(
            CaseDue.wearer == case.wearer_id, CaseDue.done_at.is_null(False), CaseDue.what == TELL_VICTIM
        )
        _told(case, told.order_by(CaseDue.id), now)
        return
    if due.what == PLANNED_ANEW:
        plan(case, now)
        return
    ends_at = datetime.fromisoformat(due.detail["ends_at"])
    if due.what == ANNOUNCE:
        _announce(due, ends_at, now)
    elif due.what == TELL_VICTIM:
        _tell_victim(case, due, ends_at, now)
    else:
        _stop(case, ends_at, now)
        completeness.look(due.wearer_id, now, silent_after=silent_after)


def _announce(due: CaseDue, ends_at: datetime, now: datetime) -> None:
    order = Order.get_by_id(int(due.subject.partition(":")[2]))
    zone = end_of_protection.zone_of(due.wearer_id)
    audit.record(audit.SYSTEM, "order_expiry_announced", due.subject, now, ends_at=ends_at.isoformat())
    if zone is None:
        log.warning("order %s ends soon and rests on no zone: it is only shown on the page of the case", order.id)
        return
    days = ceil((ends_at - now) / timedelta(days=1))
    left = "1 day" if days == 1 else f"{days} days"
    said = f"The order {order.reference} ends {when(ends_at):%-d %B %Y, %H:%M}, in {left}."
    # A person who is on duty can do nothing about it: it is the business of the responsible officer.
    alerts.raise_notice(order.wearer, zone, [said], now, (Who.OFFICER,), and_answering=True)


def _tell_victim(case: Case, due: CaseDue, ends_at: datetime, now: datetime) -> None:
    lost = protection_ends.losses_at(case, ends_at)
    if ends_at <= now:
        # It has come meanwhile, and what is protected again since is nothing to tell them of.
        held = protection_ends.guards(case, now)
        lost = [loss for loss in lost if held.get(loss.place_id, Guard.NONE) < loss.made_good_by]
    if "ends" in due.detail:
        expected = {*due.detail["ends"], *due.detail["pauses"]}
        lost = [loss for loss in lost if loss.place_id in expected]
    else:
        due.detail["ends"] = [loss.place_id for loss in lost if not loss.is_pause]
        due.detail["pauses"] = [loss.place_id for loss in lost if loss.is_pause]
    due.detail["alerts"] = end_of_protection.tell(case, lost, ends_at, now)
    due.save(only=[CaseDue.detail])


def _stop(case: Case, ends_at: datetime, now: datetime) -> None:
    end_of_protection.close(case, protection_ends.losses_at(case, ends_at), now, ends_at)
    if case.status_at(ends_at) is not MonitoringStatus.ACTIVE and case.status_at(now) is not MonitoringStatus.ACTIVE:
        end_of_protection.close_all(case, now, ends_at)
