"""Sums the counted rows of a team and a period: totals, groups, trends, and who was not answered.

The percentiles are exact, of every row: nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backend import clock, db
from backend.access import closed_cases, require
from backend.figures import columns
from backend.figures.columns import Column, Columns
from backend.figures.filters import Filters
from backend.figures.percentiles import Ranked, Span, numbered
from backend.models import Person, Role, Team

LONDON = ZoneInfo("Europe/London")
IN_ERROR = "raised_in_error"
FALSE_ALARM = "false_alarm"
OPEN = "open"
SPANS = ("tag_lag_s", "decide_s", "send_s", "deliver_s", "outcome_s", "police_s")
PAGE = 50
# So many wearers and places with the most alerts are named.
MOST_NAMED = 10
# A longer period is shown by weeks.
MOST_DAYS = 31


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
    """The figures of one officer, team, hour, day of the week, channel, or stretch of days."""

    key: Any
    count: int = 0
    in_full: int = 0
    open: int = 0
    answers: Answers | None = None
    total: Span | None = None
    spans: dict[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts one wearer or place had, and what became of them."""

    key: int
    count: int
    withdrawn: int
    closed_as_false: int
    # Rises of danger that no one answered.
    unanswered: int


@dataclass(frozen=True, slots=True)
class Tallies:
    """The wearers or places with the most alerts, how many there are, and how many alerts are about none."""

    most: list[Tally]
    others: int
    without: int


@dataclass(slots=True)
class Figures:
    """All that the supervisor's page says of a period."""

    totals: Group
    groups: list[Group]
    hours: list[Group]
    weekdays: list[Group]
    channels: list[Group]
    # Of each stretch of so many days by the first of them, by when the alert was raised.
    days: list[Group]
    stretch_days: int
    wearers: Tallies
    places: Tallies
    asked_again: int
    asked_again_unanswered: int
    kinds: dict[str, int]
    outcomes: dict[str, int]
    withdrawn: int
    closed_as_false: int
    in_error: int
    # Of which a rise was answered late or not at all: what closes so counts in no other figure.
    in_error_late: int
    # Seen in the grace of protection after an order: no evidence of a breach, and in no other figure.
    after_order: int
    # One page: calls that no one answered, and alerts.
    unanswered: list[dict[str, Any]]
    alert_ids: list[int]
    open_ids: list[int]


@dataclass(slots=True)
class _Rows:
    """What was chosen of a team's rows: alerts, those counted apart left out, and the calls for an answer to them."""

    alerts: Columns
    calls: Columns
    # The index of each call's alert.
    alert_of: Column
    in_error: int
    in_error_late: int
    after_order: int
    words: dict[int, str]


def ids_of(person: Person, filters: Filters) -> list[int]:
    """Return every alert that is counted, the newest first. Raises: NotAllowed for anyone but a supervisor."""
    alerts = _chosen(person, filters).alerts
    found: list[int] = alerts["alert"][np.lexsort((-alerts["alert"], -alerts["raised_at"]))].tolist()
    return found


def figures_of(person: Person, filters: Filters, by: str, page: int = 1) -> Figures:
    """Return the figures for a supervisor's team. Raises: NotAllowed for anyone else."""
    rows = _chosen(person, filters)
    alerts, calls = rows.alerts, rows.calls
    is_rise = calls["is_rise"]
    rises = {name: column[is_rise] for name, column in calls.items()}
    rise_of = rows.alert_of[is_rise]
    rises["team"] = alerts["team"][rise_of]
    rises["target_s"] = _targets(rises["team"])
    stretch_days = 1 if filters.to_at - filters.from_at <= timedelta(days=MOST_DAYS, hours=1) else 7
    starts, day_of = _stretches(stretch_days, alerts["raised_at"])
    rises["day"] = day_of[rise_of]
    ranked = {"answer_s": Ranked(rises["answer_s"]), "total_s": Ranked(rises["total_s"])}
    of_alerts = {name: Ranked(alerts[name]) for name in SPANS}
    is_open = _needs_answer(rows)
    totals = Group(None, len(alerts["alert"]), int(alerts["is_answered_in_full"].sum()), int(is_open.sum()))
    totals.spans = {name: one.of_all() for name, one in of_alerts.items()}
    totals.answers = _answers_of_all(rises, ranked["answer_s"])
    totals.total = ranked["total_s"].of_all()
    newest = np.lexsort((-alerts["alert"], -alerts["raised_at"]))
    newest_ids = alerts["alert"][newest]
    answers = ranked["answer_s"]
    outcomes = _counted(alerts["outcome"], rows.words)
    again = ~is_rise
    unanswered = rise_of[np.isinf(rises["answer_s"])]
    return Figures(
        totals=totals,
        groups=_groups(rows, rises, by, ranked, of_alerts),
        hours=_answers_by(rises, "hour", answers),
        weekdays=_answers_by(rises, "weekday", answers),
        channels=[_renamed(one, rows.words[one.key]) for one in _answers_by(rises, "channel", answers)],
        days=[_renamed(one, starts[one.key]) for one in _answers_by(rises, "day", answers)],
        stretch_days=stretch_days,
        wearers=_tallies(rows, "wearer", unanswered),
        places=_tallies(rows, "place", unanswered),
        asked_again=int(again.sum()),
        asked_again_unanswered=int((again & np.isinf(calls["answer_s"])).sum()),
        kinds=_counted(alerts["kind"], rows.words),
        outcomes=outcomes,
        withdrawn=int(alerts["is_withdrawn"].sum()),
        closed_as_false=outcomes.get(FALSE_ALARM, 0),
        in_error=rows.in_error,
        in_error_late=rows.in_error_late,
        after_order=rows.after_order,
        unanswered=_unanswered(rows),
        alert_ids=newest_ids[(page - 1) * PAGE : page * PAGE].tolist(),
        open_ids=newest_ids[is_open[newest]][:PAGE].tolist(),
    )


