"""One case, now or as it was on a day, with its timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from backend import clock
from backend.alert_kinds import title_of
from backend.bounds import read_day
from backend.cases import caseload_health, completeness, eligibility, opening, police_handovers, viewing
from backend.cases.monitoring_status import Ended, Risk, Suspended
from backend.errors import DomainError, InvalidRecord
from backend.models import Person, Role
from backend.people.contacts import Contacts
from backend.record import zone_geojson
from backend.record.facts import LONDON, ends_with
from backend.web.case_pages.hours import ROWS, held_hours
from backend.web.case_pages.layout import STAFF, SUCCESS, bp, colleagues_of, refusable, try_to, with_form
from backend.web.forms import visitor
from backend.web.signed_in import page_for, settings

RISK_TEXTS = {Risk.LOW: "Low", Risk.MEDIUM: "Medium", Risk.HIGH: "High", Risk.VERY_HIGH: "Very high"}


@bp.get("/cases/<int:wearer_id>")
@page_for(*STAFF)
@refusable
def case(wearer_id: int) -> Any:
    return case_page(wearer_id)


def case_page(wearer_id: int, error: DomainError | None = None, said: str = "") -> str:
    person, now = visitor(), clock.now()
    on = request.args.get("on", "")
    try:
        at = ends_with(read_day(on)) - timedelta(seconds=1) if on else now
    except ValueError:
        at, error = now, error or InvalidRecord("The date must include a day, month and year.")
    file = viewing.open_file(person, wearer_id, now)
    contacts = Contacts.read(file.victims.values(), [wearer_id])
    names = viewing.names_of_staff()
    seen = viewing.as_it_was(file, contacts, names, person, at, now)
    open_alerts = viewing.open_alerts(wearer_id)
    gaps = completeness.find_in([file], contacts, now, silent_after=settings().tag_silent_after())
    colleagues = [one for one in colleagues_of(person) if one.role != Role.ADMINISTRATOR]
    return render_template(
        "case/case.html",
        **with_form(
            error=error,
            case=seen,
            health=caseload_health.health_of(file.wearer, settings(), now),
            empty_words=caseload_health.empty_words,
            gaps=[finding.text for finding in gaps],
            said=said,
            wearer_numbers=contacts.declared[wearer_id],
            activations=viewing.activations_of(file, names, at),
            free_tags=opening.free_tags(),
            history=viewing.history_of(file, names),
            is_past=bool(on) and at < now,
            on=on,
            at=at,
            colleagues=colleagues,
            alerts=open_alerts,
            alert_title=lambda alert: title_of(alert.kind, alert.event),
            handovers=police_handovers.handovers_of(alert.id for alert in open_alerts),
            restricted_to=file.named_at(now),
            suspensions=list(Suspended),
            endings=list(Ended),
            risks=RISK_TEXTS,
            facts=eligibility.FACTS,
            hours_of=held_hours,
            rows_of_hours=ROWS,
            days=zone_geojson.DAYS,
            now=now,
            one_day=timedelta(days=1),
            today=now.astimezone(LONDON).date(),
            when=lambda text: datetime.fromisoformat(text).astimezone(LONDON),
        ),
    )


def done(wearer_id: int, said: str, anchor: str | None = None) -> Any:
    """Go back to the case, where a banner says once what was done."""
    if said:
        flash(said, SUCCESS)
    return redirect(url_for("case_pages.case", wearer_id=wearer_id, _anchor=anchor))


def change(wearer_id: int, act: Callable[[Person, datetime], Any], *, said: str = "") -> Any:
    """Do what a form of the case asks; ``said`` is shown once on the case afterwards."""
    return try_to(
        lambda: act(visitor(), clock.now()),
        lambda _: done(wearer_id, said),
        lambda error: case_page(wearer_id, error),
    )
