"""Notifies the responsible officer by day of a low battery, and the people on duty of one that dies tonight."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from backend import alerts
from backend.db import atomic, is_lost, lock_rows
from backend.escalation.steps import Who
from backend.models import Alert, AlertKind, TagContact, Wearer
from backend.record.facts import LONDON
from backend.silence.battery import Battery
from backend.silence.tag_contacts import battery_of
from backend.silence.watched_tags import WatchedTag, watched

log = logging.getLogger(__name__)

LOW, DIES_TONIGHT = "battery_low", "battery_tonight"
DAY_BEGINS, EVENING_BEGINS = 8, 18
MORNING = 7
# So little is taken for a battery that dies tonight where it is not known how fast it empties.
CRITICAL_PCT = 10.0
# A level above this, or an older one, needs no look.
LOOKED_AT_PCT = 60.0
CURRENT_FOR = timedelta(hours=3)
# One notice for each discharge: a level that was charged since then begins another.
AT_ONCE = 500


def notify_of_batteries(now: datetime, limit: int = AT_ONCE) -> int:
    """Raise a notice for each watched tag whose battery runs low and that has none yet; return how many were raised."""
    rows = {
        row.tag_id: row
        for row in TagContact.select()
        .where(TagContact.battery_pct <= LOOKED_AT_PCT, TagContact.battery_at > now - CURRENT_FOR)
        .order_by(TagContact.battery_pct)
        .limit(limit)
    }
    low: dict[int, tuple[str, Battery]] = {}
    for tag_id, row in rows.items():
        battery = battery_of(row)
        event = None if battery is None else event_of(battery, now)
        if battery is not None and event is not None:
            low[tag_id] = (event, battery)
    raised = 0
    for tag_id, worn in watched(low, now).items():
        event, battery = low[tag_id]
        try:
            raised += _notify(tag_id, worn, event, battery, now)
        except Exception as error:
            if is_lost(error):
                raise
            log.warning("the battery of tag %s was not told of: %s", tag_id, type(error).__name__)
    return raised


def event_of(battery: Battery, now: datetime) -> str | None:
    """Return what people are notified of at this hour; None where nothing is to do, or the morning is early enough."""
    local = now.astimezone(LONDON)
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    morning = morning if morning > local else morning + timedelta(days=1)
    is_day = DAY_BEGINS <= local.hour < EVENING_BEGINS
    empty_at = battery.empty_at
    if not is_day:
        dies = battery.pct <= CRITICAL_PCT if empty_at is None else empty_at <= morning
        return DIES_TONIGHT if dies else None
    return LOW if battery.is_low(now) else None


def _notify(tag_id: int, worn: WatchedTag, event: str, battery: Battery, now: datetime) -> int:
    with atomic():
        lock_rows(Wearer, [worn.wearer.id], waits=False)
        known = Alert.select().where(
            Alert.kind == AlertKind.NOTICE,
            Alert.wearer == worn.wearer.id,
            Alert.tag == tag_id,
            Alert.event == event,
            Alert.raised_at >= battery.from_at - timedelta(hours=12),
        )
        if known.exists():
            return 0
        said = f"The tag's battery is at {battery.pct:.0f} %."
        if battery.empty_at is not None:
            said += f" At its present use it is empty about {alerts.clock_time(battery.empty_at, now)}."
        asks = "Ask the person to charge it now: a tag without power watches no place."
        is_night = event == DIES_TONIGHT
        alerts.raise_notice(
            worn.wearer,
            None,
            [said, asks],
            now,
            (Who.OFFICER,) if is_night else (),
            and_answering=not is_night,
            event=event,
            tag=tag_id,
        )
        return 1
