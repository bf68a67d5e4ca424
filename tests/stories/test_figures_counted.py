"""The figures of some hundreds of alerts with lives of all sorts, counted again one by one from the audit trail."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from datetime import datetime, timedelta
from math import inf
from typing import Any

import pytest

from backend import alerts, clock, db
from backend.alerts import Judgement, Outcome, Reported
from backend.errors import DomainError
from backend.models import Alert, AuditEntry, Notification, Person, Tag, Team, Wearer
from tests.world import World
from zones import Certainty, Level

ALERTS = 240
PATH = "/v1/reports/response-times"
TARGET_S = 180
RISES = ("alert_raised", "danger_rose", "rang_again")
SAID = [
    (Level.BUFFER, Certainty.CONFIRMED),
    (Level.BREACH, Certainty.UNCONFIRMED),
    (Level.BREACH, Certainty.CONFIRMED),
    (Level.BREACH, Certainty.CONFIRMED),
    (Level.CLEAR, Certainty.CONFIRMED),
    (Level.BREACH, Certainty.WITHDRAWN),
]


class Lives:
    """Lets alerts be raised, rise, fall, end, and be answered, by chance."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.people = [world.officer.person, world.colleague.person, world.supervisor.person]
        self.tag_id = Tag.get().id

    def live(self, number: int, begins_at: datetime) -> None:
        now = begins_at
        wearer = Wearer.create(
            team=self.world.team,
            name=f"Wearer {number}",
            responsible_officer=self.chance.choice(self.people[:2]),
            created_at=now,
        )
        kind = self.chance.choices(["zone", "tamper", "silence", "help"], [7, 1, 1, 1])[0]
        self.tell(kind, wearer, now)
        for _ in range(self.chance.randrange(9)):
            now += timedelta(seconds=round(self.chance.expovariate(1 / 90), 3) + 0.001)
            if self.chance.random() < 0.45:
                self.tell(kind, wearer, now)
            else:
                self.act(now)

    def tell(self, kind: str, wearer: Wearer, now: datetime) -> None:
        at = now - timedelta(seconds=self.chance.uniform(1, 90))
        with db.atomic():
            if kind == "zone":
                level, certainty = self.chance.choice(SAID)
                alerts.apply(
                    Judgement(
                        wearer,
                        self.world.zone,
                        level,
                        certainty,
                        ("So it is.",),
                        at,
                        at + timedelta(seconds=1),
                        now,
                        distance_m=10.0,
                        is_by_record=self.chance.random() < 0.1,
                    )
                )
            elif kind == "tamper":
                alerts.tell_of_event(wearer, Reported(self.tag_id, "strap_open", at, now), now)
            elif kind == "silence":
                silence = alerts.Silence(self.tag_id, alerts.NO_CONTACT, at, at, "Far.", None)
                alerts.ring_for_silence(wearer, silence, now)
            else:
                alerts.ring_for_message(self.world.victim, "He is here", now, is_answered=False)

    def act(self, now: datetime) -> None:
        newest = Alert.select(Alert.id).order_by(Alert.id.desc()).first()
        if newest is None:
            return
        person = self.chance.choice(self.people)
        verb = self.chance.choices(["acknowledge", "back", "cannot", "lapse", "close", "system"], [8, 1, 1, 1, 2, 1])[0]
        try:
            if verb == "acknowledge":
                alerts.acknowledge(person, newest.id, now)
            elif verb == "back":
                alerts.hand_back(person, newest.id, now)
            elif verb == "cannot":
                alerts.cannot(person, newest.id, now)
            elif verb == "lapse":
                alerts.lapse(person, now, Alert.get_by_id(newest.id).wearer_id)
            elif verb == "close":
                code = self.chance.choice([Outcome.FALSE_ALARM, Outcome.POLICE_INFORMED, Outcome.TAG_CHECKED])
                alerts.close(person, newest.id, code, "Seen.", now, is_confirmed=True)
            else:
                alerts.close_by_system([newest.id], "ended_death", "It ended.", now)
        except DomainError:
            # No one may do that to an alert that stands so.
            return


Taken = tuple[float, str | None]


def counted(alert: Alert) -> tuple[list[Taken], list[Taken]]:
    """Return each rise of an alert, and each time it was asked again: after how long, and by whom, it was answered.

    By looking at every pair of entries.
    """
    trail = list(AuditEntry.select().where(AuditEntry.alert == alert).order_by(AuditEntry.id))
    # People were rung in the very moment: what the outbox holds says so, whatever the entry says of itself.
    notified_at = {
        row.created_at for row in Notification.select().where(Notification.alert == alert, Notification.step <= 1)
    }
    rises, again = [], []
    for place, entry in enumerate(trail):
        later = trail[place + 1 :]
        answers = [
            one for one in later if one.action == "acknowledged" or (one.action == "closed" and one.actor != "system")
        ]
        took_s = ((answers[0].at - entry.at).total_seconds(), answers[0].actor) if answers else (inf, None)
        if entry.action in RISES and entry.at in notified_at:
            rises.append(took_s)
        elif entry.action in ("handed_back", "acknowledgement_lapsed", "cannot"):
            told = [one for one in trail[:place] if one.action == "acknowledged" or _asks(one, notified_at)]
            is_mine = told and told[-1].action == "acknowledged"
            is_theirs = entry.action == "cannot" and told and told[-1].actor != entry.actor
            withdrawn = [one.action for one in trail[:place] if one.action in ("alert_withdrawn", "danger_rose")]
            if is_mine and not is_theirs and withdrawn[-1:] != ["alert_withdrawn"]:
                again.append(took_s)
    return rises, again


