"""How well a way between two fixes is known to have led through a zone, with circles anywhere beside recorded traces.

python -m benchmarks.bench_zones_ways --evaluate EVALUATE.py --traces DIR [--circles 60]
The scorer's scenarios hold as many visits and passings by as they were made with; these circles lie evenly over the
ground, so that what the model gives can be held to what was so.
"""

from __future__ import annotations

import argparse
import math
import random
import zlib
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.bench_zones_evidence import load
from zones import Fix, PlaceState, Zone, decide, track
from zones.evidence import Model
from zones.path import Crossing, End

# How far beyond a circle's edge its middle may lie from the trace, and what counts as told of one who was not near.
BESIDE_M, FAR_M = 200.0, 40.0
RADII_M = (100, 250, 500)
Path3 = list[tuple[float, float, float]]


def _clearance(evaluate: ModuleType, path: Path3, centre: tuple[float, float], radius: float, way: list[End]) -> float:
    """Return how near the reference path came to the edge between the ends of a way, in metres; negative inside."""
    start, finish = way
    points = [point for point in path if start.at - 30 <= point[0] <= finish.at + 30]
    if len(points) < 2:
        return math.nan
    return float(evaluate.clearance(points, centre)) - radius


def _measure(evaluate: ModuleType, traces: dict[str, Any], circles: int) -> list[tuple[bool, float, float, bool]]:
    """Return of each way looked at: the half of the traces, what the model gives, how near it came, whether told."""
    rng, found = random.Random(7), []
    for name, fixes in sorted(traces.items()):
        path = evaluate.reference(fixes)
        if len(path) < 5 or evaluate.moved_m(path) <= 300:
            continue
        half = bool(zlib.crc32(name.encode()) % 2)
        for interval in (15, 60):
            thinned = evaluate.thin(fixes, interval)
            for number in range(circles):
                anchor, radius = rng.choice(path), rng.choice(RADII_M)
                reach, bearing = (radius + BESIDE_M) * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
                centre = evaluate.degrees(*anchor[1:], reach * math.sin(bearing), reach * math.cos(bearing))
                window = [fix for fix in thinned if abs(fix["t"] - anchor[0]) <= 900]
                if len(window) >= 3:
                    window, _ = evaluate.worn(window, number, rng)
                    for way, crossing in _ways(evaluate, window, centre, radius):
                        near = _clearance(evaluate, path, centre, radius, way)
                        told = crossing.probability > track.need(*way, Model())
                        found.append((half, crossing.probability, near, told))
    return [one for one in found if not math.isnan(one[2])]


def _ways(
    evaluate: ModuleType, fixes: list[dict[str, Any]], centre: tuple[float, float], radius: float
) -> list[tuple[list[End], Crossing]]:
    """Judge the fixes against a circle and return each way that was looked at and may have led through it."""
    geometry = {"type": "Point", "coordinates": [centre[1], centre[0]]}
    zone = Zone.from_geojson(
        {"type": "Feature", "geometry": geometry, "properties": {"id": "circle", "radius_m": radius, "buffer_m": 200}}
    )
    seen: list[tuple[list[End], Crossing]] = []
    plain = track.crossing

    def noted(zone: Zone, start: End, finish: End, model: Model) -> Crossing:
        crossing = plain(zone, start, finish, model)
        if crossing.probability > 0.1:
            seen.append(([start, finish], crossing))
        return crossing

    track.crossing = noted  # type: ignore[attr-defined]
    try:
        state: PlaceState | None = None
        for row in sorted(fixes, key=evaluate.received):
            if state is None or row["t"] > state.fix_time:
                state = decide(
                    zone, Fix(row["t"], row["lat"], row["lon"], row.get("acc"), row.get("speed")), state
                ).state
    finally:
        track.crossing = plain  # type: ignore[attr-defined]
    return seen


def main() -> None:
    """Print what was so of what the model gives, and what is reported, for both halves of the traces."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluate", type=Path, required=True)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--circles", type=int, default=60, help="circles of each trace and interval")
    options = parser.parse_args()
    evaluate = load(options.evaluate)
    found = _measure(evaluate, evaluate.read_traces(options.traces), options.circles)
    for name, halves in (("all traces", (False, True)), ("one half", (False,)), ("the other half", (True,))):
        chosen = [one for one in found if one[0] in halves]
        bins: dict[int, list[bool]] = defaultdict(list)
        for _, probability, near, _ in chosen:
            bins[int(10 * probability)].append(near < 0)
        print(f"\n{name}: {len(chosen)} ways, {sum(near < 0 for _, _, near, _ in chosen)} led through")
        for step, were in sorted(bins.items()):
            print(
                f"  given {step / 10:.1f} to {(step + 1) / 10:.1f}: {sum(were) / len(were):.2f} were so of {len(were)}"
            )
        told = [near for _, _, near, is_told in chosen if is_told]
        print(f"  told {len(told)}: {sum(near < 0 for near in told)} so, {sum(near > FAR_M for near in told)} far off")


if __name__ == "__main__":
    main()
