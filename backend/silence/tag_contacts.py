"""Records when each tag was last in contact and last sent a position, and when its silence is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.db import insert_rows
from backend.models import TagContact
from backend.settings import Settings
from backend.silence.margins import longest_gap_s, margin_s, most_gap_s


def known(tag_ids: Sequence[int]) -> dict[int, TagContact]:
    """Return what is kept of these tags; nothing of a tag that never reported."""
    return {row.tag_id: row for row in TagContact.select().where(TagContact.tag.in_(tag_ids))}


def keep(
    before: Mapping[int, TagContact],
    heard: Mapping[int, datetime],
    located: Mapping[int, datetime],
    grave: set[int],
    learns: set[int],
    begins: set[int],
    settings: Settings,
) -> None:
    """Keep that tags were heard of, and which of them said where they are.

    Args:
        before: What was kept of these tags.
        heard: When the newest request of each tag was received.
        located: The time of the newest usable position that each tag sent now, never after its receipt.
        grave: The tags that were last seen where there is danger, or that were tampered with.
        learns: The tags whose gap since their last position is one of the wearer's own days.
        begins: The tags that another wearer has on now than when they last said where they are.
    """
    rows: list[dict[str, Any]] = []
    for tag_id, at in heard.items():
        row = before.get(tag_id)
        last = row.located_at if row else None
        newest = max((one for one in (last, located.get(tag_id)) if one is not None), default=None)
        longest = row.longest_gap_s if row and tag_id not in begins else 0.0
        # A tag that never says where it is rings as one that stops saying so.
        silent_at = row.silent_at if row else at + timedelta(seconds=margin_s(0.0, tag_id in grave, settings))
        is_grave = row.is_grave if row else tag_id in grave
        is_resting = row.is_resting if row else False
        if newest is not None and newest != last:
            if last is not None and tag_id in learns:
                gap_s = (newest - last).total_seconds()
                longest = longest_gap_s(longest, min(gap_s, most_gap_s(settings)))
            is_grave, is_resting = tag_id in grave, False
            silent_at = newest + timedelta(seconds=margin_s(longest, is_grave, settings))
        elif tag_id in grave and not is_grave and silent_at is not None and newest is not None:
            # It was tampered with while it said nothing of where it is.
            is_grave = True
            silent_at = min(silent_at, newest + timedelta(seconds=margin_s(longest, is_grave, settings)))
        rows.append(
            {
                "tag": tag_id,
                "contact_at": max(at, row.contact_at) if row else at,
                "located_at": newest,
                "longest_gap_s": longest,
                "silent_at": silent_at,
                "is_grave": is_grave,
                "is_resting": is_resting,
            }
        )
    insert_rows(TagContact, rows, update_on=("tag",))