def _asks(entry: AuditEntry, notified_at: set[datetime]) -> bool:
    falls_away = ("handed_back", "acknowledgement_lapsed")
    return entry.action in falls_away or (entry.action in RISES and entry.at in notified_at)


def ranked(values: list[float], share: int) -> float | None:
    """Return the least of the values that so many per cent of them do not exceed, by trying each."""
    fits = [one for one in values if 100 * sum(other <= one for other in values) >= share * len(values)]
    best = min(fits, default=inf)
    return None if best == inf else round(best, 3)


def expect_same(told: dict[str, Any], values: list[float]) -> None:
    assert (told["count"], told["unreached"]) == (len(values), values.count(inf))
    for share in (50, 90, 95):
        assert told[f"p{share}"] == ranked(values, share), share


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_is_what_counting_one_by_one_gives(world: World, seed: int) -> None:
    world.stop_worker()
    for phone in (world.officer, world.colleague, world.supervisor):
        # So that a rise is told in its own moment, by push.
        phone.has_app()
    Team.update(answer_within_s=TARGET_S).where(Team.id == world.team.id).execute()
    lives = Lives(world, seed)
    begins_at = clock.now() - timedelta(days=6)
    for number in range(ALERTS):
        lives.live(number, begins_at + timedelta(minutes=20 * number))
    rows = list(Alert.select().order_by(Alert.id))
    truth = {row.id: counted(row) for row in rows}
    people = {f"person:{row.id}": row.name for row in Person.select()}
    owner = {row.id: people[f"person:{row.acknowledged_by_id or row.wearer.responsible_officer_id}"] for row in rows}
    db.release_connection()
    rises = [took_s for found, _ in truth.values() for took_s, _ in found]
    again = [took_s for _, found in truth.values() for took_s, _ in found]
    assert len(rises) > ALERTS / 2
    assert rises.count(inf) > 20
    assert len(again) > 5

    report = world.supervisor.api("GET", PATH, params={"by": "officer"}).json()
    totals = report["totals"]
    expect_same(totals["figures"]["acknowledge_s"], rises)
    expect_same(totals["answers"], rises)
    expect_same(totals["asked_again"], again)
    in_time = sum(one <= TARGET_S for one in rises)
    assert totals["answers"]["within_target"] == in_time
    assert totals["answers"]["attainment"] == int(in_time * 10_000 / len(rises)) / 10_000
    named = Counter(one["id"] for one in totals["answers"]["unanswered"])
    assert named == Counter(number for number, (found, _) in truth.items() for took_s, _ in found if took_s == inf)
    assert totals["kinds"] | {} == {kind: sum(row.kind == kind for row in rows) for kind in totals["kinds"]}
    assert totals["outcomes"] == Counter(row.outcome_code or "none" for row in rows)
    assert totals["withdrawn"]["count"] == sum(row.certainty == "withdrawn" for row in rows)
    assert totals["closed_as_false"]["count"] == sum(row.outcome_code == "false_alarm" for row in rows)
    for group in report["groups"]:
        mine = [
            took_s
            for number, (found, _) in truth.items()
            for took_s, by in found
            if (owner[number] if by is None else people[by]) == group["name"]
        ]
        expect_same(group["answers"], mine)
        expect_same(group["figures"]["acknowledge_s"], mine)
    lagged = sum(row.kind == "tamper" or (row.kind == "zone" and _by_fix(row)) for row in rows)
    assert totals["figures"]["tag_lag_s"]["count"] == lagged
    db.release_connection()

    wanted = {"Authorization": f"Bearer {world.supervisor.token}", "Accept": "text/csv"}
    lines = list(csv.DictReader(io.StringIO(world.api("GET", PATH, headers=wanted).text)))
    asked = [line for line in lines if line["call_cause"] in ("raised", "rose", "wrote_again")]
    expect_same(totals["answers"], [float(line["call_answer_s"] or inf) for line in asked])
    assert sum(line["call_is_in_time"] == "True" for line in asked) == in_time


def _by_fix(alert: Alert) -> bool:
    first = AuditEntry.get(AuditEntry.alert == alert, AuditEntry.action == "alert_raised")
    return first.detail["by"] == "fix"
