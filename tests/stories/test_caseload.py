"""A caseload from CSV and GeoJSON: a dry run that lists every row's problem, and all of it or nothing."""

from __future__ import annotations

import json

import pytest

from backend import clock, db, numbers
from backend.case import caseload, watch
from backend.errors import InvalidRecord
from backend.models import Wearer
from tests import cases
from tests.world import HOME, World

HEADING = ",".join(caseload.COLUMNS)


def zones() -> str:
    feature = cases.circle(*HOME)
    feature["properties"]["id"] = "z1"
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def row(**more: str) -> str:
    values = {
        "wearer": "Owen Price",
        "victim": "Sofia Marino",
        "victim_phone": "+447700900202",
        "place": "Work",
        "order_kind": "dapol",
        "order_reference": "LIC 7",
        "order_starts_on": "2026-01-01",
        "order_ends_on": "2027-03-28",
        "condition": "Not to enter.",
        "zone_id": "z1",
        "tag_serial": "LDN-0099",
        "officer_email": "amina@cordon.example",
    } | more
    return ",".join(values[name] for name in caseload.COLUMNS)


def test_a_sound_caseload_is_loaded_and_its_next_fix_is_judged(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    table = "\n".join([HEADING, row()])
    reading = caseload.read(world.supervisor.person, table, zones())
    assert (len(reading.cases), reading.problems) == (1, [])
    assert Wearer.select().count() == 1
    assert caseload.load(world.supervisor.person, table, zones(), clock.now()) == 1
    db.release_connection()
    spare.walks_in()
    assert cases.alerts()[0].wearer.name == "Owen Price"
    world.settle()
    db.release_connection()
    world.officer.acknowledges(cases.alerts()[0].id)
    world.reads_everything()


def test_the_dry_run_lists_the_problem_of_every_row_and_then_nothing_is_loaded(world: World) -> None:
    world.new_tag("LDN-0099", None)
    table = "\n".join(
        [
            HEADING,
            row(),
            row(wearer="", order_ends_on="2025-01-01"),
            row(tag_serial="LDN-0001", order_kind="asbo", officer_email="nobody@cordon.example"),
            row(zone_id="z9", order_starts_on="14/03/2027", victim_phone="0770"),
        ]
    )
    found = caseload.read(world.supervisor.person, table, zones()).problems
    assert [(one.row, one.column) for one in found] == [
        (3, "wearer"),
        (3, "order_ends_on"),
        (3, "tag_serial"),
        (4, "order_kind"),
        (4, "tag_serial"),
        (4, "officer_email"),
        (5, "order_starts_on"),
        (5, "zone_id"),
        (5, "tag_serial"),
        (5, "victim_phone"),
    ]
    with pytest.raises(InvalidRecord) as refused:
        caseload.load(world.supervisor.person, table, zones(), clock.now())
    assert len(refused.value.extra["problems"]) == 10
    assert Wearer.select().count() == 1
    heading = caseload.read(world.supervisor.person, "wearer,victim\n", "[]").problems
    assert [one.row for one in heading] == [0, 1]
    empty = caseload.read(world.supervisor.person, HEADING, zones()).problems
    assert [one.text for one in empty] == ["The table has no row."]
    assert watch.find(clock.now())
    db.release_connection()


def test_his_numbers_come_with_the_table_and_are_refused_as_hers(world: World) -> None:
    world.new_tag("LDN-0099", None)
    heading = f"{HEADING},{caseload.HIS_NUMBERS}"
    table = "\n".join([heading, f"{row()},07700 900666; +447700900202"])
    (problem,) = caseload.read(world.supervisor.person, table, zones()).problems
    assert (problem.row, problem.column) == (2, "victim_phone")
    table = "\n".join([heading, f"{row()},07700 900666"])
    assert caseload.load(world.supervisor.person, table, zones(), clock.now()) == 1
    assert numbers.is_wearers("+44 7700 900666")
    db.release_connection()
    world.reads_everything()
