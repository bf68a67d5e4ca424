"""One row that cannot be read stops one wearer, with an alert that says so, and no one else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from backend import alarms, clock, db
from backend.models import AlarmKind, Alert, AlertKind
from backend.record.facts import Terms
from notifier.alarm_notices import AlarmNotifier
from tests import cases
from tests.world import World, eventually
from tests.world.phone import PASSWORD

ENTRY = "UPDATE fact SET value = %s WHERE what = '{}'"
FEATURE = "UPDATE place_zone SET feature = %s WHERE id IN (SELECT max(id) FROM place_zone WHERE wearer_id = 1)"
MINE = "wearer_id = 1"


@pytest.fixture(autouse=True)
def owner_may_change_facts(as_owner: Callable[[str], None]) -> None:
    """Let these tests break rows of the record, which nothing of ours can change."""
    as_owner("ALTER TABLE fact DISABLE TRIGGER USER")


# What is written into a row, and whether the wearer whose row it is can still be judged.
POISONS: dict[str, tuple[str, Any, bool]] = {
    "a zone that is empty": (FEATURE, {}, False),
    "a zone that is a list": (FEATURE, [1, 2], False),
    "a zone that is a text": (FEATURE, "circle", False),
    "a zone without properties": (FEATURE, {"type": "Feature", "geometry": None, "properties": None}, False),
    "a zone whose properties are a list": (FEATURE, {"type": "Feature", "geometry": None, "properties": []}, False),
    "a zone of no known kind": (
        FEATURE,
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [0, 51]},
            "properties": {"kind": "?", "radius_m": 200, "buffer_m": "wide"},
        },
        False,
    ),
    "a zone whose hours come every second": (
        FEATURE,
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [0, 51]},
            "properties": {
                "id": "home",
                "kind": "exclusion",
                "radius_m": 200,
                "buffer_m": 200,
                "schedule": {
                    "timezone": "UTC",
                    "rrule": "DTSTART:20200101T000000\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
                    "minutes": 5,
                },
            },
        },
        False,
    ),
    "an order's terms that are empty": (ENTRY.format("terms"), {}, False),
    "terms that are a list": (ENTRY.format("terms"), [], False),
    "terms that begin never": (ENTRY.format("terms"), {"starts_at": "never"}, False),
    "terms without a zone of time": (ENTRY.format("terms"), {"starts_at": "2026-01-01T00:00:00"}, False),
    "a life of no known kind": (ENTRY.format("life"), {"state": "asleep"}, False),
    "a life that is a number": (ENTRY.format("life"), 5, False),
    "an assessed risk that is a list": (ENTRY.format("risk"), ["high"], True),
    "an officer that is nobody": (ENTRY.format("responsible_officer"), {}, True),
    "an officer that is a word": (ENTRY.format("responsible_officer"), {"person": "Amina"}, True),
    "a cover without dates": (ENTRY.format("cover"), {"by": "x", "until": "never"}, True),
    "a cover that is a text": (ENTRY.format("cover"), "on leave", True),
    "a restriction that is empty": (ENTRY.format("restricted"), {}, True),
    "a team that is a text": (ENTRY.format("team"), "north", True),
    "a protected person that is nobody": (ENTRY.format("protected"), {}, True),
    "a state of no form": (
        f"UPDATE place_state SET state = '{{', certainty = %s, level = 77 WHERE {MINE}",
        "odd",
        True,
    ),
    "a state of no known certainty": (f"UPDATE place_state SET certainty = %s WHERE {MINE}", "odd", True),
    "an alert of no known level": (f"UPDATE alert SET level = 9, certainty = %s WHERE {MINE}", "odd", True),
    "an alert of no known handling": (f"UPDATE alert SET handling = %s WHERE {MINE}", "odd", True),
    "an alert of no known kind": (f"UPDATE alert SET kind = %s WHERE {MINE}", "odd", True),
    "an alert of no known kind that is over": (
        f"UPDATE alert SET kind = %s, is_over = true WHERE {MINE}",
        "odd",
        True,
    ),
    "an alert about a tag of no known event": (
        f"UPDATE alert SET kind = 'tamper', event = %s WHERE {MINE}",
        "odd",
        True,
    ),
    "an alert about a tag of no event": (f"UPDATE alert SET event = NULL, kind = %s WHERE {MINE}", "tamper", True),
    "an alert of endless danger": (f"UPDATE alert SET peak_danger = 77, kind = %s WHERE {MINE}", "zone", True),
    "an alert whose worst is no number": (f"UPDATE alert SET worst_m = 'NaN', kind = %s WHERE {MINE}", "zone", True),
    "an alert whose distance is no number": (
        f"UPDATE alert SET distance_m = 'NaN', kind = %s WHERE {MINE}",
        "zone",
        True,
    ),
    "an alert whose distance is endless": (
        f"UPDATE alert SET distance_m = 'Infinity', kind = %s WHERE {MINE}",
        "zone",
        True,
    ),
    "a silent tag's alert of no known place": (
        f"UPDATE alert SET kind = %s, zone_id = NULL WHERE {MINE}",
        "silence",
        True,
    ),
    "an escalation whose policy is a list": (
        f"UPDATE escalation SET policy = %s WHERE id IN (SELECT escalation_id FROM alert WHERE {MINE})",
        [1],
        True,
    ),
    "an alert whose reasons are a number": (f"UPDATE alert SET reasons = %s WHERE {MINE}", 5, True),
    "a policy that is a list": (
        "INSERT INTO escalation_policy (team_id, content, from_at) VALUES (1, %s, now())",
        [1],
        True,
    ),
    "a policy of endless delays": (
        "INSERT INTO escalation_policy (team_id, content, from_at) VALUES (1, %s, now())",
        {"rungs": [{"after_s": 10**400, "who": ["officer"], "channels": ["sms"]}], "repeat": []},
        True,
    ),
    "a phone of no known keys": ("UPDATE device SET platform = 'web', keys = %s WHERE id = 1", ["a"], True),
    "a tag's key that is no key": ("UPDATE tag SET key = %s WHERE id = 1", "whsec_%%%", False),
    "a tag's key that is empty": ("UPDATE tag SET key = %s WHERE id = 1", "", False),
    "a tag's key in no known letters": ("UPDATE tag SET key = %s WHERE id = 1", "whsec_ключ", False),
}


MESSAGE = (
    "INSERT INTO notification (alert_id, person_id, channel, purpose, recipient_key, episode, step, priority, due_at, "
    "state, attempts, created_at) SELECT alert_id, person_id, {channel}, {purpose}, recipient_key, episode, step, 0, "
    "due_at, 'pending', 0, created_at FROM notification WHERE channel = 'push' LIMIT 1"
)
# What is written into rows of the service's own, such as by a newer version that was taken back.
OF_ITSELF = {
    "an alarm of no known kind": (
        "INSERT INTO alarm (kind, subject, detail, raised_at, last_seen_at, standing_key) "
        "VALUES ('odd', 'outbox', 'Something new', now(), now(), 'odd outbox')"
    ),
    "a message by no known channel": MESSAGE.format(channel="'odd'", purpose="purpose"),
    "a message of no known purpose": MESSAGE.format(channel="channel", purpose="'odd'"),
}


def _record(world: World) -> None:
    """Give the wearer's case an entry of every kind."""
    now = clock.now()
    made = cases.order(world, world.zone.from_at, None)
    cases.rests_on(world, made)
    cases.vary(world, made, Terms(world.zone.from_at), now)
    for what, of, case, value in (
        ("life", ("of_wearer_id", 1), 1, {"state": "active"}),
        ("risk", ("of_wearer_id", 1), 1, {"risk": "high"}),
        ("responsible_officer", ("of_wearer_id", 1), 1, {"person": world.officer.person.id}),
        ("cover", ("of_person_id", world.officer.person.id), None, {"by": None}),
        ("restricted", ("of_wearer_id", 1), 1, {"people": None}),
        ("team", ("of_wearer_id", 1), 1, 1),
        ("protected", ("of_victim_id", 1), 1, {"victim": 1, "is_protected": True}),
    ):
        db.database.execute_sql(
            f"INSERT INTO fact ({of[0]}, what, case_id, value, during, why, document, is_restated, recorded_at) "
            "VALUES (%s, %s, %s, %s::jsonb, tstzrange(%s, NULL), '', '', false, %s)",
            (of[1], what, case, json.dumps(value), now, now),
        )


