"""Metrics for operators: what a scraper reads, and that no one else reads it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.settings import Settings
from tests.applications import create_app
from tests.world import World

TOKEN = "a token for tests only"


def client_of(settings: Settings) -> FlaskClient:
    app: Flask = create_app(settings.changed(metrics_token=TOKEN))
    return app.test_client()


def figure(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found.group(1))


def test_a_scraper_reads_what_waits_what_is_open_and_how_requests_went(world: World) -> None:
    world.officer.has_app()
    world.tag.is_far_away()
    world.tag.walks_in()
    world.officer.expects_push("breach")
    world.app.extensions["cordon.settings"] = world.settings.changed(metrics_token=TOKEN)
    client = world.app.test_client()
    client.get("/health")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert figure(answer.text, "cordon_alerts_open") == 1
    assert figure(answer.text, 'cordon_requests_total{route="health.get_health",status="200"}') == 1
    assert figure(answer.text, "cordon_notifications_waiting") >= 0
    for secret in ("Daniel", "Laura", "LDN-0001", "51.5"):
        assert secret not in answer.text
    world.officer.acknowledges()


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", TOKEN + "x"])
def test_without_the_token_no_figure_is_told(settings: Settings, header: str | None) -> None:
    answer = client_of(settings).get("/metrics", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


def test_metrics_are_off_unless_a_token_is_set(settings: Settings) -> None:
    assert create_app(settings).test_client().get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("given", "is_kept"), [("from-the-proxy-1", True), ("x\tforged", False), ("short", False), (None, False)]
)
def test_each_answer_has_an_id_that_finds_its_lines_in_the_log(
    settings: Settings, given: str | None, is_kept: bool
) -> None:
    answer = create_app(settings).test_client().get("/health", headers={"X-Request-Id": given} if given else {})
    found = answer.headers["X-Request-Id"]
    assert (found == given) is is_kept
    assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", found)
