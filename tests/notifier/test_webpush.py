"""Web Push as the push service, the browser and anyone who attacks them see it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backend import clock, demo, push_subscriptions, receipts
from backend.errors import InvalidRequest
from backend.models import AuditEntry, Device, Notification, Receipt
from backend.settings import Settings
from notifier import retries
from notifier.channels.webpush import WebPush
from notifier.retries import Outcome, Result
from tests.applications import create_app
from tests.doubles import Doubles
from tests.world import World

DATA = {"alert_id": "41", "notification_id": "7", "title": "Cordon", "body": "Zone alert K7QFA: breach."}
PUBLIC_URL = "https://cordon.justice.example"
ENDPOINT = "https://push.services.example/wpush/v2/gAAAAABn"
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture
def doubles() -> Iterator[Doubles]:
    with Doubles() as started:
        yield started


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings of a sender, without a database."""
    return Settings(vapid_private_key_file=str(tmp_path / "vapid-key.pem"), provider_timeout_s=0.4)


def browser(doubles: Doubles) -> Device:
    """Return a browser that is subscribed at ``doubles``."""
    subscription = doubles.webpush.subscribe("+447700900101")
    return Device(token=subscription["endpoint"], platform="webpush", keys=subscription["keys"])


def push(own: Settings, *to: Device, is_urgent: bool = True) -> list[Outcome]:
    """Send the same words to each browser with one sender."""
    sender = WebPush(own)
    try:
        return [sender.send(device, DATA, is_urgent=is_urgent) for device in to]
    finally:
        sender.close()


@pytest.mark.parametrize(("is_urgent", "urgency"), [(True, "high"), (False, "normal")])
def test_a_browser_reads_what_was_sent_within_two_minutes_or_never(
    doubles: Doubles, own: Settings, is_urgent: bool, urgency: str
) -> None:
    assert push(own, browser(doubles), is_urgent=is_urgent) == [retries.sent()]
    (received,) = doubles.webpush.received
    assert (received.data, received.problem) == (DATA, "")
    assert (received.ttl_s, received.urgency, received.topic) == (120, urgency, "alert-41")


def test_each_push_service_is_shown_a_token_for_itself_alone(doubles: Doubles, own: Settings) -> None:
    with Doubles() as other:
        outcomes = push(own, browser(doubles), browser(other), browser(doubles))
        assert [outcome.result for outcome in outcomes] == [Result.SENT] * 3
        assert [received.claims["aud"] for received in doubles.webpush.received] == [doubles.url, doubles.url]
        assert [received.claims["aud"] for received in other.webpush.received] == [other.url]


@pytest.mark.parametrize(
    ("fault", "result", "retry_after_s"),
    [
        pytest.param({"status": 404}, Result.DEAD_ROUTE, None, id="a subscription that was never there"),
        pytest.param({"status": 410}, Result.DEAD_ROUTE, None, id="a subscription that has ended"),
        pytest.param({"status": 429, "retry_after_s": 17}, Result.RETRY, 17.0, id="too many pushes"),
        pytest.param({"status": 503, "retry_after_s": 2}, Result.RETRY, 2.0, id="a service that is overloaded"),
        pytest.param({"status": 500}, Result.RETRY, None, id="a service that failed"),
        pytest.param({"hang_s": 2.0}, Result.RETRY, None, id="a service that does not answer in time"),
        pytest.param({"reset": "before_body"}, Result.RETRY, None, id="a connection that breaks before the push"),
        pytest.param({"reset": "after_body"}, Result.RETRY, None, id="a connection that breaks after the push"),
        pytest.param({"status": 400}, Result.FAILED, None, id="a push that is malformed"),
        pytest.param({"status": 413}, Result.FAILED, None, id="a push that is too large"),
        pytest.param({"status": 403}, Result.RETRY, None, id="a key that is not the subscription's"),
    ],
)
def test_each_failure_comes_to_what_helps_after_exactly_one_try(
    doubles: Doubles, own: Settings, fault: dict[str, Any], result: Result, retry_after_s: float | None
) -> None:
    doubles.script(channel="webpush", **fault)
    (outcome,) = push(own, browser(doubles))
    doubles.release()
    assert (outcome.result, outcome.retry_after_s) == (result, retry_after_s)
    assert len(doubles.attempts) == 1


