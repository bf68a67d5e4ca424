"""What a fix is worth: how far off it may be, and how probable that makes a place inside a zone.

The error model is one bivariate Student t with three degrees of freedom, scaled by the accuracy that the tag reports.
On open traces (ADR 0010) its 68, 95, 99 and 99.9 % radii agree with the measured ones over claims from 8 to 100 m; a
normal law is out by a factor of three at 99 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zones.fix import Fix, Source

# Radius in units of the scale that holds 68 % and 95 % of a bivariate Student t with 3 degrees of freedom:
# sqrt(3 * ((1 - share) ** (-2 / 3) - 1)).
T_RADIUS_68 = 1.848
T_RADIUS_95 = 4.37

_ROOT_3 = math.sqrt(3)


@dataclass(frozen=True, slots=True)
class Model:
    """Every constant that a decision rests on; docs/zones.md has where each comes from and what moves with it.

    An instance is passed to `decide` only by benchmarks, which take one idea away at a time.
    """

    # Claims of 5 m or less have a true 95 % radius of 15-21 m, so the 68 % radius is never taken below 7 m.
    floor_m: float = 7.0
    # Without a claim: receivers on open roads have a 68 % radius of 8 m, phones on foot 17 m (median 12 m), wireless
    # networks 20-60 m, cell towers hundreds; a tag that hears its home beacon is within a few tens of metres of it.
    unclaimed_gnss_m: float = 15.0
    unclaimed_wifi_m: float = 50.0
    unclaimed_rf_m: float = 50.0
    unclaimed_cell_m: float = 700.0
    # Beyond a claim of 100 m the true 68 % radius of moving phones was 1.5 times the claim, so such a fix is a poor end
    # for a path, and it neither ends nor clears anything near its own size.
    coarse_m: float = 100.0
    coarse_factor: float = 1.5
    # A place past the line raises, however small the zone, up to a claim of 200 m. Source: phones of open traces, whose
    # claims of 100 to 200 m held their 68 % (within 0.8 to 0.9 of them, n = 854); wider ones did not (1.3 to 2.7 times
    # the claim, n = 1,887).
    honest_m: float = 200.0
    # Towers claim 58 m at the median and are off by hundreds; a source of an unknown name may be one.
    least_cell_m: float = 300.0
    # A breach is believed at once at even odds; it is confirmed, and left, at odds of 19 to 1 and 9 to 1.
    believe: float = 0.5
    confirm_log_odds: float = 3.0
    leave_log_odds: float = -2.2
    # Evidence beyond odds of 33 to 1 is not stored up, or leaving would be told minutes late.
    stored_log_odds: float = 3.5
    # One fix alone ends a breach of a moving tag at odds of 55 to 1.
    leave_alone_log_odds: float = -4.0
    # Errors are correlated: after 30 s the correlation is 0.26 (phones) to 0.51 (receivers), so evidence counts by the
    # time since the last fix, up to one whole fix each 30 s.
    independent_s: float = 30.0
    # A good fix at exactly the same place is either a receiver that holds still or an old answer told again. As danger
    # it counts like any other; as an all-clear it counts as a quarter, so that an alert ends for a tag that came home
    # and lies still, within minutes, and never by one old answer.
    repeat_worth: float = 0.25
    # A kept answer told again is claimed less surely each time, by a speed times its age: often 1.5, 6 or 13 m/s on the
    # phones of open traces. Below a third of the slowest the growth tells no age.
    widening_least_mps: float = 0.5
    # A visit that is over is withdrawn at even odds that the wearer was never inside, and confirmed at the odds that
    # confirm, by the fixes before and after as well. A tag at rest is carried about its rooms at 0.1 m/s.
    was_inside: float = 0.5
    was_confirmed: float = 0.95
    rest_mps: float = 0.1
    # A tag at rest (below a slow walk) that jumps may be a reflection, and its errors last: correlation 0.62 after two
    # minutes. Such a fix raises at odds of at most 7 to 1, so that a minute of them confirms and one alone never does;
    # one alone may withdraw an unconfirmed breach but not end a confirmed one.
    moving_mps: float = 0.7
    still_enter_log_odds: float = 2.0
    still_leave_log_odds: float = 5.2
    still_independent_s: float = 120.0
    # A speed that was seen says nothing more after two minutes: a bus stops, a walker arrives.
    velocity_age_s: float = 120.0
    # A place of rest is learnt within 1,000 m of a zone, where an error can reach it, from ten fixes over a quarter of
    # an hour, and forgets what is older than 200 fixes (a night at one in two minutes).
    rest_within_m: float = 1_000.0
    rest_fixes: int = 10
    # Until it is known, whatever lies within 75 m belongs to it, as 95 % indoors do; who walks is past it in a minute.
    rest_learnt_m: float = 75.0
    rest_least_s: float = 900.0
    rest_most_fixes: int = 200
    # Who leaves home five times a day does so at one in 288 fixes a minute apart; taken as one in 100, since to miss it
    # is the graver error. A fix is a move from one in 25 on, and after four minutes away from the place whatever the
    # odds. Source: NIJ 1004.00 asks for an alert within four minutes.
    leaves_log_odds: float = -4.6
    moved_log_odds: float = -3.2
    away_most_s: float = 240.0
    # The place is kept for half an hour without a fix at it: who is back by then rests where they rested.
    rest_kept_s: float = 1_800.0
    # Source: the usual design speed of pedestrians at crossings.
    walks_mps: float = 1.4
    # No road or rail in the United Kingdom is faster (High Speed 1: 300 km/h = 83 m/s).
    fastest_mps: float = 90.0
    # After an impossible step the trusted place gives way once the trains of ordinary lines (125 mph) could have led to
    # the rival ones, or to two minutes of them when it was a single one.
    travelled_mps: float = 56.0
    rivals_needed: int = 4
    rivals_last_s: float = 120.0
    # A place is asked whether it is the last one with its sign lost: steps of more than 5 km, or of more than 1 km at
    # 54 km/h as the crow flies. Shorter and slower ones lead over the prime meridian every day.
    mirrored_least_m: float = 1_000.0
    mirrored_far_m: float = 5_000.0
    mirrored_fast_mps: float = 15.0
    # No order is about a place on another continent.
    farthest_m: float = 1_500_000.0
    # Displacement counts as movement when the errors alone would exceed it once in 20 times.
    moved_radii: float = T_RADIUS_95
    # What a way is drawn from was measured with circles laid anywhere beside the open traces (2,600 ways, both halves
    # of the traces apart): how well does it tell the ways that led through from those that did not? A direction lasts
    # 30 s and says 0.6 of where the way leads next: of 15 to 45 s and of 0 to 1 these told best.
    direction_s: float = 30.0
    heading_share: float = 0.6
    # A direction whose error is 6 m/s counts half: that is the spread of the speeds at which people walk, cycle and
    # ride in town, and what is known worse than that says little.
    heading_known_mps: float = 6.0
    # Sideways wandering of a path from its curve, as a share of the straight distance: half of it within 40 s. Of 0.03
    # to 0.14, 0.03 to 0.05 told best; what the model then gives 0.3, 0.5, 0.7 and 0.9 was so in 0.4, 0.6, 0.8 and 0.96.
    wander: float = 0.05
    wander_grows_s: float = 40.0
    # The part of a velocity that the distance covered does not bear out is in doubt, by so much of itself: at 0 a train
    # that brakes is drawn past its stop; 0.3 to 1 told as well.
    unborne_share: float = 0.6
    # Each pair of fixes asks whether the zone was crossed, a few hundred times a day, and what it reports should be
    # true three times in four. In short gaps what the model gives 0.58 is so in three of five, and most is near 1; in
    # longer ones what it gives 0.42 is so in seven of ten.
    crossing_short: float = 0.58
    crossing_long: float = 0.42
    # A place on the way further outside than that share of its spread is inside with less than 0.40, the least that is
    # ever asked: it is left out, which saves a tenth of the time near a zone.
    crossing_spreads: float = 0.28
    # Two of the intervals that a tag reports at: with one fix missing a gap is not yet long.
    long_gap_s: float = 120.0
    # Phones in trains and with coarser fixes than that tell places up to 15 s old, an error that no claim holds. In
    # short gaps between such ends, of what the model gives 0.5 to 0.7, 2 in 22 were so, and of 0.8 and more 68 in 71.
    known_end_m: float = 40.0
    known_end_mps: float = 20.0
    crossing_poor: float = 0.80
    # After ten minutes the silence is an alert of its own, and a way through the zone needs two in three to be another;
    # after half an hour no way is assumed.
    crossing_silent: float = 0.70
    silence_s: float = 600.0
    longest_gap_s: float = 1800.0
    # Who is past the line with one in three, and at the speed seen is past it within 2 s, is reported as entering.
    # A fix is 1 to 2 s old when it is judged (open traces: 0.8 to 1.6 s); the next one may come a minute later.
    entering: float = 1 / 3
    ahead_s: float = 2.0
    # A path is looked at again with the direction that the next fix shows, when that fix comes within 90 s.
    look_back_s: float = 90.0
    look_back_least_s: float = 20.0
    # A better fix replaces the end of the path; one that is coarser by more than half of the distance moved does not:
    # its error would then be most of what it shows of the way.
    anchor_share: float = 0.5

    def unclaimed_m(self, source: Source | None) -> float:
        """Return the 68 % radius in metres of a fix that claims none, by its source."""
        if source is None or source is Source.GNSS:
            return self.unclaimed_gnss_m
        if source is Source.CELL or source is Source.UNKNOWN:
            return self.unclaimed_cell_m
        return self.unclaimed_wifi_m if source is Source.WIFI else self.unclaimed_rf_m


MODEL = Model()


def t_below(x: float) -> float:
    """Return the share of a Student t with 3 degrees of freedom that lies below `x` scales (its exact closed form)."""
    y = x / _ROOT_3
    return 0.5 + (y / (1 + y * y) + math.atan(y)) / math.pi


def accuracy_m(fix: Fix, model: Model = MODEL) -> float:
    """Return the 68 % radius in metres to judge a fix by: its claim with a floor, or the default of its source."""
    claimed = fix.accuracy_m
    if claimed is not None:
        return claimed if claimed > model.floor_m else model.floor_m
    return model.unclaimed_m(fix.source)


def probability_inside(distance_m: float, scale_m: float, depth_m: float, half_breadth_m: float) -> float:
    """Return the probability that the true place is inside a zone.

    `distance_m` is signed, negative inside; `scale_m` the t scale; `depth_m` the zone's width from edge to opposite
    edge through its deepest place; `half_breadth_m` half its length across that. The zone is taken as that rectangle,
    which for a circle differs by at most 0.05 from the integral over the disc.
    """
    near = t_below(-distance_m / scale_m)
    beyond = t_below(-(distance_m + depth_m) / scale_m)
    return max(0.0, near - beyond) * (2 * t_below(half_breadth_m / scale_m) - 1)


def probabilities_inside(
    distances_m: np.ndarray, scales_m: np.ndarray, depth_m: float, half_breadth_m: float
) -> np.ndarray:
    """Return what `probability_inside` does, for arrays of distances and scales in metres."""

    def below(x: np.ndarray) -> np.ndarray:
        y = x / _ROOT_3
        return 0.5 + (y / (1 + y * y) + np.arctan(y)) / np.pi

    span = below(-distances_m / scales_m) - below(-(distances_m + depth_m) / scales_m)
    return np.maximum(0.0, span) * (2 * below(half_breadth_m / scales_m) - 1)


def log_odds(probability: float) -> float:
    """Return ln(p / (1 - p)), held to ±20 so that certainty stays a number."""
    if probability < 2e-9:
        return -20.0
    if probability > 1 - 2e-9:
        return 20.0
    return math.log(probability / (1 - probability))
