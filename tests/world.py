"""A world to tell stories in: the served application, its worker, the providers' doubles, and people with phones."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import requests
import socketio
from standardwebhooks import Webhook
from werkzeug.serving import WSGIRequestHandler, make_server

from backend import auth, clock, consent, db, devices, numbers, tags, web_push
from backend.models import (
    Activation,
    Alert,
    Attempt,
    CaseDue,
    Channel,
    Notification,
    NumberProof,
    Person,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    Role,
    Socket,
    Tag,
    Team,
    Victim,
    Wearer,
)
from backend.settings import Settings
from notifier.worker import Worker
from tests.doubles import Doubles
from wsgi import create_app
from zones.geo import Frame

T = TypeVar("T")

PASSWORD = "a password for tests"
# argon2 takes its time on purpose; the people of every test share one hash.
PASSWORD_HASH = auth.hash_password(PASSWORD)
HOME = (51.5643, -0.1030)
RADIUS_M = 250.0
BUFFER_M = 250.0
PATIENCE_S = 30.0
SETTLED_WITHIN_S = 1.0


def eventually(condition: Callable[[], T], what: str, patience_s: float | None = None) -> T:
    """Return ``condition()`` once it is true; other threads and processes are given time to make it so."""
    patience_s = PATIENCE_S if patience_s is None else patience_s
    deadline = time.monotonic() + patience_s
    pause = threading.Event()
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {patience_s} s: {what}"
        pause.wait(0.01)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@dataclass
class TestTag:
    """A tag in a test's hand: it posts signed fixes over HTTP."""

    world: World
    serial: str
    key: str
    centre: tuple[float, float]
    sent: int = 0
    __test__ = False

    def place(self, metres_from_centre: float) -> dict[str, float]:
        """Return the place so many metres east of the zone's centre, with the metre or two by which a receiver errs."""
        self.sent += 1
        lat, lon = Frame(*self.centre).to_degrees(metres_from_centre + self.sent % 5 - 2.0, self.sent % 3 - 1.0)
        return {"lat": lat, "lon": lon}

    def fix(self, metres_from_centre: float, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
        """Return one fix as the API takes it."""
        at = clock.now() - timedelta(seconds=ago_s)
        return {"fix_time": at.isoformat(), **self.place(metres_from_centre), "accuracy_m": 6.0, **more}

    def post(
        self,
        *fixes: dict[str, Any],
        body: bytes | None = None,
        events: list[Any] | None = None,
        webhook_id: str | None = None,
        signed_at: datetime | None = None,
        key: str | None = None,
        url: str | None = None,
    ) -> requests.Response:
        """Post a batch, signed as Standard Webhooks says."""
        content: dict[str, Any] = {"fixes": list(fixes)}
        if events is not None:
            content["events"] = events
        body = json.dumps(content).encode() if body is None else body
        webhook_id = webhook_id or f"msg_{uuid.uuid4().hex}"
        signed_at = signed_at or clock.now()
        try:
            signature = Webhook(key or self.key).sign(webhook_id, signed_at, body.decode())
        except UnicodeDecodeError:
            signature = "v1,none"
        return requests.post(
            f"{url or self.world.url}/v1/tags/{self.serial}/fixes",
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": webhook_id,
                "webhook-timestamp": str(int(signed_at.timestamp())),
                "webhook-signature": signature,
            },
            timeout=20,
        )

    def reports(self, *fixes: dict[str, Any]) -> dict[str, Any]:
        """Post fixes that are expected to be taken, and return the answer."""
        response = self.post(*fixes)
        assert response.status_code == 200, response.text
        return response.json()

    def stays(self, metres_from_centre: float, for_s: int = 120, every_s: int = 15, **more: Any) -> dict[str, Any]:
        """Report from one place for some time, which passes."""
        answer: dict[str, Any] = {}
        for _ in range(for_s // every_s):
            answer = self.reports(self.fix(metres_from_centre, **more))
            self.world.forward(every_s)
        return answer

    def is_far_away(self) -> dict[str, Any]:
        """Report once from a place where all is clear."""
        return self.stays(5_000.0, for_s=30)

    def walks_in(self) -> dict[str, Any]:
        """Report deep inside the zone, once: as early as it can be known."""
        return self.reports(self.fix(0.0))

    def stays_inside(self) -> dict[str, Any]:
        """Report from inside for long enough to be sure."""
        return self.stays(0.0, for_s=120)

    def leaves(self) -> dict[str, Any]:
        """Walk out and far away, for long enough to be sure."""
        for metres in (400.0, 900.0, 1_500.0, 2_500.0, 4_000.0):
            self.stays(metres, for_s=60, every_s=30)
        return self.stays(5_000.0, for_s=120, every_s=30)


@dataclass
class Phone:
    """A member of staff with a phone: the API, the websocket, pushes and texts."""

    world: World
    person: Person
    push_token: str | None = None
    hints: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[socketio.Client] = field(default_factory=list)
    answers_hints: bool = True
    _token: str | None = None
    _refresh: str | None = None
    _seen: int = 0

    def signs_in(self) -> Self:
        """Open a session."""
        answer = self.world.api("POST", "/v1/sessions", json={"email": self.person.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self._token, self._refresh = answer.json()["access_token"], answer.json()["refresh_token"]
        return self

    @property
    def token(self) -> str:
        """The access token of the newest session."""
        if self._token is None:
            self.signs_in()
        assert self._token is not None
        return self._token

    def api(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request as this person, with a fresh access token where the old one has expired."""
        answer = self.world.api(method, path, headers={"Authorization": f"Bearer {self.token}"}, **more)
        if answer.status_code == 401 and "expired" in answer.text:
            pair = self.world.api("POST", "/v1/sessions/refresh", json={"refresh_token": self._refresh})
            assert pair.status_code == 200, pair.text
            self._token, self._refresh = pair.json()["access_token"], pair.json()["refresh_token"]
            answer = self.world.api(method, path, headers={"Authorization": f"Bearer {self.token}"}, **more)
        return answer

    def opens_the_app(self, after: int | None = None) -> Self:
        """Open a websocket, as the app does."""
        client = socketio.Client(reconnection=False)

        def on_alert(hint: dict[str, Any]) -> None:
            self.hints.append(hint)

        client.on("alert", on_alert)
        client.connect(
            self.world.url,
            auth={"token": self.token, "after": after},
            transports=["websocket"],
            wait_timeout=10,
        )
        self.sockets.append(client)
        eventually(self._is_known, f"{self.person.name}'s socket is known")
        return self

    def _is_known(self) -> bool:
        try:
            return Socket.select().where(Socket.person == self.person).exists()
        finally:
            db.release_connection()

    def closes_the_app(self) -> None:
        """Close every websocket."""
        for client in self.sockets:
            client.disconnect()
        self.sockets.clear()

    def alerts(self, status: str = "live", **query: Any) -> list[dict[str, Any]]:
        """Return the list that the app shows."""
        answer = self.api("GET", "/v1/alerts", params={"status": status, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["alerts"]

    def alert(self) -> dict[str, Any]:
        """Return the one alert there is."""
        found = self.alerts("all")
        assert len(found) == 1, found
        return self.api("GET", f"/v1/alerts/{found[0]['id']}").json()

    def acknowledges(self, alert_id: int | None = None) -> dict[str, Any]:
        """Promise to act."""
        alert_id = alert_id or self.alert()["id"]
        answer = self.api("POST", f"/v1/alerts/{alert_id}/acknowledgement")
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def handset(self) -> Any:
        """The phone itself, as the providers' doubles have it: it can be off, answer, and press keys."""
        return self.world.doubles.phone(self.person.phone or "")

    def texts(self, body: str) -> Any:
        """Text Cordon."""
        return self.world.doubles.reply(from_=self.person.phone or "", body=body, to=self.world.settings.twilio_from)

    def says_cannot(self, alert_id: int | None = None) -> dict[str, Any]:
        """Say that one cannot act."""
        answer = self.api("POST", f"/v1/alerts/{alert_id or self.alert()['id']}/cannot")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def hands_back(self) -> dict[str, Any]:
        """Give the alert back."""
        answer = self.api("DELETE", f"/v1/alerts/{self.alert()['id']}/acknowledgement")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def records_outcome(self, code: str = "police_informed", note: str = "") -> dict[str, Any]:
        """Close the alert."""
        answer = self.api("POST", f"/v1/alerts/{self.alert()['id']}/outcome", json={"code": code, "note": note})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def expects_hint(self) -> dict[str, Any]:
        """Wait for a websocket hint that was not looked at before."""
        eventually(lambda: len(self.hints) > self._seen, f"a hint for {self.person.name}")
        self._seen = len(self.hints)
        return self.hints[-1]

    def expects_push(self, words: str) -> Any:
        """Wait for a push with these words."""
        return self.world.expect_push(self.push_token, words)

    def expects_sms(self, words: str) -> Any:
        """Wait for a text with these words."""
        return self.world.expect_sms(self.person.phone, words)

    def expects_call(self) -> Any:
        """Wait for a voice call."""
        return self.world.expect_call(self.person.phone)

    def has_app(self, token: str | None = None) -> Self:
        """Install the app: pushes arrive from now on."""
        self.push_token = token or f"push-token-{self.person.id}"
        devices.register(self.person, self.push_token, "android", clock.now())
        self.world.doubles.introduce(
            [{"label": self.person.name, "phone": self.person.phone, "push_token": self.push_token, "role": "officer"}]
        )
        db.release_connection()
        return self

    def has_web_app(self) -> Self:
        """Install the officer's web app and turn warnings on in it, in a browser of this world's push service."""
        subscription = self.world.doubles.webpush.subscribe(
            self.person.phone or "", web_push.public_key(self.world.settings)
        )
        self.push_token = subscription["endpoint"]
        body = {"token": self.push_token, "platform": devices.WEB_PUSH, "keys": subscription["keys"]}
        answer = self.api("POST", "/v1/devices", json=body)
        assert answer.status_code == 201, answer.text
        return self


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
            database_connections=40,
        )
        self._server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.settings = replace(self.settings, public_url=self.url)
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
            self._working.join(10)
            assert not self._working.is_alive()
        self.worker = self._working = None

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
        row = Tag.create(serial=serial, key=tags.new_key(), created_at=now)
        if wearer is not None:
            Activation.create(tag=row, wearer=wearer, from_at=now - timedelta(days=40))
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
        """Record that the victim agrees to texts in her words."""
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
        # In that time the web process would have confirmed its sockets many times.
        self.app.extensions["cordon.websocket"].refresh()
        db.release_connection()
        if self.worker is not None:
            self.settle()

    def settle(self) -> None:
        """Wait until nothing is due and nothing is under way."""

        def is_quiet() -> bool:
            now = clock.now()
            try:
                overdue = Alert.select().where(Alert.next_escalation_at <= now).exists()
                overdue = overdue or PlaceState.select().where(PlaceState.next_change_at <= now).exists()
                overdue = overdue or CaseDue.select().where(CaseDue.done_at.is_null(), CaseDue.due_at <= now).exists()
                due = (
                    Notification.select()
                    .where(
                        Notification.state == "pending",
                        Notification.channel.in_([Channel.PUSH, Channel.SMS, Channel.VOICE]),
                        (Notification.due_at <= now) | Notification.lease_token.is_null(False),
                    )
                    .exists()
                )
                calling = (
                    self.waits_for_calls
                    and Notification.select()
                    .where(Notification.channel == Channel.VOICE, Notification.state == "sent")
                    .exists()
                )
                codes = NumberProof.select().where(NumberProof.due_at <= now).exists()
                return not overdue and not due and not calling and not codes
            finally:
                db.release_connection()

        eventually(is_quiet, "the outbox is empty of what is due")

    def expect_sms(self, number: str | None, words: str) -> Any:
        """Wait for a text to ``number`` that holds ``words`` and that nobody expected before."""
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
        left = [f"text to {m.to}: {m.body}" for m in self.doubles.messages if m.sid not in self._expected]
        left += [f"call to {c.to}" for c in self.doubles.calls if c.sid not in self._expected]
        left += [f"push to {p.token}: {p.data.get('body')}" for p in self.pushes if p.name not in self._expected]
        assert not left, "nobody expected: " + "; ".join(left)


def _name(item: Any) -> str:
    """Return what the provider calls a message."""
    return getattr(item, "sid", None) or item.name
