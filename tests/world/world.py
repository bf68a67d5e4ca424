"""The whole line in one process: the served application, its worker, the providers' doubles, and a team with people."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Any, Self

import requests
from argon2 import PasswordHasher
from peewee import ModelSelect, Select, fn
from werkzeug.serving import WSGIRequestHandler, make_server

from backend import clock, db, tag_signatures, wakeups
from backend.models import (
    Activation,
    Attempt,
    CaseDue,
    Channel,
    Escalation,
    HelpCall,
    Notification,
    OwnPage,
    Person,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    Role,
    Tag,
    TagContact,
    Team,
    Verification,
    Victim,
    Wearer,
)
from backend.people import consent, numbers
from backend.settings import Settings
from notifier.worker import Worker
from tests.applications import create_app
from tests.doubles import Doubles
from tests.world.phone import PASSWORD, Phone
from tests.world.tag import TestTag
from tests.world.waiting import eventually

# argon2 takes its time on purpose, behind whatever else this machine does; tests sign in thousands of times.
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = QUICK_HASHER.hash(PASSWORD)
HOME = (51.5643, -0.1030)
RADIUS_M = 250.0
BUFFER_M = 250.0
SETTLED_WITHIN_S = 1.0
NEVER_S = 1e9
SOMEBODY_ACTS = "a colleague has acknowledged it"


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


class World:
    """One team, its people, one wearer and one victim; every process of the line in threads of this one."""

    def __init__(self, database_url: str, folder: Path, test_clock: clock.Clock) -> None:
        self.clock = test_clock
        self.folder = folder
        self.doubles = Doubles(sent_after_s=0.0, delivered_after_s=0.0, ring_s=0.0)
        self.doubles.start()
        self.settings = Settings(
            database_url=database_url,
            secret_key="a key for tests only",
            sign_in_limit="1000 per minute",
            twilio_account_sid=self.doubles.account_sid,
            twilio_auth_token=self.doubles.auth_token,
            twilio_from="+447700900000",
            twilio_api_url=self.doubles.url,
            fcm_credentials=str(self.doubles.service_account(folder / "fcm.json")),
            fcm_url=self.doubles.url,
            vapid_private_key_file=str(folder / "vapid-key.pem"),
            poll_s=0.2,
            # A story lets time pass in which its tag says nothing; those about silence set what the product has.
            silence_grave_s=NEVER_S,
            silence_calls_s=NEVER_S,
            silence_least_s=NEVER_S,
            silence_most_s=NEVER_S,
            database_connections=40,
        )
        self._server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.settings = self.settings.changed(public_url=self.url)
        self.app = create_app(self.settings)
        self._server.app = self.app
        self.doubles.cordon_url = self.url
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.worker: Worker | None = None
        self._working: threading.Thread | None = None
        self.phones: list[Phone] = []
        self._expected: set[str] = set()
        # A story about lost callbacks does not wait for calls to be told as ended.
        self.waits_for_calls = True
        # Where a remedy is switched off on purpose, what is left at the end says nothing.
        self.checks_at_end = True
        self._make_people()

    def __enter__(self) -> Self:
        self._serving.start()
        self.start_worker()
        return self

    def __exit__(self, *_: object) -> None:
        for phone in self.phones:
            phone.closes_the_app()
        self.stop_worker()
        self.app.extensions["cordon.websocket"].close()
        self.app.extensions["cordon.committer"].close()
        self._server.shutdown()
        self._serving.join(5)
        self._server.server_close()
        self.doubles.stop()
        db.release_connection()

    def start_worker(self) -> None:
        """Start a notifier."""
        self.worker = Worker(self.settings)
        self._working = threading.Thread(target=self.worker.run, daemon=True)
        self._working.start()

    def stop_worker(self) -> None:
        """Stop the notifier."""
        if self.worker is not None and self._working is not None:
            self.worker.stop()
            self._wake_worker()
            self._working.join(10)
            assert not self._working.is_alive()
        self.worker = self._working = None

    def _wake_worker(self) -> None:
        """Let the worker look at once, as a commit does; one that is not woken looks by itself soon."""
        if self.worker is None:
            return
        with suppress(*db.LOST_CONNECTION):
            db.database.execute_sql(f"NOTIFY {wakeups.CHANNEL}")
        db.release_connection()

    def _make_people(self) -> None:
        now = clock.now()
        self.team = Team.create(name="North London", created_at=now)
        self.officer = self.person(Role.OFFICER, "Amina Yusuf", "+447700900101")
        self.colleague = self.person(Role.OFFICER, "Ben Carter", "+447700900102")
        self.supervisor = self.person(Role.SUPERVISOR, "Grace Okafor", "+447700900103")
        self.victim = Victim.create(team=self.team, name="Laura Bennett", phone="+447700900201", created_at=now)
        numbers.carry_over(self.victim, now)
        self.wearer = Wearer.create(
            team=self.team, name="Daniel Marsh", responsible_officer=self.officer.person, created_at=now
        )
        self.place = ProtectedPlace.create(victim=self.victim, label="Home")
        since = now - timedelta(days=40)
        self.zone = PlaceZone.create(
            place=self.place,
            wearer=self.wearer,
            from_at=since,
            feature={
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [HOME[1], HOME[0]]},
                "properties": {"id": "home", "kind": "exclusion", "radius_m": RADIUS_M, "buffer_m": BUFFER_M},
            },
        )
        self.tag = self.new_tag("LDN-0001", self.wearer)
        db.release_connection()

    def new_tag(self, serial: str, wearer: Wearer | None) -> TestTag:
        """Return a tag, worn by ``wearer`` for forty days."""
        now = clock.now()
        row = Tag.create(serial=serial, key=tag_signatures.new_key(), created_at=now)
        if wearer is not None:
            is_beside = Activation.select().where(Activation.wearer == wearer, Activation.to_at.is_null()).exists()
            Activation.create(tag=row, wearer=wearer, from_at=now - timedelta(days=40), is_beside=is_beside)
        db.release_connection()
        return TestTag(self, row.serial, row.key, HOME)

    def new_wearer(self, name: str, serial: str) -> TestTag:
        """Return the tag of another wearer of the same officer, who must keep away from the same place."""
        wearer = Wearer.create(
            team=self.team, name=name, responsible_officer=self.officer.person, created_at=clock.now()
        )
        PlaceZone.create(place=self.place, wearer=wearer, feature=self.zone.feature, from_at=self.zone.from_at)
        return self.new_tag(serial, wearer)

    def person(
        self, role: Role, name: str, phone: str | None, team: Team | None = None, *, is_proved: bool = True
    ) -> Phone:
        """Return a new member of staff with a phone, whose number is taken as proved."""
        row = Person.create(
            team=team or self.team,
            role=role,
            name=name,
            email=f"{name.split()[0].lower()}@cordon.example",
            phone=phone,
            password_hash=PASSWORD_HASH,
            created_at=clock.now(),
        )
        if phone and is_proved:
            numbers.carry_over(row, clock.now())
        phone_in_hand = Phone(self, row)
        self.phones.append(phone_in_hand)
        return phone_in_hand

    def victim_consents(self) -> None:
        """Record that the victim agrees to texts in their words."""
        consent.give(
            self.victim,
            Channel.SMS,
            "Your book has arrived.",
            "Your book was collected.",
            self.officer.person,
            clock.now(),
        )
        db.release_connection()

    def api(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request to the service."""
        return requests.request(method, self.url + path, timeout=20, **more)

    def forward(self, seconds: float) -> None:
        """Let time pass; what is due before, and what falls due on the way, is done before this returns."""
        if self.worker is not None:
            # A lease must not run out under a message that is on its way: no provider takes as long as this jump.
            self.settle()
        self.clock.forward(seconds)
        # The worker reckoned with the time before: it looks now, and not after its next poll.
        self._wake_worker()
        # In that time the web process would have confirmed its sockets many times.
        self.app.extensions["cordon.websocket"].refresh()
        db.release_connection()
        if self.worker is not None:
            self.settle()

    def settle(self) -> None:
        """Wait until nothing is due and nothing is under way."""
        # It is asked many times in a test, and making the words of the statement takes longer than the answer.
        statement, parameters = _is_under_way(self.waits_for_calls)

        def is_quiet() -> bool:
            now = db.instant_text(clock.now())
            try:
                cursor = db.database.execute_sql(statement, [now if one == ASKED_AT else one for one in parameters])
                return cursor.fetchone() == (False,)
            finally:
                db.release_connection()

        eventually(is_quiet, "the outbox is empty of what is due")

    def expect_sms(self, number: str | None, words: str) -> Any:
        """Wait for a text to ``number`` that holds ``words`` and that no one expected before."""
        return self._expect(
            lambda: [m for m in self.doubles.messages if m.to == number and words in m.body],
            f"a text to {number} with “{words}”",
        )

    @property
    def pushes(self) -> list[Any]:
        """What Firebase and the browsers' push service took, in their order."""
        return [*self.doubles.pushes, *self.doubles.webpush.received]

    def expect_push(self, token: str | None, words: str) -> Any:
        """The same for a push."""
        return self._expect(
            lambda: [p for p in self.pushes if p.token == token and words in p.data.get("body", "")],
            f"a push to {token} with “{words}”",
        )

    def _expect(self, matching: Callable[[], list[Any]], what: str) -> Any:
        found = eventually(lambda: [item for item in matching() if _name(item) not in self._expected], what)
        self._expected.add(_name(found[0]))
        # A phone has a message a moment before its worker has settled it; a clock that moved on meanwhile would have it
        # sent again. One whose provider hangs is not waited for.
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < deadline and Attempt.select().where(Attempt.outcome.is_null()).exists():
            threading.Event().wait(0.01)
        db.release_connection()
        return found[0]

    def expect_call(self, number: str | None) -> Any:
        """The same for a voice call."""
        return self._expect(lambda: [c for c in self.doubles.calls if c.to == number], f"a call to {number}")

    def reads_everything(self) -> None:
        """Take every message so far as expected: this story is about something else."""
        if self.worker is not None:
            self.settle()
        self._expected |= {_name(item) for item in [*self.pushes, *self.doubles.messages, *self.doubles.calls]}

    def expect_nothing_more(self) -> None:
        """Fail on any message that no story expected."""
        if self.worker is not None:
            self.settle()
        left = [
            f"text to {m.to}: {m.body}"
            for m in self.doubles.messages
            # A person who was texted or called hears that someone acts: tests/stories/test_staff_messages.py is about
            # it.
            if m.sid not in self._expected and SOMEBODY_ACTS not in m.body
        ]
        left += [f"call to {c.to}" for c in self.doubles.calls if c.sid not in self._expected]
        left += [f"push to {p.token}: {p.data.get('body')}" for p in self.pushes if p.name not in self._expected]
        assert not left, "nobody expected: " + "; ".join(left)


