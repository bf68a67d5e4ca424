"""Counts what looks like play with a tag, for officers; and the rule that keeps short gaps from a protected person.

Staff are alerted to each of these as ever: the rule changes only what a protected person's page and texts say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import audit
from backend.access import access_victim, require
from backend.cases import contact_details
from backend.db import atomic
from backend.errors import InvalidRecord
from backend.lifecycle import Danger
from backend.models import Activation, Alert, AlertKind, Person, Role, TagEvent

COUNTED_OVER = timedelta(days=30)
# So many of one kind in that time are a pattern.
PATTERN_FROM = 3
STRAP = ("strap_open", "case_open")
BATTERY = ("battery_low", "battery_critical", "shutdown")
GAPS_MIN = {0: "Every gap", 30: "Gaps of more than half an hour", 60: "More than an hour", 120: "More than two hours"}


@dataclass(frozen=True, slots=True)
class Play:
    """How often each kind of play was seen of one wearer in the last thirty days."""

    strap: int
    battery: int
    silence: int
    buffer: int

    @property
    def is_pattern(self) -> bool:
        """Whether any of it was seen often enough to talk about."""
        return max(self.strap, self.battery, self.silence, self.buffer) >= PATTERN_FROM


def seen_of(wearer_id: int, now: datetime) -> Play:
    """Count it."""
    since = now - COUNTED_OVER
    events = (
        TagEvent.select()
        .join(Activation, on=(Activation.tag == TagEvent.tag))
        .where(
            Activation.wearer == wearer_id,
            TagEvent.at >= since,
            TagEvent.at >= Activation.from_at,
            Activation.to_at.is_null() | (TagEvent.at < Activation.to_at),
        )
    )
    alerts = Alert.select().where(Alert.wearer == wearer_id, Alert.raised_at >= since)
    return Play(
        strap=events.where(TagEvent.kind.in_(STRAP)).count(),
        battery=events.where(TagEvent.kind.in_(BATTERY)).count(),
        silence=alerts.where(Alert.kind == AlertKind.SILENCE).count(),
        buffer=alerts.where(Alert.kind == AlertKind.ZONE, Alert.peak_danger <= Danger.BUFFER).count(),
    )


def set_rule(person: Person, victim_id: int, least_gap_min: int, now: datetime) -> None:
    """Let them hear only of gaps longer than that, by text and on their page, as the officer agreed with them.

    Raises: NotAllowed; NotFound; InvalidRecord.
    """
    require(person, Role.OFFICER, Role.SUPERVISOR)
    victim = access_victim(person, victim_id, now)
    if least_gap_min not in GAPS_MIN:
        raise InvalidRecord("Choose one of these.")
    with atomic():
        contact_details.keep_least_gap(victim, least_gap_min)
        audit.record(
            audit.actor_of(person), "short_gaps_rule_set", f"victim:{victim_id}", now, least_gap_min=least_gap_min
        )
