"""Owns the Python face of the doubles: start them, script them, ask what arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.doubles.callbacks import Scheduler, Webhooks
from tests.doubles.calls import Calls
from tests.doubles.exchange import Exchange, Options
from tests.doubles.faults import Fault, Script, Scripted
from tests.doubles.fcm import Fcm
from tests.doubles.journal import Attempt, Call, Journal, Message, Push
from tests.doubles.phone_app import Handset
from tests.doubles.phones import Phones
from tests.doubles.server import Server, create_app
from tests.doubles.twilio import Twilio
from tests.doubles.webpush import WebPush

T = TypeVar("T")


class Doubles:
    """Twilio, FCM, the browsers' push service and the phones on one local server, on a free port unless told.

    `with Doubles(cordon_url=...) as doubles:` serves until the block ends. Nothing here polls: `wait_for` is
    woken by each arrival and by each answer to a callback.
    """

    def __init__(
        self,
        cordon_url: str = "",
        auth_token: str = Options.auth_token,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self._options = Options(auth_token=auth_token, **options)
        self._journal = Journal()
        scheduler = Scheduler()
        webhooks = Webhooks(self._journal, scheduler, auth_token, cordon_url)
        self._exchange = Exchange(self._options, self._journal, Script(), Phones(), scheduler, webhooks)
        self._twilio = Twilio(self._exchange)
        self._fcm = Fcm(self._exchange)
        self._calls = Calls(self._exchange)
        self.webpush = WebPush(self._exchange)
        app = create_app(self._exchange, self._twilio, self._calls, self._fcm, self.webpush)
        self._server = Server(host, port, app)
        self.url = f"http://{host}:{self._server.server_port}"
        self._fcm.url = self.webpush.url = self.url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve."""
        self._server.start()

    def stop(self) -> None:
        """End every wait, connection and thread."""
        self._exchange.close()
        self._server.stop()

    @property
    def account_sid(self) -> str:
        """The account that Twilio's double answers for."""
        return self._options.account_sid

    @property
    def auth_token(self) -> str:
        """That account's secret, with which callbacks are signed."""
        return self._options.auth_token

    @property
    def project_id(self) -> str:
        """The project that FCM's double answers for."""
        return self._options.project_id

    @property
    def fcm_url(self) -> str:
        """What `messaging._MessagingService.FCM_URL` is to be set to."""
        return self.url + "/v1/projects/{0}/messages:send"

    @property
    def cordon_url(self) -> str:
        """Where Cordon listens: replies of the phones are posted there."""
        return self._exchange.webhooks.cordon_url

    @cordon_url.setter
    def cordon_url(self, url: str) -> None:
        self._exchange.webhooks.cordon_url = url.rstrip("/")

    @property
    def public_url(self) -> str:
        """The address that Cordon gives out and checks signatures against, when it is not `cordon_url`."""
        return self._exchange.webhooks.public_url

    @public_url.setter
    def public_url(self, url: str) -> None:
        self._exchange.webhooks.public_url = url.rstrip("/")

    def service_account(self, path: Path | str) -> Path:
        """Write a service account's JSON to `path` (mode 600) and give the path."""
        return self._fcm.service_account(Path(path))

    def revoke_access_tokens(self) -> None:
        """Have FCM answer 401 to every access token given so far."""
        self._fcm.revoke_tokens()

    @property
    def messages(self) -> list[Message]:
        """SMS that Cordon sent, in order of arrival."""
        with self._journal.lock:
            return list(self._journal.messages)

    @property
    def replies(self) -> list[Message]:
        """SMS that phones sent to Cordon; `callbacks[0]` is what Cordon answered."""
        with self._journal.lock:
            return list(self._journal.replies)

    @property
    def pushes(self) -> list[Push]:
        """Pushes that FCM accepted, in order of arrival."""
        with self._journal.lock:
            return list(self._journal.pushes)

    @property
    def calls(self) -> list[Call]:
        """Voice calls, in order of arrival."""
        with self._journal.lock:
            return list(self._journal.calls)

    @property
    def attempts(self) -> list[Attempt]:
        """Every request that reached a double, answered or not: what a retry costs shows here."""
        with self._journal.lock:
            return list(self._journal.attempts)

    @property
    def held_callbacks(self) -> int:
        """How many reports a `held` fault keeps back."""
        return self._exchange.webhooks.held_count

    def wait_for(self, condition: Callable[[], T], timeout: float = 30.0) -> T:
        """Wait until `condition()` is true; it is asked again after each arrival.

        Raises:
            AssertionError: with what did arrive, when `timeout` seconds have passed.
        """
        return self._journal.wait_for(condition, timeout)

    def script(
        self,
        fault: Fault | None = None,
        *,
        to: str | None = None,
        channel: str | None = None,
        times: int | None = None,
        **fields: Any,
    ) -> Scripted:
        """Have `fault` happen to `to` (a number, a push token, an endpoint, or everyone), for ever or `times` times.

        The fault's fields may be given directly: `script(to="+44...", status=503, times=1)`.
        """
        return self._exchange.script.add(fault or Fault(**fields), to=to, channel=channel, times=times)

    def clear_script(self) -> None:
        """Let all be well again."""
        self._exchange.script.clear()

    def release(self) -> None:
        """End every hang and post every callback held back."""
        self._exchange.release()

    def reply(
        self,
        *,
        from_: str,
        body: str,
        to: str | None = None,
        kinds: Iterable[str] = ("true",),
        opt_out_type: str = "",
    ) -> Message:
        """Have a phone text Cordon, at the number that last wrote to it unless told; Cordon's answer is awaited.

        `kinds` says how often and how it is posted: `("true", "doubled")` twice, `("forged",)` with a wrong signature.
        `opt_out_type` is what Twilio's Advanced Opt-Out made of it: `STOP`, `START` or `HELP`.
        """
        return self._twilio.receive(from_, to or self._exchange.phones.at(from_).last_sender, body, kinds, opt_out_type)

    def forge(self, record: Message | Call, state: str = "delivered") -> int | None:
        """Post a status callback signed without the secret; the HTTP status that it got."""
        params = self._callback_params(record, state)
        return self._exchange.webhooks.post(record.callback_url, params, kind="forged").status

    def call_back(self, record: Message | Call, state: str, token: str = "") -> int | None:
        """Post a rightly signed status callback at a time of the test's choosing; the HTTP status that it got."""
        params = self._callback_params(record, state)
        return self._exchange.webhooks.post(record.callback_url, params, token=token).status

    def forge_key(self, call: Call, keys: str = "1") -> int | None:
        """Post a keypress to the call's last `<Gather>`, signed without the secret; the HTTP status that it got."""
        params = self._calls.params(call) | {"Digits": keys}
        return self._exchange.webhooks.post(call.gathers[-1].action, params, kind="forged").status

    def _callback_params(self, record: Message | Call, state: str) -> dict[str, str]:
        if isinstance(record, Call):
            return self._calls.callback_params(record, state)
        return self._twilio.callback_params(record, state)

    def show_push(self, token: str, data: dict[str, str]) -> Push:
        """Put a data push on a phone without a provider in between, to look at the wall."""
        return self._fcm.deliver(token, {"data": data, "android": {"priority": "high"}})

    def introduce(self, people: Iterable[dict[str, Any]]) -> int:
        """Label the phones with their owners: `{"label", "phone", "push_token", "role"}` each."""
        count = self._exchange.phones.introduce(people)
        self._journal.changed()
        return count

    def phone(self, address: str) -> Handset:
        """The phone with this number or push token."""
        return Handset(self, self._exchange, self._exchange.phones.at(address))

    def clear(self) -> None:
        """Forget everything received and everything scripted; switches and owners stay."""
        self.clear_script()
        self._exchange.phones.wipe()
        self._journal.clear()
