"""Owns the double of Twilio's Calls API: a call is placed, answered or not, and its TwiML followed to the keypress."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urljoin
from xml.etree import ElementTree

from flask import Response, jsonify, request

from tests.doubles.callbacks import Reports
from tests.doubles.exchange import Exchange, new_sid
from tests.doubles.faults import Fault
from tests.doubles.journal import Call, Gather, now
from tests.doubles.phones import HANG_UP, Mode, Phone, Pickup
from tests.doubles.twilio import API_VERSION, E164, error, refuse, start_after_answer

MOST_DOCUMENTS = 20
EVENT_OF_STATE = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
RINGS_FOR_S = 60.0  # Source: the default of Twilio's parameter Timeout.
GATHERS_FOR_S = 5.0  # Source: the default of the attribute timeout of <Gather>.
MACHINE = {"Enable": "machine_start", "DetectMessageEnd": "machine_end_beep"}


class HungUp(Exception):
    """The person at the phone, or Cordon through the API, has ended the call."""


@dataclass
class Page:
    """One TwiML document and where it came from, so that relative addresses can be followed."""

    root: ElementTree.Element
    url: str


class Calls:
    """Places calls. Each runs on a thread of its own, because a ringing phone takes its time."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._ended: set[str] = set()

    def create(self) -> Response:
        """`POST Calls.json`."""
        return self.exchange.serve("call", request.form.get("To", ""), refuse, self._place)

    def fetch(self, sid: str) -> Response:
        """`GET Calls/<sid>.json`."""
        call = self._find(sid)
        return jsonify(self.resource(call)) if call else error(20404)

    def update(self, sid: str) -> Response:
        """`POST Calls/<sid>.json`: end a call. `canceled` leaves one alone that has been answered."""
        call = self._find(sid)
        if call is None:
            return error(20404)
        status = request.form.get("Status", "")
        if status not in ("completed", "canceled"):
            return error(20001)
        if status == "completed" or call.state != "in-progress":
            self._ended.add(sid)
            phone = self.exchange.phones.at(call.to)
            with self.exchange.phones.lock:
                if phone.ringing is call:
                    phone.stop_waiting()
        return jsonify(self.resource(call))

    def params(self, call: Call) -> dict[str, str]:
        """What every request about `call` carries."""
        params = {
            "CallSid": call.sid,
            "AccountSid": self.exchange.options.account_sid,
            "From": call.from_,
            "To": call.to,
            "CallStatus": call.state,
            "ApiVersion": API_VERSION,
            "Direction": "outbound-api",
        }
        return params | ({"AnsweredBy": call.answered_by} if call.answered_by else {})

    def callback_params(self, call: Call, state: str) -> dict[str, str]:
        """The form of a status callback."""
        with self.exchange.journal.lock:
            times = dict(call.states)
            number = len(call.states) - 1
        params = self.params(call) | {"CallStatus": state, "CallbackSource": "call-progress-events"}
        params |= {"SequenceNumber": str(number), "Timestamp": format_datetime(now())}
        if state not in EVENT_OF_STATE:
            answered_at = times.get("in-progress")
            talked_s = (times[state] - answered_at).total_seconds() if answered_at and state in times else 0.0
            # Source: Twilio counts the seconds in CallDuration and the minutes begun in Duration.
            params |= {"CallDuration": str(int(talked_s)), "Duration": str(-int(-talked_s // 60))}
        return params

    def resource(self, call: Call) -> dict[str, object]:
        """The Call resource as Twilio writes it."""
        account_sid = self.exchange.options.account_sid
        uri = f"/{API_VERSION}/Accounts/{account_sid}/Calls/{call.sid}"
        with self.exchange.journal.lock:
            times = dict(call.states)
            updated_at = call.states[-1][1]
        started_at, ended_at = times.get("in-progress"), times.get("completed")
        duration_s = str(int((ended_at - started_at).total_seconds())) if started_at and ended_at else None
        return {
            "account_sid": account_sid,
            "answered_by": call.answered_by or None,
            "api_version": API_VERSION,
            "caller_name": None,
            "date_created": format_datetime(call.at),
            "date_updated": format_datetime(updated_at),
            "direction": "outbound-api",
            "duration": duration_s,
            "end_time": format_datetime(ended_at) if ended_at else None,
            "forwarded_from": None,
            "from": call.from_,
            "from_formatted": call.from_,
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": new_sid("PN"),
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": call.sid,
            "start_time": format_datetime(started_at) if started_at else None,
            "status": call.state,
            "subresource_uris": {"events": f"{uri}/Events.json"},
            "to": call.to,
            "to_formatted": call.to,
            "trunk_sid": None,
            "uri": f"{uri}.json",
        }

    def _place(self, fault: Fault | None) -> Response:
        form = request.form
        to, from_ = form.get("To", ""), form.get("From", "")
        for code, is_wrong in (
            (21201, not to),
            (21213, not from_),
            (21205, not (form.get("Url") or form.get("Twiml") or form.get("ApplicationSid"))),
            (21211, not E164.fullmatch(to)),
        ):
            if is_wrong:
                return error(code)
        call = Call(
            to=to,
            from_=from_,
            sid=new_sid("CA"),
            url=form.get("Url", ""),
            twiml=form.get("Twiml", ""),
            callback_url=form.get("StatusCallback", ""),
            params=form.to_dict() | {"events": " ".join(form.getlist("StatusCallbackEvent")) or "completed"},
        )
        call.states.append(("queued", call.at))
        self.exchange.journal.add(call)
        placed = jsonify(self.resource(call))
        placed.status_code = 201

        def run() -> None:
            self._run(call, fault)

        is_early = bool(fault and fault.is_early)
        start_after_answer(placed, run if is_early else lambda: self.exchange.scheduler.apart(run), fault)
        return placed

    def _find(self, sid: str) -> Call | None:
        with self.exchange.journal.lock:
            return next((call for call in self.exchange.journal.calls if call.sid == sid), None)

    def _run(self, call: Call, fault: Fault | None) -> None:
        phone = self.exchange.phones.at(call.to)
        reports = Reports(self.exchange.webhooks, call, fault)
        self._tell(call, "initiated", reports)
        with self.exchange.phones.lock:
            is_engaged = phone.ringing is not None
            phone.show(call)
            if not is_engaged:
                phone.ringing = call
                phone.is_declined = False
                phone.answered.clear()
                while not phone.pressed.empty():
                    phone.pressed.get_nowait()
        try:
            if fault and fault.final_state:
                self._enter(call, fault.final_state, reports)
            elif is_engaged or (phone.pickup is Pickup.BUSY and phone.mode is Mode.DELIVER):
                self._enter(call, "busy", reports)
            elif phone.mode is Mode.OFF:
                self._enter(call, "no-answer", reports)
            else:
                self._ring(call, phone, reports)
        finally:
            if not is_engaged:
                phone.ringing = None
            reports.finish()
            self.exchange.journal.changed()

    def _ring(self, call: Call, phone: Phone, reports: Reports) -> None:
        self._enter(call, "ringing", reports)
        options = self.exchange.options
        is_by_hand = phone.pickup is Pickup.HAND and not phone.keys
        if phone.mode is Mode.IGNORE or phone.pickup is Pickup.NO_ANSWER:
            is_taken = False
        elif is_by_hand and call.sid not in self._ended:
            ring_s = options.ring_s if phone.patience_s is None else phone.patience_s
            is_taken = phone.answered.wait(min(ring_s, float(call.params.get("Timeout", RINGS_FOR_S))))
        else:
            is_taken = True
        if call.sid in self._ended:
            self._enter(call, "canceled", reports)
        elif not is_taken or phone.is_declined or self.exchange.journal.is_closed:
            self._enter(call, "busy" if phone.is_declined else "no-answer", reports)
        else:
            gather_s = options.gather_s if phone.patience_s is None else phone.patience_s
            self._talk(call, phone, reports, wait_s=gather_s if is_by_hand else 0.0)

    def _talk(self, call: Call, phone: Phone, reports: Reports, wait_s: float) -> None:
        """Hold an answered call to its end."""
        self._enter(call, "in-progress", reports)
        is_voicemail = phone.pickup is Pickup.VOICEMAIL
        # Who answered is found out only after the call is answered: the state above does not know it yet.
        if detection := call.params.get("MachineDetection"):
            call.answered_by = MACHINE.get(detection, "unknown") if is_voicemail else "human"
        keys = iter("" if is_voicemail else phone.keys)
        try:
            self._follow(call, phone, keys, wait_s)
        except HungUp:
            pass
        except (ElementTree.ParseError, LookupError) as problem:
            # Source: Twilio warning 11200/12100: a document that cannot be had or read ends the call as completed.
            call.error = str(problem)
        self._enter(call, "completed", reports)

    def _follow(self, call: Call, phone: Phone, keys: Iterator[str], wait_s: float) -> None:
        """Speak and obey TwiML documents until one ends, or hangs up."""
        page = self._first(call)
        for _ in range(MOST_DOCUMENTS):
            following = self._obey(call, phone, page, keys, wait_s)
            if following is None:
                return
            page = following
        raise LookupError(f"More than {MOST_DOCUMENTS} documents in one call")

    def _obey(self, call: Call, phone: Phone, page: Page, keys: Iterator[str], wait_s: float) -> Page | None:
        for verb in page.root:
            match verb.tag:
                case "Say":
                    self._say(call, phone, verb)
                case "Gather":
                    gather = Gather(
                        action=urljoin(page.url, verb.get("action") or page.url),
                        method=verb.get("method", "POST"),
                        num_digits=int(verb.get("numDigits", 0)) or None,
                        timeout_s=float(verb.get("timeout", GATHERS_FOR_S)),
                    )
                    with self.exchange.journal.lock:
                        call.gathers.append(gather)
                    for spoken in verb.iter("Say"):
                        self._say(call, phone, spoken)
                    digits = self._gather(phone, gather.num_digits, verb.get("finishOnKey", "#"), keys, wait_s)
                    if digits or verb.get("actionOnEmptyResult") == "true":
                        with self.exchange.journal.lock:
                            gather.digits = digits
                            call.digits += digits
                        self.exchange.journal.changed()
                        return self._fetch(call, gather.action, gather.method, {"Digits": digits})
                case "Redirect":
                    address = urljoin(page.url, (verb.text or "").strip())
                    return self._fetch(call, address, verb.get("method", "POST"), {})
                case "Hangup" | "Reject":
                    return None
        return None

    def _gather(self, phone: Phone, most: int | None, finish: str, keys: Iterator[str], wait_s: float) -> str:
        """The keys pressed: those scripted, else those pressed by hand within `wait_s`."""
        digits = ""
        while most is None or len(digits) < most:
            key = next(keys, "")
            if not key and wait_s:
                try:
                    key = phone.pressed.get(timeout=wait_s)
                except queue.Empty:
                    key = ""
                if key == HANG_UP:
                    raise HungUp
            if not key or key == finish:
                break
            digits += key
        return digits

    def _say(self, call: Call, phone: Phone, verb: ElementTree.Element) -> None:
        if call.sid in self._ended:
            raise HungUp
        with self.exchange.journal.lock:
            call.said.append(" ".join("".join(verb.itertext()).split()))
        self.exchange.journal.changed()
        if phone.pickup is Pickup.HANGS_UP:
            raise HungUp

    def _first(self, call: Call) -> Page:
        if call.twiml:
            return Page(ElementTree.fromstring(call.twiml), call.url)
        return self._fetch(call, call.url, call.params.get("Method", "POST"), {})

    def _fetch(self, call: Call, url: str, method: str, extra: dict[str, str]) -> Page:
        params = self.params(call) | extra
        webhooks = self.exchange.webhooks
        answer = webhooks.get(url, params) if method.upper() == "GET" else webhooks.post(url, params)
        if answer.status != 200:
            raise LookupError(f"TwiML at {url}: {answer.status or answer.error}")
        if not answer.body.strip():
            return Page(ElementTree.Element("Response"), url)
        return Page(ElementTree.fromstring(answer.body), url)

    def _enter(self, call: Call, state: str, reports: Reports) -> None:
        with self.exchange.journal.lock:
            call.state = state
            call.states.append((state, now()))
        self.exchange.journal.changed()
        self._tell(call, state, reports)

    def _tell(self, call: Call, state: str, reports: Reports) -> None:
        if EVENT_OF_STATE.get(state, "completed") in call.params["events"].split():
            reports.tell(self.callback_params(call, state))
