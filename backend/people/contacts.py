"""How some protected persons can be reached: consents, proofs of numbers, safe calls, read at once for many cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from backend.channels import OWN_TEXTS
from backend.models import Consent, SafeCall, Verification, Victim, WearerNumber
from backend.people import numbers
from backend.people.numbers import Standing, spellings


@dataclass
class Contacts:
    """What is recorded of the ways to some protected persons, each read in one statement, oldest first."""

    consents: dict[int, list[Consent]] = field(default_factory=dict)
    verifications: dict[int, list[Verification]] = field(default_factory=dict)
    calls: dict[int, list[SafeCall]] = field(default_factory=dict)
    # What is declared to be the number of which wearer, and stands.
    declared: dict[int, list[WearerNumber]] = field(default_factory=dict)

    @classmethod
    def read(cls, victims: Collection[Victim], wearer_ids: Iterable[int]) -> Self:
        """Read what there is of these people, and the numbers that are declared to be these wearers'."""
        found = cls(defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list))
        ids = [victim.id for victim in victims]
        if ids:
            texts = Consent.select().where(Consent.victim.in_(ids), Consent.channel == OWN_TEXTS)
            for consent in texts.order_by(Consent.id):
                found.consents[consent.victim_id].append(consent)
            for proof in Verification.select().where(Verification.victim.in_(ids)).order_by(Verification.id):
                found.verifications[proof.victim_id].append(proof)
            safe = SafeCall.select().where(SafeCall.victim.in_(ids), SafeCall.withdrawn_at.is_null())
            for call in safe.order_by(SafeCall.id):
                found.calls[call.victim_id].append(call)
        declared = WearerNumber.select().where(
            WearerNumber.wearer.in_(list(wearer_ids)), WearerNumber.ended_at.is_null()
        )
        for number in declared.order_by(WearerNumber.id):
            found.declared[number.wearer_id].append(number)
        return found

    def has_agreed(self, victim: Victim, at: datetime) -> bool:
        """Tell whether their consent to texts stood at ``at``."""
        return any(
            consent.given_at <= at and (consent.withdrawn_at is None or consent.withdrawn_at > at)
            for consent in self.consents.get(victim.id, [])
        )

    def standing_at(self, victim: Victim, number: str | None, at: datetime) -> Standing:
        """Return how it stood at ``at`` with the number that they had then."""
        return numbers.standing_among(self.verifications.get(victim.id, []), number, at)

    def newest_code(self, victim: Victim) -> Verification | None:
        """Return the newest code that was asked for and is neither taken nor void."""
        codes = [
            one
            for one in self.verifications.get(victim.id, [])
            if one.number == victim.phone and one.salt is not None and one.proved_at is None and one.voided_at is None
        ]
        return codes[-1] if codes else None

    def safe_call(self, victim: Victim) -> SafeCall | None:
        """Return what they said of calls to the number that they have now, if that stands; None: never call."""
        calls = [one for one in self.calls.get(victim.id, []) if one.number == (victim.phone or "")]
        return calls[-1] if calls else None

    def is_held(self, victim: Victim, wearer_id: int) -> bool:
        """Tell whether texts to them about this wearer are held: their number is declared to be the wearer's."""
        return any(victim.phone in spellings(declared.number) for declared in self.declared.get(wearer_id, []))
