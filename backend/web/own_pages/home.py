"""What a protected person sees behind their passcode: how it stands, their calls for help, and that they are safe."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from backend import clock
from backend.errors import InvalidRecord
from backend.models import Handling, HelpCall, OwnPage
from backend.own_pages import help_calls, places, sessions, status
from backend.own_pages.sessions import Opened
from backend.people import consent
from backend.web.own_pages.layout import SESSION, bp, chosen, go, keep, local, page, refused, show


def show_home(mine: OwnPage) -> Response:
    """Show how it stands, in plain words or in the words that they chose."""
    agreed = consent.sms_consent(mine.victim)
    return show(
        "home",
        is_due=bool(agreed and consent.is_due(agreed, clock.now())),
        lines=_status_lines(mine),
        calls=_call_lines(help_calls.shown(mine.victim)),
    )


def _status_lines(mine: OwnPage) -> list[tuple[str, dict[str, str]]]:
    """Return the keys of the sentences with what is filled in."""
    now = status.of(mine.victim, clock.now(), mine.victim.least_gap_min)
    prefix = "coded_" if mine.status_words == "coded" else ""
    filled = {} if now.checked_at is None else {"at": local(now.checked_at)}
    if now.is_watched:
        return [(f"{prefix}watched", filled)]
    if now.is_short_gap:
        return [(f"{prefix}checked", filled)]
    first = f"{prefix}{'not_watched' if filled else 'never_watched'}"
    return [(first, filled), (f"{prefix}{'officer_knows' if now.is_known else 'officer_checks'}", {})]


def _call_lines(calls: list[HelpCall]) -> list[tuple[str, dict[str, Any]]]:
    """Return each call; of the newest how it stands now, and never that a person acts before or after it is so."""
    lines: list[tuple[str, dict[str, Any]]] = [("call_line", {"at": local(call.at)}) for call in calls]
    alert = calls[0].alert if calls else None
    if alert is None:
        return lines
    at = lines[0][1]
    if alert.handling == Handling.CLOSED:
        lines[0] = ("call_closed", at)
    elif alert.handling == Handling.ACKNOWLEDGED and alert.acknowledged_at is not None:
        lines[0] = ("call_taken", {**at, "taken": local(alert.acknowledged_at)})
    else:
        lines[0] = ("call_waiting", at)
    return lines


@bp.get("/places")
@chosen
def show_places() -> Response:
    """Show what their places are called, and ask what should change."""
    return _places()


def _places(error: str | None = None, sent: bool = False) -> Response:
    mine = page()
    assert mine is not None
    return show(
        "places",
        422 if error else 200,
        places=places.of(mine.victim),
        asked=places.latest(mine.victim),
        at=local,
        kinds=places.KINDS,
        values=request.form if error else {},
        error=error,
        is_sent=sent,
    )


@bp.post("/places")
@chosen
def ask_for_place() -> Response:
    """Bring what they ask for to their officer."""
    mine = page()
    assert mine is not None
    try:
        form = request.form
        places.ask(
            mine.victim,
            form.get("kind", ""),
            form.get("words", ""),
            clock.now(),
            from_day=form.get("from_day", ""),
            until_day=form.get("until_day", ""),
        )
    except InvalidRecord as error:
        return _places(refused(error))
    return _places(sent=True)


@bp.get("/call")
@chosen
def ask_call() -> Response:
    """Ask when a call is safe."""
    return show("call", error=None, is_sent=False)


@bp.post("/call")
@chosen
def send_call() -> Response:
    """Bring to their officer when a call is safe."""
    mine = page()
    assert mine is not None
    try:
        places.ask(mine.victim, "call", request.form.get("words", ""), clock.now())
    except InvalidRecord as error:
        return show("call", 422, error=refused(error), is_sent=False)
    return show("call", error=None, is_sent=True)


@bp.get("/ok")
@chosen
def ask_safe() -> Response:
    """Ask for the passcode with which they say that they are safe."""
    return show("safe", error=None)


@bp.post("/ok")
@chosen
def say_safe() -> Response:
    """Take that they are safe, or the second passcode: the answer is the same to the byte."""
    mine = page()
    assert mine is not None
    opened, secret = sessions.say_safe(mine, request.form.get("phrase", ""), clock.now())
    if opened in (Opened.WRONG, Opened.LOCKED):
        return show("safe", 422, error=str(opened))
    return keep(go("own_pages.door"), SESSION, secret)