def test_a_service_that_is_not_there_is_tried_again(own: Settings) -> None:
    with Doubles() as gone:
        device = browser(gone)
    assert push(own, device)[0].result is Result.RETRY


def test_a_subscription_that_cannot_be_encrypted_to_fails_and_never_raises(doubles: Doubles, own: Settings) -> None:
    broken = browser(doubles)
    for keys in (None, {}, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": broken.keys["p256dh"], "auth": "-"}):
        device = Device(token=broken.token, platform="webpush", keys=keys)
        assert push(own, device)[0].result is Result.FAILED
    assert doubles.attempts == []


@contextmanager
def odd_service(status: int, headers: dict[str, str], body: bytes = b"") -> Iterator[tuple[str, list[str]]]:
    """Serve answers that no push service gives; yields the address and the list of paths that were asked for."""
    asked: list[str] = []

    class Odd(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        serving.join(5)
        server.server_close()


@pytest.mark.parametrize(
    ("status", "headers", "body", "result"),
    [
        pytest.param(302, {"Location": "/inside", "Content-Length": "0"}, b"", Result.FAILED, id="a redirect"),
        pytest.param(307, {"Location": "/inside", "Content-Length": "0"}, b"", Result.FAILED, id="one that repeats"),
        pytest.param(204, {}, b"", Result.SENT, id="a success that the library does not know"),
        pytest.param(201, {"Content-Length": "999999999"}, b"word", Result.SENT, id="an answer that never ends"),
        pytest.param(201, {"Set-Cookie": "who=him", "Content-Length": "0"}, b"", Result.SENT, id="a cookie"),
    ],
)
def test_an_endpoint_leads_nowhere_else_and_its_words_are_not_read(
    doubles: Doubles, own: Settings, status: int, headers: dict[str, str], body: bytes, result: Result
) -> None:
    with odd_service(status, headers, body) as (url, asked):
        device = browser(doubles)
        device.token = f"{url}/endpoint"
        assert push(own, device)[0].result is result
        assert asked == ["/endpoint"]


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        pytest.param("17", 17.0, id="seconds"),
        pytest.param("Tue, 24 Nov 2026 20:00:30 GMT", 30.0, id="a date"),
        pytest.param("Tue, 24 Nov 2026 20:00:30 -0000", 30.0, id="a date without a zone"),
        pytest.param("Tue, 24 Nov 2026 19:00:00 GMT", 0.0, id="a date that has passed"),
        pytest.param("", None, id="nothing"),
        pytest.param("soon", None, id="no number and no date"),
        pytest.param("-5", None, id="less than nothing"),
    ],
)
def test_a_provider_says_how_long_to_wait_in_seconds_or_as_a_date(header: str, wait_s: float | None) -> None:
    assert retries.retry_after_s(header, NOW) == wait_s


def test_the_key_is_made_once_for_its_owner_only_and_is_what_browsers_subscribe_with(own: Settings) -> None:
    path = Path(own.vapid_private_key_file)
    made = push_subscriptions.public_key(own)
    assert path.stat().st_mode & 0o777 == 0o600
    assert push_subscriptions.public_key(own) == made
    assert len(base64.urlsafe_b64decode(made + "=")) == 65
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_processes_that_start_together_have_the_same_key(own: Settings) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(push_subscriptions.public_key(own))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_of_another_kind_and_a_subject_that_is_no_address_stop_the_start(own: Settings) -> None:
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="CORDON_VAPID_SUBJECT must be"):
        WebPush(own.changed(vapid_subject="duty@cordon.example"))
    Path(own.vapid_private_key_file).write_bytes(other)
    with pytest.raises(ValueError, match="must hold a P-256 private key"):
        WebPush(own)


