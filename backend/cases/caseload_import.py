"""Imports a caseload from CSV and GeoJSON: reports every row's problems first, then loads all of it or nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend import audit
from backend.access import require
from backend.bounds import read_day
from backend.case_folding import folded
from backend.cases import protected_people
from backend.cases.commands import typed
from backend.cases.commands.base import InvalidFields
from backend.cases.commands.opening import OpenCase
from backend.cases.import_columns import CALLED, COLUMNS, OPTIONAL, WEARER_NUMBERS, ZONE_CONFIRMED
from backend.cases.import_matching import CASE_AS_IN, VICTIM_AS_IN, Done, Tie, Ties
from backend.cases.opening import free_tags, open_case, widen
from backend.db import atomic
from backend.errors import DomainError, InvalidRecord, NeedsConfirmation
from backend.models import Person, PlaceZone, Role
from backend.people import numbers
from backend.record.facts import ends_with
from backend.record.reading import victims_of
from backend.zone_replay import read_zone

MISSING = "This must be given."
SEPARATORS = (",", ";", "\t")
# A borough that joins another; what is larger is split.
MOST_CASES = 2_000
# These are one unit of work, and while it lasts the fixes of tags wait to be stored.
PART = 25
# Long enough for words in an order; what is longer is a quotation mark that was never closed.
LONGEST_CELL = 20_000
MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row; row 1 is the heading, 0 the file itself."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files hold: cases that can be opened, each with who is responsible, and every problem."""

    cases: list[tuple[OpenCase, Person]]
    wearer_numbers: list[list[str]]
    problems: list[RowProblem]
    lines: list[int] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    # How many rows the table has, of which these cases may be a part.
    rows: int = 0
    read_by: Ties | None = None

    @property
    def count(self) -> int:
        """How many cases the rows open: a row may be a further one of the case of another."""
        return sum(tie.case_of is None for tie in self.ties)


def text_of(raw: bytes, what: str) -> str:
    """Return a file's text, without the mark that Excel sets at its beginning.

    Raises: InvalidRecord that says what kind of file it is and how to save it anew.
    """
    again = "Save it as “CSV UTF-8”." if what == "table" else "Save it as UTF-8."
    if len(raw) > MOST_BYTES:
        raise InvalidRecord(
            f"The file with the {what} is larger than {MOST_BYTES // 1_000_000} MB: split it into files."
        )
    if not raw.strip():
        raise InvalidRecord(f"The file with the {what} is empty.")
    if raw.startswith(b"PK"):
        raise InvalidRecord(f"The file with the {what} is a workbook or an archive, not a text. {again}")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        raise InvalidRecord(f"The file with the {what} is not UTF-8 but UTF-16, or no text at all. {again}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidRecord(
            f"The file with the {what} is not UTF-8: line {line} has a letter that cannot be read. {again}"
        ) from None


