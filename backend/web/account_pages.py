"""Pages on which people set their own password, by a link or when signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovSubmitInput, GovTextInput
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired

from backend import accounts, clock
from backend.errors import InvalidRecord, LinkOver, TooManyAttempts, WeakPassword, WrongCredentials
from backend.models import Role
from backend.web.forms import sent_form
from backend.web.sign_in_limits import guess
from backend.web.signed_in import PASSWORD_IS_SET, page_for, page_visitor

bp = Blueprint("account_pages", __name__)

LINK = "password_link"
HINT = f"{accounts.SHORTEST} characters or more. Three or four words that do not belong together are easy to remember."


def _new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        description=HINT,
        widget=GovPasswordInput(),
        validators=[InputRequired("Enter a password")],
        render_kw={"autocomplete": "new-password"},
    )


class SetPasswordForm(FlaskForm):
    """Another password, by a link."""

    password = _new_password("New password")
    submit = SubmitField("Set the password", widget=GovSubmitInput())


class JoinForm(FlaskForm):
    """The name and the first password of a person who is new."""

    name = StringField(
        "Your name",
        description="As colleagues know you. It stands beside whatever you do here.",
        widget=GovTextInput(),
        validators=[InputRequired("Enter your name")],
        render_kw={"autocomplete": "name", "spellcheck": "false"},
    )
    password = _new_password("Password")
    submit = SubmitField("Set the password", widget=GovSubmitInput())


class ChangeForm(FlaskForm):
    """The present password and another one."""

    old_password = PasswordField(
        "Present password",
        widget=GovPasswordInput(),
        validators=[InputRequired("Enter your present password")],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password("New password")
    submit = SubmitField("Change the password", widget=GovSubmitInput())


@bp.get("/set-password/<secret>")
def open_link(secret: str) -> Response:
    """Take the secret out of the address, so that it stands in no history and no bookmark; nothing is used up yet."""
    session[LINK] = secret[:200]
    return _unkept(redirect(url_for("account_pages.set_password")))


@bp.route("/set-password", methods=["GET", "POST"])
def set_password() -> Any:
    """Set a password by the link that was opened in this browser."""
    secret, now = str(session.get(LINK, "")), clock.now()
    try:
        link = accounts.opened(secret, now)
    except LinkOver as error:
        return _unkept(render_template("account/link_over.html", error=error), error.status)
    form = JoinForm(sent_form(), name=_given_name(link.person)) if link.is_first else SetPasswordForm(sent_form())
    status, fields = (200 if request.method == "GET" else 422), {}
    if form.validate_on_submit():
        try:
            accounts.set_by_link(secret, form.name.data if link.is_first else "", form.password.data, now)
        except LinkOver as error:
            return _unkept(render_template("account/link_over.html", error=error), error.status)
        except InvalidRecord as error:
            form.name.errors = [error.detail]
        except WeakPassword as error:
            form.password.errors = [error.detail]
        except TooManyAttempts as error:
            form.password.errors = [error.detail]
            status, fields = error.status, {"Retry-After": str(error.retry_after_s)}
        else:
            session.pop(LINK, None)
            session[PASSWORD_IS_SET] = True
            return _unkept(redirect(url_for("pages.sign_in")))
    page = render_template("account/set_password.html", form=form, link=link)
    return _unkept(page, status, fields)


def _given_name(person: Any) -> str:
    # An administrator who was made on the host has no name yet.
    return "" if "@" in person.name else str(person.name)


def _unkept(page: Any, status: int | None = None, fields: dict[str, str] | None = None) -> Response:
    response = page if isinstance(page, Response) else Response(page, status, fields, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/password", methods=["GET", "POST"])
@page_for(*Role)
def change_password() -> Any:
    """Change one's own password."""
    signed = page_visitor()
    assert signed is not None
    form, is_changed = ChangeForm(sent_form()), False
    status, fields = (200 if request.method == "GET" else 422), {}
    if form.validate_on_submit():
        try:
            with guess("password", signed.person.email):
                accounts.change_password(
                    signed.person, signed.session, form.old_password.data, form.password.data, clock.now()
                )
        except TooManyAttempts as error:
            form.old_password.errors = [error.detail]
            status, fields = error.status, {"Retry-After": str(error.retry_after_s)}
        except WrongCredentials:
            form.old_password.errors = ["This is not your present password."]
        except WeakPassword as error:
            form.password.errors = [error.detail]
        else:
            is_changed, status = True, 200
    page = render_template(
        "account/change_password.html",
        person=signed.person,
        form=form,
        is_changed=is_changed,
        link=accounts.last_link(signed.person),
    )
    return page, status, fields
