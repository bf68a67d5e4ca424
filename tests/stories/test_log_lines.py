"""The log says what happened and never to whom: no address, name, number or place is in any line of it."""

from __future__ import annotations

import logging

import pytest

from backend import clock, db
from backend.models import Person, Role
from backend.settings import Settings
from tests.applications import create_app
from tests.world import World

EMAIL = "Amina.Yusuf@Probation.example"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, by whatever library."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("route", ["/v1/sessions", "/sign-in", "/v1/phones"])
def test_who_is_kept_from_guessing_is_named_in_no_line(
    settings: Settings, lines: pytest.LogCaptureFixture, route: str
) -> None:
    client = create_app(settings.changed(sign_in_limit="2 per minute")).test_client()
    body = {"code": "000000"} if route == "/v1/phones" else {"email": EMAIL, "password": "a wrong password"}
    more = {"data": body} if route == "/sign-in" else {"json": body}
    answers = [client.post(route, environ_base={"REMOTE_ADDR": "203.0.113.77"}, **more) for _ in range(4)]
    assert 429 in [answer.status_code for answer in answers] or route == "/sign-in"
    said = lines.text.lower()
    for secret in ("amina", "yusuf", "probation.example", "203.0.113.77", "a wrong password"):
        assert secret not in said, secret


def test_attempts_by_other_spellings_of_an_address_are_counted_together(settings: Settings) -> None:
    client = create_app(settings.changed(sign_in_limit="2 per minute")).test_client()
    spellings = (EMAIL, EMAIL.lower(), f" {EMAIL.upper()} ")
    codes = [client.post("/v1/sessions", json={"email": one, "password": "wrong"}).status_code for one in spellings]
    assert codes == [401, 401, 429]


@pytest.mark.parametrize(
    "words",
    [
        ("sent to %s", EMAIL),
        ("sent to %s", "+447700900101"),
        ("key (%s, %s) is taken", 51.564312, -0.103021),
        ("Key\nDETAIL:  Key (name)=(Amina Yusuf) already exists.\nnext", ""),
        ("postgresql://cordon:amina@host/cordon", ""),
    ],
)
def test_what_a_library_may_say_is_cut_out_of_its_line(
    world: World, lines: pytest.LogCaptureFixture, words: tuple[object, ...]
) -> None:
    text, *values = words
    logging.getLogger("some.library").warning(str(text), *[value for value in values if value != ""])
    said = lines.text.lower()
    for secret in ("amina", "yusuf", "447700900101", "51.5643", "-0.1030"):
        assert secret not in said
    assert "some.library" in said


def test_a_database_that_quotes_a_row_in_its_error_is_not_quoted_in_the_log(
    world: World, lines: pytest.LogCaptureFixture
) -> None:
    person = world.officer.person
    try:
        with db.atomic():
            Person.create(
                team=world.team, role=Role.OFFICER, name=person.name, email=person.email, password_hash="x",
                created_at=clock.now(),
            )  # fmt: skip
    except Exception:
        logging.getLogger("backend").exception("a row was refused")
    finally:
        db.release_connection()
    assert "a row was refused" in lines.text
    assert "IntegrityError" in lines.text
    assert person.email not in lines.text
    assert person.name not in lines.text


def test_a_whole_night_of_warnings_names_no_one_in_the_log(world: World, lines: pytest.LogCaptureFixture) -> None:
    world.tag.walks_in()
    world.officer.expects_sms("breach, unconfirmed")
    world.forward(60)
    world.forward(180)
    world.officer.acknowledges()
    world.reads_everything()
    ours = "\n".join(
        record.getMessage() + (record.exc_text or "")
        for record in lines.records
        # At DEBUG these print what they carry; they are kept at WARNING.
        if record.name.split(".")[0] in ("backend", "notifier", "mobile_api", "zones", "flask-limiter", "root")
    )
    for secret in ("Amina", "Yusuf", "Marsh", "Laura", "Bennett", "+4477", "51.56", "cordon.example"):
        assert secret not in ours, secret
