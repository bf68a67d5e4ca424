"""What a protected person chose to be told by text: shown, changed, confirmed, stopped in one step, or declined."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request

from backend import clock
from backend.cases import contact_details
from backend.channels import OWN_NOTICES
from backend.errors import InvalidRecord
from backend.models import Consent, OwnPage
from backend.own_pages.words import offered
from backend.people import consent, numbers
from backend.people.wordings import QUESTIONS
from backend.web.own_pages.layout import bp, chosen, go, local, page, refused, show
from backend.web.signed_in import settings


def _mine() -> OwnPage:
    mine = page()
    assert mine is not None
    return mine


def clock_of(minutes: int | None) -> str:
    """Return minutes of the day as a form shows them."""
    return "" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


def values_of(agreed: Consent | None) -> dict[str, str]:
    """Return what was chosen, as a form shows it."""
    if agreed is None:
        return {}
    words = {one.name: getattr(agreed, one.name) or "" for one in QUESTIONS}
    hours = {"hours_from": clock_of(agreed.hours_from), "hours_until": clock_of(agreed.hours_until)}
    own = {}
    for use, terms in (agreed.by_use or {}).items():
        own[f"{use}_from"] = clock_of(terms.get("hours_from"))
        own[f"{use}_until"] = clock_of(terms.get("hours_until"))
        own[f"{use}_sender"] = terms.get("sender", "")
    more = {"help_word": agreed.help_word or "", "sender": agreed.sender or "", "language": agreed.language or ""}
    return {**words, **hours, **own, **more}


@bp.get("/messages")
@chosen
def messages() -> Response:
    """Show which texts reach them, and the one step that ends them all."""
    mine = _mine()
    agreed = consent.sms_consent(mine.victim)
    return show(
        "messages",
        agreed=agreed,
        given_at=local(agreed.given_at) if agreed else "",
        values=values_of(agreed),
        questions=QUESTIONS,
        is_due=bool(agreed and consent.is_due(agreed, clock.now())),
        is_proved=numbers.is_proved(mine.victim),
        has_declined=contact_details.has_declined(mine.victim, clock.now()),
    )


@bp.post("/messages")
@chosen
def decide() -> Response:
    """Stop all texts, say that all is still right, or decline them, each in one step."""
    mine, now, act = _mine(), clock.now(), request.form.get("act", "")
    agreed = consent.sms_consent(mine.victim)
    if act == "stop":
        contact_details.stop_themselves(mine.victim, now)
    elif act == "confirm":
        # Texts and notices are asked about at once.
        for one in filter(None, (agreed, consent.standing(mine.victim, OWN_NOTICES))):
            consent.confirm(one, f"victim:{mine.victim_id}", now)
    elif act == "decline":
        contact_details.decline_themselves(mine.victim, request.form.get("why", ""), now)
    return go("own_pages.messages")


@bp.get("/messages/words")
@chosen
def choose_words() -> Response:
    """Ask the questions about texts."""
    return _ask(values_of(consent.sms_consent(_mine().victim)))


def _ask(values: Mapping[str, str], error: str | None = None) -> Response:
    senders = settings().senders_of_texts()
    return show(
        "words",
        422 if error else 200,
        questions=QUESTIONS,
        values=values,
        senders=senders,
        languages=offered(),
        error=error,
    )


@bp.post("/messages/words")
@chosen
def keep_words() -> Response:
    """Keep what they chose; what they chose before is kept as an earlier version."""
    try:
        contact_details.choose_themselves(
            _mine().victim, request.form, clock.now(), senders=settings().senders_of_texts()
        )
    except InvalidRecord as error:
        return _ask(request.form, refused(error))
    return go("own_pages.messages")