def _name(item: Any) -> str:
    """Return what the provider calls a message."""
    return getattr(item, "sid", None) or item.name


# Stands in a statement for the instant at which it is asked.
ASKED_AT = db.instant_text(datetime(1970, 1, 1, tzinfo=UTC))


@cache
def _is_under_way(waits_for_calls: bool) -> tuple[str, list[Any]]:
    """Return the statement that tells whether anything is under way, and its parameters.

    It is one statement: between two of them what causes a message may become the message, and neither be seen.
    """
    exists = [fn.EXISTS(query) for query in _under_way(datetime.fromisoformat(ASKED_AT), waits_for_calls)]
    statement, parameters = Select(columns=[reduce(or_, exists)]).bind(db.database.obj).sql()
    return statement, list(parameters)


def _under_way(now: datetime, waits_for_calls: bool) -> Iterator[ModelSelect[Any]]:
    """Return queries of what is due, or has been claimed and is not settled."""
    yield Notification.select().where(
        Notification.state == "pending",
        Notification.channel.in_([Channel.PUSH, Channel.SMS, Channel.VOICE]),
        (Notification.due_at <= now) | Notification.lease_token.is_null(False),
    )
    # A callback may tell the end of a message before the worker that sent it has settled it.
    yield Notification.select().where(Notification.lease_token.is_null(False), Notification.lease_until > now)
    yield Escalation.select().where(Escalation.next_at <= now)
    yield HelpCall.select().where(HelpCall.due_at <= now)
    yield OwnPage.select().where(OwnPage.link_text.is_null(False))
    yield PlaceState.select().where(PlaceState.next_change_at <= now)
    yield TagContact.select().where(TagContact.silent_at <= now)
    yield CaseDue.select().where(CaseDue.done_at.is_null(), CaseDue.due_at <= now)
    if waits_for_calls:
        yield Notification.select().where(Notification.channel == Channel.VOICE, Notification.state == "sent")
    # One that was proved or is no longer due may be on its way to a phone all the same.
    is_held = (Verification.lease_until > now) & Verification.voided_at.is_null()
    yield Verification.select().where((Verification.due_at <= now) | is_held)
