"""A tag that is opened, jammed or switched off, or that calls for help, rings until a person clears it with a note."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import monitoring_status
from backend.models import Activation, TagEvent
from tests.cases import WHY
from tests.world import World
from tests.world.tag import TestTag


def event(kind: str, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "at": (clock.now() - timedelta(seconds=ago_s)).isoformat(), **more}


def says(tag: TestTag, *events: Any, fixes: tuple[Any, ...] = (), **more: Any) -> dict[str, Any]:
    answer = tag.post(*fixes, events=list(events), **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tampers(world: World, status: str = "live") -> list[dict[str, Any]]:
    return [one for one in world.officer.alerts(status) if one["kind"] == "tamper"]


def clears(world: World, note: str = "Seen the tag: closed.", alert_id: int | None = None) -> None:
    alert_id = alert_id or tampers(world)[0]["id"]
    world.officer.acknowledges(alert_id)
    body = {"code": "tag_checked", "note": note}
    answer = world.officer.api("POST", f"/v1/alerts/{alert_id}/outcome", json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("strap_open", "strap_open", "The tag's strap was opened at"),
        ("STRAP_OPEN", "strap_open", "The tag's strap was opened at"),
        ("EV_PID_STRAP_TAMPER_START", "strap_open", "The tag's strap was opened at"),
        ("ev_pid_strap_tamper_start", "strap_open", "The tag's strap was opened at"),
        ("case_open", "case_open", "The tag's case was opened at"),
        ("case_opened", "case_open", "The tag's case was opened at"),
        ("Jamming", "jamming", "The tag's signal was jammed at"),
        ("shutdown", "shutdown", "The tag was switched off at"),
        ("powerOff", "shutdown", "The tag was switched off at"),
        ("SOS", "sos", "The tag sent an SOS at"),
    ],
)
def test_each_event_rings_whatever_it_is_called(world: World, name: str, kind: str, said: str) -> None:
    world.tag.is_far_away()
    says(world.tag, event(name))
    (alert,) = tampers(world)
    assert (alert["event"], alert["tag"], alert["danger"], alert["is_over"]) == (kind, "LDN-0001", 4, False)
    assert alert["reasons"][0].startswith(said)
    assert (alert["place"], alert["zone_kind"]) == (None, None)
    world.officer.acknowledges()
    world.reads_everything()


def test_it_climbs_to_everyone_on_every_channel_and_a_protected_person_is_not_told(world: World) -> None:
    world.victim_consents()
    officer, colleague = world.officer.has_app(), world.colleague.opens_the_app()
    officer.handset.pick_up("voicemail")
    says(world.tag, event("strap_open"))
    push = officer.expects_push("Tag alert")
    assert push.data["body"].endswith("strap opened. Please acknowledge.")
    world.forward(11)
    text = officer.expects_sms("Tag alert")
    assert "strap opened" in text.body
    for secret in (world.wearer.name, world.victim.name, "Home", "LDN-0001"):
        assert secret not in text.body + push.data["body"]
    world.forward(20)
    call = officer.expects_call()
    assert "Tag alert" in call.said[0]
    world.forward(30)
    colleague.expects_hint()
    colleague.expects_sms("Tag alert")
    world.forward(120)
    world.supervisor.expects_sms("Tag alert")
    world.supervisor.expects_call()
    assert world.victim.phone not in {one.to for one in [*world.doubles.messages, *world.doubles.calls]}
    colleague.texts(f"1 {tampers(world)[0]['code']}")
    colleague.expects_sms("you have acknowledged it")
    assert tampers(world)[0]["handling"] == "acknowledged"
    world.reads_everything()


def test_a_repeat_adds_to_the_alert_and_rings_no_one_and_another_event_is_its_own(world: World) -> None:
    says(world.tag, event("strap_open"))
    world.officer.acknowledges()
    world.reads_everything()
    world.forward(60)
    says(world.tag, event("strap_open"))
    says(world.tag, event("EV_PID_STRAP_TAMPER_START", ago_s=20))
    (alert,) = tampers(world)
    assert (alert["handling"], alert["episode"]) == ("acknowledged", 1)
    assert alert["reasons"][1].startswith("Reported again, last for ")
    world.expect_nothing_more()
    says(world.tag, event("jamming"))
    assert [one["event"] for one in tampers(world)] == ["jamming", "strap_open"]
    world.officer.expects_sms("signal jammed")
    world.reads_everything()


def test_a_strap_that_closes_is_shown_and_clears_nothing_and_a_person_clears_it_with_a_note(world: World) -> None:
    says(world.tag, event("strap_open"))
    world.forward(240)
    says(world.tag, event("EV_PID_STRAP_TAMPER_END"))
    world.tag.is_far_away()
    (alert,) = tampers(world)
    assert alert["reasons"][-1].startswith("The tag reported its strap closed at ")
    assert (alert["is_over"], alert["handling"]) == (False, "open")
    world.officer.acknowledges(alert["id"])
    path = f"/v1/alerts/{alert['id']}/outcome"
    refused = world.officer.api("POST", path, json={"code": "tag_checked", "note": "  "})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert tampers(world)[0]["handling"] == "acknowledged"
    cleared = world.officer.api(
        "POST", path, json={"code": "tag_checked", "note": "Seen at the office: closed."}
    ).json()
    assert (cleared["handling"], cleared["is_over"]) == ("closed", True)
    assert tampers(world) == []
    # It is opened again: that is news.
    world.forward(60)
    world.reads_everything()
    says(world.tag, event("strap_open"))
    world.officer.expects_sms("strap opened")
    world.reads_everything()


def test_an_end_that_arrives_before_what_it_ends_is_shown_too(world: World) -> None:
    says(world.tag, event("strap_closed", ago_s=60))
    says(world.tag, event("strap_open", ago_s=240))
    assert tampers(world)[0]["reasons"][-1].startswith("The tag reported its strap closed at ")
    says(world.tag, event("strap_closed", ago_s=900))
    assert len(tampers(world)[0]["reasons"]) == 2
    world.reads_everything()


@pytest.mark.parametrize(
    "at",
    [
        "2031-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59+00:00",
        "0001-01-01T00:00:00+14:00",
        "yesterday",
        "2026-11-24T20:00:00",
        None,
        17,
        "",
    ],
)
def test_an_event_with_a_time_that_cannot_be_right_rings_as_of_its_arrival(world: World, at: Any) -> None:
    before = clock.now()
    says(world.tag, {"kind": "strap_open", "at": at})
    (alert,) = tampers(world)
    assert datetime.fromisoformat(alert["fix_time"]) >= before
    assert alert["reasons"][0].endswith("with a time that cannot be right.")
    clears(world)
    # Another one by the same broken clock is not taken for the one before.
    says(world.tag, {"kind": "strap_open", "at": at})
    assert len(tampers(world)) == 1
    world.reads_everything()


@pytest.mark.parametrize(
    "fixes",
    [
        ({"fix_time": "2031-01-01T00:00:00Z", "lat": 51.5, "lon": -0.1},),
        ({"fix_time": "nonsense"},),
        ({"lat": 500, "lon": 500, "fix_time": "2026-11-24T20:00:00Z"}, 5),
        (),
    ],
    ids=["from the future", "broken", "off the earth", "none"],
)
def test_an_event_rings_whatever_becomes_of_the_fixes_beside_it(world: World, fixes: tuple[Any, ...]) -> None:
    says(world.tag, event("shutdown"), fixes=fixes)
    assert [one["event"] for one in tampers(world)] == ["shutdown"]
    world.reads_everything()


def test_an_event_rings_where_the_tags_own_clock_was_reset(world: World) -> None:
    says(world.tag, event("strap_open", ago_s=86_400), signed_at=clock.now() - timedelta(days=400))
    assert tampers(world)[0]["reasons"][0].endswith("with a time that cannot be right.")
    world.reads_everything()


def test_an_event_in_a_batch_that_is_refused_as_a_whole_rings(world: World) -> None:
    content = f'{{"fixes": 7, "events": [{{"kind": "strap_open", "at": "{clock.now().isoformat()}"}}]}}'
    assert world.tag.post(body=content.encode()).status_code == 422
    assert [one["event"] for one in tampers(world)] == ["strap_open"]
    world.reads_everything()


def test_an_alarm_beside_a_fix_rings_as_an_event_does(world: World) -> None:
    world.tag.reports(world.tag.fix(5_000.0, alarm="sos,tampering"))
    assert sorted(one["event"] for one in tampers(world)) == ["sos", "strap_open"]
    world.reads_everything()


def test_the_same_report_again_rings_no_one_also_after_it_was_cleared(world: World) -> None:
    once = event("strap_open", ago_s=30)
    for _ in range(2):
        says(world.tag, once)
        says(world.tag, once, webhook_id="msg_same")
    assert len(tampers(world)) == 1
    clears(world)
    world.reads_everything()
    says(world.tag, once)
    # An earlier one of the same minutes that comes late was cleared with it.
    says(world.tag, event("strap_open", ago_s=90))
    assert tampers(world) == []
    world.expect_nothing_more()


def test_an_event_that_arrives_hours_late_rings_and_says_so(world: World) -> None:
    says(world.tag, event("strap_open", ago_s=5))
    clears(world)
    says(world.tag, event("strap_open", ago_s=3 * 3_600))
    (alert,) = tampers(world)
    assert "3 h later" in alert["reasons"][1]
    world.reads_everything()


def test_events_of_one_batch_in_any_order_ring_once_for_each_kind(world: World) -> None:
    says(
        world.tag,
        event("strap_open", ago_s=10),
        event("strap_closed", ago_s=30),
        event("jamming", ago_s=20),
        event("strap_open", ago_s=60),
    )
    assert sorted(one["event"] for one in tampers(world)) == ["jamming", "strap_open"]
    world.reads_everything()


def test_a_tag_that_no_one_wore_at_that_time_rings_no_one(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    says(spare, event("strap_open"))
    worn = Activation.get(Activation.wearer == world.wearer)
    worn.from_at = clock.now() - timedelta(hours=1)
    worn.save()
    db.release_connection()
    says(world.tag, event("strap_open", ago_s=7_200))
    assert tampers(world, "all") == []
    assert TagEvent.select().count() == 2
    db.release_connection()
    says(world.tag, event("strap_open", ago_s=1_800))
    assert len(tampers(world)) == 1
    world.reads_everything()


def test_in_custody_the_officer_is_told_once_and_no_one_is_called(world: World) -> None:
    officer = world.officer.has_app()
    suspend(world, monitoring_status.Suspended.CUSTODY)
    says(world.tag, event("strap_open"))
    officer.expects_push("a case of yours needs a look")
    officer.expects_sms("a case of yours needs a look")
    says(world.tag, event("strap_open"))
    world.forward(600)
    (notice,) = [one for one in officer.alerts() if "strap" in " ".join(one["reasons"])]
    assert (notice["kind"], notice["danger"]) == ("notice", 0)
    assert "Monitoring is suspended (custody)" in " ".join(notice["reasons"])
    world.expect_nothing_more()
    monitoring_status.resume(officer.person, world.wearer.id, clock.now(), clock.now(), why=WHY)
    db.release_connection()
    says(world.tag, event("strap_open"))
    assert len(tampers(world)) == 1
    world.reads_everything()


@pytest.mark.parametrize("reason", [monitoring_status.Suspended.HOSPITAL, monitoring_status.Suspended.ABROAD])
def test_in_hospital_or_abroad_it_rings_as_ever(world: World, reason: monitoring_status.Suspended) -> None:
    suspend(world, reason)
    says(world.tag, event("strap_open"))
    assert len(tampers(world)) == 1
    world.officer.expects_sms("strap opened")
    world.reads_everything()


def test_what_stands_is_not_cleared_by_a_suspension_or_the_end_of_the_case(world: World) -> None:
    says(world.tag, event("strap_open"))
    suspend(world, monitoring_status.Suspended.CUSTODY)
    now = clock.now()
    monitoring_status.end(
        world.officer.person, world.wearer.id, monitoring_status.Ended.RECALL, now, now, why=WHY, is_confirmed=True
    )
    db.release_connection()
    world.forward(1_000)
    (alert,) = tampers(world)
    assert alert["handling"] == "open"
    says(world.tag, event("jamming"))
    assert len(tampers(world)) == 1
    world.reads_everything()


def suspend(world: World, reason: monitoring_status.Suspended) -> None:
    now = clock.now()
    monitoring_status.suspend(
        world.officer.person, world.wearer.id, reason, now, now + timedelta(days=9), now, why=WHY, is_confirmed=True
    )
    db.release_connection()
    world.reads_everything()


def test_the_last_known_place_is_on_its_page_however_old(world: World) -> None:
    world.tag.is_far_away()
    world.forward(5 * 3_600)
    says(world.tag, event("shutdown"))
    (alert,) = tampers(world)
    detail = world.officer.api("GET", f"/v1/alerts/{alert['id']}").json()
    assert detail["zone"] is None
    reported, last = (datetime.fromisoformat(at) for at in (alert["fix_time"], detail["track"][-1]["fix_time"]))
    assert reported - last > timedelta(hours=4)
    assert [step["action"] for step in detail["history"]] == ["alert_raised"]
    world.reads_everything()


def test_the_supervisors_figures_count_it_under_its_own_name(world: World) -> None:
    says(world.tag, event("strap_open"))
    clears(world)
    rows = world.supervisor.api("GET", "/v1/reports/response-times").json()["alerts"]
    assert [(row["kind"], row["event"]) for row in rows] == [("tamper", "strap_open")]
    world.reads_everything()


def test_a_team_sets_who_is_told_of_it(world: World) -> None:
    steps = [
        {"after_s": 0, "who": ["officer"], "channels": ["sms"]},
        {"after_s": 5, "who": ["supervisors"], "channels": ["sms"]},
    ]
    repeat = {"after_s": 60, "who": ["supervisors"], "channels": ["sms"]}
    body = {"kind": "tamper", "rungs": steps, "repeat": repeat}
    assert world.supervisor.api("PUT", "/v1/ladder", json=body).status_code == 200
    says(world.tag, event("strap_open"))
    world.officer.expects_sms("strap opened")
    world.forward(6)
    world.supervisor.expects_sms("strap opened")
    world.reads_everything()
