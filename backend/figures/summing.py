"""Sums the counted rows of a team and a period in the database: totals, groups, trends, and who was not answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

from backend import clock, db
from backend.access import closed_cases, require
from backend.figures.filters import Filters
from backend.models import Person, Role

IN_ERROR = "raised_in_error"
FALSE_ALARM = "false_alarm"
SPANS = ("tag_lag_s", "decide_s", "send_s", "deliver_s", "outcome_s", "police_s")
PERCENTILES = (50, 90, 95)
PAGE = 50
BY = {"officer": "officer_id", "team": "team_id", "hour": "hour", "weekday": "weekday", "channel": "channel"}
# Nothing is waited for longer: a page that takes this long says so, and tags are not held up.
LONGEST_S = 20


@dataclass(frozen=True, slots=True)
class Span:
    """Percentiles of a span in seconds: None without a value, infinite where it has no end."""

    count: int
    unreached: int
    p50: float | None
    p90: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Answers:
    """How many calls there were, how soon they were answered, and how many within their team's target."""

    count: int
    within_target: int
    # None where teams with several targets are counted.
    target_s: int | None
    span: Span

    @property
    def attainment(self) -> float | None:
        """The share within the target, 0 to 1; None without a call."""
        return self.within_target / self.count if self.count else None


@dataclass(slots=True)
class Group:
    """The figures of one officer, team, hour, day of the week or channel."""

    key: Any
    count: int = 0
    in_full: int = 0
    open: int = 0
    answers: Answers | None = None
    total: Span | None = None
    spans: dict[str, Span] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """All that the supervisor's page says of a period."""

    totals: Group
    groups: list[Group]
    hours: list[Group]
    weekdays: list[Group]
    channels: list[Group]
    asked_again: int
    asked_again_unanswered: int
    kinds: dict[str, int]
    outcomes: dict[str, int]
    withdrawn: int
    closed_as_false: int
    in_error: int
    # One page: calls that no one answered, and alerts.
    unanswered: list[dict[str, Any]]
    alert_ids: list[int]
    open_ids: list[int]


def ids_of(person: Person, filters: Filters) -> list[int]:
    """Return every alert that is counted, the newest first. Raises: NotAllowed for anyone but a supervisor."""
    require(person, Role.SUPERVISOR)
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    where, values = filters.of_alerts(person.team_id, closed)
    rows = db.database.execute_sql(
        f"SELECT f.alert_id FROM alert_figures f WHERE f.outcome_code IS DISTINCT FROM %(error)s AND {where} "  # noqa: S608
        "ORDER BY f.raised_at DESC, f.alert_id DESC",
        {**values, "error": IN_ERROR},
    )
    return [row[0] for row in rows]


def figures_of(person: Person, filters: Filters, by: str, page: int = 1) -> Figures:
    """Return the figures for a supervisor's team. Raises: NotAllowed for anybody else."""
    require(person, Role.SUPERVISOR)
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    where, values = filters.of_alerts(person.team_id, closed)
    of_calls, more = filters.of_calls("c")
    values.update(more, error=IN_ERROR, limit=PAGE, offset=(page - 1) * PAGE)
    counted = f"f.outcome_code IS DISTINCT FROM %(error)s AND {where}"
    group = BY[by]
    with db.atomic():
        db.database.execute_sql(f"SET LOCAL statement_timeout = '{LONGEST_S}s'")
        db.database.execute_sql("SET LOCAL work_mem = '64MB'")
        # To compile a statement takes longer than to run it here.
        db.database.execute_sql("SET LOCAL jit = off")
        alerts = _of_alerts(counted, values, group if group in ("officer_id", "team_id") else "officer_id")
        calls = _of_calls(counted, of_calls, values, group)
        rest = _rest(where, counted, of_calls, values)
    groups: dict[Any, Group] = {}
    for key, made in calls["group"].items():
        groups[key] = made
    for key, made in alerts["groups"].items():
        known = groups.setdefault(key, Group(key))
        known.count, known.in_full, known.open, known.spans = made.count, made.in_full, made.open, made.spans
    totals = alerts["totals"]
    totals.answers, totals.total = calls["totals"].answers, calls["totals"].total
    return Figures(
        totals=totals,
        groups=list(groups.values()),
        hours=_sorted(calls["hour"]),
        weekdays=_sorted(calls["weekday"]),
        channels=_sorted(calls["channel"]),
        **rest,
    )


def _sorted(found: dict[Any, Group]) -> list[Group]:
    return sorted(found.values(), key=lambda one: one.key)


def _ordered(column: str) -> str:
    """Return the columns for the percentiles of ``column``: count, without an end, then each percentile."""
    shares = ", ".join(f"{share / 100}" for share in PERCENTILES)
    return (
        f"count({column}), count(*) FILTER (WHERE {column} = 'Infinity'), "
        f"percentile_disc(ARRAY[{shares}]::float8[]) WITHIN GROUP (ORDER BY {column})"
    )


def _span(count: int, unreached: int, shares: list[float | None] | None) -> Span:
    p50, p90, p95 = shares or (None, None, None)
    return Span(count, unreached, p50, p90, p95)


