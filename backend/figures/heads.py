"""What lists say of counted alerts, wearers and places beside a figure: code, situation, officer, names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

from backend.models import Alert, AlertFigures, Person, ProtectedPlace, Victim, Wearer


@dataclass(frozen=True, slots=True)
class Head:
    """One alert in a line."""

    alert: Alert
    officer: str | None

    @property
    def decided_at(self) -> datetime:
        """When Cordon decided it."""
        at: datetime = self.alert.decided_at
        return at


def heads_of(alert_ids: Sequence[int]) -> dict[int, Head]:
    """Return a line for each of these alerts. The caller has made sure that the reader may see them."""
    rows = (
        AlertFigures.select(AlertFigures, Alert, Person)
        .join(Alert)
        .switch(AlertFigures)
        .join(Person, JOIN.LEFT_OUTER)
        .where(AlertFigures.alert.in_(list(alert_ids) or [0]))
    )
    return {row.alert_id: Head(row.alert, row.officer.name if row.officer else None) for row in rows}


def names_of_wearers(wearer_ids: Sequence[int]) -> dict[int, str]:
    """Return the name of each wearer."""
    return {row.id: row.name for row in Wearer.select().where(Wearer.id.in_(list(wearer_ids) or [0]))}


def names_of_places(place_ids: Sequence[int]) -> dict[int, str]:
    """Return what each place is called, with whom it protects, if anyone."""
    rows = (
        ProtectedPlace.select(ProtectedPlace, Victim)
        .join(Victim, JOIN.LEFT_OUTER)
        .where(ProtectedPlace.id.in_(list(place_ids) or [0]))
    )
    return {row.id: f"{row.label}, {row.victim.name}" if row.victim else f"{row.label}, to stay in" for row in rows}
