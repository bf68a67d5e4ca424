"""Consent of protected people: whether, how and in which words they agreed to be reached; withdrawn in one step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend import audit
from backend.db import atomic
from backend.models import Channel, Consent, Person, SafeCall, Victim


def reached(victim: Victim) -> Victim:
    """Return who is notified of what concerns a protected person: themselves, or the adult who is named for a child."""
    return victim.reached_through or victim


def sms_consent(victim: Victim) -> Consent | None:
    """Return the victim's standing consent to SMS, or None."""
    return (
        Consent.select()
        .where(Consent.victim == victim, Consent.channel == Channel.SMS, Consent.withdrawn_at.is_null())
        .order_by(Consent.given_at.desc())
        .first()
    )


def had_agreed_to_texts(victim: Victim, at: datetime) -> bool:
    """Tell whether their consent to SMS stood at ``at``."""
    return (
        Consent.select()
        .where(
            Consent.victim == victim,
            Consent.channel == Channel.SMS,
            Consent.given_at <= at,
            Consent.withdrawn_at.is_null() | (Consent.withdrawn_at > at),
        )
        .exists()
    )


def agreed_to_sms(victim_ids: Iterable[int]) -> set[int]:
    """Return which of these protected persons have a standing consent to SMS, read in one query."""
    query = Consent.select(Consent.victim).where(
        Consent.victim.in_(list(victim_ids)), Consent.channel == Channel.SMS, Consent.withdrawn_at.is_null()
    )
    return {row.victim_id for row in query}


def give(
    victim: Victim,
    channel: Channel,
    wording_breach: str,
    wording_over: str,
    recorded_by: Person,
    now: datetime,
    wording_ending: str | None = None,
    wording_help: str | None = None,
) -> Consent:
    """Record that the victim agrees to be reached on ``channel`` in these words; an earlier consent ends."""
    with atomic():
        _end(victim, channel, audit.actor_of(recorded_by), now)
        consent = Consent.create(
            victim=victim,
            channel=channel,
            wording_breach=wording_breach,
            wording_over=wording_over,
            wording_ending=wording_ending or None,
            wording_help=wording_help or None,
            given_at=now,
            recorded_by=recorded_by,
        )
        audit.record(
            audit.actor_of(recorded_by),
            "consent_given",
            f"victim:{victim.id}",
            now,
            channel=channel,
            consent=consent.id,
        )
        return consent


def withdraw(victim: Victim, channel: Channel, by: str, now: datetime) -> int:
    """End the victim's consent on ``channel``; warnings to officers are not touched. Returns how many ended.

    Calls are no longer safe either: the one who stops texts has said that something has changed.
    """
    with atomic():
        end_calls(victim, by, now)
        ended = _end(victim, channel, by, now)
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