def _chosen(person: Person, filters: Filters) -> _Rows:
    require(person, Role.SUPERVISOR)
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    with db.atomic():
        words = columns.words()
        alerts, calls = columns.read(person.team_id, filters.from_at, filters.to_at)
    order = np.argsort(alerts["alert"])
    alerts = {name: column[order] for name, column in alerts.items()}
    # What was counted between the two looks is left for the next.
    place = np.searchsorted(alerts["alert"], calls["alert"])
    is_known = place < len(order)
    is_known[is_known] = alerts["alert"][place[is_known]] == calls["alert"][is_known]
    calls, alert_of = {name: column[is_known] for name, column in calls.items()}, place[is_known]

    numbers = {word: number for number, word in words.items()}
    found = filters.of_alerts(alerts, calls, alert_of, closed, numbers)
    is_error = alerts["outcome"] == numbers.get(IN_ERROR, -1)
    is_after = alerts["is_after_order"] & ~is_error
    counted = found & ~is_error & ~is_after
    kept = filters.of_calls(calls, numbers) & counted[alert_of]
    index = np.cumsum(counted) - 1
    in_error = (found & is_error)[alert_of] & calls["is_rise"]
    is_late = in_error & (calls["answer_s"] > _targets(alerts["team"][alert_of]))
    return _Rows(
        {name: column[counted] for name, column in alerts.items()},
        {name: column[kept] for name, column in calls.items()},
        index[alert_of[kept]],
        int((found & is_error).sum()),
        len(np.unique(alert_of[is_late])),
        int((found & is_after).sum()),
        words,
    )


def _is(rows: _Rows, column: str, word: str) -> Column:
    """Return which alerts have this word in a column."""
    numbers = {known: number for number, known in rows.words.items()}
    has: Column = rows.alerts[column] == numbers.get(word, -1)
    return has


def _needs_answer(rows: _Rows) -> Column:
    """Return which alerts wait for an answer, as ``lifecycle.needs_answer`` says it; notices are not counted at all."""
    waits: Column = _is(rows, "handling", OPEN) & ~rows.alerts["is_withdrawn"]
    return waits


def _targets(teams: Column) -> Column:
    """Return within how many seconds the team of each call wants an answer."""
    within = {team.id: team.answer_within_s for team in Team.select(Team.id, Team.answer_within_s)}
    known, place = numbered(teams)
    targets: Column = np.array([within[int(team_id)] for team_id in known], dtype=np.float64)[place]
    return targets


def _stretches(days: int, raised_at: Column) -> tuple[list[date], Column]:
    """Return the days, or Mondays, at which stretches of ``days`` begin in London, and which each alert is in."""
    if not len(raised_at):
        return [], np.zeros(0, np.int64)
    first = columns.instant_of(raised_at.min()).astimezone(LONDON).date()
    last = columns.instant_of(raised_at.max()).astimezone(LONDON).date()
    first -= timedelta(days=first.weekday() if days > 1 else 0)
    starts = [first + timedelta(days=number) for number in range(0, (last - first).days + 1, days)]
    midnights = [columns.number_of(datetime.combine(day, time(), LONDON)) for day in starts]
    return starts, np.searchsorted(np.array(midnights), raised_at, side="right") - 1


