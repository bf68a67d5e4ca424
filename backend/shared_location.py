"""The only writer of a protected person's location: their consent, phone, newest positions and withdrawal."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peewee import fn

from backend import alarms, alerts, audit, moving_places, report_interval, typed_text
from backend.access import access_victim, access_wearer, require
from backend.alerts.situation import CODE_ALPHABET
from backend.bulk_statements import insert_rows
from backend.db import STORAGE_TROUBLE, apart, atomic, lock_rows
from backend.errors import DomainError, InvalidRecord, NotSignedIn
from backend.ingest.alert_changes import cannot_judge
from backend.ingest.context import row_of
from backend.models import (
    AlarmKind,
    LocationConsent,
    Person,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    Role,
    Victim,
    VictimPhone,
    VictimPosition,
    Wearer,
)
from backend.report_interval import Report
from backend.settings import Settings
from zones import Fix, doubt_of

log = logging.getLogger(__name__)

CODE_LENGTH = 10
CODE_VALID_S = 1_800.0
KEPT_FOR = timedelta(hours=72)
PAGE, APP = "page", "app"


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
        kept = {row.wearer_id for row in _moving(victim.id, now)}
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
        VictimPhone.create(consent=consent, code_hash=_digest(code), code_expires_at=expires_at, created_at=now)
        audit.record(audit.actor_of(person), "location_consent_given", f"victim:{victim.id}", now, consent=consent.id)
    return Pairing(code, expires_at)


def pair(code: str, now: datetime) -> str:
    """Exchange the code, once, for the token with which their phone speaks. Raises: NotSignedIn."""
    token = secrets.token_urlsafe(32)
    with atomic():
        changed = (
            VictimPhone.update(token_hash=_digest(token), paired_at=now)
            .where(
                VictimPhone.code_hash == _digest(typed_text.fold(code).strip().upper()),
                VictimPhone.code_expires_at > now,
                VictimPhone.token_hash.is_null(),
            )
            .execute()
        )
        if not changed:
            raise NotSignedIn("The code is not known, was used, or is too old.")
        phone = identify(token)
        audit.record(f"victim:{phone.consent.victim_id}", "victim_phone_paired", f"victim_phone:{phone.id}", now)
    return token


def identify(token: str) -> VictimPhone:
    """Return the phone that holds this token, while they agree. Raises: NotSignedIn."""
    phone = (
        VictimPhone.select(VictimPhone, LocationConsent)
        .join(LocationConsent)
        .where(VictimPhone.token_hash == _digest(token), LocationConsent.withdrawn_at.is_null())
        .first()
    )
    if phone is None:
        raise NotSignedIn("This phone is not paired.")
    return phone


def accept(phone: VictimPhone, fixes: Sequence[Fix], settings: Settings, now: datetime) -> int:
    """Judge where they are now and forget where they were; return in how many seconds their phone should report again.

    Only what is newer than the newest known counts; a position of the future, of long ago, or at which
    no phone can be is passed over. The answer depends on how the phone moves and on nothing else: it must not tell the
    person who holds it who is near.
    """
    victim_id = phone.consent.victim_id
    latest = now.timestamp() + settings.future_tolerance_s
    earliest = now.timestamp() - moving_places.MOST_AGE_S
    with atomic():
        rows = _moving(victim_id, now)
        lock_rows(Wearer, sorted({row.wearer_id for row in rows}))
        # Withdrawn in this very moment: nothing of them is kept.
        phone = identify_again(phone)
        VictimPhone.update(heard_at=now).where(VictimPhone.id == phone.id).execute()
        if phone.consent.paused_at is not None:
            return _interval_s(phone, [], settings, now)
        before, taken = _positions(victim_id), []
        for fix in sorted(fixes, key=lambda fix: fix.fix_time):
            if earliest <= fix.fix_time <= latest and doubt_of(fix) is None and _keep(victim_id, fix, now):
                taken.append(fix)
                for row in rows:
                    _judge(row, now)
        return _interval_s(phone, [*before, *taken], settings, now)


def _judge(row: PlaceZone, now: datetime) -> None:
    """Judge how near one wearer is; a case that cannot be read is an alert of its own, and keeps no other from it."""
    try:
        with apart():
            states = moving_places.judge_position([row], now, now)
            insert_rows(PlaceState, [row_of(state) for state in states], update_on=("wearer", "zone"))
        return
    except STORAGE_TROUBLE:
        raise
    except Exception as error:
        log.warning("moving place %s not judged: %s", row.id, type(error).__name__)
        why = type(error).__name__
    try:
        with apart():
            alerts.apply(cannot_judge(row.wearer, row, why, now, now, now))
    except STORAGE_TROUBLE:
        raise
    except Exception:
        log.exception("wearer %s: no alert says that they are not judged", row.wearer_id)
        detail = f"Fixes of wearer {row.wearer_id} cannot be judged, and no alert can say so"
        alarms.raise_alarm(AlarmKind.NOT_JUDGED, f"wearer:{row.wearer_id}", detail, now, row.wearer.team_id)


def _interval_s(phone: VictimPhone, sent: Sequence[Fix], settings: Settings, now: datetime) -> int:
    since = now.timestamp() - report_interval.RECENT_S
    reports = [
        Report(fix.fix_time, fix.lat, fix.lon, fix.accuracy_m, fix.speed_mps) for fix in sent if fix.fix_time > since
    ]
    moved_at_s = report_interval.moved_at_s(reports)
    # Two positions say nothing of the minutes before them: when the phone last moved is kept beside them.
    if moved_at_s is not None and (phone.moved_at is None or moved_at_s > phone.moved_at.timestamp()):
        phone.moved_at = datetime.fromtimestamp(moved_at_s, UTC)
        VictimPhone.update(moved_at=phone.moved_at).where(VictimPhone.id == phone.id).execute()
    known_s = None if phone.moved_at is None else phone.moved_at.timestamp()
    return report_interval.interval_s(known_s, now, False, settings)


def identify_again(phone: VictimPhone) -> VictimPhone:
    """Return the phone as it stands now. Raises: NotSignedIn when they withdrew meanwhile."""
    consent = LocationConsent.get_by_id(phone.consent_id)
    if consent.withdrawn_at is not None:
        raise NotSignedIn("This phone is not paired.")
    phone.consent = consent
    return phone


def silent(now: datetime, after_s: float) -> list[tuple[int, int, float | None]]:
    """Return victim, team and seconds of silence for each agreed phone that has said nothing for ``after_s``.

    None for a phone that has never said anything, as where the code was never entered.
    """
    since = now - timedelta(seconds=after_s)
    found: list[tuple[int, int, float | None]] = []
    for consent in (
        LocationConsent.select(LocationConsent, Victim)
        .join(Victim)
        .where(
            LocationConsent.withdrawn_at.is_null(),
            LocationConsent.paused_at.is_null(),
            LocationConsent.given_at < since,
        )
        .order_by(LocationConsent.id)
    ):
        newest = VictimPosition.select(fn.MAX(VictimPosition.fix_time)).where(VictimPosition.victim == consent.victim)
        at = VictimPosition.fix_time.python_value(newest.scalar())
        if at is None or at < since:
            found.append(
                (consent.victim_id, consent.victim.team_id, None if at is None else (now - at).total_seconds())
            )
    return found


def agreement_of(victim: Victim) -> LocationConsent | None:
    """Return their standing agreement that a phone of theirs says where they are."""
    return LocationConsent.get_or_none(LocationConsent.victim == victim, LocationConsent.withdrawn_at.is_null())


def phones_of(consent: LocationConsent) -> list[VictimPhone]:
    """Return what may speak for them, in the order in which it was added."""
    query = VictimPhone.select().where(VictimPhone.consent == consent, VictimPhone.token_hash.is_null(False))
    return list(query.order_by(VictimPhone.id))


def add_app(consent: LocationConsent, now: datetime) -> str:
    """Return a token for an app that runs in the background; an earlier one speaks for them no more."""
    token = secrets.token_urlsafe(16)
    with atomic():
        _drop_phones(consent, APP)
        _add_phone(consent, APP, token, now)
        by = f"victim:{consent.victim_id}"
        audit.record(by, "victim_phone_app_added", f"victim:{consent.victim_id}", now)
    return token


def page_phone(consent: LocationConsent, now: datetime) -> VictimPhone:
    """Return what speaks for their own page while it is open."""
    found = VictimPhone.get_or_none(VictimPhone.consent == consent, VictimPhone.kind == PAGE)
    return found or _add_phone(consent, PAGE, secrets.token_urlsafe(32), now)


def note_battery(phone: VictimPhone, battery_pct: float | None) -> None:
    """Keep how full the phone's battery is, for its owner to see."""
    if battery_pct is not None and 0 <= battery_pct <= 100:
        VictimPhone.update(battery_pct=battery_pct).where(VictimPhone.id == phone.id).execute()


