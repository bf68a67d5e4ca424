"""Pages for staff: signing in, the officer's web app, the supervisor's figures."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from pydantic import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from backend import alarms, authentication, canary, clock, lifecycle, outages, reports, web_push
from backend.alert_kinds import KINDS, title_of
from backend.alerts import Outcome
from backend.authentication import SignedIn
from backend.bounds import is_number, read_day
from backend.errors import InvalidRequest, NotFound, NotSignedIn, TooManyAttempts, WrongCredentials
from backend.escalation import policies
from backend.models import AlertKind, Role
from backend.own_pages import choices_counted
from backend.people import devices, numbers
from backend.web.forms import sent_form
from backend.web.reports import ReportQuery, as_csv, period
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
    Role.SUPERVISOR: "pages.supervisor",
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
            "push_key": web_push.public_key(settings()),
            "tile_url": settings().tile_url,
            "tile_attribution": settings().tile_attribution,
            "outcome_due_after_s": lifecycle.OUTCOME_DUE_AFTER_S,
            "outcomes": [
                {"code": code.value, "text": OUTCOME_TEXTS[code], "kinds": OFFERED_FOR.get(code, list(KINDS))}
                for code in Outcome
            ],
            "kinds": {
                kind: {"has_level": words.has_level, "sure": words.sure, "is_latched": kind in lifecycle.LATCHED}
                for kind, words in KINDS.items()
            },
        },
    )


@bp.get("/officer/sw.js")
def service_worker() -> Response:
    """Serve the service worker to anyone: a browser looks for a newer one the one who is signed in."""
    response = current_app.send_static_file("officer/sw.js")
    # By its address it would work for what is below /officer/, and not for the list of alerts itself.
    response.headers["Service-Worker-Allowed"] = url_for("pages.officer")
    response.headers["Cache-Control"] = "no-cache"
    return response


OUTCOME_TEXTS = {
    Outcome.POLICE_INFORMED: "Police informed",
    Outcome.CONTACTED_WEARER: "Spoke to the person on probation",
    Outcome.CONTACTED_VICTIM: "Spoke to the protected person",
    Outcome.REASONABLE_EXCUSE: "Reasonable excuse",
    Outcome.PASS_THROUGH: "Only passed through",
    Outcome.EQUIPMENT_FAULT: "Equipment or GPS fault",
    Outcome.FALSE_ALARM: "False alarm",
    Outcome.NO_ACTION_NEEDED: "No action needed",
    Outcome.RAISED_IN_ERROR: "Raised in error: say the cause in the note",
    Outcome.THEY_ARE_SAFE: "Spoke to the protected person: they are safe",
    Outcome.TAG_CHECKED: "Tag checked and in order",
    Outcome.TAG_REPLACED: "Tag replaced or fitted again",
    Outcome.OTHER: "Something else: say what in the note",
}
# What fits only some kinds of alerts; the rest is offered for all. What is recorded by another client is not refused.
ABOUT_PLACES = [AlertKind.ZONE, AlertKind.CANNOT_JUDGE, AlertKind.REPEATED_PASSES]
OFFERED_FOR = {
    Outcome.PASS_THROUGH: ABOUT_PLACES,
    Outcome.FALSE_ALARM: [*ABOUT_PLACES, AlertKind.TAMPER],
    Outcome.EQUIPMENT_FAULT: [*ABOUT_PLACES, AlertKind.TAMPER],
    Outcome.THEY_ARE_SAFE: [AlertKind.HELP],
    Outcome.TAG_CHECKED: [AlertKind.TAMPER],
    Outcome.TAG_REPLACED: [AlertKind.TAMPER],
}


KIND_TEXTS = {
    AlertKind.ZONE: "In or near a zone",
    AlertKind.CANNOT_JUDGE: "Cannot judge a zone",
    AlertKind.REPEATED_PASSES: "Repeated passages",
    AlertKind.TAMPER: "Tag tampered with, switched off or SOS",
    AlertKind.HELP: "Message from a protected person",
    AlertKind.SILENCE: "Tag silent",
}
# On the supervisors' page: what to write in a note is nothing to them.
OUTCOME_SHORT = {
    **{code.value: text.partition(": say")[0] for code, text in OUTCOME_TEXTS.items()},
    "none": "No outcome yet",
}


# The last hour, as canaries walk.
MOST_WALKS = 12
# Of the rises that no one answered.
MOST_NAMED = 50


@bp.get("/supervisor")
@page_for(Role.SUPERVISOR)
def supervisor() -> Any:
    return _figures()


@bp.post("/supervisor/target")
@page_for(Role.SUPERVISOR)
def set_answer_target() -> Any:
    """Set within how many seconds the team wants each rise of danger answered."""
    visitor = page_visitor()
    assert visitor is not None
    entered = request.form.get("within_s", "").strip()
    try:
        # What is no number of seconds is outside every bound.
        policies.set_answer_target(visitor.person, int(entered) if is_number(entered) else 0, clock.now())
    except InvalidRequest as error:
        return _figures(error)
    return redirect(url_for("pages.supervisor"))


def _figures(target_error: InvalidRequest | None = None) -> Any:
    visitor = page_visitor()
    assert visitor is not None
    asked = {name: value for name, value in request.args.items() if value and name != "csv"}
    try:
        query, is_refused = ReportQuery.model_validate(_with_whole_days(asked)), False
    except ValidationError:
        query, is_refused = ReportQuery.model_validate({}), True
    from_at, to_at = period(query)
    report = reports.response_times(visitor.person, from_at, to_at, query.by)
    if "csv" in request.args and not is_refused:
        response = as_csv(report)
        response.headers["Content-Disposition"] = 'attachment; filename="response-times.csv"'
        return response
    page = render_template(
        "supervisor.html",
        person=visitor.person,
        report=report,
        totals=report["totals"],
        choices=choices_counted.of_team(visitor.person, clock.now()),
        longest_s=_longest_s(report),
        kind_texts=KIND_TEXTS,
        outcome_texts=OUTCOME_SHORT,
        target_error=target_error,
        rows=[
            {**row, "stages": _stages(row), "police_at": _police_at(row), "title": _title(row)}
            for row in report["alerts"]
        ],
        by_id={row["id"]: {**row, "title": _title(row)} for row in report["alerts"]},
        most_named=MOST_NAMED,
        is_refused=is_refused,
        from_at=from_at,
        to_at=to_at - timedelta(seconds=1),
        now=clock.now(),
        today=clock.now().astimezone(LONDON).date(),
        days=timedelta(days=1),
        stages=reports.STAGES,
        spans=reports.SPANS,
        alarms=alarms.standing_for(visitor.person, clock.now()),
        alarm_title=lambda alarm: alarms.TITLES[alarms.kind_of(alarm)],
        walks=canary.timings(MOST_WALKS),
        has_canary=canary.find() is not None and settings().canary_every_s > 0,
        outages=outages.shown_to(visitor.person, clock.now()),
    )
    return page, 422 if is_refused or target_error else 200


def _with_whole_days(asked: dict[str, str]) -> dict[str, Any]:
    """Read dates as days in London, the last one included; anything else is left for ``ReportQuery`` to judge."""
    values: dict[str, Any] = dict(asked)
    for name, days in (("from", 0), ("to", 1)):
        try:
            day = read_day(asked.get(name, ""))
            values[name] = datetime.combine(day + timedelta(days=days), time(), LONDON)
        except (ValueError, OverflowError):
            continue
    return values


def _longest_s(report: dict[str, Any]) -> float | None:
    """Return how long the longest bar is: from the first stage of an alert to its first acknowledgement."""
    took_s = []
    for row in report["alerts"]:
        began = row["clock"]["fix"] or row["clock"]["decided"]
        if row["clock"]["acknowledged"]:
            ended = datetime.fromisoformat(row["clock"]["acknowledged"])
            took_s.append((ended - datetime.fromisoformat(began)).total_seconds())
    return max(took_s, default=None)


def _stages(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alert's clock in order, each stage with the seconds since the one that was reached before it."""
    stages: list[dict[str, Any]] = []
    before: datetime | None = None
    for name in reports.STAGES:
        at = datetime.fromisoformat(row["clock"][name]) if row["clock"][name] else None
        since_s = (at - before).total_seconds() if at and before else None
        stages.append({"name": name, "at": at, "since_s": since_s})
        before = at or before
    return stages


def _title(row: dict[str, Any]) -> str:
    """Return what an alert is called, and when the tag reported what it is about; empty where its level says it."""
    if row["kind"] != AlertKind.TAMPER:
        return title_of(row["kind"])
    at = london(datetime.fromisoformat(row["about"]))
    return f"{title_of(row['kind'], row['event'])}, reported for {at:%H:%M}"


def _police_at(row: dict[str, Any]) -> datetime | None:
    """Return when the alert was handed to the police, or None."""
    return datetime.fromisoformat(row["police"]["at"]) if row["police"] else None


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
    """Return seconds for people: ``40 ms``, ``2.3 s``, ``42 s``, ``4 min 12 s``, ``3 h 10 min``."""
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
    return f"{sign}{whole // 3_600} h {whole % 3_600 // 60} min"
