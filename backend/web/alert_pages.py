"""Pages about alerts beside the live app: search of every alert, the strip on top of staff pages, the safety plan."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Flask, g, jsonify, redirect, render_template, request, url_for

from backend import address_search, alert_search, audit, clock, db, lifecycle, places
from backend.access import access_wearer
from backend.address_search import FoundAddress
from backend.alert_search import Search
from backend.bounds import is_number, read_day
from backend.cases import safety_plans
from backend.cases.commands.monitoring import WriteSafetyPlan
from backend.errors import DomainError, InvalidRecord, NotAllowed, NotFound
from backend.models import Alert, AlertKind, Handling, NamedPlace, Person, Role
from backend.record.facts import LONDON
from backend.web.alert_words import situation_of
from backend.web.forms import build, keep_version, text_of, visitor
from backend.web.outcome_texts import KIND_TEXTS, OUTCOME_TEXTS
from backend.web.signed_in import no_store, page_for, page_visitor, settings

bp = Blueprint("alert_pages", __name__)

STAFF = (Role.OFFICER, Role.SUPERVISOR)
MOST_AROUND_M = 10_000.0
MOST_NAMED = 60
HANDLINGS = {Handling.OPEN: "Not acknowledged", Handling.ACKNOWLEDGED: "Acknowledged", Handling.CLOSED: "Closed"}


def init_app(app: Flask) -> None:
    """Let every page of staff show how many alerts wait for an answer."""

    @app.context_processor
    def strip() -> dict[str, Any]:
        return {"alert_strip": _strip}


def _strip(person: Person | None) -> dict[str, Any] | None:
    if person is None or person.role not in STAFF:
        return None
    # A page asks more than once while it is drawn.
    if "alert_strip" not in g:
        count, gravest = alert_search.unanswered(person)
        g.alert_strip = {"count": count, "words": situation_of(gravest) if gravest else ""}
    strip: dict[str, Any] = g.alert_strip
    return strip


@bp.get("/officer/standing")
def standing() -> Any:
    """Say how many alerts wait, for the strip of a page that stays open; no name and no place."""
    signed = page_visitor()
    return no_store(jsonify(_strip(signed.person if signed else None) or {"count": None, "words": ""}))


@bp.route("/alerts", methods=["GET", "POST"])
@page_for(*STAFF)
def search() -> Any:
    """Every alert of the team, newest first; a search is posted, since names belong in no address."""
    person, errors = visitor(), []
    from_at = to_at = None
    try:
        from_at = _midnight("from_day")
        to_at = _midnight("to_day")
    except ValueError:
        errors.append({"text": "Enter each date as a day, a month and a year", "href": "#from_day"})
    handling, kind, outcome = text_of("handling"), text_of("kind"), text_of("outcome")
    asked = Search(
        text=text_of("text")[:100],
        from_at=from_at,
        to_at=to_at + timedelta(days=1) if to_at else None,
        handling=Handling(handling) if handling in set(Handling) else None,
        kind=kind if kind in set(AlertKind) else "",
        outcome=outcome if outcome in set(OUTCOME_TEXTS) else "",
        page=int(text_of("page")) if is_number(text_of("page")) else 1,
    )
    found = alert_search.find(person, asked)
    page = render_template(
        "alerts/search.html",
        person=person,
        found=found,
        rows=[{"alert": alert, "what": situation_of(alert), "state": _state_of(alert)} for alert in found.alerts],
        values=request.form,
        errors=errors,
        handlings=HANDLINGS,
        kinds=KIND_TEXTS,
        outcomes=OUTCOME_TEXTS,
    )
    return page, 422 if errors else 200


def _state_of(alert: Alert) -> str:
    if alert.handling == Handling.OPEN and not lifecycle.needs_answer(alert.kind, alert.certainty, alert.handling):
        return "Needs no answer"
    return HANDLINGS[lifecycle.handling_held(alert.handling)]


def _midnight(name: str) -> datetime | None:
    text = text_of(name)
    return datetime.combine(read_day(text), time(), LONDON) if text else None


@bp.post("/places/search")
@page_for(*STAFF)
def search_places() -> Any:
    """Find places for the map on which a zone is drawn; what is searched is in no address and no log."""
    text = text_of("text")[:100]
    found: list[NamedPlace | FoundAddress] = list(places.find(text))
    # Nothing of the database waits for another service.
    db.release_connection()
    note = ""
    try:
        found += address_search.find(settings(), text) if len(places.fold(text)) >= places.LEAST_LETTERS else []
    except address_search.Unavailable:
        note = "The address search did not answer. Postcodes and place names still work."
    rows = [{"name": one.name, "kind": one.kind, "around": one.around, "lat": one.lat, "lon": one.lon} for one in found]
    return no_store(jsonify(places=rows, note=note))


@bp.post("/places/near")
@page_for(*STAFF)
def places_near() -> Any:
    """Name the places around a point, for a map without tiles and for what a zone covers."""
    try:
        lat, lon, within_m = (float(text_of(name)) for name in ("lat", "lon", "within_m"))
    except ValueError:
        raise InvalidRecord("Send lat, lon and within_m as numbers.") from None
    if not (abs(lat) <= 90 and abs(lon) <= 180 and within_m >= 0):
        raise InvalidRecord("Send a point on the globe.")
    found = places.landmarks_near(lat, lon, min(within_m, MOST_AROUND_M))[:MOST_NAMED]
    rows = [{"name": one.name, "lat": one.lat, "lon": one.lon, "distance_m": near.distance_m} for one, near in found]
    return no_store(jsonify(places=rows))


@bp.route("/cases/<int:wearer_id>/safety-plan", methods=["GET", "POST"])
@page_for(*STAFF)
def safety_plan(wearer_id: int) -> Any:
    """Read and write the safety plan of a case."""
    person, now = visitor(), clock.now()
    wearer = access_wearer(person, wearer_id, now)
    error: DomainError | None = None
    keep_version(audit.newest_of_case(wearer_id)[0])
    if request.method == "POST":
        try:
            build(WriteSafetyPlan).carry_out(person, now, wearer_id)
            return redirect(url_for("alert_pages.safety_plan", wearer_id=wearer_id, saved=1))
        except (NotFound, NotAllowed):
            raise
        except DomainError as refused:
            error = refused
    page = render_template(
        "alerts/safety_plan.html",
        person=person,
        wearer=wearer,
        plan=safety_plans.plan_at(wearer_id, now),
        values=request.form,
        error=error,
        is_saved="saved" in request.args,
    )
    return page, error.status if error else 200
