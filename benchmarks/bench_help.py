"""A protected person presses help: how soon their page answers, all three are texted, and the agreed answer arrives.

``python -m benchmarks.bench_help --presses 20``, with doubles of the providers on this machine and in real time. Each
press comes while a breach is acknowledged; the alert of the press before was closed. With ``--same 40`` it also
compares how soon their phone is answered when they say that they are safe, and when they enter the second passcode.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from backend import clock, db
from backend.alerts import Outcome, acknowledge, close
from backend.models import Alert, AlertKind, Channel, Handling
from backend.people import consent
from benchmarks.bench_line import databases
from tests.own_pages import PIN, SECOND, OwnPhone
from tests.stories.test_help_messages import ANSWER
from tests.world import World, eventually


def measure(url: str, presses: int) -> dict[str, list[float]]:
    """Return the seconds of each press, by what is waited for."""
    db.bind(url)
    db.migrate()
    took: dict[str, list[float]] = {"page answers": [], "all three are texted": [], "agreed answer by text": []}
    mine = clock.Clock()
    clock.use(mine)
    with tempfile.TemporaryDirectory() as folder, World(url, Path(folder), mine) as world:
        consent.give(world.victim, Channel.SMS, "a", "b", world.officer.person, clock.now(), wording_help=ANSWER)
        world.tag.is_far_away()
        world.tag.stays_inside()
        world.officer.acknowledges()
        phone = OwnPhone(world).takes_up()
        numbers = {one.person.phone for one in (world.officer, world.colleague, world.supervisor)}
        for _ in range(presses):
            world.settle()
            before = len(world.doubles.messages)
            began = time.perf_counter()
            assert phone.calls_for_help().status_code == 200
            took["page answers"].append(time.perf_counter() - began)
            eventually(lambda n=before: numbers <= _texted(world, n), "all three are texted")
            took["all three are texted"].append(time.perf_counter() - began)
            eventually(lambda n=before: _is_answered(world, n), "the agreed answer has arrived")
            took["agreed answer by text"].append(time.perf_counter() - began)
            _close(world)
            # The next answer by text is due again.
            world.clock.forward(601)
            world.officer.signs_in()
    return took


def compare(url: str, times: int) -> dict[str, list[float]]:
    """Return the seconds in which their phone is answered, by what was entered, each after the other in turn."""
    db.bind(url)
    db.migrate()
    entered = {"safe": ("/ok", PIN), "second passcode": ("/ok", SECOND)}
    locked = {"locked, wrong one": ("", "not this"), "locked, second": ("", SECOND)}
    took: dict[str, list[float]] = {name: [] for name in (*entered, *locked)}
    with tempfile.TemporaryDirectory() as folder, World(url, Path(folder), clock.Clock()) as world:
        phone = OwnPhone(world).takes_up()
        for number in range(times):
            for name in sorted(entered, reverse=number % 2 == 1):
                phone.enters(PIN)
                took[name].append(_answers(phone, *entered[name]))
                world.settle()
        for _ in range(5):
            phone.enters("not this")
        for number in range(times):
            for name in sorted(locked, reverse=number % 2 == 1):
                took[name].append(_answers(phone, *locked[name]))
                world.settle()
    return took


def _answers(phone: OwnPhone, path: str, phrase: str) -> float:
    began = time.perf_counter()
    phone.post(path, {"phrase": phrase}, allow_redirects=False)
    return time.perf_counter() - began


def _texted(world: World, since: int) -> set[str]:
    return {one.to for one in world.doubles.messages[since:] if "Urgent alert" in one.body}


def _is_answered(world: World, since: int) -> bool:
    return any(one.body == ANSWER for one in world.doubles.messages[since:])


def _close(world: World) -> None:
    alert = Alert.get(Alert.kind == AlertKind.HELP, Alert.handling != Handling.CLOSED)
    acknowledge(world.officer.person, alert.id, clock.now())
    close(world.officer.person, alert.id, Outcome.THEY_ARE_SAFE, "Spoke.", clock.now())
    db.release_connection()


def said(seconds: Sequence[float]) -> str:
    """Return the middle and the worst of some times."""
    return f"p50 {statistics.median(seconds):5.2f} s, worst {max(seconds):5.2f} s of {len(seconds)}"


def _quartiles(seconds: Sequence[float]) -> str:
    first, _, third = statistics.quantiles(seconds, n=4)
    return f"{first:.3f} to {third:.3f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=20)
    parser.add_argument("--same", type=int, default=0, help="how often safe and the second passcode are compared")
    asked = parser.parse_args()
    with databases() as fresh:
        for what, seconds in measure(fresh("bench_help"), asked.presses).items():
            if seconds:
                print(f"{what:24} {said(seconds)}")
        if asked.same:
            for what, seconds in compare(fresh("bench_same"), asked.same).items():
                print(f"{what:24} {said(seconds)}, quartiles {_quartiles(seconds)}")


if __name__ == "__main__":
    main()
