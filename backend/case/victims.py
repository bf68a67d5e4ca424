"""How a protected person can be reached: her number and her words, changed only with the case that she belongs to."""

from __future__ import annotations

from datetime import datetime

from backend import audit, consent
from backend.access import access_wearer
from backend.case import reading
from backend.case.opening import check_phone
from backend.db import atomic
from backend.errors import InvalidRecord, NotFound
from backend.models import Channel, Consent, Person, Victim

# One GSM segment: a longer text would come in parts.
LONGEST_WORDING = 160


def agree(
    person: Person,
    wearer_id: int,
    victim_id: int,
    phone: str,
    wording_breach: str,
    wording_over: str,
    wording_ending: str,
    now: datetime,
) -> Consent:
    """Record that she agrees to texts to this number in her own three wordings; an earlier consent ends.

    Raises: NotFound, NotAllowed; InvalidRecord for a missing or too long wording, or a number that cannot be.
    """
    access_wearer(person, wearer_id, now)
    victim = next((one for one in reading.victims_of(wearer_id) if one.id == victim_id), None)
    if victim is None:
        raise NotFound("There is no such protected person.")
    if not phone:
        raise InvalidRecord("Enter the number that is safe for her.")
    check_phone(phone)
    words = [text.strip() for text in (wording_breach, wording_over, wording_ending)]
    if not all(words):
        raise InvalidRecord("Enter the words that she chose for each of the three texts.")
    if any(len(text) > LONGEST_WORDING for text in words):
        raise InvalidRecord(f"A text may have {LONGEST_WORDING} characters.")
    with atomic():
        Victim.update(phone=phone).where(Victim.id == victim.id).execute()
        audit.record(audit.actor_of(person), "victim_number_changed", f"victim:{victim.id}", now)
        return consent.give(victim, Channel.SMS, words[0], words[1], person, now, wording_ending=words[2])
