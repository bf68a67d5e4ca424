"""What routes about cases share: the parts of their bodies, and how a case is requested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel

from backend import change_feed, clock, epoch
from backend.cases import followed, viewing
from backend.cases.commands.base import Command
from backend.errors import (
    DomainError,
    InvalidRecord,
    InvalidRequest,
    NeedsConfirmation,
    NotAllowed,
    NotFound,
    NotSignedIn,
)
from backend.models import Person
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.answers import MadeOut
from mobile_api.request_bodies import EPOCH, EpochHeaders, read

bp = Blueprint("cases", __name__)

Body = TypeVar("Body", bound=BaseModel)
SEEN: list[type[DomainError]] = [NotSignedIn, NotAllowed, NotFound, InvalidRequest]
CHANGED: list[type[DomainError]] = [InvalidRecord, NeedsConfirmation]


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
            return created(**_made(view, person, read(body), path))

        return describes(summary, tag=tag, body=body, answer=MadeOut, status=201, errors=[*SEEN, *refusals])(answered)

    return mark


def _made(view: Callable[..., Any], person: Person, body: BaseModel, path: dict[str, Any]) -> dict[str, Any]:
    now = clock.now()
    with change_feed.watched() as alert_ids:
        made = view(person, body, now, **path)
    return answer_of(made, alert_ids, now)


def carry_out(
    name: str,
    rule: str,
    summary: str,
    command: type[Command],
    *refusals: type[DomainError],
    method: str = "POST",
    tag: str = "cases",
    answer: type[BaseModel] | None = MadeOut,
    of_alert: bool = False,
    more: Callable[[], dict[str, Any]] = dict,
) -> None:
    """Make the route that carries out a command, as its body has it; its path says of what.

    ``more`` returns what of this service the command has to know.
    """

    def answered(**path: Any) -> Any:
        # Who asks is known before what they send is read: a stranger learns nothing of the form.
        person = current_person()
        if of_alert:
            epoch.expect(request.headers.get(EPOCH))
        now, asked = clock.now(), read(command)
        with change_feed.watched() as alert_ids:
            made = asked.carry_out(person, now, **path, **more())
        return ("", 204) if answer is None else created(**answer_of(made, alert_ids, now))

    answered.__name__ = name
    described = describes(
        summary,
        tag=tag,
        body=command,
        answer=answer,
        status=204 if answer is None else 201,
        headers=EpochHeaders if of_alert else None,
        errors=[*SEEN, *refusals],
    )(answered)
    bp.add_url_rule(rule, endpoint=name, view_func=described, methods=[method])


def answer_of(made: Any, alert_ids: set[int], now: datetime) -> dict[str, Any]:
    """Return what is answered of a record that was made: its number, what was stored, and what followed."""
    wearer_id = followed.wearer_of(made)
    return {
        "id": made.id,
        "stored": viewing.stored(made),
        "followed": followed.of_change(wearer_id, alert_ids, now) if wearer_id is not None else None,
    }
