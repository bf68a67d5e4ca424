"""Records when each tag was last in contact and last sent a position, and when its silence is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.bulk_statements import insert_rows
from backend.models import TagContact
from backend.settings import Settings
from backend.silence.battery import Battery, after


def known(tag_ids: Sequence[int]) -> dict[int, TagContact]:
    """Return what is kept of these tags; nothing of a tag that never reported."""
    return {row.tag_id: row for row in TagContact.select().where(TagContact.tag.in_(tag_ids))}


def battery_of(row: TagContact | None) -> Battery | None:
    """Return what is kept of a tag's battery; None of one that never told a level."""
    if row is None or row.battery_pct is None or row.battery_at is None:
        return None
    from_pct = row.battery_pct if row.battery_from_pct is None else row.battery_from_pct
    return Battery(row.battery_pct, row.battery_at, from_pct, row.battery_from_at or row.battery_at)


def keep(
    before: Mapping[int, TagContact],
    heard: Mapping[int, datetime],
    located: Mapping[int, datetime],
    grave: set[int],
    settings: Settings,
    batteries: Mapping[int, tuple[datetime, float]],
) -> None:
    """Keep that tags were heard of, and which of them said where they are.

    Args:
        before: What was kept of these tags.
        heard: When the newest request of each tag was received.
        located: The time of the newest usable position that each tag sent now, never after its receipt.
        grave: The tags that were last seen where there is danger, or that were tampered with.
        batteries: The newest battery level that each tag sent now, with its time.
    """
    rows: list[dict[str, Any]] = []
    for tag_id, at in heard.items():
        row = before.get(tag_id)
        last = row.located_at if row else None
        newest = max((one for one in (last, located.get(tag_id)) if one is not None), default=None)
        # When its silence is looked at; what it is used to then counts. A tag that never says where it is rings as one
        # that stops saying so.
        margin = timedelta(seconds=settings.silence_grave_s if tag_id in grave else settings.silence_least_s)
        silent_at = row.silent_at if row else at + margin
        is_grave = row.is_grave if row else tag_id in grave
        is_resting = row.is_resting if row else False
        is_at_rest = row.is_at_rest and tag_id not in grave if row else False
        if newest is not None and newest != last:
            is_grave, is_resting, is_at_rest = tag_id in grave, False, False
            silent_at = newest + margin
        elif tag_id in grave and not is_grave and silent_at is not None and newest is not None:
            # It was tampered with while it said nothing of where it is.
            is_grave = True
            silent_at = min(silent_at, newest + margin)
        elif is_at_rest and silent_at is not None:
            # At rest where its wearer has to be it sends no position: contact is all that there is to wait for.
            silent_at = max(silent_at, at + timedelta(seconds=settings.silence_least_s))
        battery = battery_of(row)
        if tag_id in batteries:
            level_at, pct = batteries[tag_id]
            battery = after(battery, pct, level_at)
        rows.append(
            {
                "tag": tag_id,
                "contact_at": max(at, row.contact_at) if row else at,
                "located_at": newest,
                "silent_at": silent_at,
                "is_grave": is_grave,
                "is_resting": is_resting,
                "is_at_rest": is_at_rest,
                "battery_pct": battery.pct if battery else None,
                "battery_at": battery.at if battery else None,
                "battery_from_pct": battery.from_pct if battery else None,
                "battery_from_at": battery.from_at if battery else None,
            }
        )
    insert_rows(TagContact, rows, update_on=("tag",))
