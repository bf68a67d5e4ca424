"""Silence, simulated: a thousand tags for a day through a clock change, and detection against false escalations.

The gaps are of stated models, and the rules are the product's own: how gaps count and when silence is told
(``backend.silence.margins``). With ``--traces DIR`` the gaps of recorded traces stand beside them. No database is in
the loop, so that a day of 1,000 tags takes seconds. Beside it, 10,000 tags that fall silent at once, on PostgreSQL.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from backend.silence.gaps import LEAST_S
from backend.silence.margins import KNOWN_FOR_DAYS, Gap, margin_s
from benchmarks.bench_line import databases

TAGS, SILENT = 1_000, 50
DAYS = 5
# Clocks went back in the night: the day has 25 hours.
CHANGE_DAY = datetime(2026, 10, 25, tzinfo=LONDON)
HOURS = 25
SHORT_LOSSES = 20
CELLAR = (51.50, -0.10)
# Nothing for so long is the end of a recording.
ENDED_S = 6 * 3_600.0


@dataclass(frozen=True, slots=True)
class Habits:
    """The gaps of one tag: how often it is out of sight for long, for how long, and in which hours."""

    gaps_a_day: float
    longest_s: float
    hours: tuple[int, int]


@dataclass
class Counts:
    """What a thousand tags came to: seconds to detection, and how often people were told of a tag that was well."""

    grave_s: list[float] = field(default_factory=list)
    other_s: list[float] = field(default_factory=list)
    pushes: int = 0
    grave_calls: int = 0
    calls: int = 0
    missed: int = 0
    tag_days: float = 0.0


def habits(chance: random.Random) -> Habits:
    """Return those of one wearer: most are rarely out of sight, some work in a cellar each day.

    Model: twenty short losses a day for each, of a minute and an exponential time; beside them, seven of ten have a
    gap of up to 20 min once in three days, two of ten one of up to an hour each day, one of ten one of up to two hours
    each day. The long ones begin in the same three to five hours of the day, four of five at the same place.
    """
    kind = chance.random()
    begin = chance.randrange(6, 18)
    if kind < 0.7:
        return Habits(0.33, 1_200.0, (begin, begin + 5))
    return Habits(1.0, 3_600.0 if kind < 0.9 else 7_200.0, (begin, begin + 3))


def gaps(of: Habits, day: datetime, mean_s: float, chance: random.Random) -> list[Gap]:
    """Return the gaps of one day in the order of time."""
    found = [
        Gap(day + timedelta(hours=chance.uniform(0, HOURS)), 60.0 + chance.expovariate(1 / mean_s), *_somewhere(chance))
        for _ in range(SHORT_LOSSES)
    ]
    if chance.random() < of.gaps_a_day:
        local = day.astimezone(LONDON).replace(hour=0, minute=0)
        at = local + timedelta(hours=chance.uniform(*of.hours))
        place = CELLAR if chance.random() < 0.8 else _somewhere(chance)
        found.append(Gap(at, of.longest_s * chance.betavariate(3, 2), *place))
    return sorted(found, key=lambda gap: gap.began_at)


def day(
    settings: Settings, mean_s: float, grave_share: float, seed: int, tags: int = TAGS, silent: int = SILENT
) -> Counts:
    """Return what a day of a thousand tags comes to, of which fifty fall silent."""
    chance = random.Random(seed)
    counts = Counts(tag_days=tags * HOURS / 24)
    begin = CHANGE_DAY.astimezone(UTC)
    end = begin + timedelta(hours=HOURS)
    for number in range(tags):
        of = habits(chance)
        before = [
            gap
            for ago in range(KNOWN_FOR_DAYS, 0, -1)
            for gap in gaps(of, begin - timedelta(days=ago), mean_s, chance)
            if gap.length_s > LEAST_S
        ]
        goes_silent = begin + timedelta(hours=chance.uniform(2, HOURS - 3)) if number < silent else end
        for gap in gaps(of, begin, mean_s, chance):
            if gap.began_at >= goes_silent:
                break
            if chance.random() < grave_share:
                counts.pushes += gap.length_s > settings.silence_grave_s
                counts.grave_calls += gap.length_s > _calls_s(settings)
            elif gap.length_s > settings.silence_least_s:
                counts.calls += gap.length_s > margin_s(before, gap.began_at, (gap.lat, gap.lon), settings)
            before.append(gap)
        if number < silent:
            is_grave = chance.random() < 0.5
            took_s = _calls_s(settings) if is_grave else margin_s(before, goes_silent, _somewhere(chance), settings)
            counts.missed += goes_silent + timedelta(seconds=took_s) > end
            (counts.grave_s if is_grave else counts.other_s).append(took_s)
    return counts


def _somewhere(chance: random.Random) -> tuple[float, float]:
    return 51.4 + chance.random() / 5, chance.random() / 5 - 0.2


def _calls_s(settings: Settings) -> float:
    """Return when the first text may go out where danger was seen last: before the call, to a phone that is silent."""
    return max(settings.silence_calls_s - 20.0, settings.silence_grave_s)


def main() -> None:
    """Print the table: detection time against false notices and escalations, for several margins and models."""
    print(f"{TAGS} tags for {HOURS} h through a clock change, {SILENT} fall silent, mean of {DAYS} days:")
    for mean_s, grave_share in ((75.0, 0.01), (75.0, 0.002), (30.0, 0.01), (30.0, 0.002)):
        print(f" short losses of a minute and {mean_s:.0f} s on average; {grave_share:.1%} of the day in danger")
        for push_s, calls_s, least_s in (
            (150.0, 150.0, 600.0),
            (150.0, 240.0, 300.0),
            (150.0, 240.0, 600.0),
            (150.0, 240.0, 900.0),
        ):
            settings = Settings().changed(silence_grave_s=push_s, silence_calls_s=calls_s, silence_least_s=least_s)
            days = [day(settings, mean_s, grave_share, seed) for seed in range(DAYS)]
            grave = [one for found in days for one in found.grave_s]
            other = [one for found in days for one in found.other_s]
            tag_days = sum(found.tag_days for found in days)
            pushes, grave_calls, calls, missed = (
                sum(getattr(found, name) for found in days) for name in ("pushes", "grave_calls", "calls", "missed")
            )
            print(
                f"  {push_s:.0f}/{calls_s:.0f} s, least {least_s / 60:.0f} min: grave push {push_s / 60:.1f}, text "
                f"{statistics.median(grave) / 60:.1f} min; elsewhere median {statistics.median(other) / 60:.0f}, p95 "
                f"{statistics.quantiles(other, n=20)[18] / 60:.0f} min; false a tag and day: pushes "
                f"{pushes / tag_days:.4f}, calls {grave_calls / tag_days:.4f} where grave, {calls / tag_days:.4f} "
                f"elsewhere; missed {missed} of {len(grave) + len(other)}"
            )


def real(folder: Path) -> None:
    """Print how often recorded traces say nothing for longer than each margin, a day of recording.

    A phone sends no fix while it lies still, so traces of phones at rest are left out. What is not known of a place
    while it lasts counts, also where stored fixes filled it afterwards.
    """
    for path in sorted(folder.glob("*.jsonl.gz")):
        if "still" in path.name:
            continue
        traces: dict[str, list[tuple[float, float]]] = defaultdict(list)
        with gzip.open(path, "rt") as lines:
            for line in lines:
                row = json.loads(line)
                traces[row["trace"]].append((row.get("rx", row["t"]), row["t"]))
        lengths, recorded_s = [], 0.0
        for fixes in traces.values():
            fixes.sort()
            known = fixes[0][1]
            for received, at in fixes[1:]:
                gap_s = received - known
                if 0.0 < gap_s < ENDED_S:
                    lengths.append(gap_s)
                    recorded_s += max(at - known, 0.0)
                known = max(known, min(at, received)) if gap_s < ENDED_S else at
        days = recorded_s / 86_400
        rates = {margin: sum(one > margin for one in lengths) / days for margin in (70, 150, 220, 240, 600)}
        told = ", ".join(f"over {margin} s: {rate:.1f}" for margin, rate in rates.items())
        print(f"  {path.name}: {days * 24:.0f} h recorded; gaps a day {told}; times the share of the day in danger")


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


def run(traces: Path | None = None) -> None:
    """Print every figure of silence."""
    main()
    if traces is not None:
        real(traces)
    with databases() as fresh:
        many(fresh("many_silent"))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Prints every figure of silence.")
    arguments.add_argument("--traces", type=Path, help="a folder of recorded traces")
    run(arguments.parse_args().traces)
