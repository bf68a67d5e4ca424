"""What providers tell us: states of messages and replies of people; signature first, stored, then acted on."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request
from twilio.request_validator import RequestValidator

from backend import alerts, audit, clock, consent, outbox
from backend.db import atomic
from backend.errors import WrongSignature
from backend.models import Attempt, Channel, NotificationState, ProviderEvent, Purpose, Victim
from backend.web.identity import settings
from backend.web.openapi import describes

log = logging.getLogger(__name__)

bp = Blueprint("callbacks", __name__)

STATE_OF = {
    "delivered": NotificationState.DELIVERED,
    "read": NotificationState.DELIVERED,
    "undelivered": NotificationState.FAILED,
    "failed": NotificationState.FAILED,
}
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


def _form() -> dict[str, str]:
    """Return the callback's form. Raises: WrongSignature unless Twilio signed it for our public address."""
    config = settings()
    form = request.form.to_dict()
    url = config.public_url + request.full_path.rstrip("?")
    signature = request.headers.get("X-Twilio-Signature", "")
    if not config.twilio_auth_token or not RequestValidator(config.twilio_auth_token).validate(url, form, signature):
        raise WrongSignature("The request is not signed by Twilio for this address.")
    return form


def _store(kind: str, token: str, form: dict[str, str]) -> bool:
    """Keep the event as it came; False when it is a repetition."""
    return bool(
        ProviderEvent.insert(provider="twilio", token=token, kind=kind, body=form, received_at=clock.now())
        .on_conflict_ignore()
        .as_rowcount()
        .execute()
    )


@bp.post("/v1/webhooks/twilio/status/<attempt_id>")
@describes("Twilio tells the state of a message.", tag="callbacks", errors=[WrongSignature], is_public=True, status=204)
def status(attempt_id: str) -> tuple[str, int]:
    form = _form()
    state = form.get("MessageStatus", "")
    repeated = request.headers.get("I-Twilio-Idempotency-Token") or f"{form.get('MessageSid')} {state}"
    with atomic():
        if not _store("status", f"{attempt_id} {repeated}"[:255], form):
            return "", 204
        attempt = Attempt.get_or_none(Attempt.id == attempt_id)
        if attempt is None:
            log.warning("a callback names an attempt that is not ours")
            return "", 204
        alerts.lock(attempt.notification.alert_id)
        Attempt.update(provider_state=state).where(Attempt.id == attempt_id).execute()
        if state in STATE_OF:
            detail = f"Twilio: {state} {form.get('ErrorCode', '')}".strip()
            changed = outbox.raise_state(attempt.notification_id, STATE_OF[state], clock.now(), detail)
            if changed and STATE_OF[state] is NotificationState.FAILED:
                alerts.hasten(attempt.notification, clock.now())
                if attempt.notification.purpose == Purpose.VICTIM_BREACH:
                    alerts.tell_victim_not_warned(attempt.notification, clock.now())
    return "", 204


@bp.post("/v1/webhooks/twilio/sms")
@describes("Twilio hands over a reply.", tag="callbacks", errors=[WrongSignature], is_public=True)
def reply() -> Response:
    form = _form()
    now = clock.now()
    with atomic():
        if _store("sms", form.get("MessageSid", "")[:255], form) and consent.is_stop(form.get("Body", "")):
            # A number that several victims share withdraws for each of them: silence is what it asks for.
            for victim in Victim.select().where(Victim.phone == form.get("From", "")):
                consent.withdraw(victim, Channel.SMS, f"victim:{victim.id}", now)
                audit.record(f"victim:{victim.id}", "stop_received", f"victim:{victim.id}", now)
    return Response(NO_REPLY, mimetype="text/xml")
