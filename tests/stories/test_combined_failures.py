"""Nights on which something else goes wrong too: each ended badly once, in a review, and has its remedy held here."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from playhouse.pool import MaxConnectionsExceeded

from backend import alerts, change_feed, clock, db, ingest, outbox
from backend.ingest.pipeline import store_group
from backend.models import (
    Alert,
    AlertKind,
    AuditEntry,
    Escalation,
    Fix,
    Notification,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    Tag,
    Victim,
    Wearer,
)
from notifier.worker import Worker
from tests.world import HOME, TestTag, World, eventually
from zones.geo import Frame


def another_case(world: World) -> tuple[TestTag, PlaceZone]:
    """A second wearer of the same officer, with a zone of their own."""
    wearer = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.officer.person, created_at=clock.now()
    )
    victim = Victim.create(team=world.team, name="Sofia Marino", created_at=clock.now())
    place = ProtectedPlace.create(victim=victim, label="Work")
    zone = PlaceZone.create(place=place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
    return world.new_tag("LDN-0002", wearer), zone


def test_one_zone_that_cannot_be_judged_as_it_ends_keeps_no_one_elses_warning_back(world: World) -> None:
    officer = world.officer.has_app()
    other, zone = another_case(world)
    PlaceZone.update(to_at=clock.now() + timedelta(seconds=100)).where(PlaceZone.id == zone.id).execute()
    other.is_far_away()
    PlaceZone.update(feature={"type": "Feature", "geometry": None, "properties": {}}).where(
        PlaceZone.id == zone.id
    ).execute()
    db.release_connection()
    world.forward(120)
    world.tag.walks_in()
    officer.expects_push("breach, unconfirmed. Please acknowledge")
    world.reads_everything()


def test_one_alert_that_cannot_be_read_keeps_no_one_elses_escalation_policy_back(world: World) -> None:
    world.officer.has_app()
    world.supervisor.has_app()
    other, _ = another_case(world)
    other.walks_in()
    world.tag.walks_in()
    world.settle()
    broken = Alert.select(Alert.id).where(Alert.wearer != world.wearer).first()
    db.database.execute_sql(f"UPDATE alert SET wearer_id = wearer_id, level = 77 WHERE id = {broken.id}")
    db.release_connection()
    world.clock.forward(11)
    eventually(lambda: [m for m in world.doubles.messages if m.to == world.officer.person.phone], "the text")
    world.reads_everything()


def test_the_victims_text_is_tried_on_while_the_breach_stands_and_the_officer_hears_that_they_were_not_warned(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    world.doubles.script(to=world.victim.phone, status=503)
    world.tag.stays_inside()
    for _ in range(20):
        world.forward(5)
    world.expect_push(officer.push_token, "the protected person could not be warned")
    world.doubles.clear_script()
    for _ in range(8):
        world.forward(5)
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    officer.acknowledges()
    world.reads_everything()


def test_a_victim_whose_text_never_went_out_does_not_read_that_it_is_over(world: World) -> None:
    world.officer.has_app()
    world.victim_consents()
    world.doubles.script(to=world.victim.phone, status=400)
    world.tag.stays_inside()
    world.doubles.clear_script()
    world.tag.leaves()
    assert not [m for m in world.doubles.messages if m.to == world.victim.phone]
    world.reads_everything()


def test_a_place_is_not_called_over_while_the_zone_that_was_breached_cannot_be_judged(world: World) -> None:
    world.officer.has_app()
    far = Frame(*HOME).to_degrees(3_000.0, 0.0)
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [far[1], far[0]]},
        "properties": {"id": "b", "kind": "exclusion", "radius_m": 200.0, "buffer_m": 200.0},
    }
    PlaceZone.create(place=world.place, wearer=world.wearer, feature=feature, from_at=world.zone.from_at)
    world.tag.stays_inside()
    PlaceZone.update(feature={"type": "Feature", "geometry": None, "properties": {}}).where(
        PlaceZone.id == world.zone.id
    ).execute()
    db.release_connection()
    world.tag.stays(0.0, for_s=60)
    kinds = {alert["kind"]: alert["is_over"] for alert in world.officer.alerts("all")}
    assert kinds == {"zone": False, "cannot_judge": False}
    world.reads_everything()


def test_a_connection_that_is_not_to_be_had_is_trouble_of_the_storage_and_costs_no_fix(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: Any) -> None:
        raise MaxConnectionsExceeded("none left")

    fix = world.tag.fix(0.0)
    with monkeypatch.context() as patch:
        patch.setattr("backend.ingest.committer.store_group", none_left)
        refused = world.tag.post(fix, webhook_id="msg_9")
    assert refused.status_code == 503
    assert world.tag.post(fix, webhook_id="msg_9").json()["accepted"] == 1
    assert Fix.select().count() == 1
    world.reads_everything()


def test_a_receipt_of_an_old_message_holds_back_nothing_of_the_new_one(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(400.0, for_s=60)
    old = officer.expects_push("near zone")
    alert_id = officer.acknowledges()["id"]
    world.tag.walks_in()
    officer.expects_push("breach")
    receipt = {"kind": "received", "channel": "push", "notification_id": int(old.data["notification_id"])}
    assert officer.api("POST", f"/v1/alerts/{alert_id}/receipts", json=receipt).status_code == 204
    world.forward(11)
    officer.expects_sms("breach")
    officer.acknowledges()
    world.reads_everything()


def test_danger_that_rises_on_an_unanswered_alert_is_texted_ten_seconds_later(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(400.0, for_s=30)
    push = officer.expects_push("near zone")
    receipt = {"kind": "received", "channel": "push", "notification_id": int(push.data["notification_id"])}
    officer.api("POST", f"/v1/alerts/{push.data['alert_id']}/receipts", json=receipt)
    world.tag.walks_in()
    officer.expects_push("breach")
    world.forward(11)
    officer.expects_sms("breach")
    world.reads_everything()


def test_an_alert_that_reaches_no_one_is_tried_again_every_two_minutes(world: World) -> None:
    for phone in (world.officer, world.colleague, world.supervisor):
        phone.person.phone = None
        phone.person.save()
    db.release_connection()
    world.tag.walks_in()
    for _ in range(3):
        world.forward(121)
    tried = [entry.at for entry in AuditEntry.select().where(AuditEntry.action == "no_one_reachable")]
    db.release_connection()
    assert len(tried) == 4
    assert {round((b - a).total_seconds()) for a, b in itertools.pairwise(tried)} == {121}


def test_a_clock_that_jumped_and_came_back_does_not_park_the_escalation_policy(world: World) -> None:
    world.officer.has_app()
    world.stop_worker()
    world.tag.walks_in()
    ahead = clock.now() + timedelta(hours=3)
    Escalation.update(next_at=ahead).execute()
    Notification.update(lease_until=ahead, lease_token="of a worker that ran ahead").execute()
    db.release_connection()
    world.start_worker()
    world.officer.expects_push("Please acknowledge")
    world.officer.expects_sms("to acknowledge")
    world.reads_everything()


def test_a_withdrawn_alert_rings_no_one_again_the_one_who_had_acknowledged_it(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    world.tag.walks_in()
    officer.expects_push("breach, unconfirmed")
    officer.acknowledges()
    world.tag.stays(5_000.0, for_s=90)
    assert officer.alert()["certainty"] == "withdrawn"
    officer.expects_push("withdrawn")
    for _ in range(20):
        world.forward(180)
    assert len(world.doubles.messages) == 0


def test_a_withdrawal_before_anyone_answered_is_told_to_all_who_were_warned_and_the_alert_stays_in_the_list(
    world: World,
) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_sms("breach, unconfirmed")
    world.tag.stays(5_000.0, for_s=45)
    world.officer.expects_sms("withdrawn")
    # A person who was called or told since then hears of it by text, too.
    world.reads_everything()
    alert = world.officer.alert()
    assert (alert["handling"], alert["is_over"], alert["certainty"]) == ("open", True, "withdrawn")
    world.forward(3_600)


def test_noise_at_the_edge_of_a_zone_does_not_ring_an_officer_who_has_acknowledged(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.is_far_away()
    for _ in range(3):
        world.tag.stays(100.0, for_s=60)
        if officer.alert()["handling"] == "open":
            officer.acknowledges()
            before = len(world.doubles.pushes)
        world.tag.stays(420.0, for_s=90)
    assert officer.alert()["handling"] == "acknowledged"
    assert len(world.doubles.pushes) == before
    world.reads_everything()


def test_a_breach_that_goes_on_long_after_its_outcome_is_an_alert_again(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.stays_inside()
    officer.acknowledges()
    officer.records_outcome()
    world.tag.stays(0.0, for_s=300, every_s=60)
    assert len(officer.alerts("all")) == 1
    world.tag.stays(0.0, for_s=720, every_s=60)
    assert [alert["handling"] for alert in officer.alerts("all")] == ["open", "closed"]
    world.reads_everything()


def test_settling_and_acknowledging_at_once_never_wait_for_each_other(world: World) -> None:
    world.stop_worker()
    world.officer.has_app()
    for n in range(6):
        wearer = Wearer.create(
            team=world.team, name=f"W{n}", responsible_officer=world.officer.person, created_at=clock.now()
        )
        PlaceZone.create(place=world.place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
        world.new_tag(f"W-{n}", wearer).walks_in()
    world.doubles.script(to=world.officer.push_token, status=503)
    errors: list[BaseException] = []

    def settle() -> None:
        try:
            worker = Worker(world.settings)
            worker.work()
            worker.jobs.lanes.close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=settle)]
    threads += [
        threading.Thread(target=world.officer.acknowledges, args=(alert["id"],)) for alert in world.officer.alerts()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert {alert["handling"] for alert in world.officer.alerts()} == {"acknowledged"}
    assert Notification.select().where(Notification.lease_token.is_null(False)).count() == 0
    world.start_worker()
    world.reads_everything()


def test_a_wearer_with_two_tags_at_once_has_one_alert_at_one_place_whatever_process_takes_them(world: World) -> None:
    world.stop_worker()
    settings = world.app.extensions["cordon.settings"]
    for n in range(6):
        wearer = Wearer.create(team=world.team, name=f"W{n}", created_at=clock.now())
        PlaceZone.create(place=world.place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
        both = [world.new_tag(f"W-{n}-{side}", wearer) for side in ("old", "new")]
        ready = threading.Barrier(2)

        def take(tag: TestTag, ready: threading.Barrier = ready) -> None:
            # As the committers of two processes would: each with a transaction of its own.
            body = json.dumps({"fixes": [tag.fix(0.0)]}).encode()
            row = Tag.get(Tag.serial == tag.serial)
            submission = ingest.read(row.id, tag.serial, body, clock.now(), False, settings)
            ready.wait()
            store_group([submission], settings, waits=True)
            db.release_connection()

        threads = [threading.Thread(target=take, args=(tag,)) for tag in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Alert.select().where(Alert.kind == AlertKind.ZONE).count() == 6
    assert PlaceState.select().count() == 6


def test_a_refresh_whose_answer_was_lost_can_be_asked_again(world: World) -> None:
    world.officer.signs_in()
    body = {"refresh_token": world.officer._refresh}
    assert world.api("POST", "/v1/sessions/refresh", json=body).status_code == 200
    world.forward(20)
    again = world.api("POST", "/v1/sessions/refresh", json=body)
    assert again.status_code == 200
    world.forward(120)
    assert world.api("POST", "/v1/sessions/refresh", json=body).status_code == 401


def test_what_failed_to_commit_leaves_nothing_behind_for_the_next_unit_of_work(world: World) -> None:
    world.tag.walks_in()
    alert = Alert.get()
    before = alerts.newest_cursor()
    with pytest.raises(RuntimeError):
        _publish_and_fail(alert)
    with db.atomic():
        outbox.cancel_pending(alert, clock.now(), [])
    assert alerts.newest_cursor() == before
    world.reads_everything()


def _publish_and_fail(alert: Alert) -> None:
    with db.atomic():
        change_feed.publish(alert)
        raise RuntimeError


def test_pages_of_changes_follow_each_other_without_a_gap(world: World) -> None:
    world.stop_worker()
    for n in range(5):
        wearer = Wearer.create(team=world.team, name=f"W{n}", created_at=clock.now())
        PlaceZone.create(place=world.place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
        world.new_tag(f"W-{n}", wearer).walks_in()
    seen, cursor = set(), 0
    for _ in range(3):
        query = {"status": "all", "after": cursor, "limit": 2}
        page = world.officer.api("GET", "/v1/alerts", params=query).json()
        seen |= {alert["id"] for alert in page["alerts"]}
        cursor = page["cursor"]
    assert len(seen) == 5
