"""Which alerts figures are of: a period and what else is chosen, as a condition on the counted rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """A period [from, to), and what was chosen beside it; empty finds all."""

    from_at: datetime
    to_at: datetime
    kind: str = ""
    officer_id: int | None = None
    outcome: str = ""
    # Of calls: London's hour of the day and day of the week (0 is Monday), and the channel.
    hour: int | None = None
    weekday: int | None = None
    channel: str | None = None

    @property
    def is_of_calls(self) -> bool:
        """Whether only alerts with a call of such an hour, day or channel are asked for."""
        return self.hour is not None or self.weekday is not None or self.channel is not None

    def of_alerts(self, team_id: int, closed: set[int]) -> tuple[str, dict[str, Any]]:
        """Return the condition on ``alert_figures f`` and its values.

        An alert is the team's that answered for it when it was raised, that handled it, or that has the case now.
        """
        where = [
            "f.raised_at >= %(from_at)s",
            "f.raised_at < %(to_at)s",
            "(f.team_id = %(team)s OR f.handled_by_team_id = %(team)s"
            " OR f.wearer_id IN (SELECT id FROM wearer WHERE team_id = %(team)s))",
        ]
        values: dict[str, Any] = {"from_at": self.from_at, "to_at": self.to_at, "team": team_id}
        for column, value in (("kind", self.kind), ("outcome_code", self.outcome)):
            if value:
                where.append(f"f.{column} = %({column})s")
                values[column] = value
        if closed:
            where.append("f.wearer_id <> ALL(%(closed)s)")
            values["closed"] = sorted(closed)
        if self.officer_id is not None:
            where.append(
                "(f.officer_id = %(officer)s OR EXISTS (SELECT 1 FROM call_figures o"
                " WHERE o.alert_id = f.alert_id AND o.officer_id = %(officer)s))"
            )
            values["officer"] = self.officer_id
        if self.is_of_calls:
            said, more = self.of_calls("o")
            # Only names of columns of ours are put together here; what was chosen goes in as values.
            where.append(f"EXISTS (SELECT 1 FROM call_figures o WHERE o.alert_id = f.alert_id AND {said})")  # noqa: S608
            values.update(more)
        return " AND ".join(where), values

    def of_calls(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the condition on the rows ``name`` of calls and its values."""
        where, values = ["TRUE"], {}
        chosen = (
            ("officer_id", "officer", self.officer_id),
            ("hour", "hour", self.hour),
            ("weekday", "weekday", self.weekday),
            ("channel", "channel", self.channel),
        )
        for column, value_name, value in chosen:
            if value is not None:
                where.append(f"{name}.{column} = %({value_name})s")
                values[value_name] = value
        return " AND ".join(where), values
