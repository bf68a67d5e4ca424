"""Replays a recorded trace as a tag would send it: signed, over HTTP, in real time or faster."""

from __future__ import annotations

import gzip
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from standardwebhooks import Webhook

from backend import clock
from zones.geo import Frame

MOST_IN_ONE_BATCH = 500
# What is asked of a tag after a 503 when the answer names no time.
PAUSE_S = 2.0
MOST_TRIES = 30


@dataclass(slots=True)
class Tally:
    """What became of a replayed trace."""

    accepted: int = 0
    duplicate: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    report_interval_s: int | None = None


def read_trace(path: Path) -> list[dict[str, Any]]:
    """Return the fixes of a trace in the order in which they were received; ``.gz`` is unpacked.

    Each line holds ``t`` (epoch seconds), ``lat``, ``lon`` and, where known, ``acc speed hdop sats rx``.

    Raises: ValueError naming the line that cannot be read.
    """
    fixes = []
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                fix = json.loads(line)
                fix["t"], fix["lat"], fix["lon"] = float(fix["t"]), float(fix["lat"]), float(fix["lon"])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"line {number} of the trace is not a fix: {error}") from None
            fixes.append(fix)
    if not fixes:
        raise ValueError("the trace holds no fix")
    return sorted(fixes, key=lambda fix: (max(fix.get("rx") or 0, fix["t"]), fix["t"]))


def moved(fixes: list[dict[str, Any]], lat: float, lon: float) -> list[dict[str, Any]]:
    """Return the trace with its first fix at (lat, lon) and every other as many metres east and north of it."""
    here, there = Frame(fixes[0]["lat"], fixes[0]["lon"]), Frame(lat, lon)
    out = []
    for fix in fixes:
        new_lat, new_lon = there.to_degrees(*here.from_degrees(fix["lat"], fix["lon"]))
        out.append({**fix, "lat": new_lat, "lon": new_lon})
    return out


def as_sent(fix: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return a fix of a trace in the words of the API."""
    names = {"acc": "accuracy_m", "speed": "speed_mps", "hdop": "hdop", "sats": "satellites"}
    body = {name: fix[key] for key, name in names.items() if fix.get(key) is not None}
    return {"fix_time": at.isoformat(), "lat": round(fix["lat"], 7), "lon": round(fix["lon"], 7), **body}


def schedule(
    fixes: list[dict[str, Any]], speed: float, begin_at: datetime
) -> Iterator[tuple[float, list[dict[str, Any]]]]:
    """Yield (seconds from the beginning, batch): what the tag sends when.

    Times are moved so that the last fix is at the end of the replay and none is ever in the future; between them
    the trace's own spacing is kept. ``speed`` 0 is as fast as it is taken.
    """
    first = min(fix["t"] for fix in fixes)
    last = max(fix["t"] for fix in fixes)
    length_s = (last - first) / speed if speed else 0.0
    end_at = begin_at + timedelta(seconds=length_s)
    batch: list[dict[str, Any]] = []
    due_s = 0.0
    for fix in fixes:
        arrives = max(fix.get("rx") or 0, fix["t"])
        at_s = min((arrives - first) / speed, length_s) if speed else 0.0
        # What falls due within a quarter of a second goes in one request.
        if batch and (at_s - due_s > 0.25 or len(batch) >= MOST_IN_ONE_BATCH):
            yield due_s, batch
            batch = []
        due_s = due_s if batch else at_s
        batch.append(as_sent(fix, end_at - timedelta(seconds=last - fix["t"])))
    yield due_s, batch


def replay(
    fixes: list[dict[str, Any]],
    serial: str,
    key: str,
    url: str,
    speed: float,
    advance: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> Tally:
    """Post the trace as the tag ``serial`` would, and return what was accepted.

    Raises: requests.HTTPError for an answer that sending again cannot mend.
    """
    stop = stop or threading.Event()
    tally = Tally()
    signer = Webhook(key)
    begin_at, begin = clock.now(), clock.monotonic()
    with requests.Session() as http:
        for due_s, batch in schedule(fixes, speed, begin_at):
            stop.wait(max(0.0, begin + due_s - clock.monotonic()))
            if stop.is_set():
                break
            body = json.dumps({"fixes": batch}).encode()
            answer = _post(http, f"{url.rstrip('/')}/v1/tags/{serial}/fixes", signer, body, stop)
            tally.requests += 1
            tally.accepted += answer["accepted"]
            tally.duplicate += answer["duplicate"]
            tally.report_interval_s = answer["report_interval_s"]
            for refusal in answer["refused"]:
                tally.refused[refusal["code"]] = tally.refused.get(refusal["code"], 0) + 1
            advance(len(batch))
    return tally


def _post(http: requests.Session, url: str, signer: Webhook, body: bytes, stop: threading.Event) -> dict[str, Any]:
    webhook_id = f"msg_{uuid.uuid4().hex}"
    for tries_left in range(MOST_TRIES - 1, -1, -1):
        at = clock.now().astimezone(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signer.sign(webhook_id, at, body.decode()),
        }
        response = http.post(url, data=body, headers=headers, timeout=30)
        if response.status_code != 503 or not tries_left:
            response.raise_for_status()
            return response.json()
        stop.wait(float(response.headers.get("Retry-After", PAUSE_S)))
    raise AssertionError("unreachable")