def newest_position_at(victim: Victim) -> datetime | None:
    """Return of when the newest position is that is kept of them."""
    newest = (
        VictimPosition.select().where(VictimPosition.victim == victim).order_by(VictimPosition.fix_time.desc()).first()
    )
    return None if newest is None else newest.fix_time


def pause(victim: Victim, now: datetime) -> None:
    """Keep nothing of what their phone sends until they go on, and forget where they were, at once."""
    with atomic():
        lock_rows(Wearer, sorted({row.wearer_id for row in _moving(victim.id, now)}))
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


def forget_old(now: datetime) -> int:
    """Delete positions that nothing newer replaced for three days; return how many."""
    return VictimPosition.delete().where(VictimPosition.received_at < now - KEPT_FOR).execute()


def _add_phone(consent: LocationConsent, kind: str, token: str, now: datetime) -> VictimPhone:
    return VictimPhone.create(
        consent=consent,
        code_hash=_digest(secrets.token_urlsafe(32)),
        code_expires_at=now,
        token_hash=_digest(token),
        paired_at=now,
        created_at=now,
        kind=kind,
    )


def _drop_phones(consent: LocationConsent, kind: str) -> None:
    VictimPhone.update(token_hash=None).where(VictimPhone.consent == consent, VictimPhone.kind == kind).execute()


