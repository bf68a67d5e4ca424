"""Protection stops: the protected person reads it before in their own words, or their officer is asked to tell them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from backend import clock, db, figures
from backend.cases import contact_details, monitoring_status, schedule, writing
from backend.cases.monitoring_status import Ended, Suspended
from backend.figures import Filters
from backend.models import Handling, Notification, Order, PlaceZone, Purpose
from backend.record import protection_ends, reading
from backend.record.facts import LONDON, Terms, ends_with
from tests import cases
from tests.cases import ENDING, NEAR, notices_of
from tests.stories.test_moving_places import MARKET_M, agrees
from tests.world import HOME, World


def on_an_order(world: World, days: float = 60) -> tuple[Order, PlaceZone]:
    made = cases.order(world, world.zone.from_at, clock.now() + timedelta(days=days))
    return made, cases.rests_on(world, made)


def suspend(
    world: World, reason: Suspended = Suspended.CUSTODY, days: float = 3, from_at: datetime | None = None
) -> None:
    person, now = world.officer.person, clock.now()
    from_at = from_at or now
    until = from_at + timedelta(days=days)
    monitoring_status.suspend(person, world.wearer.id, reason, from_at, until, now, why="Arrested.", is_confirmed=True)
    db.release_connection()


def end(world: World, reason: Ended = Ended.REVOCATION, at: datetime | None = None) -> datetime:
    now = clock.now()
    entry = monitoring_status.end(
        world.officer.person, world.wearer.id, reason, at or now, now, why="Court.", is_confirmed=True
    )
    db.release_connection()
    return entry.from_at


def victim_texts(world: World) -> list[str]:
    return [message.body for message in world.doubles.messages if message.to == world.victim.phone]


def ending_sent_at() -> list[datetime]:
    try:
        sent = Notification.select().where(Notification.purpose == Purpose.VICTIM_ENDING)
        return [row.sent_at for row in sent if row.sent_at is not None]
    finally:
        db.release_connection()


def is_protected(world: World) -> bool:
    try:
        return bool(reading.case(world.wearer.id).zones_in_force(clock.now()))
    finally:
        db.release_connection()


def outcome() -> tuple[str, str | None, bool]:
    alert = cases.alerts()[0]
    return alert.handling, alert.outcome_code, alert.is_over


@pytest.mark.parametrize(
    ("how", "closed_as"),
    [
        ("the order is suspended", "suspended_order"),
        ("the order is revoked", "ended_expiry"),
        ("the zone is removed", "ended_zone_removed"),
        ("the zone is drawn elsewhere", None),
        ("he is taken to hospital", "suspended_hospital"),
    ],
)
def test_the_wearer_stands_at_their_door_as_protection_stops_and_they_never_read_that_the_wearer_has_gone(
    told: World, how: str, closed_as: str | None
) -> None:
    made, zone = on_an_order(told)
    told.tag.stays_inside()
    told.settle()
    person, now = told.officer.person, clock.now()
    if how == "the order is suspended":
        cases.vary(told, made, Terms(told.zone.from_at, now + timedelta(days=60), is_suspended=True), now)
    elif how == "the order is revoked":
        cases.vary(told, made, Terms(told.zone.from_at, now), now)
    elif how == "the zone is removed":
        writing.change_zone(person, zone.id, now, now, why="Moved.", is_removed=True, is_confirmed=True)
    elif how == "the zone is drawn elsewhere":
        shape = cases.circle(51.8, 0.2)
        writing.change_zone(person, zone.id, now, now, why="Moved.", feature=shape, is_confirmed=True)
    else:
        suspend(told, Suspended.HOSPITAL)
    db.release_connection()
    told.settle()
    if how == "the order is revoked":
        assert outcome() == (Handling.OPEN, None, False)
        told.forward(protection_ends.NOTICE.total_seconds() + 1)
        assert victim_texts(told) == [NEAR, ENDING]
        said = "The protected person gets a text."
    else:
        assert victim_texts(told) == [NEAR]
        said = (
            "that the person on probation is near at the place Home: tell them."
            if closed_as is None
            else "Tell the protected person now."
        )
    assert outcome() == (Handling.CLOSED if closed_as else Handling.OPEN, closed_as, True)
    assert cases.alerts()[0].reasons[-1].startswith(("Monitoring ", "The order was suspended")) is bool(closed_as)
    assert any(one.endswith(said) for one in notices_of(told)), notices_of(told)
    told.reads_everything()


def test_the_wearer_stands_in_their_zone_as_the_order_ends_and_they_are_not_told_that_the_wearer_has_gone(
    told: World,
) -> None:
    on_an_order(told, days=2)
    ends_at = clock.now() + timedelta(days=2)
    cases.forward_to(told, ends_at - timedelta(minutes=10))
    assert victim_texts(told) == [ENDING]
    told.tag.stays_inside()
    for _ in range(12):
        told.tag.reports(told.tag.fix(0.0))
        told.forward(60)
    assert outcome() == (Handling.CLOSED, "ended_expiry", True)
    assert victim_texts(told) == [ENDING, NEAR]
    told.reads_everything()


def test_an_order_that_is_ended_now_ends_after_they_were_told(told: World) -> None:
    made, _ = on_an_order(told)
    told.tag.stays_inside()
    decided_at = clock.now()
    body = {
        "starts_at": told.zone.from_at.isoformat(),
        "ends_at": decided_at.isoformat(),
        "from_at": decided_at.isoformat(),
        "why": "Revoked by the court.",
        "is_confirmed": True,
    }
    answer = told.officer.api("POST", f"/v1/orders/{made.id}/variations", json=body)
    assert answer.status_code == 201, answer.text
    told.settle()
    assert is_protected(told)
    assert victim_texts(told) == [NEAR, ENDING]
    told.forward(protection_ends.NOTICE.total_seconds() + 1)
    assert not is_protected(told)
    assert decided_at < ending_sent_at()[0] < decided_at + protection_ends.NOTICE
    assert outcome() == (Handling.CLOSED, "ended_expiry", True)
    told.reads_everything()


def test_an_end_that_lies_in_the_past_is_their_officers_to_tell_at_once_and_closes_what_stands(told: World) -> None:
    made, _ = on_an_order(told)
    told.tag.stays_inside()
    now = clock.now()
    terms = Terms(told.zone.from_at, now - timedelta(days=1), end_reason="revocation")
    cases.vary(told, made, terms, now - timedelta(days=1))
    told.settle()
    assert not is_protected(told)
    assert victim_texts(told) == [NEAR]
    assert outcome() == (Handling.CLOSED, "ended_revocation", True)
    assert [said for said in notices_of(told) if said.endswith("(revocation). Tell the protected person now.")]
    told.officer.expects_push("a case of yours needs a look")
    told.reads_everything()


def test_a_suspension_is_told_to_their_officer_and_is_not_the_end_that_their_words_speak_of(told: World) -> None:
    on_an_order(told)
    from_at = clock.now() + timedelta(days=2)
    suspend(told, from_at=from_at)
    assert not [said for said in notices_of(told) if "suspended" in said]
    cases.forward_to(told, from_at - timedelta(hours=4))
    said = [said for said in notices_of(told) if "is suspended from" in said]
    assert len(said) == 1
    assert "as expected until" in said[0]
    assert said[0].endswith("(custody). Tell the protected person before then.")
    cases.forward_to(told, from_at + timedelta(hours=1))
    assert len([said for said in notices_of(told) if "is suspended from" in said]) == 1
    assert victim_texts(told) == []
    told.reads_everything()


def test_a_zone_that_is_removed_or_has_an_end_of_its_own_is_told_and_no_text_says_that_all_of_it_ends(
    told: World,
) -> None:
    on_an_order(told)
    until = clock.now() + timedelta(days=5)
    cases.zone_around(told, cases.east_of(HOME, 4_000.0), clock.now(), to_at=until)
    oak = cases.zone_around(told, cases.east_of(HOME, 9_000.0), clock.now(), label="Oak")
    now = clock.now()
    writing.change_zone(told.officer.person, oak.id, now, now, why="Moved.", is_removed=True, is_confirmed=True)
    db.release_connection()
    assert [said for said in notices_of(told) if "the place Oak ended" in said and "(zone removed)" in said]
    cases.forward_to(told, until - timedelta(hours=1))
    said = [said for said in notices_of(told) if said.startswith("Protection of the place Elm ends")]
    assert len(said) == 1
    assert said[0].endswith("Tell the protected person before then.")
    # Their home is protected as before: their words for the end would say otherwise.
    assert victim_texts(told) == []
    told.reads_everything()


def test_a_gap_between_two_terms_of_an_order_is_an_end_of_which_they_read_before(told: World) -> None:
    made, _ = on_an_order(told, days=20)
    now = clock.now()
    cases.vary(told, made, Terms(told.zone.from_at, now + timedelta(days=90)), now + timedelta(days=30))
    cases.forward_to(told, now + timedelta(days=19, hours=20))
    assert is_protected(told)
    assert victim_texts(told) == [ENDING]
    assert ending_sent_at()[0] < now + timedelta(days=20)
    told.reads_everything()


def test_the_courts_date_stays_and_what_is_seen_in_the_grace_after_it_is_no_evidence_of_a_breach(told: World) -> None:
    made, _ = on_an_order(told, days=20)
    told.tag.is_far_away()
    court_said = clock.now()
    cases.vary(told, made, Terms(told.zone.from_at, court_said), court_said)
    terms = reading.case(told.wearer.id).terms_at(made.id, clock.now())
    db.release_connection()
    assert terms is not None
    assert terms.protected_until is not None
    assert terms.ends_at == court_said < terms.protected_until - protection_ends.NOTICE + timedelta(seconds=1)
    seen = told.officer.api("GET", f"/v1/wearers/{told.wearer.id}").json()["orders"][-1]
    assert (seen["ends_at"], seen["protected_until"]) == (court_said.isoformat(), terms.protected_until.isoformat())
    assert is_protected(told)
    told.forward(60)
    told.tag.walks_in()
    (alert,) = cases.alerts()
    assert alert.reasons[-1] == "After the order: protection goes on for a moment, and this is no evidence of a breach."
    told.forward(protection_ends.NOTICE.total_seconds())
    assert not is_protected(told)
    assert victim_texts(told).count(ENDING) == 1
    assert [one.handling for one in cases.alerts()] == ["closed"]
    seen = told.officer.api("GET", f"/v1/alerts/{alert.id}").json()
    assert (seen["is_after_order"], seen["handling"]) == (True, "closed")
    # Neither the figures of the page nor the report count it: each says how many there were.
    report = told.supervisor.api("GET", "/v1/reports/response-times").json()
    assert (report["totals"]["count"], report["alerts"], report["after_the_order"]) == (0, [], 1)
    figures.count_changed(clock.now())
    summed = figures.figures_of(told.supervisor.person, Filters(court_said - timedelta(days=1), clock.now()), "officer")
    assert (summed.totals.count, summed.after_order, summed.alert_ids) == (0, 1, [])
    db.release_connection()
    told.checks_at_end = False


def test_what_began_while_the_order_was_in_force_and_goes_on_in_the_grace_is_counted(told: World) -> None:
    made, _ = on_an_order(told, days=20)
    told.tag.is_far_away()
    told.tag.walks_in()
    ends = clock.now()
    cases.vary(told, made, Terms(told.zone.from_at, ends), ends)
    told.forward(60)
    told.tag.walks_in()
    (alert,) = cases.alerts()
    assert alert.fix_time < ends < alert.last_fix_time
    seen = told.officer.api("GET", f"/v1/alerts/{alert.id}").json()
    assert not seen["is_after_order"]
    report = told.supervisor.api("GET", "/v1/reports/response-times").json()
    assert (report["totals"]["count"], report["after_the_order"]) == (1, 0)
    told.checks_at_end = False


@pytest.mark.parametrize("how", ["he is recalled", "the order expires"])
def test_what_ends_while_the_wearer_is_in_custody_is_told_to_them_before(told: World, how: str) -> None:
    on_an_order(told, days=2)
    expires_at = clock.now() + timedelta(days=2)
    suspend(told, days=5)
    told.forward(3_600)
    assert victim_texts(told) == []
    if how == "he is recalled":
        ends_at = end(told, Ended.RECALL)
        told.settle()
        told.forward(protection_ends.NOTICE.total_seconds())
    else:
        ends_at = expires_at
        cases.forward_to(told, ends_at - timedelta(hours=4))
    assert victim_texts(told) == [ENDING]
    assert ending_sent_at()[0] < ends_at
    told.reads_everything()


def test_who_agrees_to_texts_after_their_officer_was_asked_to_tell_them_still_reads_of_the_end(world: World) -> None:
    on_an_order(world, days=2)
    ends_at = clock.now() + timedelta(days=2)
    cases.forward_to(world, ends_at - timedelta(hours=20))
    assert victim_texts(world) == []
    assert [said for said in notices_of(world) if said.endswith("Tell the protected person before then.")]
    phone = world.victim.phone or ""
    words = cases.chosen(NEAR, cases.OVER, ENDING)
    contact_details.agree(world.officer.person, world.wearer.id, world.victim.id, phone, words, clock.now())
    db.release_connection()
    world.settle()
    world.forward(60)
    assert victim_texts(world) == [ENDING]
    # Once is enough, whatever is recorded afterwards.
    contact_details.agree(world.officer.person, world.wearer.id, world.victim.id, phone, words, clock.now())
    db.release_connection()
    world.forward(60)
    assert victim_texts(world) == [ENDING]
    assert ending_sent_at()[0] < ends_at
    world.checks_at_end = False


def test_what_ends_at_midnight_they_read_by_day(told: World) -> None:
    told.tag.is_far_away()
    ends_at = ends_with(clock.now().astimezone(LONDON).date() + timedelta(days=3))
    made = cases.order(told, told.zone.from_at, ends_at)
    cases.rests_on(told, made)
    cases.forward_to(told, ends_at - timedelta(hours=15, minutes=10))
    assert ending_sent_at() == []
    cases.forward_to(told, ends_at - timedelta(hours=14, minutes=30))
    (sent_at,) = ending_sent_at()
    assert sent_at.astimezone(LONDON).time() >= time(9)
    assert timedelta(hours=14) < ends_at - sent_at <= timedelta(hours=15)
    told.reads_everything()


def test_after_the_end_no_text_goes_and_their_officer_is_asked_to_tell_them(told: World) -> None:
    on_an_order(told)
    told.stop_worker()
    ends_at = end(told)
    told.clock.forward(1_200)
    told.start_worker()
    told.settle()
    assert clock.now() > ends_at
    assert victim_texts(told) == []
    assert [said for said in notices_of(told) if said.endswith("(revocation). Tell the protected person now.")]
    told.reads_everything()


def test_a_text_that_cannot_be_sent_before_the_end_is_given_up_at_it_and_is_their_officers_to_give(told: World) -> None:
    on_an_order(told)
    told.doubles.script(to=told.victim.phone, status=503, times=1)
    told.stop_worker()
    ends_at = end(told)
    schedule.run_due(clock.now())
    db.release_connection()
    told.clock.forward((ends_at - clock.now()).total_seconds() + 1)
    told.start_worker()
    told.settle()
    told.forward(60)
    assert victim_texts(told) == []
    told.officer.expects_push("could not be warned by text")
    told.reads_everything()


@pytest.mark.parametrize("is_sent", [True, False], ids=["she has read of it", "her text has not gone"])
def test_an_end_that_is_called_off_is_said_to_go_on(told: World, is_sent: bool) -> None:
    on_an_order(told)
    told.tag.walks_in()
    if not is_sent:
        told.stop_worker()
    now = clock.now()
    entry = monitoring_status.end(
        told.officer.person, told.wearer.id, Ended.REVOCATION, now, now, why="Wrong man.", is_confirmed=True
    )
    if is_sent:
        db.release_connection()
        told.settle()
    else:
        schedule.run_due(clock.now())
    monitoring_status.resume(
        told.officer.person, told.wearer.id, entry.from_at, clock.now(), why="Revoked for the wrong man."
    )
    db.release_connection()
    if not is_sent:
        told.start_worker()
    told.settle()
    assert victim_texts(told).count(ENDING) == int(is_sent)
    (said,) = [said for said in notices_of(told) if "it goes on" in said]
    assert said.startswith("Protection of the place Home does not stop")
    assert ("was told by text" in said) is is_sent
    told.forward(3_600)
    assert len([said for said in notices_of(told) if "it goes on" in said]) == 1
    # What ends after all at another time is told anew.
    end(told)
    told.settle()
    assert victim_texts(told).count(ENDING) == int(is_sent) + 1
    told.reads_everything()


@pytest.mark.parametrize("how", ["he was arrested", "the case ended", "the order was suspended"])
def test_fixes_from_before_that_arrive_after_protection_stopped_are_told_to_officers_and_never_to_them(
    told: World, how: str
) -> None:
    made, _ = on_an_order(told)
    told.tag.is_far_away()
    told.forward(600)
    if how == "he was arrested":
        suspend(told)
    elif how == "the case ended":
        end(told, Ended.DEATH)
        told.forward(protection_ends.NOTICE.total_seconds() + 1)
    else:
        now = clock.now()
        cases.vary(told, made, Terms(told.zone.from_at, now + timedelta(days=60), is_suspended=True), now)
    told.settle()
    before = victim_texts(told)
    told.forward(300)
    told.tag.reports(*[told.tag.fix(0.0, ago_s=300 + 20 * n) for n in range(12, 0, -1)])
    told.settle()
    told.forward(30)
    assert victim_texts(told) == before
    (alert,) = cases.alerts()
    assert (alert.is_late, alert.is_over) == (True, True)
    assert {fix.level for fix in cases.fixes()} == {0, 2}
    if how == "the case ended":
        assert (alert.handling, alert.outcome_code) == (Handling.CLOSED, "ended_death")
        assert not [push for push in told.pushes if "found late" in str(push)]
    else:
        assert alert.handling == Handling.OPEN
        told.officer.expects_push("found late")
        told.officer.acknowledges(alert.id)
    told.reads_everything()


def test_a_place_that_moves_with_them_is_protected_until_the_case_ends_and_they_read_of_that(told: World) -> None:
    agrees(told)
    now = clock.now()
    writing.change_zone(told.officer.person, told.zone.id, now, now, why="Moved.", is_removed=True, is_confirmed=True)
    db.release_connection()
    told.settle()
    assert [said for said in notices_of(told) if said.startswith("Protection of the place Home ended")]
    assert victim_texts(told) == []
    end(told)
    told.settle()
    assert victim_texts(told) == [ENDING]
    told.reads_everything()


def test_positions_from_before_an_arrest_that_arrive_after_it_warn_no_one_of_a_place_that_moves(told: World) -> None:
    phone = agrees(told)
    told.tag.is_far_away()
    phone.is_at(MARKET_M)
    told.forward(300)
    suspend(told)
    told.forward(60)
    told.tag.reports(*[told.tag.fix(MARKET_M + 30.0, ago_s=60 + 20 * n) for n in range(12, 0, -1)])
    told.settle()
    assert victim_texts(told) == []
    assert cases.alerts() == []
    told.reads_everything()
