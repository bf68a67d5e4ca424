"""The supervisors' figures over HTTP, as JSON or CSV."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend import clock, csv_tables, reports
from backend.bounds import within_bounds
from backend.errors import InvalidRequest, NotAllowed, NotSignedIn
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store

bp = Blueprint("reports", __name__)

DEFAULT_SPAN = timedelta(days=7)


class ReportQuery(BaseModel):
    """The period, ``from`` included and ``to`` not, and what to group by; by default the last seven days."""

    model_config = ConfigDict(extra="forbid")

    from_at: datetime | None = Field(None, alias="from")
    to_at: datetime | None = Field(None, alias="to")
    by: Literal["officer", "team"] = "officer"

    @field_validator("from_at", "to_at")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        # A date alone is taken as its first instant in UTC.
        if value is not None and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return None if value is None else within_bounds(value)


class AnswersOut(BaseModel):
    """How soon calls for an answer were answered; what no one answered is longer than any bound, and is named."""

    p50: float | None
    p90: float | None
    p95: float | None
    count: int
    unreached: int
    answered: int
    within_target: int
    attainment: float | None = Field(description="The share answered within the target of the team, 0 to 1")
    target_s: int | None = Field(description="Null where teams with other targets are counted together")
    unanswered: list[dict[str, Any]]


class CountOut(BaseModel):
    """How many of the alerts, and which share of them, 0 to 1."""

    count: int
    share: float | None


class SummaryOut(BaseModel):
    """Figures: seconds at the 50th, 90th and 95th percentile of each span; null where it is longer than any bound."""

    count: int
    acknowledged: int = Field(description="Of which every rise of danger was acknowledged")
    unacknowledged: list[dict[str, Any]] = Field(description="Unacknowledged now")
    figures: dict[str, dict[str, float | None]]
    answers: AnswersOut = Field(description="Of every rise of danger")
    asked_again: AnswersOut = Field(description="Of what was asked again since an acknowledgement fell away")
    kinds: dict[str, int]
    withdrawn: CountOut
    closed_as_false: CountOut
    outcomes: dict[str, int]


class GroupOut(SummaryOut):
    """The figures of one officer or team."""

    id: int
    name: str


class ReportOut(BaseModel):
    """Each alert's clock and the groups' figures."""

    from_at: str = Field(alias="from")
    to: str
    by: str
    totals: SummaryOut
    groups: list[GroupOut]
    alerts: list[dict[str, Any]]
    raised_in_error: int = Field(description="In no other figure")
    after_the_order: int = Field(
        description="Seen in the grace of protection after an order: no evidence of a breach, and in no other figure"
    )


def period(query: ReportQuery) -> tuple[datetime, datetime]:
    """Return the period that is asked for."""
    to_at = query.to_at or clock.now() + timedelta(seconds=1)
    return query.from_at or to_at - DEFAULT_SPAN, to_at


@bp.get("/v1/reports/response-times")
@describes(
    "How long every step took: JSON, or CSV with Accept: text/csv.",
    tag="reports",
    query=ReportQuery,
    answer=ReportOut,
    media=["application/json", "text/csv"],
    errors=[NotSignedIn, NotAllowed, InvalidRequest],
)
def get_response_times() -> Response:
    query = ReportQuery.model_validate(request.args.to_dict())
    from_at, to_at = period(query)
    report = reports.response_times(current_person(), from_at, to_at, query.by)
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return no_store(as_csv(report))
    return no_store(jsonify(report))


def as_csv(report: dict[str, Any]) -> Response:
    """Return the alerts' clocks as CSV, one line for each call for an answer."""
    rows = [reports.CSV_COLUMNS, *(line for row in report["alerts"] for line in reports.csv_rows(row))]
    return Response(csv_tables.as_csv(rows), mimetype="text/csv")
