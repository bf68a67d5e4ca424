"""The one place where refusals become HTTP: RFC 9457 problem details with stable codes, and pages for browsers."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, json, render_template, request
from peewee import DataError
from pydantic import ValidationError
from werkzeug.exceptions import BadHost, HTTPException

from backend import db
from backend.cases.commands.stale_changes import Stale
from backend.errors import DomainError, InvalidRequest, MalformedJson, StorageUnavailable, TooManyAttempts
from backend.web.own_pages.layout import error_page
from backend.web.request_reading import is_of_programs, is_own_page

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


# What people read in a browser: the heading, and what they can do.
PAGE_TEXTS = {
    400: (
        "This form cannot be used any more",
        "You may have signed in as another person, or signed out, in this browser. Go back, load the page again, and "
        "send the form again. Nothing was saved.",
    ),
    401: ("Sign in first", "Sign in, and open the page again."),
    403: ("You may not open this", "Ask your supervisor if you need it for your work."),
    404: ("Page not found", "Check the address, or go back to the first page. You may also not be allowed to see it."),
    405: (
        "This page cannot be opened like that",
        "It is where a form is sent. Go back, and use the button on the page before it.",
    ),
    408: ("The page did not arrive in time", "Your connection may be slow. Nothing was saved. Try again."),
    413: ("This is too large", "Send a smaller file or a shorter text. Nothing was saved."),
    415: ("This kind of file cannot be used", "Nothing was saved. Send it in another format."),
    429: ("Too many attempts", "Wait a moment, and try again."),
    500: (
        "Sorry, there is a problem with Cordon",
        "Nothing may have been saved: look before you send it again. The failure is logged. If an alert is waiting, "
        "call your colleagues or the police.",
    ),
    503: (
        "Cordon cannot answer at the moment",
        "Nothing was saved. Try again in a few seconds. If an alert is waiting, call your colleagues or the police.",
    ),
}
OTHERWISE = ("This is not possible", "Go back, and try again.")


def is_for_people() -> bool:
    """Tell whether a browser asks for a page: by an address that is no program's, and in so many words for HTML."""
    if is_of_programs(request.path):
        return False
    if is_own_page(request.path):
        return True
    # A program that takes anything says */*; what people open names HTML.
    return any(kind == "text/html" and quality > 0 for kind, quality in request.accept_mimetypes)


def page(status: int, title: str = "", detail: str = "") -> Response:
    """Return an error as a page in plain words; it asks nothing of the database, which may be what failed."""
    if is_own_page(request.path):
        return error_page(status)
    heading, what_to_do = PAGE_TEXTS.get(status, (title or OTHERWISE[0], OTHERWISE[1]))
    text = render_template("error.html", status=status, heading=heading, detail=detail, what_to_do=what_to_do)
    response = Response(text, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


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
        # The version that was read came as a condition of the request, or within it.
        status = 412 if isinstance(error, Stale) and "If-Match" in request.headers else error.status
        if is_for_people():
            response = page(status, error.title, error.detail)
        else:
            response = problem(status, error.code, error.title, error.detail, error.extra)
        if isinstance(error, (StorageUnavailable, TooManyAttempts)):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "code": fault["type"], "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        detail = "; ".join(f"{fault['field']}: {fault['detail']}" for fault in faults)
        if is_for_people():
            return page(InvalidRequest.status)
        return problem(InvalidRequest.status, InvalidRequest.code, InvalidRequest.title, detail, {"errors": faults})

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        # A page has links, which no one can make for a host that cannot be read.
        if is_for_people() and not isinstance(error, BadHost):
            response = page(status)
        else:
            said = error.description or error.name
            response = problem(status, CODES_BY_STATUS.get(status, "error"), error.name, said)
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
        if is_for_people():
            return page(500)
        return problem(500, "internal_error", "Something failed here", "The failure is logged.")
