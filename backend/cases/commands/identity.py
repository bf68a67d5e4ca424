"""The command that records who a wearer is in other systems: case reference number and date of birth."""

from __future__ import annotations

from datetime import datetime

from backend.cases import identity
from backend.cases.commands.base import Documented, Versioned
from backend.cases.commands.identity_fields import BirthDate, Crn
from backend.cases.commands.stale_changes import changes
from backend.models import Fact, Person


class RecordIdentity(Documented, Versioned):
    """The case reference number and the date of birth, in place of what was recorded; what is left out is not known."""

    crn: Crn = None
    date_of_birth: BirthDate = None

    @changes("wearer", "identity_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Record both. Raises: NotFound, NotAllowed, InvalidRecord."""
        return identity.record(by, wearer_id, self.crn, self.date_of_birth, now, why=self.why, document=self.document)
