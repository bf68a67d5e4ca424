"""Contact sheets: every kind of alert in every state on a phone of 390 px, light and dark, made to be looked at.

With ``CORDON_CONTACT_SHEET`` set to a folder the pictures are written there: those of ``docs/img``, in either scheme.
"""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from backend import alert_kinds, db, lifecycle
from backend.models import Alert, AlertKind, Tag
from backend.tag_events import RINGING
from tests.pages.actions import expect_to_fit, sign_in, window
from tests.pages.test_accessible import violations
from tests.world import World

# The events of which kinds are told, each with a heading of its own.
EVENTS: dict[AlertKind, list[str | None]] = {
    AlertKind.TAMPER: list(RINGING),
    AlertKind.SILENCE: ["no_contact", "blind", "after_tamper"],
    AlertKind.NOTICE: [None, "battery_low", "battery_tonight"],
}
SILENT_SINCE = {
    "no_contact": "No contact with the tag since 14:05.",
    "blind": "The tag is in contact but has sent no usable position since 14:05.",
    "after_tamper": "No contact with the tag since 14:05, after it was tampered with or switched off.",
}
WAS_SILENT = {
    "no_contact": "No contact with the tag from 14:05 to 14:40.",
    "blind": "The tag sent no usable position from 14:05 to 14:40.",
    "after_tamper": "No contact with the tag from 14:05 to 14:40, after it was tampered with or switched off.",
}
NOTICES = {
    None: "Protection of the place Home ends 1 December 2026, 12:00 (expiry). Tell the protected person before then.",
    "battery_low": "The tag's battery is at 16 %. At its present use it is empty about 21:40.",
    "battery_tonight": "The tag's battery is at 22 %. At its present use it is empty about 03:40.",
}
REASONS = {
    AlertKind.ZONE: ["213 m inside, ±6 m, 3 fixes."],
    AlertKind.CANNOT_JUDGE: ["The zone's shape cannot be read."],
    AlertKind.REPEATED_PASSES: ["3 passages within 2 h."],
    AlertKind.HELP: ["At 14:05: “Please help”", "Not answered: call."],
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
    if kind in EVENTS:
        situations = [{**one, "event": event} for one in situations for event in EVENTS[kind]]
    for situation in situations:
        found.append({**situation, "handling": "open"})
        if situation["certainty"] != "withdrawn":
            found.append({**situation, "handling": "acknowledged"})
        if not situation.get("is_over") and kind not in lifecycle.LATCHED:
            found.append({**situation, "handling": "open", "is_over": True})
            found.append({**situation, "handling": "closed"})
    return found


def _reasons(kind: AlertKind, state: dict[str, Any]) -> list[str]:
    event = state.get("event")
    if kind is AlertKind.TAMPER:
        return [f"{RINGING[event or ''].sentence} at 14:05."]
    if kind is AlertKind.NOTICE:
        return [NOTICES[event]]
    if kind is not AlertKind.SILENCE:
        return REASONS[kind]
    if state.get("is_over"):
        return [WAS_SILENT[event or ""], "Last seen near a zone.", "The tag has sent positions again since 14:40."]
    reach = "Could be at Home since 14:06; not before 14:31 at School."
    return [SILENT_SINCE[event or ""], "Last seen near a zone.", reach]


def _make(world: World, kind: AlertKind, state: dict[str, Any], number: int, now: datetime) -> None:
    at = now - timedelta(seconds=200 + number)
    place = world.place if kind in (AlertKind.ZONE, AlertKind.CANNOT_JUDGE, AlertKind.REPEATED_PASSES) else None
    is_taken, is_closed = state["handling"] == "acknowledged", state["handling"] == "closed"
    Alert.create(
        code=f"SH{number:03}",
        kind=kind,
        wearer=world.wearer,
        team=world.team,
        place=place,
        zone=world.zone if place else None,
        tag=Tag.get() if kind in EVENTS and state.get("event") else None,
        victim=world.victim if kind is AlertKind.HELP else None,
        peak_danger=state.get("peak_danger", lifecycle.DANGER_OF_KIND.get(kind, 4)),
        reasons=_reasons(kind, state),
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
        outcome_code="police_informed" if is_closed else None,
        outcome_by=world.colleague.person if is_closed else None,
        outcome_at=now - timedelta(seconds=20) if is_closed else None,
        outcome_note="Police are on their way." if is_closed else None,
        cursor=number,
        **{name: value for name, value in state.items() if name != "peak_danger"},
    )


def _make_all(world: World, only: AlertKind | None = None) -> list[tuple[AlertKind, dict[str, Any]]]:
    """Raise one alert for each state of each kind, or of one; by the clock of the browser, for which no time passes."""
    made = [(kind, state) for kind in AlertKind if only in (None, kind) for state in _states(kind)]
    for number, (kind, state) in enumerate(made, start=1):
        _make(world, kind, state, number, datetime.now(UTC))
    db.release_connection()
    return made


def _keep(page: Page, name: str, pictures: list[bytes], *, columns: int, gap: int = 12) -> None:
    """Write pictures beside each other as one WebP, where a folder for them is given; one long picture is cut up."""
    folder = os.environ.get("CORDON_CONTACT_SHEET")
    if not folder:
        return
    sources = ["data:image/png;base64," + base64.b64encode(one).decode() for one in pictures]
    blank = page.context.new_page()
    data: str = blank.evaluate(COMPOSE, [sources, columns, gap])
    blank.close()
    Path(folder, f"{name}.webp").write_bytes(base64.b64decode(data.split(",")[1]))


COMPOSE = """async ([sources, columns, gap]) => {
  const images = await Promise.all(sources.map(async (src) => {
    const image = new Image(); image.src = src; await image.decode(); return image;
  }));
  const canvas = document.createElement("canvas"), paint = canvas.getContext("2d");
  const width = images[0].width;
  if (images.length === 1) {
    const height = Math.ceil(images[0].height / columns);
    canvas.width = columns * (width + gap) - gap;
    canvas.height = height;
    for (let n = 0; n < columns; n++) {
      paint.drawImage(images[0], 0, n * height, width, height, n * (width + gap), 0, width, height);
    }
  } else {
    const heights = Array(columns).fill(0), places = images.map((image) => {
      const n = heights.indexOf(Math.min(...heights)), y = heights[n];
      heights[n] += image.height + gap; return [n * (width + gap), y];
    });
    canvas.width = columns * (width + gap) - gap; canvas.height = Math.max(...heights);
    images.forEach((image, n) => paint.drawImage(image, ...places[n]));
  }
  const small = document.createElement("canvas");
  small.width = canvas.width * 0.7;
  small.height = canvas.height * 0.7;
  const shrink = small.getContext("2d");
  shrink.imageSmoothingQuality = "high";
  shrink.drawImage(canvas, 0, 0, small.width, small.height);
  return small.toDataURL("image/webp", 0.6);
}"""
# The app follows the phone: light can be read in the sun, and dark does not light up a bedroom.
GROUNDS = {"light": "rgb(241, 244, 246)", "dark": "rgb(10, 14, 19)"}
OF_SCHEME = {"light": "-light", "dark": ""}
GROUND = "() => getComputedStyle(document.documentElement).backgroundColor"
SCREEN: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_kind_in_every_state_fits_a_phone_and_says_what_it_is(
    quiet: World, browser: Browser, scheme: str
) -> None:
    made = _make_all(quiet)
    with window(browser, **SCREEN, color_scheme=scheme) as phone:
        page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
        expect(page.locator("[data-kind]")).to_have_count(len(made))
        for kind, state in made:
            words = alert_kinds.title_of(kind, state.get("event"))
            if words:
                expect(page.locator(f"[data-kind={kind}]").filter(has_text=words).first).to_be_visible()
        over = page.locator("[data-kind=silence]").filter(has_text="Over since")
        assert over.count() == len(EVENTS[AlertKind.SILENCE])
        for number in range(over.count()):
            # What is over never reads as if it went on.
            expect(over.nth(number)).to_contain_text(": back")
            expect(over.nth(number)).to_contain_text("from 14:05 to 14:40")
            expect(over.nth(number)).not_to_contain_text("since 14:05")
        expect(page.locator("[data-kind=zone]").filter(has_text="Withdrawn")).to_contain_text("Needs no answer")
        assert page.evaluate(GROUND) == GROUNDS[scheme]
        assert violations(page) == []
        expect(page.locator("[data-group=closed] [data-kind=silence]").first).to_contain_text("Closed, still silent")
        standing = page.locator("[data-group=unanswered] [data-kind=silence]").filter(has_text="since 14:05").first
        expect(standing).to_contain_text("Last seen near a zone. Could be at Home since 14:06")
        for wrong in ("Clear", "undefined", "null", "NaN"):
            expect(page.locator(".cards").first).not_to_contain_text(wrong)
        expect_to_fit(page)
        _keep(page, f"alert-cards{OF_SCHEME[scheme]}", [page.screenshot(full_page=True)], columns=6)
        assert complaints == []
    quiet.checks_at_end = False


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_every_kind_fits_a_phone(quiet: World, browser: Browser, scheme: str) -> None:
    quiet.tag.is_far_away()
    _make_all(quiet)
    shown: dict[tuple[str, str | None, bool], int] = {}
    for alert in Alert.select().where(Alert.handling == "open").order_by(Alert.id):
        shown.setdefault(
            (alert.kind, alert.event if alert.kind == AlertKind.SILENCE else None, alert.is_over), alert.id
        )
    db.release_connection()
    pictures = []
    with window(browser, **SCREEN, color_scheme=scheme) as phone:
        page, complaints = sign_in(phone, quiet, "amina@cordon.example", "/officer")
        for alert_id in shown.values():
            page.locator(f"[data-alert-id='{alert_id}']").get_by_role("link").click()
            expect(page.locator(".timeline, [data-panel=case]").first).to_be_visible()
            expect(page.get_by_text("others unanswered")).to_be_visible()
            expect_to_fit(page)
            assert violations(page) == [], alert_id
            page.evaluate("scrollTo(0, 0)")
            pictures.append(page.screenshot())
            page.get_by_role("link", name="All alerts").click()
        _keep(page, f"alert-pages{OF_SCHEME[scheme]}", pictures, columns=7)
        assert complaints == []
    quiet.checks_at_end = False
