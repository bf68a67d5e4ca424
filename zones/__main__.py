"""The command line: `python -m zones judge --zones ZONES.geojson --fixes FIXES.jsonl`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from zones import Fix, Zone, decide
from zones.decision import PlaceState


def main() -> int:
    """Run the command and return its exit status: 0, or 2 when a line or a zone could not be read."""
    parser = argparse.ArgumentParser(prog="python -m zones")
    judge = parser.add_subparsers(required=True).add_parser("judge", help="judge recorded fixes against zones")
    judge.add_argument("--zones", type=Path, required=True)
    judge.add_argument("--fixes", type=Path, required=True)
    args = parser.parse_args()
    zones = [Zone.from_geojson(feature) for feature in json.loads(args.zones.read_text())["features"]]
    states: dict[tuple[str, str], PlaceState] = {}
    told: dict[tuple[str, str], tuple[int, str]] = {}
    by_tag: dict[str | None, list[Zone]] = {}
    for zone in zones:
        by_tag.setdefault(zone.tag, []).append(zone)
    status = 0
    for number, line in enumerate(args.fixes.open(), 1):
        try:
            row = json.loads(line)
            fix = Fix(
                row["fix_time"],
                row["lat"],
                row["lon"],
                row.get("accuracy_m"),
                row.get("speed_mps"),
                received_at=row.get("received_at"),
            )
        except (ValueError, KeyError) as fault:
            print(f"line {number}: {fault}", file=sys.stderr)
            status = 2
            continue
        for zone in by_tag.get(row["tag"], []) + by_tag.get(None, []):
            key = row["tag"], zone.zone_id
            state = states.get(key)
            if state and fix.fix_time <= state.fix_time:
                continue
            decision = decide(zone, fix, state)
            states[key] = decision.state
            now = int(decision.level), str(decision.certainty)
            if told.get(key) != now:
                told[key] = now
                print(
                    json.dumps(
                        {
                            "tag": row["tag"],
                            "zone": zone.zone_id,
                            "at": row["received_at"],
                            "level": decision.level.name.lower(),
                            "certainty": decision.certainty,
                        }
                    )
                )
    return status


if __name__ == "__main__":
    sys.exit(main())
