"""Where tags report: signed batches of fixes, each answered after its commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from backend import clock, db, deadlines, ingest, ingest_answers, tag_signatures
from backend.errors import (
    BatchTooLarge,
    DomainError,
    EmptyBatch,
    InvalidRequest,
    MalformedJson,
    StorageUnavailable,
    UnknownTag,
    WrongSignature,
)
from backend.web.openapi import TAG, describes
from backend.web.signed_in import settings

bp = Blueprint("fixes", __name__)


class FixIn(BaseModel):
    """One position report; unknown fields are kept beside it."""

    model_config = ConfigDict(extra="allow")

    fix_time: str = Field(description="ISO 8601 instant with its zone, e.g. 2026-11-24T20:00:00Z")
    lat: float = Field(ge=-90, le=90, description="WGS 84 degrees")
    lon: float = Field(ge=-180, le=180, description="WGS 84 degrees")
    accuracy_m: float | None = Field(None, description="68 % radius, metres")
    speed_mps: float | None = None
    course_deg: float | None = Field(None, description="Degrees clockwise from north")
    satellites: int | None = None
    hdop: float | None = None
    source: str | None = Field(
        None, description="gnss, wifi, cell or rf, in any spelling; any other word is judged as the coarsest"
    )
    valid: bool | None = Field(None, description="false: the receiver itself does not believe the position")
    battery_pct: float | None = None


class EventIn(BaseModel):
    """Something the tag says of itself."""

    model_config = ConfigDict(extra="allow")

    kind: str
    at: str


class BatchIn(BaseModel):
    """What a tag sends in one request."""

    fixes: list[FixIn] = Field(max_length=1_000)
    events: list[EventIn] = Field(default_factory=list)


class SignatureHeaders(BaseModel):
    """The signature of a batch, as in the Standard Webhooks specification."""

    webhook_id: str = Field(alias="webhook-id", description="The same for a repetition of the same request")
    webhook_timestamp: str = Field(alias="webhook-timestamp", description="Seconds since 1970")
    webhook_signature: str = Field(alias="webhook-signature", description="v1, and the signature in Base64")


class RefusedOut(BaseModel):
    """An item that is kept in quarantine; ``index`` counts the fixes of the request from 0, null for an event."""

    index: int | None
    code: str
    detail: str


class BatchOut(BaseModel):
    """What became of a batch, and how soon the tag should report again."""

    accepted: int
    duplicate: int
    refused: list[RefusedOut]
    report_interval_s: int
    server_time: str | None = Field(None, description="Given when the tag's own clock is far off")


def committer() -> ingest.Committer:
    """Return this process's committer."""
    return cast(ingest.Committer, current_app.extensions["cordon.committer"])


@bp.after_request
def count(response: Response) -> Response:
    """Let it be known whether fixes are taken, whatever came of this request."""
    counted: ingest_answers.Acceptance = current_app.extensions["cordon.acceptance"]
    counted.answered((request.view_args or {}).get("serial", ""), response.status_code)
    return response


@bp.post("/v1/tags/<serial>/fixes")
@describes(
    "Report fixes, signed with the tag's key as in the Standard Webhooks specification.",
    tag="tags",
    body=BatchIn,
    answer=BatchOut,
    errors=[
        WrongSignature,
        UnknownTag,
        MalformedJson,
        InvalidRequest,
        EmptyBatch,
        BatchTooLarge,
        StorageUnavailable,
    ],
    by=TAG,
    headers=SignatureHeaders,
)
def report_fixes(serial: str) -> Response:
    received_at, body = clock.now(), request.get_data()
    try:
        return jsonify(_take(serial, body, received_at))
    except ingest.KeyChanged:
        # The key that is known here is not the tag's any more: the request is verified with the one that is.
        with deadlines.in_all(deadlines.AT_THE_DOOR_S):
            tag_signatures.find_newest(serial)
    try:
        return jsonify(_take(serial, body, received_at))
    except ingest.KeyChanged:
        raise StorageUnavailable("The tag's key is being changed; nothing was kept.") from None


def _take(serial: str, body: bytes, received_at: datetime) -> dict[str, Any]:
    """Verify a request, read it, and return the answer once it is committed."""
    tolerance_s = settings().signature_tolerance_s
    try:
        with deadlines.in_all(deadlines.AT_THE_DOOR_S):
            tag, signed = tag_signatures.authenticate(serial, request.headers, body, received_at, tolerance_s)
    except tag_signatures.KeyUnreadable:
        unread = tag_signatures.find(serial)
        db.release_connection()
        committer().submit(ingest.unheard(unread.id, "the tag's key cannot be read", received_at))
        raise
    # The wait for the commit must not hold a connection that the committer may need.
    db.release_connection()
    try:
        submission = ingest.read(tag.id, signed.webhook_id, body, received_at, signed.is_stale, settings())
    except DomainError as error:
        refused = ingest.refused_body(
            tag.id, signed.webhook_id, body, received_at, settings(), error.code, error.detail
        )
        refused.verified_with, refused.signed = (tag.serial, tag.key), signed.content(body)
        committer().submit(refused)
        raise
    submission.verified_with, submission.signed = (tag.serial, tag.key), signed.content(body)
    answer: dict[str, Any] = committer().submit(submission)
    return answer
