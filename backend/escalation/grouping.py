"""Which alerts of a wearer belong together, which of them rings anew, and how often what is over is repeated. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.lifecycle import Danger
from backend.vocabulary import AlertKind

# Each of these is a matter of its own: it rings whatever else rings for the same wearer.
ALONE = frozenset({AlertKind.TAMPER, AlertKind.HELP, AlertKind.SILENCE})
PLACES, LATE = "places", "late"
# Who took an alert so lately is shown a rise first, and asked alone for so long.
TAKEN_LATELY_S = 120.0
ASKED_ALONE_S = 60.0
# Seconds between repeats of what is over and unanswered, after the policy has run to its end; the last one goes on.
OVER_REPEATS_S = (300.0, 900.0, 1_800.0, 3_600.0)


@dataclass(frozen=True, slots=True)
class Member:
    """An alert among those that belong together: whose place it is about, and how it stands."""

    alert_id: int
    victim_id: int | None
    is_over: bool
    danger: Danger
    # The gravest that people were asked about while it lasts.
    told: Danger

    @property
    def rank(self) -> tuple[bool, int]:
        """How grave it is among them: what goes on comes before what is over, and then the danger counts."""
        return (not self.is_over, int(self.danger))


def group_of(kind: str, alert_id: int, *, is_late: bool) -> str:
    """Return the name of the group of an alert, among the groups of its wearer."""
    if kind in ALONE:
        return f"alert:{alert_id}"
    return LATE if is_late else PLACES


def rings_anew(one: Member, others: Iterable[Member]) -> bool:
    """Tell whether people have to be called for ``one`` although they are asked about the others already.

    They have where it is about another protected person, or graver than all that they know of about this one.
    """
    about_the_same = (other for other in others if other.victim_id == one.victim_id)
    return all(one.rank > (not other.is_over, int(other.told)) for other in about_the_same)


def gravest(members: Sequence[Member], lead_id: int | None) -> int:
    """Return the alert that messages speak of: the gravest; of several the one they spoke of before, or the newest."""
    best = max(members, key=lambda one: (one.rank, one.alert_id == lead_id, one.alert_id))
    return best.alert_id


def wait_when_over_s(repeats: int) -> float:
    """Return the seconds until what is over is notified again, after it was repeated so many times."""
    return OVER_REPEATS_S[min(repeats, len(OVER_REPEATS_S) - 1)]
