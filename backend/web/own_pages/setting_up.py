"""How a protected person sets up their own page: the passcode, a second one, and how it looks to others."""

from __future__ import annotations

from flask import Response, request

from backend import clock
from backend.errors import InvalidRecord
from backend.own_pages import invitations, sessions
from backend.own_pages.looks import HELP_LABELS, LOOKS, STATUS_WORDS
from backend.own_pages.sessions import Opened
from backend.own_pages.words import offered, text
from backend.web.own_pages.layout import SESSION, bp, chosen, go, keep, opened_only, page, refused, show


@bp.get("/start")
@opened_only
def choose_pin() -> Response:
    """Ask for the passcode."""
    return show("passcode", error=None)


@bp.post("/start")
@opened_only
def keep_pin() -> Response:
    """Keep the passcode and the second one."""
    mine = page()
    assert mine is not None
    is_first, renewed = mine.pin_hash is None, ""
    if not is_first:
        # A person who finds it open must not take it over.
        opened, secret = sessions.enter(mine, request.form.get("current", ""), clock.now())
        if opened in (Opened.WRONG, Opened.LOCKED):
            return show("passcode", 422, error=text(mine.language, str(opened)))
        if opened is Opened.DECOY:
            return keep(go("own_pages.door"), SESSION, secret)
        renewed = secret
    try:
        sessions.choose_phrases(
            mine,
            request.form.get("pin", ""),
            request.form.get("again", ""),
            request.form.get("second", ""),
            clock.now(),
        )
    except InvalidRecord as error:
        return _held(show("passcode", 422, error=refused(error)), renewed)
    return _held(go("own_pages.choose_look" if is_first else "own_pages.door"), renewed)


def _held(response: Response, secret: str) -> Response:
    return keep(response, SESSION, secret) if secret else response


@bp.get("/look")
@chosen
def choose_look() -> Response:
    """Ask how the page is to look."""
    return _show_look()


def _show_look(error: str | None = None) -> Response:
    status = 422 if error else 200
    return show(
        "look",
        status,
        looks=LOOKS,
        labels=HELP_LABELS,
        statuses=STATUS_WORDS,
        languages=offered(),
        error=error,
    )


@bp.post("/look")
@chosen
def keep_look() -> Response:
    """Let the page look like that from now on."""
    mine = page()
    assert mine is not None
    form = request.form
    try:
        invitations.choose_look(
            mine,
            form.get("look", ""),
            form.get("help_label", ""),
            form.get("status_words", ""),
            clock.now(),
            language=form.get("language", ""),
        )
    except InvalidRecord as error:
        return _show_look(refused(error))
    return go("own_pages.door")
