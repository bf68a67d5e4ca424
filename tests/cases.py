"""Hands for stories about cases: what people record, each through the function that a page or the API calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from backend import clock, db
from backend.cases import completeness, writing
from backend.cases.completeness import daily_check
from backend.models import Alert, AlertKind, CaseDue, Fix, Order, PlaceZone, ProtectedPlace, Victim
from backend.record.facts import LONDON, Terms, midnight
from tests.world import World
from zones.geo import Frame

WHY = "So the court ordered."
# Their words for: the person on probation is near, it is over, and protection is about to end.
NEAR, OVER = "Your book has arrived.", "Your book was collected."
ENDING = "The library is closing this branch."


def chosen(near: str, over: str, ending: str, **more: str) -> dict[str, str]:
    """Return the answers to the questions about texts, as both pages send them."""
    return {"wording_breach": near, "wording_over": over, "wording_ending": ending, **more}


def circle(lat: float, lon: float, radius_m: float = 250.0, buffer_m: float = 250.0) -> dict[str, Any]:
    """Return a circular exclusion zone."""
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"id": "circle", "kind": "exclusion", "radius_m": radius_m, "buffer_m": buffer_m},
    }


def east_of(place: tuple[float, float], metres: float) -> tuple[float, float]:
    """Return the place so many metres to the east."""
    return Frame(*place).to_degrees(metres, 0.0)


def order(world: World, starts_at: datetime, ends_at: datetime | None, kind: str = "dapol") -> Order:
    """Record an order of the wearer."""
    terms = Terms(starts_at, ends_at)
    made = writing.open_order(
        world.officer.person, world.wearer.id, kind, "LIC-2041", terms, clock.now(), why=WHY, document="Licence, p. 2"
    )
    db.release_connection()
    return made


def vary(world: World, made: Order, terms: Terms, from_at: datetime, **more: Any) -> int:
    """Record a variation, and return the id of its fact."""
    fact = writing.vary_order(
        world.officer.person, made.id, terms, from_at, clock.now(), why="Varied.", is_confirmed=True, **more
    )
    db.release_connection()
    return fact.id


def rests_on(world: World, made: Order) -> PlaceZone:
    """Let the wearer's zone rest on an order from its beginning on, as a correction of the zone without one."""
    zone = writing.change_zone(
        world.officer.person,
        world.zone.id,
        world.zone.from_at,
        clock.now(),
        why="The order was found.",
        order_id=made.id,
        is_correction=True,
        is_confirmed=True,
    )
    db.release_connection()
    return zone


def zone_around(
    world: World,
    place: tuple[float, float],
    from_at: datetime,
    label: str = "Elm",
    whose: Victim | None = None,
    **more: Any,
) -> PlaceZone:
    """Protect another place of the victim, or of someone else."""
    row = ProtectedPlace.create(victim=whose or world.victim, label=label)
    zone = writing.add_zone(
        world.officer.person, world.wearer.id, row.id, circle(*place), from_at, clock.now(), why=WHY, **more
    )
    db.release_connection()
    return zone


def alerts(kind: AlertKind = AlertKind.ZONE) -> list[Alert]:
    """Return the alerts there are, oldest first."""
    try:
        return list(Alert.select().where(Alert.kind == kind).order_by(Alert.id))
    finally:
        db.release_connection()


def fixes() -> list[Fix]:
    """Return the stored fixes in the order of their time."""
    try:
        return list(Fix.select().order_by(Fix.fix_time))
    finally:
        db.release_connection()


def forward_to(world: World, at: datetime) -> None:
    """Let time pass until an instant; sessions may end on the way."""
    world.forward((at - clock.now()).total_seconds())
    for phone in world.phones:
        phone._token = None


def notices_of(world: World) -> list[str]:
    """Return what notices have said of the wearer's case, oldest first."""
    return [
        reason
        for notice in alerts(AlertKind.NOTICE)
        if notice.wearer_id == world.wearer.id
        for reason in notice.reasons
    ]


def daily_look(world: World) -> None:
    """Let the daily look at every case fall due now, whatever the time of day, and wait for its end."""
    CaseDue.create(what=completeness.WATCH, subject="all", due_at=clock.now())
    db.release_connection()
    world.settle()


def forward_to_afternoon(world: World) -> None:
    """Let time pass until an hour at which a look tells no one what can wait for the morning, unless it is one."""
    local = clock.now().astimezone(LONDON)
    if daily_check.WATCH_HOUR <= local.hour < daily_check.MORNING_ENDS:
        forward_to(world, midnight(local.date()) + timedelta(hours=daily_check.MORNING_ENDS))


def forward_to_morning(world: World) -> datetime:
    """Let time pass until the next morning's look is over, and return when it began."""
    completeness.ensure_daily(clock.now())
    db.release_connection()
    today = clock.now().astimezone(LONDON).date()
    mornings = [midnight(today + timedelta(days=n)) + timedelta(hours=6) for n in (0, 1)]
    at = next(one for one in mornings if one > clock.now())
    forward_to(world, at + timedelta(seconds=1))
    return at
