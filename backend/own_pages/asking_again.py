"""Asks protected people after ninety days whether what they chose is still right, as they agreed, and their officer."""

from __future__ import annotations

import logging
from datetime import datetime

from backend import alerts, audit, outbox
from backend.alerts.protected_person_replies import cases_of
from backend.channels import OWN_TEXTS
from backend.db import atomic, is_lost, lock_rows
from backend.escalation.steps import Who
from backend.models import Consent, PlaceZone, ProtectedPlace, Purpose, Victim
from backend.people.consent import ASKED_AGAIN_AFTER, is_safe_hour, sms_consent
from backend.record.facts import LONDON

log = logging.getLogger(__name__)

EVERY_S = 300.0
AT_ONCE = 50
# No one is asked at night.
BY_DAY = range(9, 18)
SAID = "What a protected person chose to be sent is more than 90 days old: ask whether it is still right."


def ask_due(now: datetime) -> int:
    """Ask up to so many of them, each in a unit of work of its own; return how many were asked."""
    if now.astimezone(LONDON).hour not in BY_DAY:
        return 0
    before = now - ASKED_AGAIN_AFTER
    due = Consent.select(Consent.id).where(
        Consent.withdrawn_at.is_null(),
        Consent.given_at <= before,
        Consent.confirmed_at.is_null() | (Consent.confirmed_at <= before),
        Consent.asked_at.is_null() | (Consent.asked_at <= before),
    )
    asked = 0
    for row in due.order_by(Consent.id).limit(AT_ONCE):
        try:
            asked += _ask(row.id, now)
        except Exception as error:
            if is_lost(error):
                raise
            log.exception("whether consent %s is still right was not asked", row.id)
    return asked


def _ask(consent_id: int, now: datetime) -> bool:
    """Notify the officer of each case; they themselves get a text where they chose words for it."""
    with atomic():
        consent = Consent.get_by_id(consent_id)
        victim = consent.victim
        lock_rows(Victim, [victim.id])
        # Texts and notices are asked about at once.
        Consent.update(asked_at=now).where(Consent.victim == victim, Consent.withdrawn_at.is_null()).execute()
        theirs = (Victim.id == victim) | (Victim.reached_through == victim)
        notices = []
        for wearer in cases_of(victim):
            zone = (
                PlaceZone.select()
                .join(ProtectedPlace)
                .join(Victim)
                .where(PlaceZone.wearer == wearer, theirs)
                .order_by(PlaceZone.id.desc())
                .first()
            )
            if zone is not None:
                notices.append(alerts.raise_notice(wearer, zone, [SAID], now, (Who.OFFICER,)))
        audit.record(audit.SYSTEM, "consent_asked_again", f"victim:{victim.id}", now, consent=consent_id)
        texts = sms_consent(victim)
        if (
            notices
            and texts is not None
            and texts.wording_asked
            and victim.phone
            and is_safe_hour(texts, now, "wording_asked")
        ):
            outbox.enqueue(notices[0], victim, OWN_TEXTS, Purpose.VICTIM_ASKED, now)
        return True
