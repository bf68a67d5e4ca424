"""The demo caseload in London: invented people, phone numbers reserved for fiction, public places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from backend import authentication, tag_signatures
from backend.cases import identity, writing
from backend.channels import OWN_TEXTS
from backend.db import atomic
from backend.models import (
    Activation,
    Condition,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Tag,
    Team,
    Victim,
    Wearer,
)
from backend.people import consent, devices, numbers
from backend.record.facts import Terms
from zones import Zone
from zones.geo import Frame

# For a demonstration on one's own machine only; make serve never makes these accounts.
PASSWORD = "cordon-demo"  # noqa: S105
FAR_M = 2_000.0


@dataclass(frozen=True, slots=True)
class _Case:
    """One wearer, the victim, and the zone between them; numbers from the range that Ofcom keeps for drama."""

    team: str
    officer: str
    wearer: str
    serial: str
    victim: str
    victim_phone: str
    words: tuple[str, str] | None
    place: str
    lat: float
    lon: float
    radius_m: float
    buffer_m: float
    outline_m: tuple[tuple[float, float], ...] = ()


TEAMS = ("North London", "South London")
# Role, team, name, email, phone.
PEOPLE = (
    (Role.OFFICER, TEAMS[0], "Amina Yusuf", "amina@cordon.example", "+447700900101"),
    (Role.OFFICER, TEAMS[0], "Ben Carter", "ben@cordon.example", "+447700900102"),
    (Role.SUPERVISOR, TEAMS[0], "Grace Okafor", "grace@cordon.example", "+447700900103"),
    (Role.OFFICER, TEAMS[1], "Dev Patel", "dev@cordon.example", "+447700900104"),
    (Role.SUPERVISOR, TEAMS[1], "Helen Morris", "helen@cordon.example", "+447700900105"),
    (Role.ADMINISTRATOR, TEAMS[0], "Ivy Chen", "ivy@cordon.example", "+447700900106"),
)
# Who they are in other systems, by the serial of the tag.
IDENTITIES = {
    "LDN-0001": ("X900101", date(1984, 3, 14)),
    "LDN-0002": ("X900102", date(1991, 11, 2)),
    "LDN-0003": ("X900103", date(1978, 6, 30)),
    "LDN-0004": ("X900104", date(1996, 1, 9)),
    "LDN-0005": ("X900105", date(1988, 8, 21)),
}
CASES = (
    _Case(
        team=TEAMS[0],
        officer="amina@cordon.example",
        wearer="Daniel Marsh",
        serial="LDN-0001",
        victim="Laura Bennett",
        victim_phone="+447700900201",
        words=("The library book that you asked for has arrived.", "Your library book has been collected."),
        place="Home",
        lat=51.5643,
        lon=-0.1030,
        radius_m=250.0,
        buffer_m=250.0,
    ),
    _Case(
        team=TEAMS[0],
        officer="ben@cordon.example",
        wearer="Owen Price",
        serial="LDN-0002",
        victim="Sofia Marino",
        victim_phone="+447700900202",
        words=None,
        place="Work",
        lat=51.5460,
        lon=-0.1040,
        radius_m=0.0,
        buffer_m=300.0,
        outline_m=((-320.0, -220.0), (340.0, -260.0), (380.0, 180.0), (20.0, 300.0), (-300.0, 210.0)),
    ),
    _Case(
        team=TEAMS[0],
        officer="amina@cordon.example",
        wearer="Karl Jensen",
        serial="LDN-0003",
        victim="Nia Roberts",
        victim_phone="+447700900203",
        words=("Reminder: your prescription is ready.", "Your prescription order is complete."),
        place="School",
        lat=51.5870,
        lon=-0.1410,
        radius_m=300.0,
        buffer_m=400.0,
    ),
    _Case(
        team=TEAMS[1],
        officer="dev@cordon.example",
        wearer="Lee Harding",
        serial="LDN-0004",
        victim="Priya Nair",
        victim_phone="+447700900204",
        words=None,
        place="Home",
        lat=51.4620,
        lon=-0.1140,
        radius_m=250.0,
        buffer_m=300.0,
    ),
    _Case(
        team=TEAMS[1],
        officer="dev@cordon.example",
        wearer="Marcus Webb",
        serial="LDN-0005",
        victim="Chloe Adams",
        victim_phone="+447700900205",
        words=("Your parcel is out for delivery.", "Your parcel has been delivered."),
        place="Mother's home",
        lat=51.4410,
        lon=-0.0610,
        radius_m=200.0,
        buffer_m=300.0,
    ),
)


def holds_people() -> bool:
    """Tell whether the database holds people and not just the demo, whose accounts have a public password."""
    accounts, serials = [email for _, _, _, email, _ in PEOPLE], [case.serial for case in CASES]
    made = (
        Person.select().where(Person.email.in_(accounts)).count(),
        Tag.select().where(Tag.serial.in_(serials)).count(),
    )
    if made == (len(accounts), len(serials)):
        return False
    return (
        Person.select().where(~Person.is_canary).exists()
        or Wearer.select().where(~Wearer.is_canary).exists()
        or Victim.select().where(Victim.id.not_in(_of_canaries())).exists()
    )


def _of_canaries() -> Any:
    return ProtectedPlace.select(ProtectedPlace.victim).join(PlaceZone).join(Wearer).where(Wearer.is_canary)


def seed(now: datetime) -> dict[str, Any]:
    """Make the demo caseload unless it is there, and return everything that it consists of."""
    with atomic():
        if not Person.select().where(Person.email == PEOPLE[0][3]).exists():
            _make(now)
    return describe()


def _make(now: datetime) -> None:
    teams = {name: Team.create(name=name, created_at=now) for name in TEAMS}
    password_hash = authentication.hash_password(PASSWORD)
    people: dict[str, Person] = {}
    for role, team, name, email, phone in PEOPLE:
        people[email] = Person.create(
            team=teams[team],
            role=role,
            name=name,
            email=email,
            phone=phone,
            password_hash=password_hash,
            created_at=now,
        )
        if phone:
            numbers.carry_over(people[email], now)
        if role != Role.ADMINISTRATOR:
            devices.register(people[email], f"demo-phone-of-{email.partition('@')[0]}", "android", now)
    since = now - timedelta(days=1)
    for case in CASES:
        victim = Victim.create(team=teams[case.team], name=case.victim, phone=case.victim_phone, created_at=now)
        numbers.carry_over(victim, now)
        if case.words:
            consent.give(victim, OWN_TEXTS, *case.words, recorded_by=people[case.officer], now=now)
        wearer = Wearer.create(
            team=teams[case.team], name=case.wearer, responsible_officer=people[case.officer], created_at=now
        )
        identity.record(people[case.officer], wearer.id, *IDENTITIES[case.serial], now, why="released on licence")
        place = ProtectedPlace.create(victim=victim, label=case.place)
        order = writing.open_order(
            people[case.officer],
            wearer.id,
            "dapol",
            f"DEMO-{case.serial}",
            Terms(since, since + timedelta(days=365)),
            now,
            why="released on licence",
            conditions=(("1", "Not to enter the area shown on the map."),),
        )
        writing.add_zone(
            people[case.officer],
            wearer.id,
            place.id,
            _feature(case),
            since,
            now,
            why="as the licence says",
            order_id=order.id,
            condition_id=Condition.get(Condition.order == order).id,
        )
        tag = Tag.create(serial=case.serial, key=tag_signatures.new_key(), created_at=now)
        Activation.create(tag=tag, wearer=wearer, from_at=since)


def _feature(case: _Case) -> dict[str, Any]:
    properties: dict[str, Any] = {"id": case.serial, "kind": "exclusion", "buffer_m": case.buffer_m}
    if not case.outline_m:
        properties["radius_m"] = case.radius_m
        geometry: dict[str, Any] = {"type": "Point", "coordinates": [case.lon, case.lat]}
    else:
        frame = Frame(case.lat, case.lon)
        ring = [frame.to_degrees(east, north)[::-1] for east, north in (*case.outline_m, case.outline_m[0])]
        geometry = {"type": "Polygon", "coordinates": [[[round(x, 6), round(y, 6)] for x, y in ring]]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def describe() -> dict[str, Any]:
    """Return the demo caseload: tags with their keys and two places each, people with their logins."""
    cases = {case.serial: case for case in CASES}
    shapes = {case.serial: Zone.from_geojson(_feature(case)) for case in CASES}
    tags_out = []
    query = Tag.select(Tag, Activation, Wearer).join(Activation).join(Wearer).where(Tag.serial.in_(list(cases)))
    for tag in query.order_by(Tag.serial):
        case = cases[tag.serial]
        wearer = tag.activation.wearer
        tags_out.append(
            {
                "serial": tag.serial,
                "key": tag.key,
                "inside": {"lat": case.lat, "lon": case.lon},
                "outside": _far_from_all(case, list(shapes.values())),
                "wearer": wearer.name,
                "team": case.team,
                "officer": wearer.responsible_officer.email,
                "victim": case.victim,
                "radius_m": case.radius_m or max(math.hypot(*corner) for corner in case.outline_m),
            }
        )
    people = [
        {
            "role": role,
            "email": email,
            "password": PASSWORD,
            "name": name,
            "team": team,
            "phone": phone,
            "push_token": f"demo-phone-of-{email.partition('@')[0]}" if role != Role.ADMINISTRATOR else None,
        }
        for role, team, name, email, phone in PEOPLE
    ]
    victims = [
        {
            "role": "victim",
            "name": case.victim,
            "team": case.team,
            "phone": case.victim_phone,
            "consents_to_sms": case.words is not None,
            "place": case.place,
        }
        for case in CASES
    ]
    return {"tags": tags_out, "people": people, "victims": victims}


def _far_from_all(case: _Case, shapes: list[Zone]) -> dict[str, float]:
    """Return a place at least 2 km outside every zone, and as near to this one as that allows."""
    frame = Frame(case.lat, case.lon)
    for reach_m in range(2_500, 20_000, 250):
        for bearing in range(0, 360, 30):
            east = reach_m * math.sin(math.radians(bearing))
            north = reach_m * math.cos(math.radians(bearing))
            lat, lon = frame.to_degrees(east, north)
            if all(shape.distance_m(lat, lon) >= FAR_M for shape in shapes):
                return {"lat": round(lat, 6), "lon": round(lon, 6)}
    raise AssertionError("the demo zones leave no place 2 km away from all of them")
