"""Lines of the log: JSON with the ids of what they are about, and without names, numbers and places."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from backend import logs


class Log:
    """A logger of its own with what it wrote."""

    def __init__(self, *, is_json: bool) -> None:
        self._out = io.StringIO()
        handler = logging.StreamHandler(self._out)
        handler.setFormatter(logs.formatter(is_json=is_json))
        self.logger = logging.Logger("tests")
        self.logger.addHandler(handler)

    @property
    def text(self) -> str:
        return self._out.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def records() -> Iterator[None]:
    """Every line is a ``Record``, as in each process."""
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logs.Record)
    yield
    logging.setLogRecordFactory(before)


def test_a_line_is_one_json_object_with_the_ids_of_what_it_is_about() -> None:
    log = Log(is_json=True)
    with logs.about(alert=7, notification=12, request=None):
        log.logger.warning("no answer within %s s", 3)
    log.logger.info("another")
    first, second = log.lines
    assert {"event", "level", "logger", "timestamp", "alert", "notification"} == set(first)
    assert (first["event"], first["alert"], first["notification"]) == ("no answer within 3 s", 7, 12)
    assert "alert" not in second


def test_what_an_error_says_is_in_the_line_without_the_people_it_names() -> None:
    log = Log(is_json=True)
    try:
        raise ValueError("amina@probation.example at 51.564312, +447700900101")
    except ValueError:
        log.logger.exception("sent to %s", "laura@home.example")
    (line,) = log.lines
    assert "ValueError" in str(line["exception"])
    for secret in ("amina", "51.564312", "900101", "laura"):
        assert secret not in log.text


def test_a_terminal_gets_text_with_the_same_ids() -> None:
    log = Log(is_json=False)
    with logs.about(alert=7):
        log.logger.error("no answer")
    assert "no answer" in log.text
    assert "alert=7" in log.text
