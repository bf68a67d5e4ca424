"""Which alerts figures are of: a period and what else is chosen, as masks over the columns of counted rows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from backend.figures.columns import Column, Columns


@dataclass(frozen=True, slots=True)
class Filters:
    """A period [from, to), and what was chosen beside it; empty finds all."""

    from_at: datetime
    to_at: datetime
    kind: str = ""
    officer_id: int | None = None
    outcome: str = ""
    wearer_id: int | None = None
    place_id: int | None = None
    # Of calls: London's hour of the day and day of the week (0 is Monday), and the channel.
    hour: int | None = None
    weekday: int | None = None
    channel: str | None = None

    @property
    def is_of_calls(self) -> bool:
        """Whether only alerts with a call of such an hour, day or channel are asked for."""
        return self.hour is not None or self.weekday is not None or self.channel is not None

    def of_calls(self, calls: Columns, words: Mapping[str, int]) -> Column:
        """Return which calls are of what was chosen."""
        channel = None if self.channel is None else words.get(self.channel, 0)
        return _chosen(
            calls,
            {"officer": self.officer_id, "hour": self.hour, "weekday": self.weekday, "channel": channel},
        )

    def of_alerts(
        self, alerts: Columns, calls: Columns, alert_of: Column, closed: Collection[int], words: Mapping[str, int]
    ) -> Column:
        """Return which alerts are of what was chosen, without those of ``closed`` cases.

        ``alert_of`` is the index of each call's alert. An alert is an officer's who acknowledged it last, or who
        answered one of its calls.
        """
        found = _chosen(
            alerts,
            {
                "kind": words.get(self.kind, 0) if self.kind else None,
                "outcome": words.get(self.outcome, 0) if self.outcome else None,
                "wearer": self.wearer_id,
                "place": self.place_id,
            },
        )
        if self.outcome and self.outcome not in words:
            # No row has it, and 0 stands for those without any.
            found[:] = False
        if closed:
            found &= ~np.isin(alerts["wearer"], list(closed))
        if self.officer_id is not None:
            theirs = _with_call(alert_of, calls["officer"] == self.officer_id, len(found))
            found &= (alerts["officer"] == self.officer_id) | theirs
        if self.is_of_calls:
            found &= _with_call(alert_of, self.of_calls(calls, words), len(found))
        return found


def _chosen(columns: Columns, chosen: Mapping[str, int | None]) -> Column:
    found = np.ones(len(columns["alert"]), bool)
    for name, value in chosen.items():
        if value is not None:
            found &= columns[name] == value
    return found


def _with_call(alert_of: Column, of_calls: Column, count: int) -> Column:
    """Return which of ``count`` alerts have one of these calls."""
    found = np.zeros(count, bool)
    found[alert_of[of_calls]] = True
    return found
