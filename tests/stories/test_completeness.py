"""What is missing from a case is told, also where there is no place and so no alert to tell it with."""

from __future__ import annotations

from datetime import timedelta

from backend import alarms, audit, clock, db
from backend.cases import completeness, consequences, contact_details, monitoring_status, officers, viewing, writing
from backend.cases.completeness import MissingItem
from backend.cases.completeness.reports import of_tags_that_report
from backend.cases.monitoring_status import Ended, Suspended
from backend.models import (
    Alarm,
    AlarmKind,
    Alert,
    AlertKind,
    AuditEntry,
    CaseDue,
    Channel,
    ProtectedPlace,
    ReportedItem,
    Wearer,
)
from backend.people import consent
from backend.record.facts import LONDON, Terms
from tests import cases
from tests.cases import chosen
from tests.world import HOME, World


def standing(wearer: Wearer) -> set[str]:
    try:
        found = alarms.standing(AlarmKind.CASE_INCOMPLETE)
        return {one.subject.partition("/")[2] for one in found if one.subject.startswith(f"wearer:{wearer.id}/")}
    finally:
        db.release_connection()


def bare_case(world: World) -> Wearer:
    """Return a case with an officer and nothing else."""
    made = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.officer.person, created_at=clock.now()
    )
    db.release_connection()
    return made


def test_an_order_without_any_place_is_told_to_the_supervisors_once_and_is_over_when_a_zone_rests_on_it(
    world: World,
) -> None:
    wearer, now = bare_case(world), clock.now()
    order = writing.open_order(
        world.officer.person, wearer.id, "dapol", "LIC 7", Terms(now), now, why="Released.", document="Licence"
    )
    db.release_connection()
    world.settle()
    assert standing(wearer) == {"order_without_zone"}
    to_send = [one for one in alarms.to_tell(clock.now()) if one.kind == AlarmKind.CASE_INCOMPLETE]
    assert [(one.detail, one.team_id) for one in to_send] == [
        (f"Case {wearer.id}: An order is in force and has no zone", world.team.id)
    ]
    assert "Owen" not in to_send[0].detail
    alarms.told(to_send, clock.now())
    db.release_connection()
    world.forward(3_600)
    assert [one for one in alarms.to_tell(clock.now()) if one.kind == AlarmKind.CASE_INCOMPLETE] == []
    assert world.supervisor.signs_in().api("GET", "/v1/alarms").json()["alarms"][0]["kind"] == "case_incomplete"
    place = ProtectedPlace.create(victim=world.victim, label="Work")
    writing.add_zone(
        world.officer.person,
        wearer.id,
        place.id,
        cases.circle(*HOME),
        clock.now(),
        clock.now(),
        why="Drawn.",
        order_id=order.id,
    )
    db.release_connection()
    # Now that a zone is in force, it is the wearer's missing tag that the officer is notified of.
    world.officer.expects_sms("a case of yours needs a look")
    assert standing(wearer) == set()


def test_a_tag_that_was_fitted_and_is_never_heard_of_is_told_within_the_hour_and_not_the_next_morning(
    world: World,
) -> None:
    wearer = bare_case(world)
    world.new_tag("LDN-0042", None)
    writing.fit_tag(world.officer.person, wearer.id, "LDN-0042", clock.now(), clock.now())
    db.release_connection()
    world.forward(completeness.FITTED_AFTER.total_seconds() - 1)
    assert standing(wearer) == set()
    world.forward(2)
    assert standing(wearer) == {"tag_never_reported"}


def test_a_tag_that_reports_without_an_order_or_after_it_is_found_on_a_case_without_a_place(world: World) -> None:
    wearer = bare_case(world)
    tag = world.new_tag("LDN-0042", wearer)
    tag.is_far_away()
    cases.daily_look(world)
    assert standing(wearer) == {"reporting_without_order"}
    now = clock.now()
    writing.open_order(
        world.officer.person, wearer.id, "dapol", "LIC 7", Terms(now, now + timedelta(hours=1)), now, why="Released."
    )
    db.release_connection()
    world.settle()
    assert standing(wearer) == {"order_without_zone"}
    world.forward(3_601)
    assert standing(wearer) == {"expired_order_and_reporting"}
    # The other case of this world has a place, and its officer had a notice.
    world.reads_everything()


def test_a_case_whose_officer_is_taken_away_is_told_to_the_supervisor_at_once(world: World) -> None:
    supervisor, wearer = world.supervisor.has_app(), bare_case(world)
    for one in (world.wearer, wearer):
        officers.assign_officer(None, one, None, clock.now(), clock.now(), why="A hole.")
    db.release_connection()
    # Of the case with a place by a notice, of the other one by an alarm.
    supervisor.expects_push("needs a look")
    world.settle()
    assert standing(wearer) == {"wearer_without_officer"}
    officers.restrict(supervisor.person, wearer.id, None, clock.now(), why="It is open.")
    named = [supervisor.person.id, world.officer.person.id]
    officers.assign_officer(None, wearer, world.officer.person.id, clock.now(), clock.now(), why="Filled.")
    officers.restrict(supervisor.person, wearer.id, named, clock.now(), why="Police family.")
    officers.assign_officer(None, wearer, None, clock.now(), clock.now(), why="A hole.")
    db.release_connection()
    world.settle()
    found = Alarm.select().where(Alarm.kind == AlarmKind.CASE_INCOMPLETE, Alarm.ended_at.is_null())
    assert [one.detail for one in found] == ["A case: No active officer is responsible"]
    db.release_connection()
    world.reads_everything()


