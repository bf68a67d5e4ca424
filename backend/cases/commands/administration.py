"""Commands of administrators: accounts and their numbers, teams over time, and tags."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from backend import accounts
from backend.bounds import Instant
from backend.cases import administration, teams
from backend.cases.commands.base import Ask, Because, Command, Dated, Name, RowId, Versioned
from backend.cases.commands.numbers import Number
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import Named
from backend.models import Fact, Person, Role, Tag, Team

BELONG = ("team_entered", "moved_to_team", "team_change_called_off")


class AddPerson(Command):
    """A new colleague."""

    team_id: Annotated[RowId, Named("team"), Ask("Choose a team.")]
    role: Annotated[Role, Ask("Choose what the person does.")]
    name: Annotated[Name, Ask("Enter a name.")]
    email: Annotated[Name, Ask("Enter an email address.")]
    phone: str | None = None

    def carry_out(self, by: Person, now: datetime) -> accounts.Link:
        """Make the account; its link is shown once. Raises: NotAllowed, NotFound, InvalidRecord."""
        return administration.add_person(by, self.team_id, self.role, self.name, self.email, self.phone, now)


class ChangeStaffNumber(Versioned):
    """Another number of a colleague, or none."""

    number: Annotated[Number | None, Named("new_phone")]

    @changes("person", "person_number_changed")
    def carry_out(self, by: Person, now: datetime, person_id: int) -> Person:
        """Change it, and send a code there. Raises: NotAllowed, NotFound, InvalidRecord, TooManyCodes."""
        return administration.change_number(by, person_id, self.number, now)


class AddTeam(Command):
    """A team by its name."""

    name: Annotated[Name, Named("team_name"), Ask("Enter a name.")]

    def carry_out(self, by: Person, now: datetime) -> Team:
        """Make it. Raises: NotAllowed, InvalidRecord."""
        return administration.add_team(by, self.name, now)


class RenameTeam(Dated, Versioned):
    """Another name of a team from an instant on."""

    name: Annotated[Name, Named("new_name"), Ask("Enter a name.")]

    @changes("team", "name_entered")
    def carry_out(self, by: Person, now: datetime, team_id: int) -> Fact:
        """Rename it. Raises: NotAllowed, NotFound, InvalidRecord."""
        return teams.rename_team(by, team_id, self.name, self.from_at, now, why=self.why)


class _TeamChange(Because, Versioned):
    """Why, and from when on, empty for now; and that what it leaves without an officer was read and confirmed."""

    from_at: Instant | None = None
    is_confirmed: bool = False


class MoveToTeam(_TeamChange):
    """People and cases that belong to the team from an instant on."""

    people: list[RowId] = Field(default_factory=list)
    wearers: list[RowId] = Field(default_factory=list)

    @changes("", *BELONG)
    def carry_out(self, by: Person, now: datetime, team_id: int) -> None:
        """Move them. Raises: NotAllowed, NotFound, InvalidRecord, NeedsConfirmation."""
        more = self.model_dump(include={"why", "people", "wearers", "from_at", "is_confirmed"})
        teams.move_to_team(by, team_id, now, **more)


class SplitTeam(_TeamChange):
    """Who goes to which other team, each with the cases that they answer for then."""

    into: Annotated[RowId, Ask("Choose the other team.")]
    people: list[RowId]

    @changes("", *BELONG)
    def carry_out(self, by: Person, now: datetime, team_id: int) -> int:
        """Split it; returns how many cases went. Raises: NotAllowed, NotFound, InvalidRecord, NeedsConfirmation."""
        more = self.model_dump(include={"why", "is_confirmed"})
        return teams.split_team(by, team_id, self.into, self.people, self.from_at or now, now, **more)


class MergeTeam(_TeamChange):
    """The team that all of this one becomes part of."""

    into: Annotated[RowId, Ask("Choose the other team.")]

    @changes("", *BELONG)
    def carry_out(self, by: Person, now: datetime, team_id: int) -> tuple[int, int]:
        """Merge it; returns how many people and cases went. Raises: NotAllowed, NotFound, NeedsConfirmation."""
        more = self.model_dump(include={"why", "is_confirmed"})
        return teams.merge_team(by, team_id, self.into, self.from_at or now, now, **more)


class CallOffTeamChange(Because):
    """Why a change of teams that is still to come is called off."""

    def carry_out(self, by: Person, now: datetime, change_id: int) -> None:
        """Call it off. Raises: NotAllowed, NotFound, InvalidRecord."""
        teams.call_off(by, change_id, now, why=self.why)


class AddTag(Command):
    """The serial of a tag."""

    serial: Annotated[Name, Ask("Enter the serial of the tag.")]

    def carry_out(self, by: Person, now: datetime) -> Tag:
        """Register it. Raises: NotAllowed, InvalidRecord."""
        return administration.add_tag(by, self.serial, now)
