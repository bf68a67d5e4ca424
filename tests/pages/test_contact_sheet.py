"""A contact sheet: every kind of alert in every state on a phone of 390 px, light and dark, made to be looked at.

With ``CORDON_CONTACT_SHEET`` set to a folder the two pictures are written there.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from backend import alert_kinds, clock, db, lifecycle
from backend.models import Alert, AlertKind
from tests.pages.actions import expect_to_fit, sign_in, window
from tests.world import World

EVENTS = {AlertKind.TAMPER: "strap_open", AlertKind.SILENCE: "no_contact", AlertKind.NOTICE: "battery_low"}
REASONS = {
    AlertKind.ZONE: ["213 m inside, ±6 m, 3 fixes."],
    AlertKind.CANNOT_JUDGE: ["The zone's shape cannot be read."],
    AlertKind.REPEATED_PASSES: ["3 passages within 2 h."],
    AlertKind.TAMPER: ["The tag's strap was opened at 14:05."],
    AlertKind.HELP: ["At 14:05: “Please help”", "Not answered: call."],
    AlertKind.SILENCE: [
        "No contact with the tag since 14:05.",
        "Last seen near a zone.",
        "Could be at Home since 14:06; not before 14:31 at School.",
    ],
    AlertKind.NOTICE: ["The tag's battery is at 16 %."],
}
ZONE_STATES: list[dict[str, Any]] = [
    {"level": 1, "certainty": "confirmed", "peak_danger": 2, "distance_m": 120.0},
    {"level": 2, "certainty": "unconfirmed", "peak_danger": 3, "distance_m": -40.0},
    {"level": 2, "certainty": "confirmed", "peak_danger": 4, "distance_m": -213.0},
    {"level": 2, "certainty": "withdrawn", "peak_danger": 3, "distance_m": 20.0, "is_over": True},
    {"level": 2, "certainty": "confirmed", "peak_danger": 4, "distance_m": -213.0, "is_late": True, "is_over": True},
]


def _states(kind: AlertKind) -> list[dict[str, Any]]:
    """Return the states of a kind: how it stands, and what people do about it."""
    situations = ZONE_STATES if kind is AlertKind.ZONE else [{"level": 2, "certainty": "confirmed"}]
    if kind is AlertKind.NOTICE:
        situations = [{"level": 0, "certainty": "confirmed", "is_over": True}]
    found = []
    for situation in situations:
        found.append({**situation, "handling": "open"})
        if situation["certainty"] != "withdrawn":
            found.append({**situation, "handling": "acknowledged"})
        if not situation.get("is_over") and kind not in lifecycle.LATCHED:
            found.append({**situation, "handling": "open", "is_over": True})
    return found


def _make(world: World, kind: AlertKind, state: dict[str, Any], number: int, now: datetime) -> None:
    at = now - timedelta(seconds=200 + number)
    place = world.place if kind in (AlertKind.ZONE, AlertKind.CANNOT_JUDGE, AlertKind.REPEATED_PASSES) else None
    is_taken = state["handling"] == "acknowledged"
    Alert.create(
        code=f"SH{number:03}",
        kind=kind,
        wearer=world.wearer,
        team=world.team,
        place=place,
        zone=world.zone if place else None,
        event=EVENTS.get(kind),
        victim=world.victim if kind is AlertKind.HELP else None,
        peak_danger=state.get("peak_danger", lifecycle.DANGER_OF_KIND.get(kind, 4)),
        reasons=REASONS[kind],
        fix_time=at,
        received_at=at,
        decided_at=at,
        last_fix_time=at,
        raised_at=at,
        worst_from=at - timedelta(seconds=120),
        worst_until=at,
        worst_m=state.get("distance_m"),
        over_at=now if state.get("is_over") else None,
        acknowledged_by=world.colleague.person if is_taken else None,
        acknowledged_at=now - timedelta(seconds=30) if is_taken else None,
        cursor=number,
        **{name: value for name, value in state.items() if name != "peak_danger"},
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_kind_in_every_state_fits_a_phone_and_says_what_it_is(
    quiet: World, browser: Browser, scheme: str
) -> None:
    now = clock.now()
    made: list[tuple[AlertKind, dict[str, Any]]] = []
    for kind in AlertKind:
        made += [(kind, state) for state in _states(kind)]
    for number, (kind, state) in enumerate(made, start=1):
        _make(quiet, kind, state, number, now)
    db.release_connection()
    screen = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1, "color_scheme": scheme}
    with window(browser, **screen) as phone:
        page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
        expect(page.locator("[data-kind]")).to_have_count(len(made))
        for kind in AlertKind:
            words = alert_kinds.title_of(kind, EVENTS.get(kind))
            if words:
                expect(page.locator(f"[data-kind={kind}]").first).to_contain_text(words)
        expect_to_fit(page)
        if folder := os.environ.get("CORDON_CONTACT_SHEET"):
            page.screenshot(path=f"{folder}/contact-sheet-{scheme}.png", full_page=True)
        assert complaints == []
    quiet.checks_at_end = False
