"""Who a person on probation is in other systems: CRN and date of birth, recorded, found, shown, and in no message."""

from __future__ import annotations

from typing import Any

import pytest

from backend import clock, db
from backend.cases import caseload_import, viewing
from backend.models import Wearer
from tests import cases
from tests.stories.test_caseload import HEADING, row, zones
from tests.world import World

CRN, BORN = "X731905", "1984-03-14"


def record(world: World, **more: Any) -> Any:
    body = {"crn": CRN, "date_of_birth": BORN, "why": "From the licence.", **more}
    return world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/identity", json=body)


@pytest.mark.parametrize("crn", ["X731905", " x731905 ", "x 731 905", "Ｘ７３１９０５"])
def test_a_crn_is_one_letter_and_six_digits_in_any_spelling(world: World, crn: str) -> None:
    assert record(world, crn=crn).status_code == 201
    assert Wearer.get_by_id(world.wearer.id).crn == CRN
    db.release_connection()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("crn", "7319051", "Enter the CRN as one letter and six digits, like X123456."),
        ("crn", "XX90010", "Enter the CRN as one letter and six digits, like X123456."),
        ("crn", "X7319052", "Enter the CRN as one letter and six digits, like X123456."),
        ("date_of_birth", "14/03/1984", "Enter the date of birth as a day, a month and a year."),
        ("date_of_birth", "1899-12-31", "The date of birth must be in 1900 or later."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_recorded(
    world: World, field: str, value: str, words: str
) -> None:
    refused = record(world, **{field: value})
    assert refused.status_code == 422
    assert [(one["field"], one["detail"]) for one in refused.json()["errors"]] == [(field, words)]
    assert Wearer.get_by_id(world.wearer.id).crn is None
    db.release_connection()


def test_no_one_is_born_tomorrow(world: World) -> None:
    refused = record(world, date_of_birth="2190-01-01")
    assert (refused.status_code, refused.json()["detail"]) == (422, "The date of birth must be in the past.")


def test_it_is_shown_on_the_case_and_its_alert_found_and_kept_in_the_history(world: World) -> None:
    before = clock.now()
    world.forward(60)
    assert record(world).status_code == 201
    assert record(world, crn="X731906", why="Misread.").status_code == 201
    path = f"/v1/wearers/{world.wearer.id}"
    case = world.officer.api("GET", path).json()
    assert (case["crn"], case["date_of_birth"]) == ("X731906", BORN)
    then = world.officer.api("GET", path, params={"at": before.isoformat()}).json()
    assert (then["crn"], then["date_of_birth"]) == (None, None)
    said = [one["value"] for one in world.officer.api("GET", f"{path}/history").json()["entries"]]
    assert [one for one in said if "CRN" in one] == [
        "CRN X731906, born 14 March 1984",
        "CRN X731905, born 14 March 1984",
    ]
    for text in ("x731906", "731906", "14/3/1984", "14 March 1984", BORN):
        assert [one.name for one in viewing.cases_of(world.officer.person, clock.now(), text)] == ["Daniel Marsh"], text
    for text in ("X731905", "3/14/1984"):
        assert viewing.cases_of(world.officer.person, clock.now(), text) == []
    db.release_connection()
    world.tag.walks_in()
    alert = world.officer.alert()["case"]
    assert (alert["crn"], alert["date_of_birth"]) == ("X731906", BORN)
    world.officer.acknowledges()
    world.reads_everything()


def test_neither_is_in_any_push_text_or_call(world: World) -> None:
    assert record(world).status_code == 201
    world.victim_consents()
    world.officer.has_app()
    world.tag.walks_in()
    for _ in range(8):
        world.settle()
        world.forward(120)
    sent = [*world.pushes, *world.doubles.messages, *world.doubles.calls]
    assert len(sent) > 3
    for one in map(repr, sent):
        assert "731905" not in one
        assert "1984" not in one
        assert "14 March" not in one
    world.officer.acknowledges()
    world.reads_everything()


def test_a_caseload_has_them_in_columns_that_may_be_left_out(world: World) -> None:
    world.new_tag("LDN-0099", None)
    heading = f"{HEADING},wearer_crn,wearer_date_of_birth"
    found = caseload_import.read(
        world.supervisor.person, f"{heading}\n{row()},9,14/03/1984", zones(), clock.now()
    ).problems
    assert [(one.column, one.text) for one in found] == [
        ("wearer_crn", "Enter the CRN as one letter and six digits, like X123456."),
        ("wearer_date_of_birth", "Enter the date of birth as a day, a month and a year."),
    ]
    assert (
        caseload_import.load(world.supervisor.person, f"{heading}\n{row()},x900109,{BORN}", zones(), clock.now()) == 1
    )
    wearer = Wearer.get(Wearer.crn == "X900109")
    assert (wearer.name, wearer.date_of_birth.isoformat()) == ("Owen Price", BORN)
    db.release_connection()
    assert cases.alerts() == []
    world.reads_everything()
