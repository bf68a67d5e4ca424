"""Commands of zones: a place protected, a new version, one drawn in a hurry, and a supervisor's decision on it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from backend.bounds import Instant
from backend.cases import writing
from backend.cases.commands.base import Ask, Command, Dated, Name, Reasoned, RowId, Versioned
from backend.cases.commands.drawing import LATITUDE, LONGITUDE
from backend.cases.commands.stale_changes import changes
from backend.cases.commands.typed import Named
from backend.models import Fact, Person, PlaceZone, ProtectedPlace

DRAWN = ("zone_entered", "zone_removed", "approval_entered")


class AddPlaceToStay(Command):
    """A place where the wearer has to stay at the hours of a curfew; a zone of the kind inclusion goes around it."""

    label: Annotated[Name, Ask("Enter a name for the place that colleagues will know.")]

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> ProtectedPlace:
        """Add it; one of this name stays as it is. Raises: NotFound, NotAllowed."""
        return writing.place_to_stay(by, wearer_id, self.label, now)


class ProtectPlace(Reasoned, Dated):
    """A zone around a place, from an instant on."""

    place_id: RowId
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    to_at: Instant | None = None
    order_id: RowId | None = None
    condition_id: RowId | None = None

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> PlaceZone:
        """Protect the place. Raises: NotFound, NotAllowed, InvalidRecord, ZoneNotUsable, NeedsConfirmation."""
        more = self.model_dump(include={"why", "document", "to_at", "order_id", "condition_id", "is_confirmed"})
        return writing.add_zone(by, wearer_id, self.place_id, self.zone, self.from_at, now, **more)


class ChangeZone(Reasoned, Dated, Versioned):
    """A new version of a zone; what is not given stays. A correction says that the version at hand never held."""

    zone: dict[str, Any] | None = None
    is_removed: bool = False
    is_correction: bool = False
    order_id: Annotated[RowId | None, Named("order")] = None

    @changes("zone", *DRAWN)
    def carry_out(self, by: Person, now: datetime, zone_id: int) -> PlaceZone:
        """Enter the version. Raises: NotFound, NotAllowed, InvalidTransition, ZoneNotUsable, NeedsConfirmation."""
        more = self.model_dump(include={"why", "document", "order_id", "is_removed", "is_correction", "is_confirmed"})
        return writing.change_zone(by, zone_id, self.from_at, now, feature=self.zone, **more)


class ProtectNewPlace(Command):
    """A circle around a new place, in force at once."""

    victim_id: Annotated[RowId, Named("victim"), Ask("Choose whom the place protects.")]
    place: Annotated[Name, Ask("Enter a name for the place that colleagues will know.")]
    lat: Annotated[float, Field(ge=-90, le=90), LATITUDE]
    lon: Annotated[float, Field(ge=-180, le=180), LONGITUDE]
    radius_m: Annotated[float, Field(ge=50, le=10_000), Ask("Enter a radius from 50 to 10,000 metres.")]
    is_confirmed: bool = False

    def carry_out(self, by: Person, now: datetime, wearer_id: int) -> PlaceZone:
        """Protect the place. Raises: NotFound, NotAllowed, InvalidRecord, NeedsConfirmation."""
        where = (self.lat, self.lon, self.radius_m)
        return writing.protect_tonight(
            by, wearer_id, self.victim_id, self.place, *where, now, is_confirmed=self.is_confirmed
        )


class DecideOnZone(Reasoned, Versioned):
    """What a supervisor decides on a provisional zone."""

    is_approved: bool

    @changes("zone", *DRAWN)
    def carry_out(self, by: Person, now: datetime, zone_id: int) -> Fact:
        """Record the decision. Raises: NotFound, NotAllowed, InvalidRecord, NeedsConfirmation."""
        return writing.decide_on(by, zone_id, self.is_approved, now, why=self.why, is_confirmed=self.is_confirmed)
