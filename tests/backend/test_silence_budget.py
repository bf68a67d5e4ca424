"""The budget of silence over a simulated day through a change of clocks: what is found, and how often wrongly.

``python -m benchmarks.bench_silence`` has all of it, with the gaps of recorded traces and 10,000 tags silent at once.
"""

from __future__ import annotations

import statistics

import pytest

from backend.settings import Settings
from benchmarks import bench_silence

PRODUCT = Settings(secret_key="a key for tests only")


@pytest.fixture(scope="module")
def counts() -> bench_silence.Counts:
    return bench_silence.day(PRODUCT, mean_s=30.0, grave_share=0.01, seed=1, tags=300, silent=60)


def test_every_tag_that_falls_silent_is_told_of(counts: bench_silence.Counts) -> None:
    assert counts.missed == 0
    assert len(counts.grave_s) + len(counts.other_s) == 60


def test_where_danger_was_seen_last_people_are_called_within_four_minutes(counts: bench_silence.Counts) -> None:
    assert max(counts.grave_s) <= 240.0


def test_elsewhere_half_are_told_of_within_half_an_hour_and_all_within_the_bound(counts: bench_silence.Counts) -> None:
    assert statistics.median(counts.other_s) <= 1_800.0
    assert max(counts.other_s) <= PRODUCT.silence_most_s


def test_false_notices_and_false_calls_are_within_the_budget(counts: bench_silence.Counts) -> None:
    # A tag and day.
    assert counts.pushes / counts.tag_days <= 0.1
    assert (counts.grave_calls + counts.calls) / counts.tag_days <= 0.01
