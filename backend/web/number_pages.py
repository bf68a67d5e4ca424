"""The page on which members of staff verify their own phone number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from backend import channels, clock
from backend.alerts import reach_tests
from backend.cases import drills
from backend.errors import DomainError, InvalidRecord
from backend.models import Notification, NotificationState, Person, Role
from backend.people import contact_routes, numbers
from backend.web.signed_in import page_for, page_visitor, settings

bp = Blueprint("number_pages", __name__)

EVERYBODY = tuple(Role)
STAFF = (Role.OFFICER, Role.SUPERVISOR)


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
        proof=numbers.verification_of(person),
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


@bp.get("/reachable")
@page_for(*STAFF)
def reachable() -> str:
    """Whether Cordon reaches this person: a test push, text and call, with the result of each."""
    return _reach_page()


@bp.post("/reachable")
@page_for(*STAFF)
def test_reach() -> Any:
    person, now = _person(), clock.now()
    chosen = request.form.get("channel", "")
    try:
        if chosen not in set(reach_tests.CHANNELS):
            raise InvalidRecord("Choose how the test is to come.")
        channel = next(one for one in reach_tests.CHANNELS if one == chosen)
        reach_tests.send(person, drills.training_case(person, now), channel, now)
    except DomainError as error:
        return _reach_page(error), error.status
    return redirect(url_for("number_pages.reachable"))


def _reach_page(error: DomainError | None = None) -> str:
    person, now = _person(), clock.now()
    sent = reach_tests.newest(person)
    rows = []
    for channel in reach_tests.CHANNELS:
        test = sent.get(channel)
        rows.append(
            {
                "channel": channel.value,
                "name": channels.TITLES[channel],
                "has_way": contact_routes.has_route(person, channel, now),
                "no_way": reach_tests.no_way(channel),
                "test": test,
                "result": _result(test) if test else "",
            }
        )
    return render_template("reachable.html", person=person, error=error, rows=rows)


def _result(test: Notification) -> str:
    """Return how far a test came, in words."""
    is_call = channels.is_call(test.channel)
    if test.state == NotificationState.RECEIVED:
        return "Arrived: your phone showed it"
    if test.state == NotificationState.DELIVERED:
        return "Arrived: the call was answered" if is_call else "Arrived: the network delivered it to your phone"
    if test.state == NotificationState.FAILED:
        return f"Did not arrive: {test.detail or 'no provider took it'}"
    if test.state == NotificationState.CANCELLED:
        return "Not sent. Try again"
    if test.state == NotificationState.SENT:
        return "On its way: handed to the network, and not known to have arrived yet"
    return "On its way: not sent yet"


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
