"""Commands of licences and orders: recorded, varied, their conditions, and whether they may ask for a tag."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from backend.bounds import Instant
from backend.cases import eligibility, writing
from backend.cases.commands.base import (
    Ask,
    Command,
    Correcting,
    Dated,
    Name,
    Reasoned,
    RowId,
    Text,
    Versioned,
)
from backend.cases.commands.opening import Condition as WordsOfOrder
from backend.cases.commands.opening import FirstOfOrder, LastOfOrder, OrderKind, Reference
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import FirstDay, LastDay
from backend.cases.writing import lock_cases
from backend.db import atomic
from backend.models import Condition, Fact, Order, Person
from backend.record import reading
from backend.record.facts import Terms
from backend.record.timeline import Case


class OpenOrder(Reasoned):
    """A further order of a wearer; without an end it has none."""

    kind: OrderKind
    reference: Reference
    starts_at: FirstOfOrder
    ends_at: LastOfOrder = None
    condition: Text | None = Field(None, description="Its first condition in the words of the order")

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> Order:
        """Record the order. Raises: NotFound, NotAllowed; InvalidRecord for dates that contradict each other."""
        return writing.open_order(
            by,
            wearer_id,
            self.kind,
            self.reference,
            Terms(self.starts_at, self.ends_at),
            now,
            why=self.why,
            document=self.document,
            conditions=(("1", self.condition),) if self.condition else (),
        )


class VaryOrder(Reasoned, Dated, Versioned):
    """What changes of an order's terms from an instant on; what is left out stays as it is.

    ``corrects`` names an entry that was wrong all along: then what is left out stays as that entry had it.
    """

    starts_at: Annotated[
        Instant | None, FirstDay("starts_on"), Ask("Enter the first day as a day, a month and a year.")
    ] = None
    ends_at: Annotated[Instant | None, LastDay("ends_on"), Ask("Enter the last day as a day, a month and a year.")] = (
        None
    )
    removes_end: bool = Field(False, description="The order has no end from then on")
    is_suspended: bool | None = Field(None, description="Whether it is suspended from then on")
    corrects: RowId | None = Field(None, description="The entry that was recorded in error")

    @model_validator(mode="after")
    def _says_one_thing_of_its_end(self) -> Self:
        if self.removes_end and self.ends_at is not None:
            raise ValueError("Enter another last day, or say that the order has no end any more: not both.")
        return self

    @changes("order", "terms_entered")
    def carry_out(self, by: Person, now: datetime, order_id: int) -> Fact:
        """Vary the order. Raises: NotFound, NotAllowed, InvalidRecord, NeedsConfirmation; Stale."""
        order = writing.access_order(by, order_id, now)
        with atomic():
            lock_cases(order.wearer_id)
            case = reading.case(order.wearer_id)
            return writing.vary_order(
                by,
                order_id,
                self._terms(self._held(case, order_id, now)),
                self.from_at,
                now,
                why=self.why,
                document=self.document,
                corrects=self.corrects,
                is_confirmed=self.is_confirmed,
            )

    def _held(self, case: Case, order_id: int, now: datetime) -> Terms:
        wrong = next((one for one in case.orders.get(order_id, []) if one.id == self.corrects), None)
        if wrong is not None:
            return wrong.value
        return case.terms_at(order_id, self.from_at) or writing.current_terms(order_id, now)

    def _terms(self, held: Terms) -> Terms:
        ends_at = None if self.removes_end else self.ends_at or held.ends_at
        return Terms(
            self.starts_at or held.starts_at,
            ends_at,
            held.is_suspended if self.is_suspended is None else self.is_suspended,
            held.end_reason if ends_at == held.ends_at else None,
            held.protected_until if ends_at == held.ends_at else None,
        )


class AddCondition(Versioned):
    """A condition in the words of the order."""

    number: Annotated[Name, Ask("Enter the number of the condition.")]
    wording: WordsOfOrder
    from_at: Instant
    corrects: RowId | None = Field(None, description="The condition that was recorded in error; then say why")
    why: str = Field("", max_length=4_000)
    document: str = Field("", max_length=400)

    @changes("order", "condition_entered")
    def carry_out(self, by: Person, now: datetime, order_id: int) -> Condition:
        """Record the condition. Raises: NotFound, NotAllowed; InvalidRecord for a correction without a reason."""
        more = self.model_dump(include={"corrects", "why", "document"})
        return writing.add_condition(by, order_id, self.number, self.wording, self.from_at, now, **more)


class Facts(Command):
    """What has to be true before the order may ask for a tag; null where it is not known."""

    is_adult: bool | None
    is_high_risk: bool | None
    is_domestic_abuse: bool | None
    has_accommodation: bool | None


class StateEligibility(Correcting, Dated, Versioned):
    """Whether the wearer may be tagged by an order, from an instant on."""

    facts: Facts

    @changes("order", "eligibility_entered")
    def carry_out(self, by: Person, now: datetime, order_id: int) -> Fact:
        """State it. Raises: NotFound, NotAllowed, InvalidRecord."""
        more = self.model_dump(include={"why", "document", "corrects"})
        return eligibility.state(by, order_id, self.facts.model_dump(), self.from_at, now, **more)
