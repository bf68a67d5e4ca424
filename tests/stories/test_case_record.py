"""The record in time: each fix is judged by what held at its own time, whatever was entered when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend import clock, db
from backend.cases import writing
from backend.errors import InvalidRecord, NeedsConfirmation
from backend.models import Condition, Fact, PlaceState, PlaceZone
from backend.record import reading
from backend.record.facts import Terms, What, ends_with, midnight
from tests import cases
from tests.world import HOME, World
from zones import Certainty


@pytest.mark.parametrize(
    "last_day",
    [date(2027, 2, 9), date(2027, 3, 28), date(2027, 10, 31)],
    ids=["an ordinary day", "the day the clocks go forward", "the day the clocks go back"],
)
def test_an_order_that_ends_with_a_day_ends_at_midnight_in_london(world: World, last_day: date) -> None:
    world.stop_worker()
    made = cases.order(world, clock.now() - timedelta(days=30), ends_with(last_day))
    cases.rests_on(world, made)
    world.clock.forward((ends_with(last_day) - timedelta(minutes=20) - clock.now()).total_seconds())
    world.tag.reports(world.tag.fix(0.0))
    assert len(cases.alerts()) == 1
    world.clock.forward(20 * 60 + 1)
    world.tag.reports(world.tag.fix(0.0))
    assert [fix.level for fix in cases.fixes()] == [2, None]
    world.start_worker()
    world.settle()
    alert = cases.alerts()[0]
    assert (alert.is_over, alert.handling, alert.outcome_code) == (True, "closed", "ended_expiry")
    world.reads_everything()


def test_a_variation_entered_after_the_fixes_that_it_concerns_judges_them_again_and_tells_late(world: World) -> None:
    officer = world.officer.has_app()
    made = cases.order(world, clock.now() - timedelta(days=30), clock.now() + timedelta(days=300))
    cases.rests_on(world, made)
    elsewhere = cases.east_of(HOME, 3_000.0)
    start = clock.now()
    world.tag.stays(3_000.0, for_s=300, every_s=30)
    varied_at = clock.now()
    world.tag.stays(3_000.0, for_s=300, every_s=30)
    world.tag.stays(8_000.0, for_s=300, every_s=30)
    world.forward(3_600)
    world.tag.stays(8_000.0, for_s=60, every_s=30)
    assert cases.alerts() == []
    # What the court varied at that instant is entered an hour after the wearer has left.
    cases.zone_around(world, elsewhere, varied_at, order_id=made.id, document="Variation 1")
    found = cases.alerts()
    assert [(a.is_late, a.is_over) for a in found] == [(True, True)]
    assert varied_at <= found[0].fix_time < varied_at + timedelta(seconds=60)
    levels = {fix.fix_time: fix.level for fix in cases.fixes()}
    assert all(level == 0 for at, level in levels.items() if start <= at < varied_at)
    assert any(level == 2 for at, level in levels.items() if at >= varied_at)
    officer.expects_push("found late")
    officer.acknowledges(found[0].id)
    world.reads_everything()


def test_a_fix_that_arrives_late_is_judged_by_the_version_of_its_own_time(world: World) -> None:
    world.officer.has_app()
    before = clock.now()
    world.tag.stays(700.0, for_s=60, every_s=30)
    held_back = [world.tag.fix(0.0, ago_s=s) for s in (50.0, 40.0, 30.0, 20.0, 10.0)]
    removed_at = clock.now()
    writing.change_zone(
        world.officer.person,
        world.zone.id,
        removed_at,
        clock.now(),
        why="She has moved.",
        is_removed=True,
        is_confirmed=True,
    )
    db.release_connection()
    world.forward(60)
    world.tag.reports(world.tag.fix(0.0))
    assert cases.alerts() == []
    world.tag.reports(*held_back)
    world.settle()
    found = cases.alerts()
    assert len(found) == 1
    assert before < found[0].fix_time < removed_at
    assert found[0].is_over
    world.reads_everything()


def test_a_zone_that_rests_on_no_order_is_judged_all_the_same(world: World) -> None:
    world.tag.walks_in()
    assert len(cases.alerts()) == 1
    world.officer.acknowledges()
    world.reads_everything()


def test_while_an_order_is_suspended_fixes_are_stored_and_no_one_is_warned(world: World) -> None:
    made = cases.order(world, clock.now() - timedelta(days=30), None)
    cases.rests_on(world, made)
    now = clock.now()
    cases.vary(world, made, Terms(now - timedelta(days=30), None, is_suspended=True), now)
    world.tag.stays_inside()
    assert cases.alerts() == []
    assert {fix.level for fix in cases.fixes()} == {None}
    cases.vary(world, made, Terms(now - timedelta(days=30)), clock.now())
    # The wearer is there as the order comes back into force, and an alert says so without another fix.
    found = cases.alerts()
    assert [alert.is_over for alert in found] == [False]
    world.officer.acknowledges(found[0].id)
    world.reads_everything()


def test_a_correction_that_takes_a_zone_away_withdraws_what_was_raised_on_it_and_keeps_both_versions(
    world: World,
) -> None:
    officer = world.officer.has_app()
    world.tag.stays_inside()
    world.settle()
    assert len(cases.alerts()) == 1
    zone = writing.change_zone(
        world.officer.person,
        world.zone.id,
        world.zone.from_at,
        clock.now(),
        why="Digits of the grid reference were swapped.",
        feature=cases.circle(*cases.east_of(HOME, 9_000.0)),
        is_correction=True,
        is_confirmed=True,
    )
    db.release_connection()
    alert = cases.alerts()[0]
    assert (alert.certainty, alert.is_over) == (Certainty.WITHDRAWN, True)
    officer.expects_push("withdrawn")
    versions = reading.versions_of_zones(world.wearer.id)
    assert [row.id for row, _ in versions] == [world.zone.id, zone.id]
    assert versions[1][1] is not None
    assert versions[1][1].corrects_id == world.zone.id
    world.reads_everything()


def test_no_one_saves_a_change_that_leaves_a_place_unprotected_without_being_told_so_in_words(world: World) -> None:
    start = clock.now()
    made = cases.order(world, start - timedelta(days=30), midnight(date(2030, 1, 1)))
    cases.rests_on(world, made)
    earlier = Terms(start - timedelta(days=30), midnight(date(2027, 3, 14)))
    before = Fact.select().count()
    with pytest.raises(NeedsConfirmation) as refused:
        writing.vary_order(world.officer.person, made.id, earlier, start, clock.now(), why="Varied.")
    assert refused.value.extra["warnings"] == [
        "From 14 March 2027 no zone protects place Home.",
        "From 14 March 2027 no fix of Daniel Marsh is judged.",
    ]
    assert Fact.select().count() == before
    writing.vary_order(world.officer.person, made.id, earlier, start, clock.now(), why="Varied.", is_confirmed=True)
    terms = reading.case(world.wearer.id).terms_at(made.id, clock.now())
    assert terms is not None
    assert terms.ends_at == datetime(2027, 3, 14, tzinfo=UTC)
    world.reads_everything()


def test_each_entry_says_who_why_and_from_which_document_and_dates_that_contradict_are_refused(world: World) -> None:
    made = cases.order(world, clock.now() - timedelta(days=1), None, kind="dapo")
    writing.add_condition(
        world.officer.person, made.id, "4(i)", "Not to enter Hornsey Road, N7.", clock.now(), clock.now()
    )
    entry = reading.history(f"order:{made.id}", What.TERMS)
    assert len(entry) == 1
    row = Fact.get_by_id(entry[0].id)
    assert (row.recorded_by_id, row.why, row.document) == (world.officer.person.id, cases.WHY, "Licence, p. 2")
    assert Condition.get().wording == "Not to enter Hornsey Road, N7."
    with pytest.raises(InvalidRecord, match="end after it starts"):
        cases.vary(world, made, Terms(clock.now(), clock.now() - timedelta(days=1)), clock.now())
    with pytest.raises(InvalidRecord, match="Enter why"):
        writing.vary_order(
            world.officer.person, made.id, Terms(clock.now()), clock.now(), clock.now(), why=" ", is_confirmed=True
        )
    world.reads_everything()


def test_the_state_of_a_version_that_is_out_of_force_asks_no_tag_to_hurry(world: World) -> None:
    world.tag.stays_inside()
    world.officer.acknowledges()
    writing.change_zone(
        world.officer.person, world.zone.id, clock.now(), clock.now(), why="Moved.", is_removed=True, is_confirmed=True
    )
    assert PlaceState.select().count() == 1
    assert PlaceZone.select().count() == 2
    db.release_connection()
    assert cases.alerts()[0].is_over
    assert world.tag.reports(world.tag.fix(0.0))["report_interval_s"] == 60
    world.reads_everything()


def test_a_place_keeps_the_wearer_in_or_out_and_one_that_does_both_already_can_still_be_put_right(world: World) -> None:
    world.stop_worker()
    officer, now = world.officer.person, clock.now()
    stay_in = cases.circle(*HOME)
    stay_in["properties"]["kind"] = "inclusion"
    both_ways = "is a place of theirs"
    with pytest.raises(InvalidRecord, match=both_ways):
        writing.add_zone(officer, world.wearer.id, world.place.id, stay_in, now, now, why="Licence.")
    elm = cases.zone_around(world, HOME, now)
    same_way = cases.circle(*HOME, radius_m=100.0)
    writing.add_zone(officer, world.wearer.id, elm.place_id, same_way, now, now, why="Licence.")
    lodging = writing.place_to_stay(officer, world.wearer.id, "Lodging", now)
    with pytest.raises(InvalidRecord, match="are two places"):
        writing.add_zone(officer, world.wearer.id, lodging.id, same_way, now, now, why="Licence.")
    with pytest.raises(InvalidRecord, match=both_ways):
        writing.change_zone(officer, elm.id, now, now, feature=stay_in, why="Licence.")
    old = PlaceZone.create(place=world.place, wearer=world.wearer, feature=stay_in, from_at=now)
    writing.change_zone(officer, old.id, now, now, is_removed=True, is_confirmed=True, why="Entered here before.")
    assert old.id not in {zone.zone_id for zone in reading.case(world.wearer.id).zones_in_force(clock.now())}
    db.release_connection()
    world.reads_everything()