@pytest.mark.parametrize(
    ("settings", "subject"),
    [
        ({"vapid_subject": "mailto:duty@cordon.example"}, "mailto:duty@cordon.example"),
        ({}, "mailto:operator@localhost"),
    ],
)
def test_a_push_service_is_told_whom_to_reach(
    doubles: Doubles, own: Settings, settings: dict[str, str], subject: str
) -> None:
    assert push(own.changed(**settings), browser(doubles))[0].result is Result.SENT
    assert doubles.webpush.received[0].claims["sub"] == subject


def test_a_service_with_a_public_address_is_reached_by_it(own: Settings) -> None:
    address = "https://cordon.example:8443/app"
    assert push_subscriptions.subject(own.changed(public_url=address)) == address


POINT = ec.generate_private_key(ec.SECP256R1()).public_key()
GOOD_KEYS = {
    "p256dh": base64.urlsafe_b64encode(
        POINT.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    ).decode(),
    "auth": base64.urlsafe_b64encode(b"0123456789abcdef").rstrip(b"=").decode(),
}


@pytest.mark.parametrize(
    ("endpoint", "public_url"),
    [
        (ENDPOINT, PUBLIC_URL),
        ("https://fcm.googleapis.com/fcm/send/abc:def", PUBLIC_URL),
        ("https://web.push.apple.com/QAbc", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8101/webpush/x", "http://127.0.0.1:8000"),
        ("http://localhost:8101/webpush/x", "http://localhost:8000"),
    ],
)
def test_a_push_services_endpoint_is_taken(endpoint: str, public_url: str) -> None:
    push_subscriptions.check(endpoint, GOOD_KEYS, public_url)


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("http://push.services.example/x", id="not encrypted"),
        pytest.param("http://127.0.0.1:8000/v1/alerts", id="this very machine"),
        pytest.param("https://127.0.0.1/x", id="loopback"),
        pytest.param("https://127.1/x", id="loopback in short"),
        pytest.param("https://0x7f.1/x", id="loopback in hexadecimal"),
        pytest.param("https://2130706433/x", id="loopback as one number"),
        pytest.param("https://[::1]/x", id="loopback in IPv6"),
        pytest.param("https://[::ffff:10.0.0.1]/x", id="a private address in IPv6's clothes"),
        pytest.param("https://10.0.0.5/x", id="private 10/8"),
        pytest.param("https://192.168.1.1/x", id="private 192.168/16"),
        pytest.param("https://172.16.0.1/x", id="private 172.16/12"),
        pytest.param("https://169.254.169.254/latest/meta-data", id="link-local, where clouds keep secrets"),
        pytest.param("https://[fe80::1]/x", id="link-local in IPv6"),
        pytest.param("https://localhost/x", id="localhost"),
        pytest.param("https://localhost./x", id="localhost with its dot"),
        pytest.param("https://push.localhost/x", id="below localhost"),
        pytest.param("https://intranet/x", id="a name without a dot"),
        pytest.param("https://db.internal/x", id="an internal name"),
        pytest.param("https://printer.local/x", id="a name of the local network"),
        pytest.param("https://push.services.example@10.0.0.1/x", id="a user that looks like a host"),
        pytest.param("https://push.services.example:port/x", id="a port that is no number"),
        pytest.param("https://push.services.example/x#y", id="a fragment"),
        pytest.param("https://push.services.example\\@10.0.0.1/x", id="a backslash"),
        pytest.param("https://push.services.example/\nx", id="a line break"),
        pytest.param("https://[oops/x", id="brackets that do not close"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("https:///x", id="no host"),
    ],
)
def test_an_endpoint_that_names_one_of_our_own_machines_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidRequest, match="token"):
        push_subscriptions.check(endpoint, GOOD_KEYS, PUBLIC_URL)


