"""Exact percentiles of many values at once: the nearest rank, where what has no end is longer than any bound. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.figures.columns import Column

PERCENTILES = (50, 90, 95)


@dataclass(frozen=True, slots=True)
class Span:
    """Percentiles of a span in seconds: None without a value, infinite where it has no end."""

    count: int
    unreached: int
    p50: float | None
    p90: float | None
    p95: float | None


NOTHING = Span(0, 0, None, None, None)


def of_all(values: Column) -> Span:
    """Return the percentiles of the values that are numbers; NaN is no value."""
    return by_group(np.zeros(len(values), np.int64), 1, values)[0]


def by_group(group: Column, count: int, values: Column) -> list[Span]:
    """Return the percentiles of each of ``count`` groups; ``group`` says which of them a value is in."""
    is_value = ~np.isnan(values)
    if not is_value.all():
        group, values = group[is_value], values[is_value]
    # By value, and then by group in an order that keeps it: small whole numbers are sorted in one pass.
    order = np.argsort(values)
    order = order[np.argsort(group[order].astype(np.uint16 if count < 2**16 else np.int64), kind="stable")]
    ordered = values[order]
    sizes = np.bincount(group, minlength=count)
    begins = np.cumsum(sizes) - sizes
    endless = np.bincount(group, np.isinf(values), count)
    found = []
    for begin, size, unreached in zip(begins.tolist(), sizes.tolist(), endless.tolist(), strict=True):
        if not size:
            found.append(NOTHING)
            continue
        p50, p90, p95 = (float(ordered[begin - (-share * size // 100) - 1]) for share in PERCENTILES)
        found.append(Span(size, int(unreached), p50, p90, p95))
    return found
