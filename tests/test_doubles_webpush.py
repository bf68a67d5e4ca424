"""The push service's double answers the real pywebpush as a browser's would, reads what it sent, and goes wrong."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import http_ece
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid, Vapid01
from pywebpush import WebPusher, WebPushException, webpush

from tests.doubles import SUBSCRIPTION_GONE, Doubles, Fault

OFFICER = "+447700900101"
WARNING = {"alert_id": "41", "title": "Zone warning K7QD", "body": "Open Cordon."}
HIGH = {"Urgency": "high"}


@pytest.fixture
def doubles() -> Iterator[Doubles]:
    with Doubles() as doubles:
        yield doubles


@pytest.fixture
def vapid() -> Vapid:
    key = Vapid()
    key.generate_keys()
    return key


def public_key(vapid: Vapid01) -> str:
    point = vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def send(vapid: Vapid01, subscription: dict[str, Any], **more: Any) -> requests.Response:
    claims = {"sub": "mailto:duty@cordon.example"} | more.pop("claims", {})
    given = {"data": json.dumps(WARNING), "ttl": 60, "headers": HIGH, "timeout": 3} | more
    return webpush(subscription, vapid_private_key=vapid, vapid_claims=claims, **given)


def test_a_subscription_is_what_a_page_is_given(doubles):
    given = doubles.webpush.subscribe(OFFICER)
    assert given["endpoint"].startswith(doubles.url + "/webpush/")
    assert given["expirationTime"] is None
    sizes = {name: len(base64.urlsafe_b64decode(key + "==")) for name, key in given["keys"].items()}
    assert sizes == {"p256dh": 65, "auth": 16}
    assert doubles.webpush.subscribe(OFFICER) != given


def test_a_message_is_read_as_the_browser_reads_it(doubles, vapid):
    subscription = doubles.webpush.subscribe(OFFICER, public_key(vapid))
    answer = send(vapid, subscription, headers=HIGH | {"Topic": "alert-41"})
    push = doubles.webpush.received[0]
    assert (answer.status_code, answer.headers["Location"], answer.headers["TTL"]) == (201, push.name, "60")
    assert (push.data, push.ttl_s, push.urgency, push.topic) == (WARNING, 60, "high", "alert-41")
    assert (push.endpoint, push.title) == (subscription["endpoint"], "Zone warning K7QD")
    assert (push.claims["aud"], push.claims["sub"]) == (doubles.url, "mailto:duty@cordon.example")
    assert doubles.phone(OFFICER).browser_pushes == [push]
    assert [(attempt.channel, attempt.status) for attempt in doubles.attempts] == [("webpush", 201)]


def test_a_message_without_words_has_no_payload(doubles, vapid):
    send(vapid, doubles.webpush.subscribe(OFFICER), data=None, headers={})
    assert (doubles.webpush.received[0].payload, doubles.webpush.received[0].urgency) == ("", "normal")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"claims": {"aud": "https://push.example"}}, 403, id="another service's audience"),
        pytest.param({"claims": {"exp": int(time.time()) + 25 * 3600}}, 403, id="a token for longer than a day"),
        pytest.param({"claims": {"sub": "https://cordon.example"}}, 201, id="a web address to turn to"),
        pytest.param({"headers": {"Urgency": "extreme"}}, 400, id="an urgency that does not exist"),
        pytest.param({"headers": {"Topic": "x" * 33}}, 400, id="a topic that is too long"),
        pytest.param({"data": "x" * 4100}, 413, id="a payload that is too large"),
        pytest.param({"content_encoding": "aesgcm"}, 415, id="the encoding of the draft"),
    ],
)
def test_what_the_push_service_refuses(doubles, vapid, change, status):
    subscription = doubles.webpush.subscribe(OFFICER)
    if status == 201:
        assert send(vapid, subscription, **change).status_code == 201
        return
    with pytest.raises(WebPushException) as refusal:
        send(vapid, subscription, **change)
    assert refusal.value.status_code == status
    assert doubles.webpush.received == []


def signed(vapid: Vapid01, doubles: Doubles, **claims: Any) -> dict[str, str]:
    ours = {"sub": "mailto:duty@cordon.example", "aud": doubles.url, "exp": int(time.time()) + 60}
    return {"TTL": "60", **vapid.sign(ours | claims)}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(lambda vapid, doubles: {"TTL": "60"}, 401, id="no token"),
        pytest.param(lambda vapid, doubles: signed(vapid, doubles, exp=int(time.time()) - 1), 403, id="expired"),
        pytest.param(lambda vapid, doubles: signed(vapid, doubles) | {"TTL": ""}, 400, id="no TTL"),
        pytest.param(
            lambda vapid, doubles: {name: value.replace("k=B", "k=") for name, value in signed(vapid, doubles).items()},
            403,
            id="a key that is none",
        ),
    ],
)
def test_a_request_that_no_library_would_make(doubles, vapid, headers, status):
    endpoint = doubles.webpush.subscribe(OFFICER)["endpoint"]
    answer = requests.post(endpoint, headers=headers(vapid, doubles), timeout=3)
    assert (answer.status_code, answer.json()["code"]) == (status, status)


def test_a_token_signed_by_another_key_is_refused(doubles, vapid):
    stranger = Vapid()
    stranger.generate_keys()
    subscription = doubles.webpush.subscribe(OFFICER, public_key(vapid))
    with pytest.raises(WebPushException) as refusal:
        send(stranger, subscription)
    assert refusal.value.status_code == 403
    forged = signed(stranger, doubles)
    forged["Authorization"] = forged["Authorization"].split("k=")[0] + "k=" + public_key(vapid)
    assert requests.post(subscription["endpoint"], headers=forged, timeout=3).status_code == 403


def test_a_body_for_another_browser_is_accepted_and_never_shown(doubles, vapid):
    """As it is in truth: the push service cannot look inside, and the browser drops what it cannot read."""
    mine, other = doubles.webpush.subscribe(OFFICER), doubles.webpush.subscribe("+447700900102")
    assert send(vapid, mine | {"keys": other["keys"]}).status_code == 201
    push = doubles.webpush.received[0]
    assert (push.payload, push.is_shown) == ("", False)
    assert "cannot be decrypted" in push.problem


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        pytest.param(SUBSCRIPTION_GONE, 410, None, id="subscription gone"),
        pytest.param(Fault(status=404), 404, None, id="subscription unknown"),
        pytest.param(Fault(status=413), 413, None, id="too large"),
        pytest.param(Fault(status=429, retry_after_s=7), 429, "7", id="too many requests"),
        pytest.param(Fault(status=503), 503, None, id="out of service"),
    ],
)
def test_a_scripted_refusal_befalls_one_endpoint(doubles, vapid, fault, status, retry_after):
    mine, other = doubles.webpush.subscribe(OFFICER), doubles.webpush.subscribe(OFFICER)
    doubles.script(fault, to=mine["endpoint"], times=1)
    with pytest.raises(WebPushException) as refusal:
        send(vapid, mine)
    assert (refusal.value.status_code, refusal.value.retry_after) == (status, retry_after)
    send(vapid, other)
    send(vapid, mine)
    assert len(doubles.webpush.received) == 2


@pytest.mark.parametrize(
    ("reset", "is_sent"),
    [("before_body", False), ("after_body", False), ("after_work", True)],
    ids=["before the body", "after the body", "after the work is done"],
)
def test_a_broken_connection(doubles, vapid, reset, is_sent):
    doubles.script(reset=reset, channel="webpush", times=1)
    with pytest.raises(requests.ConnectionError):
        send(vapid, doubles.webpush.subscribe(OFFICER))
    assert len(doubles.webpush.received) == int(is_sent)


def test_a_hang_outlasts_the_senders_patience(doubles, vapid):
    doubles.script(hang_s=60, channel="webpush", times=1)
    with pytest.raises(requests.Timeout):
        send(vapid, doubles.webpush.subscribe(OFFICER), timeout=0.2)
    doubles.release()
    doubles.wait_for(lambda: doubles.webpush.received)


def test_a_subscription_that_ended_and_one_that_never_was(doubles, vapid):
    phone = doubles.phone(OFFICER)
    subscription = phone.subscribe()
    phone.unregister()
    with pytest.raises(WebPushException) as refusal:
        send(vapid, subscription)
    assert refusal.value.status_code == 410
    with pytest.raises(WebPushException) as refusal:
        send(vapid, subscription | {"endpoint": doubles.url + "/webpush/none"})
    assert refusal.value.status_code == 404


def test_a_phone_that_is_off_gets_the_newest_of_a_topic_when_it_is_on(doubles, vapid):
    phone = doubles.phone(OFFICER)
    subscription = phone.subscribe()
    phone.turn_off()
    for body in ("first", "second"):
        send(vapid, subscription, data=json.dumps({"body": body}), headers={"Topic": "alert-41"})
    send(vapid, subscription, data=json.dumps({"body": "now or never"}), ttl=0)
    assert [push.is_shown for push in doubles.webpush.received] == [False, False, False]
    phone.turn_on()
    assert [(push.body, push.is_shown, push.is_expired) for push in phone.browser_pushes] == [
        ("first", False, False),
        ("second", True, False),
        ("now or never", False, True),
    ]


def test_the_wall_and_scripts_see_it(doubles, vapid):
    asked = {"owner": OFFICER, "application_server_key": public_key(vapid)}
    subscription = requests.post(doubles.url + "/subscriptions", json=asked, timeout=3).json()
    send(vapid, subscription)
    shown = requests.get(doubles.url + "/wall", timeout=3).json()["phones"][0]
    item = {
        "kind": "push",
        "title": "Zone warning K7QD",
        "urgent": True,
        "foot": "Web push",
        "data": {"alert_id": "41"},
    }
    assert (shown["number"], shown["push_tokens"]) == (OFFICER, [subscription["endpoint"]])
    assert item.items() <= shown["items"][0].items()
    journal = requests.get(doubles.url + "/browser-pushes", timeout=3).json()
    assert [(push["title"], push["urgency"]) for push in journal] == [("Zone warning K7QD", "high")]


def test_the_service_worker_gives_receipts(doubles, vapid):
    phone = doubles.phone(OFFICER)
    told: list[tuple[str, str]] = []
    phone.give_receipts(lambda push, kind: told.append((push.data["alert_id"], kind)) or 204)
    send(vapid, phone.subscribe())
    doubles.wait_for(lambda: len(doubles.webpush.received[0].receipts) == 2)
    assert told == [("41", "received"), ("41", "displayed")]


def test_a_message_encrypted_by_hand_reads_the_same(doubles, vapid):
    subscription = doubles.webpush.subscribe(OFFICER)
    pusher = WebPusher(subscription)
    body = http_ece.encrypt(
        "Zŵne".encode(),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=pusher.receiver_key,
        auth_secret=pusher.auth_key,
        version="aes128gcm",
    )
    headers = signed(vapid, doubles) | {"Content-Encoding": "aes128gcm"}
    assert requests.post(subscription["endpoint"], body, headers=headers, timeout=3).status_code == 201
    assert doubles.webpush.received[0].payload == "Zŵne"
