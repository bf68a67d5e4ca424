"""The command that opens a case from nothing: everything that the first judged fix needs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from backend.bounds import Instant
from backend.cases.commands.base import Ask, Command, Name, RowId, Text
from backend.cases.commands.identity_fields import BirthDate, Crn
from backend.cases.commands.typed import FirstDay, LastDay, Named
from backend.record.zone_geojson import keeps_in

OrderKind = Annotated[
    Literal["dapol", "dapo", "bail", "other"], Ask("Choose the kind of order: dapol, dapo, bail or other.")
]
FirstOfOrder = Annotated[
    Instant, FirstDay("starts_on"), Ask("Enter the first day of the order as a day, a month and a year.")
]
LastOfOrder = Annotated[
    Instant | None, LastDay("ends_on"), Ask("Enter the last day of the order as a day, a month and a year.")
]
Condition = Annotated[Text, Ask("Enter the condition in the words of the order.")]
Reference = Annotated[Name, Ask("Enter the reference of the order.")]


class OpenCase(Command):
    """Everything that the first judged fix needs: wearer, protected person, place, order, zone and tag."""

    wearer: Annotated[Name, Ask("Enter the name of the person on probation.")]
    crn: Crn = None
    date_of_birth: BirthDate = None
    victim_id: Annotated[RowId | None, Named("who")] = Field(
        None, description="A person who is recorded already, instead of a new name; their number stays as it is"
    )
    victim: Annotated[
        str | None,
        StringConstraints(strip_whitespace=True, max_length=200),
        Ask("Enter the name of the protected person."),
    ] = Field(None, validate_default=True)
    is_another: bool = Field(False, description="A person of this name is recorded, and this is another person")
    victim_phone: str | None = None
    place: Annotated[Name, Ask("Enter a name for the place that colleagues will know.")]
    kind: OrderKind
    reference: Reference
    starts_at: FirstOfOrder
    ends_at: LastOfOrder = None
    condition: Condition
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    serial: Annotated[Name, Ask("Enter the serial of the tag.")]
    why: str = Field("The case was opened.", max_length=4_000)
    document: str = Field("", max_length=400)
    is_confirmed: bool = False

    @field_validator("ends_at")
    @classmethod
    def _ends_after_it_starts(cls, ends_at: datetime | None, info: ValidationInfo) -> datetime | None:
        starts_at = info.data.get("starts_at")
        if ends_at is not None and starts_at is not None and ends_at <= starts_at:
            raise PydanticCustomError("too_early", "The order must end after it starts.")
        return ends_at

    @field_validator("victim")
    @classmethod
    def _is_named_or_recorded(cls, name: str | None, info: ValidationInfo) -> str | None:
        if not name and info.data.get("victim_id") is None:
            raise PydanticCustomError("missing", "Enter the name of the protected person.")
        return name

    @property
    def victim_name(self) -> str:
        """The name of the protected person, empty where they are given by their number."""
        return self.victim or ""


class NewCondition(Command):
    """A condition and its zone: at a place that is known, or at a new one of a protected person or of the wearer."""

    order_id: Annotated[RowId, Named("order"), Ask("Choose the order that the condition is of.")]
    number: str = Field("", max_length=200)
    wording: Annotated[Text, Ask("Write the condition in the words of the order.")]
    place_id: RowId | None = None
    zone: dict[str, Any] = Field(description="GeoJSON Feature; a new place of one to stay in is the wearer's")
    victim_id: Annotated[RowId | None, Named("victim")] = Field(
        None, validate_default=True, description="Whom a new place protects; of one to stay in, no one"
    )
    place: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = Field("", validate_default=True)
    from_at: Instant
    why: Annotated[Text, Ask("Enter why.")]
    document: str = Field("", max_length=400)
    is_confirmed: bool = False

    @field_validator("victim_id")
    @classmethod
    def _protects_someone(cls, victim_id: int | None, info: ValidationInfo) -> int | None:
        is_of_wearer = keeps_in(info.data.get("zone"))
        if victim_id is None and info.data.get("place_id") is None and not is_of_wearer:
            raise PydanticCustomError("missing", "Choose whom the place protects.")
        return victim_id

    @field_validator("place")
    @classmethod
    def _is_at_a_place(cls, place: str, info: ValidationInfo) -> str:
        if not place and info.data.get("place_id") is None:
            raise PydanticCustomError(
                "missing", "Choose a place, or enter a name for a new one that colleagues will know."
            )
        return place
