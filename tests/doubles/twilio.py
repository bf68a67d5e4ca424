"""Owns the double of Twilio's Messages API: resources, states, status callbacks and inbound SMS."""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Callable, Iterable
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from flask import Blueprint, Response, jsonify, request

from tests.doubles.callbacks import Reports
from tests.doubles.exchange import UNREACHABLE, Exchange, new_sid
from tests.doubles.faults import TWILIO_ERRORS, Fault
from tests.doubles.journal import Callback, Message, now

if TYPE_CHECKING:
    from tests.doubles.calls import Calls

API_VERSION = "2010-04-01"
INBOUND_PATH = "/v1/webhooks/twilio/sms"
# Source: Twilio's default opt-out keywords for long codes, and those that undo them.
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
E164 = re.compile(r"\+[1-9]\d{6,14}")


class CannotReply(ValueError):
    """The phone has no one to answer: an alphanumeric sender takes no replies, and so does an unknown one."""


class Twilio:
    """Sends SMS to the phones and their answers to Cordon. A number that texted STOP gets 21610 until START."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.opted_out: set[tuple[str, str]] = set()
        exchange.on_progress = self.progress

    def create(self) -> Response:
        """`POST Messages.json`."""
        to = request.form.get("To", "")
        return self.exchange.serve("sms", to, refuse, self._send)

    def fetch(self, sid: str) -> Response:
        """`GET Messages/<sid>.json`."""
        with self.exchange.journal.lock:
            found = [m for m in self.exchange.journal.messages + self.exchange.journal.replies if m.sid == sid]
        return jsonify(self.resource(found[0])) if found else error(20404)

    def progress(self, message: Message, state: str, error_code: int | None = None) -> None:
        """Put `message` into `state` and tell Cordon."""
        self._enter(message, state, error_code)
        Reports(self.exchange.webhooks, message, None).tell(self.callback_params(message, state))

    def receive(
        self, from_: str, to: str, body: str, kinds: Iterable[str] = ("true",), opt_out_type: str = ""
    ) -> Message:
        """Send a phone's SMS to Cordon, signed, and hand the answers' `<Message>` texts to that phone.

        It is posted once for each of `kinds`: `true`, `doubled` (the same SID and token again) or `forged` (signed
        without the secret).

        Raises:
            CannotReply: when `to` is no telephone number, or Cordon's address is not known.
        """
        if not E164.fullmatch(to):
            raise CannotReply(f"{to or 'Nobody'} cannot be texted: only a real number takes replies")
        if not self.exchange.webhooks.cordon_url:
            raise CannotReply("Nobody said where Cordon listens: set cordon_url")
        message = Message(to=to, from_=from_, body=body, sid=new_sid("SM"), direction="inbound", state="received")
        message.states.append(("received", message.at))
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.opted_out.add((to, from_))
        elif word in START_WORDS:
            self.opted_out.discard((to, from_))
        message.params = {
            "ToCountry": "GB",
            "FromCountry": "GB",
            "SmsMessageSid": message.sid,
            "NumMedia": "0",
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "Body": body,
            "To": to,
            "NumSegments": str(message.segments),
            "MessageSid": message.sid,
            "AccountSid": self.exchange.options.account_sid,
            "From": from_,
            "ApiVersion": API_VERSION,
        } | ({"OptOutType": opt_out_type} if opt_out_type else {})
        phone = self.exchange.phones.at(from_)
        with self.exchange.phones.lock:
            phone.show(message)
        self.exchange.journal.add(message)
        webhooks = self.exchange.webhooks
        url = (webhooks.public_url or webhooks.cordon_url) + INBOUND_PATH
        token = str(uuid.uuid4())
        for kind in kinds:
            answer = webhooks.post(url, message.params, kind=kind, token=token)
            with self.exchange.journal.lock:
                message.callbacks.append(answer)
            self.exchange.journal.changed()
            for text in texts_in(answer):
                self._answer_at_once(from_, to, text)
        return message

    def resource(self, message: Message) -> dict[str, object]:
        """The Message resource as Twilio writes it."""
        account_sid = self.exchange.options.account_sid
        uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
        with self.exchange.journal.lock:
            sent_at = next((at for state, at in message.states if state == "sent"), None)
            updated_at = message.states[-1][1]
        return {
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "body": message.body,
            "date_created": format_datetime(message.at),
            "date_sent": format_datetime(sent_at) if sent_at else None,
            "date_updated": format_datetime(updated_at),
            "direction": message.direction,
            "error_code": message.error_code,
            "error_message": TWILIO_ERRORS.get(message.error_code or 0, (0, None))[1],
            "from": message.from_,
            "messaging_service_sid": message.params.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": str(message.segments),
            "price": None,
            "price_unit": "USD",
            "sid": message.sid,
            "status": message.state,
            "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
            "to": message.to,
            "uri": f"{uri}.json",
        }

    def callback_params(self, message: Message, state: str) -> dict[str, str]:
        """The form of a status callback."""
        params = {
            "SmsSid": message.sid,
            "SmsStatus": state,
            "MessageStatus": state,
            "To": message.to,
            "MessageSid": message.sid,
            "AccountSid": self.exchange.options.account_sid,
            "From": message.from_,
            "ApiVersion": API_VERSION,
        }
        if "MessagingServiceSid" in message.params:
            params["MessagingServiceSid"] = message.params["MessagingServiceSid"]
        if message.error_code and state in ("undelivered", "failed"):
            params["ErrorCode"] = str(message.error_code)
        return params

    def _send(self, fault: Fault | None) -> Response:
        form = request.form
        to, body = form.get("To", ""), form.get("Body", "")
        from_ = form.get("From") or form.get("MessagingServiceSid", "")
        for code, is_wrong in (
            (21604, not to),
            (21603, not from_),
            (21602, not body),
            (21211, not E164.fullmatch(to)),
            (21617, len(body) > 1600),
            (21610, (from_, to) in self.opted_out),
        ):
            if is_wrong:
                return error(code)
        message = Message(
            to=to,
            from_=from_,
            body=body,
            sid=new_sid("SM"),
            callback_url=form.get("StatusCallback", ""),
            validity_period_s=int(form.get("ValidityPeriod", 36_000)),
            params=form.to_dict(),
        )
        message.states.append(("queued", message.at))
        self.exchange.journal.add(message)
        created = jsonify(self.resource(message))
        created.status_code = 201
        start_after_answer(created, lambda: self._carry(message, fault), fault)
        return created

    def _carry(self, message: Message, fault: Fault | None) -> None:
        """Take an accepted message to its end: sent, then delivered or as the script or the phone says."""
        options = self.exchange.options
        reports = Reports(self.exchange.webhooks, message, fault)
        is_early = bool(fault and fault.is_early)

        def step(state: str, error_code: int | None = None) -> None:
            self._enter(message, state, error_code)
            reports.tell(self.callback_params(message, state))

        def lose(state: str, error_code: int | None) -> None:
            step(state, error_code)
            self.exchange.note_loss(message)

        def finish() -> None:
            if fault and fault.final_state and fault.final_state != "delivered":
                if fault.final_state != "sent":
                    lose(fault.final_state, fault.error_code)
            elif self.exchange.phones.at(message.to).is_given_up:
                lose("undelivered", UNREACHABLE)
            elif self.exchange.arrive(message, message.to):
                step("delivered")
            reports.finish()

        def start() -> None:
            step("sent")
            if options.delivered_after_s and not is_early:
                self.exchange.scheduler.soon(finish, options.delivered_after_s)
            else:
                finish()

        if is_early:
            start()
        else:
            self.exchange.scheduler.soon(start, options.sent_after_s)

    def _enter(self, message: Message, state: str, error_code: int | None) -> None:
        with self.exchange.journal.lock:
            message.state = state
            message.error_code = error_code
            message.states.append((state, now()))
        self.exchange.journal.changed()

    def _answer_at_once(self, to: str, from_: str, body: str) -> None:
        if (from_, to) in self.opted_out:
            return
        message = Message(to=to, from_=from_, body=body, sid=new_sid("SM"), direction="outbound-reply")
        message.states.append(("queued", message.at))
        self.exchange.journal.add(message)
        self._carry(message, None)


def start_after_answer(response: Response, work: Callable[[], None], fault: Fault | None) -> None:
    """Begin `work` once the API's answer has been written, or do it first when the script wants callbacks `early`."""
    if fault and fault.is_early:
        work()
    else:
        response.call_on_close(work)