def _poison(statement: str, value: Any) -> None:
    is_text = (
        "certainty" in statement
        or "handling" in statement
        or "kind =" in statement
        or "event =" in statement
        or "key =" in statement
    )
    sql = statement if is_text else statement.replace("%s", "%s::jsonb")
    text = value if is_text else json.dumps(value).replace("1" + "0" * 400, "1e400")
    changed = db.database.execute_sql(sql, (text,))
    assert changed.rowcount > 0, "nothing was poisoned"
    db.release_connection()


def _pages_work(world: World) -> None:
    visitor = requests.Session()
    page = visitor.get(world.url + "/sign-in", timeout=20).text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    email = world.supervisor.person.email
    form = {"email": email, "password": PASSWORD, "csrf_token": token}
    assert visitor.post(world.url + "/sign-in", data=form, timeout=20).status_code == 200
    for path in ("/supervisor", "/cases", "/officer", "/duty/rota", "/alarms"):
        assert visitor.get(world.url + path, timeout=20).status_code < 500, path


@pytest.mark.parametrize("poison", POISONS)
def test_it_stops_that_wearer_with_an_alert_and_no_one_else(world: World, poison: str) -> None:
    statement, value, is_judged = POISONS[poison]
    other = world.new_wearer("Somebody Else", "LDN-0002")
    _record(world)
    world.officer.has_app()
    world.tag.reports(world.tag.fix(5_000.0))
    if "alert" in statement:
        world.tag.reports(world.tag.fix(0.0))
    world.reads_everything()
    _poison(statement, value)
    world.forward(60)
    answer = world.tag.post(world.tag.fix(0.0))
    assert answer.status_code == (401 if "UPDATE tag" in statement else 200), answer.text
    mine = list(Alert.select().where(Alert.wearer == world.wearer).order_by(Alert.id.desc()))
    db.release_connection()
    assert mine, "nobody is told"
    if not is_judged:
        assert AlertKind.CANNOT_JUDGE in {alert.kind for alert in mine}
    # No one else notices.
    assert other.post(other.fix(0.0)).status_code == 200
    theirs = next(row for row in world.officer.alerts() if row["wearer"]["name"] == "Somebody Else")
    assert theirs["level"] == "breach"
    assert world.officer.api("GET", f"/v1/alerts/{theirs['id']}").status_code == 200
    world.expect_push(world.officer.push_token, theirs["code"])
    world.checks_at_end = False
    world.forward(200)
    world.expect_sms(world.supervisor.person.phone, theirs["code"])
    _pages_work(world)
    for who in (world.officer, world.supervisor):
        for path in ("/v1/alerts?status=all", "/v1/wearers", "/v1/alarms", "/v1/wearers/1", f"/v1/alerts/{mine[0].id}"):
            assert who.api("GET", path).status_code < 500, path


