"""Random histories: whatever is entered when, and in whatever order fixes arrive, the alerts are those of the whole."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as st

from backend import clock, db, ingest
from backend.cases import writing
from backend.ingest.pipeline import store_group
from backend.models import (
    Activation,
    Alert,
    AlertKind,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Tag,
    Team,
    Victim,
    Wearer,
)
from backend.record import reading
from backend.record.facts import Terms, in_turn, true_at
from backend.settings import Settings
from tests import cases
from tests.world import HOME
from zones import Certainty

STEP = timedelta(minutes=20)
STEPS = 10
OTHER = cases.east_of(HOME, -9_000.0)
FAR = cases.east_of(HOME, 8_000.0)
WHERE = {"home": HOME, "other": OTHER, "far": FAR}

_numbers = itertools.count(1)

fixes = st.tuples(st.just("fix"), st.integers(0, STEPS - 1), st.sampled_from(["home", "home", "other", "far"]))
# An entry takes effect between two fixes: half a step after the one of its number.
# Terms suspend the order, or end it half a step after the fix of a number: before they take effect, or yet to come.
ends = st.one_of(st.just("on"), st.just("suspended"), st.integers(-1, STEPS + 3))
terms = st.tuples(st.just("terms"), st.integers(-1, STEPS - 1), ends)
versions = st.tuples(st.just("zone"), st.integers(-1, STEPS - 1), st.sampled_from(["home", "other", "removed"]))
worn = st.tuples(st.just("tag"), st.integers(0, STEPS - 1), st.just(""))
histories = st.lists(st.one_of(fixes, fixes, fixes, terms, versions, worn), min_size=3, max_size=14)


class History:
    """One case of its own, and how its history is told to the service."""

    def __init__(self, now: datetime) -> None:
        number = next(_numbers)
        self.now = now
        self.start = now - STEP * (STEPS + 1)
        before = self.start - timedelta(days=1)
        team = Team.create(name=f"Team {number}", created_at=before)
        self.person = Person.create(
            team=team,
            role=Role.OFFICER,
            name="A",
            email=f"a{number}@cordon.example",
            password_hash="",
            created_at=before,
        )
        self.wearer = Wearer.create(team=team, name="W", responsible_officer=self.person, created_at=before)
        self.place = ProtectedPlace.create(victim=Victim.create(team=team, name="V", created_at=before), label="Home")
        self.tag = Tag.create(serial=f"T-{number}", key="", created_at=before)
        self.activation = Activation.create(tag=self.tag, wearer=self.wearer, from_at=before)
        self.order: Order = writing.open_order(
            self.person, self.wearer.id, "dapol", "1", Terms(before), now, why="Released."
        )
        self.zone: PlaceZone = writing.add_zone(
            self.person,
            self.wearer.id,
            self.place.id,
            cases.circle(*HOME),
            before,
            now,
            why="1",
            order_id=self.order.id,
        )

    def at(self, step: float) -> datetime:
        return self.start + STEP * step

    def tell(self, event: tuple[str, int, Any]) -> None:
        kind, step, value = event
        effective_at = self.at(step + 0.5)
        if kind == "fix":
            lat, lon = WHERE[value]
            times = [self.at(step) + timedelta(seconds=30 * n) for n in range(4)]
            stay = [{"fix_time": at.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 6.0} for at in times]
            body = json.dumps({"fixes": stay}).encode()
            store_group([ingest.read(self.tag.id, f"m{next(_numbers)}", body, self.now, False, Settings())], Settings())
        elif kind == "terms":
            ends_at = self.at(value + 0.5) if isinstance(value, int) else None
            varied = Terms(self.start - timedelta(days=1), ends_at, is_suspended=value == "suspended")
            writing.vary_order(
                self.person, self.order.id, varied, effective_at, self.now, why="Varied.", is_confirmed=True
            )
        elif kind == "zone":
            held = true_at(in_turn(reading.case(self.wearer.id).lines[self.zone.id]), effective_at)
            assert held is not None
            writing.change_zone(
                self.person,
                held.id,
                effective_at,
                self.now,
                why="Varied.",
                feature=None if value == "removed" else cases.circle(*WHERE[value]),
                is_removed=value == "removed",
                is_confirmed=True,
            )
        else:
            self.activation = writing.fit_tag(
                self.person,
                self.wearer.id,
                self.tag.serial,
                effective_at,
                self.now,
                why="It was fitted later than recorded.",
                corrects=self.activation.id,
                is_confirmed=True,
            )


def brute_force(history: list[tuple[str, int, Any]], at: float | None = None) -> set[int]:
    """Return the steps of the stays that lie inside the zone in force, reading the whole history at once.

    With ``at`` the zone is the one in force at that step, whenever the stay was.
    """
    where: dict[int, str] = {}
    for kind, step, value in history:
        if kind == "fix":
            where.setdefault(step, value)
    found = set()
    fitted_after = -99
    for kind, step, _ in history:
        if kind == "tag":
            fitted_after = step
    for when, place in where.items():
        step = when if at is None else at
        held_terms, zone = "on", "home"
        for kind in ("terms", "zone"):
            held = [(e[1], n, e[2]) for n, e in enumerate(history) if e[0] == kind and e[1] < step]
            if held and kind == "terms":
                held_terms = max(held)[2]
            elif held:
                zone = max(held)[2]
        is_over = held_terms == "suspended" or (isinstance(held_terms, int) and held_terms < step)
        if not is_over and place == zone and fitted_after < when:
            found.add(when)
    return found


@pytest.mark.timeout(600)
@how(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
@example([("fix", 3, "home"), ("zone", 2, "removed"), ("zone", 2, "home")])
@example([("fix", 5, "far"), ("fix", 2, "other"), ("zone", 1, "other"), ("terms", 1, "suspended"), ("terms", 1, "on")])
@example([("fix", 2, "home"), ("terms", 0, 4), ("fix", 5, "home"), ("terms", 1, 6), ("terms", 3, 1)])
@example(
    [
        ("zone", 0, "other"),
        ("fix", 4, "other"),
        ("fix", 2, "other"),
        ("fix", 9, "home"),
        ("terms", 2, "suspended"),
        ("terms", 2, "on"),
    ]
)
@example([("fix", 7, "home"), ("zone", -1, "other"), ("zone", 9, "removed"), ("zone", 0, "home"), ("fix", 8, "far")])
@example([("fix", 1, "other"), ("fix", 0, "home"), ("terms", 0, "on")])
@example([("fix", 1, "home"), ("tag", 1, ""), ("fix", 2, "home"), ("fix", 4, "far")])
def test_the_alerts_are_those_of_a_judge_who_reads_the_whole_history_at_once(
    database_url: str, history: list[tuple[str, int, Any]]
) -> None:
    # One fix an instant: of two places for one instant both would be weighed together.
    history = [e for n, e in enumerate(history) if e[0] != "fix" or ("fix", e[1]) not in {f[:2] for f in history[:n]}]
    told = History(clock.now())
    for event in history:
        told.tell(event)
    db.release_connection()
    inside = brute_force(history)
    spans = []
    # The one rule beside it: the one who was last seen where a zone is in force at an entry is notified of, although no
    # fix was judged by it. This judge says of whom that was so.
    allowed: set[float] = set(inside)
    began: set[float] = set()
    for n in range(len(history)):
        known = history[: n + 1]
        fitted_after = [step for kind, step, _ in known if kind == "tag"][-1:] or [-99]
        newest = max([step for kind, step, _ in known if kind == "fix" and step > fitted_after[0]], default=0)
        allowed |= {newest} & brute_force(known, at=STEPS + 1)
        # Likewise of the one who was last seen where a zone comes into force: the alert begins at that instant.
        for kind, changed, _ in known:
            seen = [step for of, step, _ in known if of == "fix" and fitted_after[0] < step <= changed]
            if kind in ("zone", "terms") and seen and max(seen) in brute_force(known, at=changed + 1):
                began.add(changed + 0.5)
    for alert in Alert.select().where(Alert.wearer == told.wearer, Alert.kind == AlertKind.ZONE):
        if alert.certainty != Certainty.WITHDRAWN:
            spans.append(sorted((alert.fix_time, alert.last_fix_time)))
    db.release_connection()
    slack = STEP / 2
    for step in inside:
        is_notified = any(begin - slack < told.at(step) < end + slack for begin, end in spans)
        assert is_notified, f"no one was notified of {step}"
    for begin, end in spans:
        is_founded = any(begin - slack < told.at(step) < end + slack for step in allowed | began)
        assert is_founded, "told of nothing"
