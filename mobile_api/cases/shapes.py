"""What routes about cases share: the parts of their bodies, and how a case is requested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, TypeVar

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, Field, StringConstraints

from backend import clock
from backend.errors import (
    DomainError,
    InvalidRecord,
    InvalidRequest,
    NeedsConfirmation,
    NotAllowed,
    NotFound,
    NotSignedIn,
)
from backend.web.openapi import describes
from backend.web.request_checks import Instant
from backend.web.signed_in import current_person, no_store
from mobile_api.request_bodies import read
from mobile_api.schemas import Strict

bp = Blueprint("cases", __name__)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Body = TypeVar("Body", bound=BaseModel)
SEEN: list[type[DomainError]] = [NotSignedIn, NotAllowed, NotFound, InvalidRequest]
CHANGED: list[type[DomainError]] = [InvalidRecord, NeedsConfirmation]


class Because(Strict):
    """Why something is recorded."""

    why: Text


class Dated(Because):
    """Something that is so from an instant on, and why."""

    from_at: Instant


class Documented(Because):
    """Why something is recorded, and from which document."""

    document: str = Field("", max_length=400)


class Correcting(Documented):
    """A value from an instant on; with ``corrects`` the entry of that number, as the history has it, never held."""

    corrects: int | None = Field(None, description="The entry that was recorded in error")


class Reasoned(Documented):
    """A change of the record: why, from which document, and that what it takes away was read and confirmed."""

    is_confirmed: bool = False


class Period(Strict):
    """The dates of an order; without an end it has none."""

    starts_at: Instant
    ends_at: Instant | None = None


class MadeOut(BaseModel):
    """The number of what was recorded."""

    id: int


def plain(value: Any) -> Any:
    """Return a value as JSON has it: instants as text."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def created(**values: Any) -> Response:
    """Answer that something was made."""
    response = no_store(jsonify(**values))
    response.status_code = 201
    return response


def records(
    summary: str, body: type[Body], *refusals: type[DomainError], tag: str = "cases"
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Let a view take who asks, the body and the instant; what it returns is answered by its number."""

    def mark(view: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(view)
        def answered(**path: Any) -> Response:
            # Who asks is known before what they send is read: a stranger learns nothing of the form.
            person = current_person()
            return created(id=view(person, read(body), clock.now(), **path).id)

        return describes(summary, tag=tag, body=body, answer=MadeOut, status=201, errors=[*SEEN, *refusals])(answered)

    return mark
