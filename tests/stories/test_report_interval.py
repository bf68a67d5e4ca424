"""What a tag or a phone is answered reveals nothing to its holder: how soon to report comes from its own motion."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from backend import clock, db, shared_location, tag_signatures
from backend.cases import monitoring_status
from backend.cases.monitoring_status import Risk
from backend.models import (
    Activation,
    Alert,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Tag,
    Team,
    Victim,
    Wearer,
)
from backend.people import numbers
from backend.settings import Settings
from tests.applications import create_app
from tests.world import HOME, World
from zones.geo import Frame

AT_HOME = Frame(*HOME)
RANDOM_HEADERS = {"Date", "Content-Security-Policy", "X-Request-Id"}


@dataclass
class Worlds:
    """One application, and tags that differ only in what is secret: the places their wearers keep away from."""

    settings: Settings
    serials: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = create_app(self.settings).test_client()
        self.key = tag_signatures.new_key()
        self.since = clock.now() - timedelta(days=40)
        self.team = Team.create(name="North London", created_at=self.since)
        self.officer = Person.create(
            team=self.team,
            role=Role.OFFICER,
            name="Amina Yusuf",
            email="amina@cordon.example",
            phone="+447700900101",
            password_hash="none",
            created_at=self.since,
        )
        numbers.carry_over(self.officer, clock.now())

    def wearer(self, serial: str) -> Wearer:
        """Return the wearer of a new tag; all tags have one key, so that all can be sent the same signed requests."""
        wearer = Wearer.create(team=self.team, name=serial, responsible_officer=self.officer, created_at=self.since)
        tag = Tag.create(serial=serial, key=self.key, created_at=self.since)
        Activation.create(tag=tag, wearer=wearer, from_at=self.since)
        self.serials.append(serial)
        return wearer

    def keeps_away_from(self, wearer: Wearer, lat: float, lon: float, **properties: Any) -> PlaceZone:
        """Draw a zone of 250 m around a place of a new protected person."""
        victim = Victim.create(team=self.team, name=f"Kept from {wearer.name}", created_at=self.since)
        return PlaceZone.create(
            place=ProtectedPlace.create(victim=victim, label="Home"),
            wearer=wearer,
            from_at=self.since,
            feature={
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"kind": "exclusion", "radius_m": 250.0, "buffer_m": 250.0, **properties},
            },
        )

    def signed(self, body: str, webhook_id: str, signed_at: datetime) -> dict[str, str]:
        """Return the headers that sign a body; the serial is no part of what is signed."""
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(signed_at.timestamp())),
            "webhook-signature": Webhook(self.key).sign(webhook_id, signed_at, body),
        }

    def answers(self, body: str, webhook_id: str, signed_at: datetime) -> list[tuple[int, Any, bytes]]:
        """Send one signed request to every tag and return what each is answered."""
        headers = self.signed(body, webhook_id, signed_at)
        posted = (self.client.post(f"/v1/tags/{serial}/fixes", data=body, headers=headers) for serial in self.serials)
        return [_seen(response) for response in posted]

    def is_asked_for(self, *fixes: dict[str, Any]) -> int:
        """Post fixes of the first tag and return how soon it is asked to report again."""
        body = json.dumps({"fixes": list(fixes)})
        headers = self.signed(body, f"msg_{random.random()}", clock.now())
        response = self.client.post(f"/v1/tags/{self.serials[0]}/fixes", data=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.json["report_interval_s"]


def _seen(response: TestResponse) -> tuple[int, Any, bytes]:
    headers = [(name, value) for name, value in response.headers if name not in RANDOM_HEADERS]
    # The time of the server, told to a tag whose clock is wrong, is another one in each answer, and so is how far that
    # clock is ahead of it.
    body = re.sub(rb'"server_time":"[^"]*"', b'"server_time":""', response.data)
    body = re.sub(rb"fix_time is \d+ s ahead", b"fix_time is s ahead", body)
    return response.status_code, headers, body


def at(east_m: float, north_m: float = 0.0, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
    """Return a fix so many metres east and north of the protected home."""
    lat, lon = AT_HOME.to_degrees(east_m, north_m)
    fix_time = clock.now() - timedelta(seconds=ago_s)
    return {"fix_time": fix_time.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 8.0, **more}


@pytest.fixture
def worlds(settings: Settings, test_clock: clock.Clock) -> Iterator[Worlds]:
    made = Worlds(settings)
    yield made
    made.client.application.extensions["cordon.committer"].close()
    db.release_connection()


def _requests(count: int) -> Iterator[tuple[str, str]]:
    """Return bodies of a tag that searches for the place: towards it, past it, at rest in it, and everything odd."""
    chance = random.Random(13)
    east_m, sent = 1_500.0, []
    for number in range(count):
        step_m = 40.0 if (number // 40) % 2 == 0 else 0.0
        east_m = east_m - step_m if east_m > -1_500.0 else 1_500.0
        fixes = [at(east_m + chance.gauss(0, 5), chance.gauss(0, 5), speed_mps=chance.choice([None, 1.4, 0.0]))]
        fixes = _odd(number % 17, fixes, chance)
        events = [{"kind": "battery_low", "at": clock.now().isoformat()}] if number % 19 == 0 else []
        body = json.dumps({"fixes": fixes, "events": events})
        if number % 23 == 22:
            body = chance.choice(["{", "[]", body[:-5], '{"fixes": 5}'])
        if number % 29 == 28 and sent:
            yield chance.choice(sent)
        else:
            sent.append((body, f"msg_{number}"))
            yield sent[-1]


def _odd(kind: int, fixes: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    match kind:
        case 3:
            return [*fixes, at(0, ago_s=-3_600.4)]
        case 5:
            return [*fixes, {**at(0), "lat": 95}]
        case 7:
            return [*fixes, at(chance.uniform(-600, 600), ago_s=chance.uniform(0, 900))]
        case 9:
            return [*fixes, at(100, accuracy_m=900, source="cell")]
        case 11:
            return []
        case 13:
            return [*fixes, at(0, ago_s=40 * 86_400)]
    return fixes


def test_a_hundred_and_sixty_signed_requests_are_answered_the_same_bytes_wherever_the_place_is(
    worlds: Worlds, test_clock: clock.Clock
) -> None:
    worlds.keeps_away_from(worlds.wearer("HERE"), *HOME)
    worlds.keeps_away_from(worlds.wearer("ELSEWHERE"), 51.6, -0.4)
    worlds.wearer("NONE")
    worlds.keeps_away_from(worlds.wearer("UNREADABLE"), *HOME, kind="a word that nobody knows")
    beside = worlds.wearer("MOVING")
    victim = worlds.keeps_away_from(beside, 51.7, -0.5).place.victim
    pairing = shared_location.agree(worlds.officer, victim.id, [beside.id], 200, 200, "Wherever", clock.now())
    token = worlds.client.post("/v1/phones", json={"code": pairing.code}).json["token"]
    lat, lon = AT_HOME.to_degrees(0.0, 0.0)
    intervals = set()
    for number, (body, webhook_id) in enumerate(_requests(160)):
        signed_at = clock.now() - timedelta(days=1 if number % 31 == 30 else 0)
        first, *others = worlds.answers(body, webhook_id, signed_at)
        for serial, answer in zip(worlds.serials[1:], others, strict=True):
            assert answer == first, f"request {number} of {serial}"
        intervals.add(json.loads(first[2]).get("report_interval_s"))
        if number % 10 == 0:
            position = {"at": clock.now().isoformat(), "lat": lat, "lon": lon, "accuracy_m": 8.0}
            headers = {"Authorization": f"Bearer {token}"}
            sent = worlds.client.post("/v1/phones/current/positions", json={"positions": [position]}, headers=headers)
            assert sent.status_code == 200
        test_clock.forward(15)
    assert intervals >= {15, 60}
    judged = {(alert.wearer.name, alert.kind) for alert in Alert.select()}
    assert judged >= {("HERE", "zone"), ("MOVING", "zone"), ("UNREADABLE", "cannot_judge")}
    # Where the tag's clock was wrong, that was told of each; of a place only where one is.
    assert not {("ELSEWHERE", "zone"), ("NONE", "zone")} & judged


def test_a_tag_reports_every_15_s_while_it_moves_and_two_minutes_after(worlds: Worlds, test_clock: clock.Clock) -> None:
    worlds.wearer("ANYBODY")
    for _ in range(5):
        assert worlds.is_asked_for(at(0)) == 60
        test_clock.forward(60)
    walked = []
    for number in range(1, 20):
        test_clock.forward(15)
        walked.append(worlds.is_asked_for(at(number * 21.0)))
    assert walked[4:] == [15] * 15
    stood = []
    for _ in range(12):
        test_clock.forward(15)
        stood.append(worlds.is_asked_for(at(19 * 21.0)))
    assert stood[:7] == [15] * 7
    assert stood[-1] == 60


def test_noise_of_30_m_at_rest_and_a_speed_that_is_only_claimed_are_no_motion_for_ever(
    worlds: Worlds, test_clock: clock.Clock
) -> None:
    worlds.wearer("ANYBODY")
    chance = random.Random(7)
    answers = []
    for _ in range(120):
        noisy = at(chance.gauss(0, 12.3), chance.gauss(0, 12.3), speed_mps=abs(chance.gauss(0, 1.0)))
        answers.append(worlds.is_asked_for(noisy))
        test_clock.forward(answers[-1])
    assert answers.count(60) > 60


def test_the_order_in_which_fixes_arrive_does_not_matter(worlds: Worlds, test_clock: clock.Clock) -> None:
    for serial in ("IN ORDER", "BACKWARDS"):
        worlds.wearer(serial)
    way = [at(number * 25.0, ago_s=150 - number * 15) for number in range(11)]
    assert worlds.is_asked_for(*way) == 15
    worlds.serials.reverse()
    for fix in way[::-1]:
        answer = worlds.is_asked_for(fix)
    assert answer == 15


def test_a_fix_that_is_refused_changes_nothing_of_the_interval(worlds: Worlds, test_clock: clock.Clock) -> None:
    worlds.wearer("ANYBODY")
    assert worlds.is_asked_for(at(0, ago_s=60), at(1)) == 60
    assert worlds.is_asked_for(at(900, ago_s=-600)) == 60
    assert worlds.is_asked_for({**at(900), "lat": 91}) == 60


def test_their_phone_is_asked_by_its_own_motion_the_one_who_is_near(world: World) -> None:
    world.officer.has_app()
    answer = world.officer.api(
        "POST",
        f"/v1/victims/{world.victim.id}/shared-location",
        json={"agreed": True, "wearers": [world.wearer.id], "radius_m": 200, "buffer_m": 200},
    )
    paired = world.api("POST", "/v1/phones", json={"code": answer.json()["code"]}).json()

    def is_at(east_m: float) -> int:
        lat, lon = AT_HOME.to_degrees(east_m, 0.0)
        position = {"at": clock.now().isoformat(), "lat": lat, "lon": lon, "accuracy_m": 8.0}
        headers = {"Authorization": f"Bearer {paired['token']}"}
        said = world.api("POST", "/v1/phones/current/positions", json={"positions": [position]}, headers=headers)
        assert said.status_code == 200, said.text
        return said.json()["report_interval_s"]

    assert is_at(20_000.0) == 60
    # The wearer stands beside them, and that is an alert; their phone lies still.
    world.tag.reports(world.tag.fix(20_010.0))
    world.officer.expects_push("")
    for _ in range(3):
        world.clock.forward(60)
        assert is_at(20_000.0) == 60
    world.clock.forward(60)
    assert is_at(20_300.0) == 15
    for _ in range(7):
        world.clock.forward(15)
        assert is_at(20_300.0) == 15
    world.clock.forward(60)
    assert is_at(20_300.0) == 60
    world.reads_everything()


def test_at_night_a_high_risk_is_asked_for_more_often_at_rest(worlds: Worlds, test_clock: clock.Clock) -> None:
    wearer = worlds.wearer("ANYBODY")
    now = clock.now()
    monitoring_status.assess_risk(worlds.officer, wearer.id, Risk.HIGH, now, now, why="Assessment of today.")
    assert worlds.is_asked_for(at(0)) == 60
    test_clock.forward(10 * 3_600)
    assert worlds.is_asked_for(at(0)) == 30
