"""Who sends this request: a bearer token for the API, a cookie for pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, current_app, g, redirect, request, session, url_for

from backend import authentication, clock
from backend.authentication import SignedIn
from backend.errors import NotAllowed, NotSignedIn
from backend.models import Person, Role
from backend.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])

COOKIE_SESSION = "session_id"
COOKIE_BEGAN = "session_began"
# That the sign-in page says so, once.
PASSWORD_IS_SET = "password_is_set"  # noqa: S105


def settings() -> Settings:
    """Return the settings of the running application."""
    return cast(Settings, current_app.extensions["cordon.settings"])


def signed_in() -> SignedIn:
    """Return who holds the request's bearer token. Raises: NotSignedIn."""
    if "signed_in" not in g:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotSignedIn("Send the access token as: Authorization: Bearer TOKEN.")
        g.signed_in = authentication.identify(token.strip(), settings(), clock.now())
    return cast(SignedIn, g.signed_in)


def current_person() -> Person:
    """Return the person who holds the request's bearer token. Raises: NotSignedIn."""
    return signed_in().person


def page_visitor() -> SignedIn | None:
    """Return who is signed in by cookie, or None."""
    if "page_visitor" not in g:
        session_id, began_at = session.get(COOKIE_SESSION), session.get(COOKIE_BEGAN, "")
        try:
            g.page_visitor = (
                authentication.resume(session_id, began_at, clock.now()) if isinstance(session_id, int) else None
            )
        except NotSignedIn:
            session.pop(COOKIE_SESSION, None)
            g.page_visitor = None
    return cast(SignedIn | None, g.page_visitor)


def page_for(*roles: Role) -> Callable[[View], View]:
    """Let only these roles see a page: others read why they may not, and a visitor without a session signs in first."""

    def mark(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            visitor = page_visitor()
            if visitor is None:
                return redirect(url_for("pages.sign_in", next=request.path))
            if visitor.person.role not in roles:
                # Asked to sign in, they would do so again and again: their password is right, and their role is not.
                meant_for = " and ".join(f"{role}s" for role in roles)
                raise NotAllowed(
                    f"This page is for {meant_for}. You are signed in as {visitor.person.name}, {visitor.person.role}."
                )
            response = current_app.make_response(view(*args, **kwargs))
            response.headers["Cache-Control"] = "no-store"
            return response

        return cast(View, checked)

    return mark


def remember(signed: SignedIn) -> None:
    """Let this browser's cookie speak for the session from now on."""
    session.clear()
    session[COOKIE_SESSION] = signed.session.id
    session[COOKIE_BEGAN] = authentication.began(signed.session)
    session.permanent = True


def forget() -> None:
    """Empty the cookie."""
    session.clear()


def no_store(response: Response) -> Response:
    """Keep an answer about a person out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response
