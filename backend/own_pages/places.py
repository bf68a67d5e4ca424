"""What a protected person asks of their officer on their own page: about places, or a call; staff draw every zone."""

from __future__ import annotations

from datetime import datetime

from backend.errors import InvalidRecord
from backend.models import ProtectedPlace, Victim
from backend.own_pages import help_calls
from backend.own_pages.help_calls import How

KINDS: dict[str, str] = {
    "add": "They ask for a place to be added",
    "change": "They ask for a place to be changed",
    "tonight": "They are moving tonight",
    "away": "They are away",
    "call": "They ask for a call at a time that is safe",
    "school": "They tell of a child's school terms",
}
LONGEST = 600


def of(victim: Victim) -> list[str]:
    """Return what their places are called, and their children's; never where they are, nor from whom they are kept."""
    places = ProtectedPlace.select().join(Victim).where((Victim.id == victim) | (Victim.reached_through == victim))
    return sorted({place.label for place in places})


def ask(victim: Victim, kind: str, words: str, now: datetime) -> None:
    """Bring what they ask for to their officer: a move tonight rings at once, anything else is a notice.

    Raises: InvalidRecord.
    """
    words = words.strip()
    if kind not in KINDS:
        raise InvalidRecord("Choose one of these.")
    if not words:
        raise InvalidRecord("Say a little more, so that your officer knows what to do.")
    if len(words) > LONGEST:
        raise InvalidRecord(f"Say it in {LONGEST} characters.")
    said = f"{KINDS[kind]}: “{words}”"
    if kind == "tonight":
        # No one may be asleep over it: until a zone is drawn the new place is not watched.
        help_calls.ring(victim, How.MOVE, said, now)
    else:
        help_calls.tell(victim, said, now)
