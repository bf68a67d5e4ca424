"""How long an officer's list takes to be of use on a phone with a slow signal, with nothing kept and with files kept.

``python -m benchmarks.bench_phone --rounds 5``: chromium as a phone of 390 by 844 pixels on the "Slow 4G" of Lighthouse
(150 ms of round trip, 1.6 Mbit/s down, 0.75 Mbit/s up), the processor slowed four times, 200 unanswered alerts.
Measured from the request until the first alert can be tapped, and until the page says that it is live.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, expect, sync_playwright

from backend import clock, db
from benchmarks.bench_line import databases
from tests.browsers import launch
from tests.pages.actions import PHONE, sign_in, window
from tests.pages.test_list_size import storm
from tests.world import World

ALERTS = 200
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 750_000 / 8}
SLOWER = 4


def look(context: BrowserContext, world: World, *, is_kept: bool) -> tuple[float, float]:
    """Return the seconds from the request until the first alert can be tapped, and until the page is live."""
    page = context.pages[0]
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if not is_kept:
        session.send("Network.clearBrowserCache")
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(f"{world.url}/officer", wait_until="commit")
    page.locator("[data-group=unanswered] [data-alert-id] a").first.click(trial=True)
    tappable = time.perf_counter() - began
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    live = time.perf_counter() - began
    session.detach()
    return tappable, live


def measure(url: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each round, by what the phone had kept."""
    db.bind(url)
    db.migrate()
    mine = clock.Clock()
    clock.use(mine)
    took: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, World(url, Path(folder), mine) as world, sync_playwright() as started:
        world.stop_worker()
        storm(world, ALERTS)
        browser = launch(started)
        for _ in range(rounds):
            # A service worker answers from its own store, which only a new phone does not have.
            with window(browser, **PHONE, service_workers="block") as context:
                sign_in(context, world, "amina@cordon.example", "/cases")
                for what, is_kept in (("nothing kept", False), ("files kept", True)):
                    tappable, live = look(context, world, is_kept=is_kept)
                    took.setdefault(f"{what}: first alert can be tapped", []).append(tappable)
                    took.setdefault(f"{what}: live", []).append(live)
        browser.close()
    return took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with databases() as fresh:
        for what, seconds in measure(fresh("bench_phone"), rounds).items():
            print(f"{what}: median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s, of {len(seconds)}")


if __name__ == "__main__":
    main()
