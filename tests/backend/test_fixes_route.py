"""What a tag may send, what it is answered, and that nothing it sends is lost."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import peewee
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from backend import clock, db, demo, ingest
from backend.ingest import pipeline
from backend.models import Alert, AlertKind, Fix, PlaceZone, QuarantinedFix, TagEvent, TagRequest
from backend.settings import Settings
from tests.applications import create_app


@pytest.fixture
def database_template(demo_template: str) -> str:
    return demo_template


class Line:
    """The application without a server, and the first demo tag."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        with self.app.app_context():
            self.demo = demo.seed(clock.now())
        self.tag = self.demo["tags"][0]
        self.client: FlaskClient = self.app.test_client()

    def fix(self, ago_s: float = 0.0, where: str = "outside", **more: Any) -> dict[str, Any]:
        at = clock.now() - timedelta(seconds=ago_s)
        return {"fix_time": at.isoformat(), **self.tag[where], "accuracy_m": 8.0, **more}

    def post(
        self,
        content: Any,
        *,
        serial: str | None = None,
        key: str | None = None,
        webhook_id: str | None = None,
        signed_at: datetime | None = None,
        drop: str | None = None,
    ) -> TestResponse:
        body = content if isinstance(content, str) else json.dumps(content)
        webhook_id = webhook_id or uuid.uuid4().hex
        signed_at = signed_at or clock.now()
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(signed_at.timestamp())),
            "webhook-signature": Webhook(key or self.tag["key"]).sign(webhook_id, signed_at, body),
        }
        headers.pop(drop or "", None)
        return self.client.post(f"/v1/tags/{serial or self.tag['serial']}/fixes", data=body, headers=headers)


@pytest.fixture
def line(settings: Settings) -> Iterator[Line]:
    whole = Line(settings)
    yield whole
    whole.app.extensions["cordon.committer"].close()
    db.release_connection()


def problem_of(response: TestResponse) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json", response.get_data(as_text=True)
    assert response.json is not None
    assert response.json["status"] == response.status_code
    return response.status_code, response.json["code"]


def test_a_batch_is_stored_and_answered_with_its_counts(line: Line) -> None:
    response = line.post({"fixes": [line.fix(60, source="gnss", battery_pct=80, satellites=9), line.fix(30)]})
    assert response.status_code == 200
    assert response.json == {"accepted": 2, "duplicate": 0, "refused": [], "report_interval_s": 60}
    stored = list(Fix.select().order_by(Fix.fix_time))
    assert [(row.source, row.battery_pct, row.satellites) for row in stored] == [("gnss", 80.0, 9), (None, None, None)]
    assert all(row.level == 0 and row.decided_at >= row.received_at for row in stored)


def test_a_repeated_request_is_answered_as_before_and_changes_nothing(line: Line) -> None:
    content = {
        "fixes": [line.fix(30, "inside")],
        "events": [{"kind": "charging_started", "at": "2026-11-30T08:00:00Z"}],
    }
    first = line.post(content, webhook_id="msg_1")
    again = line.post(content, webhook_id="msg_1")
    assert again.json == first.json
    assert (Fix.select().count(), TagEvent.select().count()) == (1, 1)


def test_an_id_that_is_used_again_for_another_body_is_another_request(line: Line) -> None:
    line.post({"fixes": [line.fix(30)]}, webhook_id="msg_1")
    again = line.post({"fixes": [line.fix(10, "inside"), line.fix(5, "inside")]}, webhook_id="msg_1")
    assert again.json["accepted"] == 2
    assert Fix.select().count() == 3
    line.post({"fixes": [], "events": [{"kind": "strap_open", "at": clock.now().isoformat()}]}, webhook_id="msg_1")
    assert [event.kind for event in TagEvent.select()] == ["strap_open"]


def test_the_same_fix_in_another_request_is_a_duplicate(line: Line) -> None:
    fix = line.fix(30)
    line.post({"fixes": [fix]})
    assert line.post({"fixes": [fix, fix, line.fix(10)]}).json["duplicate"] == 2
    assert Fix.select().count() == 2


