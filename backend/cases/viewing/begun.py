"""What of a case had begun by an instant: whom it protected, and which places had a zone."""

from __future__ import annotations

from datetime import datetime

from backend.record.case_file import CaseFile
from backend.record.facts import What, true_at


def protected_by(file: CaseFile, at: datetime) -> set[int]:
    """Return whom the case protected by ``at``: by a zone that was drawn by then, or by being entered."""
    drawn = {zone.protects for zone in file.zones if zone.row.from_at <= at and zone.protects is not None}
    held = [true_at(history, at) for history in file.histories(What.PROTECTED).values()]
    return drawn | {one.value["victim"] for one in held if one is not None and one.value["is_protected"]}


def places_by(file: CaseFile, at: datetime) -> set[int]:
    """Return the places of the case that had a zone by ``at``."""
    return {zone.row.place_id for zone in file.zones if zone.row.from_at <= at}
