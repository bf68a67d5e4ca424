"""The life of a case: suspended, ended, recalled; protected persons are told before protection stops, never after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.cases import completeness, eligibility, end_of_protection, monitoring_status
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import InvalidRecord, InvalidTransition, NeedsConfirmation
from backend.models import AlertKind, Channel, Notification, Purpose
from backend.people import consent
from backend.record import protection_ends, reading
from backend.record.facts import MonitoringStatus, midnight
from tests import cases
from tests.world import World

ENDING = "The library is closing this branch."


def consents_to_three_wordings(world: World) -> None:
    consent.give(
        world.victim,
        Channel.SMS,
        "Your book has arrived.",
        "Your book was collected.",
        world.officer.person,
        clock.now(),
        wording_ending=ENDING,
    )
    db.release_connection()


def test_in_custody_fixes_are_stored_and_no_one_is_warned_until_the_case_is_resumed(world: World) -> None:
    officer = world.officer.person
    with pytest.raises(NeedsConfirmation, match=r"\(suspended\)\. No text tells .*: tell them"):
        monitoring_status.suspend(
            officer,
            world.wearer.id,
            Suspended.CUSTODY,
            clock.now(),
            clock.now() + timedelta(days=3),
            clock.now(),
            why="Arrested.",
        )
    db.release_connection()
    monitoring_status.suspend(
        officer,
        world.wearer.id,
        Suspended.CUSTODY,
        clock.now(),
        clock.now() + timedelta(hours=3),
        clock.now(),
        why="Arrested.",
        is_confirmed=True,
    )
    db.release_connection()
    world.tag.stays_inside()
    assert cases.alerts() == []
    assert len(cases.fixes()) == 8
    world.forward(4 * 3_600)
    found = [finding.item for finding in completeness.find(clock.now(), [world.wearer.id])]
    assert completeness.MissingItem.SUSPENSION_OVERDUE in found
    monitoring_status.resume(officer, world.wearer.id, clock.now(), clock.now(), why="Released.")
    db.release_connection()
    world.tag.walks_in()
    assert len(cases.alerts()) == 1
    world.officer.acknowledges(cases.alerts()[0].id)
    with pytest.raises(InvalidTransition):
        monitoring_status.resume(officer, world.wearer.id, clock.now(), clock.now(), why="Released.")
    now = clock.now()
    with pytest.raises(InvalidRecord):
        monitoring_status.suspend(officer, world.wearer.id, Suspended.ABROAD, now, now, now, why="Leave granted.")
    db.release_connection()
    world.reads_everything()


def test_a_suspension_that_goes_on_past_its_expected_end_is_told_then_and_not_on_the_next_morning(
    world: World,
) -> None:
    made = cases.order(world, world.zone.from_at, clock.now() + timedelta(days=60))
    cases.rests_on(world, made)
    officer = world.officer.has_app()
    world.tag.is_far_away()
    cases.forward_to(world, midnight(clock.now().date() + timedelta(days=1)) + timedelta(hours=7))
    now = clock.now()
    ends_at = now + timedelta(hours=1)
    hospital = Suspended.HOSPITAL
    monitoring_status.suspend(
        officer.person, world.wearer.id, hospital, now, ends_at, now, why="Ill.", is_confirmed=True
    )
    db.release_connection()
    cases.forward_to(world, ends_at - timedelta(minutes=1))
    assert not [said for said in cases.notices_of(world) if "past the end" in said]
    cases.forward_to(world, ends_at + timedelta(minutes=1))
    assert [said for said in cases.notices_of(world) if "past the end" in said]
    world.reads_everything()


def test_a_recall_keeps_watching_until_custody_is_entered(world: World) -> None:
    officer = world.officer.has_app()
    consents_to_three_wordings(world)
    world.tag.stays_inside()
    world.settle()
    alert = cases.alerts()[0]
    monitoring_status.recall(officer.person, alert.id, clock.now(), why="Breach of licence condition 4.")
    db.release_connection()
    history = officer.api("GET", f"/v1/alerts/{alert.id}").json()["history"]
    assert "led_to_recall" in [step["action"] for step in history]
    world.forward(protection_ends.NOTICE.total_seconds() + 60)
    # Decided and at large: they are judged as before, no alert is closed, and no text says that protection ends.
    assert reading.case(world.wearer.id).status_at(clock.now()) is MonitoringStatus.ACTIVE
    assert not Notification.select().where(Notification.purpose == Purpose.VICTIM_ENDING).exists()
    assert cases.alerts()[0].handling == "open"
    db.release_connection()
    world.forward(1_200)
    world.tag.is_far_away()
    world.forward(7_200)
    world.tag.walks_in()
    assert len(cases.alerts()) == 2
    gaps = officer.api("GET", "/v1/watch").json()["findings"]
    assert [one["gap"] for one in gaps].count("recalled_without_custody") == 1
    with pytest.raises(InvalidTransition):
        monitoring_status.recall(officer.person, alert.id, clock.now(), why="Again.")
    db.release_connection()
    now = clock.now()
    monitoring_status.suspend(
        officer.person,
        world.wearer.id,
        Suspended.CUSTODY,
        now,
        now + timedelta(days=60),
        now,
        why="Arrested.",
        is_confirmed=True,
    )
    db.release_connection()
    assert {one.outcome_code for one in cases.alerts() if not one.is_late} == {"suspended_custody"}
    gaps = officer.api("GET", "/v1/watch").json()["findings"]
    assert "recalled_without_custody" not in [one["gap"] for one in gaps]
    world.checks_at_end = False


def test_an_end_by_recall_without_custody_is_asked_back(world: World) -> None:
    now = clock.now()
    with pytest.raises(NeedsConfirmation) as asked:
        monitoring_status.end(world.officer.person, world.wearer.id, Ended.RECALL, now, now, why="Recalled.")
    assert any("Custody is not entered" in said for said in asked.value.extra["warnings"])
    db.release_connection()


def test_where_they_chose_no_words_for_the_end_their_officer_is_told_to_tell_them(world: World) -> None:
    officer = world.officer.has_app()
    world.victim_consents()
    now = clock.now()
    monitoring_status.end(officer.person, world.wearer.id, Ended.REVOCATION, now, now, why="Court.", is_confirmed=True)
    db.release_connection()
    world.settle()
    notices = cases.alerts(AlertKind.NOTICE)
    assert any("Tell the protected person before then." in reason for a in notices for reason in a.reasons)
    assert not [m for m in world.doubles.messages if m.to == world.victim.phone]
    world.reads_everything()


def test_a_text_about_the_end_that_does_not_leave_is_the_officers_to_give(world: World) -> None:
    officer = world.officer.has_app()
    consents_to_three_wordings(world)
    world.doubles.script(to=world.victim.phone, error_code=21211, status=400)
    now = clock.now()
    monitoring_status.end(officer.person, world.wearer.id, Ended.REVOCATION, now, now, why="Court.", is_confirmed=True)
    db.release_connection()
    world.forward(end_of_protection.CHECKED_AFTER.total_seconds() + 1)
    officer.expects_push("could not be warned by text")
    world.reads_everything()


def test_the_end_of_an_order_is_announced_14_3_and_1_days_ahead(world: World) -> None:
    officer = world.officer.has_app()
    start = clock.now()
    made = cases.order(world, start - timedelta(days=1), start + timedelta(days=20))
    cases.rests_on(world, made)
    world.tag.is_far_away()
    world.reads_everything()

    def announced() -> list[str]:
        said = [reason for a in cases.alerts(AlertKind.NOTICE) for reason in a.reasons]
        return [reason.rpartition(" in ")[2] for reason in said if reason.startswith("The order LIC-2041 ends")]

    said = []
    for days in (5, 6, 17, 19):
        # By day: the one who answers for the case is asleep at the midnight at which orders end.
        at = protection_ends.by_day(start + timedelta(days=days))
        cases.forward_to(world, at + timedelta(seconds=90))
        said.append(announced())
    assert said == [[], ["14 days."], ["14 days.", "3 days."], ["14 days.", "3 days.", "1 day."]]
    officer.expects_push("a case of yours needs a look")
    world.reads_everything()


def test_risk_is_held_as_it_was_at_any_time(world: World) -> None:
    start = clock.now()
    monitoring_status.assess_risk(world.officer.person, world.wearer.id, Risk.HIGH, start, start, why="OASys of May.")
    later = start + timedelta(days=30)
    monitoring_status.assess_risk(
        world.officer.person, world.wearer.id, Risk.VERY_HIGH, later, start, why="New threats."
    )
    assert monitoring_status.risk_at(world.wearer.id, start - timedelta(seconds=1)) is None
    assert monitoring_status.risk_at(world.wearer.id, start) is Risk.HIGH
    assert monitoring_status.risk_at(world.wearer.id, later) is Risk.VERY_HIGH
    made = cases.order(world, start, None)
    facts: dict[str, bool | None] = dict.fromkeys(eligibility.FACTS, True)
    eligibility.state(world.officer.person, made.id, facts, start, start, why="Checked.")
    with pytest.raises(InvalidRecord, match="State each of"):
        eligibility.state(world.officer.person, made.id, {"is_adult": True}, start, start, why="Checked.")
    db.release_connection()
    world.reads_everything()
