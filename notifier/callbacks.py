"""Callbacks of providers: delivery states and people's replies; signature verified, then stored, then acted on."""

from __future__ import annotations

import logging
import uuid

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from backend import clock
from backend.bounds import is_number
from backend.db import atomic
from backend.errors import WrongSignature
from backend.models import ProviderEvent
from backend.web.openapi import PROVIDER, describes
from backend.web.request_checks import cleaned
from backend.web.signed_in import settings
from notifier import incoming_calls, messages, provider_states, replies, verification_codes, voice_menu

log = logging.getLogger(__name__)

bp = Blueprint("callbacks", __name__)

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


class TwilioForm(BaseModel):
    """What Twilio sends; which fields come depends on what it tells."""

    model_config = ConfigDict(extra="allow")

    MessageSid: str | None = None
    MessageStatus: str | None = None
    CallSid: str | None = None
    CallStatus: str | None = None
    ErrorCode: str | None = None
    From: str | None = None
    Body: str | None = None
    OptOutType: str | None = None
    Digits: str | None = None


def _form() -> dict[str, str]:
    """Return the callback's form. Raises: WrongSignature unless Twilio signed it for our public address."""
    config = settings()
    form = request.form.to_dict()
    url = config.public_url + request.full_path.rstrip("?")
    signature = request.headers.get("X-Twilio-Signature", "")
    # While a token is being rotated callbacks come signed with either.
    tokens = (config.twilio_auth_token, config.twilio_auth_token_previous, config.twilio_fallback_auth_token)
    if not any(RequestValidator(token).validate(url, form, signature) for token in tokens if token):
        raise WrongSignature("The request is not signed by Twilio for this address.")
    # A NUL in a reply must not lose it: what is left of it may be a cry for help.
    return {cleaned(name): cleaned(value) for name, value in form.items()}


def _store(kind: str, token: str, form: dict[str, str]) -> bool:
    """Keep the event as it came; False when it is a repetition."""
    return bool(
        ProviderEvent.insert(provider="twilio", token=token, kind=kind, body=form, received_at=clock.now())
        .on_conflict_ignore()
        .as_rowcount()
        .execute()
    )


def _keep_state(attempt_id: str, form: dict[str, str], state: str, sid: str) -> tuple[str, int]:
    repeated = request.headers.get("I-Twilio-Idempotency-Token") or f"{sid} {state}"
    said = form.get("ErrorCode", "")
    code = int(said) if is_number(said) else None
    with atomic():
        # Stored and acted on together: what could not be acted on is sent again by Twilio, and is new then.
        is_new = _store("status", f"{attempt_id} {repeated}"[:255], form)
        if is_new and not provider_states.take(attempt_id, state, code, clock.now()):
            log.warning("a callback names an attempt that is not ours")
    return "", 204


@bp.post("/v1/webhooks/twilio/status/<attempt_id>")
@describes(
    "Twilio tells the state of a message.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    by=PROVIDER,
    status=204,
)
def take_message_state(attempt_id: str) -> tuple[str, int]:
    form = _form()
    return _keep_state(attempt_id, form, form.get("MessageStatus", ""), form.get("MessageSid", ""))


@bp.post("/v1/webhooks/twilio/call/<attempt_id>")
@describes(
    "Twilio tells the state of a call.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    by=PROVIDER,
    status=204,
)
def take_call_state(attempt_id: str) -> tuple[str, int]:
    form = _form()
    return _keep_state(attempt_id, form, form.get("CallStatus", ""), form.get("CallSid", ""))


@bp.post("/v1/webhooks/twilio/voice/<attempt_id>")
@describes(
    "Twilio asks what a call says.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    media=["text/xml"],
    by=PROVIDER,
)
def say_call(attempt_id: str) -> Response:
    _form()
    return _xml(voice_menu.say(attempt_id, settings().public_url))


@bp.post("/v1/webhooks/twilio/voice/<attempt_id>/key")
@describes(
    "Twilio tells which key was pressed in a call.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    media=["text/xml"],
    by=PROVIDER,
)
def take_key(attempt_id: str) -> Response:
    form = _form()
    digits, said = form.get("Digits", ""), request.args.get("said", "")
    with atomic():
        # Stored and acted on together; a request that was acted on before must not answer what has come since.
        is_new = _store("key", f"{attempt_id} {form.get('CallSid', '')} {digits} {said}"[:255], form)
        answer = voice_menu.press(
            attempt_id, digits, said, settings().public_url, clock.now(), is_repetition=not is_new
        )
    return _xml(answer)


@bp.post("/v1/webhooks/twilio/sms")
@describes(
    "Twilio hands over a reply.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    media=["text/xml"],
    by=PROVIDER,
)
def take_reply() -> Response:
    form = _form()
    number, now = form.get("From", "")[:255], clock.now()
    # A message without an id of its own is not taken for another one.
    token = (form.get("MessageSid") or form.get("SmsSid") or f"no id {uuid.uuid4().hex}")[:255]
    is_explained = False
    with atomic():
        if _store("reply", token, form):
            made_of_it = replies.take(
                number, form.get("Body", ""), now, is_opt_out=form.get("OptOutType", "").upper() == "STOP"
            )
            is_explained = replies.explanation(number, made_of_it, now)
            ProviderEvent.update(made_of_it=made_of_it).where(ProviderEvent.token == token).execute()
    if not is_explained:
        return _xml(NO_REPLY)
    answer = MessagingResponse()
    answer.message(messages.HOW_TO_REPLY)
    return _xml(str(answer))


@bp.post("/v1/webhooks/twilio/incoming-call")
@describes(
    "Twilio asks what a caller of our number hears.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    media=["text/xml"],
    by=PROVIDER,
)
def say_to_caller() -> Response:
    _form()
    return _xml(incoming_calls.answer(settings().public_url))


@bp.post("/v1/webhooks/twilio/incoming-call/key")
@describes(
    "Twilio tells which key a caller of our number pressed.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    media=["text/xml"],
    by=PROVIDER,
)
def take_callers_key() -> Response:
    form = _form()
    number, digits = form.get("From", "")[:255], form.get("Digits", "")
    with atomic():
        # Each call rings once, however often Twilio repeats itself.
        if _store("incoming key", f"incoming {form.get('CallSid', uuid.uuid4().hex)} {digits}"[:255], form):
            incoming_calls.take_key(number, digits, clock.now())
    return _xml(incoming_calls.thank())


@bp.post("/v1/webhooks/twilio/code/<int:proof_id>")
@describes(
    "Twilio tells the state of a text with a code.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    by=PROVIDER,
    status=204,
)
def take_code_state(proof_id: int) -> tuple[str, int]:
    form = _form()
    state, said = form.get("MessageStatus", ""), form.get("ErrorCode", "")
    with atomic():
        if _store("code", f"code {proof_id} {state}"[:255], form):
            verification_codes.take_state(proof_id, state, said)
    return "", 204


@bp.post("/v1/webhooks/twilio/code/<int:proof_id>/voice")
@describes(
    "Twilio asks what a call with a code says.",
    tag="callbacks",
    errors=[WrongSignature],
    form=TwilioForm,
    media=["text/xml"],
    by=PROVIDER,
)
def say_code(proof_id: int) -> Response:
    _form()
    return _xml(verification_codes.say(proof_id, settings().signing_key(), clock.now()))


def _xml(text: str) -> Response:
    return Response(text, mimetype="text/xml")