BAD_FIXES = {
    "a latitude beyond the pole": ({"lat": 91.0}, "latitude_out_of_range"),
    "a longitude beyond the antimeridian": ({"lon": -180.5}, "longitude_out_of_range"),
    "a latitude that is a word": ({"lat": "north"}, "not_a_number"),
    "a latitude that is true": ({"lat": True}, "not_a_number"),
    "a latitude that is a list": ({"lat": [51.5]}, "not_a_number"),
    "no latitude": ({"lat": None}, "missing_field"),
    "no time": ({"fix_time": None}, "missing_field"),
    "a time in words": ({"fix_time": "yesterday"}, "not_an_instant"),
    "a time that is a number": ({"fix_time": 1795563713}, "not_an_instant"),
    "a time without a zone": ({"fix_time": "2026-11-24T20:00:00"}, "not_an_instant"),
    "a clock ten years ahead": ({"fix_time": "2099-01-01T00:00:00Z"}, "fix_time_in_future"),
    "a clock ten years behind": ({"fix_time": "2014-01-01T00:00:00Z"}, "fix_time_too_old"),
    "a time at the end of the calendar": ({"fix_time": "9999-12-31T23:59:59-12:00"}, "not_an_instant"),
}


@pytest.mark.parametrize("case", BAD_FIXES)
def test_a_fix_that_cannot_be_judged_is_kept_in_quarantine_and_its_neighbours_are_accepted(
    line: Line, case: str
) -> None:
    fault, code = BAD_FIXES[case]
    answer = line.post({"fixes": [line.fix(60), {**line.fix(45), **fault}, line.fix(30)]}).json
    assert (answer["accepted"], [(r["index"], r["code"]) for r in answer["refused"]]) == (2, [(1, code)])
    kept = QuarantinedFix.get()
    assert (kept.code, kept.position) == (code, 1)
    assert json.loads(kept.body)["accuracy_m"] == 8.0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400])
def test_a_coordinate_that_is_not_a_finite_number_is_kept_in_quarantine(line: Line, number: str) -> None:
    body = json.dumps({"fixes": [line.fix(60), {**line.fix(30), "lat": 4711}]}).replace("4711", number)
    answer = line.post(body).json
    assert (answer["accepted"], answer["refused"][0]["code"]) == (1, "not_finite")
    assert QuarantinedFix.select().count() == 1


@pytest.mark.parametrize("item", [None, 7, "fix", [], [1, 2]])
def test_an_item_that_is_no_fix_at_all_is_kept_in_quarantine(line: Line, item: Any) -> None:
    answer = line.post({"fixes": [line.fix(60), item]}).json
    assert (answer["accepted"], answer["refused"][0]["code"]) == (1, "not_an_object")


ODD_BUT_USABLE: dict[str, dict[str, Any]] = {
    "an accuracy in words": {"accuracy_m": "good"},
    "a speed that is a list": {"speed_mps": [1]},
    "an unknown source": {"source": "magic"},
    "unknown fields": {"altitude_m": 30, "nested": {"a": [1, 2]}},
    "a satellite count beyond belief": {"satellites": 1e300},
    "a very long unknown field": {"blob": "x" * 10_000},
    "a NUL character": {"note": "a\u0000b"},
    "half an emoji": {"note": "\ud83d"},
}


@pytest.mark.parametrize("case", ODD_BUT_USABLE)
def test_a_fault_in_what_is_optional_never_costs_the_fix(line: Line, case: str) -> None:
    answer = line.post({"fixes": [{**line.fix(30, "inside"), **ODD_BUT_USABLE[case]}]}).json
    assert (answer["accepted"], answer["refused"]) == (1, [])
    stored = Fix.get()
    assert stored.extra
    assert stored.level == 2
    assert Alert.select().count() == 1


def test_nan_in_what_is_optional_never_costs_the_fix(line: Line) -> None:
    body = json.dumps({"fixes": [{**line.fix(30, "inside"), "accuracy_m": float("nan"), "hdop": float("inf")}]})
    assert line.post(body).json["accepted"] == 1
    # It raises as a fix without a claim does, and never ends what it raised near the zone.
    assert (Fix.get().accuracy_m, Fix.get().source, Fix.get().level) == (15.0, "unknown", 2)


