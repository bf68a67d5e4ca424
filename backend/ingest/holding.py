"""Holds what a group is judged by, until the commit: first its tags, then their wearers and alerts."""

from __future__ import annotations

from typing import Any

from backend import lifecycle
from backend.db import skip_locked, wait_for_rows
from backend.ingest.context import Ground
from backend.ingest.group import Group
from backend.ingest.locked_tags import RowsHeld
from backend.models import Tag

# A row that is held for longer is another tag's matter: its requests are tried again by themselves.
LONGEST_HOLD_S = 1.0


class KeyChanged(Exception):
    """Requests of these tags were verified with a key that is not the tag's any more; nothing was kept."""

    def __init__(self, tag_ids: set[int]) -> None:
        super().__init__(f"keys of {len(tag_ids)} tag(s) have changed")
        self.tag_ids = tag_ids


def hold_tags(group: Group) -> None:
    """Hold the rows of the tags, and see that each still has the key that its requests were verified with.

    Raises: RowsHeld where others hold some of them, unless the group waits; KeyChanged.
    """
    wait_for_rows(LONGEST_HOLD_S)
    rows: Any = Tag.select(Tag.id, Tag.serial, Tag.key).where(Tag.id.in_(group.tag_ids)).order_by(Tag.id)
    rows = rows.for_update("FOR NO KEY UPDATE") if group.waits else skip_locked(rows)
    now = {tag_id: (serial, key) for tag_id, serial, key in rows.tuples()}
    if not group.waits and len(now) < len(group.tag_ids):
        raise RowsHeld(set(group.tag_ids) - set(now))
    changed = {
        submission.tag_id
        for submission in group.submissions
        if submission.verified_with is not None and submission.verified_with != now.get(submission.tag_id)
    }
    if changed:
        raise KeyChanged(changed)


def read_ground(group: Group) -> None:
    """Read what is known of the wearers of these tags, and hold what may change. Raises: RowsHeld, as above."""
    is_unusable = any(submission.unusable() for submission in group.fresh)
    has_fixes = bool(group.new_fixes or group.new_events or is_unusable)
    now_for_s = lifecycle.now_for_s(group.settings.report_interval_s)
    group.known = Ground(group.tag_ids, has_fixes=has_fixes, now_for_s=now_for_s, waits=group.waits)
