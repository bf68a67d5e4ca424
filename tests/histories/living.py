"""Lives through a history with the real product: signed requests, commands of the record, and zones that fall due."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from standardwebhooks import Webhook

from backend import alerts, audit, clock, db, tag_signatures, zone_instants
from backend.alerts.handling import Outcome
from backend.cases import reevaluation, writing
from backend.cases.commands.monitoring import SuspendCase
from backend.cases.commands.orders import VaryOrder
from backend.cases.commands.tags import SwapTag
from backend.cases.commands.zones import ChangeZone
from backend.errors import DomainError
from backend.lifecycle import Danger
from backend.models import (
    Activation,
    Alert,
    AlertKind,
    CaseDue,
    Escalation,
    Fix,
    Handling,
    Order,
    PendingReevaluation,
    Person,
    PlaceState,
    ProtectedPlace,
    Role,
    Tag,
    TagContact,
    Team,
    Victim,
    Wearer,
)
from backend.record import reading
from backend.record.facts import Terms, in_turn, true_at
from tests.histories.history import FRAME, PLACES, SPOTS, Arrival, Entry, Event, Handled, History, Place, Sent
from tests.histories.truth import Record, Said
from zones import Certainty, Level

DAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"]
WHY = "So the court ordered."
BUSY, MOST_TRIES = 503, 20
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Told:
    """What an alert says: from when to when, and how surely; ``ended_at`` is None while it stands."""

    code: str
    place: Place
    began_at: datetime
    ended_at: datetime | None
    is_confirmed: bool
    is_late: bool
    words: tuple[str, ...]
    # Someone acts on it; or when a person closed it.
    is_acknowledged: bool = False
    closed_at: datetime | None = None


@dataclass
class Life:
    """One case that lives through a history, with what the judge who reads the whole has to know."""

    app: Flask
    history: History
    record: Record = field(init=False)
    arrived: list[Sent] = field(default_factory=list)
    # Entries that the product refused: they are no part of the record.
    refused: int = 0

    def __post_init__(self) -> None:
        self.moving_clock = clock.Clock()
        clock.use(self.moving_clock)
        self._forward_to(self.history.start - timedelta(days=1))
        now = clock.now()
        number = f"{next(_numbers)}-{uuid.uuid4().hex[:8]}"
        team = Team.create(name=f"Team {number}", created_at=now)
        self.person = Person.create(
            team=team,
            role=Role.OFFICER,
            name="Amina Yusuf",
            email=f"a{number}@cordon.example",
            password_hash="",
            created_at=now,
        )
        self.wearer = Wearer.create(team=team, name="W", responsible_officer=self.person, created_at=now)
        victim = Victim.create(team=team, name="V", created_at=now)
        self.tags = [
            Tag.create(serial=f"T-{number}-{n}", key=tag_signatures.new_key(), created_at=now) for n in range(2)
        ]
        self.activation = Activation.create(tag=self.tags[0], wearer=self.wearer, from_at=now)
        self.record = Record(self.history.hours)
        self.record.worn = [Said(0, now, 0)]
        self.orders: dict[Place, Order] = {}
        self.lines: dict[Place, int] = {}
        self.places: dict[int, Place] = {}
        # What was entered, by the number by which the judge knows it: the row of a fact or of a zone.
        self.rows: dict[int, int] = {}
        self._entered = itertools.count(1)
        for place in PLACES:
            whose = {"wearer": self.wearer} if place == "hostel" else {"victim": victim}
            row = ProtectedPlace.create(**whose, label=place)
            order = writing.open_order(self.person, self.wearer.id, "dapol", place, Terms(now), now, why=WHY)
            zone = writing.add_zone(
                self.person,
                self.wearer.id,
                row.id,
                self._zone(place, place),
                now,
                now,
                why=WHY,
                order_id=order.id,
                is_confirmed=True,
            )
            self.orders[place], self.lines[place], self.places[row.id] = order, zone.id, place
            self.record.terms[place] = [Said(0, now, (False, None))]
            self.record.zones[place] = [Said(0, now, place)]
        db.release_connection()

    def _zone(self, place: Place, spot: str) -> dict[str, Any]:
        east, north = SPOTS[spot]
        lat, lon = FRAME.to_degrees(east, north)
        kind = "inclusion" if place == "hostel" else "exclusion"
        properties: dict[str, Any] = {"id": place, "kind": kind, "radius_m": 250.0, "buffer_m": 100.0}
        hours = self.history.hours[place]
        if hours is not None:
            weekly = [{"days": DAYS, "from": hours[0], "to": hours[1]}]
            properties["schedule"] = {"timezone": "Europe/London", "weekly": weekly}
        point = {"type": "Point", "coordinates": [lon, lat]}
        return {"type": "Feature", "geometry": point, "properties": properties}

    def _forward_to(self, at: datetime) -> None:
        self.moving_clock.forward((at - self.moving_clock.now()).total_seconds())

    def forward_to(self, at: datetime) -> None:
        """Let time pass; what falls due on the way is judged when it does, as the notifier does it."""
        while (due := zone_instants.next_due_at()) is not None and due <= at:
            self._forward_to(max(due, clock.now()) + timedelta(milliseconds=20))
            zone_instants.judge_due(clock.now())
        self._forward_to(at)
        zone_instants.judge_due(clock.now())
        db.release_connection()

    def tell(self, event: Event) -> None:
        """Let one thing happen at its time, with all that the watchdog does about it."""
        self.forward_to(event.at)
        if isinstance(event, Arrival):
            self._post(event)
            self.arrived += [fix for fix in event.fixes if fix not in self.arrived]
            if PendingReevaluation.get_or_none(PendingReevaluation.wearer == self.wearer) is not None:
                reevaluation.settle(self.wearer.id, clock.now())
        elif isinstance(event, Handled):
            self._handle(event)
        else:
            try:
                self._enter(event)
            except DomainError:
                self.refused += 1
        db.release_connection()

    def _handle(self, event: Handled) -> None:
        theirs = (Alert.wearer == self.wearer) & (Alert.kind == AlertKind.ZONE) & (Alert.handling != Handling.CLOSED)
        found = list(Alert.select().where(theirs).order_by(Alert.id))
        if not found:
            return
        alert = found[int(event.which * len(found))]
        try:
            if event.does == "acknowledge":
                alerts.acknowledge(self.person, alert.id, clock.now())
            else:
                note = "They were on the way to a doctor."
                alerts.close(self.person, alert.id, Outcome.CONTACTED_WEARER, note, clock.now(), is_confirmed=True)
        except DomainError:
            self.refused += 1

    def _post(self, arrival: Arrival) -> None:
        tag = self.tags[arrival.tag]
        body, webhook_id, now = (
            json.dumps({"fixes": [fix.as_item() for fix in arrival.fixes]}),
            uuid.uuid4().hex,
            clock.now(),
        )
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(tag.key).sign(webhook_id, now, body),
        }
        answer = self._send(tag, body, headers)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        assert answer.json["accepted"] + answer.json["duplicate"] == len(arrival.fixes), answer.json

    def _send(self, tag: Tag, body: str, headers: dict[str, str]) -> Any:
        """Send a request until it is taken, as a tag does: a busy machine may refuse one for a while."""
        for _ in range(MOST_TRIES):
            answer = self.app.test_client().post(f"/v1/tags/{tag.serial}/fixes", data=body, headers=headers)
            if answer.status_code != BUSY:
                break
        return answer

    def _enter(self, entry: Entry) -> None:
        number, now = next(self._entered), clock.now()
        place, from_at = entry.place, entry.from_at
        match entry.kind:
            case "suspend order" | "resume order":
                is_suspended = entry.kind == "suspend order"
                self._vary(number, place, from_at, now, is_suspended=is_suspended)
            case "end order":
                self._vary(number, place, from_at, now, ends_at=entry.until)
            case "open end":
                self._vary(number, place, from_at, now, removes_end=True)
            case "correct terms":
                wrong = [one for one in self.record.terms[place] if one.number in self.rows and self._stands(one)]
                if wrong:
                    assert entry.corrects is not None
                    one = wrong[-1 - entry.corrects % len(wrong)]
                    self._vary(number, place, from_at, now, wrong=one, is_suspended=one.value[0])
            case "move zone" | "move zone back" | "remove zone":
                spot = {"move zone": "far", "move zone back": place, "remove zone": None}[entry.kind]
                held = true_at(in_turn(reading.case(self.wearer.id).lines[self.lines[place]]), from_at)
                assert held is not None
                zone = ChangeZone(
                    from_at=from_at,
                    why=WHY,
                    zone=self._zone(place, spot) if spot else None,
                    is_removed=spot is None,
                    is_confirmed=True,
                    version=audit.newest(),
                ).carry_out(self.person, now, held.id)
                assert zone.from_at == from_at
                self.record.zones[place].append(Said(number, from_at, spot))
            case "suspend case" | "correct life":
                self._suspend(number, entry, now)
            case "swap tag":
                swap = SwapTag(
                    serial=self.tags[1].serial, at=from_at, why=WHY, is_confirmed=True, version=audit.newest()
                )
                self.activation = swap.carry_out(self.person, now, self.activation.id)
                self.record.worn.append(Said(number, from_at, 1))
            case _:
                raise AssertionError(entry.kind)

    def _stands(self, one: Said) -> bool:
        known = [*self.record.life, *(said for some in self.record.terms.values() for said in some)]
        return all(said.corrects != one.number for said in known)

    def _vary(
        self,
        number: int,
        place: Place,
        from_at: datetime,
        now: datetime,
        *,
        wrong: Said | None = None,
        **more: Any,
    ) -> None:
        corrects = self.rows[wrong.number] if wrong else None
        variation = VaryOrder(
            from_at=from_at, why=WHY, corrects=corrects, is_confirmed=True, version=audit.newest(), **more
        )
        fact = variation.carry_out(self.person, now, self.orders[place].id)
        # The terms that were entered: an end decided now comes a quarter of an hour later, as the product announces.
        terms = Terms.from_value(fact.value)
        self.rows[number] = fact.id
        value = (terms.is_suspended, terms.over_at)
        self.record.terms[place].append(Said(number, from_at, value, corrects=wrong.number if wrong else None))

    def _suspend(self, number: int, entry: Entry, now: datetime) -> None:
        wrong = None
        if entry.kind == "correct life":
            standing = [one for one in self.record.life if self._stands(one)]
            if not standing:
                return
            wrong = standing[-1]
        fact = SuspendCase(
            reason="custody",
            from_at=entry.from_at,
            expected_end_at=entry.until,
            until=entry.until,
            why=WHY,
            corrects=self.rows[wrong.number] if wrong else None,
            is_confirmed=True,
            version=audit.newest(),
        ).carry_out(self.person, now, self.wearer.id)
        self.rows[number] = fact.id
        self.record.life.append(
            Said(number, entry.from_at, True, entry.until, corrects=wrong.number if wrong else None)
        )

    def told(self) -> list[Told]:
        """Return the alerts of breaches that count: none that was withdrawn, or is a part of another one."""
        rows = list(
            Alert.select()
            .where(
                Alert.wearer == self.wearer,
                Alert.kind == AlertKind.ZONE,
                Alert.certainty != Certainty.WITHDRAWN,
                Alert.peak_danger >= Danger.BREACH_UNCONFIRMED,
            )
            .order_by(Alert.fix_time)
        )
        db.release_connection()
        return [
            Told(
                row.code,
                self.places[row.place_id],
                row.fix_time,
                row.last_fix_time if row.is_over else None,
                row.certainty == Certainty.CONFIRMED,
                row.is_late,
                tuple(row.reasons),
                row.handling == Handling.ACKNOWLEDGED,
                row.outcome_at if row.outcome_by_id is not None else None,
            )
            for row in rows
            if row.outcome_code != alerts.JOINED
        ]

    def stored(self) -> dict[tuple[int, datetime], bool]:
        """Return for each fix on record, by tag and time, whether it is on record as a breach."""
        by_id = {tag.id: n for n, tag in enumerate(self.tags)}
        rows = list(Fix.select().where(Fix.tag.in_(list(by_id))))
        db.release_connection()
        return {(by_id[row.tag_id], row.fix_time): row.level == Level.BREACH for row in rows}

    def end(self) -> None:
        """Leave nothing of it that falls due."""
        PlaceState.delete().where(PlaceState.wearer == self.wearer).execute()
        CaseDue.delete().execute()
        TagContact.delete().execute()
        Escalation.update(next_at=None).execute()
        db.release_connection()
