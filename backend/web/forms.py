"""Reads the form of a page, and says in words what is wrong with it."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import g, render_template, request

from backend import clock, typed_text
from backend.bounds import is_number
from backend.cases import eligibility
from backend.cases.commands import typed
from backend.cases.commands.base import Command
from backend.errors import NeedsConfirmation
from backend.models import Person
from backend.web import dates
from backend.web.signed_in import page_visitor

Made = TypeVar("Made", bound=Command)


def visitor() -> Person:
    """Return who looks at a page that only people who are signed in can see."""
    signed = page_visitor()
    assert signed is not None
    return signed.person


def sent_form() -> Any:
    """Return what a page's form sent, for a WTForms form; None before it was sent.

    By itself such a form reads a body of JSON as one, whatever JSON that is.
    """
    return request.form if request.method == "POST" else None


class SentForm:
    """The form of a page as a command reads it: the three fields of a date are one day."""

    def get(self, name: str) -> str:
        """Return the text of a field; of a date as 2026-11-24, and empty where nothing of it was entered."""
        return dates.joined(request.form, name)

    def getlist(self, name: str) -> list[str]:
        """Return every text of a field that may be chosen several times."""
        return request.form.getlist(name)


def build(model: type[Made], **given: Any) -> Made:
    """Return the command that the form of this page holds, with what is ``given`` besides.

    Raises: InvalidFields with everything that is wrong, by the names of the form's fields.
    """
    return typed.read(model, SentForm(), clock.now(), given)


def keep_version(version: int) -> None:
    """Let the forms of this page send back which version of the record it shows."""
    g.version_read = version


def answers() -> dict[str, bool | None]:
    """Return the facts of eligibility as the form has them; what is not answered is not known."""
    return {name: {"yes": True, "no": False}.get(text_of(name)) for name in eligibility.FACTS}


def is_as(name: str, held: str) -> bool:
    """Tell whether a field was left as the form had it."""
    return text_of(name) == held


def pressed(name: str = "act") -> str:
    """Return which button was pressed, or which way was chosen: it decides which command is built."""
    return text_of(name)


def text_of(name: str) -> str:
    return SentForm().get(name)


def number_chosen(name: str) -> int | None:
    """Return the number of what was chosen from a list, or None where nothing of the record was."""
    text = typed_text.fold(text_of(name))
    return int(text) if is_number(text) else None


def is_confirmed() -> bool:
    return text_of("is_confirmed") == "yes"


def sent_again() -> list[tuple[str, str]]:
    """Return what the form sent, for a page that sends it again once it was looked at."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "act")]


def ask_back(error: NeedsConfirmation, back: str) -> Any:
    """Return the page that says what a change takes away, and sends the same form again where that is confirmed."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    page = render_template(
        "case/confirm.html",
        person=visitor(),
        warnings=error.extra["warnings"],
        kept=kept,
        action=request.path,
        back=back,
    )
    return page, error.status
