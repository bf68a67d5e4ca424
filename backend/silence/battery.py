"""What a tag's battery levels mean: how fast it empties, and when it will be empty. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# A level that rises by so many points was charged; less is the noise of the measurement.
CHARGED_POINTS = 2.0
# A rate is given only after so long and so many points: less says more of rounding than of use.
LEAST_SPAN_S = 1_800.0
LEAST_FALL_POINTS = 2.0
# Use of the last hours counts.
MOST_SPAN_S = 6 * 3_600.0
LOW_PCT = 20.0
DIES_WITHIN_S = 12 * 3_600.0


@dataclass(frozen=True, slots=True)
class Battery:
    """The newest level of a tag, and the level from which the present discharge is measured."""

    pct: float
    at: datetime
    from_pct: float
    from_at: datetime

    @property
    def per_hour(self) -> float | None:
        """The points that it loses within an hour; None while too little is known, or it loses none."""
        span_s = (self.at - self.from_at).total_seconds()
        fall = self.from_pct - self.pct
        if span_s < LEAST_SPAN_S or fall < LEAST_FALL_POINTS:
            return None
        return fall / span_s * 3_600.0

    @property
    def empty_at(self) -> datetime | None:
        """When it will be empty at the present rate; None where that is not known."""
        rate = self.per_hour
        return None if rate is None else self.at + timedelta(hours=self.pct / rate)

    def is_low(self, now: datetime) -> bool:
        """Tell whether a person has to see that it is charged: little is left, or it dies within half a day."""
        empty_at = self.empty_at
        return self.pct <= LOW_PCT or (empty_at is not None and empty_at <= now + timedelta(seconds=DIES_WITHIN_S))


def after(known: Battery | None, pct: float, at: datetime) -> Battery | None:
    """Return what is known of a battery after one more level; an older or impossible one changes nothing."""
    if not 0.0 <= pct <= 100.0:
        return known
    if known is None:
        return Battery(pct, at, pct, at)
    if at <= known.at:
        return known
    if pct >= known.pct + CHARGED_POINTS or pct > known.from_pct:
        return Battery(pct, at, pct, at)
    start_pct, start_at = known.from_pct, known.from_at
    span_s = (at - start_at).total_seconds()
    if span_s > MOST_SPAN_S:
        # Forget the oldest hours, along the line from there to here.
        share = (span_s - MOST_SPAN_S) / span_s
        start_at += timedelta(seconds=span_s - MOST_SPAN_S)
        start_pct += (pct - start_pct) * share
    return Battery(pct, at, start_pct, start_at)
