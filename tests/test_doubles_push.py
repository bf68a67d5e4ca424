"""FCM's double answers the real firebase-admin, OAuth included, and goes wrong on demand; phones give receipts."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator

import firebase_admin
import pytest
import requests
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import RefreshError
from requests.adapters import HTTPAdapter

from tests.doubles import QUOTA_EXCEEDED, THIRD_PARTY_AUTH_ERROR, UNREGISTERED, Doubles, Fault
from tests.doubles.stand_in import cordon_for
from tests.world import World

TOKEN = "token-of-the-officer"


@pytest.fixture
def doubles() -> Iterator[Doubles]:
    with Doubles() as doubles:
        yield doubles


@pytest.fixture
def fcm(doubles: Doubles, tmp_path, monkeypatch) -> Iterator[firebase_admin.App]:
    """The real firebase-admin, without its hidden retries."""
    monkeypatch.setattr(messaging._MessagingService, "FCM_URL", doubles.fcm_url)
    certificate = credentials.Certificate(str(doubles.service_account(tmp_path / "fcm.json")))
    app = firebase_admin.initialize_app(certificate, {"httpTimeout": 3}, name=tmp_path.name)
    session = messaging._get_messaging_service(app)._client.session
    for prefix in ("http://", "https://", "https://fcm.googleapis.com"):
        session.mount(prefix, HTTPAdapter(max_retries=0))
    session._max_refresh_attempts = 0
    yield app
    session.close()
    firebase_admin.delete_app(app)


def push(app: firebase_admin.App, **more) -> str:
    return messaging.send(messaging.Message(fid=TOKEN, **({"data": {"alert_id": "41"}} | more)), app=app)


def test_the_sdk_pushes_through_oauth(doubles, fcm):
    android = messaging.AndroidConfig(priority="high", ttl=60, collapse_key="41")
    name = push(fcm, data={"alert_id": "41", "title": "Zone warning"}, android=android)
    assert doubles.pushes[0].name == name
    assert doubles.pushes[0].token == TOKEN
    assert (doubles.pushes[0].title, doubles.pushes[0].ttl_s) == ("Zone warning", 60)
    assert [attempt.channel for attempt in doubles.attempts] == ["token", "push"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(UNREGISTERED, messaging.UnregisteredError, id="app uninstalled"),
        pytest.param(QUOTA_EXCEEDED, messaging.QuotaExceededError, id="quota"),
        pytest.param(THIRD_PARTY_AUTH_ERROR, messaging.ThirdPartyAuthError, id="Apple's key is wrong"),
        pytest.param(Fault(code="INVALID_ARGUMENT"), exceptions.InvalidArgumentError, id="poison"),
        pytest.param(Fault(status=503), exceptions.UnavailableError, id="out of service"),
        pytest.param(Fault(reset="after_work"), exceptions.UnavailableError, id="reset after the work"),
    ],
)
def test_a_scripted_refusal_is_one_request(doubles, fcm, fault, error):
    doubles.script(fault, to=TOKEN, times=1)
    with pytest.raises(error):
        push(fcm)
    assert [attempt.channel for attempt in doubles.attempts].count("push") == 1
    push(fcm)


def test_a_dry_run_arrives_nowhere(doubles, fcm):
    messaging.send(messaging.Message(fid=TOKEN), dry_run=True, app=fcm)
    doubles.phone(TOKEN).unregister()
    with pytest.raises(messaging.UnregisteredError):
        messaging.send(messaging.Message(fid=TOKEN), dry_run=True, app=fcm)
    assert doubles.pushes == []


def test_a_phone_that_is_off_shows_nothing_until_it_is_on(doubles, fcm):
    doubles.phone(TOKEN).turn_off()
    push(fcm)
    assert not doubles.pushes[0].is_shown
    doubles.phone(TOKEN).turn_on()
    assert doubles.pushes[0].is_shown


def test_the_service_account_is_private_and_kept(doubles, tmp_path):
    path = doubles.service_account(tmp_path / "deep" / "fcm.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = json.loads(path.read_text())
    assert json.loads(doubles.service_account(path).read_text()) == before


def test_a_stranger_gets_no_token(doubles):
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "e30.e30.AAAA"}
    answer = requests.post(doubles.url + "/token", grant, timeout=3)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    answer = requests.post(doubles.fcm_url.format(doubles.project_id), json={"message": {}}, timeout=3)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_an_access_token_that_is_revoked_is_asked_for_again(doubles, fcm):
    """What `_max_refresh_attempts = 1` is for: with 0 every push would fail until the token's hour is over."""
    push(fcm)
    doubles.revoke_access_tokens()
    with pytest.raises(exceptions.UnauthenticatedError):
        push(fcm)
    messaging._get_messaging_service(fcm)._client.session._max_refresh_attempts = 1
    push(fcm)
    assert len(doubles.pushes) == 2


