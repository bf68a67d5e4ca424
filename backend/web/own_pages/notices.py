"""Notices on a protected person's own phone: turned on in this browser, in their words, and off with one tap."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request

from backend import clock, push_subscriptions
from backend.cases import contact_details
from backend.channels import OWN_NOTICES
from backend.errors import InvalidRecord, InvalidRequest
from backend.own_pages.looks import LOOKS
from backend.own_pages.words import text
from backend.people import consent, notices
from backend.people.wordings import ON_THEIR_PHONE
from backend.web.own_pages.layout import bp, chosen, go, page, refused, show
from backend.web.own_pages.messages import values_of
from backend.web.signed_in import settings

LONGEST_ENDPOINT = 1_000


@bp.get("/notices")
@chosen
def show_notices() -> Response:
    """Show what this phone shows of itself, and ask for it."""
    mine = page()
    assert mine is not None
    return _ask(values_of(consent.standing(mine.victim, OWN_NOTICES)))


def _ask(values: Mapping[str, str], error: str | None = None) -> Response:
    mine = page()
    assert mine is not None
    agreed = consent.standing(mine.victim, OWN_NOTICES)
    return show(
        "notices",
        422 if error else 200,
        agreed=agreed,
        is_on=bool(agreed) and notices.is_live(mine),
        questions=ON_THEIR_PHONE,
        guises=LOOKS,
        values=values,
        key=push_subscriptions.public_key(settings()),
        error=error,
    )


@bp.post("/notices")
@chosen
def keep_notices() -> Response:
    """Turn them on in this browser, in these words, or off."""
    mine, now, form = page(), clock.now(), request.form
    assert mine is not None
    if form.get("act") == "off":
        contact_details.stop_notices(mine.victim, now)
        return go("own_pages.show_notices")
    endpoint = form.get("endpoint", "")
    keys = {"p256dh": form.get("p256dh", ""), "auth": form.get("auth", "")}
    try:
        if endpoint:
            if len(endpoint) > LONGEST_ENDPOINT:
                raise InvalidRequest("The address is too long.")
            push_subscriptions.check(endpoint, keys, settings().public_url)
        elif not notices.is_live(mine):
            return _ask(form, text(mine.language, "notices_not_here"))
        contact_details.choose_notices(mine.victim, form, now, guises=tuple(LOOKS))
    except InvalidRequest:
        # What exactly is wrong with it says nothing to them.
        return _ask(form, text(mine.language, "notices_not_here"))
    except InvalidRecord as error:
        return _ask(form, refused(error))
    if endpoint:
        notices.register(mine, endpoint, keys, now)
    return go("own_pages.show_notices")
