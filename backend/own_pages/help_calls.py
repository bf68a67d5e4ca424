"""Takes a protected person's calls for help and their "I am safe", and brings them to the people who answer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from peewee import JOIN

from backend import alerts, wakeups
from backend.db import atomic, is_lost, lock_rows, skip_locked
from backend.models import Alert, Handling, HelpCall, Victim

log = logging.getLogger(__name__)

TRIED_AGAIN_AFTER = timedelta(seconds=5)
# A button that is pressed twice is one call.
ONE_PRESS = timedelta(seconds=5)
MOST_WORDS = 1_600
DO_NOT_CALL = "Do not call or text them: someone may be with them. Act as for a breach."


class How(StrEnum):
    """How a call for help was made."""

    BUTTON = "button"
    WORDS = "words"
    SECOND_PHRASE = "second_phrase"
    CALL = "call"
    SAFE = "safe"
    # They move tonight: a person has to draw a zone now.
    MOVE = "move"
    # Nothing: kept and dropped again, so that a locked page does the same work whatever was entered.
    NOTHING = "nothing"


SAID = {
    How.BUTTON: "Help was pressed on their own page.",
    How.WORDS: "",
    How.MOVE: "",
    How.SAFE: "",
    How.NOTHING: "",
    How.SECOND_PHRASE: "The second passcode was entered on their own page, which means: I am in danger and watched.",
    How.CALL: "Help was asked for by a key in a call.",
}


def ring(victim: Victim, how: How, words: str, now: datetime, *, doubt: str = "") -> HelpCall:
    """Ring officer, colleague and supervisor at once, before the request is answered.

    ``doubt`` says why someone else may have called; then no text answers.
    A second press within moments is kept and rings no one again, unless words come with it.
    """
    words = words.strip()[:MOST_WORDS]
    with atomic():
        lock_rows(Victim, [victim.id])
        if not words and (before := _just_now(victim, how, now)) is not None:
            return HelpCall.create(victim=victim, alert=before.alert, how=how, at=now)
        call = HelpCall.create(victim=victim, how=how, at=now)
        _ring(call, words, now, doubt=doubt)
        return call


def enqueue(victim: Victim, how: How, now: datetime) -> None:
    """Keep what the notifier rings or tells in a moment: both ways cost the request the same, and so tell nothing."""
    with atomic():
        HelpCall.create(victim=victim, how=how, at=now, due_at=now)
        wakeups.announce()


def act_on_due(now: datetime) -> int:
    """Ring, or tell, what is due, each in a unit of work of its own; return how many.

    One that fails is tried again in some seconds, and keeps none of the others from ringing.
    """
    ids = [row.id for row in HelpCall.select(HelpCall.id).where(HelpCall.due_at <= now).order_by(HelpCall.id).limit(20)]
    done = 0
    for call_id in ids:
        try:
            done += _act_on(call_id, now)
        except Exception as error:
            if is_lost(error):
                raise
            log.exception("the call for help %s did not ring: it is tried again", call_id)
            HelpCall.update(due_at=now + TRIED_AGAIN_AFTER).where(HelpCall.id == call_id).execute()
    return done


def _act_on(call_id: int, now: datetime) -> bool:
    with atomic():
        if not skip_locked(HelpCall.select(HelpCall.id).where(HelpCall.id == call_id, HelpCall.due_at <= now)):
            return False
        call = HelpCall.get_by_id(call_id)
        if call.how == How.NOTHING:
            call.delete_instance()
            return False
        if call.how == How.SAFE:
            alerts.tell_that_victim_wrote(call.victim, "They say on their own page that they are safe.", now)
        else:
            _ring(call, "", now)
        HelpCall.update(due_at=None).where(HelpCall.id == call.id).execute()
        return True


def next_due_at() -> datetime | None:
    """Return when the next one is due."""
    first = HelpCall.select(HelpCall.due_at).where(HelpCall.due_at.is_null(False)).order_by(HelpCall.due_at).first()
    return None if first is None else first.due_at


def _ring(call: HelpCall, words: str, now: datetime, *, doubt: str = "") -> None:
    how = How(call.how)
    is_secret = how is How.SECOND_PHRASE
    raised = alerts.ring_for_message(
        call.victim,
        words,
        now,
        is_answered=not is_secret and not doubt,
        note=doubt or ("on their own page" if words else ""),
        is_help=how is not How.MOVE,
        what=SAID[how],
        not_answered=DO_NOT_CALL if is_secret else alerts.CALL,
    )
    alert = raised[0] if raised else None
    HelpCall.update(alert=alert, rang=True).where(HelpCall.id == call.id).execute()
    call.alert, call.rang = alert, True


def tell(victim: Victim, said: str, now: datetime) -> None:
    """Tell the officer of each case what they asked for on their own page."""
    alerts.tell_that_victim_wrote(victim, said, now)


def tell_of_guesses(victim: Victim, now: datetime) -> None:
    """Tell the officer that someone tried the PIN of their page too often: it may be someone else."""
    alerts.tell_that_victim_wrote(
        victim, "The PIN of their own page was entered wrongly five times. Someone else may have their phone.", now
    )


def _just_now(victim: Victim, how: How, now: datetime) -> HelpCall | None:
    return (
        HelpCall.select()
        .join(Alert)
        .where(
            HelpCall.victim == victim,
            HelpCall.how == how,
            HelpCall.rang,
            HelpCall.at > now - ONE_PRESS,
            # One that was closed since rings for what has come since.
            Alert.handling != Handling.CLOSED,
        )
        .order_by(HelpCall.id.desc())
        .first()
    )


# What no page of theirs shows: someone may be reading over their shoulder.
HIDDEN = (How.SECOND_PHRASE, How.SAFE, How.MOVE, How.NOTHING)


def newest_open(victim: Victim, since: datetime) -> HelpCall | None:
    """Return the newest call that was made openly."""
    return (
        HelpCall.select()
        .where(HelpCall.victim == victim, HelpCall.how.not_in(HIDDEN), HelpCall.at >= since)
        .order_by(HelpCall.id.desc())
        .first()
    )


def shown(victim: Victim, limit: int = 10) -> list[HelpCall]:
    """Return the latest calls that their page shows, newest first, each with its alert."""
    return list(
        HelpCall.select(HelpCall, Alert)
        .join(Alert, JOIN.LEFT_OUTER)
        .where(HelpCall.victim == victim, HelpCall.how.not_in(HIDDEN), HelpCall.rang)
        .order_by(HelpCall.id.desc())
        .limit(limit)
    )