@pytest.mark.parametrize("endpoint", ["http://10.0.0.5/x", "https://169.254.169.254/x", "http://push.example/x"])
def test_in_development_only_loopback_is_reached_too(endpoint: str) -> None:
    with pytest.raises(InvalidRequest):
        push_subscriptions.check(endpoint, GOOD_KEYS, "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        pytest.param({"p256dh": "not base64!"}, "p256dh", id="a key that is not base64url"),
        pytest.param({"p256dh": "AAAA"}, "p256dh", id="a key that is too short"),
        pytest.param({"p256dh": base64.urlsafe_b64encode(b"\x04" + bytes(64)).decode()}, "p256dh", id="no curve"),
        pytest.param({"auth": "AAAA"}, "auth", id="a secret that is too short"),
        pytest.param({"auth": "é"}, "auth", id="a secret that is not base64url"),
    ],
)
def test_keys_that_nothing_can_be_encrypted_to_are_refused(keys: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest, match=field):
        push_subscriptions.check(ENDPOINT, {**GOOD_KEYS, **keys}, PUBLIC_URL)


def test_a_refused_subscription_is_a_422_that_says_why(settings: Settings) -> None:
    app = create_app(settings.changed(public_url=PUBLIC_URL))
    demo.seed(clock.now())
    client = app.test_client()
    account = {"email": "amina@cordon.example", "password": demo.PASSWORD}
    bearer = {"Authorization": f"Bearer {client.post('/v1/sessions', json=account).json['access_token']}"}

    def register(**body: Any) -> Any:
        return client.post("/v1/devices", json=body, headers=bearer)

    refused = register(token="https://10.0.0.5/x", platform="webpush", keys=GOOD_KEYS)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_request")
    assert "private address" in refused.json["detail"]
    assert register(token=ENDPOINT, platform="webpush").status_code == 422
    assert register(token=ENDPOINT, platform="webpush", keys={"auth": "x"}).status_code == 422
    assert register(token="an-fcm-token", platform="android", keys=GOOD_KEYS).status_code == 422
    assert register(token=ENDPOINT, platform="webpush", keys=GOOD_KEYS).status_code == 201
    # An app registers whenever it is opened: only the first time is news.
    assert register(token=ENDPOINT, platform="webpush", keys=GOOD_KEYS).status_code == 201
    ours = Device.get(Device.token == ENDPOINT)
    assert AuditEntry.select().where(AuditEntry.subject == f"device:{ours.id}").count() == 1
    app.extensions["cordon.committer"].close()


def test_a_breach_reaches_the_web_app_and_its_lock_screen_tells_no_one_who_or_where(world: World) -> None:
    officer = world.officer.has_web_app()
    world.tag.walks_in()
    received = officer.expects_push("Please acknowledge")
    alert = officer.alert()
    assert set(received.data) == {
        "alert_id",
        "notification_id",
        "code",
        "purpose",
        "title",
        "body",
        "receipt",
        "danger",
    }
    assert (received.urgency, received.topic, received.ttl_s) == ("high", f"alert-{alert['id']}", 120)
    assert "breach" in received.body
    for secret in ("Marsh", "Daniel", "Bennett", "Laura", "Amina", "Home", "51.5", "0.10", "London"):
        assert secret not in received.payload
    officer.acknowledges()


def test_every_phone_of_a_person_is_warned_whatever_its_kind(world: World) -> None:
    first = world.officer.has_app().push_token
    second = world.officer.has_web_app().push_token
    world.tag.walks_in()
    world.expect_push(first, "Please acknowledge")
    world.expect_push(second, "Please acknowledge")
    world.officer.acknowledges()


def test_a_subscription_that_has_ended_is_pruned_and_a_text_goes_at_once(world: World) -> None:
    officer = world.officer.has_web_app()
    world.doubles.webpush.unsubscribe(officer.push_token)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    device = Device.get(Device.token == officer.push_token)
    assert (device.ended_at is not None, device.ended_because) == (True, "the push service answered 410")
    officer.acknowledges()


def test_one_live_browser_is_enough_and_the_dead_one_is_pruned(world: World) -> None:
    gone = world.officer.has_web_app().push_token
    world.doubles.webpush.unsubscribe(gone)
    officer = world.officer.has_web_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    world.settle()
    assert [device.token for device in Device.select().where(Device.ended_at.is_null())] == [officer.push_token]
    assert Notification.get(Notification.channel == "push").state == "sent"
    officer.acknowledges()