def sound_case(world: World) -> None:
    """Let nothing be missing from the world's own case."""
    world.tag.is_far_away()
    world.victim_consents()
    cases.rests_on(world, cases.order(world, world.zone.from_at, clock.now() + timedelta(days=60)))
    world.reads_everything()


def of_case(world: World) -> set[MissingItem]:
    try:
        return {one.item for one in completeness.find(clock.now(), [world.wearer.id])}
    finally:
        db.release_connection()


FILLED = "Nothing of this is missing any more."


def reasons(world: World) -> list[str]:
    """Return what the notices said is missing from the world's own case, oldest first."""
    said = [said for one in cases.alerts(AlertKind.NOTICE) for said in one.reasons if one.wearer_id == world.wearer.id]
    return [one for one in said if one != FILLED]


def test_a_swapped_tag_that_never_reports_is_told_although_the_one_before_it_did(world: World) -> None:
    sound_case(world)
    before = reasons(world)
    new = world.new_tag("NEW-1", None)
    old = consequences.present_tag(world.wearer.id, clock.now())
    assert old is not None
    writing.swap_tag(world.officer.person, old.id, "NEW-1", clock.now(), clock.now(), why="The battery.")
    db.release_connection()
    world.settle()
    assert of_case(world) == set()
    world.forward(completeness.FITTED_AFTER.total_seconds() + 1)
    assert of_case(world) == {MissingItem.TAG_NEVER_REPORTED}
    world.officer.expects_sms("a case of yours needs a look")
    assert reasons(world) == [*before, "The tag was fitted and has never reported: NEW-1."]
    notice = cases.alerts(AlertKind.NOTICE)[-1]
    # It reports after all: nothing is missing, and no one has to close what is not so any more.
    new.is_far_away()
    completeness.ask_where_tags_report(clock.now())
    world.settle()
    assert of_case(world) == set()
    closed = Alert.get_by_id(notice.id)
    assert (closed.handling, closed.outcome_code) == ("closed", "nothing_missing")
    assert closed.reasons[-1] == FILLED
    completeness.ask_where_tags_report(clock.now())
    world.settle()
    assert CaseDue.select().where(CaseDue.what == "watch", CaseDue.done_at.is_null()).count() == 1
    db.release_connection()


def test_another_tag_of_the_wearer_that_reports_fills_nothing(world: World) -> None:
    sound_case(world)
    silent = world.new_tag("NEW-1", world.wearer)
    db.release_connection()
    cases.forward_to_morning(world)
    world.tag.is_far_away()
    assert MissingItem.TAG_NEVER_REPORTED in of_case(world)
    assert of_tags_that_report(clock.now()) == []
    silent.is_far_away()
    assert of_tags_that_report(clock.now()) == [world.wearer.id]
    db.release_connection()
    world.reads_everything()


def test_a_tag_that_has_stopped_reporting_is_told_once_and_again_only_after_it_reported(world: World) -> None:
    sound_case(world)
    before, reported_at = reasons(world), clock.now()
    cases.forward_to_morning(world)
    assert of_case(world) == set()
    cases.forward_to(world, reported_at + timedelta(hours=25))
    assert of_case(world) == {MissingItem.TAG_SILENT}
    for _ in range(2):
        cases.forward_to_morning(world)
    world.officer.expects_sms("a case of yours needs a look")
    *others, said = reasons(world)
    assert others == before
    assert said.startswith("The tag has stopped reporting: LDN-0001 has not reported since ")
    world.tag.is_far_away()
    assert of_case(world) == set()
    cases.forward_to_morning(world)
    for _ in range(2):
        cases.forward_to_morning(world)
    assert len(reasons(world)) == len(before) + 2
    world.reads_everything()


def test_a_silent_tag_of_someone_in_custody_is_not_told(world: World) -> None:
    sound_case(world)
    now = clock.now()
    monitoring_status.suspend(
        world.officer.person,
        world.wearer.id,
        Suspended.CUSTODY,
        now,
        now + timedelta(days=9),
        now,
        why="Arrested.",
        is_confirmed=True,
    )
    db.release_connection()
    world.reads_everything()
    for _ in range(3):
        cases.forward_to_morning(world)
    assert of_case(world) == set()
    # No one has answered that they are to be told of the suspension; of the tag no one hears.
    world.supervisor.expects_sms("a case of yours needs a look")