def test_no_token_can_be_had(doubles, fcm):
    """The library lets google-auth's own error through, which is no FirebaseError."""
    doubles.script(status=400, channel="token")
    with pytest.raises(RefreshError):
        push(fcm)


class TestReceipts:
    def told(self, doubles: Doubles) -> list[tuple[str, int | None]]:
        return [(receipt.kind, receipt.status) for receipt in doubles.pushes[0].receipts]

    def test_the_app_tells_cordon_what_arrived(self, doubles, fcm):
        tokens = iter(["first", "second"])
        with cordon_for(doubles) as cordon:
            doubles.phone(TOKEN).give_receipts_to(cordon.url, lambda: next(tokens))
            push(fcm, data={"alert_id": "41", "notification_id": "7"})
            doubles.wait_for(lambda: self.told(doubles) == [("received", 204), ("displayed", 204)])
            path = "/v1/alerts/41/receipts"
            assert cordon.receipts == [
                {"path": path, "caller": "Bearer first", "kind": "received", "notification_id": 7},
                {"path": path, "caller": "Bearer second", "kind": "displayed", "notification_id": 7},
            ]
        shown = requests.get(doubles.url + "/wall", timeout=3).json()["phones"][0]["items"][0]
        assert shown["foot"] == "Told Cordon: received, displayed"

    def test_a_phone_that_is_off_tells_nothing_until_it_is_on(self, doubles, fcm):
        phone = doubles.phone(TOKEN)
        phone.give_receipts(lambda push, kind: 204, kinds=["received"])
        phone.turn_off()
        push(fcm)
        assert self.told(doubles) == []
        phone.turn_on()
        doubles.wait_for(lambda: self.told(doubles) == [("received", 204)])

    def test_an_owner_who_ignores_it_does_not_keep_the_app_from_telling(self, doubles, fcm):
        phone = doubles.phone(TOKEN)
        phone.give_receipts(lambda push, kind: 204)
        phone.ignore()
        push(fcm)
        doubles.wait_for(lambda: len(self.told(doubles)) == 2)

    def test_an_app_that_sleeps_tells_nothing(self, doubles, fcm):
        phone = doubles.phone(TOKEN)
        phone.give_receipts(lambda push, kind: 204)
        phone.keep_receipts()
        push(fcm)
        assert doubles.pushes[0].is_shown
        assert self.told(doubles) == []

    def test_cordon_cannot_be_reached(self, doubles, fcm):
        doubles.phone(TOKEN).give_receipts_to("http://127.0.0.1:9", "token", kinds=["received"])
        push(fcm)
        doubles.wait_for(lambda: self.told(doubles) == [("received", None)])
        assert "refused" in doubles.pushes[0].receipts[0].error

    def test_cordon_takes_them(self, world: World):
        """The route, the body and the token are those of the real API."""
        officer = world.officer.has_app()
        world.doubles.phone(officer.push_token).give_receipts_to(world.url, lambda: officer.token)
        world.tag.is_far_away()
        world.tag.walks_in()
        world.doubles.wait_for(lambda: self.told(world.doubles) == [("received", 204), ("displayed", 204)])
        world.reads_everything()
