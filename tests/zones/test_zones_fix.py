"""What a fix is refused for, and what is only unknown."""

from __future__ import annotations

import math

import pytest

from zones import Fix, FixRefused, PositionFeed, Source, radius_68_m, read_claim, read_source


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ((0, 91, 0), "latitude_out_of_range"),
        ((0, 0, -180.1), "longitude_out_of_range"),
        ((0, math.nan, 0), "not_finite"),
        ((math.inf, 0, 0), "not_finite"),
        ((0, 10**400, 0), "not_finite"),
        ((0, "51.5", 0), "not_a_number"),
        ((0, None, 0), "not_a_number"),
        ((0, True, 0), "not_a_number"),
        ((0, 0, 0, math.nan), "not_finite"),
        ((0, 0, 0, None, "fast"), "not_a_number"),
    ],
)
def test_a_fix_that_cannot_be_judged_is_refused(values, code):
    with pytest.raises(FixRefused) as refused:
        Fix(*values)
    assert refused.value.code == code
    assert refused.value.detail


def test_unknown_source_is_refused_and_known_ones_may_be_words():
    assert Fix(0, 0, 0, source="cell").source is Source.CELL
    with pytest.raises(FixRefused, match="not a known source"):
        Fix(0, 0, 0, source="pigeon")


def test_zero_and_less_mean_unknown():
    fix = Fix(0, 0, 0, accuracy_m=0, speed_mps=-1)
    assert (fix.accuracy_m, fix.speed_mps) == (None, None)
    assert Fix(0, 0, 0, accuracy_m=-5).accuracy_m is None


def test_fixes_are_values():
    assert Fix(1, 2, 3) == Fix(1.0, 2.0, 3.0)
    assert len({Fix(1, 2, 3), Fix(1, 2, 3)}) == 1
    with pytest.raises(AttributeError):
        Fix(1, 2, 3).lat = 4


def test_a_95_percent_radius_is_scaled():
    assert radius_68_m(100, PositionFeed.UK_VENDOR) == pytest.approx(42.3, abs=0.1)


@pytest.mark.parametrize("word", [None, "phone", "UK_VENDOR", "a feed that no one knows", 7, ["uk_vendor"]])
def test_a_claim_of_any_other_feed_is_read_as_a_68_percent_radius(word):
    assert radius_68_m(100, PositionFeed.read(word)) == 100


def test_where_nothing_is_claimed_there_is_nothing_to_scale():
    assert radius_68_m(None, PositionFeed.UK_VENDOR) is None


def test_a_tag_is_never_judged_by_less_than_half_of_its_claim():
    with pytest.raises(FixRefused, match="claim_share"):
        Fix(1, 2, 3, claim_share=0.49)


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        *((nothing, (None, None)) for nothing in (None, 0, 0.0, "0.0")),
        *((12, (12.0, None)), ("12.5", (12.5, None)), (3e6, (3e6, None))),
        *(
            (word, (15.0, Source.UNKNOWN))
            for word in (-1, "good", "", True, [12], {}, math.nan, math.inf, -math.inf, "nan", "12 m", 1e308, 10**400)
        ),
    ],
)
def test_a_claim_that_cannot_be_read_is_no_claim_of_a_source_that_no_one_knows(said, claim):
    assert read_claim(said, None, None) == claim


@pytest.mark.parametrize(
    ("sent", "source"),
    [
        ({"source": "gps", "provider": "network"}, Source.GNSS),
        ({"provider": "network"}, Source.CELL),
        ({"locationSource": "WLAN", "provider": "fused"}, Source.WIFI),
        ({"provider": "fused"}, None),
        ({"provider": ["network"]}, None),
        ({"network": "EE"}, None),
        ({}, None),
    ],
)
def test_a_source_by_the_names_that_programs_between_use(sent, source):
    assert read_source(sent) is source
