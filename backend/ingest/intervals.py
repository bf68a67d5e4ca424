"""How soon tags are asked to report again, from what they sent; no judgement influences it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend import report_interval
from backend.ingest.context import Ground
from backend.ingest.submission import Submission
from backend.record import reading
from backend.report_interval import Report
from backend.settings import Settings


def intervals_s(
    ground: Ground, submissions: Sequence[Submission], recent: Mapping[int, list[Report]], settings: Settings
) -> dict[int, int]:
    """Return how soon each tag is asked to report again: from what the tags sent, and from nothing that was judged.

    Not even from how long judging took: an interval is that of the instant at which the request came.
    """
    received: dict[int, datetime] = {}
    for submission in submissions:
        received[submission.tag_id] = max(
            submission.received_at, received.get(submission.tag_id, submission.received_at)
        )
    wearers = {tag_id: ground.wearer_at(tag_id, at) for tag_id, at in received.items()}
    worn = [wearer_id for wearer_id in wearers.values() if wearer_id is not None]
    at_high_risk = reading.at_high_risk(worn, max(received.values()))
    return {
        tag_id: report_interval.interval_s(
            report_interval.moved_at_s(recent.get(tag_id, [])), at, wearers[tag_id] in at_high_risk, settings
        )
        for tag_id, at in received.items()
    }
