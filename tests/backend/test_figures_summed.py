"""A month of 20,000 alerts, summed from counted rows and counted one by one from the audit trail: the same figures."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import bulk_statements, clock, db, figures, reports
from backend.figures import Filters
from backend.figures.percentiles import Ranked, numbered
from backend.figures.summing import Answers
from backend.models import Alert, AlertFigures, AuditEntry, Handling, Person, Role, Team, Wearer
from tests import statements
from tests.world import World

ALERTS = 20_000
TARGET_S = 180
LONDON = ZoneInfo("Europe/London")
KINDS = ["zone"] * 7 + ["tamper", "silence", "help"]
RISES = ("alert_raised", "danger_rose", "rang_again")


def lives(world: World, count: int, chance: random.Random) -> None:
    """Write a month of alerts with their audit trails, as people act on them, without the chain in between."""
    now = clock.now()
    people = [world.officer.person, world.colleague.person, world.supervisor.person]
    wearers = [
        Wearer.create(team=world.team, name=f"W {n}", responsible_officer=chance.choice(people[:2]), created_at=now)
        for n in range(60)
    ]
    alerts, trail = [], []
    for number in range(1, count + 1):
        at = now - timedelta(seconds=chance.uniform(0, 27 * 86_400))
        kind = chance.choice(KINDS)
        alert: dict[str, Any] = {
            "id": number,
            "code": f"F{number:06d}",
            "kind": kind,
            "wearer": chance.choice(wearers).id,
            "team": world.team.id,
            "level": 2,
            "certainty": chance.choices(["confirmed", "withdrawn"], [9, 1])[0],
            "peak_danger": 4,
            "reasons": [],
            "is_over": False,
            "is_late": False,
            "is_after_order": False,
            "needs_all_clear": False,
            "could_be_inside": False,
            "is_pass_through": False,
            "acknowledged_danger": 0,
            "episode": 1,
            "fix_time": at - timedelta(seconds=chance.uniform(1, 60)),
            "received_at": at - timedelta(seconds=0.5),
            "decided_at": at,
            "last_fix_time": at,
            "raised_at": at,
            "handling": Handling.OPEN,
            "acknowledged_by": None,
            "first_acknowledged_at": None,
            "outcome_code": None,
            "outcome_at": None,
            "cursor": number,
        }
        by = {"tamper": "event", "silence": "silence", "help": "message"}.get(kind, "fix")
        steps = [("system", "alert_raised", at, {"danger": 4, "by": by, "fix_time": alert["fix_time"].isoformat()})]
        acting: Person | None = None
        while chance.random() < 0.75:
            at += timedelta(seconds=chance.expovariate(1 / 90) + 0.001)
            if acting is None:
                acting = chance.choice(people)
                steps.append((f"person:{acting.id}", "acknowledged", at, {"danger": 4}))
                alert.update(handling=Handling.ACKNOWLEDGED, acknowledged_by=acting.id)
                alert["first_acknowledged_at"] = alert["first_acknowledged_at"] or at
                continue
            what = chance.choice(["danger_rose", "handed_back", "closed", "closed"])
            if what == "closed":
                code = chance.choice(["false_alarm", "police_informed", "raised_in_error"])
                steps.append((f"person:{acting.id}", "closed", at, {"code": code}))
                alert.update(handling=Handling.CLOSED, outcome_code=code, outcome_at=at)
                break
            doer = "system" if what == "danger_rose" else f"person:{acting.id}"
            more = {"danger": 4, "by": "fix", "fix_time": at.isoformat()} if what == "danger_rose" else {}
            steps.append((doer, what, at, more))
            alert.update(handling=Handling.OPEN, acknowledged_by=None)
            acting = None
        alerts.append(alert)
        trail += [
            {
                "at": at,
                "actor": actor,
                "action": action,
                "alert": number,
                "subject": f"alert:{number}",
                "detail": detail,
            }
            for actor, action, at, detail in steps
        ]
    for begin in range(0, len(alerts), 2_000):
        bulk_statements.insert_rows(Alert, alerts[begin : begin + 2_000])
    for begin in range(0, len(trail), 5_000):
        bulk_statements.insert_rows(AuditEntry, trail[begin : begin + 5_000])


def counted(trail: list[AuditEntry]) -> Iterator[tuple[AuditEntry, bool, float, str | None]]:
    """Return each call for an answer: the entry, whether it is a rise, after how long and by whom it was answered."""
    for place, entry in enumerate(trail):
        is_rise = entry.action in RISES
        if not is_rise and entry.action != "handed_back":
            continue
        answer = next((one for one in trail[place + 1 :] if one.action in ("acknowledged", "closed")), None)
        took_s = inf if answer is None else (answer.at - entry.at).total_seconds()
        yield entry, is_rise, took_s, answer.actor if answer else None


def ranked(values: list[float], share: int) -> float | None:
    """Return the least of the values that so many per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-share * len(ordered) // 100) - 1)] if ordered else None


