"""What time owes a case: ends announced and told before they come, alerts closed at them, changes made on their day.

The rows are derived from the record and made anew when it changes; what was done once for one end is not done again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from backend import alerts, audit, numbers, outbox
from backend.case import present, projection, reading, watch
from backend.case.record import LONDON, Case, Life, midnight, standing, true_at
from backend.consent import reached, sms_consent
from backend.db import LOST_CONNECTION, atomic, lock_rows
from backend.models import (
    Activation,
    Alert,
    AlertKind,
    CaseDue,
    Channel,
    Handling,
    Notification,
    Order,
    PlaceZone,
    ProtectedPlace,
    Purpose,
    Tag,
    Victim,
    Wearer,
)
from backend.rungs import Who

log = logging.getLogger(__name__)

ANNOUNCED_DAYS = (14, 3, 1)
# A protected person reads of an end that the calendar brings this long before it.
TOLD_AHEAD = timedelta(hours=24)
# Nobody's protection stops sooner than this after a decision, so that her message goes first.
NOTICE = timedelta(minutes=15)
# A message that is not on its way after this time is somebody's to give in person.
CHECKED_AFTER = timedelta(minutes=5)
TRY_AGAIN = timedelta(seconds=60)
WATCH_HOUR = 6

WATCH = watch.WATCH
ANNOUNCE, TELL_HER, CHECK_TOLD, ORDER_OVER, CASE_OVER = (
    "expiry_announced",
    "victim_told",
    "victim_told_checked",
    "order_over",
    "case_over",
)
# Zones come into force that nothing was judged by before: a tag that says nothing just then must not hide him.
BEGINS = "zones_begin"
DERIVED = (ANNOUNCE, TELL_HER, ORDER_OVER, CASE_OVER)


def when(at: datetime) -> datetime:
    """Return the instant by the clocks of London."""
    return at.astimezone(LONDON)


def ends_of(case: Case, now: datetime) -> list[tuple[str, datetime]]:
    """Return what of the case has an end to come: each order, and the case itself."""
    found = []
    for order_id, versions in case.orders.items():
        last = standing(versions)[-1].value if standing(versions) else None
        if last is not None and last.ends_at is not None and last.ends_at > now:
            found.append((f"order:{order_id}", last.ends_at))
    for entry in standing(case.life):
        if entry.value["state"] == Life.ENDED and entry.from_at > now:
            found.append((f"wearer:{case.wearer_id}", entry.from_at))
    return found


def losing(case: Case, at: datetime) -> list[int]:
    """Return the places whose protection stops at that instant."""
    before = {zone.place_id for zone in case.zones_in_force(at - timedelta(microseconds=1))}
    return sorted(before - {zone.place_id for zone in case.zones_in_force(at)})


def gaining(case: Case, at: datetime) -> bool:
    """Tell whether a version of a zone comes into force at that instant."""
    before = {zone.zone_id for zone in case.zones_in_force(at - timedelta(microseconds=1))}
    return not {zone.zone_id for zone in case.zones_in_force(at)} <= before


def plan(case: Case, now: datetime) -> None:
    """Make anew what is owed for what the record holds to come; part of the unit of work that changed it."""
    CaseDue.delete().where(
        CaseDue.wearer == case.wearer_id, CaseDue.done_at.is_null(), CaseDue.what.in_([BEGINS, *DERIVED])
    ).execute()
    for at in case.changes():
        if at > now and gaining(case, at):
            CaseDue.create(what=BEGINS, subject=f"wearer:{case.wearer_id}", wearer=case.wearer_id, due_at=at)
    done = {
        (row.what, row.subject, row.detail["ends_at"], row.detail.get("days"))
        for row in CaseDue.select().where(
            CaseDue.wearer == case.wearer_id, CaseDue.done_at.is_null(False), CaseDue.what.in_(DERIVED)
        )
    }
    for subject, ends_at in ends_of(case, now):
        is_order = subject.startswith("order:")
        owed: list[tuple[str, datetime, int | None]] = []
        if is_order:
            marks = [(days, ends_at - timedelta(days=days)) for days in ANNOUNCED_DAYS]
            owed += [(ANNOUNCE, at, days) for days, at in marks if at > now]
            passed = [days for days, at in marks if at <= now]
            if passed:
                # An end that is nearer than a mark is announced at once.
                owed.append((ANNOUNCE, now, min(passed)))
        owed.append((TELL_HER, max(now, ends_at - TOLD_AHEAD), None))
        owed.append((ORDER_OVER if is_order else CASE_OVER, ends_at, None))
        for what, due_at, days in owed:
            if (what, subject, ends_at.isoformat(), days) not in done:
                detail = {"ends_at": ends_at.isoformat(), "days": days}
                CaseDue.create(what=what, subject=subject, wearer=case.wearer_id, due_at=due_at, detail=detail)
    watch.ask_for([case.wearer_id], now)
    ensure_daily(now)


def ensure_daily(now: datetime) -> None:
    """See that the daily look at every case is in the calendar."""
    if not CaseDue.select().where(CaseDue.what == WATCH, CaseDue.wearer.is_null(), CaseDue.done_at.is_null()).exists():
        CaseDue.create(what=WATCH, subject="all", due_at=_next_watch(now))


def _next_watch(now: datetime) -> datetime:
    today = when(now).date()
    at = midnight(today) + timedelta(hours=WATCH_HOUR)
    return at if at > now else midnight(today + timedelta(days=1)) + timedelta(hours=WATCH_HOUR)


def next_due_at() -> datetime | None:
    """Return the instant at which the calendar next owes something."""
    first = CaseDue.select(CaseDue.due_at).where(CaseDue.done_at.is_null()).order_by(CaseDue.due_at).limit(1).first()
    return first.due_at if first else None


def run_due(now: datetime, limit: int = 100) -> int:
    """Do what has fallen due, each in a unit of work of its own; return how many."""
    due = list(
        CaseDue.select(CaseDue.id, CaseDue.wearer)
        .where(CaseDue.done_at.is_null(), CaseDue.due_at <= now)
        .order_by(CaseDue.due_at)
        .limit(limit)
    )
    for row in due:
        try:
            with atomic():
                if row.wearer_id is not None:
                    lock_rows(Tag, [a.tag_id for a in Activation.select().where(Activation.wearer == row.wearer_id)])
                    lock_rows(Wearer, [row.wearer_id])
                _run(row.id, now)
        except LOST_CONNECTION:
            raise
        except Exception:
            log.exception("what the calendar owes could not be done: %s", row.id)
            with atomic():
                CaseDue.update(due_at=now + TRY_AGAIN).where(CaseDue.id == row.id).execute()
    return len(due)


def _run(due_id: int, now: datetime) -> None:
    # Only one of several workers finds the row undone.
    taken = CaseDue.update(done_at=now).where(CaseDue.id == due_id, CaseDue.done_at.is_null()).execute()
    if not taken:
        return
    due = CaseDue.get_by_id(due_id)
    if due.what == WATCH:
        watch.look(due.wearer_id, now)
        if due.wearer_id is None:
            ensure_daily(now)
        return
    if due.what == CHECK_TOLD:
        _check_told(due, now)
        return
    if due.what == projection.TAKES_EFFECT:
        projection.take_effect(due, now)
        return
    case = reading.case(due.wearer_id)
    if due.what == BEGINS:
        present.judge(case, due.due_at, now)
        return
    ends_at = datetime.fromisoformat(due.detail["ends_at"])
    if due.what == ANNOUNCE:
        _announce(due, ends_at, now)
    elif due.what == TELL_HER:
        tell_protected_persons(case, losing(case, ends_at), ends_at, now)
    elif due.what == ORDER_OVER:
        _close_order(case, due, ends_at, now)
    elif due.what == CASE_OVER:
        _close_case(case, ends_at, now)
    if due.what in (ORDER_OVER, CASE_OVER):
        watch.look(due.wearer_id, now)


def _zone_of(wearer_id: int, place_ids: Iterable[int] = ()) -> PlaceZone | None:
    query = PlaceZone.select().where(PlaceZone.wearer == wearer_id, ~PlaceZone.moves).order_by(PlaceZone.id.desc())
    places = list(place_ids)
    return (query.where(PlaceZone.place.in_(places)).first() if places else None) or query.first()


def _announce(due: CaseDue, ends_at: datetime, now: datetime) -> None:
    order = Order.get_by_id(int(due.subject.partition(":")[2]))
    zone = _zone_of(due.wearer_id)
    audit.record(audit.SYSTEM, "order_expiry_announced", due.subject, now, ends_at=ends_at.isoformat())
    if zone is None:
        log.warning("order %s ends soon and rests on no zone: it is only shown on the page of the case", order.id)
        return
    days = ceil((ends_at - now) / timedelta(days=1))
    left = "1 day" if days == 1 else f"{days} days"
    said = f"The order {order.reference} ends {when(ends_at):%-d %B %Y, %H:%M}, in {left}."
    alerts.raise_notice(order.wearer, zone, [said], now, (Who.OFFICER,))


def tell_protected_persons(case: Case, place_ids: list[int], ends_at: datetime, now: datetime) -> None:
    """Tell each protected person in her own words that protection is about to end, or her officer to tell her."""
    victims = (
        Victim.select().join(ProtectedPlace).where(ProtectedPlace.id.in_(place_ids)).order_by(Victim.id).distinct()
    )
    wearer = Wearer.get_by_id(case.wearer_id)
    for victim in victims:
        zone = _zone_of(case.wearer_id, [p.id for p in victim.places if p.id in place_ids])
        assert zone is not None
        her = reached(victim)
        consent = sms_consent(her)
        is_told = bool(numbers.is_proved(her) and consent and consent.wording_ending) and not wearer.is_training
        said = f"Protection of the place {zone.place.label} ends {when(ends_at):%-d %B %Y, %H:%M}."
        said += " The protected person is told by text." if is_told else " Tell the protected person before then."
        alert = alerts.raise_notice(wearer, zone, [said], now, (Who.OFFICER,))
        if is_told:
            outbox.owe(alert, her, Channel.SMS, Purpose.VICTIM_ENDING, now)
            CaseDue.create(
                what=CHECK_TOLD,
                subject=f"alert:{alert.id}",
                wearer=case.wearer_id,
                due_at=now + CHECKED_AFTER,
                detail={"ends_at": ends_at.isoformat()},
            )
        action = "victim_told_of_end" if is_told else "officer_asked_to_tell_victim"
        audit.record(audit.SYSTEM, action, f"victim:{victim.id}", now, alert=alert)


def _check_told(due: CaseDue, now: datetime) -> None:
    """Where her message did not leave, say so: somebody has to tell her in another way."""
    alert = alerts.lock(int(due.subject.partition(":")[2]))
    gone = Notification.select().where(
        Notification.alert == alert,
        Notification.purpose == Purpose.VICTIM_ENDING,
        Notification.state.in_(list(outbox.GONE_OUT)),
    )
    if not gone.exists():
        alerts.tell(alert, (Who.OFFICER, Who.SUPERVISORS), Purpose.VICTIM_NOT_WARNED, now)


def _close_order(case: Case, due: CaseDue, ends_at: datetime, now: datetime) -> None:
    order_id = int(due.subject.partition(":")[2])
    if not case.is_order_over(order_id, now):
        return
    terms = case.terms_at(order_id, now)
    reason = (terms.end_reason if terms else None) or "expiry"
    _close(case, losing(case, ends_at), reason, now)


def _close_case(case: Case, ends_at: datetime, now: datetime) -> None:
    if case.life_at(now) is not Life.ENDED:
        return
    entry = true_at(case.life, now)
    assert entry is not None
    _close(case, losing(case, ends_at), entry.value.get("reason") or "ended", now, is_whole=True)


def _close(case: Case, place_ids: list[int], reason: str, now: datetime, *, is_whole: bool = False) -> None:
    where = (Alert.wearer == case.wearer_id) & (Alert.handling != Handling.CLOSED) & (Alert.kind != AlertKind.NOTICE)
    if not is_whole:
        where &= Alert.place.in_(place_ids)
    ids = [row.id for row in Alert.select(Alert.id).where(where)]
    alerts.close_by_system(ids, f"ended_{reason}", f"Monitoring ended: {reason}.", now)
