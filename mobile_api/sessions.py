"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, StringConstraints

from backend import accounts, authentication, clock
from backend.errors import InvalidRequest, NotSignedIn, TooManyAttempts, WeakPassword, WrongCredentials
from backend.web.openapi import ANYBODY, describes
from backend.web.sign_in_limits import guess
from backend.web.signed_in import current_person, no_store, settings, signed_in
from mobile_api.request_bodies import read
from mobile_api.schemas import MeOut, Strict

bp = Blueprint("sessions", __name__)


class SignInIn(Strict):
    """A person who signs in."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class PasswordIn(Strict):
    """The present password, and another one."""

    old_password: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    new_password: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class RefreshIn(Strict):
    """A refresh token; each is good for one exchange."""

    refresh_token: Annotated[str, StringConstraints(min_length=10, max_length=200)]


class TokensOut(BaseModel):
    """The access token opens requests for ``expires_in`` seconds; the refresh token then gets the next pair."""

    access_token: str
    refresh_token: str
    expires_in: int


def _tokens(tokens: authentication.Tokens) -> Response:
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
    errors=[WrongCredentials, TooManyAttempts, InvalidRequest],
    by=ANYBODY,
)
def sign_in() -> Response:
    body = read(SignInIn)
    with guess("sign-in", body.email):
        person = authentication.check_password(body.email, body.password)
    _, tokens = authentication.begin_session(person, settings(), clock.now())
    return _tokens(tokens)


@bp.post("/v1/sessions/refresh")
@describes(
    "Exchange a refresh token for the next pair.",
    tag="sessions",
    body=RefreshIn,
    answer=TokensOut,
    errors=[NotSignedIn, InvalidRequest],
    by=ANYBODY,
)
def refresh_session() -> Response:
    return _tokens(authentication.refresh(read(RefreshIn).refresh_token, settings(), clock.now()))


@bp.delete("/v1/sessions/current")
@describes("Sign out here.", tag="sessions", status=204, errors=[NotSignedIn])
def sign_out() -> tuple[str, int]:
    authentication.end_session(signed_in().session, clock.now())
    return "", 204


@bp.delete("/v1/sessions")
@describes(
    "Sign out everywhere: acknowledgements without an outcome lapse.", tag="sessions", status=204, errors=[NotSignedIn]
)
def sign_out_everywhere() -> tuple[str, int]:
    authentication.end_every_session(current_person(), clock.now())
    return "", 204


@bp.put("/v1/me/password")
@describes(
    "Change your own password: every other session of yours ends.",
    tag="sessions",
    body=PasswordIn,
    status=204,
    errors=[NotSignedIn, WrongCredentials, TooManyAttempts, WeakPassword, InvalidRequest],
)
def change_password() -> tuple[str, int]:
    signed, body = signed_in(), read(PasswordIn)
    with guess("password", signed.person.email):
        accounts.change_password(signed.person, signed.session, body.old_password, body.new_password, clock.now())
    return "", 204


@bp.get("/v1/me")
@describes("Who is signed in.", tag="sessions", answer=MeOut, errors=[NotSignedIn])
def get_me() -> Response:
    person = current_person()
    return no_store(
        jsonify(
            MeOut(
                id=person.id, name=person.name, email=person.email, role=person.role, team=person.team.name
            ).model_dump()
        )
    )
