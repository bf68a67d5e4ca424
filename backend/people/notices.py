"""The only writer of the browsers that show notices to protected people: each ends with the consent or the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from backend import audit
from backend.db import atomic, lock_rows
from backend.models import OwnPage, OwnSubscription, Victim

# A new phone has a page of its own: more at once are several browsers on one phone.
MOST = 5


def live(victim: Victim) -> list[OwnSubscription]:
    """Return the browsers of the page that they use, oldest first."""
    return list(
        OwnSubscription.select()
        .join(OwnPage)
        .where(OwnPage.victim == victim, OwnPage.ended_at.is_null(), OwnSubscription.ended_at.is_null())
        .order_by(OwnSubscription.id)
    )


def is_live(page: OwnPage) -> bool:
    """Tell whether a browser of this page takes notices."""
    return OwnSubscription.select().where(OwnSubscription.page == page, OwnSubscription.ended_at.is_null()).exists()


def register(page: OwnPage, endpoint: str, keys: Mapping[str, str], now: datetime) -> None:
    """Let this browser show notices, and the page of no one else: a phone that was given away takes one person's."""
    with atomic():
        lock_rows(Victim, [page.victim_id])
        same = OwnSubscription.select().where(OwnSubscription.token == endpoint, OwnSubscription.ended_at.is_null())
        for one in same:
            if one.page_id == page.id and one.keys == dict(keys):
                return
            end(one, "registered anew", now)
        for one in live(page.victim)[: -(MOST - 1)]:
            end(one, "too many", now)
        row = OwnSubscription.create(page=page, token=endpoint, keys=dict(keys), created_at=now)
        audit.record(f"victim:{page.victim_id}", "notices_on", f"victim:{page.victim_id}", now, subscription=row.id)


def end(subscription: OwnSubscription, because: str, now: datetime) -> None:
    """Send nothing more to this browser, and forget its address and keys."""
    with atomic():
        OwnSubscription.update(
            ended_at=now, ended_because=because[:255], token=f"ended:{subscription.id}", keys={}
        ).where(OwnSubscription.id == subscription.id).execute()
        audit.record(audit.SYSTEM, "notices_off", f"own_subscription:{subscription.id}", now, because=because[:255])


def end_all(victim: Victim, because: str, now: datetime) -> None:
    """Send nothing more to any browser of theirs."""
    theirs = OwnSubscription.select().join(OwnPage).where(OwnPage.victim == victim, OwnSubscription.ended_at.is_null())
    for one in theirs:
        end(one, because, now)
