"""The one place where refusals become HTTP: RFC 9457 problem details with stable codes."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, json, request
from peewee import DataError
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from backend import db
from backend.errors import DomainError, InvalidRequest, MalformedJson, StorageUnavailable, TooManyAttempts

log = logging.getLogger(__name__)

CODES_BY_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
}


def problem(status: int, code: str, title: str, detail: str, extra: dict[str, Any] | None = None) -> Response:
    """Return an ``application/problem+json`` answer; ``type`` points at the code's paragraph in docs/errors.md."""
    body = {"type": f"/docs/errors#{code}", "title": title, "status": status, "code": code, "detail": detail}
    response = Response(json.dumps({**body, **(extra or {})}), status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def init_app(app: Flask) -> None:
    """Register the error handlers."""

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> Response:
        response = problem(error.status, error.code, error.title, error.detail, error.extra)
        if isinstance(error, (StorageUnavailable, TooManyAttempts)):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        detail = "; ".join(f"{fault['field']}: {fault['detail']}" for fault in faults)
        return problem(InvalidRequest.status, InvalidRequest.code, InvalidRequest.title, detail, {"faults": faults})

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        response = problem(status, CODES_BY_STATUS.get(status, "error"), error.name, error.description or error.name)
        for name, value in error.get_headers():
            if name in ("Retry-After", "Allow"):
                response.headers[name] = value
        return response

    @app.errorhandler(RecursionError)
    def nested_too_deep(error: RecursionError) -> Response:
        return refused(MalformedJson("The request is nested too deep to be read."))

    @app.errorhandler(DataError)
    @app.errorhandler(OverflowError)
    @app.errorhandler(UnicodeError)
    def beyond_bounds(error: Exception) -> Response:
        """The database, or the calendar, cannot hold what was sent: a larger number, a later year, half a character."""
        log.warning("%s %s holds what cannot be kept: %s", request.method, request.url_rule, type(error).__name__)
        return refused(InvalidRequest("The request holds a value that cannot be kept."))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if isinstance(error, db.STORAGE_TROUBLE):
            db.forget_connection()
            log.warning("%s %s: the database did not answer", request.method, request.url_rule)
            return refused(StorageUnavailable("The database did not answer; send the same again."))
        log.exception("%s %s failed", request.method, request.url_rule)
        return problem(500, "internal_error", "Something failed here", "The failure is logged.")
