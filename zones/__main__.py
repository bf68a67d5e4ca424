"""The command line: `python -m zones judge --zones ZONES.geojson --fixes FIXES.jsonl`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from zones.fix import Fix, FixRefused, Source, read_source, read_validity
from zones.judging import Change, Judging
from zones.sources import PositionFeed, read_claim
from zones.zone import Zone, ZoneRefused

_FORMATS = """\
ZONES  GeoJSON: a FeatureCollection or one Feature. Point with radius_m or radius_miles, Polygon, MultiPolygon, or
       LineString with width_m; properties id, buffer_m, kind (exclusion,
       inclusion, restriction), tag (absent: the zone applies to all)
FIXES  one JSON object a line in order of arrival: tag, fix_time (epoch s), lat, lon (WGS 84 degrees), and where known
       received_at (epoch s), accuracy_m (68 % radius), speed_mps, course_deg, satellites, hdop, source (gnss, wifi,
       cell, rf; any other word is judged as the coarsest), feed (whose claim the accuracy is: phone, uk_vendor,
       nmea_gst; absent: phone), valid (false: the receiver itself does not believe it)
prints one JSON object a line for each change: tag, zone, at (received_at of the fix that caused it), level, certainty,
       and distance_m, probability, fix_time, reasons; crossing_at, pass_through and late where they apply
"""


def _read_zones(path: Path) -> tuple[list[Zone], int]:
    """Return the zones of a file and how many of its features were refused, each reported on stderr."""
    content = json.loads(path.read_text(encoding="utf-8"))
    features = content.get("features") if isinstance(content, dict) and "features" in content else [content]
    zones, refused = [], 0
    for number, feature in enumerate(features if isinstance(features, list) else [features], 1):
        try:
            zones.append(Zone.from_geojson(feature))
        except ZoneRefused as fault:
            print(f"{path}: zone {number}: {fault.detail}", file=sys.stderr)
            refused += 1
    return zones, refused


def _read_fix(row: Any) -> tuple[str, Fix]:
    if not isinstance(row, dict):
        raise FixRefused("not_an_object", "the line is not a JSON object.")
    missing = [name for name in ("tag", "fix_time", "lat", "lon") if row.get(name) is None]
    if missing:
        raise FixRefused("missing", f"{' and '.join(missing)} missing.")
    optional = ("speed_mps", "course_deg", "satellites", "hdop", "received_at")
    extras = {name: row[name] for name in optional if row.get(name) is not None}
    accuracy_m, source = read_claim(row.get("accuracy_m"), read_source(row), PositionFeed.read(row.get("feed")))
    return str(row["tag"]), Fix(
        row["fix_time"],
        row["lat"],
        row["lon"],
        accuracy_m=accuracy_m,
        source=source,
        is_valid=read_validity(row),
        **extras,
    )


def _line(tag: str, fix: Fix, change: Change) -> str:
    decision = change.decision
    told: dict[str, Any] = {
        "tag": tag,
        "zone": change.zone.zone_id,
        "at": fix.fix_time if fix.received_at is None else fix.received_at,
        "level": decision.level.name.lower(),
        "certainty": str(decision.certainty),
        "distance_m": round(decision.distance_m, 1),
        "probability": round(decision.probability_inside, 3),
        "fix_time": decision.fix_time,
        "reasons": decision.reasons,
    }
    if decision.crossing_at is not None:
        told["crossing_at"] = round(decision.crossing_at, 1)
    if decision.is_pass_through:
        told["pass_through"] = True
    if change.is_late:
        told["late"] = True
    return json.dumps(told, ensure_ascii=False)


def judge(zones: list[Zone], lines: TextIO, name: str) -> Iterator[str | None]:
    """Yield a line of JSON for each change; None for each line not read in full, which is reported on stderr."""
    judging = Judging(zones)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            tag, fix = _read_fix(row)
        except (json.JSONDecodeError, FixRefused) as fault:
            print(f"{name}: line {number}: {fault}", file=sys.stderr)
            yield None
            continue
        if Source.read(row.get("source")) is Source.UNKNOWN:
            said = f"source is {row['source']!r}, which is not a known source: judged as the coarsest."
            print(f"{name}: line {number}: {said}", file=sys.stderr)
            yield None
        for change in judging.accept(tag, fix):
            yield _line(tag, fix, change)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 when a line or a zone could not be read."""
    parser = argparse.ArgumentParser(prog="python -m zones", description="Judge recorded fixes against zones.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "judge",
        help="print each change of state of each tag at each zone",
        description="Judge recorded fixes against zones, in order of arrival.",
        epilog=_FORMATS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--zones", type=Path, required=True, metavar="FILE", help="GeoJSON zones")
    command.add_argument("--fixes", type=Path, required=True, metavar="FILE", help="fixes, one JSON object a line")
    options = parser.parse_args(arguments)
    try:
        zones, refused = _read_zones(options.zones)
        with options.fixes.open(encoding="utf-8") as lines:
            for told in judge(zones, lines, str(options.fixes)):
                if told is None:
                    refused += 1
                else:
                    print(told)
    except (OSError, json.JSONDecodeError) as fault:
        print(f"python -m zones: {fault}", file=sys.stderr)
        return 2
    return 2 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
