"""Whatever stands in a column of one case's record, no other case stops, and no request is answered 5xx."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
import requests
from peewee import PeeweeException

from backend import clock, db
from backend.models import (
    Activation,
    Condition,
    Fact,
    Order,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    Wearer,
    ZoneVersion,
)
from tests import cases
from tests.stories.test_statements import signed_in
from tests.world import World

# By the type of a column: what the database takes and no code of ours writes.
GARBAGE = {
    "text": ["", "odd", "x" * 3_000, "\u202e\u0007%s{}"],
    "character varying": ["", "odd", "\u202e\u0007%s{}"],
    "jsonb": ["null", "5", "[]", "{}", '"odd"', '{"state": 5, "properties": [1], "geometry": "odd"}', "[[1e308]]"],
    "timestamp with time zone": ["infinity", "-infinity", "0044-03-15 BC", "9999-12-31", "200000-01-01"],
    "tstzrange": ["[infinity,)", "[0044-03-15 BC,)", "[2026-01-01,infinity)", "[2026-01-01,200000-01-01)"],
    "boolean": ["true", "false"],
    "bigint": ["-1", "9223372036854775807"],
    "integer": ["-1", "2147483647"],
    "smallint": ["-1", "32767"],
    "double precision": ["NaN", "Infinity", "-1"],
}
ROWS = {
    "fact": (Fact, Fact.case == 1),
    "place_zone": (PlaceZone, PlaceZone.wearer == 1),
    "zone_version": (ZoneVersion, ZoneVersion.zone.in_(PlaceZone.select().where(PlaceZone.wearer == 1))),
    "order": (Order, Order.wearer == 1),
    "condition": (Condition, Condition.id > 0),
    "activation": (Activation, Activation.wearer == 1),
    "protected_place": (ProtectedPlace, ProtectedPlace.id == 1),
    "place_state": (PlaceState, PlaceState.wearer == 1),
    "wearer": (Wearer, Wearer.id == 1),
}


@pytest.fixture(autouse=True)
def owner_may_change_facts(as_owner: Callable[[str], None]) -> None:
    """Let these tests break rows of the record, which nothing of ours can change."""
    as_owner("ALTER TABLE fact DISABLE TRIGGER USER")


def columns_of(table: str) -> list[tuple[str, str]]:
    """Return the columns of a table that refer to no other one, each with its type."""
    query = """
        SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'
        AND column_name NOT LIKE '%%\\_id'
    """
    return list(db.database.execute_sql(query, (table,)))


def poisons(table: str, row_id: int, only: Sequence[str] = ()) -> Iterator[str]:
    """Write each kind of garbage into each column of a row, one after the other, and take it back after each."""
    for column, kind in columns_of(table):
        if only and column not in only:
            continue
        (held,) = next(
            iter(db.database.execute_sql(f'SELECT "{column}"::text FROM "{table}" WHERE id = %s', (row_id,)))
        )
        change = f'UPDATE "{table}" SET "{column}" = %s::{kind} WHERE id = %s'
        for value in [*GARBAGE.get(kind, []), None]:
            try:
                db.database.execute_sql(change, (value, row_id))
            except PeeweeException:
                # What the database refuses cannot stand there.
                db.forget_connection()
                continue
            db.release_connection()
            yield f"{table}.{column} = {value!r}"
            db.database.execute_sql(change, (held, row_id))
            db.release_connection()


def record(world: World) -> None:
    """Give the case a fact of many kinds, an order with a condition and a zone of it, and a fix that was judged."""
    now = clock.now()
    made = cases.order(world, world.zone.from_at, now + timedelta(days=30))
    cases.rests_on(world, made)
    path = f"/v1/wearers/{world.wearer.id}"
    said = {"from_at": now.isoformat(), "why": "Assessed."}
    everyone = [one.person.id for one in (world.officer, world.supervisor, world.colleague)]
    for where, body in {
        f"{path}/risk": {**said, "risk": "high"},
        f"{path}/safety-plan": {**said, "text": "Call them."},
        f"{path}/officer": {**said, "person_id": world.officer.person.id},
        f"{path}/restriction": {"why": "Known.", "people": everyone},
        f"{path}/victims": {"why": "Born.", "name": "Mia Bennett", "is_child": True},
        f"/v1/orders/{made.id}/conditions": {"from_at": now.isoformat(), "number": "4", "wording": "Not to enter."},
        f"/v1/orders/{made.id}/eligibility": {**said, "facts": dict.fromkeys(FACTS, True)},
    }.items():
        assert world.supervisor.api("POST", where, json=body).status_code == 201, where
    world.tag.reports(world.tag.fix(5_000.0))


FACTS = ("is_adult", "is_high_risk", "is_domestic_abuse", "has_accommodation")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("table", ROWS)
def test_no_column_of_one_case_stops_another_or_fails_a_request(world: World, table: str) -> None:
    other = world.new_wearer("Somebody Else", "LDN-0002")
    record(world)
    world.checks_at_end = False
    browser = signed_in(world, world.officer.person.email)
    theirs = Wearer.get(Wearer.name == "Somebody Else").id
    model, which = ROWS[table]
    rows = list(model.select(model.id).where(which).order_by(model.id))
    db.release_connection()
    failed: list[str] = []
    for row in rows:
        # What kinds of facts differ in is their value; the rest is read alike.
        only = ("value",) if table == "fact" and row is not rows[0] else ()
        for poison in poisons(table, row.id, only):
            failed += [f"{poison}: {said}" for said in troubles(world, other, browser, theirs)]
    assert failed == []


def troubles(world: World, other: object, browser: requests.Session, theirs: int) -> Iterator[str]:
    """Say what goes wrong for others, and what is answered 5xx, while a row is as it is."""
    world.clock.forward(1)
    answer = other.post(other.fix(0.0))  # type: ignore[attr-defined]
    if answer.status_code != 200:
        yield f"another tag is answered {answer.status_code}"
    if world.tag.post(world.tag.fix(0.0)).status_code >= 500:
        yield "its own tag is answered 5xx"
    for path in (f"/v1/wearers/{theirs}", f"/v1/wearers/{theirs}/history", "/v1/alerts", "/v1/wearers", "/v1/watch"):
        status = world.officer.api("GET", path).status_code
        if status != 200:
            yield f"GET {path} is answered {status}"
    for path in ("/v1/wearers/1", "/v1/wearers/1/history", "/v1/wearers/1/tags"):
        status = world.officer.api("GET", path).status_code
        if status >= 500:
            yield f"GET {path} is answered {status}"
    for path in ("/cases", "/cases/1", "/cases/health"):
        status = browser.get(world.url + path, timeout=20).status_code
        if status >= 500:
            yield f"page {path} is answered {status}"
