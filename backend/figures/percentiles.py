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


class Ranked:
    """Values in their order, so that they are sorted once for however many groups; NaN is no value."""

    def __init__(self, values: Column) -> None:
        known = np.flatnonzero(~np.isnan(values))
        self._order = known[np.argsort(values[known])]
        self._ordered = values[self._order]

    def of_all(self) -> Span:
        """Return the percentiles of all values together."""
        return _span(self._ordered, 0, len(self._ordered), int(np.isinf(self._ordered).sum()))

    def by_group(self, group: Column, count: int) -> list[Span]:
        """Return the percentiles of each of ``count`` groups; ``group`` says which of them a value is in."""
        theirs = group[self._order]
        # In an order that keeps that of the values: small whole numbers are sorted in one pass.
        ordered = self._ordered[np.argsort(theirs.astype(np.uint16 if count < 2**16 else np.int64), kind="stable")]
        sizes = np.bincount(theirs, minlength=count)
        begins = np.cumsum(sizes) - sizes
        endless = np.bincount(theirs[np.isinf(self._ordered)], minlength=count)
        return [
            _span(ordered, begin, size, unreached)
            for begin, size, unreached in zip(begins.tolist(), sizes.tolist(), endless.tolist(), strict=True)
        ]


def _span(ordered: Column, begin: int, size: int, unreached: int) -> Span:
    if not size:
        return NOTHING
    p50, p90, p95 = (float(ordered[begin - (-share * size // 100) - 1]) for share in PERCENTILES)
    return Span(size, unreached, p50, p90, p95)


def numbered(keys: Column) -> tuple[Column, Column]:
    """Return the different keys in their order, and the number of each row's key among them.

    Ids of a database are small enough to be counted instead of sorted.
    """
    if not len(keys) or keys.min() < 0 or keys.max() > 10 * len(keys) + 1_000_000:
        found, place = np.unique(keys, return_inverse=True)
        return found, place
    is_there = np.zeros(int(keys.max()) + 1, bool)
    is_there[keys] = True
    number = np.cumsum(is_there) - 1
    return np.flatnonzero(is_there), number[keys]
