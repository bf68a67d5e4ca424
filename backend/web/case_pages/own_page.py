"""The officer's side of a protected person's own page: invite, read out, unlock, end."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from backend import audit, clock
from backend.access import access_wearer
from backend.cases import protected_people
from backend.cases.commands.numbers import AgreeToTexts, by_use_of
from backend.channels import OWN_NOTICES, OWN_TEXTS
from backend.errors import DomainError
from backend.models import Consent
from backend.own_pages import invitations, places, tag_play
from backend.own_pages.invitations import Invitation
from backend.own_pages.words import text
from backend.people import consent, notices
from backend.people.wordings import QUESTIONS
from backend.web.case_pages.layout import STAFF, bp, refusable, try_to
from backend.web.forms import build, keep_version, number_chosen, pressed, visitor
from backend.web.own_pages.messages import values_of
from backend.web.request_reading import OWN_PAGES
from backend.web.signed_in import page_for, settings


@bp.get("/cases/<int:wearer_id>/victims/<int:victim_id>/page")
@page_for(*STAFF)
@refusable
def own_page(wearer_id: int, victim_id: int) -> Any:
    return _show(wearer_id, victim_id)


def _show(
    wearer_id: int, victim_id: int, error: DomainError | None = None, made: Invitation | None = None, said: str = ""
) -> str:
    person, now = visitor(), clock.now()
    access_wearer(person, wearer_id, now)
    keep_version(audit.newest_of_case(wearer_id)[0])
    victim = protected_people.of_case(wearer_id, victim_id)
    agreed = consent.sms_consent(victim)
    in_use = invitations.in_use(victim)
    return render_template(
        "case/own_page.html",
        person=person,
        wearer_id=wearer_id,
        victim=victim,
        in_use=in_use,
        is_locked=bool(in_use and in_use.locked_until and in_use.locked_until > now),
        invited=invitations.invited(victim, now),
        made=made,
        link=f"{_address()}/a/{made.link}" if made else "",
        address=_address(),
        can_text=bool(agreed and settings().has_neutral_host()),
        values=request.form,
        agreed=agreed,
        answers=request.form if pressed() == "agree" else values_of(agreed),
        questions=QUESTIONS,
        senders=sender_items(),
        asked=places.unanswered(victim),
        kinds_asked=places.KINDS,
        play=tag_play.seen_of(wearer_id, now),
        gap_items=[{"value": str(key), "text": called} for key, called in tag_play.GAPS_MIN.items()],
        versions=consent.versions(victim),
        on_phone=consent.standing(victim, OWN_NOTICES),
        own_notices=OWN_NOTICES,
        is_shown=bool(notices.live(victim)),
        is_due=bool(agreed and consent.is_due(agreed, now)),
        say=lambda key, **more: text("en", key, **more),
        error=error,
        said=said,
    )


def sender_items() -> list[dict[str, str]]:
    """Return the senders that can be chosen, as a form lists them."""
    return [{"value": one, "text": one} for one in settings().senders_of_texts()]


def agree_to_texts(wearer_id: int, victim_id: int) -> Consent:
    """Record what the form of this page holds. Raises: InvalidRecord and its kinds."""
    asked = build(AgreeToTexts, by_use=by_use_of(request.form))
    return asked.carry_out(visitor(), clock.now(), wearer_id, victim_id, senders=settings().senders_of_texts())


def _address() -> str:
    return f"{settings().own_pages_address()}{OWN_PAGES}"


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/page")
@page_for(*STAFF)
@refusable
def keep_own_page(wearer_id: int, victim_id: int) -> Any:
    """Make a link and a code, let the passcode be tried again, or close the page to every phone."""
    person, now, act = visitor(), clock.now(), pressed()
    access_wearer(person, wearer_id, now)
    protected_people.of_case(wearer_id, victim_id)

    def again(error: DomainError) -> str:
        return _show(wearer_id, victim_id, error)

    if act == "unlock":
        return try_to(
            lambda: invitations.unlock(person, victim_id, now),
            lambda _: _show(wearer_id, victim_id, said="The passcode can be tried again."),
            again,
        )
    if act == "end":
        return try_to(
            lambda: invitations.end(person, victim_id, now),
            lambda _: _show(wearer_id, victim_id, said="No phone opens their page any more."),
            again,
        )
    if act == "rule":
        return try_to(
            lambda: tag_play.set_rule(person, victim_id, number_chosen("least_gap_min") or 0, now),
            lambda _: _show(wearer_id, victim_id, said="They hear of gaps as you agreed."),
            again,
        )
    if act == "agree":
        return try_to(
            lambda: agree_to_texts(wearer_id, victim_id),
            lambda _: _show(wearer_id, victim_id, said="Recorded. Texts go in these words from now on."),
            again,
        )
    if act == "confirm":
        held = consent.sms_consent(protected_people.of_case(wearer_id, victim_id))
        if held is not None:
            consent.confirm(held, audit.actor_of(person), now)
        return _show(wearer_id, victim_id, said="Recorded that it is still right.")
    if act == "stop":
        consent.withdraw(protected_people.of_case(wearer_id, victim_id), OWN_TEXTS, audit.actor_of(person), now)
        return _show(wearer_id, victim_id, said="All texts to them have stopped. Alerts to officers go on.")
    text_to = f"{_address()}/a/" if pressed("by_text") == "yes" and settings().has_neutral_host() else ""
    return try_to(
        lambda: invitations.invite(person, victim_id, pressed("asked_how"), now, text_to=text_to),
        lambda made: _show(wearer_id, victim_id, made=made),
        again,
    )
