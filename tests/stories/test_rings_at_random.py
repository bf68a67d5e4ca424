"""Whatever happens in whatever order: nothing grave is open without a next instant, nor unrung where people were asked.

A wearer walks about two protected people, their tag is cut, goes dark and comes back, a protected person writes, and
people acknowledge, hand back, pass on, close or do nothing, each at random. The seed of a story that fails is its name.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backend import clock, db, escalation
from backend.escalation.groups import danger_now
from backend.lifecycle import Danger
from backend.models import (
    Alert,
    AlertKind,
    AuditEntry,
    Channel,
    Escalation,
    Handling,
    Notification,
    NotificationState,
    PlaceZone,
    ProtectedPlace,
    Victim,
)
from backend.models.alerts import UNANSWERED
from backend.settings import Settings
from tests.cases import circle, east_of
from tests.world import World
from tests.world.phone import Phone
from tests.world.world import HOME

EVENTS = 18
# From when on people are asked about an alert anew.
ASKED = ("alert_raised", "handed_back", "outcome_overdue", "acknowledgement_lapsed", "rang_again")
WORKED = Settings(secret_key="a key for tests only")


class Story:
    """One wearer, two protected people, two officers and a supervisor, and what may happen to them."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.said: list[str] = []
        other = Victim.create(team=world.team, name="Ana Silva", created_at=clock.now())
        for metres, whose, label in ((450.0, world.victim, "School"), (900.0, other, "Work")):
            place = ProtectedPlace.create(victim=whose, label=label)
            feature = circle(*east_of(HOME, metres))
            PlaceZone.create(place=place, wearer=world.wearer, feature=feature, from_at=world.zone.from_at)
        db.release_connection()
        self.people = [world.officer.has_app(), world.colleague.has_app()]

    def happens(self) -> None:
        """Let one thing happen, and some time pass."""
        what: list[Callable[[], str]] = [
            self._walks,
            self._walks,
            self._walks,
            self._is_cut,
            self._goes_dark,
            self._writes,
            self._acknowledges,
            self._acknowledges,
            self._texts_an_answer,
            self._hands_back,
            self._cannot,
            self._closes,
        ]
        self.said.append(self.chance.choice(what)())
        self.world.forward(self.chance.choice([2, 15, 40, 61, 130, 300]))

    def _walks(self) -> str:
        metres = self.chance.choice([0.0, 340.0, 450.0, 900.0, 1_300.0, 5_000.0])
        for _ in range(self.chance.choice([1, 3])):
            self.world.tag.reports(self.world.tag.fix(metres))
            self.world.forward(15)
        return f"walks to {metres}"

    def _is_cut(self) -> str:
        kind = self.chance.choice(["strap_open", "jamming", "shutdown"])
        self.world.tag.post(events=[{"kind": kind, "at": clock.now().isoformat()}])
        return kind

    def _goes_dark(self) -> str:
        self.world.forward(self.chance.choice([200, 700]))
        return "goes dark"

    def _writes(self) -> str:
        world = self.world
        world.doubles.reply(from_=world.victim.phone or "", body="Please help me", to=world.settings.twilio_from)
        return "writes"

    def _someone(self, *handling: str) -> tuple[Phone, int] | None:
        person = self.chance.choice(self.people)
        found = [one["id"] for one in person.alerts() if one["handling"] in handling]
        return (person, self.chance.choice(found)) if found else None

    def _acknowledges(self) -> str:
        who = self._someone("open")
        if who:
            who[0].api("POST", f"/v1/alerts/{who[1]}/acknowledgement")
        return f"acknowledges {who and who[1]}"

    def _texts_an_answer(self) -> str:
        who = self._someone("open")
        texts = [
            one
            for one in self.world.doubles.messages
            if who and one.to == who[0].person.phone and "Reply 1" in one.body
        ]
        if not who or not texts:
            return "texts nothing"
        code = self.chance.choice(texts).body.split("Reply 1 ")[1].split()[0]
        who[0].texts(f"1 {code}")
        return f"texts 1 {code}"

    def _hands_back(self) -> str:
        who = self._someone("acknowledged")
        if who:
            who[0].api("DELETE", f"/v1/alerts/{who[1]}/acknowledgement")
        return f"hands back {who and who[1]}"

    def _cannot(self) -> str:
        who = self._someone("open")
        if who:
            who[0].api("POST", f"/v1/alerts/{who[1]}/cannot")
        return f"cannot {who and who[1]}"

    def _closes(self) -> str:
        who = self._someone("acknowledged")
        if who:
            danger = who[0].api("GET", f"/v1/alerts/{who[1]}").json()["danger"]
            body = {"code": "police_informed", "note": "They are there.", "is_confirmed": True, "danger": danger}
            who[0].api("POST", f"/v1/alerts/{who[1]}/outcome", json=body)
        return f"closes {who and who[1]}"


