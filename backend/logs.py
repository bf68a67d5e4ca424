"""Logging, set up once for every process; names and places of people are removed from each line.

Our own lines name people by their numbers. This is for what libraries and errors say: a database's error quotes the row
that it refused, and a library may log the value that it was given.
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

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


def set_up() -> None:
    """Write to standard error from INFO on, and let every line be a ``Record``."""
    logging.setLogRecordFactory(Record)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
