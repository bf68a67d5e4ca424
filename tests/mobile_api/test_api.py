"""The interface that phones speak: sessions, permissions, cursors, sockets."""

from __future__ import annotations

from datetime import timedelta

import pytest
import socketio
from socketio.exceptions import ConnectionError as SocketRefused

from backend import authentication, clock, db, demo
from backend.models import AuditEntry, Person, PlaceZone, Receipt, Role, Socket, Team, Wearer
from backend.settings import Settings
from tests.applications import create_app
from tests.world import PASSWORD, World, eventually


@pytest.mark.parametrize(
    ("email", "password"),
    [("amina@cordon.example", "wrong"), ("nobody@cordon.example", PASSWORD), ("AMINA@cordon.example ", "")],
)
def test_a_wrong_sign_in_is_refused_alike_whatever_was_wrong(world: World, email: str, password: str) -> None:
    answer = world.api("POST", "/v1/sessions", json={"email": email, "password": password})
    assert answer.status_code in (401, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_refresh_token_is_good_once_and_a_second_use_a_minute_later_ends_the_session(world: World) -> None:
    pair = world.api("POST", "/v1/sessions", json={"email": "amina@cordon.example", "password": PASSWORD}).json()
    following = world.api("POST", "/v1/sessions/refresh", json={"refresh_token": pair["refresh_token"]})
    assert following.status_code == 200
    world.forward(61)
    stolen = world.api("POST", "/v1/sessions/refresh", json={"refresh_token": pair["refresh_token"]})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "not_signed_in")
    bearer = {"Authorization": f"Bearer {following.json()['access_token']}"}
    assert world.api("GET", "/v1/me", headers=bearer).status_code == 401


def test_an_access_token_ends_with_its_time_and_with_its_session(world: World) -> None:
    officer = world.officer.signs_in()
    bearer = {"Authorization": f"Bearer {officer.token}"}
    assert world.api("GET", "/v1/me", headers=bearer).json()["team"] == "North London"
    assert officer.api("DELETE", "/v1/sessions/current").status_code == 204
    assert world.api("GET", "/v1/me", headers=bearer).status_code == 401
    bearer = {"Authorization": f"Bearer {world.colleague.token}"}
    world.forward(901)
    assert world.api("GET", "/v1/me", headers=bearer).json()["detail"].startswith("The access token has expired")


@pytest.mark.parametrize("header", ["", "Bearer ", "Basic abc", "Bearer not-a-token", "Bearer WzEsMV0.aaaa"])
def test_a_request_without_a_valid_token_is_401(world: World, header: str) -> None:
    answer = world.api("GET", "/v1/alerts", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_officer_of_another_team_neither_sees_nor_touches_the_alert(world: World) -> None:
    other = Team.create(name="South London", created_at=clock.now())
    stranger = world.person(Role.OFFICER, "Dev Patel", "+447700900104", team=other)
    world.tag.walks_in()
    alert_id = world.officer.alert()["id"]
    assert stranger.alerts("all") == []
    for method, path in [
        ("GET", ""),
        ("POST", "/acknowledgement"),
        ("DELETE", "/acknowledgement"),
        ("POST", "/outcome"),
        ("POST", "/receipts"),
    ]:
        answer = stranger.api(method, f"/v1/alerts/{alert_id}{path}", json=BODIES.get(path))
        assert answer.status_code == 404, (method, path)
    world.reads_everything()


BODIES = {"/outcome": {"code": "pass_through"}, "/receipts": {"kind": "opened"}}


def test_administrators_see_no_alerts_and_open_no_socket(world: World) -> None:
    administrator = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    assert administrator.api("GET", "/v1/alerts").json()["code"] == "not_allowed"
    with pytest.raises(SocketRefused):
        socketio.Client().connect(world.url, auth={"token": administrator.token}, transports=["websocket"])


def test_an_officers_look_at_a_location_is_recorded_once_a_minute(world: World) -> None:
    world.tag.walks_in()
    world.officer.alert()
    detail = world.officer.alert()
    assert detail["track"][-1]["level"] == "breach"
    assert detail["zone"]["geometry"]["type"] == "Point"
    looks = AuditEntry.select().where(AuditEntry.action == "location_viewed")
    assert (looks.count(), looks.get().detail) == (1, {"reason": "responding to alert"})
    assert "location_viewed" not in [step["action"] for step in detail["history"]]
    world.reads_everything()


def test_alerts_are_listed_gravest_first(world: World) -> None:
    wearer = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.colleague.person, created_at=clock.now()
    )
    PlaceZone.create(place=world.place, wearer=wearer, feature=world.zone.feature, from_at=world.zone.from_at)
    near = world.new_tag("LDN-0002", wearer)
    world.tag.walks_in()
    near.stays(400.0, for_s=60)
    assert [alert["level"] for alert in world.officer.alerts()] == ["breach", "buffer"]
    world.officer.acknowledges(world.officer.alerts()[0]["id"])
    assert [alert["level"] for alert in world.officer.alerts()] == ["buffer", "breach"]
    assert [alert["level"] for alert in world.officer.alerts("open")] == ["buffer"]
    world.reads_everything()


