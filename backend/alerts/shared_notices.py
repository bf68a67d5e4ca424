"""One notice for many cases of which the same people hear the same at once: an outage costs each one message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from backend import escalation
from backend.alerts.record_changes import join, raise_notice
from backend.change_feed import publish
from backend.db import atomic
from backend.escalation.responders import Responders
from backend.escalation.steps import Who
from backend.models import Alert, AlertKind, Handling, Notification, PlaceZone, Purpose, Wearer

BEGINS = "The same holds of further protected people, "
MOST_CODES = 20


def raise_shared_notice(
    wearer: Wearer,
    zone: PlaceZone,
    reason: str,
    now: datetime,
    to: Sequence[Who],
    *,
    lately: Collection[int],
) -> Alert:
    """Notify people of something about a case, or beside an open notice in which they read the same of another.

    ``lately`` are the alerts in which the same was told of other cases. Each case keeps a notice of its own, which is
    closed at once where another one tells of it: that one names its code, and no name or case.
    """
    with atomic():
        notice = raise_notice(wearer, zone, [reason], now, ())
        people = {person.id for person in Responders([notice], now).recipients(notice, to)}
        first_id = _heard_by(people, lately)
        if first_id is None:
            escalation.tell(notice, to, Purpose.NOTICE, now)
            return notice
        join(notice.id, first_id, now)
        first = escalation.lock(first_id)
        first.reasons = _with_code(first.reasons, notice.code)
        first.save()
        publish(first)
        return Alert.get_by_id(notice.id)


def _heard_by(people: Collection[int], lately: Collection[int]) -> int | None:
    """Return the newest of these alerts that is an open notice and went to all of these people."""
    if not people or not lately:
        return None
    told = (
        Notification.select(Notification.alert, Notification.person)
        .join(Alert)
        .where(
            Alert.id.in_(lately),
            Alert.kind == AlertKind.NOTICE,
            Alert.handling != Handling.CLOSED,
            Notification.purpose == Purpose.NOTICE,
        )
    )
    heard: dict[int, set[int]] = {}
    for row in told:
        heard.setdefault(row.alert_id, set()).add(row.person_id)
    return max((alert_id for alert_id, them in heard.items() if them.issuperset(people)), default=None)


def _with_code(reasons: Sequence[str], code: str) -> list[str]:
    """Return the reasons with one more code in the sentence that counts them."""
    kept = [said for said in reasons if not said.startswith(BEGINS)]
    before = [said for said in reasons if said.startswith(BEGINS)]
    if not before:
        return [*kept, f"{BEGINS}1 by now. Their closed notices: {code}."]
    count = int(before[0].removeprefix(BEGINS).split()[0]) + 1
    codes = before[0].rstrip(".…").rsplit(": ", 1)[-1].split(", ")
    said = ", ".join([*codes, code][:MOST_CODES])
    return [*kept, f"{BEGINS}{count} by now. Their closed notices: {said}{' …' if count > MOST_CODES else '.'}"]
