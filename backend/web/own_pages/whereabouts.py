"""Their phone as a place that moves with them: shared while the page is open, or by an app, paused with one tap."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from backend import clock, shared_location
from backend.errors import NotSignedIn
from backend.models import OwnPage
from backend.own_pages import help_calls, phone_reports
from backend.own_pages.phone_reports import Report
from backend.web.own_pages.layout import bp, chosen, go, local, page, show
from backend.web.signed_in import settings

MOST_MESSAGES = 100


def _mine() -> OwnPage:
    mine = page()
    assert mine is not None
    return mine


@bp.get("/phone")
@chosen
def phone() -> Response:
    """Show whether this phone says where it is, how old that is, and the one tap that pauses it."""
    return _show_phone("")


def _show_phone(token: str) -> Response:
    victim = _mine().victim
    agreed = shared_location.agreement_of(victim)
    phones = shared_location.phones_of(agreed) if agreed else []
    newest = shared_location.newest_position_at(victim)
    batteries = [one.battery_pct for one in phones if one.battery_pct is not None]
    return show(
        "phone",
        agreed=agreed,
        newest=local(newest) if newest else "",
        battery=f"{batteries[-1]:.0f}" if batteries else "",
        has_app=any(one.kind == shared_location.APP for one in phones),
        token=token,
        address=f"{settings().own_pages_address()}/p/l",
    )


@bp.post("/phone")
@chosen
def change_phone() -> Response:
    """Ask for it, pause it, go on, end it for good, or get the words that an app needs."""
    victim, now, act = _mine().victim, clock.now(), request.form.get("act", "")
    agreed = shared_location.agreement_of(victim)
    if act == "ask" and agreed is None:
        help_calls.tell(victim, "They ask, on their own page, that their phone may say where they are.", now)
    elif act == "pause":
        shared_location.pause(victim, now)
    elif act == "go_on":
        shared_location.go_on(victim, now)
    elif act == "end":
        shared_location.withdraw(victim, f"victim:{victim.id}", now)
    elif act == "app" and agreed is not None:
        return _show_phone(shared_location.add_app(agreed, now))
    return go("own_pages.phone")


@bp.post("/phone/here")
@chosen
def here() -> tuple[str, int]:
    """Take where this phone is while the page is open; the answer says nothing."""
    now = clock.now()
    agreed = shared_location.agreement_of(_mine().victim)
    report = phone_reports.of_form({**request.form.to_dict(), "id": "page"}, now)
    if agreed is not None and report.fix is not None:
        shared_location.accept(shared_location.page_phone(agreed, now), [report.fix], settings(), now)
    return "", 204


@bp.route("/l", methods=["GET", "POST"])
def take_report() -> Response:
    """Take what Traccar Client or OwnTracks sends: 2xx for what can never be read: it would be sent for ever."""
    content = _json()
    messages = [one for one in (content if isinstance(content, list) else [content]) if isinstance(one, dict)]
    if _password() or any("_type" in one for one in messages):
        return _owntracks(messages[:MOST_MESSAGES])
    now, given = clock.now(), {**request.form.to_dict(), **request.args.to_dict()}
    if messages:
        token = given.get("id") or given.get("deviceid") or ""
        reports = phone_reports.of_traccar_json(messages[:MOST_MESSAGES], now, token)
    else:
        reports = [phone_reports.of_form(given, now)]
    known = [_accept(report) for report in reports]
    return Response("", 200 if any(known) else 400)


def _password() -> str:
    given = request.authorization
    return (given.password or "") if given is not None and given.type == "basic" else ""


def _owntracks(messages: list[dict[str, Any]]) -> Response:
    """Answer each message of OwnTracks with an empty list, an empty body too: the app would repeat it for ever."""
    now = clock.now()
    reports = [phone_reports.of_owntracks(one, _password(), now) for one in messages or [{}]]
    is_known = all(_accept(report) for report in reports)
    return Response("[]", 200 if is_known else 401, mimetype="application/json")


def _json() -> Any:
    """Return the body where it is JSON; None for anything else, an empty one included."""
    body = request.get_data(cache=True)
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _accept(report: Report) -> bool:
    """Take one report; False where the token is no one's. The answer never depends on who is near."""
    if not report.token:
        return False
    try:
        sender = shared_location.identify(report.token)
    except NotSignedIn:
        return False
    shared_location.note_battery(sender, report.battery_pct)
    fixes = [] if report.fix is None else [report.fix]
    shared_location.accept(sender, fixes, settings(), clock.now())
    return True
