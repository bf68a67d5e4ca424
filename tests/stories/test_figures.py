"""The supervisors' figures: each rise of danger has its own clock, and what no one answered flatters no one."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from backend import alert_search, alerts, clock, db
from backend.cases import monitoring_status
from backend.cases.monitoring_status import Ended
from backend.errors import InvalidRequest, NotAllowed
from backend.escalation import policies
from backend.models import Alert, Team
from backend.record import protection_ends
from tests.stories.test_case_ends import end, on_an_order, suspend
from tests.world import World

PATH = "/v1/reports/response-times"


@pytest.fixture
def quiet(world: World) -> World:
    """The world with the notifier stopped: no escalation policy climbs, and time passes only where a story lets it."""
    world.stop_worker()
    return world


def figures(world: World, by: str = "team") -> dict[str, Any]:
    answer = world.supervisor.api("GET", PATH, params={"by": by})
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(world: World) -> list[dict[str, str]]:
    wanted = {"Authorization": f"Bearer {world.supervisor.token}", "Accept": "text/csv"}
    return list(csv.DictReader(io.StringIO(world.api("GET", PATH, headers=wanted).text)))


def near(world: World) -> None:
    """Let the wearer come near for long enough to be sure."""
    world.tag.stays(400.0, for_s=60)


def test_a_rise_after_an_acknowledgement_has_a_clock_of_its_own(quiet: World) -> None:
    near(quiet)
    raised_at = Alert.get().decided_at
    quiet.clock.forward((raised_at - clock.now()).total_seconds() + 87)
    quiet.officer.acknowledges()
    quiet.clock.forward(60)
    quiet.tag.walks_in()
    rose_at = clock.now()
    quiet.clock.forward((rose_at - clock.now()).total_seconds() + 264)
    quiet.officer.acknowledges()
    report = figures(quiet)
    said = report["totals"]["figures"]["acknowledge_s"]
    assert (said["count"], said["unreached"]) == (2, 0)
    assert (said["p50"], said["p95"]) == (pytest.approx(87, abs=3), pytest.approx(264, abs=3))
    (row,) = report["alerts"]
    assert [call["cause"] for call in row["calls"]] == ["raised", "rose"]
    assert row["spans"]["acknowledge_s"] == pytest.approx(264, abs=3)
    assert [round(float(line["call_answer_s"]) / 10) for line in lines(quiet)] == [9, 26]
    assert report["totals"]["answers"]["within_target"] == 1


def test_a_rise_that_no_one_answers_is_longer_than_any_bound_however_soon_the_first_answer_was(quiet: World) -> None:
    near(quiet)
    quiet.officer.acknowledges()
    quiet.tag.walks_in()
    quiet.clock.forward(3_600)
    totals = figures(quiet)["totals"]
    assert totals["figures"]["acknowledge_s"]["p95"] is None
    assert totals["figures"]["total_s"]["p95"] is None
    (named,) = totals["answers"]["unanswered"]
    assert (named["cause"], named["danger"], named["why"]) == ("rose", 3, "open")
    assert (totals["acknowledged"], totals["answers"]["answered"], totals["answers"]["attainment"]) == (0, 1, 0.5)


def test_of_seven_alerts_two_answered_ones_are_no_95_percent(quiet: World) -> None:
    tags = [quiet.new_wearer(f"Wearer {number}", f"LDN-1{number}") for number in range(7)]
    for tag in tags:
        tag.walks_in()
    quiet.clock.forward(60)
    for row in quiet.officer.alerts()[:2]:
        quiet.officer.acknowledges(row["id"])
    report = figures(quiet)
    (group,) = report["groups"]
    assert group["answers"] == report["totals"]["answers"]
    answers = group["answers"]
    assert (answers["count"], answers["answered"], answers["unreached"]) == (7, 2, 5)
    assert (answers["p50"], answers["p90"], answers["p95"]) == (None, None, None)
    # Rounded down: nearly all is not all.
    assert answers["attainment"] == 0.2857
    open_ids = {row["id"] for row in quiet.officer.alerts("open")}
    assert {one["id"] for one in answers["unanswered"]} == open_ids
    assert len(open_ids) == 5
    assert [line["call_answer_s"] for line in lines(quiet)].count("") == 5


def test_an_answer_that_came_after_danger_had_risen_answers_nothing(quiet: World) -> None:
    near(quiet)
    alert_id = quiet.officer.alert()["id"]
    quiet.tag.walks_in()
    path = f"/v1/alerts/{alert_id}/acknowledgement"
    assert quiet.officer.api("POST", path, params={"danger": 2}).json()["handling"] == "open"
    answers = figures(quiet)["totals"]["answers"]
    assert (answers["count"], answers["answered"]) == (2, 0)
    quiet.officer.acknowledges(alert_id)
    answers = figures(quiet)["totals"]["answers"]
    assert (answers["count"], answers["answered"]) == (2, 2)


def test_what_returns_within_a_moment_to_a_danger_that_was_answered_is_no_new_rise(quiet: World) -> None:
    quiet.tag.stays_inside()
    quiet.officer.acknowledges()
    quiet.tag.stays(400.0, for_s=45)
    quiet.tag.walks_in()
    assert quiet.officer.alert()["handling"] == "acknowledged"
    answers = figures(quiet)["totals"]["answers"]
    assert answers["count"] == answers["answered"]


@pytest.mark.parametrize("how", ["handed_back", "cannot", "signed_out", "no_outcome"])
def test_an_acknowledgement_that_falls_away_is_counted_apart_and_named(quiet: World, how: str) -> None:
    quiet.tag.walks_in()
    quiet.officer.acknowledges()
    quiet.clock.forward(30)
    if how == "handed_back":
        quiet.officer.hands_back()
    elif how == "cannot":
        quiet.officer.says_cannot()
    elif how == "signed_out":
        assert quiet.officer.api("DELETE", "/v1/sessions").status_code == 204
    else:
        quiet.clock.forward(900)
        alerts.escalate_overdue(clock.now())
        db.release_connection()
    totals = figures(quiet)["totals"]
    assert (totals["answers"]["count"], totals["answers"]["answered"]) == (1, 1)
    (named,) = totals["asked_again"]["unanswered"]
    assert (named["cause"], named["why"]) == (how, "open")
    quiet.clock.forward(400)
    quiet.colleague.acknowledges()
    again = figures(quiet)["totals"]["asked_again"]
    assert (again["p50"], again["attainment"]) == (pytest.approx(400, abs=5), 0)


def test_a_resumed_case_has_no_tag_lag(quiet: World) -> None:
    on_an_order(quiet)
    suspend(quiet)
    quiet.tag.stays(0.0, for_s=60)
    quiet.clock.forward(284)
    monitoring_status.resume(quiet.officer.person, quiet.wearer.id, clock.now(), clock.now(), why="Released.")
    db.release_connection()
    report = figures(quiet)
    (row,) = report["alerts"]
    assert (row["clock"]["fix"], row["clock"]["received"], row["calls"][0]["by"]) == (None, None, "record")
    for span in ("tag_lag_s", "decide_s", "total_s"):
        assert row["spans"][span] is None
        assert report["totals"]["figures"][span]["count"] == 0
    assert report["totals"]["answers"]["count"] == 1


def test_a_stay_found_in_late_data_has_no_tag_lag_and_asks_for_an_answer(quiet: World) -> None:
    quiet.tag.is_far_away()
    quiet.clock.forward(7_200)
    quiet.tag.reports(*[quiet.tag.fix(0.0, ago_s=3_600 + 20 * n) for n in range(12, 0, -1)], quiet.tag.fix(5_000.0))
    report = figures(quiet)
    (row,) = report["alerts"]
    assert (row["calls"][0]["by"], row["spans"]["tag_lag_s"]) == ("late", None)
    assert report["totals"]["figures"]["tag_lag_s"]["count"] == 0
    assert report["totals"]["answers"]["unreached"] == 1


def test_what_is_closed_in_the_moment_in_which_it_is_found_asks_no_one(told: World) -> None:
    on_an_order(told)
    told.tag.is_far_away()
    told.forward(600)
    end(told, Ended.DEATH)
    told.forward(protection_ends.NOTICE.total_seconds() + 1)
    told.forward(300)
    told.tag.reports(*[told.tag.fix(0.0, ago_s=300 + 20 * n) for n in range(12, 0, -1)])
    told.reads_everything()
    report = figures(told)
    (row,) = report["alerts"]
    assert (row["handling"], row["calls"], report["totals"]["answers"]["count"]) == ("closed", [], 0)
    assert report["totals"]["outcomes"] == {row["outcome_code"]: 1}


def test_each_further_message_has_its_own_clock_and_each_kind_is_counted(quiet: World) -> None:
    quiet.tag.is_far_away()
    number = quiet.victim.phone or ""
    for words in ("He is at the back door", "He is inside now"):
        quiet.doubles.reply(from_=number, body=words, to=quiet.settings.twilio_from)
        quiet.clock.forward(100)
        quiet.officer.acknowledges()
    assert quiet.tag.post(events=[{"kind": "strap_open", "at": clock.now().isoformat()}]).status_code == 200
    with db.atomic():
        since = clock.now() - timedelta(seconds=400)
        silence = alerts.Silence(
            Alert.get(Alert.kind == "tamper").tag_id, alerts.NO_CONTACT, since, since, "Last seen far away.", None
        )
        alerts.ring_for_silence(quiet.wearer, silence, clock.now())
    db.release_connection()
    report = figures(quiet)
    helps = next(row for row in report["alerts"] if row["kind"] == "help")
    assert [call["cause"] for call in helps["calls"]] == ["raised", "wrote_again"]
    assert [call["answer_s"] for call in helps["calls"]] == [pytest.approx(100, abs=3)] * 2
    counted = report["totals"]["kinds"]
    assert counted == {"zone": 0, "cannot_judge": 0, "repeated_passes": 0, "tamper": 1, "help": 1, "silence": 1}
    # A message and a silence are no reports of a tag: only the strap has a lag.
    assert report["totals"]["figures"]["tag_lag_s"]["count"] == 1
    assert report["totals"]["figures"]["decide_s"]["p95"] < 60
    assert {line["kind"] for line in lines(quiet)} == {"tamper", "help", "silence"}


def test_withdrawn_and_false_ones_have_their_share_and_outcomes_their_mix(quiet: World) -> None:
    tags = [quiet.new_wearer(f"Wearer {number}", f"LDN-1{number}") for number in range(4)]
    supervisor = quiet.supervisor.person
    for tag in tags:
        tag.is_far_away()
        tag.walks_in()
    for tag in tags:
        tag.stays(5_000.0, for_s=150)
    found = sorted(quiet.officer.alerts("all"), key=lambda row: row["id"])
    withdrawn = sum(row["certainty"] == "withdrawn" for row in found)
    assert withdrawn
    # No one waits for an answer to what never was.
    assert alert_search.unanswered(supervisor)[0] == sum(row["certainty"] != "withdrawn" for row in found)
    db.release_connection()
    for row, code in zip(found, ("false_alarm", "police_informed"), strict=False):
        quiet.officer.acknowledges(row["id"])
        closed = {"code": code, "note": "Seen.", "is_confirmed": True}
        assert quiet.officer.api("POST", f"/v1/alerts/{row['id']}/outcome", json=closed).status_code == 200
    totals = figures(quiet)["totals"]
    assert totals["withdrawn"] == {"count": withdrawn, "share": withdrawn / 4}
    assert totals["closed_as_false"] == {"count": 1, "share": 0.25}
    assert totals["outcomes"] == {"none": 2, "false_alarm": 1, "police_informed": 1}
    named = {one["why"] for one in totals["answers"]["unanswered"]}
    assert named <= {"withdrawn", "open"}


def test_a_team_sets_its_own_target_and_no_one_else_does(quiet: World) -> None:
    quiet.tag.walks_in()
    quiet.clock.forward(200)
    quiet.officer.acknowledges()
    said = figures(quiet)["totals"]["answers"]
    assert (said["target_s"], said["within_target"]) == (180, 0)
    policies.set_answer_target(quiet.supervisor.person, 240, clock.now())
    with pytest.raises(NotAllowed):
        policies.set_answer_target(quiet.officer.person, 240, clock.now())
    for seconds in (0, 29, 3_601):
        with pytest.raises(InvalidRequest):
            policies.set_answer_target(quiet.supervisor.person, seconds, clock.now())
    assert Team.get_by_id(quiet.team.id).answer_within_s == 240
    db.release_connection()
    report = figures(quiet)
    assert (report["totals"]["answers"]["target_s"], report["totals"]["answers"]["attainment"]) == (240, 1.0)
    assert [(line["call_target_s"], line["call_is_in_time"]) for line in lines(quiet)] == [("240", "True")]


def test_the_history_says_to_which_danger_it_rose(quiet: World) -> None:
    near(quiet)
    quiet.officer.acknowledges()
    quiet.tag.stays_inside()
    steps = [(step["action"], step["danger"]) for step in quiet.officer.alert()["history"]]
    assert steps == [("alert_raised", 2), ("acknowledged", 2), ("danger_rose", 3), ("danger_rose", 4)]
