"""A tag in a test's hand: it posts signed fixes over HTTP."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests
from standardwebhooks import Webhook

from backend import clock
from zones.geo import Frame

if TYPE_CHECKING:
    from tests.world.world import World


@dataclass
class TestTag:
    """A tag in a test's hand: it posts signed fixes over HTTP."""

    world: World
    serial: str
    key: str
    centre: tuple[float, float]
    sent: int = 0
    __test__ = False

    def place(self, metres_from_centre: float) -> dict[str, float]:
        """Return the place so many metres east of the zone's centre, with the metre or two by which a receiver errs."""
        self.sent += 1
        lat, lon = Frame(*self.centre).to_degrees(metres_from_centre + self.sent % 5 - 2.0, self.sent % 3 - 1.0)
        return {"lat": lat, "lon": lon}

    def fix(self, metres_from_centre: float, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
        """Return one fix as the API takes it."""
        at = clock.now() - timedelta(seconds=ago_s)
        return {"fix_time": at.isoformat(), **self.place(metres_from_centre), "accuracy_m": 6.0, **more}

    def post(
        self,
        *fixes: dict[str, Any],
        body: bytes | None = None,
        events: list[Any] | None = None,
        webhook_id: str | None = None,
        signed_at: datetime | None = None,
        key: str | None = None,
        url: str | None = None,
    ) -> requests.Response:
        """Post a batch, signed as Standard Webhooks says."""
        content: dict[str, Any] = {"fixes": list(fixes)}
        if events is not None:
            content["events"] = events
        body = json.dumps(content).encode() if body is None else body
        webhook_id = webhook_id or f"msg_{uuid.uuid4().hex}"
        signed_at = signed_at or clock.now()
        try:
            signature = Webhook(key or self.key).sign(webhook_id, signed_at, body.decode())
        except UnicodeDecodeError:
            signature = "v1,none"
        return requests.post(
            f"{url or self.world.url}/v1/tags/{self.serial}/fixes",
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": webhook_id,
                "webhook-timestamp": str(int(signed_at.timestamp())),
                "webhook-signature": signature,
            },
            timeout=20,
        )

    def reports(self, *fixes: dict[str, Any]) -> dict[str, Any]:
        """Post fixes that are expected to be taken, and return the answer."""
        response = self.post(*fixes)
        assert response.status_code == 200, response.text
        return response.json()

    def stays(self, metres_from_centre: float, for_s: int = 120, every_s: int = 15, **more: Any) -> dict[str, Any]:
        """Report from one place for some time, which passes."""
        answer: dict[str, Any] = {}
        for _ in range(for_s // every_s):
            answer = self.reports(self.fix(metres_from_centre, **more))
            self.world.forward(every_s)
        return answer

    def is_far_away(self) -> dict[str, Any]:
        """Report once from a place where all is clear."""
        return self.stays(5_000.0, for_s=30)

    def walks_in(self) -> dict[str, Any]:
        """Report deep inside the zone, once: as early as it can be known."""
        return self.reports(self.fix(0.0))

    def stays_inside(self) -> dict[str, Any]:
        """Report from inside for long enough to be sure."""
        return self.stays(0.0, for_s=120)

    def leaves(self) -> dict[str, Any]:
        """Walk out and far away, for long enough to be sure."""
        for metres in (400.0, 900.0, 1_500.0, 2_500.0, 4_000.0):
            self.stays(metres, for_s=60, every_s=30)
        return self.stays(5_000.0, for_s=120, every_s=30)
