"""A member of staff with a phone: the API, the websocket, pushes, texts and calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import requests
import socketio

from backend import audit, clock, db, push_subscriptions
from backend.models import Person, Socket
from backend.people import devices
from tests.world.waiting import eventually

if TYPE_CHECKING:
    from tests.world.world import World

PASSWORD = "a password for tests"
OF_THE_RECORD = re.compile(r"/v1/(wearers|orders|zones|activations|people|teams)/|/v1/alerts/\d+/recall$")


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
        """Send a request as this person, with a fresh access token where the old one has expired.

        A change of the record names what was read: where a story says nothing of it, it was read just now.
        """
        headers = {**self._read_just_now(method, path, more), **(more.pop("headers", None) or {})}
        answer = self.world.api(method, path, headers={**headers, "Authorization": f"Bearer {self.token}"}, **more)
        if answer.status_code == 401 and "expired" in answer.text:
            pair = self.world.api("POST", "/v1/sessions/refresh", json={"refresh_token": self._refresh})
            assert pair.status_code == 200, pair.text
            self._token, self._refresh = pair.json()["access_token"], pair.json()["refresh_token"]
            answer = self.world.api(method, path, headers={**headers, "Authorization": f"Bearer {self.token}"}, **more)
        return answer

    def _read_just_now(self, method: str, path: str, more: dict[str, Any]) -> dict[str, str]:
        body = more.get("json")
        if method == "GET" or not OF_THE_RECORD.match(path) or (isinstance(body, dict) and "version" in body):
            return {}
        try:
            return {"If-Match": f'"{audit.newest()}"'}
        finally:
            db.release_connection()

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
        """Close the alert; what still stands knowingly, with a note."""
        alert = self.alert()
        body: dict[str, Any] = {"code": code, "note": note}
        if alert["standing"]:
            body |= {"is_confirmed": True, "danger": alert["danger"], "note": note or "The police are with them."}
        answer = self.api("POST", f"/v1/alerts/{alert['id']}/outcome", json=body)
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
            self.person.phone or "", push_subscriptions.public_key(self.world.settings)
        )
        self.push_token = subscription["endpoint"]
        body = {"token": self.push_token, "platform": devices.WEB_PUSH, "keys": subscription["keys"]}
        answer = self.api("POST", "/v1/devices", json=body)
        assert answer.status_code == 201, answer.text
        return self
