"""The supervisor's pages: figures of a period with trends and filters, and the board of alerts for a duty desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from backend import alarms, alert_timings, canary, clock, csv_tables, db, figures, lifecycle, outages, queries, reports
from backend.bounds import is_number, read_day
from backend.errors import InvalidRequest
from backend.escalation import policies
from backend.figures import Filters
from backend.figures.summing import Group
from backend.models import AlertKind, Channel, Person, Role
from backend.own_pages import choices_counted
from backend.record import reading
from backend.record.facts import LONDON
from backend.web import dates, figures_shown
from backend.web.alert_words import danger_word, situation_of
from backend.web.forms import visitor
from backend.web.outcome_texts import KIND_TEXTS, OUTCOME_SHORT, OUTCOME_TEXTS
from backend.web.reports import ReportQuery, period
from backend.web.signed_in import no_store, page_for, settings

bp = Blueprint("supervisor_pages", __name__)

# The first and the last day of the period.
DAYS = ("from", "to")
# The last hour, as canaries walk.
MOST_WALKS = 12
# So many changed alerts are counted before the page is made, so that it is there at once; the watchdog counts the rest.
MOST_COUNTED = 200
ROWS_AT_ONCE = 500
# A board with more than these is no board any more: it says that the gravest are shown.
MOST_ON_BOARD = 300


class FiguresQuery(ReportQuery):
    """A period with what else is chosen, and the page of alerts."""

    kind: str = ""
    outcome: str = ""
    officer: int | None = Field(None, ge=1, lt=2**63)
    wearer: int | None = Field(None, ge=1, lt=2**63)
    place: int | None = Field(None, ge=1, lt=2**63)
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
            wearer_id=self.wearer,
            place_id=self.place,
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
    asked = _asked()
    try:
        query, refused = FiguresQuery.model_validate(_with_whole_days(asked)), set()
    except ValidationError as error:
        query, refused = FiguresQuery.model_validate({}), {one["loc"][0] for one in error.errors()}
    is_refused = bool(refused)
    filters = query.filters()
    figures.count_changed(now, MOST_COUNTED)
    if "csv" in request.args and not is_refused:
        return _csv(person, filters)
    summed = figures.figures_of(person, filters, query.by, query.page)
    rows = [figures_shown.clock_row(row) for row in reports.rows_of(summed.alert_ids)]
    heads = figures.heads_of([*summed.open_ids, *(call["alert_id"] for call in summed.unanswered)])
    # The names of those alone whose alerts were counted: a number in the address names no one of another team.
    of_wearers = figures.names_of_wearers([one.key for one in summed.wearers.most])
    of_places = figures.names_of_places([one.key for one in summed.places.most])
    officers = list(Person.select().where(Person.team == person.team_id).order_by(Person.name))
    names = _names(query.by, summed.groups, filters.to_at)
    chosen = {} if is_refused else {name: value for name, value in asked.items() if name != "page"}
    page = render_template(
        "supervisor.html",
        person=person,
        by=query.by,
        totals=figures_shown.totals(summed),
        groups=[
            {"name": names.get(group.key, "no responsible officer"), **figures_shown.group_figures(group)}
            for group in summed.groups
        ],
        trends=figures_shown.trends(summed, filters),
        wearers=figures_shown.tallies(summed.wearers, of_wearers),
        places=figures_shown.tallies(summed.places, of_places),
        wearer_name=of_wearers.get(query.wearer or 0, ""),
        place_name=of_places.get(query.place or 0, ""),
        unanswered=[
            figures_shown.unanswered_line(heads[call["alert_id"]], call)
            for call in summed.unanswered
            if call["alert_id"] in heads
        ],
        open_rows=[figures_shown.open_line(heads[alert_id]) for alert_id in summed.open_ids if alert_id in heads],
        longest_s=figures_shown.longest_s(rows),
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
        channel_texts=figures_shown.CHANNELS,
        day_texts=figures_shown.DAYS,
        danger_word=danger_word,
        target_error=target_error,
        is_refused=is_refused,
        wrong_days=[name for name in DAYS if name in refused],
        typed=request.args if is_refused else {},
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
    """Return every alert of the period as CSV, in parts: the first line leaves before the last alert is read."""
    ids = figures.ids_of(person, filters)

    def parts() -> Iterator[str]:
        yield csv_tables.as_csv([reports.CSV_COLUMNS])
        for begin in range(0, len(ids), ROWS_AT_ONCE):
            try:
                rows = reports.rows_of(ids[begin : begin + ROWS_AT_ONCE])
            finally:
                # Not while the part is on its way to a slow network.
                db.release_connection()
            yield csv_tables.as_csv(line for row in rows for line in reports.csv_rows(row))

    response = no_store(Response(parts(), mimetype="text/csv"))
    response.headers["Content-Disposition"] = 'attachment; filename="response-times.csv"'
    return response


def _names(by: str, groups: list[Group], to_at: datetime) -> dict[Any, str]:
    if by == "team":
        return dict(reading.team_names_at(to_at - timedelta(microseconds=1)))
    keys = [group.key for group in groups if group.key is not None]
    return {one.id: one.name for one in Person.select().where(Person.id.in_(keys or [0]))}


@bp.get("/supervisor/choices")
@page_for(Role.SUPERVISOR)
def choices() -> str:
    """What the protected people of the team chose, in numbers; every case is read for it."""
    person = visitor()
    return render_template("choices.html", person=person, choices=choices_counted.of_team(person, clock.now()))


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
    found = queries.alerts_of(person, "live", limit=MOST_ON_BOARD)
    waiting = alert_timings.waiting_since(found)
    since = {alert.id: waiting.get(alert.id) or alert.acknowledged_at or alert.raised_at for alert in found}
    return {
        "now": now,
        "counts": queries.live_counts(person),
        "target_s": person.team.answer_within_s,
        "standing": [
            {
                "alert": alert,
                "what": situation_of(alert),
                "needs_answer": lifecycle.needs_answer(alert.kind, alert.certainty, alert.handling),
                "since_s": max(0.0, (now - since[alert.id]).total_seconds()),
            }
            for alert in found
        ],
    }


def _asked() -> dict[str, str]:
    """Return what is chosen in the address; a day is one value, or three fields of the form."""
    parts = {f"{name}-{part}" for name in DAYS for part in dates.PARTS}
    asked = {name: value for name, value in request.args.items() if value and name not in {"csv", *parts}}
    return asked | {name: day for name in DAYS if (day := dates.joined(request.args, name))}


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


@bp.post("/supervisor/alarms/<int:alarm_id>/answer")
@page_for(Role.SUPERVISOR)
def answer_alarm(alarm_id: int) -> Any:
    """End an alarm that only a person can see to, with what they did about it."""
    alarms.answer(visitor(), alarm_id, request.form.get("note", ""), clock.now())
    return redirect(url_for(".supervisor"))
