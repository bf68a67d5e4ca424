"""Gives each request an id that its answer and every line of its log carry, so that one can be found by the other."""

from __future__ import annotations

import re
import secrets

import structlog
from flask import Flask, Response, g, request

HEADER = "X-Request-Id"
# What a proxy in front may give; anything else could forge a line of the log.
GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")


def init_app(app: Flask) -> None:
    """Bind the id before anything else looks at the request."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        if "request_id" in g:
            response.headers[HEADER] = g.request_id
        return response

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        # What this thread logs next is no part of this request.
        structlog.contextvars.unbind_contextvars("request")
