"""Commands of a case's monitoring status: suspended, resumed, ended, recalled; its risk, and alerts the police have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from backend.access import access_wearer
from backend.bounds import Instant
from backend.cases import monitoring_status, police_handovers
from backend.cases.commands.base import Ask, Command, Correcting, Dated, Documented, Name, Reasoned, Versioned
from backend.cases.commands.typed import LastDay, Named, When
from backend.cases.commands.versions import refuse_stale
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.cases.writing import lock_cases
from backend.db import atomic
from backend.models import Fact, Person, PoliceHandover
from backend.record import reading
from backend.record.facts import What


class _ChangesStatus(Versioned):
    """A change of what is recorded of a case's monitoring."""

    def _refuse_stale(self, by: Person, wearer_id: int, now: datetime) -> None:
        access_wearer(by, wearer_id, now)
        lock_cases(wearer_id)
        refuse_stale(self.version, reading.case(wearer_id).statuses, What.MONITORING_STATUS)


class SuspendCase(Reasoned, Correcting, Dated, _ChangesStatus):
    """Fixes are stored and not judged from an instant on."""

    reason: Annotated[Suspended, Named("life"), Ask("Choose what has changed.")]
    expected_end_at: Annotated[
        Instant,
        LastDay("expected_end"),
        Ask("Enter the day on which it is expected to end as a day, a month and a year."),
    ]
    until: Instant | None = Field(None, description="When it ended, or will end, where that is known already")

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Suspend the case. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition, NeedsConfirmation."""
        with atomic():
            self._refuse_stale(by, wearer_id, now)
            more = self.model_dump(include={"why", "document", "until", "corrects", "is_confirmed"})
            return monitoring_status.suspend(
                by, wearer_id, self.reason, self.from_at, self.expected_end_at, now, **more
            )


class ResumeCase(Correcting, Dated, _ChangesStatus):
    """Fixes are judged again from an instant on."""

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Resume the case. Raises: NotFound, NotAllowed, InvalidTransition; Stale."""
        with atomic():
            self._refuse_stale(by, wearer_id, now)
            more = self.model_dump(include={"why", "document", "corrects"})
            return monitoring_status.resume(by, wearer_id, self.from_at, now, **more)


class EndCase(Reasoned, Correcting, _ChangesStatus):
    """The case ends, after the protected people were notified."""

    reason: Annotated[Ended, Named("life"), Ask("Choose what has changed.")]
    at: Annotated[Instant, When("from")]

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """End the case. Raises: NotFound, NotAllowed, InvalidTransition, NeedsConfirmation; Stale."""
        with atomic():
            self._refuse_stale(by, wearer_id, now)
            more = self.model_dump(include={"why", "document", "corrects", "is_confirmed"})
            return monitoring_status.end(by, wearer_id, self.reason, self.at, now, **more)


class RecallWearer(Documented):
    """Why the wearer is recalled."""

    def carry_out(self, by: Person, now: datetime, alert_id: int) -> Fact:
        """Recall the wearer because of this alert. Raises: NotFound, NotAllowed, InvalidTransition."""
        return monitoring_status.recall(by, alert_id, now, why=self.why, document=self.document)


class AssessRisk(Correcting, Dated):
    """The assessed risk of serious harm from an instant on."""

    risk: Annotated[Risk, Ask("Choose the risk.")]

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Record the risk. Raises: NotFound, NotAllowed."""
        more = self.model_dump(include={"why", "document", "corrects"})
        return monitoring_status.assess_risk(by, wearer_id, self.risk, self.from_at, now, **more)


POLICE = Ask("Enter the police force and its reference.")


class HandAlertToPolice(Command):
    """To which police force the alert was handed, under which reference, and when."""

    force: Annotated[Name, POLICE]
    reference: Annotated[Name, POLICE]
    at: Annotated[Instant | None, When("from")] = None

    def carry_out(self, by: Person, now: datetime, alert_id: int) -> PoliceHandover:
        """Record the handover; without an instant it is now. Raises: NotFound, NotAllowed, InvalidRecord."""
        return police_handovers.hand_over(by, alert_id, self.force, self.reference, self.at or now, now)
