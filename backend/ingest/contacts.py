"""Records which tags were in contact and which sent a position, and ends the alert of a silence that is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from backend import alerts, clock, silence
from backend.ingest.context import Ground
from backend.ingest.group import Group
from backend.lifecycle import Danger
from backend.models import AlertKind, TagContact
from backend.tag_events import RINGING
from zones import doubt_of

# Source: the vendors' names of these events in backend.tag_events, of which one says "5percent".
LEVEL_OF_EVENT = {"battery_low": 20.0, "battery_critical": 5.0}
# A level of a fix that is as new says it better.
LEVELS_ARE_NEW = timedelta(hours=3)


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
    # What is reported now has no alert yet: a tag that is cut may say nothing more.
    cut = {one.tag_id for one in group.submissions if any(event.kind in RINGING for event in one.events)}
    grave: set[int] = set()
    for tag_id, at in heard.items():
        wearer_id = ground.wearer_at(tag_id, at)
        if wearer_id is None:
            continue
        if tag_id in cut or _is_grave(ground, wearer_id, at):
            grave.add(tag_id)
        told = ground.silences.get((wearer_id, tag_id))
        newest = located.get(tag_id)
        if told is None or newest is None or newest <= told.last_fix_time:
            continue
        if at - newest <= timedelta(seconds=settings.silence_grave_s):
            alerts.end_silence(told, newest, clock.now())
    silence.keep(before, heard, located, grave, settings, _batteries(group, before))


def _batteries(group: Group, before: Mapping[int, TagContact]) -> dict[int, tuple[datetime, float]]:
    """Return the newest battery level of each tag, with its time, never after its receipt.

    A tag that sends no levels and says that little is left has the level at which such tags say so.
    """
    found: dict[int, tuple[datetime, float]] = {}
    for submission in group.submissions:
        said = [LEVEL_OF_EVENT[event.kind] for event in submission.events if event.kind in LEVEL_OF_EVENT]
        row = before.get(submission.tag_id)
        levels_at = row.battery_at if row and row.battery_pct not in LEVEL_OF_EVENT.values() else None
        if said and (levels_at is None or levels_at < submission.received_at - LEVELS_ARE_NEW):
            found[submission.tag_id] = (submission.received_at, min(said))
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
