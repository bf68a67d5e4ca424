"""Accounts: a fresh instance is begun, people set their own passwords, and no way into an account is made unseen."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend import accounts, alarms, clock, db, password_hashing
from backend.models import AlarmKind, AuditEntry, PasswordLink, Person, Role, Team
from backend.settings import Settings
from notifier.alarm_notices import AlarmNotifier
from tests.applications import create_app
from tests.world import World, eventually
from tests.world.phone import PASSWORD, Phone

GOOD = "four tall green windows"


@pytest.fixture
def fresh(settings: Settings) -> Flask:
    """An instance on a migrated database without a row."""
    return create_app(settings)


def command(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=[*words])


def token_of(page: str) -> str:
    return page.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]


def follow(client: FlaskClient, link: str, **fields: str) -> Any:
    """Open a link as a browser does, and send its form."""
    path = "/set-password/" + link.rpartition("/")[2].strip()
    page = client.get(path, follow_redirects=True)
    if page.status_code != 200:
        return page
    return client.post("/set-password", data={"csrf_token": token_of(page.text), **fields})


def sign_in(client: Any, email: str, password: str) -> int:
    return client.post("/v1/sessions", json={"email": email, "password": password}).status_code


@pytest.fixture
def ivy(world: World) -> Phone:
    return world.person(Role.ADMINISTRATOR, "Ivy Chen", "+447700900106")


@pytest.fixture
def jo(world: World) -> Phone:
    return world.person(Role.ADMINISTRATOR, "Jo Lindqvist", "+447700900107")


def reset(by: Phone, person: Person) -> str:
    answer = by.api("POST", f"/v1/people/{person.id}/password-link")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"])


def test_the_first_administrator_is_made_on_the_host_and_joins_by_a_link_that_works_once(fresh: Flask) -> None:
    made = command(fresh, "create-administrator", " Ivy@Cordon.example ")
    assert made.exit_code == 0, made.output
    link = made.output.splitlines()[0]
    assert link.startswith("http://127.0.0.1:8000/set-password/")
    # Nothing that signs in, or opens the link, is kept.
    secret = link.rpartition("/")[2]
    assert secret not in str(list(PasswordLink.select().dicts())) + str(list(Person.select().dicts()))
    browser = fresh.test_client()
    refused = follow(browser, link, name="Ivy Chen", password="short")
    assert refused.status_code == 422
    assert 'href="#password"' in refused.text
    assert follow(browser, link, name=" ", password=GOOD).status_code == 422
    done = follow(browser, link, name="Ivy Chen", password=GOOD)
    assert (done.status_code, done.location) == (302, "/sign-in")
    assert "Your password is set" in browser.get("/sign-in").text
    assert sign_in(browser, "ivy@cordon.example", GOOD) == 200
    assert follow(fresh.test_client(), link, name="Eve", password=GOOD).status_code == 410
    person = Person.get()
    assert (person.name, person.role, person.email) == ("Ivy Chen", Role.ADMINISTRATOR, "ivy@cordon.example")
    assert [row.action for row in AuditEntry.select().order_by(AuditEntry.id)][:2] == ["person_added", "person_invited"]
    db.release_connection()


def test_a_second_administrator_from_the_host_is_refused_unless_forced_and_then_told(fresh: Flask) -> None:
    first = command(fresh, "create-administrator", "ivy@cordon.example").output.splitlines()[0]
    # Who never joined keeps no one out: the link was lost, or the address was wrong.
    again = command(fresh, "create-administrator", "ivy@cordon.example")
    assert again.exit_code == 0, again.output
    link = again.output.splitlines()[0]
    assert follow(fresh.test_client(), first, name="Ivy Chen", password=GOOD).status_code == 410
    assert follow(fresh.test_client(), link, name="Ivy Chen", password=GOOD).status_code == 302
    refused = command(fresh, "create-administrator", "eve@cordon.example")
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert Person.select().count() == 1
    forced = command(fresh, "create-administrator", "eve@cordon.example", "--force")
    assert forced.exit_code == 0
    standing = alarms.standing(AlarmKind.ACCOUNT_ACCESS)
    assert len(standing) == 3
    assert "A command on the host made an administrator's account" in standing[-1].detail
    # Where the only administrator cannot sign in any more.
    forced = command(fresh, "create-administrator", "ivy@cordon.example", "--force")
    assert sign_in(fresh.test_client(), "ivy@cordon.example", GOOD) == 401
    assert follow(fresh.test_client(), forced.output.splitlines()[0], password=f"{GOOD} again").status_code == 302
    assert sign_in(fresh.test_client(), "ivy@cordon.example", f"{GOOD} again") == 200
    db.release_connection()


@pytest.mark.parametrize("email", ["ivy", "", "a b@c.d", "ivy@cordon", "ivy@cor\x00don.example"])
def test_what_is_no_address_makes_no_administrator(fresh: Flask, email: str) -> None:
    refused = command(fresh, "create-administrator", email, "--force")
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
    assert not Person.select().exists()
    assert not Team.select().exists()
    db.release_connection()


def test_an_officer_is_made_no_administrator_by_a_command(world: World) -> None:
    refused = command(world.app, "create-administrator", world.officer.person.email, "--force")
    assert (refused.exit_code, Person.get_by_id(world.officer.person.id).role) == (1, Role.OFFICER)
    db.release_connection()


def test_the_demo_keeps_out_of_a_database_that_holds_people(world: World) -> None:
    refused = command(world.app, "seed-demo")
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert "CORDON_DATABASE_URL" in refused.output
    before = Person.select().count()
    for person in Person.select():
        Person.update(email=f"{person.id}@probation.example").where(Person.id == person.id).execute()
    Team.update(name="Hackney").where(Team.id == world.team.id).execute()
    assert command(world.app, "seed-demo").exit_code == 1
    assert Person.select().count() == before
    db.release_connection()


def test_the_demo_is_made_on_an_empty_database_and_told_again_ever_after(fresh: Flask) -> None:
    assert command(fresh, "seed-demo").exit_code == 0
    Person.create(
        team=Team.get(), role=Role.OFFICER, name="A", email="a@x.example", password_hash="x", created_at=clock.now()
    )
    assert command(fresh, "seed-demo").exit_code == 0
    db.release_connection()


def test_the_one_who_is_invited_sets_a_password_that_no_one_else_ever_sees(world: World, ivy: Phone) -> None:
    body = {"team_id": world.team.id, "role": "officer", "name": "Dev Patel", "email": "dev@cordon.example"}
    made = ivy.api("POST", "/v1/people", json=body)
    assert made.status_code == 201
    assert set(made.json()) == {"id", "link", "expires_at"}
    browser = world.app.test_client()
    assert follow(browser, made.json()["link"], name="Dev R. Patel", password=GOOD).status_code == 302
    assert sign_in(browser, "dev@cordon.example", GOOD) == 200
    assert Person.get_by_id(made.json()["id"]).name == "Dev R. Patel"
    # An officer more is everyday work; an administrator more is told.
    assert alarms.standing(AlarmKind.ACCOUNT_ACCESS) == []
    body |= {"role": "administrator", "email": "eve@cordon.example"}
    assert ivy.api("POST", "/v1/people", json=body).status_code == 201
    assert len(alarms.standing(AlarmKind.ACCOUNT_ACCESS)) == 1
    db.release_connection()


def test_a_reset_ends_what_could_sign_in_and_the_link_begins_anew(world: World, ivy: Phone) -> None:
    officer = world.officer.opens_the_app()
    old = {"refresh_token": officer._refresh}
    bearer = {"Authorization": f"Bearer {officer.token}"}
    link = reset(ivy, officer.person)
    assert world.api("GET", "/v1/me", headers=bearer).status_code == 401
    assert world.api("POST", "/v1/sessions/refresh", json=old).status_code == 401
    eventually(lambda: not officer.sockets[0].connected, "the socket is closed")
    browser = world.app.test_client()
    assert sign_in(browser, officer.person.email, PASSWORD) == 401
    refused = follow(browser, link, password=officer.person.email)
    assert refused.status_code == 422
    assert follow(browser, link, password=GOOD).status_code == 302
    assert sign_in(browser, officer.person.email, GOOD) == 200
    assert sign_in(browser, officer.person.email, PASSWORD) == 401
    assert follow(browser, link, password=GOOD).status_code == 410
    assert Person.get_by_id(officer.person.id).name == "Amina Yusuf"
    db.release_connection()


def test_of_a_crowd_that_sets_passwords_at_once_those_who_have_to_wait_are_told_so(world: World, ivy: Phone) -> None:
    secret = reset(ivy, world.officer.person).rpartition("/")[2]
    browsers = [world.app.test_client() for _ in range(24)]
    tokens = [token_of(one.get("/set-password/" + secret, follow_redirects=True).text) for one in browsers]
    together = threading.Barrier(len(browsers))
    # Hashing is busy until some of the crowd have been refused.
    some_wait = threading.Event()
    password_hashing._pool.submit(some_wait.wait)

    def post(browser: FlaskClient, token: str) -> int:
        together.wait(timeout=30)
        try:
            code = browser.post("/set-password", data={"csrf_token": token, "password": GOOD}).status_code
            if code == 429:
                some_wait.set()
            return code
        finally:
            db.release_connection()

    with ThreadPoolExecutor(len(browsers)) as pool:
        codes = list(pool.map(post, browsers, tokens))
    # One is first; the others wait, or come too late.
    assert (codes.count(302), set(codes) - {302, 429, 410}) == (1, set()), codes
    assert 429 in codes
    assert sign_in(world.app.test_client(), world.officer.person.email, GOOD) == 200


@pytest.mark.parametrize("how", ["too old", "replaced by a newer one", "of an account that was closed", "made up"])
def test_a_link_that_is_over_opens_nothing(world: World, ivy: Phone, how: str) -> None:
    link = reset(ivy, world.colleague.person)
    if how == "too old":
        world.forward(accounts.RESET_FOR / timedelta(seconds=1) + 1)
    elif how == "replaced by a newer one":
        reset(ivy, world.colleague.person)
    elif how == "of an account that was closed":
        named = {"why": "New post.", "everyone_else": world.officer.person.id}
        path = f"/v1/people/{world.colleague.person.id}/departure"
        assert ivy.api("POST", path, json=named).status_code == 200
    else:
        link = "/set-password/made-up"
    over = follow(world.app.test_client(), link, password=GOOD)
    assert over.status_code == 410
    assert "Ask an administrator for another one" in over.text
    assert world.app.test_client().post("/set-password", data={"password": GOOD}).status_code in (400, 410)


def test_a_takeover_by_one_administrator_is_seen_by_the_person_by_the_others_and_by_supervisors(
    world: World, ivy: Phone, jo: Phone
) -> None:
    reset(ivy, world.officer.person)
    AlarmNotifier(world.settings).tell(clock.now())
    detail = f"Administrator {ivy.person.id} reset the password of staff member {world.officer.person.id}"
    for told in (world.officer, world.supervisor, jo):
        world.expect_sms(told.person.phone, detail)
    (alarm,) = world.supervisor.api("GET", "/v1/alarms").json()["alarms"]
    assert (alarm["kind"], alarm["detail"]) == ("account_access", detail)

    def press(who: Phone) -> Any:
        client = world.app.test_client()
        page = client.get("/sign-in").text
        form = {"csrf_token": token_of(page), "email": who.person.email, "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 302
        page = client.get("/administrator").text
        assert detail in page
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        return client.post(f"/administrator/accounts/{alarm['id']}", data={"csrf_token": token})

    # Who did it does not wave it through.
    assert press(ivy).status_code == 403
    assert press(jo).status_code == 302
    assert world.supervisor.api("GET", "/v1/alarms").json()["alarms"] == []
    entry = AuditEntry.select().where(AuditEntry.action == "account_access_checked").get()
    assert entry.actor == f"person:{jo.person.id}"
    db.release_connection()
    world.reads_everything()


@pytest.mark.parametrize("who", ["officer", "supervisor", "themselves"])
def test_only_another_administrator_resets_a_password(world: World, ivy: Phone, who: str) -> None:
    by = {"officer": world.officer, "supervisor": world.supervisor, "themselves": ivy}[who]
    answer = by.api("POST", f"/v1/people/{ivy.person.id}/password-link")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert ivy.api("POST", "/v1/people/999999/password-link").status_code == 404
    assert sign_in(world.app.test_client(), ivy.person.email, PASSWORD) == 200


def test_people_change_their_own_password_and_every_other_session_of_theirs_ends(world: World) -> None:
    here, elsewhere = world.officer.signs_in(), Phone(world, world.officer.person).signs_in()
    elsewhere.opens_the_app()
    wrong = {"old_password": "a guess of mine", "new_password": GOOD}
    refused = here.api("PUT", "/v1/me/password", json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")
    assert here.api("PUT", "/v1/me/password", json={**wrong, "old_password": PASSWORD}).status_code == 204
    assert here.api("GET", "/v1/me").status_code == 200
    assert elsewhere.api("GET", "/v1/me").status_code == 401
    eventually(lambda: not elsewhere.sockets[0].connected, "the other socket is closed")
    browser = world.app.test_client()
    assert (sign_in(browser, here.person.email, PASSWORD), sign_in(browser, here.person.email, GOOD)) == (401, 200)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "elevenchars",
        " " * 20,
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "amina@cordon.example",
        "AMINA@CORDON.EXAMPLE",
        "amina@cordon.example1",
        "Amina  Yusuf\x00\x00\x00",
        "\ud800" * 12 + "abcde",
        PASSWORD,
    ],
    ids=repr,
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(world: World, password: str) -> None:
    body = {"old_password": PASSWORD, "new_password": password}
    refused = world.officer.api("PUT", "/v1/me/password", json=body)
    assert (refused.status_code, refused.json()["code"] in ("weak_password", "invalid_request")) == (422, True)
    assert sign_in(world.app.test_client(), world.officer.person.email, PASSWORD) == 200


def test_no_secret_of_a_link_and_no_password_is_logged(
    world: World, ivy: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "peewee"):
        logging.getLogger(name).setLevel(logging.WARNING)
    link = reset(ivy, world.officer.person)
    assert follow(world.app.test_client(), link, password=GOOD).status_code == 302
    for secret in (link.rpartition("/")[2], GOOD, "Amina", world.officer.person.email):
        assert secret not in caplog.text
