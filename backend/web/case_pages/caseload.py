"""The page of the caseload's health, by need, and the form that asks where a wearer is now."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from backend import clock
from backend.cases import caseload_health
from backend.cases.commands.whereabouts import AskWhere
from backend.errors import InvalidRequest
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build, visitor
from backend.web.signed_in import page_for, settings


@bp.get("/cases/health")
@page_for(*STAFF)
def caseload() -> Any:
    """Show how each wearer of the team is doing, those who need a person most first."""
    person, now = visitor(), clock.now()
    lines = caseload_health.caseload_of(person, settings(), now, is_page=True)
    return render_template(
        "case/health.html",
        person=person,
        lines=lines,
        now=now,
        alert_words=caseload_health.alert_words,
        empty_words=caseload_health.empty_words,
    )


@bp.route("/cases/<int:wearer_id>/whereabouts", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def ask_where(wearer_id: int) -> Any:
    """Ask where a wearer is now, with a reason, and show the newest fix and when the next one is due."""
    person, now = visitor(), clock.now()
    answer, error = None, None
    if request.method == "POST":
        try:
            answer = build(AskWhere).carry_out(person, now, wearer_id, settings())
        except InvalidRequest as refused:
            error = refused
    page = render_template(
        "case/whereabouts.html",
        person=person,
        wearer=caseload_health.wearer_of(person, wearer_id, now),
        answer=answer,
        error=error,
        now=now,
    )
    return page, 422 if error else 200
