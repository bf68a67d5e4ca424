"""How fast zones judges, beside the plainest rule there is in the same run: python -m benchmarks.bench_zones"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

import numpy as np

from zones import Fix, PlaceState, Zone, decide, replay, survey
from zones.geo import Frame
from zones.judging import Judging

LAT, LON, START = 51.5, -0.12, 1_767_600_000.0
FRAME = Frame(LAT, LON)


def _walk(count: int, step_s: float, seed: int, spread_m: float = 2000) -> list[Fix]:
    """A wanderer around the middle of London: mostly a few hundred metres from the zone, sometimes in it."""
    rng = random.Random(seed)
    east, north, course, fixes = rng.uniform(-spread_m, spread_m), rng.uniform(-spread_m, spread_m), 0.0, []
    for n in range(count):
        course += rng.gauss(0, 0.6)
        if math.hypot(east, north) > spread_m:
            course = math.atan2(-north, -east) + rng.gauss(0, 0.4)
        speed = rng.choice((0.0, 1.4, 1.4, 7.0))
        east, north = east + speed * step_s * math.cos(course), north + speed * step_s * math.sin(course)
        lat, lon = FRAME.to_degrees(east + rng.gauss(0, 6), north + rng.gauss(0, 6))
        fixes.append(Fix(START + n * step_s, lat, lon, rng.uniform(4, 25)))
    return fixes


def _circle(zone_id: str = "z", east: float = 0.0, north: float = 0.0, tag: str | None = None) -> Zone:
    lat, lon = FRAME.to_degrees(east, north)
    properties = {"id": zone_id, "radius_m": 250, "buffer_m": 500, "tag": tag}
    return Zone.from_geojson(
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": properties}
    )


def _polygon(corners: int) -> Zone:
    ring = [
        FRAME.to_degrees(300 * math.cos(2 * math.pi * n / corners), 200 * math.sin(2 * math.pi * n / corners))
        for n in range(corners)
    ]
    ring.append(ring[0])
    geometry = {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in ring]]}
    return Zone.from_geojson({"type": "Feature", "geometry": geometry, "properties": {"id": "p", "buffer_m": 500}})


def _rate(work: Callable[[], int], rounds: int = 3) -> float:
    """Return units of work per second of processor time, the best of some rounds."""
    best = 0.0
    for _ in range(rounds):
        began = time.process_time()
        done = work()
        best = max(best, done / (time.process_time() - began))
    return best


def _decide_all(zone: Zone, fixes: list[Fix]) -> int:
    state: PlaceState | None = None
    for fix in fixes:
        state = decide(zone, fix, state).state
    return len(fixes)


def _plain_all(fixes: list[Fix]) -> int:
    """The baseline: the sphere's distance to a circle's middle, compared with its radius; no memory, no error."""
    inside = 0
    for fix in fixes:
        phi, lam = math.radians(fix.lat - LAT), math.radians(fix.lon - LON)
        chord = (
            math.sin(phi / 2) ** 2
            + math.cos(math.radians(LAT)) * math.cos(math.radians(fix.lat)) * math.sin(lam / 2) ** 2
        )
        inside += 2 * 6371008.8 * math.asin(math.sqrt(chord)) <= 250
    return len(fixes)


def _accept_all(judging: Judging, rows: list[tuple[str, Fix]]) -> int:
    for tag, fix in rows:
        for _ in judging.accept(tag, fix):
            pass
    return len(rows)


def main() -> None:
    """Print one line a measurement."""
    fixes = _walk(40_000, 60, 1)

    def show(name: str, rate: float, unit: str = "decisions/s") -> None:
        print(f"{name:62s} {rate:>12,.0f} {unit}")

    show("baseline: any fix inside a circle, no memory", _rate(lambda: _plain_all(fixes)))
    show("decide: circle, a fix a minute within 2 km of the zone", _rate(lambda: _decide_all(_circle(), fixes)))
    far = _walk(40_000, 60, 2, 500)
    show("decide: circle, always within 500 m of its middle", _rate(lambda: _decide_all(_circle(), far)))
    for corners in (5, 50, 500):
        polygon = _polygon(corners)
        show(f"decide: polygon of {corners} corners", _rate(lambda polygon=polygon: _decide_all(polygon, fixes)))
    state = decide(_circle(), fixes[0], None).state
    show(
        "state to JSON and back",
        _rate(lambda: sum(bool(PlaceState.from_json(state.to_json())) for _ in range(5000))),
        "states/s",
    )

    lats, lons = np.array([f.lat for f in fixes] * 10), np.array([f.lon for f in fixes] * 10)
    accuracies = np.array([f.accuracy_m for f in fixes] * 10)
    for name, zone in (("circle", _circle()), ("polygon of 50 corners", _polygon(50))):
        rate = _rate(lambda zone=zone: len(survey(zone, lats, lons, accuracies).distance_m))
        show(f"survey: {name}, in bulk", rate, "fix-zone pairs/s")

    month = _walk(43_200, 60, 3, 9000)
    began = time.process_time()
    found = replay(_circle(), month)
    took = time.process_time() - began
    print(f"{'replay: 30 days at a fix a minute':62s} {took:>12.2f} s, {len(found.alerts)} alerts")
    began = time.process_time()
    replay(_circle(), far)
    print(f"{'replay: 28 days that never leave the zone by 500 m':62s} {time.process_time() - began:>12.2f} s")

    print("\none wearer, more zones (a decision must cost the same)")
    for count in (1, 10, 100):
        zones = [_circle(f"z{n}", 400 * (n % 10), 400 * (n // 10)) for n in range(count)]
        rows = [("A", fix) for fix in fixes[: 40_000 // count]]
        rate = _rate(lambda zones=zones, rows=rows: _accept_all(Judging(zones), rows)) * count
        show(f"  {count} zones", rate)

    print("\nmore wearers with a zone each (a fix must cost the same)")
    # Each walks the same: of a longer walk less is near the zone, and a fix far off is cheap.
    walked = fixes[:60]
    for count in (10, 1000, 10_000):

        def judging(count: int = count) -> float:
            judged = Judging([_circle(f"z{n}", tag=str(n)) for n in range(count)])
            # The first fix of each wearer only makes room for the wearer.
            _accept_all(judged, [(str(n), walked[0]) for n in range(count)])
            rows = [(str(n), fix) for fix in walked[1:] for n in range(count)]
            return _rate(lambda: _accept_all(judged, rows), 1)

        show(f"  {count} wearers", max(judging() for _ in range(100 if count == 10 else 1)), "fixes/s")


if __name__ == "__main__":
    main()
