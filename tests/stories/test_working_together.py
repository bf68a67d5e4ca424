"""Officers among themselves and with the police: take over, hand on by name, notes, brief, codes, the safety plan."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import requests

from backend import clock, db
from backend.cases import monitoring_status
from backend.cases.monitoring_status import Risk
from backend.models import Alert, AuditEntry, PoliceCode, Role, Team, Wearer
from tests import cases
from tests.world import World
from tests.world.phone import Phone


@pytest.fixture
def alerted(world: World) -> World:
    """A world with one alert of which the officer was told."""
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    return world


def does(phone: Phone, what: str, **body: Any) -> requests.Response:
    method = "GET" if what in ("colleagues", "police-brief") else "POST"
    return phone.api(method, f"/v1/alerts/{phone.alert()['id']}/{what}", **({"json": body} if body else {}))


def actions(phone: Phone) -> list[str]:
    return [step["action"] for step in phone.alert()["history"]]


def test_a_colleague_takes_over_and_whoever_acted_is_told(alerted: World) -> None:
    assert does(alerted.officer, "take-over").status_code == 409
    alerted.officer.acknowledges()
    answer = does(alerted.colleague, "take-over")
    assert answer.status_code == 200
    assert answer.json()["acknowledgement"]["by"]["name"] == "Ben Carter"
    assert does(alerted.colleague, "take-over").status_code == 200
    step = next(step for step in alerted.officer.alert()["history"] if step["action"] == "taken_over")
    assert (step["by"], step["colleague"]) == ("Ben Carter", "Amina Yusuf")
    assert actions(alerted.officer).count("taken_over") == 1
    alerted.officer.expects_sms("a colleague has acknowledged it")
    alerted.reads_everything()


def test_whoever_took_over_is_the_one_whose_cannot_counts(alerted: World) -> None:
    alerted.officer.acknowledges()
    does(alerted.colleague, "take-over")
    alerted.officer.says_cannot()
    assert alerted.officer.alert()["handling"] == "acknowledged"
    alerted.colleague.says_cannot()
    assert alerted.officer.alert()["handling"] == "open"
    alerted.checks_at_end = False


def test_a_named_colleague_is_rung_at_once_and_the_others_after_a_minute(alerted: World) -> None:
    alerted.officer.acknowledges()
    alerted.reads_everything()
    listed = does(alerted.officer, "colleagues").json()["colleagues"]
    assert "Ben Carter" in {one["name"] for one in listed}
    assert "Amina Yusuf" not in {one["name"] for one in listed}
    answer = does(alerted.officer, "hand-to", person_id=alerted.colleague.person.id)
    assert (answer.status_code, answer.json()["handling"]) == (200, "open")
    alerted.colleague.expects_sms("to acknowledge")
    alerted.colleague.expects_call()
    step = next(step for step in alerted.officer.alert()["history"] if step["action"] == "handed_to")
    assert (step["by"], step["colleague"]) == ("Amina Yusuf", "Ben Carter")
    alerted.forward(61)
    alerted.officer.expects_sms("to acknowledge")
    alerted.colleague.acknowledges()
    assert alerted.officer.alert()["acknowledgement"]["by"]["name"] == "Ben Carter"
    alerted.checks_at_end = False


def test_an_alert_is_handed_to_nobody_who_may_not_open_it(alerted: World) -> None:
    other = Team.create(name="South London", created_at=clock.now())
    stranger = alerted.person(Role.OFFICER, "Dev Patel", "+447700900104", team=other)
    db.release_connection()
    assert does(alerted.officer, "hand-to", person_id=stranger.person.id).status_code == 404
    alerted.officer.acknowledges()
    assert does(alerted.colleague, "hand-to", person_id=alerted.colleague.person.id).status_code == 403
    alerted.reads_everything()


def test_a_note_is_seen_by_colleagues_with_who_wrote_it(alerted: World) -> None:
    assert does(alerted.officer, "notes", text="Sister is with them.").status_code == 201
    assert does(alerted.officer, "notes", text="  ").status_code == 422
    step = next(step for step in alerted.colleague.alert()["history"] if step["action"] == "noted")
    assert (step["by"], step["note"]) == ("Amina Yusuf", "Sister is with them.")
    alerted.reads_everything()


def test_the_brief_has_ten_lines_with_all_that_a_control_room_asks(alerted: World) -> None:
    person = alerted.officer.person
    monitoring_status.assess_risk(person, alerted.wearer.id, Risk.VERY_HIGH, clock.now(), clock.now(), why="Panel.")
    db.release_connection()
    plan = {"text": "Stay inside, call 999.", "from_at": clock.now().isoformat(), "why": "Agreed today."}
    assert alerted.officer.api("POST", f"/v1/wearers/{alerted.wearer.id}/safety-plan", json=plan).status_code == 201
    alerted.clock.forward(60)
    alerted.tag.reports(alerted.tag.fix(120.0))
    alerted.officer.acknowledges()
    said = {line["about"]: line["text"] for line in does(alerted.officer, "police-brief").json()["lines"]}
    assert len(said) == 10
    assert said["Who calls"].startswith("Amina Yusuf, probation service, North London. Cordon alert ")
    assert said["Person on probation"].startswith("Daniel Marsh, who wears a GPS tag. Risk of serious harm: very high")
    assert said["What happened"].startswith("In the exclusion zone")
    assert re.search(r"^\d\d:\d\d on .* Amina Yusuf acts for probation\.$", said["Since"])
    assert re.search(r"OS grid reference TQ \d+ \d+, latitude 51\.\d{5}, longitude -0\.\d{5}", said["Where they are"])
    assert re.match(r"12\d m east of the middle of the zone around Home", said["From the protected place"])
    assert said["Protected"] == "Laura Bennett. Protected place: Home."
    assert said["Safety plan"] == "Stay inside, call 999."
    case = alerted.officer.alert()["case"]
    assert (case["risk"], case["safety_plan"], case["protected"]) == (
        "Very high",
        "Stay inside, call 999.",
        ["Laura Bennett"],
    )
    alerted.checks_at_end = False


def test_the_brief_of_a_cut_strap_does_not_say_that_the_order_is_not_recorded(world: World) -> None:
    world.stop_worker()
    assert world.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}]).status_code == 200
    said = {line["about"]: line["text"] for line in does(world.officer, "police-brief").json()["lines"]}
    assert (
        said["The order says"] == "This alert is about no single zone. The orders’ wording is in the case, in Cordon."
    )
    world.checks_at_end = False


def test_a_safety_plan_is_dated_and_belongs_to_who_may_open_the_case(alerted: World) -> None:
    other = Team.create(name="South London", created_at=clock.now())
    stranger = alerted.person(Role.OFFICER, "Dev Patel", "+447700900104", team=other)
    db.release_connection()
    plan = {"text": "Stay inside.", "from_at": clock.now().isoformat(), "why": "Agreed."}
    path = f"/v1/wearers/{alerted.wearer.id}/safety-plan"
    assert stranger.api("POST", path, json=plan).status_code == 404
    assert alerted.officer.api("POST", path, json={**plan, "why": " "}).status_code == 422
    assert alerted.officer.api("POST", path, json={**plan, "text": "x" * 4_001}).status_code == 422
    assert alerted.officer.api("POST", path, json=plan).status_code == 201
    later = {**plan, "text": "", "from_at": (clock.now() + timedelta(hours=1)).isoformat()}
    assert alerted.officer.api("POST", path, json=later).status_code == 201
    assert alerted.officer.alert()["case"]["safety_plan"] == "Stay inside."
    alerted.reads_everything()


class Police:
    """A browser of the police, without an account."""

    def __init__(self, world: World) -> None:
        self.world, self.web = world, requests.Session()
        self.web.headers["Accept"] = "text/html"

    def enters(self, code: str) -> requests.Response:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.web.get(f"{self.world.url}/police").text)
        assert token
        return self.web.post(f"{self.world.url}/police", data={"csrf_token": token[1], "code": code})

    def looks(self) -> requests.Response:
        return self.web.get(f"{self.world.url}/police/alert")


def test_the_police_open_one_alert_with_a_code_on_one_device_for_an_hour(alerted: World) -> None:
    made = does(alerted.officer, "police-codes").json()
    assert re.fullmatch(r"\d{3} \d{3} \d{4}", made["code"])
    assert made["address"] == f"{alerted.url}/police"
    police, others = Police(alerted), Police(alerted)
    page = police.enters(made["code"])
    assert page.status_code == 200
    assert "Daniel Marsh" in page.text
    assert "Laura Bennett" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert made["code"].replace(" ", "") not in page.url
    assert others.enters(made["code"]).status_code == 422
    assert others.looks().status_code == 404
    assert "police_page_opened" in actions(alerted.officer)
    looks = AuditEntry.select().where(AuditEntry.actor.startswith("police:"), AuditEntry.action == "location_viewed")
    assert looks.count() == 1
    assert PoliceCode.get().digest != made["code"].replace(" ", "")
    db.release_connection()
    cases.forward_to(alerted, clock.now() + timedelta(minutes=61))
    assert police.looks().status_code == 404
    alerted.checks_at_end = False


def test_a_code_ends_at_once_when_the_officer_ends_it_or_makes_another(alerted: World) -> None:
    first = does(alerted.officer, "police-codes").json()["code"]
    second = does(alerted.officer, "police-codes").json()["code"]
    police = Police(alerted)
    assert police.enters(first).status_code == 422
    assert police.enters(second).status_code == 200
    assert alerted.officer.api("DELETE", f"/v1/alerts/{alerted.officer.alert()['id']}/police-codes").status_code == 204
    assert police.looks().status_code == 404
    alerted.reads_everything()


@pytest.mark.parametrize(
    ("outcome", "stays"), [("false_alarm", False), ("reasonable_excuse", False), ("police_informed", True)]
)
def test_a_code_ends_with_an_outcome_that_leaves_the_police_nothing_to_act_on(
    alerted: World, outcome: str, stays: bool
) -> None:
    police = Police(alerted)
    made = does(alerted.officer, "police-codes").json()["code"]
    assert police.enters(made).status_code == 200
    alerted.officer.acknowledges()
    alerted.officer.records_outcome(outcome)
    assert police.looks().status_code == (200 if stays else 404)
    if stays:
        assert "The alert is closed" in police.looks().text
    refused = alerted.officer.api("POST", f"/v1/alerts/{Alert.get().id}/police-codes")
    assert refused.status_code == (201 if stays else 409)
    db.release_connection()
    alerted.reads_everything()


def test_a_code_is_made_for_no_alert_that_was_closed_long_ago(alerted: World) -> None:
    alerted.officer.acknowledges()
    alerted.officer.records_outcome("police_informed")
    alert_id = Alert.get().id
    db.release_connection()
    cases.forward_to(alerted, clock.now() + timedelta(hours=25))
    assert alerted.officer.api("POST", f"/v1/alerts/{alert_id}/police-codes").status_code == 409
    alerted.checks_at_end = False


def test_wrong_codes_are_bounded(alerted: World) -> None:
    police = Police(alerted)
    statuses = []
    for number in range(70):
        statuses.append(police.enters(f"{number:010d}").status_code)
        if statuses[-1] == 429:
            break
    assert set(statuses[:-1]) == {422}
    assert statuses[-1] == 429
    assert police.enters("not a number").status_code == 429
    alerted.reads_everything()


def test_a_drill_has_no_code_for_the_police(alerted: World) -> None:
    Wearer.update(is_training=True).where(Wearer.id == alerted.wearer.id).execute()
    db.release_connection()
    assert does(alerted.officer, "police-codes").status_code == 409
    assert (
        does(alerted.officer, "police-brief").json()["lines"][0]["text"] == "This is a drill. Do not call the police."
    )
    alerted.checks_at_end = False


def test_an_alert_that_was_handed_on_always_has_a_next_step(alerted: World) -> None:
    alerted.officer.acknowledges()
    does(alerted.officer, "hand-to", person_id=alerted.colleague.person.id)
    alert = Alert.get()
    assert alert.escalation.next_at is not None
    assert alert.escalation.next_at <= clock.now() + timedelta(seconds=61)
    db.release_connection()
    alerted.checks_at_end = False
