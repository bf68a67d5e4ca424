"""The supervisor's pages: figures of a period with trends and filters, and the board of alerts for a duty desk."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from math import inf
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from backend import alarms, canary, channels, clock, csv_tables, figures, outages, queries, reports
from backend.alert_kinds import title_of
from backend.bounds import is_number, read_day
from backend.errors import InvalidRequest
from backend.escalation import policies
from backend.figures import Filters
from backend.figures.summing import Answers, Group, Span
from backend.models import AlertKind, Channel, Person, Role
from backend.own_pages import choices_counted
from backend.record import reading
from backend.record.facts import LONDON
from backend.web.alert_words import danger_word, situation_of
from backend.web.forms import visitor
from backend.web.outcome_texts import KIND_TEXTS, OUTCOME_SHORT, OUTCOME_TEXTS
from backend.web.reports import ReportQuery, period
from backend.web.signed_in import no_store, page_for, settings

bp = Blueprint("supervisor_pages", __name__)

# The last hour, as canaries walk.
MOST_WALKS = 12
# So many changed alerts are counted before the page is made; the rest is counted with the next look.
MOST_COUNTED = 2_000
ROWS_AT_ONCE = 500
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHANNELS = {**{channel.value: title for channel, title in channels.TITLES.items()}, "": "No message before the answer"}


class FiguresQuery(ReportQuery):
    """A period with what else is chosen, and the page of alerts."""

    kind: str = ""
    outcome: str = ""
    officer: int | None = Field(None, ge=1, lt=2**63)
    hour: int | None = Field(None, ge=0, le=23)
    weekday: int | None = Field(None, ge=0, le=6)
    channel: str | None = None
    page: int = Field(1, ge=1, le=100_000)

    @field_validator("kind", "outcome", "channel")
    @classmethod
    def _is_known(cls, value: str | None, info: ValidationInfo) -> str | None:
        known: dict[str, set[Any]] = {
            "kind": set(AlertKind),
            "outcome": set(OUTCOME_TEXTS),
            "channel": {*Channel, "none"},
        }
        if value and value not in known[str(info.field_name)]:
            raise ValueError("is none of those that can be chosen")
        return value

    def filters(self) -> Filters:
        """Return what figures are asked for."""
        from_at, to_at = period(self)
        return Filters(
            from_at,
            to_at,
            kind=self.kind,
            officer_id=self.officer,
            outcome=self.outcome,
            hour=self.hour,
            weekday=self.weekday,
            channel="" if self.channel == "none" else self.channel,
        )


@bp.get("/supervisor")
@page_for(Role.SUPERVISOR)
def supervisor() -> Any:
    return _page()


@bp.post("/supervisor/target")
@page_for(Role.SUPERVISOR)
def set_answer_target() -> Any:
    """Set within how many seconds the team wants each rise of danger answered."""
    entered = request.form.get("within_s", "").strip()
    try:
        # What is no number of seconds is outside every bound.
        policies.set_answer_target(visitor(), int(entered) if is_number(entered) else 0, clock.now())
    except InvalidRequest as error:
        return _page(error)
    return redirect(url_for("supervisor_pages.supervisor"))


def _page(target_error: InvalidRequest | None = None) -> Any:
    person, now = visitor(), clock.now()
    asked = {name: value for name, value in request.args.items() if value and name != "csv"}
    try:
        query, is_refused = FiguresQuery.model_validate(_with_whole_days(asked)), False
    except ValidationError:
        query, is_refused = FiguresQuery.model_validate({}), True
    filters = query.filters()
    figures.count_changed(now, MOST_COUNTED)
    if "csv" in request.args and not is_refused:
        return _csv(person, filters)
    summed = figures.figures_of(person, filters, query.by, query.page)
    wanted = sorted({*summed.alert_ids, *summed.open_ids, *_of_calls(summed)})
    shown = {row["id"]: row for row in reports.rows_of(wanted)}
    rows = [_row(shown[alert_id]) for alert_id in summed.alert_ids if alert_id in shown]
    officers = list(Person.select().where(Person.team == person.team_id).order_by(Person.name))
    names = _names(query.by, summed.groups, filters.to_at)
    unchosen = {"csv", "page"}
    chosen = {} if is_refused else {name: value for name, value in request.args.items() if name not in unchosen}
    page = render_template(
        "supervisor.html",
        person=person,
        by=query.by,
        totals=_totals(summed),
        choices=choices_counted.of_team(person, now),
        groups=[{"name": names.get(group.key, "no responsible officer"), **_group(group)} for group in summed.groups],
        trends={
            "Hour": [(f"{group.key:02d}:00", {"hour": group.key}, _answers(group.answers)) for group in summed.hours],
            "Day": [(DAYS[group.key], {"weekday": group.key}, _answers(group.answers)) for group in summed.weekdays],
            "Channel": [
                (CHANNELS.get(group.key, group.key), {"channel": group.key or "none"}, _answers(group.answers))
                for group in summed.channels
            ],
        },
        unanswered=[{**call, **_said(shown[call["alert_id"]], call)} for call in summed.unanswered],
        open_rows=[_row(shown[alert_id]) for alert_id in summed.open_ids],
        longest_s=_longest_s(rows),
        rows=rows,
        page=query.page,
        page_size=figures.PAGE,
        behind=figures.behind(),
        chosen=chosen,
        query=query,
        officer_choices=[(one.id, one.name) for one in officers],
        outcome_choices=[(code.value, OUTCOME_SHORT[code.value]) for code in OUTCOME_TEXTS],
        kind_texts=KIND_TEXTS,
        outcome_texts=OUTCOME_SHORT,
        channel_texts=CHANNELS,
        day_texts=DAYS,
        danger_word=danger_word,
        target_error=target_error,
        is_refused=is_refused,
        from_at=filters.from_at,
        to_at=filters.to_at - timedelta(seconds=1),
        now=now,
        today=now.astimezone(LONDON).date(),
        days=timedelta(days=1),
        spans=reports.SPANS,
        alarms=alarms.standing_for(person, now),
        answered_by_person=alarms.ANSWERED_BY_PERSON,
        alarm_title=lambda alarm: alarms.TITLES[alarms.kind_of(alarm)],
        walks=canary.timings(MOST_WALKS),
        has_canary=canary.find() is not None and settings().canary_every_s > 0,
        outages=outages.shown_to(person, now),
    )
    return page, 422 if is_refused or target_error else 200


def _csv(person: Person, filters: Filters) -> Response:
    ids = figures.ids_of(person, filters)
    table: list[Any] = [reports.CSV_COLUMNS]
    for begin in range(0, len(ids), ROWS_AT_ONCE):
        for row in reports.rows_of(ids[begin : begin + ROWS_AT_ONCE]):
            table += reports.csv_rows(row)
    response = no_store(Response(csv_tables.as_csv(table), mimetype="text/csv"))
    response.headers["Content-Disposition"] = 'attachment; filename="response-times.csv"'
    return response


def _of_calls(summed: figures.Figures) -> set[int]:
    return {call["alert_id"] for call in summed.unanswered}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "stages": _stages(row), "police_at": _police_at(row), "title": _title(row)}


def _said(row: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """Return what the list of unanswered calls says of one: which alert, and what became of it."""
    why = "answered_to_less"
    if call["handling"] == "closed":
        why = "closed_by_cordon"
    elif call["is_withdrawn"]:
        why = "withdrawn"
    elif call["handling"] == "open":
        why = "open"
    return {"code": row["code"], "title": _title(row), "why": why, "id": row["id"]}


def _names(by: str, groups: list[Group], to_at: datetime) -> dict[Any, str]:
    if by == "team":
        return dict(reading.team_names_at(to_at - timedelta(microseconds=1)))
    keys = [group.key for group in groups if group.key is not None]
    return {one.id: one.name for one in Person.select().where(Person.id.in_(keys or [0]))}


def _totals(summed: figures.Figures) -> dict[str, Any]:
    count = summed.totals.count
    return {
        **_group(summed.totals),
        "asked_again": {"count": summed.asked_again, "unanswered": summed.asked_again_unanswered},
        "kinds": {kind.value: summed.kinds.get(kind, 0) for kind in AlertKind if kind is not AlertKind.NOTICE},
        "outcomes": summed.outcomes,
        "withdrawn": {"count": summed.withdrawn, "share": summed.withdrawn / count if count else None},
        "closed_as_false": {
            "count": summed.closed_as_false,
            "share": summed.closed_as_false / count if count else None,
        },
        "in_error": summed.in_error,
    }


def _group(group: Group) -> dict[str, Any]:
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


@bp.get("/board")
@page_for(Role.OFFICER, Role.SUPERVISOR)
def board() -> str:
    """Every standing alert of the team with its clock, for a screen on a wall: no name and no place."""
    return render_template("board.html", person=visitor(), **_standing())


@bp.get("/board/rows")
@page_for(Role.OFFICER, Role.SUPERVISOR)
def board_rows() -> str:
    """The rows of the board alone, for the page that stays open."""
    return render_template("board_rows.html", **_standing())


def _standing() -> dict[str, Any]:
    person, now = visitor(), clock.now()
    found = queries.alerts_of(person, "live", limit=figures.PAGE)
    return {
        "now": now,
        "counts": queries.live_counts(person),
        "target_s": person.team.answer_within_s,
        "standing": [
            {
                "alert": alert,
                "what": situation_of(alert),
                "is_notice": alert.kind == AlertKind.NOTICE,
                "since_s": (now - (alert.acknowledged_at or alert.raised_at)).total_seconds(),
                "since": alert.acknowledged_at or alert.raised_at,
            }
            for alert in found
        ],
    }


def _with_whole_days(asked: dict[str, str]) -> dict[str, Any]:
    """Read dates as days in London, the last one included; anything else is left for ``ReportQuery`` to judge."""
    values: dict[str, Any] = dict(asked)
    for name, days in (("from", 0), ("to", 1)):
        try:
            day = read_day(asked.get(name, ""))
            values[name] = datetime.combine(day + timedelta(days=days), time(), LONDON)
        except (ValueError, OverflowError):
            continue
    return values


def _longest_s(rows: list[dict[str, Any]]) -> float | None:
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


def _title(row: dict[str, Any]) -> str:
    """Return what an alert is called, and when the tag reported what it is about; empty where its level says it."""
    if row["kind"] != AlertKind.TAMPER:
        return title_of(row["kind"])
    at = datetime.fromisoformat(row["about"]).astimezone(LONDON)
    return f"{title_of(row['kind'], row['event'])}, reported for {at:%H:%M}"


def _police_at(row: dict[str, Any]) -> datetime | None:
    """Return when the alert was handed to the police, or None."""
    return datetime.fromisoformat(row["police"]["at"]) if row["police"] else None


@bp.post("/supervisor/alarms/<int:alarm_id>/answer")
@page_for(Role.SUPERVISOR)
def answer_alarm(alarm_id: int) -> Any:
    """End an alarm that only a person can see to, with what they did about it."""
    alarms.answer(visitor(), alarm_id, request.form.get("note", ""), clock.now())
    return redirect(url_for(".supervisor"))
