"""Texts a protected person the link to their own page, where they asked for it; the code never goes by text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from backend import db
from backend.models import OwnPage
from backend.own_pages import invitations
from notifier.channels.registry import Way
from notifier.retries import Result


def send(page: OwnPage, ways: Sequence[Way], now: datetime) -> None:
    """Send one link that was claimed, by the first way that takes it, and keep what became of it."""
    text = invitations.link_text_of(page, now)
    if text is None:
        invitations.settle_link_text(page, "it may not go to this number now", now)
        return
    # Nothing is held while a provider takes its time.
    db.release_connection()
    because = "there is nothing to send with"
    for way in ways:
        if way.tell_words is None:
            continue
        tell = partial(way.tell_words, *text)
        outcome = tell() if way.breaker is None else way.breaker.ask(way.provider, tell)
        because = "" if outcome.result is Result.SENT else outcome.detail
        if not because or outcome.is_unknown:
            break
    invitations.settle_link_text(page, because, now)
