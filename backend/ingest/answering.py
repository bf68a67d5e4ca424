"""What a tag is answered: how many of its fixes were new, which were refused, and how soon to report again."""

from __future__ import annotations

from typing import Any

from backend.bulk_statements import insert_rows
from backend.ingest.group import Answer, Group
from backend.ingest.intervals import intervals_s
from backend.ingest.submission import Submission
from backend.models import TagRequest


def ask_for_next_report(group: Group) -> None:
    """Find how soon each tag is asked to report again."""
    group.asked_s = intervals_s(group.ground, group.submissions, group.recent, group.settings)


def answer_requests(group: Group) -> None:
    """Answer each request, and keep the answer for the time that it is sent again."""
    requests: list[dict[str, Any]] = []
    for submission in group.submissions:
        key = submission.key
        if key not in group.earlier and submission.is_answered:
            answer = _answer(submission, group.duplicates[id(submission)], group.asked_s[submission.tag_id])
            group.earlier[key] = answer
            requests.append(
                {
                    "tag": submission.tag_id,
                    "webhook_id": submission.webhook_id,
                    "body_digest": submission.body_digest,
                    "received_at": submission.received_at,
                    "answer": answer,
                }
            )
        group.answers.append(group.earlier.get(key, {}))
    insert_rows(TagRequest, requests)


def _answer(submission: Submission, duplicate: int, interval_s: int) -> Answer:
    answer: Answer = {
        "accepted": len(submission.fixes) - duplicate,
        "duplicate": duplicate,
        "refused": [{"index": r.index, "code": r.code, "detail": r.detail} for r in submission.refused],
        "report_interval_s": interval_s,
    }
    if submission.is_stale:
        answer["server_time"] = submission.received_at.isoformat()
    return answer
