"""What one unit of work carries from step to step: the requests, what is new in them, and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.alerts import Reported
from backend.ingest.context import Ground
from backend.ingest.submission import SentEvent, SentFix, Submission
from backend.report_interval import Report
from backend.settings import Settings

Answer = dict[str, Any]
# How each fix of a wearer was judged, by its time: the level, the certainty, and when it was decided.
Judged = dict[datetime, tuple[int | None, str | None, datetime]]
# A fix with the request that brought it.
Brought = tuple[Submission, SentFix]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that matters for alerts, and that was not stored before."""

    submission: Submission
    sent: SentEvent

    @property
    def reported(self) -> Reported:
        """The event as of the time that can be believed."""
        received_at = self.submission.received_at
        at = min(self.sent.at, received_at) if self.sent.is_time_sound else received_at
        return Reported(
            self.submission.tag_id, self.sent.kind, at, received_at, is_time_doubtful=not self.sent.is_time_sound
        )


@dataclass(slots=True)
class Group:
    """Requests that are committed together; each step of the pipeline reads what the steps before it found."""

    submissions: Sequence[Submission]
    settings: Settings
    # Judges each wearer apart, so that one case that cannot be read leaves the others as they are.
    is_careful: bool = False
    # Waits for rows that other units of work hold.
    waits: bool = False

    # Requests that were answered before, by what makes two requests the same one.
    earlier: dict[tuple[int, str, str], Answer] = field(default_factory=dict)
    # The requests that were not, and those that get no answer of their own.
    fresh: list[Submission] = field(default_factory=list)
    # Fixes that were never sent before, by tag.
    new_fixes: dict[int, list[Brought]] = field(default_factory=dict)
    # How many fixes of each request (by its ``id()``) had been sent before.
    duplicates: dict[int, int] = field(default_factory=dict)
    new_events: list[NewEvent] = field(default_factory=list)
    # What is known of the wearers of these tags; read by ``read_ground``.
    known: Ground | None = None
    # By tag and wearer.
    judged: dict[tuple[int, int], Judged] = field(default_factory=dict)
    # What each tag sent in the last minutes, the new fixes among it.
    recent: dict[int, list[Report]] = field(default_factory=dict)
    asked_s: dict[int, int] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    @property
    def tag_ids(self) -> list[int]:
        """The tags of these requests, in the order in which their rows are held."""
        return sorted({submission.tag_id for submission in self.submissions})

    @property
    def ground(self) -> Ground:
        """What is known of the wearers, once it was read."""
        assert self.known is not None
        return self.known
