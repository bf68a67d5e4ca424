"""The life of a fix, step by step: STEPS, one unit of work from what tags sent to what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backend.db import atomic
from backend.ingest.answering import answer_requests, ask_for_next_report
from backend.ingest.claims import judge_by_shown_claims, learn_claims
from backend.ingest.contacts import keep_contacts
from backend.ingest.events import find_new_events, ring_for_events, ring_for_two_sources
from backend.ingest.group import Answer, Group
from backend.ingest.holding import hold_tags, read_ground
from backend.ingest.judging import judge_fixes, tell_of_unusable
from backend.ingest.keeping import keep_fixes, keep_place_states, keep_refused, keep_signed, keep_tag_events
from backend.ingest.recent import read_recent
from backend.ingest.repeats import find_earlier_answers, find_new_fixes
from backend.ingest.submission import Submission
from backend.settings import Settings

Step = Callable[[Group], None]

STEPS: tuple[Step, ...] = (
    hold_tags,  # The rows of these tags are ours until the commit: fixes of one tag are judged one group at a time.
    find_earlier_answers,  # A request that was sent again is answered as it was the first time.
    keep_signed,  # As the tag signed it, in the chain of its tag: what was sent can be shown later.
    find_new_fixes,
    find_new_events,
    keep_refused,  # What cannot be acted on is kept too, with its reason.
    keep_tag_events,
    read_ground,  # Who wore which tag, which zones were in force, what stands: held until the commit.
    judge_by_shown_claims,  # A tag that claims too wide circles has shown it in nights at a known address.
    judge_fixes,  # Against each zone of their wearer; raises, changes and ends alerts.
    tell_of_unusable,  # Where nothing that a tag sends can be used, people are alerted to that.
    ring_for_events,  # A strap that was cut, a tag that was switched off.
    keep_fixes,
    keep_place_states,
    learn_claims,
    keep_contacts,  # Which tags were heard of: ends the alert of a silence.
    read_recent,
    ring_for_two_sources,  # Places that no one movement joins: another source uses the tag's key.
    ask_for_next_report,
    answer_requests,
)


def store_group(
    submissions: Sequence[Submission], settings: Settings, *, is_careful: bool = False, waits: bool = False
) -> list[Answer]:
    """Commit the requests together and return the answer to each, in their order.

    Everything that follows is in the same transaction: fixes, quarantine, place states, alerts, first notifications
    and audit rows.

    What cannot be judged because of a row that cannot be read fails as a whole at first. ``is_careful`` judges each
    wearer apart, which takes longer: then that one wearer's fixes are kept unjudged, with an alert that says so.

    Raises: RowsHeld where others hold rows of some of the tags, unless it ``waits``; whatever the storage raises, with
    nothing kept.
    """
    group = Group(submissions, settings, is_careful=is_careful, waits=waits)
    with atomic():
        for step in STEPS:
            step(group)
    return group.answers
