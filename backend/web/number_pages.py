"""The page on which members of staff verify their own phone number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from backend import channels, clock
from backend.errors import DomainError, InvalidRecord
from backend.models import Person, Role
from backend.people import contact_routes, numbers
from backend.web.signed_in import page_for, page_visitor, settings

bp = Blueprint("number_pages", __name__)

EVERYBODY = tuple(Role)


def _person() -> Person:
    visitor = page_visitor()
    assert visitor is not None
    return visitor.person


def _page(error: DomainError | None = None) -> str:
    person, now = _person(), clock.now()
    code = numbers.newest_code(person)
    return render_template(
        "number.html",
        person=person,
        error=error,
        ending=numbers.ending(person.phone) if person.phone else "",
        standing=numbers.standing(person, now).value,
        proof=numbers.proof_of(person),
        takes_texts=contact_routes.has_route(person, channels.TEXTS[0], now),
        calls=channels.CALLS,
        texts=channels.TEXTS,
        code=code if code is not None and numbers.is_good_at(code, now) else None,
        code_until=(code.sent_at or code.asked_at) + numbers.GOOD_FOR if code else None,
    )


@bp.get("/number")
@page_for(*EVERYBODY)
def number() -> str:
    return _page()


def _try(act: Callable[[], object]) -> Any:
    try:
        act()
    except DomainError as error:
        return _page(error), error.status
    return redirect(url_for("number_pages.number"))


@bp.post("/number/code")
@page_for(*EVERYBODY)
def ask() -> Any:
    asked = request.form.get("channel")
    channel = next((one for one in channels.TO_NUMBERS if one == asked), channels.TEXTS[0])
    person = _person()
    return _try(lambda: numbers.ask(person, person, channel, clock.now()))


@bp.post("/number/proof")
@page_for(*EVERYBODY)
def prove() -> Any:
    def act() -> None:
        code = request.form.get("code", "").strip()
        if not code:
            raise InvalidRecord("Enter the code that came to your phone.")
        contact_routes.prove(_person(), code, settings().signing_key(), clock.now())

    return _try(act)
