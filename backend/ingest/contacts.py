"""Records which tags were in contact and which sent a position, and ends the alert of a silence that is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend import alerts, clock, silence
from backend.ingest.context import Ground
from backend.ingest.group import Group
from backend.lifecycle import Danger
from backend.models import AlertKind
from zones import doubt_of


def keep_contacts(group: Group) -> None:
    """Keep the contact of each tag of these requests, and the time of its newest usable position."""
    ground, settings = group.ground, group.settings
    heard: dict[int, datetime] = {}
    for submission in group.submissions:
        heard[submission.tag_id] = max(submission.received_at, heard.get(submission.tag_id, submission.received_at))
    located: dict[int, datetime] = {}
    for tag_id, sent in group.new_fixes.items():
        # A place where no tag can be, or that contradicts all that is known, says nothing of where this one is.
        times = [
            min(fix.fix_time, submission.received_at)
            for submission, fix in sent
            if doubt_of(fix.fix) is None and (tag_id, fix.fix_time) not in ground.doubted
        ]
        if times:
            located[tag_id] = max(times)
    before = silence.known(sorted(heard))
    grave: set[int] = set()
    learns: set[int] = set()
    begins: set[int] = set()
    for tag_id, at in heard.items():
        wearer_id = ground.wearer_at(tag_id, at)
        last = before[tag_id].located_at if tag_id in before else None
        if last is not None and ground.wearer_at(tag_id, last) != wearer_id:
            begins.add(tag_id)
        elif last is not None and wearer_id is not None and _is_own(ground, wearer_id, last, at):
            learns.add(tag_id)
        if wearer_id is None:
            continue
        if _is_grave(ground, wearer_id, at):
            grave.add(tag_id)
        told = ground.silences.get((wearer_id, tag_id))
        newest = located.get(tag_id)
        if told is None or newest is None or newest <= told.last_fix_time:
            continue
        if at - newest <= timedelta(seconds=settings.silence_grave_s):
            alerts.end_silence(told, newest, clock.now())
    silence.keep(before, heard, located, grave, learns, begins, settings, _batteries(group))


def _batteries(group: Group) -> dict[int, tuple[datetime, float]]:
    """Return the newest battery level of each tag, with its time, never after its receipt."""
    found: dict[int, tuple[datetime, float]] = {}
    for tag_id, sent in group.new_fixes.items():
        levels = [
            (min(fix.fix_time, submission.received_at), float(fix.battery_pct))
            for submission, fix in sent
            if fix.battery_pct is not None
        ]
        if levels:
            found[tag_id] = max(levels)
    return found


def _is_grave(ground: Ground, wearer_id: int, at: datetime) -> bool:
    """Tell whether danger was seen last, the tag was tampered with, or no one knows."""
    if wearer_id in ground.faults or (wearer_id, AlertKind.TAMPER) in ground.about_tags:
        return True
    moving = [zone for zone in ground.moving[wearer_id] if zone.to_at is None or zone.to_at > at]
    return any(
        ground.danger_at(wearer_id, zone.id) >= Danger.BUFFER_UNCONFIRMED
        for zone in [*ground.in_force(wearer_id, at), *moving]
    )


def _is_own(ground: Ground, wearer_id: int, since: datetime, at: datetime) -> bool:
    """Tell whether a gap is one of the wearer's own days: not one of custody, or of anything else that is recorded."""
    case = ground.cases.get(wearer_id)
    return case is not None and not any(since < change <= at for change in case.changes())
