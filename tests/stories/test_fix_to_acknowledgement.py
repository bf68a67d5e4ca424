"""The line of a fix, told as promises: from the tag to a person who acknowledges, and a figure."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest

from backend import db
from backend.models import Notification, PlaceZone
from tests.world import HOME, World
from zones.geo import Frame


def test_a_breach_reaches_the_officers_open_app_and_phone_at_once_and_an_acknowledgement_ends_it(world: World) -> None:
    officer = world.officer.has_app().opens_the_app()
    world.tag.is_far_away()
    answer = world.tag.walks_in()
    assert answer["report_interval_s"] == 15
    hint = officer.expects_hint()
    officer.expects_push("Please acknowledge")
    alert = officer.alert()
    assert hint["alert_id"] == alert["id"]
    assert (alert["level"], alert["handling"], alert["is_over"]) == ("breach", "open", False)
    assert alert["wearer"]["name"] == "Daniel Marsh"
    assert any("m inside" in reason for reason in alert["reasons"])
    acknowledged = officer.acknowledges()
    assert acknowledged["acknowledgement"]["by"]["name"] == "Amina Yusuf"
    world.forward(300)
    assert officer.records_outcome()["handling"] == "closed"
    world.forward(3_600)


def test_silence_is_answered_by_text_call_colleague_supervisor_and_all_again_until_someone_acknowledges(
    world: World,
) -> None:
    world.officer.has_app()
    world.supervisor.has_app()
    world.tag.walks_in()
    world.officer.expects_push("Please acknowledge")
    world.forward(9)
    world.forward(2)
    world.officer.expects_sms("to acknowledge")
    world.forward(20)
    world.officer.expects_call()
    # No one pressed a key, and so the colleague is notified without waiting for the minute to be full.
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    world.forward(150)
    world.supervisor.expects_push("No one has acknowledged")
    world.supervisor.expects_sms("No one has acknowledged")
    world.supervisor.expects_call()
    world.forward(121)
    for phone in (world.officer, world.colleague, world.supervisor):
        phone.expects_sms("No one has acknowledged")
        phone.expects_call()
    for phone in (world.officer, world.supervisor):
        phone.expects_push("No one has acknowledged")
    world.supervisor.acknowledges()
    world.officer.expects_push("a colleague has acknowledged")
    world.forward(600)


def test_a_phone_that_says_it_received_the_warning_gets_no_text_and_silence_still_reaches_the_supervisor(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    push = officer.expects_push("Please acknowledge")
    alert_id = int(push.data["alert_id"])
    assert officer.api("POST", f"/v1/alerts/{alert_id}/receipts", json={"kind": "received"}).status_code == 204
    world.forward(29)
    world.forward(2)
    officer.expects_call()
    world.forward(30)
    world.colleague.expects_sms("No one has acknowledged")
    world.colleague.expects_call()
    officer.acknowledges()


def test_an_officer_with_no_live_route_is_texted_at_once(world: World) -> None:
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    world.officer.acknowledges()


def test_a_push_that_fails_sends_the_text_at_once(world: World) -> None:
    officer = world.officer.has_app()
    # For as long as the story lasts: it is about the text, and a second try of the push comes a second later.
    world.doubles.script(to=officer.push_token, status=503)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    officer.acknowledges()


def test_no_message_says_who_or_where(world: World) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.tag.stays_inside()
    world.settle()
    spoken = [p.data["title"] + p.data["body"] for p in world.doubles.pushes]
    spoken += [m.body for m in world.doubles.messages]
    assert len(spoken) >= 4
    for secret in ("Daniel", "Marsh", "Laura", "Bennett", "Home", "51.5", "-0.1"):
        assert not any(secret in text for text in spoken), secret
    assert all(len(m.body) <= 160 for m in world.doubles.messages)
    officer.acknowledges()
    world.reads_everything()


def test_two_officers_acknowledge_at_once_and_the_first_wins_for_both_to_see(world: World) -> None:
    first, second = world.officer.has_app(), world.colleague
    world.tag.walks_in()
    first.expects_push("Please acknowledge")
    alert_id = first.alert()["id"]
    first.token, second.token  # noqa: B018 - both are signed in before either acts
    answers: list[dict] = []
    barrier = threading.Barrier(2)

    def acknowledge(phone) -> None:
        barrier.wait()
        answers.append(phone.acknowledges(alert_id))

    threads = [threading.Thread(target=acknowledge, args=(phone,)) for phone in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = {answer["acknowledgement"]["by"]["name"] for answer in answers}
    assert len(winners) == 1
    assert second.alert()["acknowledgement"]["by"]["name"] in winners
    assert [step["action"] for step in second.alert()["history"]].count("acknowledged") == 1
    if winners == {"Ben Carter"}:
        first.expects_push("a colleague has acknowledged")


def test_danger_that_rises_after_an_acknowledgement_starts_the_escalation_policy_again_the_acknowledger_first(
    world: World,
) -> None:
    world.officer.has_app()
    colleague = world.colleague.has_app()
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(400.0, for_s=60)
    world.officer.expects_push("near zone")
    world.forward(0)
    world.officer.expects_sms("near zone")
    assert world.officer.alert()["level"] == "buffer"
    world.officer.expects_call()
    colleague.expects_push("No one has acknowledged")
    colleague.expects_sms("No one has acknowledged")
    colleague.expects_call()
    colleague.acknowledges()
    world.officer.expects_push("a colleague has acknowledged")
    world.tag.walks_in()
    # The person who took it a moment ago has a minute before others are notified.
    colleague.expects_push("breach")
    assert world.officer.alert()["handling"] == "open"
    world.forward(11)
    colleague.expects_sms("breach")
    world.forward(50)
    world.officer.expects_call()
    world.reads_everything()


def test_an_alert_that_is_over_before_anyone_answered_stays_open_and_the_escalation_policy_goes_on(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.tag.stays_inside()
    world.tag.leaves()
    alert = officer.alert()
    assert (alert["is_over"], alert["handling"]) == (True, "open")
    assert officer.alerts("open")[0]["id"] == alert["id"]
    assert any("now over" in message.body for message in world.doubles.messages)
    officer.acknowledges()
    officer.records_outcome()
    world.reads_everything()


def test_a_handed_back_alert_starts_the_escalation_policy_again(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    assert officer.hands_back()["handling"] == "open"
    officer.expects_push("Please acknowledge")
    world.forward(11)
    officer.expects_sms("to acknowledge")
    officer.acknowledges()


def test_an_acknowledgement_lapses_when_its_owner_signs_out_everywhere(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    assert officer.api("DELETE", "/v1/sessions").status_code == 204
    # Nothing is pushed to a phone that is signed out: the one who holds it may be anyone.
    officer.expects_sms("to acknowledge")
    assert world.colleague.alert()["handling"] == "open"
    world.colleague.acknowledges()
    officer.expects_sms("a colleague has acknowledged")


def test_an_acknowledgement_without_an_outcome_is_silence_again_after_a_quarter_of_an_hour(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    world.forward(899)
    assert officer.alert()["handling"] == "acknowledged"
    world.forward(2)
    officer.expects_push("Please acknowledge")
    assert officer.alert()["handling"] == "open"
    officer.acknowledges()
    officer.records_outcome()


def test_the_victim_who_agreed_reads_their_own_words_at_a_confirmed_breach_and_when_it_is_over(world: World) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.tag.stays_inside()
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    world.tag.leaves()
    world.expect_sms(world.victim.phone, "Your book was collected.")
    assert len([m for m in world.doubles.messages if m.to == world.victim.phone]) == 2
    officer.acknowledges()
    officer.records_outcome()
    world.reads_everything()


def test_the_victim_who_did_not_agree_reads_nothing(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.stays_inside()
    assert not [m for m in world.doubles.messages if m.to == world.victim.phone]
    officer.acknowledges()
    world.reads_everything()


def test_stop_withdraws_their_consent_at_once_and_leaves_the_officers_warning_alone(world: World) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.tag.stays_inside()
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    reply = world.doubles.reply(from_=world.victim.phone, to="+447700900000", body="stop.")
    assert reply.callbacks[0].status == 200
    world.tag.leaves()
    assert len([m for m in world.doubles.messages if m.to == world.victim.phone]) == 1
    assert officer.alert()["handling"] == "open"
    officer.acknowledges()
    world.reads_everything()


def test_a_supervisor_reads_every_stage_of_the_clock_in_order(world: World) -> None:
    officer = world.officer.has_app().opens_the_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    world.settle()
    world.forward(4)
    officer.acknowledges()
    world.forward(60)
    officer.records_outcome()
    report = world.supervisor.api("GET", "/v1/reports/response-times", params={"by": "team"}).json()
    stages = ("fix", "received", "decided", "first_sent", "first_delivered", "acknowledged", "outcome")
    instants = [datetime.fromisoformat(report["alerts"][0]["clock"][stage]) for stage in stages]
    assert instants == sorted(instants), [
        (n.channel, n.state, n.sent_at, n.delivered_at) for n in Notification.select()
    ]
    group = report["groups"][0]
    assert (group["name"], group["count"], group["acknowledged"], group["unacknowledged"]) == ("North London", 1, 1, [])
    assert 4 <= group["figures"]["acknowledge_s"]["p50"] < 10
    csv = world.supervisor.api("GET", "/v1/reports/response-times")
    assert csv.headers["Content-Type"] == "application/json"
    assert officer.api("GET", "/v1/reports/response-times").status_code == 403


def _shape(kind: str) -> dict:
    frame = Frame(*HOME)
    corners = [
        frame.to_degrees(east, north)[::-1] for east, north in ((-250, -250), (250, -250), (250, 250), (-250, 250))
    ]
    street = [frame.to_degrees(0.0, north)[::-1] for north in (-600.0, 0.0, 600.0)]
    geometry = {
        "polygon": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
        "street": {"type": "LineString", "coordinates": street},
    }[kind]
    properties = {"id": kind, "kind": "exclusion", "buffer_m": 250.0}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": properties | ({"width_m": 400.0} if kind == "street" else {}),
    }


@pytest.mark.parametrize("kind", ["polygon", "street"])
def test_a_zone_of_any_shape_warns_when_the_wearer_is_inside_and_ends_when_the_wearer_has_left(
    world: World, kind: str
) -> None:
    PlaceZone.update(feature=_shape(kind)).where(PlaceZone.id == world.zone.id).execute()
    officer = world.officer.has_app()
    world.tag.is_far_away()
    assert not officer.alerts("all")
    world.tag.stays_inside()
    alert = officer.alert()
    assert (alert["level"], alert["certainty"], alert["is_over"]) == ("breach", "confirmed", False)
    world.tag.leaves()
    assert officer.alert()["is_over"]
    officer.acknowledges()
    world.reads_everything()


def test_fixes_take_no_number_of_a_sequence_for_what_is_there_already(world: World) -> None:
    def numbers() -> dict[str, int]:
        names = "SELECT seqrelid::regclass::text FROM pg_sequence"
        found = [name for (name,) in db.database.execute_sql(names).fetchall()]
        return {name: db.database.execute_sql(f"SELECT last_value FROM {name}").fetchone()[0] for name in found}

    world.tag.is_far_away()
    before = numbers()
    for _ in range(10):
        world.tag.is_far_away()
    after = numbers()
    db.release_connection()
    # A process that is heard of for the first time meanwhile takes one.
    grown = {name: after[name] - before[name] for name in after if after[name] - before[name] > 2}
    assert grown == {"fix_id_seq": 20, "signed_request_id_seq": 20, "tag_request_id_seq": 20}
