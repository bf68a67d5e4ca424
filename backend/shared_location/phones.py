"""What may speak for a protected person: a phone that is paired by a code, an app, or their own page."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from backend import audit, typed_text
from backend.db import atomic
from backend.errors import NotSignedIn
from backend.models import LocationConsent, VictimPhone

PAGE, APP = "page", "app"


def pair(code: str, now: datetime) -> str:
    """Exchange the code, once, for the token with which their phone speaks. Raises: NotSignedIn."""
    token = secrets.token_urlsafe(32)
    with atomic():
        changed = (
            VictimPhone.update(token_hash=digest(token), paired_at=now)
            .where(
                VictimPhone.code_hash == digest(typed_text.fold(code).strip().upper()),
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
        .where(VictimPhone.token_hash == digest(token), LocationConsent.withdrawn_at.is_null())
        .first()
    )
    if phone is None:
        raise NotSignedIn("This phone is not paired.")
    return phone


def identify_again(phone: VictimPhone) -> VictimPhone:
    """Return the phone as it stands now. Raises: NotSignedIn when they withdrew meanwhile."""
    consent = LocationConsent.get_by_id(phone.consent_id)
    if consent.withdrawn_at is not None:
        raise NotSignedIn("This phone is not paired.")
    phone.consent = consent
    return phone


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


def _add_phone(consent: LocationConsent, kind: str, token: str, now: datetime) -> VictimPhone:
    return VictimPhone.create(
        consent=consent,
        code_hash=digest(secrets.token_urlsafe(32)),
        code_expires_at=now,
        token_hash=digest(token),
        paired_at=now,
        created_at=now,
        kind=kind,
    )


def _drop_phones(consent: LocationConsent, kind: str) -> None:
    VictimPhone.update(token_hash=None).where(VictimPhone.consent == consent, VictimPhone.kind == kind).execute()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