def _stand(now: datetime) -> list[Alert]:
    """Check that everything that awaits an answer has an instant at which it goes on; return what is open."""
    found = []
    latest = now + timedelta(seconds=escalation.LONGEST_WAIT_S)
    for alert in Alert.select().where(UNANSWERED).order_by(Alert.id):
        climb = Escalation.get_or_none(Escalation.id == alert.escalation_id)
        assert climb is not None, f"{alert.id} ({alert.kind}) belongs to no escalation"
        assert climb.next_at is not None, f"{alert.id} ({alert.kind}, {alert.handling}) goes on at no instant"
        assert climb.next_at <= latest, f"{alert.id} ({alert.kind}) goes on in {climb.next_at - now}"
        if alert.handling != Handling.ACKNOWLEDGED:
            found.append(alert)
    return found


def _asked_since(alert: Alert) -> datetime:
    entries = AuditEntry.select().where(AuditEntry.alert == alert.id).order_by(AuditEntry.id)
    asked = [
        entry.at
        for entry in entries
        if entry.action in ASKED or (entry.action == "danger_rose" and (entry.detail or {}).get("is_news"))
    ]
    return max(asked, default=alert.raised_at)


def _was_rung(alert: Alert) -> bool:
    """Tell whether someone was texted or called about this danger since people were asked; a push will do once over."""
    quiet = [Channel.WEBSOCKET, Channel.PUSH] if not alert.is_over else [Channel.WEBSOCKET]
    rows = Notification.select().where(
        Notification.created_at >= _asked_since(alert) - timedelta(seconds=1),
        Notification.channel.not_in(quiet),
        Notification.state != NotificationState.CANCELLED,
        Notification.person.is_null(False),
    )
    danger = danger_now(alert)
    return any((row.shown or {}).get(str(alert.id), -1) >= danger for row in rows)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_grave_stays_unanswered_and_unrung(world: World, seed: int) -> None:
    world.stop_worker()
    names = ("silence_grave_s", "silence_calls_s", "silence_least_s", "silence_most_s")
    world.settings = world.settings.changed(**{name: getattr(WORKED, name) for name in names})
    world.app.extensions["cordon.committer"]._settings = world.settings
    world.start_worker()
    world.checks_at_end = False
    story = Story(world, seed)
    world.tag.is_far_away()
    for _ in range(EVENTS):
        story.happens()
        _stand(clock.now())
        db.release_connection()
    # No person answers for a while: all that is open and grave has to be known to someone as grave as it is.
    for _ in range(11):
        world.forward(61)
    for alert in _stand(clock.now()):
        # What opened a moment ago, since no outcome was recorded in time, has its steps before it.
        is_asked = clock.now() - _asked_since(alert) >= timedelta(minutes=5)
        if is_asked and danger_now(alert) >= Danger.BREACH_UNCONFIRMED:
            assert _was_rung(alert), f"{alert.id} ({alert.kind}) was not rung: {story.said}"
    repeats: Counter[tuple[int, str]] = Counter()
    since = clock.now() - timedelta(hours=1)
    helps = Alert.select(Alert.id).where(Alert.kind == AlertKind.HELP)
    query = Notification.select().where(Notification.is_repeat, Notification.created_at > since)
    for row in query.where(Notification.alert.not_in(helps), Notification.state != NotificationState.CANCELLED):
        if row.channel in (Channel.SMS, Channel.VOICE):
            repeats[row.person_id, row.channel] += 1
    # The first that reaches a person in each climb is never held back.
    climbs = sum(alert.episode for alert in Alert.select())
    assert max(repeats.values(), default=0) <= world.settings.repeats_per_hour + climbs
    db.release_connection()
    world.reads_everything()
