"""The page for the police: one alert, opened with a code that an officer reads out, on one device, for one hour."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from backend import clock, location_words, police_brief, police_codes, queries
from backend.errors import NotFound, TooManyAttempts, WrongCredentials
from backend.web.forms import text_of
from backend.web.sign_in_limits import guess
from backend.web.signed_in import no_store, settings

bp = Blueprint("police_pages", __name__)

COOKIE = "cordon_police"


def _entry(error: str = "", status: int = 200) -> Any:
    response = make_response(render_template("police/code.html", error=error), status)
    return no_store(response)


@bp.get("/police")
def code() -> Any:
    return _entry()


@bp.post("/police")
def open_alert() -> Any:
    """Take a code; a wrong one counts against the address it came from."""
    now = clock.now()
    try:
        with guess("police-code"):
            token = police_codes.open_with(text_of("code"), settings().signing_key(), now)
    except WrongCredentials as error:
        return _entry(error.detail, 422)
    except TooManyAttempts as error:
        response = _entry("Too many wrong codes came from this network. Wait, and try again.", error.status)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    response = redirect(url_for("police_pages.alert"))
    response.set_cookie(
        COOKIE,
        token,
        max_age=police_codes.GOOD_FOR,
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
        path=url_for("police_pages.code"),
    )
    return response


@bp.get("/police/alert")
def alert() -> Any:
    """Show the alert as it is now: the page loads itself anew."""
    now = clock.now()
    try:
        found, row = police_codes.alert_of(request.cookies.get(COOKIE, ""), settings().signing_key(), now)
    except NotFound as error:
        return _entry(error.detail, 404)
    where = location_words.whereabouts(found, queries.track_of(found, now), now)
    caller = f"{row.made_by.name}, probation service, {row.made_by.team.name}, gave this code"
    page = render_template(
        "police/alert.html",
        lines=police_brief.brief_of(found, where, caller, now),
        where=where,
        now=now,
        until_at=row.until_at,
    )
    return no_store(make_response(page))


@bp.post("/police/leave")
def leave() -> Any:
    """Forget the alert on this device."""
    response = redirect(url_for("police_pages.code"))
    response.delete_cookie(COOKIE, path=url_for("police_pages.code"))
    return response
