"""What is known of the wearers whose tags reported, read in a handful of queries before their fixes are judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import alerts, clock, lifecycle
from backend.alerts import Judgement
from backend.case import reading
from backend.case.record import Case
from backend.db import lock_rows
from backend.ingest.judge import CANNOT_JUDGE_LEVEL
from backend.lifecycle import Danger
from backend.models import Activation, ActivationCorrection, Alert, PlaceState, PlaceZone, ProtectedPlace, Wearer
from zones import Certainty, Level


def row_of(state: PlaceState) -> dict[str, Any]:
    """Return a state as the row that is stored."""
    return {
        "wearer": state.wearer_id,
        "zone": state.zone_id,
        "tag": state.tag_id,
        "level": state.level,
        "certainty": state.certainty,
        "fix_time": state.fix_time,
        "wants_fast": state.wants_fast,
        "next_change_at": state.next_change_at,
        "state": state.state,
    }


class Ground:
    """Activations, zones, states and standing alerts of the wearers of some tags, and what changes of them."""

    def __init__(self, tag_ids: Sequence[int], *, has_fixes: bool) -> None:
        self.activations: dict[int, list[Activation]] = defaultdict(list)
        in_error = ActivationCorrection.select(ActivationCorrection.activation)
        for activation in (
            Activation.select()
            .where(Activation.tag.in_(tag_ids), Activation.id.not_in(in_error))
            .order_by(Activation.from_at)
        ):
            self.activations[activation.tag_id].append(activation)
        wearer_ids = {a.wearer_id for rows in self.activations.values() for a in rows}
        # A wearer may have two tags while one is swapped for the other.
        lock_rows(Wearer, sorted(wearer_ids))
        self.wearers = {w.id: w for w in Wearer.select().where(Wearer.id.in_(wearer_ids))}
        self.zones: dict[int, list[PlaceZone]] = defaultdict(list)
        self.moving: dict[int, list[PlaceZone]] = defaultdict(list)
        self.cases: dict[int, Case] = {}
        self.states: dict[tuple[int, int], PlaceState] = {}
        self._changed: dict[tuple[int, int], PlaceState] = {}
        self.standing: dict[tuple[int, int, str], Alert] = {}
        if not wearer_ids:
            return
        for zone in (
            PlaceZone.select(PlaceZone, ProtectedPlace)
            .join(ProtectedPlace)
            .where(PlaceZone.wearer.in_(wearer_ids))
            .order_by(PlaceZone.id)
        ):
            (self.moving if zone.moves else self.zones)[zone.wearer_id].append(zone)
        self.cases = reading.cases(wearer_ids, [zone for zones in self.zones.values() for zone in zones])
        for state in PlaceState.select().where(PlaceState.wearer.in_(wearer_ids)):
            self.states[state.wearer_id, state.zone_id] = state
        if has_fixes:
            self._lock_standing(wearer_ids)

    def _lock_standing(self, wearer_ids: set[int]) -> None:
        """Hold the alerts that a judgement may change: those that stand, or ended lately enough to go on."""
        since = clock.now() - timedelta(seconds=lifecycle.REENTRY_S)
        where = (
            Alert.wearer.in_(wearer_ids),
            ~Alert.is_late,
            (~Alert.is_over) | (Alert.over_at > since) | Alert.owes_all_clear,
        )
        standing = [row.id for row in Alert.select(Alert.id).where(*where)]
        if not standing:
            return
        lock_rows(Alert, standing)
        for alert in Alert.select().where(Alert.id.in_(standing)).order_by(Alert.id):
            self.standing[alert.wearer_id, alert.place_id, alert.kind] = alert

    def wearer_at(self, tag_id: int, at: datetime) -> int | None:
        """Return who wore the tag at that instant."""
        for activation in self.activations[tag_id]:
            if activation.from_at <= at and (activation.to_at is None or at < activation.to_at):
                return activation.wearer_id
        return None

    def in_force(self, wearer_id: int, at: datetime) -> list[PlaceZone]:
        """Return the versions of the wearer's zones that the record holds to be in force at that instant."""
        if wearer_id not in self.cases:
            return []
        held = {zone.zone_id for zone in self.cases[wearer_id].zones_in_force(at)}
        return [zone for zone in self.zones[wearer_id] if zone.id in held]

    def settled_until(self, wearer_id: int, place_id: int, but: int) -> float:
        """Return the epoch second up to which another version of a zone has judged this place."""
        return max(
            (
                state.fix_time.timestamp()
                for zone in self.zones[wearer_id]
                if zone.place_id == place_id
                and zone.id != but
                and (state := self.states.get((wearer_id, zone.id))) is not None
            ),
            default=float("-inf"),
        )

    def places_of(self, wearer_id: int, at: datetime) -> dict[int, list[PlaceZone]]:
        """Return the zones in force by their place."""
        found: dict[int, list[PlaceZone]] = defaultdict(list)
        for zone in self.in_force(wearer_id, at):
            found[zone.place_id].append(zone)
        return found

    def danger_at(self, wearer_id: int, zone_id: int) -> Danger:
        """Return the danger that is held of a zone; one that could not be judged is as grave as it gets."""
        state = self.states.get((wearer_id, zone_id))
        if state is None:
            return Danger.NONE
        if state.level == CANNOT_JUDGE_LEVEL:
            return Danger.BREACH
        return lifecycle.danger(Level(state.level), Certainty(state.certainty))

    def keep(self, state: PlaceState) -> None:
        """Take the state of one wearer at one zone for the newest; ``changed_states`` is what has to be stored."""
        key = (state.wearer_id, state.zone_id)
        self.states[key] = self._changed[key] = state

    def changed_states(self) -> list[dict[str, Any]]:
        """Return the rows of the states that these fixes changed."""
        return [row_of(state) for state in self._changed.values()]

    def heard(self, judgement: Judgement) -> Judgement:
        """Return what a judgement may say beside the alert that stands at its place."""
        key = (judgement.wearer.id, judgement.zone.place_id, judgement.kind)
        return alerts.heard(self.standing.get(key), judgement)

    def apply(self, judgement: Judgement) -> Alert | None:
        """Let a judgement change the standing alert at its place, and return it if anything changed."""
        key = (judgement.wearer.id, judgement.zone.place_id, judgement.kind)
        changed = alerts.change(self.standing.get(key), judgement)
        if changed is not None:
            self.standing[key] = changed
        return changed
