"""Owns the phone wall: the page, what it shows, and the switches and replies that it and scripts post."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request, send_from_directory

from tests.doubles.exchange import Exchange
from tests.doubles.faults import Fault
from tests.doubles.journal import AnyPush, BrowserPush, Call, Message, Push, as_json
from tests.doubles.phones import Mode, Phone, Pickup, is_number
from tests.doubles.twilio import CannotReply, Twilio

STATIC = Path(__file__).parent / "static"
HEARTBEAT_S = 15.0


def state(exchange: Exchange) -> dict[str, Any]:
    """What the wall shows: every phone with its newest items first."""
    version = exchange.journal.version
    with exchange.phones.lock, exchange.journal.lock:
        phones = [shown(phone) for phone in exchange.phones.all()]
    return {"version": version, "phones": phones}


def shown(phone: Phone) -> dict[str, Any]:
    """One phone as the wall shows it."""
    return {
        "id": phone.id,
        "label": phone.label,
        "role": phone.role,
        "number": phone.number,
        "push_tokens": phone.push_addresses,
        "mode": phone.mode,
        "waiting": len(phone.waiting),
        "reply_to": phone.last_sender if is_number(phone.last_sender) else "",
        "ringing": phone.ringing.sid if phone.ringing else "",
        "items": [item_shown(item) for item in reversed(phone.items)],
    }


def foot_of(push: AnyPush) -> str:
    """What the wall says beneath a push: how it came, and what the app told Cordon about it."""
    told = ", ".join(receipt.kind for receipt in push.receipts if receipt.status and receipt.status < 300)
    parts = ["Web push"] if isinstance(push, BrowserPush) else []
    return ". ".join(parts + ([f"Told Cordon: {told}"] if told else []))


def item_shown(item: Message | AnyPush | Call) -> dict[str, Any]:
    """One thing on a phone's screen."""
    at = item.at.isoformat().replace("+00:00", "Z")
    match item:
        case Message(direction="inbound"):
            answer = item.callbacks[-1] if item.callbacks else None
            outcome = "sending" if answer is None else str(answer.status or "unreachable")
            is_ok = bool(answer and answer.status and answer.status < 300)
            return {
                "kind": "reply",
                "id": item.sid,
                "at": at,
                "body": item.body,
                "with": item.to,
                "state": outcome,
                "is_ok": is_ok,
            }
        case Message():
            return {
                "kind": "sms",
                "id": item.sid,
                "at": at,
                "body": item.body,
                "with": item.from_,
                "state": item.state,
                "segments": item.segments,
                "error_code": item.error_code,
            }
        case Push() | BrowserPush():
            known = {"title", "body"}
            is_urgent = (
                item.urgency == "high"
                if isinstance(item, BrowserPush)
                else item.android.get("priority") == "high" or "sound" in str(item.apns)
            )
            return {
                "kind": "push",
                "id": item.name,
                "at": at,
                "title": item.title,
                "body": item.body,
                "data": {key: value for key, value in item.data.items() if key not in known},
                "urgent": is_urgent,
                "foot": foot_of(item),
            }
        case Call():
            return {
                "kind": "call",
                "id": item.sid,
                "at": at,
                "with": item.from_,
                "state": item.state,
                "said": item.said,
                "digits": item.digits,
            }


