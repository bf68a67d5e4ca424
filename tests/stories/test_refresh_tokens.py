"""A refresh token that was used ends its session whenever it comes again; a phone that asks twice at once stays in."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from backend.authentication import REFRESH_GRACE_S
from tests.world import World
from tests.world.phone import PASSWORD

DAY_S = 86_400.0


def sign_in(world: World) -> dict[str, Any]:
    body = {"email": world.officer.person.email, "password": PASSWORD}
    answer = world.api("POST", "/v1/sessions", json=body)
    assert answer.status_code == 200
    return answer.json()


def ask(world: World, pair: dict[str, Any]) -> requests.Response:
    return world.api("POST", "/v1/sessions/refresh", json={"refresh_token": pair["refresh_token"]})


def exchange(world: World, pair: dict[str, Any]) -> dict[str, Any]:
    answer = ask(world, pair)
    assert answer.status_code == 200, answer.text
    return answer.json()


def opens(world: World, pair: dict[str, Any]) -> bool:
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    return world.api("GET", "/v1/me", headers=bearer).status_code == 200


@pytest.mark.parametrize(
    ("exchanges", "pauses_s", "later_s"),
    [
        (1, 0.0, REFRESH_GRACE_S + 1),
        (1, 0.0, 20 * DAY_S),
        (2, 0.0, 0.0),
        (2, 600.0, 0.0),
        (5, 600.0, 0.0),
        (5, 5 * DAY_S, 0.0),
        (1, 0.0, 31 * DAY_S),
    ],
    ids=[
        "just after the grace",
        "weeks later",
        "at once, after the newer token was used too",
        "after the newer token was used too",
        "five tokens later",
        "five tokens and weeks later",
        "after the newer token has expired",
    ],
)
def test_a_used_token_ends_the_session_whenever_it_comes(
    world: World, exchanges: int, pauses_s: float, later_s: float
) -> None:
    first = newest = sign_in(world)
    for _ in range(exchanges):
        newest = exchange(world, newest)
        world.forward(pauses_s)
    world.forward(later_s)
    stolen = ask(world, first)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "not_signed_in")
    assert "used before" in stolen.json()["detail"]
    assert not opens(world, newest)
    assert ask(world, newest).status_code == 401


def test_a_thief_who_uses_a_token_within_the_grace_is_seen_as_soon_as_the_phone_goes_on(world: World) -> None:
    first = sign_in(world)
    mine, theirs = exchange(world, first), exchange(world, first)
    mine = exchange(world, mine)
    world.forward(REFRESH_GRACE_S + 1)
    assert ask(world, theirs).status_code == 401
    assert not opens(world, mine)


def test_two_refreshes_at_once_both_live_and_so_does_what_follows(world: World) -> None:
    first, answers = sign_in(world), []
    together = threading.Barrier(4)

    def refreshes() -> None:
        together.wait()
        answers.append(exchange(world, first))

    threads = [threading.Thread(target=refreshes) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(opens(world, pair) for pair in answers)
    # Whichever answer the phone kept, it goes on for weeks.
    kept = answers[-1]
    for _ in range(3):
        world.forward(10 * DAY_S)
        kept = exchange(world, kept)
        assert opens(world, kept)


def test_an_answer_that_was_lost_is_asked_for_again(world: World) -> None:
    first = sign_in(world)
    exchange(world, first)
    world.forward(REFRESH_GRACE_S - 5)
    again = exchange(world, first)
    world.forward(900)
    assert opens(world, exchange(world, again))


def test_no_made_up_token_ends_a_session_or_is_an_error(world: World) -> None:
    pair = sign_in(world)
    body, _, signature = pair["refresh_token"].rpartition(".")
    for made_up in ("", "x", "\x00", "a.b.c", f"{body[:-2]}AA.{signature}", pair["access_token"], "é" * 90, "\ud800"):
        answer = world.api("POST", "/v1/sessions/refresh", json={"refresh_token": made_up})
        assert answer.status_code in (401, 422), (made_up, answer.status_code)
    assert opens(world, exchange(world, pair))
