"""The blueprint of case pages, and what each does with a form: asks for confirmation, or shows it again with errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, g, render_template, request, url_for

from backend.cases.commands.stale_changes import Stale
from backend.errors import DomainError, NeedsConfirmation, NotAllowed, NotFound
from backend.models import Person, Role
from backend.web import dates
from backend.web.forms import ask_back, keep_version, number_chosen, visitor
from backend.web.signed_in import settings

bp = Blueprint("case_pages", __name__)

bp.add_app_template_global(dates.parts_of, "date_parts")

View = TypeVar("View", bound=Callable[..., Any])
# The category of what is flashed for the next page: a banner that says what was done.
SUCCESS = "success"
STAFF = (Role.OFFICER, Role.SUPERVISOR)
KIND_TEXTS = {
    "dapol": "DAPOL licence",
    "dapo": "Domestic abuse protection order (DAPO)",
    "bail": "Bail",
    "other": "Other",
}


def refusable(view: View) -> View:
    """Show a refusal as a page: no one reads problem details in a browser."""

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except (NotFound, NotAllowed) as error:
            number = kwargs.get("wearer_id") if isinstance(error, NotAllowed) else None
            page = render_template("case/refused.html", person=visitor(), error=error, wearer_id=number)
            return page, error.status

    return shown  # type: ignore[return-value]


def try_to(act: Callable[[], Any], done: Callable[[Any], Any], again: Callable[[DomainError], Any]) -> Any:
    """Do what a form asks; ask back in words where it takes protection away, and show the form where it is refused."""
    try:
        return done(act())
    except NeedsConfirmation as error:
        is_page = request.url_rule is not None and "GET" in (request.url_rule.methods or ())
        return ask_back(error, request.path if is_page else url_for("case_pages.cases"))
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        return again(error), error.status


def with_form(**more: Any) -> dict[str, Any]:
    # A form that is sent again once it was looked at sends the version that was read first.
    if "case" in more and "kept" not in more:
        keep_version(more["case"]["version"])
    return {
        "person": visitor(),
        "values": request.form,
        "kinds": KIND_TEXTS,
        "tile_url": settings().tile_url,
        "tile_attribution": settings().tile_attribution,
        **more,
    }


@bp.app_template_global()
def version_read(error: DomainError | None) -> int | None:
    """Return the version of what this page shows, which its forms send back; None where nothing of it is changed.

    Where something else was wrong with the form, what was read first is still what is changed.
    """
    sent = number_chosen("version") if error else None
    return g.get("version_read") if sent is None or isinstance(error, Stale) else sent


@bp.app_template_global()
def error_list(error: DomainError) -> list[dict[str, Any]]:
    """Return the problems of a form for the summary on top: each field's own with a link to it."""
    return [{"text": one["detail"], "href": f"#{_id_of(one['field'])}"} for one in error.extra.get("errors", [])] or [
        {"text": error.detail}
    ]


def _id_of(field: str) -> str:
    """Return which element the summary leads to: of a date its first field."""
    return dates.first_field(field) if dates.first_field(field) in request.form else field


@bp.app_template_global()
def fault_of(error: DomainError | None, field: str) -> dict[str, str] | None:
    """Return what is wrong with one field, as a component of GOV.UK Frontend takes it, or None."""
    found = (one for one in (error.extra.get("errors", []) if error else []) if one["field"] == field)
    return next(({"text": one["detail"]} for one in found), None)


def refused(error: DomainError) -> str:
    return render_template("case/refused.html", person=visitor(), error=error)


def colleagues_of(person: Person) -> list[Person]:
    return list(Person.select().where(Person.team == person.team_id, Person.is_active).order_by(Person.name))