def blueprint(exchange: Exchange, twilio: Twilio) -> Blueprint:
    """The wall's routes, and the same levers as JSON for scripts."""
    bp = Blueprint("wall", __name__)

    def phone_or_404(body: dict[str, Any]) -> Phone:
        if "id" in body:
            return exchange.phones.by_id(int(body["id"])) or abort(404)
        address = str(body.get("phone") or body.get("push_token") or "")
        return exchange.phones.at(address) if address else abort(400)

    def problem(detail: object) -> tuple[Response, int]:
        return jsonify({"error": str(detail)}), 400

    @bp.get("/")
    def page() -> Response:
        return send_from_directory(STATIC, "wall.html")

    @bp.get("/static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name)

    @bp.get("/wall")
    def wall() -> Response:
        return jsonify(state(exchange))

    @bp.get("/events")
    def events() -> Response:
        def stream() -> Iterator[str]:
            version = -1
            while not exchange.journal.is_closed:
                newer = exchange.journal.wait_change(version, HEARTBEAT_S)
                yield f"data: {newer}\n\n" if newer != version else ": still here\n\n"
                version = newer

        return Response(stream(), mimetype="text/event-stream")

    @bp.get("/people")
    def people() -> Response:
        return jsonify(
            [
                {"label": p.label, "role": p.role, "phone": p.number, "push_tokens": p.push_addresses}
                for p in exchange.phones.all()
            ]
        )

    @bp.post("/people")
    def introduce() -> Response:
        body = request.get_json()
        count = exchange.phones.introduce(body["people"] if isinstance(body, dict) else body)
        exchange.journal.changed()
        return jsonify({"people": count})

    @bp.post("/reply")
    def reply() -> Any:
        body = request.get_json()
        phone = phone_or_404(body) if "id" in body else None
        from_ = phone.number if phone else str(body.get("from", ""))
        to = str(body.get("to") or exchange.phones.at(from_).last_sender)
        try:
            message = twilio.receive(from_, to, str(body.get("body", "")))
        except CannotReply as refusal:
            return problem(refusal)
        return jsonify(as_json(message))

    @bp.post("/phones")
    def switch() -> Any:
        body = request.get_json()
        phone = phone_or_404(body)
        try:
            if "pickup" in body:
                phone.pickup = Pickup(body["pickup"])
            if "keys" in body:
                phone.keys = str(body["keys"])
            exchange.switch(phone, Mode(body.get("mode", phone.mode)))
        except ValueError as refusal:
            return problem(refusal)
        return jsonify(shown(phone))

    @bp.post("/phones/call")
    def take_call() -> Any:
        body = request.get_json()
        phone = phone_or_404(body)
        match str(body.get("do", "")):
            case "answer":
                phone.answer()
            case "press":
                phone.type_key(str(body.get("key", ""))[:1])
            case "decline":
                phone.decline()
            case "hangup":
                phone.hang_up()
            case other:
                return problem(f"Nobody can {other!r} a call: answer, decline, press or hangup")
        return jsonify(shown(phone))

    @bp.get("/script")
    def script() -> Response:
        return jsonify(exchange.script.as_json())

    @bp.post("/script")
    def write_script() -> Any:
        body = request.get_json()
        try:
            fault = Fault.from_json(body.get("fault") or {})
            scripted = exchange.script.add(
                fault, to=body.get("to"), channel=body.get("channel"), times=body.get("times")
            )
        except (ValueError, TypeError) as refusal:
            return problem(refusal)
        return jsonify(scripted.as_json()), 201

    @bp.delete("/script")
    def clear_script() -> Response:
        exchange.script.clear()
        return Response(status=204)

    @bp.post("/release")
    def release() -> Response:
        exchange.release()
        return Response(status=204)

    @bp.get("/messages")
    def messages() -> Response:
        with exchange.journal.lock:
            return jsonify([as_json(message) for message in exchange.journal.messages + exchange.journal.replies])

    @bp.get("/pushes")
    def pushes() -> Response:
        with exchange.journal.lock:
            return jsonify([as_json(push) for push in exchange.journal.pushes])

    @bp.get("/browser-pushes")
    def browser_pushes() -> Response:
        with exchange.journal.lock:
            return jsonify([as_json(push) for push in exchange.journal.browser_pushes])

    @bp.get("/calls")
    def calls() -> Response:
        with exchange.journal.lock:
            return jsonify([as_json(call) for call in exchange.journal.calls])

    @bp.get("/attempts")
    def attempts() -> Response:
        with exchange.journal.lock:
            return jsonify([as_json(attempt) for attempt in exchange.journal.attempts])

    @bp.delete("/journal")
    def clear_journal() -> Response:
        exchange.phones.wipe()
        exchange.journal.clear()
        return Response(status=204)

    return bp


def people_in(path: Path) -> list[dict[str, Any]]:
    """The people of a file: a JSON list, or an object with a list `people`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return content["people"] if isinstance(content, dict) else content
