"""A case as the record stood at an earlier instant: what was recorded since is left out, corrections too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from backend.record import reading
from backend.record.case_file import CaseFile
from backend.record.facts import What, standing, true_at


def as_known(file: CaseFile, known_at: datetime) -> CaseFile:
    """Return the file with what was recorded by then; activations of tags are as they are known today."""
    facts = [row for row in file.facts if row.recorded_at <= known_at]
    zones = [zone for zone in file.zones if zone.made is None or zone.made.recorded_at <= known_at]
    timeline, fault = reading.case_from(file.wearer.id, [(zone.row, zone.made) for zone in zones], facts)
    known = replace(
        file,
        facts=facts,
        zones=zones,
        timeline=timeline,
        fault=fault,
        of_victims={
            victim_id: [row for row in rows if row.recorded_at <= known_at]
            for victim_id, rows in file.of_victims.items()
        },
        orders=[order for order in file.orders if order.created_at <= known_at],
        conditions={
            order_id: [one for one in rows if one.recorded_at <= known_at] for order_id, rows in file.conditions.items()
        },
    )
    entered = [standing(history) for history in known.histories(What.PROTECTED).values()]
    theirs = known.placed | {held[-1].value["victim"] for held in entered if held and held[-1].value["is_protected"]}
    return replace(known, victims={one: victim for one, victim in file.victims.items() if one in theirs})


def protected_by(file: CaseFile, at: datetime) -> set[int]:
    """Return whom the case protected by ``at``: by a zone that was drawn by then, or by being entered."""
    drawn = {zone.row.place.victim_id for zone in file.zones if zone.row.from_at <= at}
    held = [true_at(history, at) for history in file.histories(What.PROTECTED).values()]
    return drawn | {one.value["victim"] for one in held if one is not None and one.value["is_protected"]}


def places_by(file: CaseFile, at: datetime) -> set[int]:
    """Return the places of the case that had a zone by ``at``."""
    return {zone.row.place_id for zone in file.zones if zone.row.from_at <= at}
