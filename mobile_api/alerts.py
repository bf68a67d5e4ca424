"""Alerts for the people who handle them: list, details, acknowledgement, outcome, receipts."""

from __future__ import annotations

from flask import Blueprint, Response, request

from backend import (
    alerts,
    calling,
    case_summary,
    clock,
    epoch,
    location_words,
    notification_log,
    outbox,
    queries,
    silence,
)
from backend.epoch import AnotherEpoch
from backend.errors import InvalidRequest, InvalidTransition, NotAllowed, NotFound, NotSignedIn, StillStanding
from backend.lifecycle import Danger
from backend.models import Alert, Person
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, page_visitor
from mobile_api.alert_answers import alert_out, detail_out
from mobile_api.request_bodies import EPOCH, EpochHeaders, read, read_query, write
from mobile_api.schemas import (
    AcknowledgementQuery,
    AlertDetailOut,
    AlertOut,
    AlertsOut,
    AlertsQuery,
    LiveCountsOut,
    NumberAskedIn,
    NumberShownOut,
    OutcomeIn,
    ReceiptIn,
)

bp = Blueprint("alerts", __name__)

# As many as a page of the list has: PAGE in backend/web/static/officer/live.js.
FIRST = 50


@bp.before_request
def expect_epoch() -> None:
    """Let no one answer an alert that has got the number of another one since they saw it."""
    if request.method != "GET":
        epoch.expect(request.headers.get(EPOCH))


def _detail(person: Person, alert: Alert) -> Response:
    now = clock.now()
    zone, track = queries.surroundings(person, alert, now)
    detail = detail_out(
        alert,
        zone.feature if zone else None,
        track,
        queries.history_of(alert),
        looked_because=queries.reason_to_look(person, alert),
        where=location_words.whereabouts(alert, track, now),
        their_place=location_words.of_protected_person(alert),
        contacts=calling.contacts_of(person, alert, now),
        told=notification_log.told_of(alert),
        reach=silence.whereabouts_of(alert, now),
        now=now,
        case=case_summary.summary_of(alert, now),
    )
    return write(detail)


@bp.get("/v1/alerts")
@describes(
    "The alerts of your team, gravest first.",
    tag="alerts",
    query=AlertsQuery,
    answer=AlertsOut,
    errors=[NotSignedIn, NotAllowed, InvalidRequest],
)
def list_alerts() -> Response:
    return write(_listed(current_person(), read_query(AlertsQuery)))


@bp.get("/officer/list")
def first_list() -> Response:
    """Give the officers' app its first list by the cookie of its page: a slow phone need not wait for a token first."""
    visitor = page_visitor()
    if visitor is None:
        raise NotSignedIn("Sign in first.")
    return write(_listed(visitor.person, AlertsQuery(status="live", limit=FIRST, after=None, epoch=None)))


def _listed(person: Person, query: AlertsQuery) -> AlertsOut:
    # A cursor of another life of the database says nothing of this one: then everything is sent again.
    is_reset = query.after is not None and epoch.is_lost(query.epoch, query.after)
    after = None if is_reset else query.after
    # The cursor is read first: a change that comes between the two is notified again, never missed.
    cursor = alerts.newest_cursor()
    found = queries.alerts_of(person, query.status, after, query.limit)
    if after is not None and len(found) == query.limit:
        cursor = found[-1].cursor
    told = [alert_out(alert) for alert in found]
    counts = LiveCountsOut(**queries.live_counts(person))
    return AlertsOut(alerts=told, counts=counts, cursor=cursor, epoch=epoch.current(), is_reset=is_reset)


@bp.get("/v1/alerts/<int:alert_id>")
@describes(
    "One alert with zone, track and history; the look is recorded.",
    tag="alerts",
    answer=AlertDetailOut,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def get_alert(alert_id: int) -> Response:
    person = current_person()
    return _detail(person, queries.alert_of(person, alert_id))


@bp.post("/v1/alerts/<int:alert_id>/acknowledgement")
@describes(
    "Promise to act. The first person wins; repeating it, or coming second, changes nothing and shows who acts.",
    tag="alerts",
    headers=EpochHeaders,
    query=AcknowledgementQuery,
    answer=AlertOut,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidTransition, AnotherEpoch, InvalidRequest],
)
def acknowledge_alert(alert_id: int) -> Response:
    shown = read_query(AcknowledgementQuery).danger
    told = None if shown is None else Danger(shown)
    alert = queries.alert_of(current_person(), alert_id)
    return write(alert_out(alerts.acknowledge(current_person(), alert.id, clock.now(), told)))


@bp.delete("/v1/alerts/<int:alert_id>/acknowledgement")
@describes(
    "Hand the alert back: its escalation starts again.",
    tag="alerts",
    headers=EpochHeaders,
    answer=AlertOut,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidTransition, AnotherEpoch],
)
def hand_back_alert(alert_id: int) -> Response:
    return write(alert_out(alerts.hand_back(current_person(), alert_id, clock.now())))


@bp.post("/v1/alerts/<int:alert_id>/cannot")
@describes(
    "Say that you cannot act: the next responders are notified at once.",
    tag="alerts",
    headers=EpochHeaders,
    answer=AlertOut,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidTransition, AnotherEpoch],
)
def cannot_act(alert_id: int) -> Response:
    alert = queries.alert_of(current_person(), alert_id)
    return write(alert_out(alerts.cannot(current_person(), alert.id, clock.now())))


@bp.post("/v1/alerts/<int:alert_id>/outcome")
@describes(
    "Record what came of the alert, which closes it; what still stands only with a confirmation and a note.",
    tag="alerts",
    headers=EpochHeaders,
    body=OutcomeIn,
    answer=AlertOut,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidTransition, StillStanding, AnotherEpoch, InvalidRequest],
)
def record_outcome(alert_id: int) -> Response:
    person = current_person()
    body = read(OutcomeIn)
    shown = None if body.danger is None else Danger(body.danger)
    closed = alerts.close(
        person, alert_id, body.code, body.note, clock.now(), is_confirmed=body.is_confirmed, shown=shown
    )
    return write(alert_out(closed))


@bp.post("/v1/alerts/<int:alert_id>/numbers")
@describes(
    "Show the number of one contact of the alert; who saw which is recorded.",
    tag="alerts",
    headers=EpochHeaders,
    body=NumberAskedIn,
    answer=NumberShownOut,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidTransition, AnotherEpoch, InvalidRequest],
)
def show_contact_number(alert_id: int) -> Response:
    person, body = current_person(), read(NumberAskedIn)
    contact, number = calling.show_number(person, alert_id, body.key, clock.now())
    return no_store(write(NumberShownOut(key=contact.key, name=contact.name, number=number)))


@bp.post("/v1/alerts/<int:alert_id>/receipts")
@describes(
    "Say that this phone received, displayed or opened the warning.",
    tag="alerts",
    headers=EpochHeaders,
    body=ReceiptIn,
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound, AnotherEpoch, InvalidRequest],
)
def record_receipt(alert_id: int) -> tuple[str, int]:
    person = current_person()
    body = read(ReceiptIn)
    alert = queries.alert_of(person, alert_id)
    episode = outbox.episode_of(body.notification_id, person, alert)
    outbox.record_receipt(person, alert, body.kind, body.channel, clock.now(), episode=episode)
    return "", 204
