"""Reads a caseload from CSV and GeoJSON: first every row's problem, then all of it in one unit of work, or nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backend import audit, numbers
from backend.access import require
from backend.case.opening import NewCase, free_tags, open_case
from backend.case.record import ends_with, midnight
from backend.case.writing import ORDER_KINDS
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord
from backend.models import Person, Role
from backend.zone_replay import read_zone

COLUMNS = (
    "wearer",
    "victim",
    "victim_phone",
    "place",
    "order_kind",
    "order_reference",
    "order_starts_on",
    "order_ends_on",
    "condition",
    "zone_id",
    "tag_serial",
    "officer_email",
)
# A column that may be left out: his numbers, with a semicolon between them.
HIS_NUMBERS = "wearer_phones"
MAY_BE_EMPTY = ("victim_phone", "order_ends_on")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row; row 1 is the heading, 0 the file itself."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files hold: cases that can be opened, each with who is responsible, and every problem."""

    cases: list[tuple[NewCase, Person]]
    his_numbers: list[list[str]]
    problems: list[RowProblem]


def read(person: Person, table: str, zones: str) -> Reading:
    """Read both files and check every row by itself and against the others; nothing is kept.

    Raises: NotAllowed for anybody but officers and supervisors.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    problems: list[RowProblem] = []
    features = _features(zones, problems)
    reader = csv.DictReader(io.StringIO(table.lstrip("\ufeff")))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        problems.append(RowProblem(1, missing[0], f"The heading has no column {', '.join(missing)}."))
        return Reading([], [], problems)
    colleagues = {p.email: p for p in Person.select().where(Person.team == person.team_id, Person.is_active)}
    free = {tag.serial for tag in free_tags()}
    rows = [(number, row) for number, row in enumerate(reader, start=2)]
    his_numbers = {number: _his_numbers(number, row, problems) for number, row in rows}
    known = {one for some in his_numbers.values() for one in some}
    found: list[tuple[NewCase, Person]] = []
    kept: list[list[str]] = []
    for number, row in rows:
        before = len(problems)
        case = _case(number, row, features, colleagues, free, problems)
        _refuse_his(number, row, known, problems)
        if case is not None and len(problems) == before:
            found.append(case)
            kept.append(his_numbers[number])
            # A tag is worn by one person.
            free.discard(case[0].serial)
    if not found and not problems:
        problems.append(RowProblem(0, "", "The table has no row."))
    return Reading(found, kept, problems)


def load(person: Person, table: str, zones: str, now: datetime) -> int:
    """Open every case of the files, or none; return how many.

    Raises: InvalidRecord with the problems of every row; NotAllowed.
    """
    reading = read(person, table, zones)
    if reading.problems:
        problems = [{"row": one.row, "column": one.column, "text": one.text} for one in reading.problems]
        raise InvalidRecord(f"{len(problems)} problems: nothing was loaded.", problems=problems)
    with atomic():
        for (new, officer), his in zip(reading.cases, reading.his_numbers, strict=True):
            wearer = open_case(officer, new, now)
            for number in his:
                numbers.record(officer, wearer.id, number, now)
        audit.record(audit.actor_of(person), "caseload_loaded", "caseload", now, cases=len(reading.cases))
    return len(reading.cases)


def _his_numbers(number: int, row: dict[str, Any], problems: list[RowProblem]) -> list[str]:
    found = []
    for text in (row.get(HIS_NUMBERS) or "").split(";"):
        if text.strip():
            try:
                found.append(numbers.e164(text))
            except InvalidRecord as error:
                problems.append(RowProblem(number, HIS_NUMBERS, error.detail))
    return found


def _refuse_his(number: int, row: dict[str, Any], known: set[str], problems: list[RowProblem]) -> None:
    """A protected person's number that the table itself calls a wearer's is refused as one on record would be."""
    try:
        is_his = numbers.e164(row.get("victim_phone") or "") in known
    except InvalidRecord:
        return
    if is_his:
        text = "The table has this as the number of a person on probation."
        problems.append(RowProblem(number, "victim_phone", text))


def _features(zones: str, problems: list[RowProblem]) -> dict[str, dict[str, Any]]:
    try:
        collection = json.loads(zones)
        rows = collection["features"]
        if not isinstance(rows, list):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        problems.append(RowProblem(0, "zone_id", "The zones are not a GeoJSON FeatureCollection."))
        return {}
    found: dict[str, dict[str, Any]] = {}
    for feature in rows:
        try:
            zone = read_zone(feature)
        except DomainError as error:
            problems.append(RowProblem(0, "zone_id", error.detail))
            continue
        if zone.zone_id in found:
            problems.append(RowProblem(0, "zone_id", f"Two zones are called {zone.zone_id}."))
        found[zone.zone_id] = feature
    return found


def _case(
    number: int,
    row: dict[str, Any],
    features: dict[str, dict[str, Any]],
    colleagues: dict[str, Person],
    free: Iterable[str],
    problems: list[RowProblem],
) -> tuple[NewCase, Person] | None:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}

    def wrong(column: str, text: str) -> None:
        problems.append(RowProblem(number, column, text))

    for name, value in values.items():
        if not value and name not in MAY_BE_EMPTY:
            wrong(name, "This must be given.")
    days = {name: _day(values[name]) for name in ("order_starts_on", "order_ends_on")}
    for name, day in days.items():
        if values[name] and day is None:
            wrong(name, "Write the day as 2027-03-14.")
    starts_on, ends_on = days["order_starts_on"], days["order_ends_on"]
    if starts_on and ends_on and ends_on < starts_on:
        wrong("order_ends_on", "The order ends before it starts.")
    if values["order_kind"] and values["order_kind"] not in ORDER_KINDS:
        wrong("order_kind", f"This is one of {', '.join(ORDER_KINDS)}.")
    if values["zone_id"] and values["zone_id"] not in features:
        wrong("zone_id", "No sound zone of the GeoJSON file has this id.")
    if values["tag_serial"] and values["tag_serial"] not in free:
        wrong("tag_serial", "No tag that is free has this serial.")
    officer = colleagues.get(values["officer_email"].lower())
    if values["officer_email"] and (officer is None or officer.role == Role.ADMINISTRATOR):
        wrong("officer_email", "No active officer of your team has this e-mail address.")
    try:
        if values["victim_phone"]:
            numbers.usable(values["victim_phone"])
    except DomainError as error:
        wrong("victim_phone", error.detail)
    if starts_on is None or officer is None or values["zone_id"] not in features:
        return None
    new = NewCase(
        wearer=values["wearer"],
        victim=values["victim"],
        victim_phone=values["victim_phone"] or None,
        place=values["place"],
        kind=values["order_kind"],
        reference=values["order_reference"],
        starts_at=midnight(starts_on),
        ends_at=ends_with(ends_on) if ends_on else None,
        condition=values["condition"],
        feature=features[values["zone_id"]],
        serial=values["tag_serial"],
        why="Loaded with the caseload.",
    )
    return new, officer


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