def withdraw(victim: Victim, by: str, now: datetime) -> None:
    """End what they agreed to, at once: their positions are gone, nothing new is judged, what stands stands.

    An alert that stands at their moving place stays with the officer, who hears nothing more from their phone.
    """
    with atomic():
        lock_rows(Wearer, sorted({row.wearer_id for row in _moving(victim.id, now)}))
        if _end(victim, by, now):
            audit.record(by, "location_consent_withdrawn", f"victim:{victim.id}", now)


def withdraw_for(person: Person, victim_id: int, now: datetime) -> None:
    """The same, said to a member of staff. Raises: NotAllowed; NotFound."""
    require(person, Role.OFFICER, Role.SUPERVISOR)
    withdraw(access_victim(person, victim_id, now), audit.actor_of(person), now)


def _has_fixed_zone(victim: Victim, wearer: Wearer, now: datetime) -> bool:
    return (
        PlaceZone.select()
        .join(ProtectedPlace)
        .where(
            ProtectedPlace.victim == victim,
            PlaceZone.wearer == wearer,
            ~PlaceZone.moves,
            PlaceZone.from_at <= now,
            PlaceZone.to_at.is_null() | (PlaceZone.to_at > now),
        )
        .exists()
    )


def _moving(victim_id: int, now: datetime) -> list[PlaceZone]:
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


def _positions(victim_id: int) -> list[Fix]:
    rows = VictimPosition.select().where(VictimPosition.victim == victim_id)
    return [Fix(row.fix_time.timestamp(), row.lat, row.lon, row.accuracy_m, row.speed_mps) for row in rows]


def _keep(victim_id: int, fix: Fix, now: datetime) -> bool:
    """Keep a position and forget all but the one before it; False when a newer one is known."""
    at = datetime.fromtimestamp(fix.fix_time, UTC)
    known = [
        row.fix_time
        for row in VictimPosition.select(VictimPosition.fix_time)
        .where(VictimPosition.victim == victim_id)
        .order_by(VictimPosition.fix_time.desc())
    ]
    if known and at <= known[0]:
        return False
    VictimPosition.create(
        victim=victim_id,
        fix_time=at,
        received_at=now,
        lat=fix.lat,
        lon=fix.lon,
        accuracy_m=fix.accuracy_m,
        speed_mps=fix.speed_mps,
    )
    if len(known) > 1:
        VictimPosition.delete().where(VictimPosition.victim == victim_id, VictimPosition.fix_time < known[0]).execute()
    return True


def _end(victim: Victim, by: str, now: datetime) -> bool:
    ended = (
        LocationConsent.update(withdrawn_at=now, withdrawn_by=by)
        .where(LocationConsent.victim == victim, LocationConsent.withdrawn_at.is_null())
        .execute()
    )
    ids = [row.id for row in _moving(victim.id, now)]
    PlaceZone.update(to_at=now).where(PlaceZone.id.in_(ids)).execute()
    VictimPosition.delete().where(VictimPosition.victim == victim).execute()
    return bool(ended)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
