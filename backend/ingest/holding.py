"""Holds what a group is judged by, until the commit: first its tags, then their wearers and alerts."""

from __future__ import annotations

from backend.db import lock_free_rows, lock_rows, wait_for_rows
from backend.ingest.context import Ground
from backend.ingest.group import Group
from backend.ingest.locked_tags import RowsHeld
from backend.models import Tag

# A row that is held for longer is another tag's matter: its requests are tried again by themselves.
LONGEST_HOLD_S = 1.0


def hold_tags(group: Group) -> None:
    """Hold the rows of the tags. Raises: RowsHeld where others hold some of them, unless the group waits."""
    wait_for_rows(LONGEST_HOLD_S)
    if group.waits:
        lock_rows(Tag, group.tag_ids)
    elif held := lock_free_rows(Tag, group.tag_ids):
        raise RowsHeld(held)


def read_ground(group: Group) -> None:
    """Read what is known of the wearers of these tags, and hold what may change. Raises: RowsHeld, as above."""
    is_unusable = any(submission.unusable() for submission in group.fresh)
    has_fixes = bool(group.new_fixes or group.new_events or is_unusable)
    group.known = Ground(group.tag_ids, has_fixes=has_fixes, waits=group.waits)
