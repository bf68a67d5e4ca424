"""What a request may contain: no NUL, no lone surrogate, no number or instant out of range, no endless nesting.

Everything that people and programs send is looked at here before a route reads it. What gets past all the same and
cannot be stored is answered as a mistake of the request (``backend.web.problems``) and never as a failure of ours.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Annotated, Any

from flask import Flask, request
from pydantic import AfterValidator, AwareDatetime
from werkzeug.routing import IntegerConverter

from backend.errors import InvalidRecord, InvalidRequest, MalformedJson, NotFound

# Beyond these no order, shift or report of anyone who lives lies, and every time zone can still be reckoned with.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# What a 64-bit key can be.
MOST = 2**63 - 1
DEEPEST = 32


def within_bounds(at: datetime) -> datetime:
    """Return the instant. Raises: ValueError where it is not between 1900 and 2200."""
    if not EARLIEST <= at < LATEST:
        raise ValueError("an instant must lie between the years 1900 and 2200")
    return at


def read_day(text: str) -> date:
    """Read a day as ``2026-11-24``. Raises: ValueError for anything else, or where it is not between 1900 and 2200."""
    day = date.fromisoformat(text)
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError("a day must lie between the years 1900 and 2200")
    return day


Instant = Annotated[AwareDatetime, AfterValidator(within_bounds)]


class RowNumber(IntegerConverter):
    """A number in an address: one that no row can have is no address of ours."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"max": MOST, **more})


def is_number(text: str) -> bool:
    """Tell whether a text is the number of a row: not as isdigit has it, to which a superscript two is a digit."""
    return text.isdecimal() and len(text) < 19


def fault_of(text: str) -> str | None:
    """Return what keeps a text from being stored, or None."""
    if "\x00" in text:
        return "it holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it holds half a character"
    return None


def check_json(content: Any) -> Any:
    """Return what was read from JSON. Raises: InvalidRequest, with the name of the field, where it cannot be kept."""
    pending: list[tuple[str, int, Any]] = [("body", 0, content)]
    while pending:
        name, depth, value = pending.pop()
        fault = None
        if isinstance(value, str):
            fault = fault_of(value)
        elif isinstance(value, float) and not math.isfinite(value):
            fault = "it is not a finite number"
        elif isinstance(value, int) and abs(value) > MOST:
            fault = "the number is too large"
        elif isinstance(value, dict | list) and depth >= DEEPEST:
            fault = "it is nested too deep"
        elif isinstance(value, list):
            pending += [(name, depth + 1, item) for item in value]
        elif isinstance(value, dict):
            fault = next((said for key in value if (said := fault_of(str(key)))), None)
            pending += [(str(key), depth + 1, item) for key, item in value.items()]
        if fault is not None:
            name = name if fault_of(name) is None else "a field"
            raise InvalidRequest(f"{name}: {fault}.", faults=[{"field": name, "detail": fault}])
    return content


def init_app(app: Flask) -> None:
    """Look at the address, the query and the form of every request."""
    app.url_map.converters["int"] = RowNumber

    @app.before_request
    def check() -> None:
        if fault_of(request.path):
            raise NotFound("There is no such address.")
        for name, value in request.args.items(multi=True):
            if fault := fault_of(name) or fault_of(value):
                raise InvalidRequest(f"The query cannot be read: {fault}.")
        if request.blueprint == "callbacks" or request.mimetype not in FORMS:
            # What a provider hands on is cleaned and kept; it was written by another person.
            return
        for name, value in request.form.items(multi=True):
            if fault := fault_of(name) or fault_of(value):
                raise InvalidRecord(f"The form cannot be kept: {fault}.")


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def cleaned(text: str) -> str:
    """Return a text of a provider as it can be kept."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def finite(text: str) -> float:
    """Read a JSON number. Raises: MalformedJson for one that is beyond every measure."""
    value = float(text)
    if not math.isfinite(value):
        raise MalformedJson("The body holds a number that is not finite.")
    return value


def refuse_constant(name: str) -> float:
    """Refuse what is no JSON though many write it: NaN and Infinity. Raises: MalformedJson."""
    raise MalformedJson(f"The body holds {name}, which is not JSON.")
