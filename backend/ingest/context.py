"""Reads what is needed about the wearers whose tags reported, in a few queries, before their fixes are judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN

from backend import alerts, clock, lifecycle
from backend.alerts import Judgement
from backend.db import lock_and_read
from backend.ingest.judge import CANNOT_JUDGE_LEVEL
from backend.ingest.locked_tags import RowsHeld
from backend.lifecycle import Danger
from backend.models import (
    Activation,
    Alert,
    AlertKind,
    ClaimNights,
    PlaceState,
    PlaceZone,
    Table,
    Wearer,
)
from backend.record import reading
from backend.record.timeline import Case


def row_of(state: PlaceState) -> dict[str, Any]:
    """Return a state as the row that is stored."""
    return {
        "wearer": state.wearer_id,
        "zone": state.zone_id,
        "tag": state.tag_id,
        "level": state.level,
        "certainty": state.certainty,
        "fix_time": state.fix_time,
        "next_change_at": state.next_change_at,
        "state": state.state,
    }


class Ground:
    """Activations, zones, states and standing alerts of the wearers of some tags, and what changes of them."""

    def __init__(self, tag_ids: Sequence[int], *, has_fixes: bool, now_for_s: float, waits: bool = False) -> None:
        """Read and hold what is known. Raises: RowsHeld where others hold some of it, unless it ``waits``.

        A fix older than ``now_for_s`` seconds is no evidence of now, unless it is the newest there is.
        """
        self._waits = waits
        self.now_for_s = now_for_s
        self.activations: dict[int, list[Activation]] = defaultdict(list)
        # What nights at a known address showed of a tag's claims, by the activation: another wearer's say nothing.
        self.claim_nights: dict[int, dict[str, list[float]]] = {}
        for activation in (
            Activation.select(Activation, ClaimNights)
            .join(ClaimNights, JOIN.LEFT_OUTER)
            .where(Activation.tag.in_(tag_ids), ~Activation.is_in_error)
            .order_by(Activation.from_at)
        ):
            self.activations[activation.tag_id].append(activation)
            shown = getattr(activation, "claimnights", None)
            nights = None if shown is None else shown.nights
            # What cannot be read is as if nothing had been learnt: the claims stand as sent.
            self.claim_nights[activation.id] = nights if isinstance(nights, dict) else {}
        wearer_ids = {a.wearer_id for rows in self.activations.values() for a in rows}
        # A wearer may have two tags while one is swapped for the other.
        self.wearers: dict[int, Wearer] = self._hold(Wearer, {wearer_id: wearer_id for wearer_id in wearer_ids})
        self.zones: dict[int, list[PlaceZone]] = defaultdict(list)
        self.moving: dict[int, list[PlaceZone]] = defaultdict(list)
        self.cases: dict[int, Case] = {}
        # Wearers whose case cannot be read, with what is wrong with it.
        self.faults: dict[int, str] = {}
        self.states: dict[tuple[int, int], PlaceState] = {}
        self._changed: dict[tuple[int, int], PlaceState] = {}
        self.standing: dict[tuple[int, int, str], Alert] = {}
        # Wearers of whom a visit was found late that may go on now.
        self.found_late: set[int] = set()
        # The newest of each kind that is about no place.
        self.about_tags: dict[tuple[int, str], Alert] = {}
        # Alerts of silence that stand, by wearer and tag.
        self.silences: dict[tuple[int, int], Alert] = {}
        # Fixes, by tag and time, that no zone's judge believes: they do not say where the wearer is.
        self.doubted: set[tuple[int, datetime]] = set()
        if not wearer_ids:
            return
        drawn = reading.drawn_zones(wearer_ids)
        for zone in (zone for zones in drawn.values() for zone, _ in zones):
            (self.moving if zone.moves else self.zones)[zone.wearer_id].append(zone)
        self.cases = reading.cases(wearer_ids, drawn, self.faults, reading.carry_facts(wearer_ids))
        for state in PlaceState.select().where(PlaceState.wearer.in_(wearer_ids)):
            self.states[state.wearer_id, state.zone_id] = state
        if has_fixes:
            self._lock_standing(wearer_ids)

    def _lock_standing(self, wearer_ids: set[int]) -> None:
        """Hold the alerts that a judgement may change: those that stand, or ended lately enough to go on."""
        since = clock.now() - timedelta(seconds=lifecycle.REENTRY_S)
        of_now = (~Alert.is_over) | (Alert.over_at > since) | Alert.needs_all_clear
        where = (
            Alert.wearer.in_(wearer_ids),
            (~Alert.is_late & of_now) | (Alert.is_late & (Alert.last_fix_time > since)),
        )
        found: Any = list(Alert.select(Alert.id, Alert.wearer, Alert.is_late).where(*where).tuples())
        self.found_late = {wearer_id for _, wearer_id, is_late in found if is_late}
        standing = {alert_id: wearer_id for alert_id, wearer_id, is_late in found if not is_late}
        if not standing:
            return
        for alert in self._hold(Alert, standing).values():
            if alert.place_id is not None:
                self.standing[alert.wearer_id, alert.place_id, alert.kind] = alert
            elif not alert.is_over:
                # What is about no place is no judgement's to change.
                self.about_tags[alert.wearer_id, alert.kind] = alert
                if alert.kind == AlertKind.SILENCE:
                    self.silences[alert.wearer_id, alert.tag_id] = alert

    def _hold(self, model: type[Table], wearers: dict[int, int]) -> dict[int, Any]:
        """Hold rows, each of one wearer, and return them. Raises: RowsHeld for the tags of those that others hold."""
        rows = lock_and_read(model, wearers, waits=self._waits)
        held_by_others = {wearers[row_id] for row_id in wearers.keys() - rows.keys()}
        if held_by_others:
            raise RowsHeld(
                {
                    tag_id
                    for tag_id, worn in self.activations.items()
                    if any(activation.wearer_id in held_by_others for activation in worn)
                }
            )
        return rows

    def wearer_at(self, tag_id: int, at: datetime) -> int | None:
        """Return who wore the tag at that instant."""
        activation = self.activation_at(tag_id, at)
        return None if activation is None else activation.wearer_id

    def activation_at(self, tag_id: int, at: datetime) -> Activation | None:
        """Return the activation of the tag at that instant."""
        for activation in self.activations[tag_id]:
            if activation.from_at <= at and (activation.to_at is None or at < activation.to_at):
                return activation
        return None

    def in_force(self, wearer_id: int, at: datetime) -> list[PlaceZone]:
        """Return the versions of the wearer's zones that the record holds to be in force at that instant."""
        if wearer_id not in self.cases:
            return []
        held = self.cases[wearer_id].timeline.at(at).ids
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
        """Return the zones in force by their place; of a case that cannot be read, all that have not ended."""
        found: dict[int, list[PlaceZone]] = defaultdict(list)
        is_read = wearer_id in self.cases
        known = [*self.zones[wearer_id], *self.moving[wearer_id]]
        for zone in self.in_force(wearer_id, at) if is_read else known:
            if is_read or zone.to_at is None or zone.to_at > at:
                found[zone.place_id].append(zone)
        return found

    def snapshot(self) -> tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]:
        """Return what judging changes here, to be given to ``restore`` where it fails."""
        return dict(self.states), dict(self._changed), dict(self.standing)

    def restore(self, before: tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]], wearer_id: int) -> None:
        """Forget what a judgement that was undone had changed; the wearer's alerts are read again."""
        self.states, self._changed, self.standing = before
        self.read_standing_again(wearer_id)

    def read_standing_again(self, wearer_id: int, raised: Sequence[Alert] = ()) -> None:
        """Read a wearer's standing alerts again after something else has changed them, or ``raised`` others."""
        for alert in raised:
            self.standing[alert.wearer_id, alert.place_id, alert.kind] = alert
        ids = [alert.id for key, alert in self.standing.items() if key[0] == wearer_id]
        for alert in Alert.select().where(Alert.id.in_(ids)) if ids else ():
            self.standing[alert.wearer_id, alert.place_id, alert.kind] = alert

    def danger_at(self, wearer_id: int, zone_id: int) -> Danger:
        """Return the danger that is held of a zone; one that could not be judged is as grave as it gets."""
        state = self.states.get((wearer_id, zone_id))
        if state is None:
            return Danger.NONE
        if state.level == CANNOT_JUDGE_LEVEL:
            return Danger.BREACH
        return lifecycle.danger(lifecycle.level_held(state.level), lifecycle.certainty_held(state.certainty))

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