def _of_alerts(counted: str, values: dict[str, Any], group: str) -> dict[str, Any]:
    columns = ", ".join(_ordered(f"f.{name}") for name in SPANS)
    rows = db.database.execute_sql(
        f"SELECT f.{group}, GROUPING(f.{group}), count(*), count(*) FILTER (WHERE f.is_answered_in_full), "  # noqa: S608
        f"count(*) FILTER (WHERE f.handling = 'open'), {columns} "
        f"FROM alert_figures f WHERE {counted} GROUP BY GROUPING SETS ((), (f.{group}))",
        values,
    )
    totals, groups = Group(None), {}
    for key, is_total, count, in_full, is_open, *spans in rows:
        made = Group(key, count, in_full, is_open)
        made.spans = {name: _span(*spans[3 * n : 3 * n + 3]) for n, name in enumerate(SPANS)}
        if is_total:
            totals = made
        else:
            groups[key] = made
    return {"totals": totals, "groups": groups}


def _of_calls(counted: str, of_calls: str, values: dict[str, Any], group: str) -> dict[str, Any]:
    column = "f.team_id" if group == "team_id" else f"c.{group}"
    sets = {
        "totals": "()",
        "group": f"({column})",
        "hour": "(c.hour)",
        "weekday": "(c.weekday)",
        "channel": "(c.channel)",
    }
    found: dict[str, Any] = {"totals": Group(None), **{name: {} for name in sets if name != "totals"}}
    for name, grouping in sets.items():
        key = grouping.strip("()") or "NULL"
        total = _ordered("c.total_s") if name in ("totals", "group") else "0, 0, NULL::float8[]"
        rows = db.database.execute_sql(
            f"SELECT {key}, count(*), count(*) FILTER (WHERE c.answer_s <= t.answer_within_s), "  # noqa: S608
            f"min(t.answer_within_s), max(t.answer_within_s), {_ordered('c.answer_s')}, {total} "
            "FROM alert_figures f JOIN call_figures c ON c.alert_id = f.alert_id JOIN team t ON t.id = f.team_id "
            f"WHERE c.is_rise AND {of_calls} AND {counted} GROUP BY {grouping}",
            values,
        )
        for key_value, count, within, least, most, *spans in rows:
            made = Group(key_value)
            made.answers = Answers(count, within, least if least == most else None, _span(*spans[:3]))
            made.total = _span(*spans[3:])
            if name == "totals":
                found[name] = made
            else:
                found[name][key_value] = made
    return found


def _rest(where: str, counted: str, of_calls: str, values: dict[str, Any]) -> dict[str, Any]:
    execute = db.database.execute_sql
    kinds = dict(execute(f"SELECT f.kind, count(*) FROM alert_figures f WHERE {counted} GROUP BY 1", values))  # noqa: S608
    outcomes = execute(
        f"SELECT coalesce(f.outcome_code, 'none'), count(*) FROM alert_figures f WHERE {counted} "  # noqa: S608
        "GROUP BY 1 ORDER BY 2 DESC, 1",
        values,
    )
    withdrawn, in_error = execute(
        f"SELECT count(*) FILTER (WHERE f.is_withdrawn AND f.outcome_code IS DISTINCT FROM %(error)s), "  # noqa: S608
        f"count(*) FILTER (WHERE f.outcome_code = %(error)s) FROM alert_figures f WHERE {where}",
        values,
    ).fetchone()
    again, again_unanswered = execute(
        "SELECT count(*), count(*) FILTER (WHERE c.answer_s = 'Infinity') FROM alert_figures f "  # noqa: S608
        f"JOIN call_figures c ON c.alert_id = f.alert_id WHERE NOT c.is_rise AND {of_calls} AND {counted}",
        values,
    ).fetchone()
    unanswered = execute(
        "SELECT c.alert_id, c.cause, c.danger, c.at, c.is_rise, f.handling, f.is_withdrawn "  # noqa: S608
        "FROM alert_figures f JOIN call_figures c ON c.alert_id = f.alert_id "
        f"WHERE c.answer_s = 'Infinity' AND {of_calls} AND {counted} ORDER BY c.at DESC, c.id DESC LIMIT %(limit)s",
        values,
    )
    names = ("alert_id", "cause", "danger", "at", "is_rise", "handling", "is_withdrawn")
    page = execute(
        f"SELECT f.alert_id FROM alert_figures f WHERE {counted} "  # noqa: S608
        "ORDER BY f.raised_at DESC, f.alert_id DESC LIMIT %(limit)s OFFSET %(offset)s",
        values,
    )
    is_open = execute(
        f"SELECT f.alert_id FROM alert_figures f WHERE f.handling = 'open' AND {counted} "  # noqa: S608
        "ORDER BY f.raised_at DESC, f.alert_id DESC LIMIT %(limit)s",
        values,
    )
    of_outcome = dict(outcomes)
    return {
        "kinds": kinds,
        "outcomes": of_outcome,
        "withdrawn": withdrawn,
        "closed_as_false": of_outcome.get(FALSE_ALARM, 0),
        "in_error": in_error,
        "asked_again": again,
        "asked_again_unanswered": again_unanswered,
        "unanswered": [dict(zip(names, row, strict=True)) for row in unanswered],
        "alert_ids": [row[0] for row in page],
        "open_ids": [row[0] for row in is_open],
    }


def is_endless(seconds: float | None) -> bool:
    """Tell whether a percentile is longer than any bound."""
    return seconds == inf