def expect_same(answers: Answers, values: list[float]) -> None:
    assert answers.count == len(values)
    assert answers.span.unreached == values.count(inf)
    assert answers.within_target == sum(one <= TARGET_S for one in values)
    for share, told in ((50, answers.span.p50), (90, answers.span.p90), (95, answers.span.p95)):
        assert told == pytest.approx(ranked(values, share), abs=1e-6), share


def test_the_sums_of_a_month_are_what_counting_one_by_one_gives(world: World) -> None:
    world.stop_worker()
    Team.update(answer_within_s=TARGET_S).where(Team.id == world.team.id).execute()
    lives(world, ALERTS, random.Random(17))
    now = clock.now()
    while figures.behind():
        figures.count_changed(now)
    assert figures.behind() == 0
    period = Filters(now - timedelta(days=28), now)
    told = figures.figures_of(world.supervisor.person, period, "officer")

    with statements.counted() as sent:
        shown = reports.rows_of(told.alert_ids)
    assert [row["id"] for row in shown] == told.alert_ids
    assert sum(row["handling"] == "acknowledged" for row in shown) > 5
    assert len(sent) < 20, "no more for each alert"

    trails: dict[int, list[AuditEntry]] = defaultdict(list)
    for entry in AuditEntry.select().where(AuditEntry.alert.is_null(False)).order_by(AuditEntry.alert, AuditEntry.id):
        trails[entry.alert_id].append(entry)
    rows = {row.id: row for row in Alert.select(Alert, Wearer).join(Wearer)}
    kept = {number: row for number, row in rows.items() if row.outcome_code != "raised_in_error"}
    found = [(row, *one) for number, row in kept.items() for one in counted(trails[number])]
    rises = [one for one in found if one[2]]

    assert len(rows) == ALERTS
    assert told.totals.count == len(kept)
    assert told.in_error == ALERTS - len(kept)
    in_error = [row for row in rows.values() if row.outcome_code == "raised_in_error"]
    assert told.in_error_late == sum(
        any(is_rise and took_s > TARGET_S for _, is_rise, took_s, _ in counted(trails[row.id])) for row in in_error
    )
    assert told.totals.answers is not None
    expect_same(told.totals.answers, [took_s for *_, took_s, _ in rises])
    assert told.asked_again == len(found) - len(rises)
    assert told.kinds == Counter(row.kind for row in kept.values())
    assert told.outcomes == Counter(row.outcome_code or "none" for row in kept.values())
    assert told.withdrawn == sum(row.certainty == "withdrawn" for row in kept.values())
    assert told.totals.open == sum(
        row.handling == Handling.OPEN and row.certainty != "withdrawn" for row in kept.values()
    )
    for group in told.groups:
        of_officer = [
            took_s
            for row, _, _, took_s, by in rises
            if (by or f"person:{row.acknowledged_by_id or row.wearer.responsible_officer_id}") == f"person:{group.key}"
        ]
        assert group.answers is not None
        expect_same(group.answers, of_officer)
    for name, groups, key in (
        ("hour", told.hours, lambda at: at.astimezone(LONDON).hour),
        ("weekday", told.weekdays, lambda at: at.astimezone(LONDON).weekday()),
    ):
        assert len(groups) == (24 if name == "hour" else 7)
        for group in groups:
            assert group.answers is not None
            expect_same(group.answers, [took_s for _, entry, _, took_s, _ in rises if key(entry.at) == group.key])
    assert {group.key: group.answers.count for group in told.days if group.answers} == Counter(
        row.raised_at.astimezone(LONDON).date() for row, *_ in rises
    )
    assert told.stretch_days == 1
    long = figures.figures_of(world.supervisor.person, Filters(now - timedelta(days=90), now), "officer")
    assert long.stretch_days == 7
    assert all(group.key.weekday() == 0 for group in long.days)
    assert sum(group.answers.count for group in long.days if group.answers) == len(rises)
    unanswered = Counter(row.wearer_id for row, _, _, took_s, _ in rises if took_s == inf)
    per_wearer = Counter(row.wearer_id for row in kept.values())
    assert [one.key for one in told.wearers.most] == sorted(per_wearer, key=lambda key: (-per_wearer[key], key))[:10]
    assert told.wearers.others == len(per_wearer) - 10
    for one in told.wearers.most:
        theirs = [row for row in kept.values() if row.wearer_id == one.key]
        assert one.count == len(theirs)
        assert one.withdrawn == sum(row.certainty == "withdrawn" for row in theirs)
        assert one.closed_as_false == sum(row.outcome_code == "false_alarm" for row in theirs)
        assert one.unanswered == unanswered[one.key]
    assert (told.places.most, told.places.without) == ([], len(kept))
    never = [one for one in found if one[3] == inf]
    newest = sorted((one[1].at for one in never), reverse=True)[:50]
    assert [one["at"] for one in told.unanswered] == newest
    nights = figures.figures_of(world.supervisor.person, Filters(period.from_at, period.to_at, hour=3), "officer")
    assert nights.totals.answers is not None
    expect_same(
        nights.totals.answers,
        [took_s for _, entry, _, took_s, _ in rises if entry.at.astimezone(LONDON).hour == 3],
    )
    db.release_connection()
    world.checks_at_end = False