def texts_in(answer: Callback) -> list[str]:
    """The texts of the `<Message>` verbs with which a webhook answered."""
    if answer.status != 200 or "<" not in answer.body:
        return []
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return []
    return ["".join(verb.itertext()).strip() for verb in root.iter("Message")]


def error(code: int, *, status: int = 0, message: str = "", retry_after_s: int | None = None) -> Response:
    """An error body as Twilio writes it; status and message are the code's own unless given."""
    known_status, known_message = TWILIO_ERRORS.get(code, (400, f"Error {code}"))
    status = status or known_status
    body = {
        "code": code,
        "message": message or known_message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    response = jsonify(body)
    response.status_code = status
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def refuse(fault: Fault) -> Response:
    """The refusal that `fault` describes."""
    by_status = {401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}
    code = fault.code if isinstance(fault.code, int) else by_status.get(fault.status or 0, 20500)
    return error(code, status=fault.status or 0, message=fault.message, retry_after_s=fault.retry_after_s)


def blueprint(twilio: Twilio, calls: Calls) -> Blueprint:
    """The routes of Twilio's REST API, behind HTTP Basic."""
    bp = Blueprint("twilio", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")
    options = twilio.exchange.options

    @bp.before_request
    def check_credentials() -> Response | None:
        auth = request.authorization
        expected = (options.account_sid, options.auth_token)
        given = (auth.username or "", auth.password or "") if auth and auth.type == "basic" else ("", "")
        is_same = all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, expected, strict=True))
        if not is_same or (request.view_args or {}).get("account_sid") != options.account_sid:
            return error(20003)
        return None

    bp.add_url_rule("/Messages.json", view_func=lambda account_sid: twilio.create(), endpoint="send", methods=["POST"])
    bp.add_url_rule("/Messages/<sid>.json", view_func=lambda account_sid, sid: twilio.fetch(sid), endpoint="message")
    bp.add_url_rule("/Calls.json", view_func=lambda account_sid: calls.create(), endpoint="call", methods=["POST"])
    bp.add_url_rule("/Calls/<sid>.json", view_func=lambda account_sid, sid: calls.fetch(sid), endpoint="one_call")
    bp.add_url_rule(
        "/Calls/<sid>.json",
        view_func=lambda account_sid, sid: calls.update(sid),
        endpoint="end_call",
        methods=["POST"],
    )
    return bp
