"""The supervisors' figures over HTTP: JSON, or CSV for whoever asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend import clock, reports, tables
from backend.errors import InvalidRequest, NotAllowed, NotSignedIn
from backend.web.identity import current_person, no_store
from backend.web.openapi import describes

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
            return value.replace(tzinfo=UTC)
        return value


class GroupOut(BaseModel):
    """The figures of one officer or team: seconds at the 50th, 90th and 95th percentile of each span."""

    id: int
    name: str
    count: int
    acknowledged: int
    unacknowledged: list[dict[str, Any]]
    figures: dict[str, dict[str, float | None]]


class ReportOut(BaseModel):
    """Each alert's clock and the groups' figures."""

    from_at: str = Field(alias="from")
    to: str
    by: str
    groups: list[GroupOut]
    alerts: list[dict[str, Any]]


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
    errors=[NotSignedIn, NotAllowed, InvalidRequest],
)
def response_times() -> Response:
    query = ReportQuery.model_validate(request.args.to_dict())
    from_at, to_at = period(query)
    report = reports.response_times(current_person(), from_at, to_at, query.by)
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return no_store(as_csv(report))
    return no_store(jsonify(report))


def as_csv(report: dict[str, Any]) -> Response:
    """Return the alerts' clocks as CSV, one alert a line."""
    rows = [reports.CSV_COLUMNS, *(reports.csv_row(row) for row in report["alerts"])]
    return Response(tables.as_csv(rows), mimetype="text/csv")
