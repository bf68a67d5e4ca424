"""Commands of a case's monitoring status: suspended, resumed, ended, recalled; its risk, and alerts the police have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from backend.bounds import Instant
from backend.cases import monitoring_status, police_handovers, safety_plans
from backend.cases.commands.base import Ask, Command, Correcting, Dated, Documented, Name, Reasoned, Text, Versioned
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import LastDay, Named, When
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.models import Fact, Person, PoliceHandover

STATUS = ("life_entered",)


class SuspendCase(Reasoned, Correcting, Dated, Versioned):
    """Fixes are stored and not judged from an instant on."""

    reason: Annotated[Suspended, Named("life"), Ask("Choose what has changed.")]
    expected_end_at: Annotated[
        Instant,
        LastDay("expected_end"),
        Ask("Enter the day on which it is expected to end as a day, a month and a year."),
    ]
    until: Instant | None = Field(None, description="When it ended, or will end, where that is known already")

    @changes("wearer", *STATUS)
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Suspend the case. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition, NeedsConfirmation."""
        more = self.model_dump(include={"why", "document", "until", "corrects", "is_confirmed"})
        return monitoring_status.suspend(by, wearer_id, self.reason, self.from_at, self.expected_end_at, now, **more)


class ResumeCase(Correcting, Dated, Versioned):
    """Fixes are judged again from an instant on."""

    @changes("wearer", *STATUS)
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Resume the case. Raises: NotFound, NotAllowed, InvalidTransition; Stale."""
        more = self.model_dump(include={"why", "document", "corrects"})
        return monitoring_status.resume(by, wearer_id, self.from_at, now, **more)


class EndCase(Reasoned, Correcting, Versioned):
    """The case ends, after the protected people were notified."""

    reason: Annotated[Ended, Named("life"), Ask("Choose what has changed.")]
    at: Annotated[Instant, When("from")]

    @changes("wearer", *STATUS)
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """End the case. Raises: NotFound, NotAllowed, InvalidTransition, NeedsConfirmation; Stale."""
        more = self.model_dump(include={"why", "document", "corrects", "is_confirmed"})
        return monitoring_status.end(by, wearer_id, self.reason, self.at, now, **more)


class RecallWearer(Documented, Versioned):
    """Why the wearer is recalled; monitoring goes on until custody is entered."""

    @changes("alert", *STATUS, "recall_entered")
    def carry_out(self, by: Person, now: datetime, alert_id: int) -> Fact:
        """Recall the wearer because of this alert. Raises: NotFound, NotAllowed, InvalidTransition."""
        return monitoring_status.recall(by, alert_id, now, why=self.why, document=self.document)


class AssessRisk(Correcting, Dated, Versioned):
    """The assessed risk of serious harm from an instant on."""

    risk: Annotated[Risk, Ask("Choose the risk.")]

    @changes("wearer", "risk_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Record the risk. Raises: NotFound, NotAllowed."""
        more = self.model_dump(include={"why", "document", "corrects"})
        return monitoring_status.assess_risk(by, wearer_id, self.risk, self.from_at, now, **more)


class WriteSafetyPlan(Correcting, Dated, Versioned):
    """What was agreed to do when the wearer comes near, from an instant on; empty: there is no plan any more."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=safety_plans.LONGEST), Ask("Write the safety plan.")
    ]
    why: Annotated[Text, Ask("Enter why the plan changes.")]

    @changes("wearer", "safety_plan_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Record the plan. Raises: NotFound, NotAllowed, InvalidRecord."""
        more = self.model_dump(include={"why", "document", "corrects"})
        return safety_plans.write(by, wearer_id, self.text, self.from_at, now, **more)


POLICE = Ask("Enter the police force and its reference.")


class HandAlertToPolice(Command):
    """To which police force the alert was handed, under which reference, and when."""

    force: Annotated[Name, POLICE]
    reference: Annotated[Name, POLICE]
    at: Annotated[Instant | None, When("from")] = None

    def carry_out(self, by: Person, now: datetime, alert_id: int) -> PoliceHandover:
        """Record the handover; without an instant it is now. Raises: NotFound, NotAllowed, InvalidRecord."""
        return police_handovers.hand_over(by, alert_id, self.force, self.reference, self.at or now, now)