def _answers_of_all(rises: Columns, ranked: Ranked) -> Answers:
    targets = np.unique(rises["target_s"])
    return Answers(
        len(rises["alert"]),
        int((rises["answer_s"] <= rises["target_s"]).sum()),
        int(targets[0]) if len(targets) == 1 else None,
        ranked.of_all(),
    )


def _answers_by(rises: Columns, name: str, ranked: Ranked) -> list[Group]:
    """Return the answers of each hour, day, channel, officer or team, in the order of their keys."""
    keys, place = numbered(rises[name])
    within = np.bincount(place, rises["answer_s"] <= rises["target_s"], len(keys))
    targets = _targets_by(place, len(keys), rises["target_s"])
    spans = ranked.by_group(place, len(keys))
    return [
        Group(
            int(key),
            answers=Answers(
                spans[number].count,
                int(within[number]),
                targets[number],
                spans[number],
            ),
        )
        for number, key in enumerate(keys)
    ]


def _targets_by(place: Column, count: int, target_s: Column) -> list[int | None]:
    """Return the target of each group; None where it has several."""
    known, number = numbered(target_s.astype(np.int64))
    has = np.zeros((count, len(known)), bool)
    has[place, number] = True
    return [int(known[one.argmax()]) if one.sum() == 1 else None for one in has]


def _groups(
    rows: _Rows, rises: Columns, by: str, ranked: dict[str, Ranked], of_alerts: dict[str, Ranked]
) -> list[Group]:
    """Return the figures of each officer or team: of the alerts that count for them, and of the calls."""
    made = {group.key: group for group in _answers_by(rises, by, ranked["answer_s"])}
    keys, place = numbered(rises[by])
    for key, span in zip(keys, ranked["total_s"].by_group(place, len(keys)), strict=True):
        made[int(key)].total = span
    keys, place = numbered(rows.alerts[by])
    counts = np.bincount(place, minlength=len(keys))
    in_full = np.bincount(place, rows.alerts["is_answered_in_full"], len(keys))
    is_open = np.bincount(place, _needs_answer(rows), len(keys))
    spans = {name: one.by_group(place, len(keys)) for name, one in of_alerts.items()}
    for number, key in enumerate(keys):
        group = made.setdefault(int(key), Group(int(key)))
        group.count, group.in_full, group.open = int(counts[number]), int(in_full[number]), int(is_open[number])
        group.spans = {name: found[number] for name, found in spans.items()}
    return [_renamed(group, group.key or None) for group in made.values()]


def _renamed(group: Group, key: Any) -> Group:
    group.key = key
    return group


def _counted(numbers: Column, words: dict[int, str]) -> dict[str, int]:
    """Return how many rows have each word, the most frequent first."""
    found, place = numbered(numbers)
    counts = np.bincount(place, minlength=len(found))
    named = {words.get(int(one), "none"): int(count) for one, count in zip(found, counts, strict=True)}
    return dict(sorted(named.items(), key=lambda one: (-one[1], one[0])))


def _tallies(rows: _Rows, name: str, unanswered: Column) -> Tallies:
    alerts = rows.alerts
    keys, place = numbered(alerts[name])
    counts = np.bincount(place, minlength=len(keys))
    withdrawn = np.bincount(place, alerts["is_withdrawn"], len(keys))
    false = np.bincount(place, _is(rows, "outcome", FALSE_ALARM), len(keys))
    never = np.bincount(place[unanswered], minlength=len(keys))
    order = [int(one) for one in np.lexsort((keys, -counts)) if keys[one]]
    return Tallies(
        [
            Tally(int(keys[one]), int(counts[one]), int(withdrawn[one]), int(false[one]), int(never[one]))
            for one in order[:MOST_NAMED]
        ],
        max(0, len(order) - MOST_NAMED),
        int(counts[keys == 0].sum()),
    )


def _unanswered(rows: _Rows) -> list[dict[str, Any]]:
    """Return the newest calls that no one answered."""
    calls, alerts = rows.calls, rows.alerts
    never = np.flatnonzero(np.isinf(calls["answer_s"]))
    never = never[np.lexsort((-calls["number"][never], -calls["alert"][never], -calls["at"][never]))][:PAGE]
    return [
        {
            "alert_id": int(calls["alert"][one]),
            "cause": rows.words[int(calls["cause"][one])],
            "danger": int(calls["danger"][one]),
            "at": columns.instant_of(calls["at"][one]),
            "is_rise": bool(calls["is_rise"][one]),
            "handling": rows.words[int(alerts["handling"][rows.alert_of[one]])],
            "is_withdrawn": bool(alerts["is_withdrawn"][rows.alert_of[one]]),
        }
        for one in never
    ]
