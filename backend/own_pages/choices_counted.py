"""Counts, for supervisors, what the protected people of a team chose: texts, none by their own decision, a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.access import known_victims
from backend.cases import contact_details
from backend.models import Consent, OwnPage, Person


@dataclass(frozen=True, slots=True)
class ChoicesCounted:
    """How many grown protected people there are, and what they chose; a declined offer is never held against them."""

    people: int
    agreed: int
    declined: int
    undecided: int
    with_page: int


def of_team(person: Person, now: datetime) -> ChoicesCounted:
    """Count those of whom the person may know. Raises: NotAllowed for administrators."""
    grown = [victim for victim in known_victims(person, now) if not victim.is_child]
    ids = [victim.id for victim in grown]
    agreements = Consent.select(Consent.victim).where(Consent.victim.in_(ids), Consent.withdrawn_at.is_null())
    agreed = {row.victim_id for row in agreements}
    declined = {victim.id for victim in grown if victim.id not in agreed and contact_details.has_declined(victim, now)}
    pages = OwnPage.select(OwnPage.victim).where(
        OwnPage.victim.in_(ids), OwnPage.accepted_at.is_null(False), OwnPage.ended_at.is_null()
    )
    return ChoicesCounted(
        len(grown), len(agreed), len(declined), len(grown) - len(agreed) - len(declined), pages.distinct().count()
    )