def read(
    person: Person, table: str, zones: str, now: datetime, *, done: Sequence[Done] = (), most: int = MOST_CASES
) -> Reading:
    """Read both files and check every row by itself and against the others, or ``most`` after those that are ``done``.

    Nothing is kept.

    Raises: NotAllowed for anyone but officers and supervisors.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    problems: list[RowProblem] = []
    features = _features(zones, problems)
    rows = _rows(table, problems)
    if rows is None:
        return Reading([], [], problems)
    if len(rows) > MOST_CASES:
        text = (
            f"The table has {len(rows):,} rows. At most {MOST_CASES:,} are loaded at once: split it into several files."
        )
        problems.append(RowProblem(0, "", text))
        return Reading([], [], problems)
    total, before_these, rows = len(rows), rows[: len(done)], rows[len(done) : len(done) + most]
    colleagues = {folded(p.email): p for p in Person.select().where(Person.team == person.team_id, Person.is_active)}
    free = {folded(tag.serial): tag.serial for tag in free_tags()}
    wearer_numbers = {number: _wearer_numbers(number, row, problems) for number, row in rows}
    known = {one for some in wearer_numbers.values() for one in some}
    found: list[tuple[OpenCase, Person]] = []
    kept: list[list[str]] = []
    lines: list[int] = []
    knots: list[Tie] = []
    ties = Ties(protected_people.seen_by(person, now))
    for number, row in before_these:
        ties.filled(number, row, lambda *_: None)
    ties.resume(done)
    for number, row in rows:
        before = len(problems)
        is_broken = any(one.row == number for one in problems)

        def wrong(column: str, text: str, line: int = number) -> None:
            problems.append(RowProblem(line, column, text))

        whole = ties.filled(number, row, wrong)
        taken = {folded(whole["tag_serial"]): whole["tag_serial"]} if ties.is_further(row) else {}
        case = _case(number, whole, features, colleagues, free | taken, problems, now)
        _refuse_of_wearer(number, row, known, problems)
        if case is not None and len(problems) == before and not is_broken:
            tied = ties.tie(number, row, case[0], wrong)
            if tied is None:
                continue
            found.append((tied[0], case[1]))
            knots.append(tied[1])
            kept.append(wearer_numbers[number])
            lines.append(number)
            # A tag is worn by one person.
            free.pop(folded(case[0].serial), None)
    if not found and not problems:
        problems.append(RowProblem(0, "", "The table has no row."))
    return Reading(found, kept, sorted(problems, key=lambda one: one.row), lines, knots, total, ties)


def load(person: Person, table: str, zones: str, now: datetime) -> int:
    """Open every case of the files, a part at a time; return how many they are.

    Raises: InvalidRecord with the problems of every row; NotAllowed.
    """
    done: list[Done] = []
    is_more = True
    while is_more:
        done, is_more = load_part(person, table, zones, now, done)
    return count_of(done)


def count_of(done: Sequence[Done]) -> int:
    """Return how many cases these rows have opened."""
    return sum(one.case_of is None for one in done)


def load_part(
    person: Person, table: str, zones: str, now: datetime, done: Sequence[Done], most: int = PART
) -> tuple[list[Done], bool]:
    """Load the rows after those that are ``done``, all of them or none; return what is done now, and if there is more.

    Raises: InvalidRecord with the problems of every row; NotAllowed.
    """
    reading = read(person, table, zones, now, done=done, most=most)
    if reading.problems:
        raise _refusal(reading.problems)
    assert reading.read_by is not None
    with atomic():
        opened = list(done)
        for (new, officer), phones, line, tie in zip(
            reading.cases, reading.wearer_numbers, reading.lines, reading.ties, strict=True
        ):
            try:
                if tie.victim_of is not None:
                    new = new.model_copy(update={"victim_id": opened[tie.victim_of].victim_id})
                if tie.case_of is None:
                    wearer = open_case(person, new, now, officer)
                else:
                    wearer = widen(person, opened[tie.case_of].wearer_id, new, now)
                newest = PlaceZone.select().where(PlaceZone.wearer == wearer).order_by(PlaceZone.id.desc()).get()
                # Where the zone is one to stay in, the person was entered for themselves.
                victim_id = newest.place.victim_id or max(one.id for one in victims_of(wearer.id))
                opened.append(reading.read_by.loaded(len(opened), wearer.id, new.victim_id or victim_id))
                for number in phones:
                    numbers.record(person, wearer.id, number, now)
            except NeedsConfirmation as question:
                asked = f'{question.detail} If it is right, write "yes" in the column {ZONE_CONFIRMED}.'
                raise _refusal([RowProblem(line, ZONE_CONFIRMED, asked)]) from None
            except DomainError as error:
                # What only the record knows is said with the line as well.
                raise _refusal([RowProblem(line, "", error.detail)]) from None
        audit.record(audit.actor_of(person), "caseload_loaded", "caseload", now, cases=reading.count)
    return opened, len(opened) < reading.rows


def _refusal(problems: Sequence[RowProblem]) -> InvalidRecord:
    said = [{"row": one.row, "column": one.column, "text": one.text} for one in problems]
    count = "1 problem" if len(said) == 1 else f"{len(said)} problems"
    return InvalidRecord(f"{count}: nothing was loaded.", problems=said)


def _rows(table: str, problems: list[RowProblem]) -> list[tuple[int, dict[str, Any]]] | None:
    """Return the rows by the line on which each begins; None where the heading or the file cannot be read."""
    text = table.lstrip("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    # Excel writes semicolons where the comma is the decimal sign.
    separator = max(SEPARATORS, key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        heading = [name.strip().lower() for name in reader.fieldnames or []]
        reader.fieldnames = heading
        missing = [name for name in COLUMNS if name not in heading]
        if missing:
            problems.append(RowProblem(1, missing[0], f"The heading has no column {', '.join(missing)}."))
            return None
        for name in (*COLUMNS, *OPTIONAL, WEARER_NUMBERS, ZONE_CONFIRMED, CASE_AS_IN, VICTIM_AS_IN):
            if heading.count(name) > 1:
                problems.append(RowProblem(1, name, f"The heading has the column {name} twice."))
        rows = []
        for row in reader:
            held = [value for value in row.values() if isinstance(value, str)]
            if not any(value.strip() for value in held):
                continue
            # A cell may go over several lines.
            line = reader.line_num - sum(len(re.findall(r"\r\n|\r|\n", value)) for value in held)
            if None in row:
                problems.append(RowProblem(line, "", "The row has more cells than the heading: is a text unquoted?"))
            elif None in row.values():
                problems.append(RowProblem(line, "", "The row has fewer cells than the heading."))
            if any(len(value) > LONGEST_CELL for value in held):
                problems.append(RowProblem(line, "", "A cell is too long: is a quotation mark left open?"))
            rows.append((line, row))
    except csv.Error:
        problems.append(RowProblem(reader.line_num, "", "From here on the table cannot be read as CSV."))
        return None
    return rows


def _wearer_numbers(number: int, row: dict[str, Any], problems: list[RowProblem]) -> list[str]:
    found = []
    for text in (row.get(WEARER_NUMBERS) or "").split(";"):
        if text.strip():
            try:
                found.append(numbers.e164(text))
            except InvalidRecord as error:
                problems.append(RowProblem(number, WEARER_NUMBERS, error.detail))
    return found


def _refuse_of_wearer(number: int, row: dict[str, Any], known: set[str], problems: list[RowProblem]) -> None:
    """A protected person's number that the table itself calls a wearer's is refused as one on record would be."""
    try:
        is_wearers = numbers.e164(row.get("victim_phone") or "") in known
    except InvalidRecord:
        return
    if is_wearers:
        text = "The table has this as the number of a person on probation."
        problems.append(RowProblem(number, "victim_phone", text))


def _features(zones: str, problems: list[RowProblem]) -> dict[str, dict[str, Any]]:
    try:
        collection = json.loads(zones)
        rows = collection["features"]
        if not isinstance(rows, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
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
    free: dict[str, str],
    problems: list[RowProblem],
    now: datetime,
) -> tuple[OpenCase, Person] | None:
    values = {name: (row.get(name) or "").strip() for name in (*COLUMNS, *OPTIONAL)}

    found: dict[str, str] = {}

    def zone() -> dict[str, Any]:
        if values["zone_id"] not in features:
            raise InvalidRecord("No sound zone of the GeoJSON file has this id." if values["zone_id"] else MISSING)
        return features[values["zone_id"]]

    more = {"zone": zone, "why": "Loaded with the caseload.", "victim_id": None, "is_another": False, "document": ""}
    new: OpenCase | None = None
    try:
        new = typed.read(OpenCase, typed.Row(values), now, {**more, "is_confirmed": False}, CALLED)
    except InvalidFields as error:
        found |= {one.field: one.detail for one in error.problems}
    if _is_over(values["order_ends_on"], now):
        found.setdefault("order_ends_on", "The order is over: nothing of this case would be judged.")
    serial = free.get(folded(values["tag_serial"]))
    if values["tag_serial"] and serial is None:
        found["tag_serial"] = "No tag that is free has this serial."
    officer = colleagues.get(folded(values["officer_email"]))
    if officer is None or officer.role == Role.ADMINISTRATOR:
        unknown = "No active officer of your team has this email address."
        found["officer_email"] = unknown if values["officer_email"] else MISSING
    try:
        if values["victim_phone"]:
            numbers.e164(values["victim_phone"])
    except DomainError as error:
        found["victim_phone"] = error.detail
    problems += [RowProblem(number, column, found[column]) for column in ("", *COLUMNS, *OPTIONAL) if column in found]
    if found or new is None or officer is None or serial is None:
        return None
    is_confirmed = (row.get(ZONE_CONFIRMED) or "").strip().casefold() == "yes"
    return new.model_copy(update={"serial": serial, "is_confirmed": is_confirmed}), officer


def _is_over(last_day: str, now: datetime) -> bool:
    try:
        return bool(last_day) and ends_with(read_day(last_day)) <= now
    except ValueError:
        return False
