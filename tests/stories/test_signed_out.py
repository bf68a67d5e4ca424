"""A phone that is signed out is pushed to no more, the one who signed it out and from where."""

from __future__ import annotations

from typing import Any

import pytest

from backend import authentication, clock, db, push_subscriptions
from backend.cases import officers
from backend.models import Device, Person
from backend.people import devices
from tests.world import World
from tests.world.phone import PASSWORD


def browser(world: World, person: Person) -> dict[str, Any]:
    """Turn warnings on in a browser of its own sign-in; returns its endpoint and its token."""
    signed = world.api("POST", "/v1/sessions", json={"email": person.email, "password": PASSWORD}).json()
    subscription = world.doubles.webpush.subscribe(person.phone or "", push_subscriptions.public_key(world.settings))
    body = {"token": subscription["endpoint"], "platform": devices.WEB_PUSH, "keys": subscription["keys"]}
    headers = {"Authorization": f"Bearer {signed['access_token']}"}
    assert world.api("POST", "/v1/devices", json=body, headers=headers).status_code == 201
    return {"endpoint": subscription["endpoint"], "headers": headers, "body": body}


def pushed_to(world: World) -> set[str]:
    """Return the endpoints that were pushed to."""
    world.settle()
    return {received.endpoint for received in world.doubles.webpush.received}


def because(endpoint: str) -> str | None:
    try:
        return Device.get(Device.token == endpoint).ended_because
    finally:
        db.release_connection()


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("by signing out everywhere on another phone", "signed out everywhere"),
        ("by leaving", "deactivated"),
        ("by a refresh token that was stolen", "signed out"),
        ("by signing out there", "signed out"),
    ],
)
def test_what_was_signed_out_is_not_pushed_to_and_the_text_goes_at_once(world: World, how: str, reason: str) -> None:
    officer = world.officer
    first = browser(world, officer.person)
    if how == "by signing out everywhere on another phone":
        assert officer.api("DELETE", "/v1/sessions").status_code == 204
    elif how == "by leaving":
        officers.leave(
            world.supervisor.person,
            officer.person.id,
            {},
            clock.now(),
            why="New post.",
            everyone_else=world.colleague.person.id,
        )
    elif how == "by signing out there":
        assert world.api("DELETE", "/v1/sessions/current", headers=first["headers"]).status_code == 204
    else:
        session, tokens = authentication.begin_session(officer.person, world.settings, clock.now())
        Device.update(session=session).where(Device.token == first["endpoint"]).execute()
        db.release_connection()
        body = {"refresh_token": tokens.refresh_token}
        assert world.api("POST", "/v1/sessions/refresh", json=body).status_code == 200
        world.forward(61)
        assert world.api("POST", "/v1/sessions/refresh", json=body).status_code == 401
    db.release_connection()
    assert because(first["endpoint"]) == reason
    world.tag.walks_in()
    # No one waits for a receipt of a phone that cannot give one.
    answering = world.colleague if how == "by leaving" else officer
    answering.expects_sms("breach, unconfirmed")
    assert pushed_to(world) == set()
    world.reads_everything()


def test_signing_out_of_one_phone_leaves_the_others_and_signing_in_again_turns_pushes_on(world: World) -> None:
    officer = world.officer
    first, second = browser(world, officer.person), browser(world, officer.person)
    assert world.api("DELETE", "/v1/sessions/current", headers=first["headers"]).status_code == 204
    world.tag.walks_in()
    officer.acknowledges()
    assert pushed_to(world) == {second["endpoint"]}
    officer.records_outcome()
    world.tag.leaves()
    world.reads_everything()
    # The app says whenever it is opened that it takes pushes: from then on it does.
    assert officer.api("POST", "/v1/devices", json=first["body"]).status_code == 201
    assert because(first["endpoint"]) is None
    # A phone that was known before it was signed in anew belongs to the newer sign-in.
    assert officer.api("POST", "/v1/devices", json=second["body"]).status_code == 201
    assert world.api("DELETE", "/v1/sessions/current", headers=second["headers"]).status_code == 204
    assert because(second["endpoint"]) is None
    assert officer.api("DELETE", "/v1/sessions/current").status_code == 204
    assert (because(first["endpoint"]), because(second["endpoint"])) == ("signed out", "signed out")
    world.reads_everything()
