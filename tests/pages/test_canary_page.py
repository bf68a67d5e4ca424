"""The supervisor's page says how the canary's last walk went, or that none walks."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import BrowserContext, expect

from backend import canary, clock, db
from backend.models import CanaryWalk
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.world import World


def walked(result: str | None, ago_s: float, step: str = "deliver") -> None:
    at = clock.now() - timedelta(seconds=ago_s)
    values = {"sent_at": at + timedelta(seconds=0.9), "delivered_at": at + timedelta(seconds=1.8)}
    CanaryWalk.create(
        started_at=at,
        until_at=at + timedelta(seconds=120),
        result=result,
        step=step,
        **(values if result == "passed" else {}),
    )


def test_the_supervisor_sees_the_last_walks_of_the_canary_or_that_none_walks(
    world: World,
    narrow: BrowserContext,
) -> None:
    page, complaints = sign_in(narrow, world, "grace@cordon.example", "/supervisor")
    panel = page.locator("[data-canary]")
    expect(panel).to_contain_text("none is sent")
    canary.set_up(None, "", clock.now())
    db.release_connection()
    page.reload()
    expect(panel).to_contain_text("has not been tried yet")
    walked("failed", 620, "send")
    walked("interrupted", 310)
    walked("passed", 5)
    db.release_connection()
    page.reload()
    expect(panel.locator("summary")).to_contain_text("0.9 s from fix to provider, arrived after 1.8 s")
    panel.locator("summary").click()
    expect(panel).to_contain_text("did not arrive: no provider has taken its message")
    expect(panel).to_contain_text("interrupted: its process was stopped meanwhile")
    expect_to_fit(page)
    shot(page, "canary-320")
    assert complaints == []