@pytest.mark.parametrize("values", [[], [3.0], [inf, 1.0], [float("nan"), 2.0, 2.0, inf]])
def test_percentiles_are_the_nearest_rank_of_what_has_a_value(values: list[float]) -> None:
    told = Ranked(np.array(values)).of_all()
    known = [one for one in values if one == one]
    assert (told.count, told.unreached) == (len(known), known.count(inf))
    assert (told.p50, told.p90, told.p95) == (ranked(known, 50), ranked(known, 90), ranked(known, 95))


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1e6) | st.just(inf) | st.just(float("nan"))), max_size=60))
def test_percentiles_of_groups_are_those_of_each_group_alone(rows: list[tuple[int, float]]) -> None:
    groups, values = np.array([one for one, _ in rows], np.int64), np.array([one for _, one in rows], np.float64)
    found = Ranked(values).by_group(groups, 5)
    assert found == [Ranked(values[groups == number]).of_all() for number in range(5)]


@given(st.lists(st.integers(-3, 5) | st.integers(0, 2**62), max_size=40))
def test_keys_are_numbered_in_their_order(keys: list[int]) -> None:
    found, place = numbered(np.array(keys, np.int64))
    assert found.tolist() == sorted(set(keys))
    assert [found[one] for one in place] == keys


def test_what_changes_is_counted_anew(world: World) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.acknowledges()
    figures.count_changed(clock.now())
    (row,) = AlertFigures.select()
    assert (row.handling.word, row.is_answered_in_full, row.officer_id) == (
        "acknowledged",
        True,
        world.officer.person.id,
    )
    db.release_connection()
    world.officer.records_outcome("police_informed")
    figures.count_changed(clock.now())
    (row,) = AlertFigures.select()
    assert (row.handling.word, row.outcome.word) == ("closed", "police_informed")
    db.release_connection()
    world.checks_at_end = False


def test_the_figures_are_for_supervisors_of_the_team(world: World) -> None:
    world.tag.is_far_away()
    world.tag.walks_in()
    figures.count_changed(clock.now())
    period = Filters(clock.now() - timedelta(days=1), clock.now() + timedelta(seconds=1))
    other = Team.create(name="South London", created_at=clock.now())
    elsewhere = world.person(Role.SUPERVISOR, "Dev Patel", "+447700900104", team=other)
    assert figures.figures_of(world.supervisor.person, period, "team").totals.count == 1
    assert figures.figures_of(elsewhere.person, period, "team").totals.count == 0
    # The team that has the case now sees it, wherever it was when it was raised.
    Wearer.update(team=other).execute()
    found = figures.figures_of(elsewhere.person, period, "team")
    assert (found.totals.count, [group.key for group in found.groups]) == (1, [world.team.id])
    assert found.totals.answers is not None
    assert found.totals.answers.count == 1
    assert figures.figures_of(world.supervisor.person, period, "team").totals.count == 1
    db.release_connection()
    world.checks_at_end = False
