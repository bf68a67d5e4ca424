"""Shapes the supervisors' figures for their page: clocks of alerts, trends, tallies and totals. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf
from typing import Any

from backend import channels, reports
from backend.alert_kinds import title_of
from backend.figures import Figures, Filters, Head
from backend.figures.percentiles import Span
from backend.figures.summing import Answers, Group, Tallies
from backend.models import AlertKind
from backend.record.facts import LONDON

DAY = timedelta(days=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHANNELS = {
    **{channel.value: title for channel, title in channels.TITLES.items()},
    "": "Not answered, or without a message",
}


def clock_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the clock of one alert with its stages and its title."""
    return {
        **row,
        "stages": _stages(row),
        "police_at": _police_at(row),
        "title": title_at(row["kind"], row["event"], datetime.fromisoformat(row["about"])),
    }


def unanswered_line(head: Head, call: dict[str, Any]) -> dict[str, Any]:
    """Return what the list of unanswered calls says of one: which alert, and what became of it."""
    why = "answered_to_less"
    if call["handling"] == "closed":
        why = "closed_by_cordon"
    elif call["is_withdrawn"]:
        why = "withdrawn"
    elif call["handling"] == "open":
        why = "open"
    return {**call, **open_line(head), "why": why}


def open_line(head: Head) -> dict[str, Any]:
    """Return what lists say of an alert: its code and situation, who is responsible, and since when it was decided."""
    alert = head.alert
    return {
        "id": alert.id,
        "code": alert.code,
        "title": title_at(alert.kind, alert.event, alert.fix_time),
        "peak_danger": alert.peak_danger,
        "officer": head.officer,
        "decided_at": alert.decided_at,
    }


def totals(summed: Figures) -> dict[str, Any]:
    """Return the figures of all alerts together."""
    count = summed.totals.count
    return {
        **group_figures(summed.totals),
        "asked_again": {"count": summed.asked_again, "unanswered": summed.asked_again_unanswered},
        "kinds": {kind.value: summed.kinds.get(kind, 0) for kind in AlertKind if kind is not AlertKind.NOTICE},
        "outcomes": summed.outcomes,
        "withdrawn": {"count": summed.withdrawn, "share": summed.withdrawn / count if count else None},
        "closed_as_false": {
            "count": summed.closed_as_false,
            "share": summed.closed_as_false / count if count else None,
        },
        "in_error": summed.in_error,
        "in_error_late": summed.in_error_late,
        "after_order": summed.after_order,
    }


def trends(summed: Figures, filters: Filters) -> dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]]:
    """Return the rows of each trend: what it is called, what narrows the page to it, and its figures."""
    step = timedelta(days=summed.stretch_days)
    last = filters.to_at - timedelta(microseconds=1)
    days = []
    for group in summed.days:
        since = max(group.key, filters.from_at.astimezone(LONDON).date())
        until = min(group.key + step - DAY, last.astimezone(LONDON).date())
        days.append((f"{since:%-d %b}", {"from": since, "to": until}, _answers(group.answers)))
    return {
        "Week from" if step > DAY else "Date": days,
        "Hour": [(f"{one.key:02d}:00", {"hour": one.key}, _answers(one.answers)) for one in summed.hours],
        "Day": [(DAYS[one.key], {"weekday": one.key}, _answers(one.answers)) for one in summed.weekdays],
        "Channel": [
            (CHANNELS.get(one.key, one.key), {"channel": one.key or "none"}, _answers(one.answers))
            for one in summed.channels
        ],
    }


def tallies(found: Tallies, names: Mapping[int, str]) -> dict[str, Any]:
    """Return the wearers or places with the most alerts, by name."""
    return {
        "rows": [
            {
                "key": one.key,
                "name": names.get(one.key, "not recorded"),
                "count": one.count,
                "withdrawn": one.withdrawn,
                "closed_as_false": one.closed_as_false,
                "unanswered": one.unanswered,
            }
            for one in found.most
        ],
        "others": found.others,
        "without": found.without,
    }


def group_figures(group: Group) -> dict[str, Any]:
    """Return the figures of one officer or team."""
    answers = _answers(group.answers)
    spans = {name: _span(span) for name, span in group.spans.items()}
    return {
        "key": group.key,
        "count": group.count,
        "acknowledged": group.in_full,
        "open": group.open,
        "answers": answers,
        "figures": {**spans, "acknowledge_s": answers, "total_s": _span(group.total)},
    }


def _answers(answers: Answers | None) -> dict[str, Any]:
    if answers is None:
        return {**_span(None), "within_target": 0, "attainment": None, "target_s": None}
    return {
        **_span(answers.span),
        "count": answers.count,
        "within_target": answers.within_target,
        "attainment": answers.attainment,
        "target_s": answers.target_s,
    }


def _span(span: Span | None) -> dict[str, Any]:
    """Return a span as the page takes it: None where there is no value, or it is longer than any bound."""
    if span is None:
        return {"count": 0, "unreached": 0, "p50": None, "p90": None, "p95": None}
    shares = {"p50": span.p50, "p90": span.p90, "p95": span.p95}
    return {
        "count": span.count,
        "unreached": span.unreached,
        **{name: None if value is None or value == inf else round(value, 3) for name, value in shares.items()},
    }


def longest_s(rows: list[dict[str, Any]]) -> float | None:
    """Return how long the longest bar is: from the first stage of an alert to its first acknowledgement."""
    took_s = []
    for row in rows:
        began = row["clock"]["fix"] or row["clock"]["decided"]
        if row["clock"]["acknowledged"]:
            ended = datetime.fromisoformat(row["clock"]["acknowledged"])
            took_s.append((ended - datetime.fromisoformat(began)).total_seconds())
    return max(took_s, default=None)


def _stages(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alert's clock in order, each stage with the seconds since the one that was reached before it."""
    stages: list[dict[str, Any]] = []
    before: datetime | None = None
    for name in reports.STAGES:
        at = datetime.fromisoformat(row["clock"][name]) if row["clock"][name] else None
        since_s = (at - before).total_seconds() if at and before else None
        stages.append({"name": name, "at": at, "since_s": since_s})
        before = at or before
    return stages


def title_at(kind: str, event: str | None, about: datetime) -> str:
    """Return what an alert is called, and when the tag reported what it is about; empty where its level says it."""
    if kind != AlertKind.TAMPER:
        return title_of(kind)
    return f"{title_of(kind, event)}, reported for {about.astimezone(LONDON):%H:%M}"


def _police_at(row: dict[str, Any]) -> datetime | None:
    """Return when the alert was handed to the police, or None."""
    return datetime.fromisoformat(row["police"]["at"]) if row["police"] else None