def test_an_ended_case_whose_tag_still_reports_is_told_the_next_morning(world: World) -> None:
    sound_case(world)
    now = clock.now()
    monitoring_status.end(
        world.officer.person, world.wearer.id, Ended.EXPIRY, now, now, why="Expired.", is_confirmed=True
    )
    db.release_connection()
    world.forward(3_600)
    assert of_case(world) == set()
    world.tag.is_far_away()
    assert of_case(world) == {MissingItem.ENDED_AND_REPORTING}
    world.reads_everything()
    cases.forward_to_morning(world)
    assert reasons(world)[-1].startswith("The case has ended and the tag still reports")
    world.reads_everything()


def test_a_zone_without_an_order_and_no_one_to_warn_are_told_together_once_and_only_in_the_morning(
    world: World,
) -> None:
    cases.forward_to_afternoon(world)
    world.tag.is_far_away()
    world.settle()
    cases.daily_look(world)
    before = reasons(world)
    assert not any("rests on no order" in said for said in before)
    cases.forward_to_morning(world)
    (notice,) = [one for one in cases.alerts(AlertKind.NOTICE) if "A zone is in force without an order." in one.reasons]
    assert any(said.startswith("A protected person cannot be reached safely") for said in notice.reasons)
    told = len(reasons(world))
    world.tag.is_far_away()
    cases.forward_to_morning(world)
    assert len(reasons(world)) == told
    world.reads_everything()


def test_what_is_told_counts_as_told_until_it_is_filled(world: World) -> None:
    cases.forward_to_morning(world)
    gaps = {row.item for row in ReportedItem.select().where(ReportedItem.wearer == world.wearer)}
    assert gaps == {"zone_without_order", "tag_never_reported", "victim_without_safe_contact"}
    # No look falls between the order and the zone that rests on it.
    world.stop_worker()
    world.victim_consents()
    cases.rests_on(world, cases.order(world, world.zone.from_at, clock.now() + timedelta(days=60)))
    world.start_worker()
    world.settle()
    gaps = {row.item for row in ReportedItem.select().where(ReportedItem.wearer == world.wearer)}
    assert gaps == {"tag_never_reported"}
    assert AuditEntry.select().where(AuditEntry.action == "gap_filled").count() == 2
    # One thing that the notice told of is missing yet.
    assert [one.handling for one in cases.alerts(AlertKind.NOTICE) if "never reported" in str(one.reasons)] == ["open"]
    db.release_connection()
    world.reads_everything()


def test_the_one_who_declined_warnings_themselves_misses_nothing_until_they_change_their_mind(world: World) -> None:
    sound_case(world)
    path = f"/v1/wearers/{world.wearer.id}/victims/{world.victim.id}/declined"
    assert world.officer.api("POST", path, json={"why": " "}).status_code == 422
    assert world.officer.api("POST", path, json={"why": "She said so on the phone today."}).status_code == 204
    assert of_case(world) == set()
    seen = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["victims"][0]
    assert (seen["has_declined"], seen["has_agreed"]) == (True, False)
    newest = viewing.history(world.officer.person, world.wearer.id, clock.now())[0]
    assert (newest["value"], newest["why"]) == ("declined by them", "She said so on the phone today.")
    db.release_connection()
    # No text goes to them, and their officers are warned as ever.
    world.officer.has_app()
    world.tag.walks_in()
    world.officer.expects_push("breach")
    number, words = world.victim.phone, ("A book.", "A card.", "A letter.")
    contact_details.agree(world.officer.person, world.wearer.id, world.victim.id, number, chosen(*words), clock.now())
    db.release_connection()
    seen = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["victims"][0]
    assert (seen["has_declined"], seen["has_agreed"]) == (False, True)
    consent.withdraw(world.victim, Channel.SMS, audit.SYSTEM, clock.now())
    db.release_connection()
    # A reply of STOP may not be theirs: someone asks them.
    assert of_case(world) == {MissingItem.VICTIM_WITHOUT_CONTACT}
    world.reads_everything()


def test_hours_that_have_run_out_are_missing(world: World) -> None:
    starts = clock.now().astimezone(LONDON)
    hours = {
        "timezone": "Europe/London",
        "rrule": f"DTSTART:{starts:%Y%m%dT180000}\nRRULE:FREQ=DAILY;COUNT=3",
        "minutes": 60,
    }
    feature = {**world.zone.feature, "properties": {**world.zone.feature["properties"], "schedule": hours}}
    now = clock.now()
    writing.change_zone(
        world.officer.person, world.zone.id, now, now, why="For three evenings.", feature=feature, is_confirmed=True
    )
    db.release_connection()

    def missing() -> list[str]:
        found = completeness.find(clock.now(), [world.wearer.id])
        db.release_connection()
        return [one.detail for one in found if one.item is MissingItem.SCHEDULE_OVER]

    assert missing() == []
    world.clock.forward(2 * 86_400)
    assert missing() == []
    world.clock.forward(2 * 86_400)
    assert missing() == [world.zone.place.label]
    world.checks_at_end = False
