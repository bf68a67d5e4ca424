"""What was sent before: requests that were answered already, and fixes that other requests brought."""

from __future__ import annotations

from typing import Any

from backend.ingest.group import Group
from backend.models import Fix, TagRequest


def find_earlier_answers(group: Group) -> None:
    """Find the answers that repeated requests were given, and which requests are fresh."""
    rows = TagRequest.select(TagRequest.tag, TagRequest.webhook_id, TagRequest.body_digest, TagRequest.answer).where(
        TagRequest.tag.in_({s.tag_id for s in group.submissions}),
        TagRequest.webhook_id.in_({s.webhook_id for s in group.submissions}),
    )
    group.earlier = {(row.tag_id, row.webhook_id, row.body_digest): row.answer for row in rows}
    group.fresh = [s for s in group.submissions if s.key not in group.earlier or not s.is_answered]


def find_new_fixes(group: Group) -> None:
    """Sort out the fixes that were never sent before, by tag; the first request that brings one has it."""
    group.duplicates = {id(s): len(s.fixes) for s in group.fresh}
    sent = [(s, fix) for s in group.fresh for fix in s.fixes]
    if not sent:
        return
    times = {time for _, fix in sent for time in (fix.fix_time, fix.said_time) if time is not None}
    tag_ids = {s.tag_id for s, _ in sent}
    by_time, by_said_time = (
        Fix.select(Fix.tag, time, Fix.lat, Fix.lon).where(Fix.tag.in_(tag_ids), time.in_(times))
        for time in (Fix.fix_time, Fix.said_time)
    )
    # Two searches of an index in one statement: either time in one would read every fix of the tag.
    known: set[Any] = set(by_time.union_all(by_said_time).tuples())
    for submission, fix in sent:
        keys = {(submission.tag_id, *key) for key in fix.keys}
        if known.isdisjoint(keys):
            group.new_fixes.setdefault(submission.tag_id, []).append((submission, fix))
            group.duplicates[id(submission)] -= 1
        known |= keys
