"""Drills: a training case whose fixes go through the real chain, marked as such, never sent to a protected person."""

from __future__ import annotations

import secrets
from datetime import datetime

from backend import audit, ingest, tag_signatures
from backend.access import access_wearer, require
from backend.cases import consequences
from backend.cases.writing import add_zone
from backend.db import atomic
from backend.errors import InvalidTransition
from backend.ingest.pipeline import store_group
from backend.ingest.zones_of_wearer import shape_of
from backend.models import Activation, Person, PlaceZone, ProtectedPlace, Role, Tag, Victim, Wearer
from backend.record import reading
from backend.settings import Settings

# Trafalgar Square: a public place that is no one's home.
WHERE = (51.5080, -0.1281)
RADIUS_M = 150.0


def make_case(person: Person, now: datetime) -> Wearer:
    """Make the team's training case, or return the one there is. Raises: NotAllowed for anyone but a supervisor."""
    require(person, Role.SUPERVISOR)
    return training_case(person, now)


def training_case(person: Person, now: datetime) -> Wearer:
    """Return the training case of the person's team, which is made where there is none."""
    require(person, Role.OFFICER, Role.SUPERVISOR)
    known = Wearer.get_or_none(Wearer.team == person.team_id, Wearer.is_training)
    if known is not None:
        return known
    with atomic():
        name = "DRILL (training case)"
        wearer = Wearer.create(team=person.team_id, name=name, is_training=True, created_at=now)
        victim = Victim.create(team=person.team_id, name="DRILL (no person)", created_at=now)
        place = ProtectedPlace.create(victim=victim, label="DRILL")
        tag = Tag.create(serial=f"DRILL-{secrets.token_hex(4)}", key=tag_signatures.new_key(), created_at=now)
        Activation.create(tag=tag, wearer=wearer, from_at=now)
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [WHERE[1], WHERE[0]]},
            "properties": {"id": "drill", "kind": "exclusion", "radius_m": RADIUS_M, "buffer_m": RADIUS_M},
        }
        add_zone(person, wearer.id, place.id, feature, now, now, why="A zone to practise with.")
        audit.record(audit.actor_of(person), "training_case_made", f"wearer:{wearer.id}", now)
        return wearer


def run(person: Person, wearer_id: int, settings: Settings, now: datetime) -> None:
    """Let the training case's tag report from inside its zone: stored, judged, raised and delivered as any fix.

    Raises: NotFound, NotAllowed; InvalidTransition for a case that is none of training.
    """
    require(person, Role.SUPERVISOR)
    wearer = access_wearer(person, wearer_id, now)
    if not wearer.is_training:
        raise InvalidTransition("Only a training case can be used for a drill.")
    worn = consequences.present_tag(wearer.id, now)
    held = reading.case(wearer.id).zones_in_force(now)
    if worn is None or not held:
        raise InvalidTransition("The training case has no tag, or no zone in force.")
    lon, lat = shape_of(PlaceZone.get_by_id(held[0].zone_id)).geometry["coordinates"]
    with atomic():
        audit.record(audit.actor_of(person), "drill_run", f"wearer:{wearer.id}", now)
    body = f'{{"fixes": [{{"fix_time": "{now.isoformat()}", "lat": {lat}, "lon": {lon}, "accuracy_m": 6.0}}]}}'
    submission = ingest.read(worn.tag_id, f"drill-{secrets.token_hex(8)}", body.encode(), now, False, settings)
    # The notifier may judge the same case just now: this waits for it, as no tag does.
    store_group([submission], settings, waits=True)
