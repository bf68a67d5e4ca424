"""The neutral page that a phone opens by itself: passcode, the button that rings, and the code of an invitation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, request, url_for

from backend import clock
from backend.own_pages import help_calls, invitations, sessions
from backend.own_pages.help_calls import How
from backend.own_pages.invitations import InvitationOver
from backend.own_pages.looks import DEFAULT, LOOKS
from backend.own_pages.sessions import Opened
from backend.own_pages.words import SOURCE
from backend.web.own_pages import home
from backend.web.own_pages.layout import (
    PHONE,
    PHONE_LASTS_S,
    SESSION,
    bp,
    go,
    keep,
    local,
    look_in,
    page,
    session,
    show,
)
from backend.web.request_reading import OWN_PAGES

# How long after a call the page that says so can be shown without the passcode.
SAID_FOR = timedelta(minutes=10)


@bp.get("")
def door() -> Response:
    """Show the neutral page, or what is behind it while it is open."""
    mine, held = page(), session()
    if mine is None:
        return show("nothing")
    if held is not None and held.is_decoy:
        return show("decoy")
    if held is not None:
        return go("own_pages.choose_pin") if mine.pin_hash is None else home.show_home(mine)
    return show("door", error=None)


@bp.post("")
def enter() -> Response:
    """Take the passcode, or the second one, which looks as if there were nothing here."""
    mine = page()
    if mine is None:
        return go("own_pages.door")
    opened, secret = sessions.enter(mine, request.form.get("phrase", ""), clock.now())
    if opened in (Opened.WRONG, Opened.LOCKED):
        return show("door", 422, error=str(opened))
    return keep(go("own_pages.door"), SESSION, secret)


@bp.post("/n")
def call_for_help() -> Response:
    """Ring, whether or not the page is open or locked, and say that it was sent once that is so."""
    mine = page()
    if mine is None:
        return go("own_pages.door")
    words = request.form.get("words", "")
    help_calls.ring(mine.victim, How.WORDS if words.strip() else How.BUTTON, words, clock.now())
    if request.headers.get("X-Quiet"):
        return Response(local(clock.now()), mimetype="text/plain")
    return go("own_pages.sent")


@bp.get("/sent")
def sent() -> Response:
    """Say when the newest call was sent; nothing of what came of it, which is behind the passcode."""
    mine = page()
    call = help_calls.newest_open(mine.victim, clock.now() - SAID_FOR) if mine else None
    if call is None:
        return go("own_pages.door")
    return show("sent", at=local(call.at))


@bp.get("/a/<link>")
def invitation(link: str) -> Response:
    """Ask for the code that came with a link; whether there is such an invitation is not told."""
    return show("code", link=link[:40], error=None)


@bp.post("/a/<link>")
def take_up(link: str) -> Response:
    """Let this phone open the page from now on, and go on to choosing a passcode."""
    from_now = clock.now()
    try:
        mine, secret = invitations.accept(link[:40], request.form.get("code", "")[:40], from_now)
    except InvitationOver:
        return show("code", 422, link=link[:40], error="code_wrong")
    response = keep(go("own_pages.choose_pin"), PHONE, secret, PHONE_LASTS_S)
    return keep(response, SESSION, sessions.begin_first(mine, from_now))


@bp.post("/a/<link>/no")
def not_theirs(link: str) -> Response:
    """End an invitation that reached someone else; the answer is the same where there is none."""
    invitations.refuse_as_not_theirs(link[:40], clock.now())
    return go("own_pages.door")


@bp.post("/close")
def close() -> Response:
    """Close the page: the passcode is asked for again."""
    mine = page()
    if mine is not None:
        sessions.close(mine, clock.now())
    return go("own_pages.door")


@bp.get("/m")
def manifest() -> Any:
    """Return how the page is called and looks on a home screen."""
    mine = page()
    name = mine.look if mine is not None and mine.look in LOOKS else DEFAULT
    look = look_in(mine.language if mine else SOURCE, name)
    icon = {"src": url_for("own_pages.static", filename=f"{name}.svg"), "sizes": "any", "type": "image/svg+xml"}
    return {
        "name": look.name,
        "short_name": look.name,
        "start_url": OWN_PAGES,
        "scope": OWN_PAGES,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": look.colour,
        "icons": [icon],
    }
