"""The command that asks where a wearer is now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from backend.cases import caseload_health
from backend.cases.caseload_health import LONGEST_REASON, Answer
from backend.cases.commands.base import Ask, Command
from backend.models import Person
from backend.settings import Settings


class AskWhere(Command):
    """Why you ask; it is recorded with your name and the time."""

    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON),
        Ask(f"Say why you ask, in at most {LONGEST_REASON} characters."),
    ]

    def carry_out(self, by: Person, now: datetime, wearer_id: int, settings: Settings) -> Answer:
        """Answer from the newest fix. Raises: NotFound, NotAllowed."""
        return caseload_health.ask_where(by, wearer_id, self.reason, settings, now)
