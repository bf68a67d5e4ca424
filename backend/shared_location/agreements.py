"""What a protected person agrees to about sharing where they are: agreed, paused, taken up again, withdrawn."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import alerts, audit, moving_places
from backend.access import access_victim, access_wearer, require
from backend.alerts.codes import CODE_ALPHABET
from backend.db import atomic, lock_rows
from backend.errors import DomainError, InvalidRecord
from backend.models import (
    LocationConsent,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Victim,
    VictimPhone,
    VictimPosition,
    Wearer,
)
from backend.record import reading
from backend.shared_location.phones import digest

CODE_LENGTH = 10
CODE_VALID_S = 1_800.0


class MovingPlaceAlone(DomainError):
    """A moving place beside no fixed one: if their phone is off, nothing would protect them."""

    code, status, title = "moving_place_alone", 409, "A fixed zone comes first"


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is read to them: the code, and until when their phone can be paired with it."""

    code: str
    expires_at: datetime


def agree(
    person: Person,
    victim_id: int,
    wearer_ids: Sequence[int],
    radius_m: float,
    buffer_m: float,
    label: str,
    now: datetime,
) -> Pairing:
    """Record that they agree, put a moving place around them for these wearers, and return the code for their phone.

    An earlier agreement ends with this one, which covers the same wearers as well: a colleague who renews
    it in one case may not know of the others.

    Raises: NotAllowed; NotFound for someone of whom the person may not know; MovingPlaceAlone where no fixed zone
    keeps one of the wearers from a place of theirs.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    with atomic():
        victim = access_victim(person, victim_id, now)
        if victim.is_child:
            raise InvalidRecord("A child's phone does not share its location: protect their places with zones.")
        wearers = [access_wearer(person, wearer_id, now) for wearer_id in sorted(set(wearer_ids))]
        kept = {row.wearer_id for row in moving_zones(victim.id, now)}
        lock_rows(Wearer, sorted({*wearer_ids, *kept}))
        for wearer in wearers:
            if not _has_fixed_zone(victim, wearer, now):
                raise MovingPlaceAlone("No fixed zone keeps this person away from one of their places. Save one first.")
        _end(victim, audit.actor_of(person), now)
        consent = LocationConsent.create(victim=victim, given_at=now, recorded_by=person)
        place = ProtectedPlace.create(victim=victim, label=label)
        feature = {
            "type": "Feature",
            "geometry": None,
            "properties": {"kind": "moving", "radius_m": radius_m, "buffer_m": buffer_m},
        }
        for wearer_id in sorted({*wearer_ids, *kept}):
            PlaceZone.create(
                place=place, wearer=wearer_id, feature=feature, from_at=moving_places.begins_at(now), moves=True
            )
        expires_at = now + timedelta(seconds=CODE_VALID_S)
        VictimPhone.create(consent=consent, code_hash=digest(code), code_expires_at=expires_at, created_at=now)
        audit.record(audit.actor_of(person), "location_consent_given", f"victim:{victim.id}", now, consent=consent.id)
    return Pairing(code, expires_at)


def agreement_of(victim: Victim) -> LocationConsent | None:
    """Return their standing agreement that a phone of theirs says where they are."""
    return LocationConsent.get_or_none(LocationConsent.victim == victim, LocationConsent.withdrawn_at.is_null())


def pause(victim: Victim, now: datetime) -> None:
    """Keep nothing of what their phone sends until they go on, and forget where they were, at once."""
    with atomic():
        lock_rows(Wearer, sorted({row.wearer_id for row in moving_zones(victim.id, now)}))
        paused = (
            LocationConsent.update(paused_at=now)
            .where(
                LocationConsent.victim == victim,
                LocationConsent.withdrawn_at.is_null(),
                LocationConsent.paused_at.is_null(),
            )
            .execute()
        )
        VictimPosition.delete().where(VictimPosition.victim == victim).execute()
        if paused:
            audit.record(f"victim:{victim.id}", "location_paused", f"victim:{victim.id}", now)
            alerts.tell_that_victim_wrote(
                victim, "They paused sharing where they are. Fixed zones are watched on.", now
            )


def go_on(victim: Victim, now: datetime) -> None:
    """Take what their phone sends again."""
    with atomic():
        changed = (
            LocationConsent.update(paused_at=None)
            .where(
                LocationConsent.victim == victim,
                LocationConsent.withdrawn_at.is_null(),
                LocationConsent.paused_at.is_null(False),
            )
            .execute()
        )
        if changed:
            audit.record(f"victim:{victim.id}", "location_resumed", f"victim:{victim.id}", now)


def withdraw(victim: Victim, by: str, now: datetime) -> None:
    """End what they agreed to, at once: their positions are gone, nothing new is judged, what stands stands.

    An alert that stands at their moving place stays with the officer, who hears nothing more from their phone.
    """
    with atomic():
        lock_rows(Wearer, sorted({row.wearer_id for row in moving_zones(victim.id, now)}))
        if _end(victim, by, now):
            audit.record(by, "location_consent_withdrawn", f"victim:{victim.id}", now)


def withdraw_for(person: Person, victim_id: int, now: datetime) -> None:
    """The same, said to a member of staff. Raises: NotAllowed; NotFound."""
    require(person, Role.OFFICER, Role.SUPERVISOR)
    withdraw(access_victim(person, victim_id, now), audit.actor_of(person), now)


def _has_fixed_zone(victim: Victim, wearer: Wearer, now: datetime) -> bool:
    case = reading.cases([wearer.id], faults={}).get(wearer.id)
    # Of a case that cannot be read no one knows whether anything else would protect them.
    held = [zone.place_id for zone in case.zones_meant(now)] if case is not None else []
    return ProtectedPlace.select().where(ProtectedPlace.victim == victim, ProtectedPlace.id.in_(held)).exists()


def moving_zones(victim_id: int, now: datetime) -> list[PlaceZone]:
    """Return the moving zones around them that are in force, each with its place and wearer."""
    return list(
        PlaceZone.select(PlaceZone, ProtectedPlace, Wearer)
        .join(ProtectedPlace)
        .switch(PlaceZone)
        .join(Wearer)
        .where(
            ProtectedPlace.victim == victim_id,
            PlaceZone.moves,
            PlaceZone.to_at.is_null() | (PlaceZone.to_at > now),
        )
        .order_by(PlaceZone.id)
    )


def _end(victim: Victim, by: str, now: datetime) -> bool:
    ended = (
        LocationConsent.update(withdrawn_at=now, withdrawn_by=by)
        .where(LocationConsent.victim == victim, LocationConsent.withdrawn_at.is_null())
        .execute()
    )
    ids = [row.id for row in moving_zones(victim.id, now)]
    PlaceZone.update(to_at=now).where(PlaceZone.id.in_(ids)).execute()
    VictimPosition.delete().where(VictimPosition.victim == victim).execute()
    return bool(ended)
