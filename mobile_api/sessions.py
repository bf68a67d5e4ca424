"""Signing in and out."""

from __future__ import annotations

from hashlib import blake2b
from secrets import token_bytes

from flask import Blueprint, Response, jsonify, request

from backend import auth, clock
from backend.errors import InvalidRequest, NotSignedIn, WrongCredentials
from backend.spelling import folded
from backend.web.identity import current_person, no_store, settings, signed_in
from backend.web.openapi import describes
from mobile_api.bodies import read
from mobile_api.schemas import MeOut, RefreshIn, SignInIn, TokensOut

bp = Blueprint("sessions", __name__)

# Attempts are counted in the memory of one process, and so is what their digests are made with.
GUESS_KEY = token_bytes(32)


def guess_key() -> str:
    """Return what attempts to sign in are counted by: address and e-mail, from the API's body or the page's form.

    It is a digest, since whatever counts may log what it counts by.
    """
    body = request.get_json(silent=True)
    email = body.get("email") if isinstance(body, dict) else request.form.get("email", "")
    key = f"{request.remote_addr} {folded(str(email))[:254]}"
    return blake2b(key.encode(errors="replace"), key=GUESS_KEY, digest_size=16).hexdigest()


def _tokens(tokens: auth.Tokens) -> Response:
    return no_store(
        jsonify(
            TokensOut(
                access_token=tokens.access_token, refresh_token=tokens.refresh_token, expires_in=tokens.expires_in
            ).model_dump()
        )
    )


@bp.post("/v1/sessions")
@describes(
    "Sign in.",
    tag="sessions",
    body=SignInIn,
    answer=TokensOut,
    errors=[WrongCredentials, InvalidRequest],
    is_public=True,
)
def sign_in() -> Response:
    body = read(SignInIn)
    person = auth.check_password(body.email, body.password)
    _, tokens = auth.begin_session(person, settings(), clock.now())
    return _tokens(tokens)


@bp.post("/v1/sessions/refresh")
@describes(
    "Exchange a refresh token for the next pair.",
    tag="sessions",
    body=RefreshIn,
    answer=TokensOut,
    errors=[NotSignedIn, InvalidRequest],
    is_public=True,
)
def refresh() -> Response:
    return _tokens(auth.refresh(read(RefreshIn).refresh_token, settings(), clock.now()))


@bp.delete("/v1/sessions/current")
@describes("Sign out here.", tag="sessions", status=204, errors=[NotSignedIn])
def sign_out() -> tuple[str, int]:
    auth.end_session(signed_in().session, clock.now())
    return "", 204


@bp.delete("/v1/sessions")
@describes(
    "Sign out everywhere: acknowledgements without an outcome lapse.", tag="sessions", status=204, errors=[NotSignedIn]
)
def sign_out_everywhere() -> tuple[str, int]:
    auth.end_every_session(current_person(), clock.now())
    return "", 204


@bp.get("/v1/me")
@describes("Who is signed in.", tag="sessions", answer=MeOut, errors=[NotSignedIn])
def me() -> Response:
    person = current_person()
    return no_store(
        jsonify(
            MeOut(
                id=person.id, name=person.name, email=person.email, role=person.role, team=person.team.name
            ).model_dump()
        )
    )