BAD_BODIES = {
    "truncated JSON": ('{"fixes": [{"fix_time": "2026', (400, "malformed_json")),
    "an empty body": ("", (400, "malformed_json")),
    "a list": ("[]", (422, "invalid_request")),
    "fixes that are an object": ('{"fixes": {}}', (422, "invalid_request")),
    "an empty batch": ('{"fixes": []}', (422, "empty_batch")),
    "no fixes at all": ("{}", (422, "empty_batch")),
    "a NUL in the body": ('{"fixes": "\x00', (400, "malformed_json")),
    "JSON nested a hundred thousand deep": ("[" * 100_000, (400, "malformed_json")),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_body_of_no_use_is_refused_with_its_code_and_kept_as_it_came(line: Line, case: str) -> None:
    body, expected = BAD_BODIES[case]
    assert problem_of(line.post(body)) == expected
    kept = QuarantinedFix.get()
    assert (kept.code, kept.body) == (expected[1], body.replace("\x00", "\ufffd"))
    # The tag may mend the body and send it under the same id.
    assert TagRequest.select().count() == 0


def test_ten_thousand_fixes_in_one_batch_are_too_many(line: Line) -> None:
    content = {"fixes": [{"fix_time": "2026-11-24T20:00:00Z", "lat": 51.5, "lon": 0}] * 10_000}
    assert problem_of(line.post(content)) == (422, "batch_too_large")


def test_a_thousand_fixes_in_one_batch_are_accepted(line: Line) -> None:
    answer = line.post({"fixes": [line.fix(10_000 - i * 10) for i in range(1_000)]}).json
    assert (answer["accepted"], answer["duplicate"], answer["refused"]) == (1_000, 0, [])


def test_a_body_over_a_mebibyte_is_refused_before_it_is_read(line: Line) -> None:
    assert problem_of(line.post("x" * 1_100_000)) == (413, "body_too_large")


def test_a_tag_that_no_one_knows_is_404(line: Line) -> None:
    assert problem_of(line.post({"fixes": [line.fix()]}, serial="NO-SUCH")) == (404, "unknown_tag")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_request_without_a_signature_header_is_401(line: Line, header: str) -> None:
    assert problem_of(line.post({"fixes": [line.fix()]}, drop=header)) == (401, "wrong_signature")


def test_a_request_signed_with_another_tags_key_is_401_and_leaves_nothing(line: Line) -> None:
    other = line.demo["tags"][1]["key"]
    assert problem_of(line.post({"fixes": [line.fix()]}, key=other)) == (401, "wrong_signature")
    assert Fix.select().count() + QuarantinedFix.select().count() == 0


@pytest.mark.parametrize("years", [-10, 10])
def test_a_genuine_request_with_a_timestamp_far_off_is_answered_quarantined_and_noted_against_the_tag(
    line: Line, years: int
) -> None:
    signed_at = clock.now() + timedelta(days=365 * years)
    response = line.post({"fixes": [line.fix(30, "inside")]}, signed_at=signed_at)
    assert response.status_code == 200
    assert response.json["accepted"] == 0
    assert response.json["refused"][0]["code"] == "stale_timestamp"
    told = datetime.fromisoformat(response.json["server_time"])
    assert abs((told - datetime.now(UTC)).total_seconds()) < 60
    assert QuarantinedFix.get().code == "stale_timestamp"
    assert TagEvent.get().kind == "clock_reset"
    # No one knows how near the wearer is: an alert says so, and ends with the next fix that can be used.
    assert [(alert.kind, alert.is_over) for alert in Alert.select()] == [(AlertKind.CANNOT_JUDGE, False)]
    line.post({"fixes": [line.fix(10)]})
    assert [(alert.kind, alert.is_over) for alert in Alert.select()] == [(AlertKind.CANNOT_JUDGE, True)]


def test_events_are_kept_and_an_unknown_one_is_quarantined(line: Line) -> None:
    at = clock.now().isoformat()
    content = {
        "fixes": [line.fix()],
        "events": [{"kind": "strap_open", "at": at, "force_n": 3}, {"kind": "dance", "at": at}, 5],
    }
    answer = line.post(content).json
    assert answer["accepted"] == 1
    assert [(r["index"], r["code"]) for r in answer["refused"]] == [(None, "unknown_event"), (None, "not_an_event")]
    assert (TagEvent.get().kind, TagEvent.get().detail) == ("strap_open", {"force_n": 3})


def test_an_event_alone_is_a_batch(line: Line) -> None:
    assert (
        line.post({"fixes": [], "events": [{"kind": "strap_open", "at": clock.now().isoformat()}]}).json["accepted"]
        == 0
    )
    assert TagEvent.select().count() == 1


def test_when_storing_fails_the_tag_is_asked_to_send_again_and_then_nothing_is_lost(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> None:
        raise peewee.OperationalError("the disk is full")

    content = {"fixes": [line.fix(30, "inside")]}
    with monkeypatch.context() as patch:
        # A failing database cannot be had on demand on both engines; what fails is its interface, not our code.
        patch.setattr(db.database.obj, "commit", down)
        response = line.post(content, webhook_id="msg_7")
    assert problem_of(response) == (503, "storage_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert line.post(content, webhook_id="msg_7").json["accepted"] == 1
    assert Alert.select().count() == 1


def test_a_full_queue_is_answered_503_at_once(settings: Settings) -> None:
    line = Line(settings.changed(ingest_queue_size=1, ingest_timeout_s=0.2))
    committer = line.app.extensions["cordon.committer"]
    # No one takes from the queue: it fills with the first request.
    committer._thread = threading.current_thread()
    content = {"fixes": [line.fix()]}
    answers = [line.post(content) for _ in range(2)]
    assert [problem_of(answer) for answer in answers] == [(503, "storage_unavailable")] * 2
    assert "Too many requests" in answers[1].json["detail"]
    assert all(answer.headers["Retry-After"] for answer in answers)


def test_one_poisoned_request_is_isolated_and_its_neighbours_are_committed(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = line.app.extensions["cordon.settings"]
    committer = ingest.Committer(settings.changed(ingest_queue_size=10))
    store = pipeline.store_group

    def fragile(submissions: Any, *rest: Any, **how: Any) -> Any:
        if any(s.webhook_id == "poison" and not s.is_poison for s in submissions):
            raise ValueError("poison")
        return store(submissions, *rest, **how)

    monkeypatch.setattr(ingest.committer, "store_group", fragile)
    tag_id = Fix.tag.rel_model.get(serial=line.tag["serial"]).id
    group = []
    for n, webhook_id in enumerate(["good-1", "poison", "good-2"]):
        body = json.dumps({"fixes": [line.fix(60 - n)]}).encode()
        group.append(ingest.read(tag_id, webhook_id, body, clock.now(), False, settings))
    answers: dict[str, Any] = {}
    threads = [threading.Thread(target=lambda s=s: answers.update({s.webhook_id: committer.submit(s)})) for s in group]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    committer.close()
    assert answers["good-1"]["accepted"] == answers["good-2"]["accepted"] == 1
    assert answers["poison"]["refused"][0]["code"] == "not_processed"
    assert QuarantinedFix.get().code == "not_processed"
    assert TagEvent.get().kind == "processing_failed"


def test_a_zone_that_cannot_be_judged_raises_an_alert_of_its_own_and_never_reads_as_clear(line: Line) -> None:
    zone = PlaceZone.get()
    feature = zone.feature
    PlaceZone.update(feature={"type": "Feature", "geometry": None, "properties": {}}).where(
        PlaceZone.id == zone.id
    ).execute()
    answer = line.post({"fixes": [line.fix(60)]}).json
    # The tag learns nothing of it.
    assert (answer["accepted"], answer["report_interval_s"]) == (1, 60)
    alert = Alert.get()
    assert (alert.kind, alert.is_over) == (AlertKind.CANNOT_JUDGE, False)
    assert Fix.get().level == -1
    PlaceZone.update(feature=feature).where(PlaceZone.id == zone.id).execute()
    line.post({"fixes": [line.fix(30)]})
    assert Alert.get().is_over
    assert Alert.select().count() == 1


def test_fixes_in_one_batch_are_judged_in_the_order_of_their_time_whatever_order_they_stand_in(line: Line) -> None:
    fixes = [line.fix(ago_s, "inside" if ago_s <= 120 else "outside") for ago_s in range(240, 0, -15)]
    line.post({"fixes": fixes[::-1]})
    alert = Alert.get()
    assert alert.fix_time == min(row.fix_time for row in Fix.select().where(Fix.level == 2))
    assert not alert.is_over


def test_a_tag_that_no_one_wears_has_its_fixes_kept(line: Line) -> None:
    Fix.tag.rel_model.create(serial="SPARE", key=line.tag["key"], created_at=clock.now())
    assert line.post({"fixes": [line.fix()]}, serial="SPARE").json["accepted"] == 1
    assert (Fix.get().wearer_id, Fix.get().level) == (None, None)
