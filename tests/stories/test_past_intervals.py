"""What is over when it is reported: a stretch with both ends changes what is held of that time, and nothing of now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.alert_kinds import RECORD_CORRECTED
from backend.cases import monitoring_status
from backend.cases.monitoring_status import Suspended
from backend.errors import InvalidRecord, NeedsConfirmation
from backend.record import reading
from backend.record.facts import MonitoringStatus
from tests import cases
from tests.world import World
from zones import Certainty


def custody(world: World, from_at: datetime, until: datetime, **more: object) -> None:
    """Report that the wearer was in custody for some time."""
    monitoring_status.suspend(
        world.officer.person,
        world.wearer.id,
        Suspended.CUSTODY,
        from_at,
        until,
        clock.now(),
        why="Arrested, and released.",
        until=until,
        **more,
    )
    db.release_connection()


def test_custody_that_is_over_withdraws_its_breach_in_those_words_and_turns_no_protection_off(world: World) -> None:
    officer = world.officer.has_app()
    began = clock.now()
    world.tag.stays_inside()
    world.tag.leaves()
    world.forward(3_600)
    world.reads_everything()
    over_at = clock.now()
    world.forward(1_800)
    custody(world, began - timedelta(minutes=10), over_at)
    world.settle()
    (alert,) = cases.alerts()
    assert (alert.certainty, alert.reasons) == (Certainty.WITHDRAWN, [RECORD_CORRECTED])
    officer.expects_push("withdrawn, the record was corrected")
    assert not [said for said in cases.notices_of(world) if "suspended" in said or "Protection" in said]
    case = reading.case(world.wearer.id)
    assert [case.status_at(at) for at in (began, over_at, clock.now())] == [
        MonitoringStatus.SUSPENDED,
        MonitoringStatus.ACTIVE,
        MonitoringStatus.ACTIVE,
    ]
    db.release_connection()
    # Protection is on: a new approach rings.
    world.tag.walks_in()
    officer.expects_push("breach")
    world.reads_everything()


def test_a_breach_that_stands_goes_on_where_the_wearer_is_not_known_to_have_left(world: World) -> None:
    officer = world.officer.has_app()
    began = clock.now()
    world.tag.stays_inside()
    world.forward(3_600)
    officer.acknowledges(cases.alerts()[0].id)
    world.reads_everything()
    custody(world, began - timedelta(minutes=10), clock.now() - timedelta(minutes=20))
    world.settle()
    (alert,) = cases.alerts()
    assert (alert.is_over, alert.certainty) == (False, Certainty.CONFIRMED)
    assert not [said for said in cases.notices_of(world) if "suspended" in said or "Protection" in said]
    world.reads_everything()


def test_what_was_entered_within_a_stretch_stays_and_is_asked_back_in_words(world: World) -> None:
    now = clock.now()
    person, wearer_id = world.officer.person, world.wearer.id
    monitoring_status.suspend(
        person,
        wearer_id,
        Suspended.HOSPITAL,
        now - timedelta(hours=6),
        now,
        now,
        why="Ill.",
        is_confirmed=True,
    )
    monitoring_status.resume(person, wearer_id, now - timedelta(hours=2), now, why="Well again.")
    with pytest.raises(NeedsConfirmation) as asked:
        custody(world, now - timedelta(hours=4), now - timedelta(hours=1))
    assert len(asked.value.extra["warnings"]) == 1
    assert "monitored again" in asked.value.extra["warnings"][0]
    assert "was entered before, and stays." in asked.value.extra["warnings"][0]
    db.release_connection()
    custody(world, now - timedelta(hours=4), now - timedelta(hours=1), is_confirmed=True)
    case = reading.case(wearer_id)
    assert case.status_fact(now - timedelta(hours=3)).value["reason"] == Suspended.CUSTODY
    assert case.status_at(now - timedelta(minutes=90)) is MonitoringStatus.ACTIVE
    assert case.status_at(now) is MonitoringStatus.ACTIVE
    with pytest.raises(InvalidRecord):
        custody(world, now, now)
    db.release_connection()
    world.reads_everything()


def later(world: World, path: str, body: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Enter something for tomorrow, then something else from now on; return the answers, unconfirmed and confirmed."""
    now = clock.now()
    tomorrow = {"from_at": (now + timedelta(days=1)).isoformat(), "why": "Planned."}
    first = world.supervisor.api("POST", path, json={**body, **tomorrow})
    assert first.status_code == 201, first.text
    world.forward(60)
    again = {**body, "from_at": clock.now().isoformat(), "why": "From now on."}
    asked = world.supervisor.api("POST", path, json=again)
    return first, asked, world.supervisor.api("POST", path, json={**again, "is_confirmed": True})


KINDS: dict[str, tuple[str, Callable[[World], dict[str, Any]], str]] = {
    "risk": ("/v1/wearers/{wearer}/risk", lambda _: {"risk": "high"}, "Risk of serious harm: high"),
    "safety plan": ("/v1/wearers/{wearer}/safety-plan", lambda _: {"text": "Call them."}, "Safety plan: Call them."),
    "officer": (
        "/v1/wearers/{wearer}/officer",
        lambda world: {"person_id": world.colleague.person.id},
        "Responsible officer: Ben Carter",
    ),
    "order": ("/v1/orders/{order}/variations", lambda _: {"is_suspended": True}, "Order: terms"),
    "eligibility": (
        "/v1/orders/{order}/eligibility",
        lambda _: {"facts": dict.fromkeys(("is_adult", "is_high_risk", "is_domestic_abuse", "has_accommodation"))},
        "Eligibility for a tag",
    ),
    "cover": (
        "/v1/people/{officer}/cover",
        lambda world: {
            "covering_id": world.colleague.person.id,
            "until": (clock.now() + timedelta(days=5)).isoformat(),
        },
        "Cover: Ben Carter",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_entered_for_a_later_day_stays_and_is_asked_back_in_words_whatever_it_is(
    world: World, kind: str
) -> None:
    now = clock.now()
    made = cases.order(world, now - timedelta(days=30), now + timedelta(days=30))
    path, body, said = KINDS[kind]
    path = path.format(wearer=world.wearer.id, order=made.id, officer=world.officer.person.id)
    _, asked, confirmed = later(world, path, body(world))
    assert (asked.status_code, asked.json()["code"]) == (409, "needs_confirmation"), asked.text
    (warning,) = [one for one in asked.json()["warnings"] if "was entered before. It stays." in one]
    assert warning.startswith(said)
    assert confirmed.status_code == 201, confirmed.text
    world.checks_at_end = False
