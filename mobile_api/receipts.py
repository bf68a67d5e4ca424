"""Receipts of pushes while no person is signed in: each push carries a token that authorises its receipt."""

from __future__ import annotations

from flask import Blueprint

from backend import clock, receipts
from backend.errors import InvalidRequest, NotFound, WrongSignature
from backend.web.openapi import ANYBODY, describes
from backend.web.signed_in import settings
from mobile_api.request_bodies import read
from mobile_api.schemas import PushReceiptIn

bp = Blueprint("receipts", __name__)


@bp.post("/v1/receipts")
@describes(
    "Say that this phone received, displayed or opened the push that carried this token. Repeating it changes nothing.",
    tag="alerts",
    body=PushReceiptIn,
    status=204,
    errors=[WrongSignature, NotFound, InvalidRequest],
    by=ANYBODY,
)
def redeem_receipt() -> tuple[str, int]:
    # The token comes in the body: addresses end up in the logs of proxies.
    body = read(PushReceiptIn)
    receipts.redeem(body.receipt, body.kind, settings(), clock.now())
    return "", 204
