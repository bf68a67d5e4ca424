"""One case as a summary, now or as it was on a day, with a page for its history; every change has a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from backend import clock
from backend.alert_kinds import title_of
from backend.bounds import read_day
from backend.cases import caseload_health, completeness, police_handovers, viewing
from backend.errors import DomainError, InvalidRecord, NotFound
from backend.models import Person, Role
from backend.people.contacts import Contacts
from backend.record.facts import LONDON, ends_with
from backend.web import dates
from backend.web.case_pages.layout import STAFF, SUCCESS, bp, colleagues_of, refusable, try_to, with_form
from backend.web.forms import visitor
from backend.web.signed_in import page_for, settings

ENTRIES_A_PAGE = 25
LIFE_TEXTS = {"active": "Active", "suspended": "Suspended", "ended": "Ended"}


def opened(wearer_id: int) -> dict[str, Any]:
    """Open a case as it is, or as it was on the day that the address names: what every page of a case shows."""
    person, now = visitor(), clock.now()
    at, on, error = _day_asked(now)
    file = viewing.open_file(person, wearer_id, now)
    contacts = Contacts.read(file.victims.values(), [wearer_id])
    names = viewing.names_of_staff()
    return {
        "file": file,
        "contacts": contacts,
        "names": names,
        "case": viewing.as_it_was(file, contacts, names, person, at, now),
        "error": error,
        "is_past": at < now,
        "on": on,
        "at": at,
        "now": now,
        "life_texts": LIFE_TEXTS,
        "today": now.astimezone(LONDON).date(),
        "one_day": timedelta(days=1),
        "born": lambda text: f"{date.fromisoformat(text):%-d %B %Y}",
        "when": lambda text: datetime.fromisoformat(text).astimezone(LONDON),
    }


def _day_asked(now: datetime) -> tuple[datetime, str, DomainError | None]:
    """Return the instant that is shown, the day that was asked for, and what is wrong with it."""
    on = dates.joined(request.args, "on")
    if not on:
        return now, "", None
    try:
        return min(now, ends_with(read_day(on)) - timedelta(seconds=1)), on, None
    except ValueError:
        return now, "", InvalidRecord("The date must include a day, month and year.")


@bp.get("/cases/<int:wearer_id>")
@page_for(*STAFF)
@refusable
def case(wearer_id: int) -> Any:
    shown = opened(wearer_id)
    gaps = completeness.find_in(
        [shown["file"]], shown["contacts"], shown["now"], silent_after=settings().tag_silent_after()
    )
    alerts = viewing.open_alerts(wearer_id)
    return render_template(
        "case/case.html",
        **with_form(
            **shown,
            health=caseload_health.health_of(shown["file"], alerts, settings(), shown["now"]),
            empty_words=caseload_health.empty_words,
            gaps=[finding.text for finding in gaps],
            wearer_numbers=shown["contacts"].declared[wearer_id],
            alerts=alerts,
            alert_title=lambda alert: title_of(alert.kind, alert.event),
            handovers=police_handovers.handovers_of(alert.id for alert in alerts) if alerts else {},
            restricted_to=shown["file"].named_at(shown["now"]),
        ),
    )


@bp.get("/cases/<int:wearer_id>/history")
@page_for(*STAFF)
@refusable
def history(wearer_id: int) -> Any:
    """Every entry of the record, the newest first, a page at a time."""
    shown = opened(wearer_id)
    rows = viewing.history_of(shown["file"], shown["names"])
    number = max(1, request.args.get("page", 1, type=int))
    first = (number - 1) * ENTRIES_A_PAGE
    return render_template(
        "case/history.html",
        **with_form(
            **shown,
            history=rows[first : first + ENTRIES_A_PAGE],
            number=number,
            pages=max(1, -(-len(rows) // ENTRIES_A_PAGE)),
            address=lambda page: url_for("case_pages.history", wearer_id=wearer_id, page=page),
        ),
    )


def done(wearer_id: int, said: str) -> Any:
    """Go back to the case, where a banner says once what was done."""
    return done_at(url_for("case_pages.case", wearer_id=wearer_id), said)


def done_at(address: str, said: str) -> Any:
    """Go to a page on which a banner says once what was done."""
    if said:
        flash(said, SUCCESS)
    return redirect(address)


def one_task(
    wearer_id: int,
    template: str,
    act: Callable[[Person, datetime], Any],
    *,
    said: str,
    back: str = "",
    then: str = "",
    more: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Any:
    """Show the page of one task, or do what its form asks and go ``back``, where a banner says what was done.

    ``then`` is where it goes instead, for a task that goes on. ``more`` returns what the page shows besides the case,
    of which it is given everything that was read.
    """
    address = back or url_for("case_pages.case", wearer_id=wearer_id)

    def page(error: DomainError | None = None) -> str:
        shown = opened(wearer_id)
        shown |= {"error": error, **(more(shown) if more else {})}
        return render_template(f"case/tasks/{template}.html", **with_form(**shown, back=address))

    if request.method == "GET":
        return page()
    return try_to(lambda: act(visitor(), clock.now()), lambda _: done_at(then or address, said), page)


def found(rows: list[dict[str, Any]], number: int, what: str) -> dict[str, Any]:
    """Return the row of this number among those that a case shows. Raises: NotFound."""
    row = next((one for one in rows if one["id"] == number), None)
    if row is None:
        raise NotFound(f"{what} was not found.")
    return row


def colleagues() -> list[Person]:
    """Return whom a case can be given to."""
    return [one for one in colleagues_of(visitor()) if one.role != Role.ADMINISTRATOR]