def test_a_list_after_a_cursor_holds_what_changed_since(world: World) -> None:
    world.tag.walks_in()
    page = world.officer.api("GET", "/v1/alerts").json()
    assert [alert["cursor"] for alert in page["alerts"]] == [page["cursor"]]
    assert world.officer.alerts(after=page["cursor"]) == []
    world.officer.acknowledges()
    assert len(world.officer.alerts(after=page["cursor"])) == 1
    world.reads_everything()


def test_an_acknowledgement_of_less_danger_than_there_is_by_now_acknowledges_nothing(world: World) -> None:
    world.tag.stays(800.0, for_s=30)
    world.tag.stays(400.0, for_s=60)
    shown = world.officer.alert()
    assert (shown["level"], shown["danger"]) == ("buffer", 2)
    world.tag.walks_in()
    path = f"/v1/alerts/{shown['id']}/acknowledgement"
    late = world.officer.api("POST", path, params={"danger": shown["danger"]})
    assert (late.status_code, late.json()["handling"], late.json()["level"]) == (200, "open", "breach")
    assert "answered_too_late" in [step["action"] for step in world.officer.alert()["history"]]
    assert world.officer.api("POST", path, params={"danger": 5}).status_code == 422
    answer = world.officer.api("POST", path, params={"danger": late.json()["danger"]})
    assert answer.json()["handling"] == "acknowledged"
    world.reads_everything()


def test_an_outcome_needs_an_acknowledgement_and_is_recorded_once(world: World) -> None:
    world.tag.walks_in()
    alert_id = world.officer.alert()["id"]
    path = f"/v1/alerts/{alert_id}/outcome"
    early = world.officer.api("POST", path, json={"code": "pass_through"})
    assert (early.status_code, early.json()["code"]) == (409, "invalid_transition")
    world.officer.acknowledges()
    assert world.officer.api("POST", path, json={"code": "made up"}).json()["code"] == "invalid_request"
    assert world.officer.api("POST", path, json={"code": "pass_through", "extra": 1}).status_code == 422
    # It stands: that has to be confirmed, and said why.
    assert world.officer.api("POST", path, json={"code": "pass_through"}).json()["code"] == "still_standing"
    recorded = {"code": "pass_through", "is_confirmed": True, "note": "On the bus."}
    assert world.officer.api("POST", path, json=recorded).status_code == 200
    assert world.officer.api("POST", path, json=recorded).status_code == 200
    assert world.officer.api("POST", path, json={"code": "equipment_fault"}).status_code == 409
    assert world.officer.api("POST", f"/v1/alerts/{alert_id}/acknowledgement").status_code == 409
    assert world.officer.api("DELETE", f"/v1/alerts/{alert_id}/acknowledgement").status_code == 409
    world.reads_everything()


def test_only_the_acknowledger_or_a_supervisor_hands_an_alert_back(world: World) -> None:
    world.tag.walks_in()
    alert_id = world.officer.acknowledges()["id"]
    refused = world.colleague.api("DELETE", f"/v1/alerts/{alert_id}/acknowledgement")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert world.supervisor.hands_back()["handling"] == "open"
    assert world.supervisor.hands_back()["handling"] == "open"
    world.officer.acknowledges()
    world.reads_everything()


def test_a_deactivated_officer_is_signed_out_gets_nothing_and_their_acknowledgement_lapses(world: World) -> None:
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    officer.acknowledges()
    authentication.deactivate(officer.person, None, clock.now())
    db.release_connection()
    assert officer.api("GET", "/v1/me").status_code == 401
    assert (
        world.api("POST", "/v1/sessions", json={"email": officer.person.email, "password": PASSWORD}).status_code == 401
    )
    # The team's other officers stand in for a wearer whose responsible officer is gone.
    world.colleague.expects_sms("to acknowledge")
    assert world.colleague.alert()["handling"] == "open"
    world.colleague.acknowledges()


