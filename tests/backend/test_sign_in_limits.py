"""How often passwords and codes can be guessed: by account and by address, and no stranger locks others out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from backend import authentication, clock, db, demo, password_hashing
from backend.models import Person
from backend.settings import Settings
from tests.applications import create_app
from tests.world import eventually

OFFICER = "amina@cordon.example"
STRANGER, OFFICE, ELSEWHERE = "203.0.113.9", "198.51.100.7", "192.0.2.44"


@pytest.fixture
def database_template(demo_template: str) -> str:
    return demo_template


@pytest.fixture
def app(settings: Settings, test_clock: clock.Clock) -> Iterator[Flask]:
    limits = {
        "sign_in_limit": "3 per minute; 5 per hour",
        "sign_in_account_limit": "8 per hour",
        "sign_in_address_limit": "6 per minute",
    }
    made = create_app(settings.changed(**limits))
    demo.seed(clock.now())
    db.release_connection()
    yield made
    made.extensions["cordon.committer"].close()


def signs_in(app: Flask, email: str, password: str, address: str, path: str = "/v1/sessions") -> Any:
    body = {"email": email, "password": password}
    return app.test_client().post(path, json=body, environ_overrides={"REMOTE_ADDR": address})


def statuses(app: Flask, emails: list[str], addresses: list[str]) -> list[int]:
    return [signs_in(app, email, "a guess", address).status_code for email in emails for address in addresses]


def test_an_account_is_one_however_its_e_mail_is_written(app: Flask) -> None:
    spellings = [OFFICER, OFFICER.upper(), f" {OFFICER} ", "\tAmina@Cordon.Example", OFFICER]
    assert statuses(app, spellings, [STRANGER]) == [401, 401, 401, 429, 429]
    refused = signs_in(app, OFFICER, "a guess", STRANGER)
    assert refused.json["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    # Also with the right password, which else could be found out by guessing on.
    assert signs_in(app, OFFICER, demo.PASSWORD, STRANGER).status_code == 429


def test_an_account_is_bounded_from_however_many_addresses(app: Flask) -> None:
    answers = statuses(app, [OFFICER], [f"203.0.113.{n}" for n in range(12)])
    assert answers == [401] * 8 + [429] * 4


def test_an_address_is_bounded_over_however_many_accounts(app: Flask) -> None:
    answers = statuses(app, [f"stranger{n}@example.org" for n in range(10)], [STRANGER])
    assert answers == [401] * 6 + [429] * 4
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.9", "::ffff:203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
    ],
)
def test_what_one_subscriber_has_is_one_address(app: Flask, one: str, other: str, is_one: bool) -> None:
    assert statuses(app, [OFFICER], [one] * 3) == [401] * 3
    assert statuses(app, [OFFICER], [other]) == [429 if is_one else 401]


def test_a_stranger_who_guesses_at_an_account_locks_its_officer_out_of_no_other_address(
    app: Flask, test_clock: clock.Clock
) -> None:
    for _ in range(10):
        statuses(app, [OFFICER], [STRANGER] * 4)
        test_clock.forward(61)
    assert signs_in(app, OFFICER, demo.PASSWORD, ELSEWHERE).status_code == 200


def test_many_strangers_lock_an_officer_out_of_no_address_from_which_they_signed_in_before(app: Flask) -> None:
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200
    assert 429 in statuses(app, [OFFICER], [f"203.0.113.{n}" for n in range(20)])
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200


def test_a_stranger_in_the_office_locks_no_one_out_who_signed_in_there_before(app: Flask) -> None:
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200
    assert 429 in statuses(app, [f"stranger{n}@example.org" for n in range(10)], [OFFICE])
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200


def test_an_office_behind_one_address_signs_in_as_often_as_it_likes(app: Flask) -> None:
    for _ in range(12):
        assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200
        assert signs_in(app, "grace@cordon.example", demo.PASSWORD, OFFICE).status_code == 200


def test_the_one_who_mistyped_too_often_is_let_in_again_after_the_while_that_was_said(
    app: Flask, test_clock: clock.Clock
) -> None:
    assert statuses(app, [OFFICER], [OFFICE] * 4)[-1] == 429
    wait_s = int(signs_in(app, OFFICER, demo.PASSWORD, OFFICE).headers["Retry-After"])
    test_clock.forward(wait_s)
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200


def submits(client: Any, email: str, password: str, address: str) -> Any:
    """Sign in by the page."""
    here = {"REMOTE_ADDR": address}
    form = client.get("/sign-in", environ_overrides=here).text
    token = form.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    data = {"email": email, "password": password, "csrf_token": token}
    return client.post("/sign-in", data=data, environ_overrides=here)


def test_the_page_counts_with_the_api_and_says_so_in_words(app: Flask) -> None:
    statuses(app, [OFFICER], [STRANGER] * 3)
    page = submits(app.test_client(), OFFICER, "a guess", STRANGER)
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert "Too many attempts" in page.text
    assert "Retry-After" in page.headers


def test_a_browser_that_signed_in_before_is_let_in_whatever_is_guessed_around_it(app: Flask) -> None:
    browser = app.test_client()
    assert submits(browser, OFFICER, demo.PASSWORD, OFFICE).status_code == 302
    # Also by a stranger behind the same address, at the same account.
    assert statuses(app, [OFFICER], [OFFICE] * 5)[-1] == 429
    statuses(app, [OFFICER], [f"203.0.113.{n}" for n in range(20)])
    assert submits(browser, OFFICER, demo.PASSWORD, OFFICE).status_code == 302
    assert submits(browser, OFFICER, demo.PASSWORD, ELSEWHERE).status_code == 302
    # It is bounded itself, and says nothing about another account.
    assert [submits(browser, OFFICER, "a guess", OFFICE).status_code for _ in range(4)] == [422, 422, 422, 429]
    for _ in range(3):
        submits(browser, "grace@cordon.example", "a guess", STRANGER)
    assert submits(browser, "grace@cordon.example", demo.PASSWORD, STRANGER).status_code == 429
    browser.set_cookie("cordon_known", "forged")
    assert submits(browser, OFFICER, demo.PASSWORD, OFFICE).status_code == 429


def test_codes_that_pair_a_phone_are_bounded_alike(app: Flask) -> None:
    client = app.test_client()
    answers = [
        client.post("/v1/phones", json={"code": f"GUESS{n:05d}"}, environ_overrides={"REMOTE_ADDR": STRANGER})
        for n in range(5)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_no_connection_is_held_while_a_password_waits_to_be_hashed_and_a_crowd_is_told_to_come_back(app: Flask) -> None:
    let_go = threading.Event()
    password_hashing._pool.submit(let_go.wait)
    pool = db.database.obj
    with ThreadPoolExecutor(12) as crowd:
        waiting = [
            crowd.submit(signs_in, app, f"stranger{n}@example.org", "a guess", f"203.0.113.{n}") for n in range(12)
        ]
        try:
            refused = eventually(lambda: [one.result() for one in waiting if one.done()][1:], "some are refused")
            eventually(lambda: not pool._in_use, "every connection is free")
        finally:
            let_go.set()
    assert {answer.status_code for answer in refused} == {429}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    checked = [one.result().status_code for one in waiting].count(401)
    assert checked == password_hashing.AT_ONCE + password_hashing.MOST_WAITING


def test_a_password_costs_a_thief_19_mib_and_two_passes() -> None:
    assert password_hashing.HASHER.hash(demo.PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_with_other_parameters_is_replaced_when_its_owner_signs_in(app: Flask) -> None:
    # "a password", hashed by argon2 with 8 MiB, one pass and two lanes.
    old = "$argon2id$v=19$m=8192,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$"
    from_before = password_hashing.PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=2).hash(demo.PASSWORD)
    assert from_before.startswith(old[:20])
    Person.update(password_hash=from_before).where(Person.email == OFFICER).execute()
    db.release_connection()
    assert authentication.check_password(OFFICER, demo.PASSWORD).email == OFFICER
    assert Person.get(Person.email == OFFICER).password_hash != from_before
    assert signs_in(app, OFFICER, demo.PASSWORD, OFFICE).status_code == 200
