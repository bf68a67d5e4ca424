"""Commands of tags: fitted, swapped for another at one instant, and taken off."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from backend.bounds import Instant
from backend.cases import writing
from backend.cases.commands.base import Ask, Because, Dated, Name, RowId, Text, Versioned
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import When
from backend.models import Activation, Person

SERIAL = Ask("Choose the serial of the tag that they wear from now on.")
WHY = Ask("Enter why the tag is changed.")
WORN = ("tag_fitted", "tag_swapped", "tag_taken_off")


class FitTag(Dated, Versioned):
    """A tag that the wearer wears from an instant on; ``corrects`` names an activation recorded in error."""

    serial: Annotated[Name, SERIAL]
    why: Annotated[Text, WHY]
    to_at: Instant | None = None
    corrects: RowId | None = None
    is_confirmed: bool = False

    @changes("wearer", *WORN)
    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Activation:
        """Fit it. Raises: NotFound, NotAllowed, InvalidRecord, NeedsConfirmation."""
        more = self.model_dump(include={"to_at", "why", "corrects", "is_confirmed"})
        return writing.fit_tag(by, wearer_id, self.serial, self.from_at, now, **more)


class SwapTag(Because, Versioned):
    """The tag that is worn instead from an instant on."""

    serial: Annotated[Name, SERIAL]
    at: Annotated[Instant, When("from")]
    why: Annotated[Text, WHY]
    is_confirmed: bool = False

    @changes("activation", *WORN)
    def carry_out(self, by: Person, now: datetime, activation_id: int) -> Activation:
        """Swap it. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition, NeedsConfirmation."""
        more = self.model_dump(include={"why", "is_confirmed"})
        return writing.swap_tag(by, activation_id, self.serial, self.at, now, **more)


class TakeTagOff(Because, Versioned):
    """When the tag came off, whether that corrects what was said before, and that what it takes away was confirmed."""

    to_at: Annotated[Instant, When("from")]
    why: Annotated[Text, WHY]
    is_correction: bool = False
    is_confirmed: bool = False

    @changes("activation", *WORN)
    def carry_out(self, by: Person, now: datetime, activation_id: int) -> Activation:
        """Record it. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition, NeedsConfirmation."""
        more = self.model_dump(include={"why", "is_correction", "is_confirmed"})
        return writing.take_tag_off(by, activation_id, self.to_at, now, **more)
