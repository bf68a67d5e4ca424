"""A tag that claims too wide circles: what its nights show, and that learning it never lowers danger."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zone_makers import at, circle, judge

from zones import Certainty, Decision, Level
from zones.honesty import LEAST_SHARE, NIGHTS_NEEDED, NOTHING, Nights, from_numbers, learn, share_of_claim, to_numbers

settings.register_profile("zones", deadline=None, derandomize=True)
settings.load_profile("zones")

NIGHT_S = 86_400.0
METRES = st.floats(-900, 900)
SHARE = st.floats(LEAST_SHARE, 1.0)
STEPS = st.lists(
    st.tuples(METRES, METRES, st.floats(1, 300), st.one_of(st.none(), st.floats(1, 600))), min_size=1, max_size=40
)


def nights(*errors: float, claim_m: float = 40.0, fixes: int = 100) -> Nights:
    """Nights of which each has one size of error: 68 % of its fixes lie within it."""
    known = NOTHING
    for night, size_m in enumerate(errors, 1):
        for n in range(fixes):
            # 68 in 100 lie within the size, the rest a little or far beyond it.
            error_m = size_m * (n + 1) / 68 if n < 68 else size_m * (1 + 0.01 * (n - 67))
            known = learn(known, night, night * NIGHT_S + 120 * n, error_m, claim_m)
    return known


@pytest.mark.parametrize(
    ("errors", "share"),
    [
        pytest.param([20.0] * 7, 0.5, id="a week of claims twice too wide"),
        pytest.param([2.0] * 7, 0.5, id="never below half of the claim, however good the nights are"),
        pytest.param([20.0] * 4, 1.0, id="four nights are not enough"),
        pytest.param([20.0] * 5 + [35.0], 0.9, id="the worst of the nights counts"),
        pytest.param([20.0] * 5 + [40.0], 1.0, id="one night of honest claims, and the claim stands"),
        pytest.param([20.0] * 5 + [900.0], 1.0, id="a night elsewhere, or in foil: the claim stands as sent"),
        pytest.param(
            [90.0] * 7, 1.0, id="claims too narrow: never judged by more than the claim, which would lower danger"
        ),
    ],
)
def test_a_tag_is_judged_by_the_worst_of_its_nights(errors, share):
    assert share_of_claim(nights(*errors), len(errors) + 1) == share


def test_a_night_with_few_fixes_or_one_place_told_all_night_tells_nothing():
    assert share_of_claim(nights(*[20.0] * 7, fixes=19), 9) == 1.0
    known = NOTHING
    for night in range(1, 9):
        for n in range(200):
            known = learn(known, night, night * NIGHT_S + 60 * n, 3.0, 40.0)
    assert share_of_claim(known, 9) == 1.0


def test_a_flood_of_fixes_in_one_minute_is_one_fix():
    known = NOTHING
    for n in range(5_000):
        known = learn(known, 1, NIGHT_S + n * 0.01, n * 0.001, 40.0)
    assert sum(known.counts) == 1


def test_the_night_that_still_goes_on_tells_nothing_yet_and_old_nights_are_forgotten():
    known = nights(*[20.0] * NIGHTS_NEEDED)
    assert share_of_claim(known, NIGHTS_NEEDED) == 1.0
    assert share_of_claim(known, NIGHTS_NEEDED + 1) == 0.5
    assert share_of_claim(known, 60) == 1.0


@given(st.lists(st.tuples(st.integers(1, 20), st.floats(0, 1e6), st.floats(0, 1e5), st.floats(7, 2000)), max_size=300))
def test_whatever_is_learnt_is_between_half_of_the_claim_and_all_of_it_and_reads_back(rows):
    known = NOTHING
    for night, after_s, error_m, claim_m in rows:
        known = learn(known, night, night * NIGHT_S + after_s, error_m, claim_m)
        assert LEAST_SHARE <= share_of_claim(known, night) <= 1.0
    assert from_numbers(to_numbers(known)) == known
    if len({night for night, *_ in rows}) < NIGHTS_NEEDED:
        assert share_of_claim(known, 21) == 1.0


@pytest.mark.parametrize(
    "numbers", [[], [1.0], ["x"] * 12, [True] * 10, [1.0] * 11, [float("inf")] * 10, [float("nan")] * 10]
)
def test_numbers_that_are_no_nights_are_refused(numbers):
    with pytest.raises(ValueError, match="nights"):
        from_numbers(numbers)


def danger(decision: Decision) -> tuple[int, bool]:
    if decision.level is not Level.BREACH:
        return min(decision.level, 1), False
    return decision.level, decision.certainty is Certainty.CONFIRMED


@settings(max_examples=300)
@given(
    STEPS, st.lists(SHARE, min_size=40, max_size=40), st.sampled_from(["exclusion", "inclusion"]), st.integers(30, 700)
)
def test_learning_never_lowers_danger(steps, shares, kind, radius_m):
    zone = circle(radius_m=radius_m, kind=kind)
    fixes, now = [], 0.0
    for east, north, gap, accuracy in steps:
        now += round(gap, 1)
        fixes.append(at(east, north, after_s=now, accuracy_m=accuracy))
    as_sent = judge(zone, fixes)
    as_shown = judge(zone, [replace(fix, claim_share=share) for fix, share in zip(fixes, shares, strict=False)])
    for before, after in zip(as_sent, as_shown, strict=True):
        assert after.level is Level.BREACH or before.level is not Level.BREACH
        if before.level is Level.BREACH:
            assert danger(after) >= danger(before)


def test_a_phone_that_claims_twice_too_much_is_confirmed_as_soon_as_an_honest_one():
    zone = circle(radius_m=250)
    way = [(450 - 45 * n, 60 * n) for n in range(9)]
    honest, wide, shown = (
        judge(zone, [at(x, 0, s, claim, speed_mps=0.75, claim_share=share) for x, s in way])
        for claim, share in ((40, 1.0), (80, 1.0), (80, 0.5))
    )

    def confirmed_at(told: list[Decision]) -> float:
        return next((one.fix_time for one in told if danger(one) == (Level.BREACH, True)), math.inf)

    assert confirmed_at(shown) <= confirmed_at(honest) < confirmed_at(wide)
    assert any("shown" in reason for reason in shown[-1].reasons)
