"""A night after which the database comes back from a backup: old warnings stay unsent, people hear how it is now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from backend import clock, db, epoch, heartbeats, outages, restore
from backend.cli import restored
from backend.models import Alert, AuditEntry, Channel, Notification, Outage, Session
from notifier.watchdog import Watchdog
from tests.backups import backup
from tests.world import World, eventually

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def take_up() -> str:
    answer = CliRunner().invoke(restored)
    assert answer.exit_code == 0, answer.output
    db.release_connection()
    return answer.output


def test_after_a_restore_phones_fetch_again_old_warnings_stay_unsent_and_open_alerts_are_told(
    world: World, postgres: str
) -> None:
    officer = world.officer.has_app()
    other = world.new_wearer("Peter Hale", "LDN-0002")
    answer = officer.api("GET", "/v1/alerts", params={"status": "all"}).json()
    before, is_known = answer["epoch"], answer["cursor"]
    assert (answer["is_reset"], is_known) == (False, 0)
    world.stop_worker()
    world.tag.is_far_away()
    # Due, and not sent when the backup is made.
    world.tag.walks_in()
    heartbeats.beat("notifier:test:1", clock.now())
    put_back = backup(postgres)
    made_at = clock.now()
    world.start_worker()
    world.settle()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    # A tag sends again where the first connection after the backup was found dead.
    eventually(lambda: other.post(other.fix(0.0)).status_code == 200, "the fix is taken")
    world.settle()
    world.reads_everything()
    late = officer.api("GET", "/v1/alerts", params={"status": "all"}).json()
    lost = max(alert["id"] for alert in late["alerts"])
    world.stop_worker()
    sent = len(world.pushes)
    world.clock.forward(3_600)

    put_back()
    assert "unprotected: 2 wearers" in take_up()
    assert epoch.current() != before
    # Cursors of the life that is gone: by its name, and where none is given by being ahead of the feed.
    for known in ({"epoch": before, "after": 0}, {"after": late["cursor"]}):
        told = officer.api("GET", "/v1/alerts", params={"status": "all", **known}).json()
        assert told["is_reset"], known
        assert [alert["wearer"]["name"] for alert in told["alerts"]] == ["Daniel Marsh"]
        assert told["epoch"] == epoch.current()
    again = officer.api("GET", "/v1/alerts", params={"after": told["cursor"], "epoch": told["epoch"]}).json()
    assert (again["is_reset"], again["alerts"]) == (False, [])
    # The number of an alert that is gone may be another's by now.
    refused = world.api(
        "POST",
        f"/v1/alerts/{lost}/acknowledgement",
        headers={"Authorization": f"Bearer {officer.token}", "Cordon-Epoch": before},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "another_epoch")
    (old,) = Notification.select()
    assert (old.state, epoch.held_since() is not None) == ("pending", True)
    db.release_connection()

    world.start_worker()
    world.settle()
    old = Notification.get_by_id(old.id)
    assert (old.state, old.detail) == ("cancelled", "older than the restore: judged again")
    officer.expects_push("Please acknowledge")
    assert len(world.pushes) == sent + 1
    alert = Alert.get()
    assert (alert.handling, alert.episode, epoch.held_since()) == ("open", 2, None)
    assert AuditEntry.select().where(AuditEntry.action == "told_again", AuditEntry.alert == alert).count() == 1
    outage = Outage.get(Outage.what == outages.RESTORE)
    assert outage.wearer_ids == [alert.wearer_id, alert.wearer_id + 1]
    assert abs((outage.from_at - made_at).total_seconds()) < 5
    assert outage.to_at - outage.from_at > timedelta(minutes=55)
    assert Outage.select().count() == 1
    db.release_connection()
    Watchdog(world.settings).look(clock.now())
    officer.acknowledges()
    world.reads_everything()


def test_a_socket_from_before_a_restore_is_told_to_fetch_again(world: World, postgres: str) -> None:
    world.stop_worker()
    officer = world.officer.opens_the_app()
    resets: list[dict[str, str]] = []
    officer.sockets[0].on("reset", resets.append)
    put_back = backup(postgres)
    world.clock.forward(60)
    put_back()
    take_up()
    eventually(lambda: resets, "the open socket is told")
    assert resets[0] == {"epoch": epoch.current()}
    db.release_connection()


def test_a_token_of_a_session_that_is_gone_does_not_speak_for_the_one_that_got_its_number(
    world: World, postgres: str
) -> None:
    world.stop_worker()
    put_back = backup(postgres)
    token = world.officer.signs_in().token
    number = Session.get().id
    world.clock.forward(60)
    put_back()
    take_up()
    world.supervisor.signs_in()
    assert Session.get().id == number
    db.release_connection()
    answer = world.api("GET", "/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_restore_is_not_taken_up_while_a_process_works(world: World) -> None:
    eventually(lambda: heartbeats.last_at() is not None, "the notifier is heard of")
    db.release_connection()
    answer = CliRunner().invoke(restored)
    assert (answer.exit_code, "Stop web, notifier and watchdog" in answer.output) == (1, True)
    assert not restore.release(clock.now())
    assert CliRunner().invoke(restored, ["--backup-at", "yesterday"]).exit_code == 2
    db.release_connection()


def test_a_receipt_of_a_push_from_the_life_that_is_gone_proves_nothing_of_another(world: World, postgres: str) -> None:
    officer = world.officer.has_app()
    world.stop_worker()
    put_back = backup(postgres)
    world.start_worker()
    world.tag.is_far_away()
    world.tag.walks_in()
    world.settle()
    receipt = officer.expects_push("Please acknowledge").data["receipt"]
    world.stop_worker()
    gone = Notification.get(Notification.channel == Channel.PUSH)
    world.reads_everything()
    world.clock.forward(120)
    put_back()
    take_up()
    # Another alert gets the number of the one that is gone, and its push that of the other.
    world.start_worker()
    # A tag sends again where the first connection after the backup was found dead.
    eventually(lambda: world.tag.post(world.tag.fix(5_000.0)).status_code == 200, "the fix is taken")
    world.tag.walks_in()
    world.settle()
    officer.expects_push("Please acknowledge")
    now_its = Notification.get_by_id(gone.id)
    assert (now_its.channel, now_its.created_at > gone.created_at) == (Channel.PUSH, True)
    db.release_connection()
    answer = world.api("POST", "/v1/receipts", json={"receipt": receipt, "kind": "displayed"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    officer.acknowledges()
    world.reads_everything()
