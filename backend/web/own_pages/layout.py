"""What every one of a protected person's own pages shares: its cookies, headers, words, and refusals without a name.

Nothing here uses the session, the errors or the styles of staff's pages: their names would tell whose page it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial, wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from babel.dates import format_date
from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for

from backend import clock
from backend.errors import InvalidRecord, TooManyAttempts
from backend.models import OwnPage, OwnSession
from backend.own_pages import invitations, sessions
from backend.own_pages.looks import DEFAULT, Look, help_label_of, look_of
from backend.own_pages.words import SOURCE, is_shown, refusal, said, text
from backend.people import notices
from backend.record.facts import LONDON
from backend.web.request_reading import CALLS, OWN_PAGES, is_own_page
from backend.web.signed_in import settings

bp = Blueprint(
    "own_pages",
    __name__,
    url_prefix=OWN_PAGES,
    template_folder="templates",
    static_folder="files",
    static_url_path="/f",
)

View = TypeVar("View", bound=Callable[..., Any])
# Cookies with names that say nothing: which phone this is, and that it was opened.
PHONE, SESSION = "v", "s"
PHONE_LASTS_S = 180 * 86_400
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'"
)


def page() -> OwnPage | None:
    """Return the page that this phone opens."""
    if "own_page" not in g:
        g.own_page = invitations.page_of_phone(request.cookies.get(PHONE, ""))
    return cast(OwnPage | None, g.own_page)


def session() -> OwnSession | None:
    """Return the session in which this phone has it open."""
    if "own_session" not in g:
        mine = page()
        g.own_session = sessions.resume(mine, request.cookies.get(SESSION, ""), clock.now()) if mine else None
    return cast(OwnSession | None, g.own_session)


def opened_only(view: View) -> View:
    """Show a page only while it is open with the PIN; anything else leads to the first page and says nothing."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        held = session()
        if held is None or held.is_decoy:
            return go("own_pages.door")
        return view(*args, **kwargs)

    return cast(View, checked)


def chosen(view: View) -> View:
    """Show a page only once a PIN was chosen."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        mine = page()
        if mine is not None and mine.pin_hash is None:
            return go("own_pages.choose_pin")
        return view(*args, **kwargs)

    return cast(View, opened_only(checked))


def show(name: str, status: int = 200, **values: Any) -> Response:
    """Return one of these pages in the look and the language that were chosen."""
    mine = page()
    language = mine.language if mine else "en"

    def say(key: str, **more: str) -> str:
        return text(language, key, **more)

    look = look_in(language, mine.look if mine else DEFAULT)
    label = said(language, help_label_of(mine.help_label)) if mine else ""
    body = render_template(
        f"own_pages/{name}.html",
        say=say,
        said=partial(said, language),
        look=look,
        mine=mine,
        help_label=label,
        away=settings().own_pages_exit_url,
        language=language if is_shown(language) else SOURCE,
        keeps=bool(mine and notices.is_live(mine)),
        **values,
    )
    response = make_response(body, status)
    # A person who opens it at all keeps the button that rings, however long ago the passcode was entered.
    return keep(response, PHONE, request.cookies[PHONE], PHONE_LASTS_S) if mine else response


def look_in(language: str, name: str | None) -> Look:
    """Return a guise in the language of a page."""
    look = look_of(name)
    return replace(look, name=said(language, look.name), empty=said(language, look.empty))


def refused(error: InvalidRecord) -> str:
    """Return why a form cannot be kept, in the language of the page."""
    mine = page()
    return refusal(mine.language if mine else SOURCE, error.detail)


def go(endpoint: str, **values: Any) -> Response:
    """Lead to another page after a form."""
    return cast(Response, redirect(url_for(endpoint, **values), 303))


def keep(response: Response, name: str, value: str, lasts_s: int | None = None) -> Response:
    """Let the phone keep one of the two cookies."""
    is_https = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(name, value, lasts_s, path=OWN_PAGES, secure=is_https, httponly=True, samesite="Lax")
    return response


def local(at: datetime) -> str:
    """Return an instant as their clock shows it, with its day where that is not today."""
    here, today = at.astimezone(LONDON), clock.now().astimezone(LONDON)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    mine = page()
    if mine is None or mine.language == SOURCE or not is_shown(mine.language):
        return f"{here:%H:%M} on {here:%-d %B}"
    return f"{here:%H:%M}, {format_date(here, 'd MMMM', locale=mine.language)}"


def error_page(status: int) -> Response:
    """Return the page for whatever went wrong, which asks nothing of the database: that may be what failed."""
    is_help = request.path == CALLS
    body = render_template(
        "own_pages/failed.html",
        say=lambda key, **more: text("en", key, **more),
        look=look_of(DEFAULT),
        mine=None,
        help_label="",
        away=settings().own_pages_exit_url,
        language="en",
        keeps=True,
        is_help=is_help,
        words=request.form.get("words", "") if is_help and request.method == "POST" else "",
    )
    response = Response(body, status, mimetype="text/html")
    return add_headers(response)


@bp.before_app_request
def keep_hosts_apart() -> Response | None:
    """Show nothing but these pages under their own host name: staff's pages there would tell what it is for."""
    config = settings()
    own = urlsplit(config.own_pages_url).netloc
    if not own or request.host != own or own == urlsplit(config.public_url).netloc or is_own_page(request.path):
        return None
    return go("own_pages.door") if request.path == "/" else error_page(404)


@bp.before_request
def refuse_other_sites() -> Response | None:
    """Take a form only from these pages themselves."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_ours = site in (None, "same-origin", "none") and (origin in (None, "null") or _host(origin) == request.host)
    return None if is_ours else error_page(403)


def _host(origin: str) -> str | None:
    """Return the host of an origin, None for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


@bp.after_request
def add_headers(response: Response) -> Response:
    """Keep the page out of every cache, and let it ask nothing of anybody else."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    # Not "no-referrer": with it a browser hides from us that a form is our own.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Permissions-Policy"] = "geolocation=(self), camera=(), microphone=()"
    return response


@bp.errorhandler(TooManyAttempts)
def busy(_: TooManyAttempts) -> Response:
    """Ask for a little patience where too many passcodes wait to be checked."""
    return show("door", 429, error="busy") if page() else error_page(429)
