"""What a request may contain: no NUL, no lone surrogate, no number or instant out of range, no endless nesting.

Everything that people and programs send is looked at here before a route reads it. What gets past all the same and
cannot be stored is answered as a mistake of the request (``backend.web.problems``) and never as a failure of ours.
"""

from __future__ import annotations

import math
from typing import Any

from flask import Flask, Request, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter

from backend.bounds import MOST
from backend.errors import InvalidRecord, InvalidRequest, MalformedJson, NotFound

DEEPEST = 32


class RowNumber(IntegerConverter):
    """A number in an address: one that no row will have is no address of ours."""

    # By its digits, not by its value: a route of another method would be found first, and 405 answered for 404.
    regex = r"\d{1,18}"


class FormReader(FormDataParser):
    """Reads forms. What is none, such as a part without a name, is a mistake of its sender."""

    def parse(self, *args: Any, **more: Any) -> Any:
        """Return the form and its files. Raises: HTTPException where it is none."""
        try:
            stream, form, files = super().parse(*args, **more)
        except HTTPException:
            raise
        except Exception as error:
            raise BadRequest("The form cannot be read.") from error
        if None in form or None in files:
            for _, file in files.items(multi=True):
                file.close()
            raise BadRequest("A part of the form has no name.")
        return stream, form, files


class CheckedRequest(Request):
    """A request whose form is read in one place, no matter who asks for it first."""

    form_data_parser_class = FormReader


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
            raise InvalidRequest(f"{name}: {fault}.", errors=[{"field": name, "code": "unstorable", "detail": fault}])
    return content


def init_app(app: Flask) -> None:
    """Look at the address, the query and the form of every request."""
    app.request_class = CheckedRequest
    app.url_map.converters["int"] = RowNumber

    @app.before_request
    def check() -> None:
        if fault_of(request.path):
            raise NotFound("The address was not found.")
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