@pytest.mark.parametrize("poison", [name for name, (what, _, _) in POISONS.items() if "UPDATE tag" not in what])
def test_its_tag_that_is_tampered_with_rings_all_the_same(world: World, poison: str) -> None:
    statement, value, _ = POISONS[poison]
    _record(world)
    world.officer.has_app()
    world.tag.reports(world.tag.fix(5_000.0))
    if "alert" in statement:
        world.tag.reports(world.tag.fix(0.0))
    world.reads_everything()
    _poison(statement, value)
    world.forward(60)
    world.checks_at_end = False
    for kind in ("strap_open", "sos"):
        happened = {"kind": kind, "at": clock.now().isoformat()}
        answer = world.tag.post(events=[happened])
        assert answer.status_code == 200, answer.text
        raised = Alert.select().where(Alert.wearer == world.wearer, Alert.kind == AlertKind.TAMPER, Alert.event == kind)
        codes = [alert.code for alert in raised.order_by(Alert.id.desc())]
        db.release_connection()
        assert codes, f"nobody is told of {kind}"
        world.expect_push(world.officer.push_token, codes[0])


@pytest.mark.parametrize("poison", OF_ITSELF)
def test_what_the_service_cannot_read_of_its_own_rows_stops_no_warning(world: World, poison: str) -> None:
    other = world.new_wearer("Somebody Else", "LDN-0002")
    world.officer.has_app()
    world.tag.reports(world.tag.fix(0.0))
    world.reads_everything()
    db.database.execute_sql(OF_ITSELF[poison])
    db.release_connection()
    world.checks_at_end = False
    other.reports(other.fix(0.0))
    theirs = next(row for row in world.officer.alerts() if row["wearer"]["name"] == "Somebody Else")
    world.expect_push(world.officer.push_token, theirs["code"])
    world.forward(200)
    world.expect_sms(world.supervisor.person.phone, theirs["code"])
    _pages_work(world)
    assert world.supervisor.api("GET", "/v1/alarms").status_code == 200


def test_an_alarm_of_no_known_kind_is_told_with_all_others(world: World) -> None:
    now = clock.now()
    db.database.execute_sql(OF_ITSELF["an alarm of no known kind"])
    alarms.raise_alarm(AlarmKind.OUTAGE, "service", "Nothing was judged", now)
    AlarmNotifier(world.settings).tell(clock.now())
    db.release_connection()
    world.checks_at_end = False
    world.expect_sms(world.supervisor.person.phone, "Outage")


@pytest.mark.parametrize("value", ["5", "[1, null]", "{}", '"a text"'])
def test_what_stands_with_reasons_of_no_form_takes_the_next_message_and_the_next_event(
    world: World, value: str
) -> None:
    world.officer.has_app()
    world.checks_at_end = False

    def happens(words: str) -> None:
        world.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}])
        world.doubles.reply(from_=world.victim.phone or "", body=words, to=world.settings.twilio_from)
        eventually(lambda: words in str([one["reasons"] for one in world.officer.alerts()]), "it is shown")

    happens("he is here")
    db.database.execute_sql("UPDATE alert SET reasons = %s::jsonb", (value,))
    db.release_connection()
    world.forward(60)
    happens("please come")
    assert {one["kind"] for one in world.officer.alerts()} == {"tamper", "help"}
