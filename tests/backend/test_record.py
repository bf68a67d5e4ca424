"""What was true at T: entries, corrections, midnights and orders, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases.change_warnings import day, gaps
from backend.record.facts import (
    MonitoringStatus,
    Terms,
    Version,
    ZoneTerms,
    ends_a_case,
    ends_with,
    goes_on,
    midnight,
    officer_at,
    true_at,
)
from backend.record.timeline import Case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def version(number: int, hours: float, value: object, corrects: int | None = None, recorded: float = 0.0) -> Version:
    return Version(number, at(hours), at(recorded), value, corrects)


def told(*versions: Version) -> list[Version]:
    """Return the history as the record has it: what begins later than a new fact is said again after it."""
    history: list[Version] = []
    for one in versions:
        again = goes_on(history, one, ends_a_case)
        history.append(one)
        for kept in again:
            number = 1_000 + len(history)
            history.append(replace(kept, id=number, recorded_at=one.recorded_at, corrects=kept.id, is_restated=True))
    return history


@pytest.mark.parametrize(
    ("day_of", "hour_utc"),
    [
        (date(2026, 11, 25), datetime(2026, 11, 25, 0, tzinfo=UTC)),
        (date(2026, 6, 1), datetime(2026, 5, 31, 23, tzinfo=UTC)),
        # The clocks go forward at 01:00 on the 29th: that day begins in winter time and ends in summer time.
        (date(2026, 3, 29), datetime(2026, 3, 29, 0, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 29, 23, tzinfo=UTC)),
        # They go back on the 25th of October: that day begins in summer time and lasts 25 hours.
        (date(2026, 10, 25), datetime(2026, 10, 24, 23, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 26, 0, tzinfo=UTC)),
    ],
)
def test_midnight_in_london_is_one_instant_whichever_way_the_clocks_go(day_of: date, hour_utc: datetime) -> None:
    assert midnight(day_of).astimezone(UTC) == hour_utc
    assert ends_with(day_of - timedelta(days=1)) == midnight(day_of)


def test_an_entry_holds_until_the_next_one_and_a_corrected_one_never_held() -> None:
    history = told(version(1, 0, "a"), version(2, 10, "b"), version(3, 5, "c", corrects=1, recorded=20))
    assert true_at(history, at(-1)) is None
    assert true_at(history, at(4)) is None
    assert true_at(history, at(6)).value == "c"
    assert true_at(history, at(11)).value == "b"


def test_the_record_answers_as_it_was_known_at_a_time() -> None:
    history = [version(1, 0, "a"), version(2, 0, "b", corrects=1, recorded=20)]
    assert true_at(history, at(1), known_at=at(19)).value == "a"
    assert true_at(history, at(1), known_at=at(21)).value == "b"


def case(**more: object) -> Case:
    zone = ZoneTerms(7, 1, None, order_id=3)
    terms = Terms(at(0), at(100))
    return Case(1, orders={3: [version(1, 0, terms)]}, lines={7: [version(7, 0, zone)]}, **more)


@pytest.mark.parametrize(
    ("hours", "is_judged"), [(-1, False), (0, True), (99.9, True), (100, False)], ids=["before", "start", "last", "end"]
)
def test_a_zone_is_in_force_while_its_order_is(hours: float, is_judged: bool) -> None:
    assert case().is_in_force(7, at(hours)) is is_judged


def test_a_zone_without_an_order_is_judged_by_its_own_dates() -> None:
    mine = case()
    mine.lines[8] = [version(8, 0, ZoneTerms(8, 2, at(500)))]
    assert [zone.zone_id for zone in mine.zones_in_force(at(200))] == [8]


def test_a_variation_changes_what_follows_it_and_nothing_before() -> None:
    mine = case()
    mine.orders[3].append(version(2, 50, Terms(at(0), at(60)), recorded=55))
    assert mine.is_in_force(7, at(59))
    assert not mine.is_in_force(7, at(61))
    assert mine.next_change(7, at(1)) == at(60)


def test_while_the_wearer_is_in_custody_nothing_is_in_force() -> None:
    mine = case(statuses=[version(1, 10, {"state": "suspended"}), version(2, 20, {"state": "active"})])
    assert [mine.is_in_force(7, at(h)) for h in (9, 10, 19, 20)] == [True, False, False, True]
    assert mine.status_at(at(15)) is MonitoringStatus.SUSPENDED
    assert mine.next_change(7, at(1)) == at(10)


def test_a_new_version_of_a_zone_replaces_the_one_before_it_from_its_instant() -> None:
    mine = case()
    mine.lines[7].append(version(9, 30, ZoneTerms(9, 1, None, order_id=3)))
    mine.lines[7].append(version(10, 60, ZoneTerms(10, 1, None, order_id=3, is_removed=True)))
    assert [[z.zone_id for z in mine.zones_in_force(at(h))] for h in (29, 30, 60)] == [[7], [9], []]


def test_what_a_change_leaves_unprotected_is_named_from_the_first_instant() -> None:
    after = case()
    after.orders[3].append(version(2, 50, Terms(at(0), at(60)), recorded=55))
    assert gaps(case(), after, at(1)) == ({1: at(60)}, at(60))
    assert gaps(after, case(), at(1)) == ({}, None)
    assert day(midnight(date(2027, 3, 14))) == "14 March 2027"


def test_what_was_planned_before_a_case_ended_does_not_bring_it_back_and_what_is_entered_since_does() -> None:
    def entry(number: int, begin: float, state: str, recorded: float, corrects: int | None = None) -> Version:
        return version(number, begin, {"state": state}, recorded=recorded, corrects=corrects)

    planned = [entry(1, 0, "suspended", 0), entry(2, 48, "active", 1)]
    lives = {
        "as planned": (planned, "suspended", "active"),
        "ended since": ([*planned, entry(3, 24, "ended", 20)], "ended", "ended"),
        "planned anew": ([*planned, entry(3, 24, "ended", 20), entry(4, 48, "active", 30)], "ended", "active"),
        "the end was an error": (
            [*planned, entry(3, 24, "ended", 20), entry(4, 24, "suspended", 30, corrects=3)],
            "suspended",
            "active",
        ),
        "resumed, and its reason corrected afterwards": (
            [entry(1, 0, "ended", 0), entry(2, 30, "active", 30), entry(3, 0, "ended", 60, corrects=1)],
            "ended",
            "active",
        ),
    }
    for said, (life, before, after) in lives.items():
        mine = Case(1, statuses=told(*life))
        assert (mine.status_at(at(25)), mine.status_at(at(49))) == (before, after), said


def test_the_one_who_covers_at_that_instant_answers_and_never_in_a_circle() -> None:
    covers = {
        1: [replace(version(1, 10, {"by": 2}), until=at(20))],
        2: [replace(version(2, 15, {"by": 1}), until=at(16))],
    }
    held = [version(1, 0, 1)]
    assert [officer_at(held, covers, at(h), None) for h in (9, 11, 19.9, 20)] == [1, 2, 2, 1]
    assert officer_at(held, covers, at(15.5), None) in (1, 2)
    assert officer_at([], {}, at(5), 4) == 4


@given(
    st.lists(
        st.tuples(
            st.integers(0, 50),
            st.one_of(st.none(), st.integers(1, 60)),
            st.integers(0, 50),
            st.one_of(st.none(), st.integers(0, 9)),
        ),
        max_size=10,
    ),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_the_fact_that_holds_covers_the_instant_was_not_replaced_and_was_recorded_last(
    rows: list, hours: int, known: int
) -> None:
    history = [
        replace(
            version(n, begin, n, corrects=wrong if wrong is not None and wrong < n else None, recorded=recorded),
            until=None if lasts is None else at(begin + lasts),
        )
        for n, (begin, lasts, recorded, wrong) in enumerate(rows)
    ]
    recorded = [one for one in history if one.recorded_at <= at(known)]
    replaced = {one.corrects for one in recorded}
    held = [
        one
        for one in recorded
        if one.id not in replaced and one.from_at <= at(hours) and (one.until is None or at(hours) < one.until)
    ]
    found = true_at(history, at(hours), at(known))
    assert found == max(held, key=lambda one: (one.recorded_at, one.id), default=None)


def test_a_stretch_that_is_over_changes_nothing_of_now_and_what_was_entered_within_it_stays() -> None:
    active = version(1, 0, {"state": "active"})
    custody = replace(version(2, 15, {"state": "suspended"}, recorded=18.5), until=at(17))
    mine = case(statuses=told(active, custody))
    assert [mine.is_in_force(7, at(h)) for h in (14.9, 15, 16.9, 17, 18.5)] == [True, False, False, True, True]
    assert mine.next_change(7, at(15)) == at(17)
    # As it was known before it was reported.
    assert mine.as_known(at(18)).is_in_force(7, at(16))
    resumed = version(3, 16, {"state": "active"}, recorded=16)
    assert case(statuses=told(active, resumed, custody)).is_in_force(7, at(16.5))
