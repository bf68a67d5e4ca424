"""Consent of protected people: whether, how and in which words they agreed to be reached; withdrawn in one step."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from backend import audit, outbox
from backend.channels import OWN_NOTICES, OWN_TEXTS, TO_NUMBERS
from backend.db import atomic
from backend.models import Channel, Consent, Person, SafeCall, Victim
from backend.people import notices
from backend.people.wordings import Choices
from backend.record.facts import LONDON

# What they can agree to, each in words of its own.
CHANNELS = (OWN_TEXTS, OWN_NOTICES)
ASKED_AGAIN_AFTER = timedelta(days=90)


def reached(victim: Victim) -> Victim:
    """Return who is notified of what concerns a protected person: themselves, or the adult who is named for a child."""
    return victim.reached_through or victim


def sms_consent(victim: Victim) -> Consent | None:
    """Return the victim's standing consent to SMS, or None."""
    return standing(victim, OWN_TEXTS)


def standing(victim: Victim, channel: Channel) -> Consent | None:
    """Return the victim's standing consent to be reached on this channel, or None."""
    return (
        Consent.select()
        .where(Consent.victim == victim, Consent.channel == channel, Consent.withdrawn_at.is_null())
        .order_by(Consent.given_at.desc())
        .first()
    )


def agreed(victim: Victim, wording: str) -> list[Channel]:
    """Return the channels on which they chose words for this use, such as ``wording_breach``; texts need a number."""
    found = []
    for channel in CHANNELS:
        consent = standing(victim, channel)
        if consent is not None and getattr(consent, wording) and (victim.phone or channel not in TO_NUMBERS):
            found.append(channel)
    return found


def give(
    victim: Victim,
    channel: Channel,
    wording_breach: str,
    wording_over: str,
    recorded_by: Person | None,
    now: datetime,
    wording_ending: str | None = None,
    wording_help: str | None = None,
    **more: Any,
) -> Consent:
    """Record that the victim agrees to be reached on ``channel`` in these words; an earlier consent ends, and is kept.

    ``recorded_by`` is None where they gave it themselves; ``more`` are further columns of what they chose.
    """
    by = f"victim:{victim.id}" if recorded_by is None else audit.actor_of(recorded_by)
    with atomic():
        _end(victim, channel, by, now)
        consent = Consent.create(
            victim=victim,
            channel=channel,
            wording_breach=wording_breach,
            wording_over=wording_over,
            wording_ending=wording_ending or None,
            wording_help=wording_help or None,
            given_at=now,
            recorded_by=recorded_by,
            **{name: value if value or value == 0 else None for name, value in more.items()},
        )
        audit.record(by, "consent_given", f"victim:{victim.id}", now, channel=channel, consent=consent.id)
        return consent


def choose(
    victim: Victim, choices: Choices, recorded_by: Person | None, now: datetime, channel: Channel = OWN_TEXTS
) -> Consent:
    """Record what they chose to be told by text, or on another channel."""
    return give(victim, channel, recorded_by=recorded_by, now=now, **asdict(choices))


def versions(victim: Victim) -> list[Consent]:
    """Return each consent to texts and notices that they ever gave, newest first."""
    query = Consent.select().where(Consent.victim == victim)
    return list(query.order_by(Consent.id.desc()))


def is_due(consent: Consent, now: datetime) -> bool:
    """Tell whether it has to be asked again whether a consent is still right: what is safe changes."""
    return now - (consent.confirmed_at or consent.given_at) >= ASKED_AGAIN_AFTER


def confirm(consent: Consent, by: str, now: datetime) -> None:
    """Record that it is still right."""
    with atomic():
        Consent.update(confirmed_at=now).where(Consent.id == consent.id, Consent.withdrawn_at.is_null()).execute()
        audit.record(by, "consent_confirmed", f"victim:{consent.victim_id}", now, consent=consent.id)


def sender_of(consent: Consent, use: str) -> str | None:
    """Return from whom they chose that this use comes, by the column of its words; None from the usual one."""
    own: str | None = (consent.by_use or {}).get(use, {}).get("sender")
    return own or consent.sender


def is_safe_hour(consent: Consent, now: datetime, use: str = "") -> bool:
    """Tell whether a text is safe at this hour, as they chose for all or for this use; hours may reach over midnight.

    ``use`` is the column of its words.
    """
    own = (consent.by_use or {}).get(use, {})
    begin = own.get("hours_from", consent.hours_from)
    end = own.get("hours_until", consent.hours_until)
    if begin is None or end is None or begin == end:
        return True
    local = now.astimezone(LONDON)
    minute = local.hour * 60 + local.minute
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def withdraw(victim: Victim, channel: Channel, by: str, now: datetime) -> int:
    """End the victim's consent on ``channel``, also for every text that has not gone out. Returns how many ended.

    Warnings to officers are not touched.

    Notices on their phone end with texts, and calls are no longer safe either: the one who stops texts has said that
    something has changed.
    """
    with atomic():
        if channel == OWN_TEXTS:
            end_calls(victim, by, now)
            withdraw(victim, OWN_NOTICES, by, now)
        ended = _end(victim, channel, by, now)
        outbox.cancel_all_texts_to(victim, now, None if channel == OWN_TEXTS else channel)
        if channel == OWN_NOTICES:
            notices.end_all(victim, "withdrawn", now)
        if ended:
            audit.record(by, "consent_withdrawn", f"victim:{victim.id}", now, channel=channel)
        return ended


def _end(victim: Victim, channel: Channel, by: str, now: datetime) -> int:
    return (
        Consent.update(withdrawn_at=now, withdrawn_by=by)
        .where(Consent.victim == victim, Consent.channel == channel, Consent.withdrawn_at.is_null())
        .execute()
    )


def safe_call(victim: Victim) -> SafeCall | None:
    """Return what the victim said of calls to the number that they have now, if that stands; None: never call."""
    return (
        SafeCall.select()
        .where(SafeCall.victim == victim, SafeCall.number == (victim.phone or ""), SafeCall.withdrawn_at.is_null())
        .order_by(SafeCall.id.desc())
        .first()
    )


def allow_calls(victim: Victim, note: str, recorded_by: Person, now: datetime) -> SafeCall:
    """Record that calls to the victim's present number are safe, and what to heed; an earlier record ends."""
    actor = audit.actor_of(recorded_by)
    with atomic():
        _end_calls(victim, actor, now)
        row = SafeCall.create(
            victim=victim, number=victim.phone or "", note=note, given_at=now, recorded_by=recorded_by
        )
        audit.record(actor, "calls_allowed", f"victim:{victim.id}", now, safe_call=row.id)
        return row


def end_calls(victim: Victim, by: str, now: datetime) -> int:
    """Record that calls are not safe. Returns how many records ended."""
    with atomic():
        ended = _end_calls(victim, by, now)
        if ended:
            audit.record(by, "calls_ended", f"victim:{victim.id}", now)
        return ended


def _end_calls(victim: Victim, by: str, now: datetime) -> int:
    return (
        SafeCall.update(withdrawn_at=now, withdrawn_by=by)
        .where(SafeCall.victim == victim, SafeCall.withdrawn_at.is_null())
        .execute()
    )
