"""Silence, simulated: a thousand tags for a day through a clock change, and detection against false escalations.

The gaps are of a stated model, and the rules are the product's own: how gaps are learnt and when silence is told
(``backend.silence.margins``). No database is in the loop, so that a day of 1,000 tags takes seconds. Beside it, 10,000
tags that fall silent at once, on PostgreSQL.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend import clock, db, silence
from backend.models import (
    Activation,
    Alarm,
    AlarmKind,
    Alert,
    AlertKind,
    PlaceZone,
    ProtectedPlace,
    Tag,
    TagContact,
    Team,
    Victim,
    Wearer,
)
from backend.record.facts import LONDON
from backend.settings import Settings
from backend.silence.margins import longest_gap_s, margin_s, most_gap_s
from benchmarks.bench_line import databases

TAGS, SILENT = 1_000, 50
LEARNS_DAYS = 14
# Clocks went back in the night: the day has 25 hours.
CHANGE_DAY = datetime(2026, 10, 25, tzinfo=LONDON)
HOURS = 25
# Of the day a wearer is in a buffer, in a breach or out of a curfew.
GRAVE_SHARE = 0.01
SHORT_LOSSES, SHORT_MEAN_S = 20, 75.0


@dataclass(frozen=True, slots=True)
class Habits:
    """The gaps of one tag: how often it is out of sight for long, for how long, and in which hours."""

    gaps_a_day: float
    longest_s: float
    hours: tuple[int, int]


def habits(chance: random.Random) -> Habits:
    """Return those of one wearer: most are rarely out of sight, some work in a cellar each day.

    Model: twenty short losses a day for each, of a minute and an exponential time of 75 s on average; beside them,
    seven of ten have a gap of up to 20 min once in three days, two of ten one of up to an hour each day, one of ten
    one of up to two hours each day.
    """
    kind = chance.random()
    begin = chance.randrange(6, 18)
    if kind < 0.7:
        return Habits(0.33, 1_200.0, (begin, begin + 5))
    return Habits(1.0, 3_600.0 if kind < 0.9 else 7_200.0, (begin, begin + 3))


def gaps(of: Habits, day: datetime, chance: random.Random) -> Iterator[tuple[datetime, float]]:
    """Yield when the gaps of one day begin, and how long each lasts in seconds, in the order of time."""
    found = [
        (day + timedelta(hours=chance.uniform(0, HOURS)), 60.0 + chance.expovariate(1 / SHORT_MEAN_S))
        for _ in range(SHORT_LOSSES)
    ]
    if chance.random() < of.gaps_a_day:
        hour = chance.uniform(*of.hours)
        found.append((day.replace(hour=0) + timedelta(hours=hour), of.longest_s * chance.betavariate(3, 2)))
    return iter(sorted(found))


def learnt(of: Habits, settings: Settings, chance: random.Random) -> float:
    """Return the longest gap that is known of a tag after two weeks."""
    longest = 0.0
    for number in range(LEARNS_DAYS):
        for _, length_s in gaps(of, CHANGE_DAY.astimezone(UTC) - timedelta(days=LEARNS_DAYS - number), chance):
            longest = longest_gap_s(longest, min(length_s, most_gap_s(settings)))
    return longest


def day(settings: Settings, seed: int) -> tuple[list[float], list[float], int, int, int]:
    """Return seconds to detection of grave and other silent tags, false escalations of grave and others, missed."""
    chance = random.Random(seed)
    grave_s: list[float] = []
    other_s: list[float] = []
    false = grave_false = missed = 0
    begin = CHANGE_DAY.astimezone(UTC)
    end = begin + timedelta(hours=HOURS)
    for number in range(TAGS):
        of = habits(chance)
        known = learnt(of, settings, chance)
        goes_silent = begin + timedelta(hours=chance.uniform(2, HOURS - 3)) if number < SILENT else end
        for at, length_s in gaps(of, begin, chance):
            if at >= goes_silent:
                break
            is_grave = chance.random() < GRAVE_SHARE
            if length_s > margin_s(known, is_grave, settings):
                false += not is_grave
                grave_false += is_grave
            known = longest_gap_s(known, min(length_s, most_gap_s(settings)))
        if number < SILENT:
            is_grave = chance.random() < 0.5
            took_s = margin_s(known, is_grave, settings)
            if goes_silent + timedelta(seconds=took_s) > end:
                missed += 1
            (grave_s if is_grave else other_s).append(took_s)
    return grave_s, other_s, grave_false, false, missed


def main() -> None:
    """Print the table: detection time against false escalations, for several margins."""
    print(f"{TAGS} tags for {HOURS} h through a clock change, {SILENT} fall silent, mean of 5 days:")
    for grave_margin_s in (150.0, 240.0):
        for least_s in (300.0, 600.0, 900.0):
            settings = Settings().changed(silence_grave_s=grave_margin_s, silence_least_s=least_s)
            days = [day(settings, seed) for seed in range(5)]
            grave = [one for found in days for one in found[0]]
            other = [one for found in days for one in found[1]]
            tag_days = TAGS * HOURS / 24
            grave_false, false = (statistics.mean(found[n] for found in days) / tag_days for n in (2, 3))
            print(
                f"  margins {grave_margin_s:.0f} s and {least_s / 60:.0f} min: detected after "
                f"{statistics.median(grave) / 60:.1f} min where grave, elsewhere median "
                f"{statistics.median(other) / 60:.0f} min, at most {max(other) / 60:.0f} min; false a tag and day "
                f"{grave_false:.4f} where grave, {false:.4f} elsewhere; missed {sum(found[4] for found in days)}"
            )


def many(database_url: str, tags: int = 10_000, grave: int = 20) -> None:
    """Print what becomes of 10,000 tags that fall silent at once: one alarm, and the grave ones ring one by one."""
    settings = Settings(database_url=database_url)
    db.bind(database_url)
    db.migrate()
    now = clock.now()
    _make(tags, grave, now)
    begun = time.monotonic()
    rang = 0
    for _ in range(10):
        silence.judge_due(now, settings)
        if Alert.select().where(Alert.kind == AlertKind.SILENCE).count() == rang > 0:
            break
        rang = Alert.select().where(Alert.kind == AlertKind.SILENCE).count()
    took_s = time.monotonic() - begun
    alarms = Alarm.select().where(Alarm.kind == AlarmKind.MANY_SILENT, Alarm.ended_at.is_null()).count()
    print(
        f"{tags} tags silent at once, {grave} of them last seen in danger: {alarms} alarm, {rang} alerts, "
        f"all known after {took_s:.1f} s of work"
    )
    db.database.obj.close_all()


def _make(tags: int, grave: int, now: datetime) -> None:
    with db.atomic():
        team = Team.create(name="Unit", created_at=now)
        victim = Victim.create(team=team, name="Protected person", created_at=now)
        place = ProtectedPlace.create(victim=victim, label="Home")
        ago = now - timedelta(days=9)
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-0.1, 51.5]},
            "properties": {"id": "home", "kind": "exclusion", "radius_m": 250.0, "buffer_m": 250.0},
        }
        for number in range(tags):
            wearer = Wearer.create(team=team, name=f"Wearer {number}", created_at=ago)
            PlaceZone.create(place=place, wearer=wearer, feature=feature, from_at=ago)
            tag = Tag.create(serial=f"T{number}", key="-", created_at=ago)
            Activation.create(tag=tag, wearer=wearer, from_at=ago)
            heard_at = now - timedelta(seconds=601)
            TagContact.create(
                tag=tag,
                contact_at=heard_at,
                located_at=heard_at,
                silent_at=now - timedelta(seconds=1),
                is_grave=number < grave,
            )


def run() -> None:
    """Print every figure of silence."""
    main()
    with databases() as fresh:
        many(fresh("many_silent"))


if __name__ == "__main__":
    run()
