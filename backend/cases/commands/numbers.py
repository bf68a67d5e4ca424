"""Commands of phone numbers: how a protected person is reached and verified, and which numbers are the wearer's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend import shared_location, text_parts
from backend.cases import contact_details
from backend.cases.commands.base import Ask, Because, Command, RowId, Text, Versioned
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import Named
from backend.errors import InvalidRecord
from backend.models import Consent, Fact, Person, SafeCall, WearerNumber
from backend.people import numbers
from backend.people.wordings import QUESTIONS

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]

Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=text_parts.GSM_ONE)]
Chosen = Annotated[str, StringConstraints(strip_whitespace=True, max_length=text_parts.GSM_ONE)]
Hour = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10)]

REACHED = ("consent_given", "consent_withdrawn", "warnings_declined", "warnings_wanted", "victim_number_changed")
CALLED = ("calls_allowed", "calls_ended", "victim_number_changed")


class UseTerms(BaseModel):
    """What one text has of its own, where it is not as for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours_from: Hour = Field("", description="From when it is safe, as 08:00 in London")
    hours_until: Hour = Field("", description="Until when it is safe")
    sender: Chosen = Field("", description="From which of the senders it comes")


ENDS = {"hours_from": "from", "hours_until": "until", "sender": "sender"}


def by_use_of(form: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what a form has for single texts: ``wording_over_from`` is from when that text is safe."""
    found = {}
    for one in QUESTIONS:
        terms = {name: form.get(f"{one.name}_{end}", "").strip() for name, end in ENDS.items()}
        if any(terms.values()):
            found[one.name] = terms
    return found


class AgreeToTexts(Versioned):
    """A protected person agrees to texts to this number, in their own words: the answers to the same questions."""

    phone: Annotated[Number, Ask("Enter the number that is safe for them.")]
    wording_breach: Annotated[Wording, Ask("Enter their words for: the person on probation is near.")]
    wording_over: Annotated[Wording, Ask("Enter their words for: it is over.")]
    wording_ending: Annotated[Wording, Ask("Enter their words for: protection is about to end.")]
    wording_help: Chosen = Field(
        "", description="What they are answered when they write; empty where no answer is safe"
    )
    wording_acts: Chosen = Field("", description="That a person has taken it; empty where they want no such text")
    wording_nothing: Chosen = Field("", description="That it was nothing; empty: as that it is over")
    wording_unwatched: Chosen = Field(
        "", description="That no one can watch now; {time} becomes the time since when; empty: no such text"
    )
    wording_watched: Chosen = Field("", description="That someone can watch again; {time} becomes the time")
    wording_asked: Chosen = Field("", description="That they are asked whether all is still right, after 90 days")
    sender: Chosen = Field("", description="From which of the senders that are set up texts come; empty: the usual one")
    help_word: Chosen = Field("", description="A word of their own that calls for help by text, beside HELP")
    hours_from: Hour = Field("", description="From when a text is safe, as 08:00 in London; empty: at any hour")
    hours_until: Hour = Field("", description="Until when a text is safe")
    by_use: dict[str, UseTerms] = Field(
        default_factory=dict,
        description="By the name of its words, such as wording_unwatched, what one text has of its own",
    )
    language: Literal["", "en", "cy"] = Field("", description="Of what the product words itself; empty: as their page")

    @changes("victim", *REACHED)
    def carry_out(
        self, by: Person, now: datetime, wearer_id: int, victim_id: int, *, senders: Collection[str] = ()
    ) -> Consent:
        """Record the consent. Raises: NotFound, NotAllowed, InvalidRecord, NumberRefused."""
        answers = self.model_dump(exclude={"version", "is_confirmed", "by_use"})
        unknown = set(self.by_use) - {one.name for one in QUESTIONS}
        if unknown:
            raise InvalidRecord("Name the words of one of the texts.")
        for use, terms in self.by_use.items():
            answers |= {f"{use}_{end}": getattr(terms, name) for name, end in ENDS.items()}
        number = self.phone.replace(" ", "")
        return contact_details.agree(by, wearer_id, victim_id, number, answers, now, senders=senders)


class WithdrawTexts(Versioned):
    """A protected person withdraws their consent to texts."""

    @changes("victim", *REACHED)
    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> None:
        """Withdraw it at once. Raises: NotFound, NotAllowed."""
        contact_details.withdraw(by, wearer_id, victim_id, now)


class DeclineWarnings(Because, Versioned):
    """A protected person wants no warnings, by their own decision; a consent to texts ends."""

    why: Annotated[Text, Ask("Enter how and when they said so.")]

    @changes("victim", *REACHED)
    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> Fact:
        """Record the decision. Raises: NotFound, NotAllowed."""
        return contact_details.decline(by, wearer_id, victim_id, now, why=self.why)


class AllowCalls(Versioned):
    """What to heed when they are called, such as hours, or whom to ask for."""

    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=contact_details.LONGEST_CALL_NOTE)] = ""

    @changes("victim", *CALLED)
    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> SafeCall:
        """Record that calls are safe. Raises: NotFound, NotAllowed, InvalidRecord, NumberRefused."""
        return contact_details.allow_calls(by, wearer_id, victim_id, self.note, now)


class StopCalls(Versioned):
    """Calls to a protected person are not safe."""

    @changes("victim", *CALLED)
    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> None:
        """Record it. Raises: NotFound, NotAllowed."""
        contact_details.stop_calls(by, wearer_id, victim_id, now)


class SendCode(Command):
    """A code is texted to a protected person while the officer speaks with them."""

    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int) -> None:
        """Send it. Raises: NotFound, NotAllowed, InvalidRecord, NumberRefused, TooManyCodes."""
        contact_details.send_code(by, wearer_id, victim_id, now)


class VerifyNumber(Command):
    """The code that a protected person read out."""

    code: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=20),
        Ask("Enter the code that they read out."),
    ]

    def carry_out(self, by: Person, now: datetime, wearer_id: int, victim_id: int, *, key: str) -> Any:
        """Verify the number with the service's signing key. Raises: NotFound, NotAllowed, WrongCode, NumberRefused."""
        return contact_details.take_code(by, wearer_id, victim_id, self.code, key, now)


class DeclareNumber(Command):
    """A number is the wearer's, with its country or as it is dialled in the United Kingdom."""

    number: Annotated[Number, Named("wearer_number"), Ask("Enter a phone number.")]

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> WearerNumber:
        """Declare it. Raises: NotFound, NotAllowed, InvalidRecord."""
        return numbers.record(by, wearer_id, self.number, now)


class ConfirmNumber(Command):
    """A second person has checked that a number is the wearer's."""

    def carry_out(self, by: Person, now: datetime, wearer_id: int, number_id: int) -> None:
        """Confirm it. Raises: NotFound, NotAllowed."""
        numbers.confirm(by, wearer_id, number_id, now)


class TakeBackNumber(Command):
    """A number is not the wearer's."""

    def carry_out(self, by: Person, now: datetime, wearer_id: int, number_id: int) -> None:
        """Take it back. Raises: NotFound, NotAllowed."""
        numbers.take_back(by, wearer_id, number_id, now)


class ShareLocation(Command):
    """What a protected person agreed to: who is to be kept away from them wherever they are, and how far."""

    agreed: Annotated[Literal[True], Ask("Confirm that they themselves have agreed.")] = Field(
        description="They themselves have agreed that their phone says where it is"
    )
    wearers: list[RowId] = Field(min_length=1, max_length=20)
    radius_m: Annotated[float, Field(ge=50, le=5_000), Ask("The distance must be between 50 and 5,000 metres.")] = 200.0
    buffer_m: float = Field(300.0, ge=0, le=5_000)
    label: str = Field("Wherever they are", min_length=1, max_length=80)

    def carry_out(self, by: Person, now: datetime, victim_id: int) -> shared_location.Pairing:
        """Record it, and return the code for their phone. Raises: NotFound, NotAllowed, MovingPlaceAlone."""
        return shared_location.agree(by, victim_id, self.wearers, self.radius_m, self.buffer_m, self.label, now)
