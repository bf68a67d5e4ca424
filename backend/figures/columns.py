"""Reads the counted rows of a team and a period as columns: arrays, of which the database sends the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from backend import db
from backend.models import FiguresWord

Column = npt.NDArray[Any]
Columns = dict[str, Column]

# PostgreSQL counts microseconds from here.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# An array of one dimension begins with its dimensions, flags, type, length and lower bound.
HEADER_BYTES = 20
# What is small shares one number of 64 bits: each further column costs time, however little it
# holds. Of each part the expression, and how many bits it has.
PARTS_OF_ALERTS = {
    "kind": ("kind_id", 20),
    "handling": ("handling_id", 20),
    "outcome": ("coalesce(outcome_id, 0)", 20),
    "is_withdrawn": ("is_withdrawn::int::bigint", 1),
    "is_answered_in_full": ("is_answered_in_full::int::bigint", 1),
    "is_after_order": ("is_after_order::int::bigint", 1),
}
PARTS_OF_CALLS = {
    "cause": ("cause_id", 20),
    "channel": ("channel_id", 20),
    "hour": ("hour::bigint", 5),
    "weekday": ("weekday::bigint", 3),
    "danger": ("danger::bigint", 8),
    "is_rise": ("is_rise::int::bigint", 1),
}


def _together(parts: dict[str, tuple[str, int]]) -> str:
    """Return the one number that holds all these parts, the first of them in its lowest bits."""
    said, shift = [], 0
    for part, bits in parts.values():
        said.append(f"(({part}) << {shift})")
        shift += bits
    return " | ".join(said)


# Each column with what the database is asked for, never null, and how it sends it.
ALERTS: dict[str, tuple[str, str]] = {
    "alert": ("alert_id", ">i8"),
    "wearer": ("wearer_id", ">i8"),
    "place": ("coalesce(place_id, 0)", ">i8"),
    "team": ("team_id", ">i8"),
    "officer": ("coalesce(officer_id, 0)", ">i8"),
    "raised_at": ("raised_at", ">i8"),
    "parts": (_together(PARTS_OF_ALERTS), ">i8"),
    **{
        name: (f"coalesce({name}, 'NaN')", ">f8")
        for name in ("tag_lag_s", "decide_s", "send_s", "deliver_s", "outcome_s", "police_s")
    },
}
CALLS: dict[str, tuple[str, str]] = {
    "alert": ("alert_id", ">i8"),
    "number": ("number", ">i4"),
    "at": ("at", ">i8"),
    "officer": ("coalesce(officer_id, 0)", ">i8"),
    "parts": (_together(PARTS_OF_CALLS), ">i8"),
    "answer_s": ("answer_s", ">f8"),
    "total_s": ("coalesce(total_s, 'NaN')", ">f8"),
}
PERIOD = "raised_at >= %(from_at)s AND raised_at < %(to_at)s"
# An alert is the team's that answered for it when it was raised, that handled it, or that has the case now.
WENT_ALONG = f"handled_by_team_id = %(team)s AND handled_by_team_id <> team_id AND {PERIOD}"
CAME_HERE = f"wearer_id = ANY(%(came)s) AND team_id <> %(team)s AND handled_by_team_id <> %(team)s AND {PERIOD}"
# Wearers of the team of whom another team answered for an alert: two looks into an index for each.
CAME = """
SELECT w.id FROM wearer w WHERE w.team_id = %(team)s AND (
  (SELECT min(f.team_id) FROM alert_figures f WHERE f.wearer_id = w.id) < %(team)s
  OR (SELECT max(f.team_id) FROM alert_figures f WHERE f.wearer_id = w.id) > %(team)s)
"""


def words() -> dict[int, str]:
    """Return what the numbers in the columns stand for; 0 is none."""
    return {row.id: row.word for row in FiguresWord.select()}


def read(team_id: int, from_at: datetime, to_at: datetime) -> tuple[Columns, Columns]:
    """Return the team's alerts raised in [from, to) and the calls for an answer to them, in no order."""
    values: dict[str, Any] = {"team": team_id, "from_at": from_at, "to_at": to_at}
    came = [wearer_id for (wearer_id,) in db.database.execute_sql(CAME, values)]
    alerts = _columns("alert_figures", ALERTS, (f"team_id = %(team)s AND {PERIOD}", WENT_ALONG), values)
    if came:
        others = _columns("alert_figures", ALERTS, (CAME_HERE,), {**values, "came": came})
        alerts = {name: np.concatenate([column, others[name]]) for name, column in alerts.items()}
    elsewhere = alerts["alert"][alerts["team"] != team_id].tolist()
    where = [f"team_id = %(team)s AND {PERIOD}"]
    if elsewhere:
        where.append("alert_id = ANY(%(elsewhere)s) AND team_id <> %(team)s")
        values["elsewhere"] = elsewhere
    calls = _columns("call_figures", CALLS, where, values)
    return _apart(alerts, PARTS_OF_ALERTS), _apart(calls, PARTS_OF_CALLS)


def instant_of(at: int) -> datetime:
    """Return the instant that a number in a column stands for."""
    return BEGINNING + timedelta(microseconds=int(at))


def number_of(at: datetime) -> int:
    """Return an instant as columns have it."""
    return (at - BEGINNING) // timedelta(microseconds=1)


def _columns(table: str, columns: dict[str, tuple[str, str]], where: Sequence[str], values: dict[str, Any]) -> Columns:
    # Only names of columns and conditions of ours are put together here; what was chosen goes in as values.
    asked = ", ".join(f"{said} AS {name}" for name, (said, _) in columns.items())
    rows = " UNION ALL ".join(f"SELECT {asked} FROM {table} WHERE {one}" for one in where)  # noqa: S608
    arrays = ", ".join(f"array_agg({name})" for name in columns)
    cursor = db.database.cursor()
    cursor.execute(f"SELECT {arrays} FROM ({rows}) rows", values, binary=True)  # noqa: S608
    sent = [cursor.pgresult.get_value(0, number) for number in range(len(columns))]
    kinds = [kind for _, kind in columns.values()]
    return {name: _array(bytes_, kind) for name, bytes_, kind in zip(columns, sent, kinds, strict=True)}


def _apart(columns: Columns, parts: dict[str, tuple[str, int]]) -> Columns:
    """Return the columns with each part as a column of its own; one bit is yes or no."""
    together, shift = columns.pop("parts"), 0
    for name, (_, bits) in parts.items():
        part = (together >> shift) & ((1 << bits) - 1)
        columns[name] = part.astype(bool) if bits == 1 else part
        shift += bits
    return columns


def _array(sent: bytes | None, kind: str) -> Column:
    """Read an array as PostgreSQL sends it: each element with its length before it."""
    native = np.dtype(kind).newbyteorder("=")
    if sent is None:
        return np.zeros(0, native)
    elements = np.frombuffer(sent, np.dtype([("length", ">i4"), ("value", kind)]), offset=HEADER_BYTES)
    return elements["value"].astype(native)
