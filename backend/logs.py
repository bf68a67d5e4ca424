"""Logging, set up once for every process: JSON lines with ids to follow; names and places are removed from each line.

``about`` binds the ids of a request, an alert or a notification to every line that is logged inside it. Our own lines
name people by their numbers. The cuts are for what libraries and errors say: a database's error quotes the row that it
refused, and a library may log the value that it was given.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

# At INFO or DEBUG these write whom a message goes to, who is limited, and what is stored.
TALKATIVE = (
    "twilio",
    "urllib3",
    "httpx",
    "google",
    "firebase_admin",
    "engineio",
    "socketio",
    "flask-limiter",
    "peewee",
)
CUT = (
    # PostgreSQL quotes whole rows and parameters in these.
    (re.compile(r"^(\s*)(DETAIL|CONTEXT):.*$", re.MULTILINE), r"\1\2: (left out)"),
    (re.compile(r"[^\s@<>\"'(),;:=/]+@[^\s@<>\"'(),;]+"), "(address)"),
    (re.compile(r"\+\d{7,15}\b"), "(number)"),
    # Five decimals of a degree are a house; the fractions of a second in an instant follow a colon.
    (re.compile(r"(?<![\d:.])-?\d{1,3}\.\d{5,}"), "(figure)"),
)


def without_people(text: str) -> str:
    """Return the text without email addresses, phone numbers, coordinates and quoted rows."""
    for pattern, instead in CUT:
        text = pattern.sub(instead, text)
    return text


class Record(logging.LogRecord):
    """A line of the log, whichever library writes it and whichever handler prints it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.exc_info and self.exc_info[0] is not None:
            # What a formatter would make itself, and prints as it is where it is there.
            self.exc_text = without_people("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))

    def getMessage(self) -> str:
        """Return the message with its arguments."""
        return without_people(super().getMessage())


@contextmanager
def about(**ids: int | str | None) -> Iterator[None]:
    """Put these ids on each line that is logged inside, whichever library logs it: ``about(alert=7)``."""
    with structlog.contextvars.bound_contextvars(**{name: found for name, found in ids.items() if found is not None}):
        yield


def formatter(*, is_json: bool) -> logging.Formatter:
    """Return what writes a line: one JSON object with time, level, logger, event and ids; or text for a terminal."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_traceback,
    ]
    end: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if is_json:
        end.append(structlog.processors.JSONRenderer())
    else:
        end.append(structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback))
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=end, keep_exc_info=False)


def _with_traceback(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Use the traceback from which names and places were cut, and no other."""
    event.pop("exc_info", None)
    text = getattr(event.get("_record"), "exc_text", None)
    if text:
        event["exception"] = text
    return event


def set_up(*, is_json: bool | None = None) -> None:
    """Write to standard error from INFO on: JSON where no terminal is there to read it. Every line is a ``Record``."""
    logging.setLogRecordFactory(Record)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(formatter(is_json=not sys.stderr.isatty() if is_json is None else is_json))
        root.addHandler(handler)
        root.setLevel(logging.INFO)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