def test_a_push_service_that_fails_sends_the_text_at_once_and_is_tried_again(world: World) -> None:
    officer = world.officer.has_web_app()
    world.doubles.script(channel="webpush", status=503, times=1)
    world.tag.walks_in()
    officer.expects_sms("to acknowledge")
    world.forward(3)
    officer.expects_push("Please acknowledge")
    officer.acknowledges()


@pytest.mark.parametrize("kind_of_app", ["has_app", "has_web_app"])
def test_a_receipt_needs_no_session_holds_the_text_back_and_counts_once_for_each_kind(
    world: World, kind_of_app: str
) -> None:
    officer = getattr(world.officer, kind_of_app)()
    world.tag.walks_in()
    received = officer.expects_push("Please acknowledge")
    world.settle()
    for kind in ("received", "received", "displayed", "opened", "opened"):
        answer = world.api("POST", "/v1/receipts", json={"receipt": received.data["receipt"], "kind": kind})
        assert answer.status_code == 204, answer.text
    told = [(r.person_id, r.alert_id, r.kind, r.channel, r.episode) for r in Receipt.select().order_by(Receipt.id)]
    episode = Notification.get(Notification.id == int(received.data["notification_id"])).episode
    person, alert = officer.person.id, int(received.data["alert_id"])
    assert told == [(person, alert, kind, "push", episode) for kind in ("received", "displayed", "opened")]
    assert Notification.get(Notification.channel == "push").state == "received"
    world.forward(15)
    officer.acknowledges()


def test_a_receipt_of_an_earlier_danger_says_nothing_of_the_present_one(world: World) -> None:
    officer = world.officer.has_web_app()
    world.tag.stays(700.0, for_s=30)
    world.tag.reports(world.tag.fix(400.0))
    early = officer.expects_push("near zone")
    world.tag.walks_in()
    officer.expects_push("breach")
    world.settle()
    answer = world.api("POST", "/v1/receipts", json={"receipt": early.data["receipt"], "kind": "displayed"})
    assert answer.status_code == 204
    world.forward(15)
    officer.expects_sms("breach")
    officer.acknowledges()


def test_a_receipt_that_is_forged_expired_or_of_a_phone_that_is_gone_is_refused(world: World) -> None:
    officer = world.officer.has_web_app()
    world.tag.walks_in()
    token = officer.expects_push("Please acknowledge").data["receipt"]
    world.settle()
    world.stop_worker()

    def tell(receipt: str, **more: Any) -> tuple[int, str]:
        answer = world.api("POST", "/v1/receipts", json={"receipt": receipt, "kind": "received", **more})
        return answer.status_code, answer.json()["code"] if answer.content else ""

    payload, _, signature = token.rpartition(".")
    forged = base64.urlsafe_b64encode(b"[1,1,99999999999]").rstrip(b"=").decode()
    for receipt in (f"{token}x", f"{forged}.{signature}", payload, "nonsense", officer.token):
        assert tell(receipt) == (401, "wrong_signature"), receipt
    assert tell(token, kind="read") == (422, "invalid_request")
    assert tell(token, channel="sms") == (422, "invalid_request")
    notification = Notification.get(Notification.channel == "push")
    device = Device.get(Device.token == officer.push_token)
    stranger = Device.create(
        person=world.colleague.person, token="a-strangers-phone", platform="android", created_at=clock.now()
    )
    assert tell(receipts.token(notification, stranger, world.settings, clock.now())) == (404, "not_found")
    assert Receipt.select().count() == 0
    world.forward(receipts.LIFE_S)
    assert tell(token) == (404, "not_found")
    fresh = receipts.token(notification, device, world.settings, clock.now())
    assert tell(fresh) == (204, "")
    assert officer.signs_in().api("DELETE", f"/v1/devices/{device.id}").status_code == 204
    assert tell(fresh) == (404, "not_found")
