"""A supervisor sees what is wrong with Cordon itself, and whom an outage left unprotected, before any figure."""

from __future__ import annotations

import os
from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import alarms, clock, db, outages
from backend.models import AlarmKind, Alert, Outage
from tests.pages.actions import expect_to_fit, sign_in
from tests.world import World


def test_alarms_and_outages_stand_above_the_figures_and_fit_a_narrow_phone(
    quiet: World, narrow: BrowserContext
) -> None:
    quiet.wearer.name = "Bartholomew Featherstonehaugh-Cholmondeley"
    quiet.wearer.save()
    quiet.tag.is_far_away()
    quiet.tag.walks_in()
    now = clock.now()
    outages.note("notifier", now - timedelta(minutes=20), now)
    outages.note("web", now - timedelta(hours=30), now - timedelta(hours=29))
    Outage.update(alert_ids=[Alert.get().id], wearer_ids=[quiet.wearer.id]).where(Outage.what == "notifier").execute()
    alarms.raise_alarm(AlarmKind.BACKLOG, "outbox", "14 wait, the oldest for 43 s", now)
    alarms.raise_alarm(AlarmKind.OUTAGE, "outage:1", outages.words(outages.unsettled()[0]), now)
    db.release_connection()
    page, complaints = sign_in(narrow, quiet, "grace@cordon.example", "/supervisor")
    expect(page.get_by_text("2 alarms stand about Cordon itself")).to_be_visible()
    expect(page.locator("[data-alarm]").first).to_contain_text("Outage. Notifier down 20 min")
    expect(page.locator("[data-outage=notifier]")).to_contain_text("Bartholomew Featherstonehaugh-Cholmondeley")
    expect(page.locator("[data-outage=web]")).to_contain_text("No one in your team’s cases so far")
    expect_to_fit(page)
    if folder := os.environ.get("CORDON_PICTURES"):
        page.screenshot(path=f"{folder}/alarms-narrow.png")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.screenshot(path=f"{folder}/alarms-wide.png")
    for kind in (AlarmKind.BACKLOG, AlarmKind.OUTAGE):
        for alarm in alarms.standing(kind):
            alarms.end(kind, alarm.subject, clock.now())
    Outage.delete().execute()
    db.release_connection()
    page.reload()
    expect(page.locator("[data-alarms], [data-outages]")).to_have_count(0)
    assert complaints == []
