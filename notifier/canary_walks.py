"""Walks the canary: posts its tag's fixes to the public address, and follows each walk to its end."""

from __future__ import annotations

import json
import logging
from datetime import datetime

import requests
from standardwebhooks import Webhook

from backend import canary, clock, db, heartbeats
from backend.models import CanaryWalk
from backend.settings import Settings
from notifier.channels import http

log = logging.getLogger(__name__)

# Longer than our own server waits for its commit.
POST_TIMEOUT_S = 22.0
TRY_AGAIN_S = 2.0
FOLLOWS_EVERY_S = 0.25
LOOKS_EVERY_S = 2.0
FORGETS_EVERY_S = 3_600.0


class CanaryWalker:
    """One canary process; a second one, or the next after a crash, carries the same walk and does no harm."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._heart = heartbeats.Heart("canary")
        # Until the next step.
        self.pause_s = LOOKS_EVERY_S
        self._forgets_at = 0.0
        # Which walk was looked at last, and when.
        self._looked: tuple[int, datetime] | None = None

    def carry(self, _: datetime) -> None:
        """Take one step; a canary that is off waits to be set up."""
        self.pause_s = LOOKS_EVERY_S
        self.pause_s = self.step()

    def step(self) -> float:
        """Begin, carry or end a walk, and return the seconds until the next step."""
        self._heart.beat(clock.now())
        mine = canary.find()
        if mine is None or self._settings.canary_every_s <= 0:
            return LOOKS_EVERY_S
        if clock.monotonic() >= self._forgets_at:
            self._forgets_at = clock.monotonic() + FORGETS_EVERY_S
            canary.forget_old(mine, clock.now())
        every_s, within_s = self._settings.canary_every_s, self._settings.canary_within_s
        walk = canary.under_way() or canary.begin_due(mine, every_s, within_s, clock.now())
        if walk is None:
            return LOOKS_EVERY_S
        detail = None if walk.taken_at else self._post(walk, mine)
        looked_at = self._looked[1] if self._looked and self._looked[0] == walk.id else None
        now = clock.now()
        result = canary.carry(walk, mine, looked_at, now, detail)
        self._looked = (walk.id, now)
        if result is not None:
            log.info("walk %s of the canary %s", walk.id, result)
        return TRY_AGAIN_S if walk.taken_at is None else FOLLOWS_EVERY_S

    def _post(self, walk: CanaryWalk, mine: canary.Canary) -> str | None:
        """Post the fixes as a tag does, under the walk's own id, so that posting again changes nothing."""
        body = json.dumps({"fixes": canary.fixes_of(walk)})
        webhook_id, at = f"canary-{walk.id}", clock.now()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(mine.key).sign(webhook_id, at, body),
        }
        url = (self._settings.canary_url or self._settings.public_url).rstrip("/")
        # Nothing is held while the address takes its time.
        db.release_connection()
        try:
            with http.session(http.OneTry(POST_TIMEOUT_S, reads=False)) as asked:
                answer = asked.post(
                    f"{url}/v1/tags/{mine.serial}/fixes", data=body, headers=headers, timeout=POST_TIMEOUT_S
                )
        except requests.RequestException as error:
            return type(error).__name__
        if answer.status_code != 200:
            return f"answered {answer.status_code}"
        canary.taken(walk, clock.now())
        return None
