"""Pages for staff: signing in, the officer's web app, the supervisor's figures."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from backend import authentication, clock, lifecycle, push_subscriptions
from backend.alert_kinds import offered_for, on_phones
from backend.alerts import Outcome
from backend.authentication import SignedIn
from backend.errors import NotFound, NotSignedIn, TooManyAttempts, WrongCredentials
from backend.models import Role
from backend.people import devices, numbers
from backend.web.forms import sent_form
from backend.web.outcome_texts import OUTCOME_TEXTS
from backend.web.sign_in_limits import guess, know_device
from backend.web.signed_in import PASSWORD_IS_SET, forget, page_for, page_visitor, remember, settings

bp = Blueprint("pages", __name__)

LONDON = ZoneInfo("Europe/London")

# What an officer is notified above the alerts while texts and calls do not reach them, or may not for long.
NUMBER_PROMPT = {
    numbers.Standing.NONE: "No number: Cordon cannot text or call you",
    numbers.Standing.UNPROVED: "No texts or calls yet: verify your number",
    numbers.Standing.DUE: "Verify your number again",
}

HOME_OF = {
    Role.OFFICER: "pages.officer",
    Role.SUPERVISOR: "supervisor_pages.supervisor",
    Role.ADMINISTRATOR: "admin_pages.administrator",
}


class SignInForm(FlaskForm):
    """Email and password."""

    email = StringField(
        "Email address",
        widget=GovTextInput(),
        validators=[InputRequired("Enter your email address")],
        render_kw={"autocomplete": "username", "type": "email", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        widget=GovPasswordInput(),
        validators=[InputRequired("Enter your password")],
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField("Sign in", widget=GovSubmitInput())


@bp.get("/")
def home() -> WerkzeugResponse:
    visitor = page_visitor()
    return redirect(url_for(HOME_OF[Role(visitor.person.role)] if visitor else "pages.sign_in"))


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    form = SignInForm(sent_form())
    status, fields = (200 if request.method == "GET" else 422), {}
    if form.validate_on_submit():
        try:
            with guess("sign-in", form.email.data):
                person = authentication.check_password(form.email.data, form.password.data)
        except WrongCredentials as error:
            form.password.errors = [error.detail]
        except TooManyAttempts as error:
            form.password.errors = [error.detail]
            status, fields = error.status, {"Retry-After": str(error.retry_after_s)}
        else:
            signed, _ = authentication.begin_session(person, settings(), clock.now())
            remember(SignedIn(person, signed))
            response = redirect(_safe_next() or url_for(HOME_OF[Role(person.role)]))
            know_device(response, person.email)
            return response
    password_is_set = request.method == "GET" and session.pop(PASSWORD_IS_SET, False)
    return render_template("sign_in.html", form=form, password_is_set=password_is_set), status, fields


def _safe_next() -> str | None:
    # Only a path of our own: anything else would send a person who just signed in elsewhere.
    target = request.args.get("next", "")
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else None


@bp.post("/sign-out")
def sign_out() -> WerkzeugResponse:
    visitor = page_visitor()
    if visitor is not None:
        device_id = request.form.get("device_id", type=int)
        if device_id is not None:
            # A person who holds this phone next must not get this person's warnings.
            with suppress(NotFound):
                devices.remove(visitor.person, device_id, clock.now())
        authentication.end_session(visitor.session, clock.now())
    forget()
    return redirect(url_for("pages.sign_in"))


@bp.post("/officer/token")
def officer_token() -> Response:
    """Give the page an access token for the API; the cookie and the form token together prove that it is ours."""
    visitor = page_visitor()
    if visitor is None:
        raise NotSignedIn("Sign in first.")
    token = authentication.access_token(visitor.session, settings(), clock.now())
    response = jsonify(access_token=token, expires_in=settings().access_token_s)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/officer")
@bp.get("/officer/alerts/<int:alert_id>")
@page_for(Role.OFFICER, Role.SUPERVISOR)
def officer(alert_id: int | None = None) -> str:
    visitor = page_visitor()
    assert visitor is not None
    return render_template(
        "officer.html",
        person=visitor.person,
        number_prompt=NUMBER_PROMPT.get(numbers.standing(visitor.person, clock.now())),
        is_phone_taken_over=devices.is_taken_over(visitor.person),
        config_for_page={
            "me": {"id": visitor.person.id, "name": visitor.person.name},
            "push_key": push_subscriptions.public_key(settings()),
            "libraries": {
                "map": [url_for("static", filename=f"vendor/leaflet/leaflet.{end}") for end in ("js", "css")],
                "socket": url_for("static", filename="vendor/socket.io.min.js"),
            },
            "tile_url": settings().tile_url,
            "tile_attribution": settings().tile_attribution,
            "outcome_due_after_s": lifecycle.OUTCOME_DUE_AFTER_S,
            "outcomes": [
                {"code": code.value, "text": OUTCOME_TEXTS[code], "kinds": offered_for(code)} for code in Outcome
            ],
            "kinds": on_phones(lifecycle.LATCHED),
        },
    )


@bp.get("/officer/<any('badge.png', 'icon-192.png'):name>")
def notification_icon(name: str) -> Response:
    """Serve an icon of notifications at an address that the service worker knows whatever release it is of."""
    return current_app.send_static_file(f"officer/{name}")


@bp.get("/officer/sw.js")
def service_worker() -> Response:
    """Serve the service worker to anyone: a browser looks for a newer one the one who is signed in."""
    response = current_app.send_static_file("officer/sw.js")
    # By its address it would work for what is below /officer/, and not for the list of alerts itself.
    response.headers["Service-Worker-Allowed"] = url_for("pages.officer")
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.app_template_filter("instant")
def instant(text: str) -> datetime:
    """Return the instant of an ISO text."""
    return datetime.fromisoformat(text)


@bp.app_template_filter("london")
def london(at: datetime) -> datetime:
    """Return the instant by the clocks of London."""
    return at.astimezone(LONDON)


@bp.app_template_filter("duration")
def duration(seconds: float | None) -> str:
    """Return seconds for people: ``40 ms``, ``2.3 s``, ``42 s``, ``4 min 12 s``, ``3 h 10 min``, ``9 days 2 h``."""
    if seconds is None:
        return "–"
    sign, size = ("−" if seconds <= -0.0005 else ""), abs(seconds)
    if size < 9.95:
        return f"{sign}{size * 1_000:.0f} ms" if size < 0.9995 else f"{sign}{size:.1f} s"
    whole = round(size)
    if whole < 60:
        return f"{sign}{whole} s"
    if whole < 3_600:
        return f"{sign}{whole // 60} min {whole % 60} s"
    if whole < 172_800:
        return f"{sign}{whole // 3_600} h {whole % 3_600 // 60} min"
    return f"{sign}{whole // 86_400} days {whole % 86_400 // 3_600} h"


@bp.app_template_filter("elapsed")
def elapsed(seconds: float) -> str:
    """Return how long something is ago, in whole seconds: milliseconds are for measurements."""
    return duration(seconds) if seconds >= 59.5 else f"{max(1, round(seconds))} s"