def test_a_socket_is_told_again_from_its_cursor_after_a_lost_connection(world: World) -> None:
    officer = world.officer.opens_the_app()
    world.tag.walks_in()
    cursor = officer.expects_hint()["cursor"]
    officer.closes_the_app()
    world.colleague.acknowledges()
    officer.opens_the_app(after=cursor)
    assert officer.expects_hint()["cursor"] > cursor
    world.reads_everything()


def test_a_phone_that_answers_the_hint_gets_no_text(world: World) -> None:
    officer = world.officer.has_app().opens_the_app()
    world.tag.walks_in()
    officer.expects_hint()
    officer.expects_push("Please acknowledge")

    def has_receipt() -> bool:
        try:
            return Receipt.select().exists()
        finally:
            db.release_connection()

    eventually(has_receipt, "the hint's receipt")
    world.forward(15)
    officer.acknowledges()


def test_a_socket_with_a_bad_token_is_refused(world: World) -> None:
    for credentials in (None, {}, {"token": "x"}, {"token": 5}, "token"):
        with pytest.raises(SocketRefused):
            socketio.Client().connect(world.url, auth=credentials, transports=["websocket"])
    assert Socket.select().count() == 0


def test_signing_out_closes_the_socket_of_that_session(world: World) -> None:
    officer = world.officer.opens_the_app()
    assert officer.api("DELETE", "/v1/sessions").status_code == 204
    eventually(lambda: not officer.sockets[0].connected, "the socket is closed", 15)


def test_a_push_token_moves_to_the_person_who_registered_it_last_and_can_be_removed(world: World) -> None:
    token = {"token": "a-shared-phone", "platform": "ios"}
    assert world.officer.api("POST", "/v1/devices", json=token).status_code == 201
    device = world.colleague.api("POST", "/v1/devices", json=token).json()
    assert world.officer.api("DELETE", f"/v1/devices/{device['id']}").status_code == 404
    world.tag.walks_in()
    world.officer.expects_sms("to acknowledge")
    assert world.colleague.api("DELETE", f"/v1/devices/{device['id']}").status_code == 204
    assert world.colleague.api("DELETE", f"/v1/devices/{device['id']}").status_code == 404
    world.colleague.acknowledges()


def test_many_attempts_to_sign_in_are_slowed_down(settings: Settings) -> None:
    app = create_app(settings.changed(sign_in_limit="3 per minute"))
    demo.seed(clock.now())
    client = app.test_client()
    body = {"email": "amina@cordon.example", "password": "guess"}
    answers = [client.post("/v1/sessions", json=body) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert answers[-1].json["code"] == "too_many_requests"
    other = client.post("/v1/sessions", json={"email": "grace@cordon.example", "password": demo.PASSWORD})
    assert other.status_code == 200


def test_the_report_is_json_or_csv_for_supervisors_only_and_bad_periods_are_refused(world: World) -> None:
    world.tag.walks_in()
    path = "/v1/reports/response-times"
    report = world.supervisor.api("GET", path, params={"by": "officer"}).json()
    assert report["groups"][0]["unacknowledged"] == [{"id": 1, "code": report["alerts"][0]["code"]}]
    bearer = {"Authorization": f"Bearer {world.supervisor.token}", "Accept": "text/csv"}
    csv = world.api("GET", path, headers=bearer)
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert csv.text.splitlines()[0].startswith("id,code,handling,officer,team,fix,received,decided,first_sent")
    assert len(csv.text.splitlines()) == 2
    # A name that a spreadsheet would run.
    Person.update(name='=HYPERLINK("https://evil.example")').where(Person.id == world.officer.person.id).execute()
    db.release_connection()
    assert "'=HYPERLINK" in world.api("GET", path, headers=bearer).text
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    assert world.supervisor.api("GET", path, params={"from": tomorrow}).json()["alerts"] == []
    assert world.supervisor.api("GET", path, params={"from": "soon"}).json()["code"] == "invalid_request"
    assert world.supervisor.api("GET", path, params={"by": "moon"}).status_code == 422
    assert world.officer.api("GET", path).json()["code"] == "not_allowed"
    world.reads_everything()


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/alerts/abc"])
def test_an_unknown_path_is_a_problem_document(world: World, path: str) -> None:
    answer = world.api("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_health_and_readiness_answer(world: World) -> None:
    assert world.api("GET", "/health").json() == {"status": "ok"}
    assert world.api("GET", "/ready").json() == {"status": "ok"}
    assert world.api("DELETE", "/health").json()["code"] == "method_not_allowed"
