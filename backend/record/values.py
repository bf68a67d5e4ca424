"""The value of each kind of fact, as one pydantic model a kind: checked as it is entered and as it is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StrictBool,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)

from backend.errors import InvalidRecord
from backend.vocabulary import What


def _aware(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Instant = Annotated[StrictStr, AfterValidator(_aware)]


class Value(BaseModel):
    """What all values share: nothing in them is unknown."""

    model_config = ConfigDict(extra="forbid")


class TermsValue(Value):
    """An order's dates as the court gave them, whether the order is suspended, and a grace of protection after it."""

    starts_at: Instant
    ends_at: Instant | None = None
    is_suspended: StrictBool = False
    end_reason: StrictStr | None = None
    protected_until: Instant | None = None


class MonitoringStatusValue(Value):
    """Whether the wearer is monitored, and why not."""

    state: Literal["active", "suspended", "ended"]
    reason: StrictStr | None = None
    expected_end_at: Instant | None = None
    # The alert that led to the end.
    alert_id: StrictInt | None = None


class OfficerValue(Value):
    """Who is responsible for a case."""

    person: StrictInt | None


class CoverValue(Value):
    """Who covers for the absent one; None where no one does."""

    by: StrictInt | None


class RiskValue(Value):
    """The risk that a wearer is assessed at."""

    risk: StrictStr


class IdentityValue(Value):
    """Who a wearer is in other systems; null where it is not known."""

    crn: StrictStr | None
    date_of_birth: Annotated[StrictStr, AfterValidator(_day)] | None


class SafetyPlanValue(Value):
    """What was agreed to do when the wearer comes near; empty where there is no plan any more."""

    text: StrictStr


class RestrictedValue(Value):
    """To whom a case is open; None for the whole team."""

    people: list[StrictInt] | None


class ApprovalValue(Value):
    """What was decided on a zone that was drawn in a hurry."""

    is_approved: StrictBool


class ActivationValue(Value):
    """Which tag was fitted or, with an instant, taken off."""

    serial: StrictStr
    to_at: Instant | None


class ProtectedValue(Value):
    """Whether a person is protected in a case."""

    victim: StrictInt
    is_protected: StrictBool


class ReachedValue(Value):
    """Through whom a child is reached."""

    victim: StrictInt
    through: StrictInt | None


class RecallValue(Value):
    """That the wearer is recalled to prison, and the alert that led to it."""

    alert_id: StrictInt


class DeclinedValue(Value):
    """Whether a protected person wants no warnings."""

    is_declined: StrictBool


VALUES: Mapping[str, TypeAdapter[Any]] = {
    What.TERMS: TypeAdapter(TermsValue),
    What.MONITORING_STATUS: TypeAdapter(MonitoringStatusValue),
    What.OFFICER: TypeAdapter(OfficerValue),
    What.COVER: TypeAdapter(CoverValue),
    What.TEAM: TypeAdapter(StrictInt),
    What.NAME: TypeAdapter(StrictStr),
    What.IDENTITY: TypeAdapter(IdentityValue),
    What.RISK: TypeAdapter(RiskValue),
    What.SAFETY_PLAN: TypeAdapter(SafetyPlanValue),
    What.ELIGIBILITY: TypeAdapter(dict[StrictStr, StrictBool | None]),
    What.RESTRICTED: TypeAdapter(RestrictedValue),
    What.APPROVAL: TypeAdapter(ApprovalValue),
    What.ACTIVATION: TypeAdapter(ActivationValue),
    What.NUMBER: TypeAdapter(StrictStr),
    What.PROTECTED: TypeAdapter(ProtectedValue),
    What.REACHED: TypeAdapter(ReachedValue),
    What.DECLINED: TypeAdapter(DeclinedValue),
    What.RECALL: TypeAdapter(RecallValue),
}


def check(what: What, value: Any) -> None:
    """Raises: InvalidRecord for a value that a fact of this kind cannot have."""
    if not is_readable(what, value):
        raise InvalidRecord("The record cannot hold this value.")


def is_readable(what: str, value: Any) -> bool:
    """Tell whether a fact of this kind can have this value; of an unknown kind none can."""
    known = VALUES.get(what)
    try:
        if known is None:
            return False
        known.validate_python(value)
    except (ValidationError, OverflowError):
        return False
    return True
