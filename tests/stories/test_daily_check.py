"""The daily look at every case is no reason for anything else to wait, and one case is no reason for it to stop."""

from __future__ import annotations

import threading
import time

from playhouse.test_utils import count_queries

from backend import bulk_statements, clock, db
from backend.cases import completeness, schedule
from backend.models import Activation, AuditEntry, CaseDue, Fact, PlaceZone, ProtectedPlace, Tag, Wearer
from backend.models.span import Span
from backend.record.facts import What
from tests import cases
from tests.stories.test_completeness import bare_case, standing
from tests.world import World


def caseload(world: World, count: int) -> list[int]:
    """Return the wearers of so many cases of the officer, each with a place, a zone and a tag that was just fitted."""
    now, first = clock.now(), 1_000
    ids = list(range(first, first + count))
    with db.atomic():
        officer, team = world.officer.person.id, world.team.id
        for model, rows in (
            (
                Wearer,
                [
                    {
                        "id": n,
                        "team": team,
                        "name": f"W {n}",
                        "responsible_officer": officer,
                        "is_training": False,
                        "is_canary": False,
                        "created_at": now,
                    }
                    for n in ids
                ],
            ),
            (ProtectedPlace, [{"id": n, "victim": world.victim.id, "label": f"P {n}"} for n in ids]),
            (
                PlaceZone,
                [
                    {
                        "place": n,
                        "wearer": n,
                        "feature": world.zone.feature,
                        "from_at": world.zone.from_at,
                        "moves": False,
                    }
                    for n in ids
                ],
            ),
            (Tag, [{"id": n, "serial": f"T-{n}", "key": "k", "created_at": now} for n in ids]),
            (
                Activation,
                [{"tag": n, "wearer": n, "from_at": now, "is_in_error": False, "is_beside": False} for n in ids],
            ),
        ):
            bulk_statements.insert_rows(model, rows)
    db.release_connection()
    return ids


def test_a_warning_is_not_kept_waiting_by_the_daily_look_at_thousands_of_cases(world: World) -> None:
    cases.forward_to_afternoon(world)
    caseload(world, 3_000)
    world.officer.has_app()
    world.reads_everything()
    CaseDue.create(what=completeness.WATCH, subject="all", due_at=clock.now())
    db.release_connection()
    threading.Event().wait(0.2)
    began = time.monotonic()
    world.tag.walks_in()
    world.officer.expects_push("breach")
    told_s = time.monotonic() - began
    world.reads_everything()
    assert told_s < 3.0


def test_the_daily_look_hands_on_after_each_batch_and_counts_all_of_them_at_its_end(world: World) -> None:
    cases.forward_to_afternoon(world)
    ids = caseload(world, 450)
    world.stop_worker()
    CaseDue.create(what=completeness.WATCH, subject="all", due_at=clock.now())
    after = []
    for _ in range(3):
        assert schedule.run_due(clock.now()) <= 2
        due = CaseDue.get(CaseDue.what == completeness.WATCH, CaseDue.wearer.is_null(), CaseDue.done_at.is_null())
        after.append((due.detail or {}).get("after"))
    assert after == [ids[198], ids[398], None]
    assert due.due_at > clock.now()
    counted = AuditEntry.get(AuditEntry.subject == "watch:all").detail["counts"]
    assert counted["zone_without_order"] == 451
    db.release_connection()


def test_a_look_at_many_cases_asks_the_database_as_often_as_a_look_at_few(world: World) -> None:
    ids = caseload(world, 100)
    # The notifier's own queries are not the watch's.
    world.stop_worker()
    asked = []
    completeness.find(clock.now(), ids[:1])
    for some in (ids[:2], ids):
        with count_queries() as counter:
            assert completeness.find(clock.now(), some)
        asked.append(counter.count)
    db.release_connection()
    assert asked[0] == asked[1]
    assert asked[1] < 25


def test_one_case_that_cannot_be_read_keeps_none_of_the_others_from_being_looked_at(world: World) -> None:
    wearer = bare_case(world)
    world.new_tag("LDN-0042", wearer)
    now = clock.now()
    Fact.create(
        of_wearer=world.wearer,
        case=world.wearer,
        what=What.MONITORING_STATUS,
        value={"state": "unheard of"},
        during=Span(now),
        why="A fault.",
        document="",
        recorded_at=now,
    )
    db.release_connection()
    world.stop_worker()
    CaseDue.create(what=completeness.WATCH, subject="all", due_at=clock.now())
    for _ in range(3):
        schedule.run_due(clock.now())
    assert standing(wearer) == {"tag_never_reported"}
    CaseDue.delete().where(CaseDue.done_at.is_null()).execute()
    db.release_connection()
