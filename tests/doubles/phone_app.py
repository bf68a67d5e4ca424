"""Owns the phone in a test's hand: what it got, what its owner does with it, and what its app tells Cordon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import requests

from tests.doubles.exchange import Exchange
from tests.doubles.faults import UNREGISTERED
from tests.doubles.journal import AnyPush, BrowserPush, Call, Message, Push, Receipt
from tests.doubles.phones import Mode, Phone, Pickup

if TYPE_CHECKING:
    from tests.doubles.api import Doubles


class Handset:
    """One phone in a test's hand."""

    def __init__(self, doubles: Doubles, exchange: Exchange, phone: Phone) -> None:
        self._doubles = doubles
        self._exchange = exchange
        self._phone = phone

    @property
    def mode(self) -> Mode:
        """Whether it delivers, ignores or is off."""
        return self._phone.mode

    @property
    def messages(self) -> list[Message]:
        """SMS from Cordon to this phone, whether or not it was on."""
        return [message for message in self._doubles.messages if message.to == self._phone.number]

    @property
    def pushes(self) -> list[Push]:
        """Pushes to this phone, whether or not it was on."""
        return [push for push in self._doubles.pushes if push.token in self._phone.push_tokens]

    @property
    def browser_pushes(self) -> list[BrowserPush]:
        """Web pushes to the browser of this phone, whether or not it was on."""
        return [push for push in self._doubles.webpush.received if push.endpoint in self._phone.endpoints]

    @property
    def calls(self) -> list[Call]:
        """Calls to this phone."""
        return [call for call in self._doubles.calls if call.to == self._phone.number]

    def turn_off(self, *, is_given_up: bool = False) -> None:
        """Receive nothing, and let calls go unanswered: messages are accepted and wait.

        With `is_given_up` the network says of each text at once that the phone cannot be reached: undelivered, 30003.
        """
        self._exchange.switch(self._phone, Mode.OFF, is_given_up=is_given_up)

    def turn_on(self) -> None:
        """Receive again, first what waited and is still valid."""
        self._exchange.switch(self._phone, Mode.DELIVER)

    def ignore(self) -> None:
        """Receive everything, and let calls ring out."""
        self._exchange.switch(self._phone, Mode.IGNORE)

    def deliver(self) -> None:
        """Behave: the same as `turn_on`."""
        self.turn_on()

    def press(self, keys: str) -> None:
        """Take every call from now on and press `keys` when asked."""
        self._phone.pickup = Pickup.HUMAN
        self._phone.keys = keys

    def pick_up(self, how: Pickup | str, patience_s: float | None = None) -> None:
        """Take calls as `human` (pressing nothing), `hangs-up` (after the first words), `voicemail`, `busy`,
        `no-answer`, or by `hand`.

        By hand it rings, and then waits for a key, for `patience_s` each: `answer`, `decline`, `type_key` and
        `hang_up` are what the hand does, here or at the wall.
        """
        self._phone.pickup = Pickup(how)
        self._phone.keys = ""
        self._phone.patience_s = patience_s

    def answer(self) -> None:
        """Take the call that rings."""
        self._phone.answer()

    def decline(self) -> None:
        """Refuse the call that rings: it ends as busy."""
        self._phone.decline()

    def type_key(self, key: str) -> None:
        """Press one key in a call that was taken by hand."""
        self._phone.type_key(key)

    def hang_up(self) -> None:
        """Leave a call that was taken by hand."""
        self._phone.hang_up()

    def reply(self, body: str, to: str | None = None, kinds: Iterable[str] = ("true",)) -> Message:
        """Text Cordon; `kinds` as in `Doubles.reply`."""
        return self._doubles.reply(from_=self._phone.number, body=body, to=to, kinds=kinds)

    def subscribe(self, application_server_key: str = "") -> dict[str, Any]:
        """Allow notifications in this phone's browser: the subscription, as the page is given it."""
        owner = self._phone.number or self._phone.push_addresses[0]
        return self._doubles.webpush.subscribe(owner, application_server_key)

    def unregister(self) -> None:
        """Uninstall the app: FCM answers UNREGISTERED for every token of this phone, the push service 410."""
        for token in self._phone.push_tokens:
            self._doubles.script(UNREGISTERED, to=token, channel="push")
        for endpoint in self._phone.endpoints:
            self._doubles.webpush.unsubscribe(endpoint)

    def give_receipts(
        self,
        post: Callable[[AnyPush, str], int | None],
        kinds: Sequence[str] = ("received", "displayed"),
    ) -> None:
        """Have the app tell Cordon of each push that arrives, by `post(push, kind)`, which gives the HTTP status.

        A phone that is off tells nothing until it is on. What was told is kept in the push's `receipts`.
        """

        def give(push: AnyPush) -> None:
            for kind in kinds:
                receipt = Receipt(kind)
                try:
                    receipt.status = post(push, kind)
                except requests.RequestException as problem:
                    receipt.error = str(problem)
                with self._exchange.journal.lock:
                    push.receipts.append(receipt)
                self._exchange.journal.changed()

        self._phone.give_receipt = give

    def give_receipts_to(
        self,
        cordon_url: str,
        access_token: str | Callable[[], str],
        kinds: Sequence[str] = ("received", "displayed"),
    ) -> None:
        """Have the app post its receipts to the API at `cordon_url` with the person's access token.

        The token may be a function that gives one, asked each time, for stories in which it expires. A push that
        concerns no alert has no receipt.
        """

        def post(push: AnyPush, kind: str) -> int | None:
            if "alert_id" not in push.data:
                return None
            token = access_token() if callable(access_token) else access_token
            body: dict[str, Any] = {"kind": kind}
            if number := push.data.get("notification_id"):
                body["notification_id"] = int(number)
            answer = requests.post(
                f"{cordon_url}/v1/alerts/{push.data['alert_id']}/receipts",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=10,
            )
            return answer.status_code

        self.give_receipts(post, kinds)

    def keep_receipts(self) -> None:
        """Have the app tell nothing, as one that the system put to sleep."""
        self._phone.give_receipt = None
