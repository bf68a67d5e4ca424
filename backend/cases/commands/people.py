"""Commands of people: whom a case protects, who answers for it, who may open it, who covers, and who leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from backend.bounds import Instant
from backend.cases import officers, protected_people
from backend.cases.commands.base import (
    Ask,
    Because,
    Command,
    Correcting,
    Dated,
    Documented,
    Name,
    RowId,
    Text,
    Versioned,
)
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import FirstDay, LastDay, Named
from backend.models import EmergencyOpening, Fact, Person, ProtectedPlace, Victim


class AddProtectedPerson(Documented):
    """A new person by name, or by ``victim_id`` a person who is recorded already."""

    name: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200)] = None
    victim_id: Annotated[RowId | None, Named("victim")] = None
    is_child: bool = False
    reached_through: Annotated[RowId | None, Named("through")] = Field(
        None, description="For a child: an adult whom the case protects"
    )
    is_another: bool = Field(False, description="A person of this name is recorded, and this is another person")

    @model_validator(mode="after")
    def _names_one_person(self) -> Self:
        if self.victim_id is not None and (self.name or self.is_child or self.reached_through is not None):
            raise ValueError("A person who is recorded already is named by victim_id alone: the rest stays as it is.")
        return self

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Victim:
        """Enter them in the case. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition, KnownPerson."""
        more = {"why": self.why, "document": self.document}
        if self.victim_id is not None:
            return protected_people.add_known(by, wearer_id, self.victim_id, now, **more)
        return protected_people.add_person(
            by,
            wearer_id,
            self.name or "",
            now,
            is_child=self.is_child,
            through_id=self.reached_through,
            is_another=self.is_another,
            **more,
        )


class AddPlace(Command):
    """A place of a protected person, under a name by which colleagues know it; a zone around it protects it."""

    label: Annotated[Name, Ask("Enter a name for the place that colleagues will know.")]

    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> ProtectedPlace:
        """Add it. Raises: NotFound, NotAllowed."""
        return protected_people.add_place(by, wearer_id, victim_id, self.label, now)


class TakeOutProtectedPerson(Because, Versioned):
    """Why a person was entered in this case in error."""

    @changes("victim", "protected_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> None:
        """Take them out. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition."""
        protected_people.take_out(by, wearer_id, victim_id, now, why=self.why)


class ReachThrough(Because, Versioned):
    """The adult of the case through whom a child is reached; null for no one."""

    reached_through: Annotated[RowId | None, Named("through")]

    @changes("victim", "reached_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> Victim:
        """Record it. Raises: NotFound, NotAllowed, InvalidRecord."""
        return protected_people.reach_through(by, wearer_id, victim_id, self.reached_through, now, why=self.why)


class HandOver(Correcting, Dated, Versioned):
    """Who answers for the case from an instant on."""

    person_id: Annotated[RowId, Named("officer"), Ask("Choose a colleague.")]

    @changes("wearer", "responsible_officer_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Hand the case over. Raises: NotFound, NotAllowed, InvalidRecord."""
        more = self.model_dump(include={"why", "document", "corrects"})
        return officers.hand_over(by, wearer_id, self.person_id, self.from_at, now, **more)


class RestrictCase(Because, Versioned):
    """The people to whom the case is open; null opens it to the team again."""

    people: list[RowId] | None

    @changes("wearer", "restricted_entered")
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Fact:
        """Restrict the case. Raises: NotFound, NotAllowed, InvalidRecord."""
        return officers.restrict(by, wearer_id, self.people, now, why=self.why)


class OpenInEmergency(Command):
    """What the emergency is."""

    reason: Annotated[Text, Ask("Enter what the emergency is, in a sentence.")]

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> EmergencyOpening:
        """Open the restricted case. Raises: NotFound, NotAllowed, InvalidRecord."""
        return officers.open_in_emergency(by, wearer_id, self.reason, now)


class ReviewOpening(Command):
    """What a supervisor makes of an emergency opening."""

    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)] = ""

    def carry_out(self, by: Person, now: datetime, opening_id: int) -> EmergencyOpening:
        """Record the review. Raises: NotFound, NotAllowed, InvalidRecord."""
        return officers.review_opening(by, opening_id, self.note, now)


class CoverColleague(Because, Versioned):
    """Who answers for an absent colleague's cases, from when until when."""

    covering_id: Annotated[RowId, Named("covering"), Ask("Choose who covers.")]
    from_at: Annotated[
        Instant, FirstDay("first_day"), Ask("Enter the first day of the cover as a day, a month and a year.")
    ]
    until: Annotated[Instant, LastDay("last_day"), Ask("Enter the last day of the cover as a day, a month and a year.")]
    corrects: RowId | None = Field(None, description="The cover that was recorded in error")

    @changes("person", "cover_entered")
    def carry_out(self, by: Person, now: datetime, person_id: int) -> Fact:
        """Record the cover. Raises: NotFound, NotAllowed, InvalidRecord."""
        more = self.model_dump(include={"why", "corrects"})
        return officers.cover(by, person_id, self.covering_id, self.from_at, self.until, now, **more)


class LetLeave(Because, Versioned):
    """Which colleague takes each case, by the number of the wearer, and one for those that are not named."""

    heirs: dict[RowId, RowId] = Field(default_factory=dict)
    everyone_else: RowId | None = None

    @changes("person", "cover_entered")
    def carry_out(self, by: Person, now: datetime, person_id: int) -> int:
        """Let the officer leave; returns how many cases went. Raises: NotFound, NotAllowed, CaseloadLeft."""
        return officers.leave(by, person_id, self.heirs, now, why=self.why, everyone_else=self.everyone_else)
