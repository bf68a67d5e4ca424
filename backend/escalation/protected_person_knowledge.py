"""What does the protected person know? The texts that they have, or may have, and what may be said after them. Pure.

They see no alerts. What they know is what the last texts said, of all their places, their children's, and every wearer
together: that a wearer is near, until a text says that it is over. So a text that it is over goes only to a person who
read that a wearer is near, and never while one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.lifecycle import Danger

# So soon after they read that a wearer is near, another place of theirs that this wearer comes to is no news.
KNOWN_FOR = timedelta(seconds=600)
# A backlog tells in one breath that the wearer came and went: nothing of it was kept from them.
AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class SentText:
    """A text that went out, or may have: its provider gave no answer, or its worker died with it in hand."""

    # That a wearer is near; otherwise that it is over.
    says_near: bool
    alert_id: int
    wearer_id: int
    enqueued_at: datetime
    # It waits, or a worker has it: it may turn out untrue and never go.
    is_on_its_way: bool = False


def warnings_left(texts: Sequence[SentText], *, or_on_its_way: bool = False) -> list[SentText]:
    """Return the texts that a wearer is near which they have, or may have, since one said that it is over.

    One that it is over and is on its way yet counts only where ``or_on_its_way``. ``texts`` are in their order.
    """
    left: list[SentText] = []
    for text in texts:
        if text.says_near:
            left.append(text)
        elif or_on_its_way or not text.is_on_its_way:
            left.clear()
    return left


def is_near_news(texts: Sequence[SentText], alert_id: int, wearer_id: int, now: datetime) -> bool:
    """Tell whether they do not know yet that this wearer is near: once for an alert, and not again so soon."""
    return not any(
        text.alert_id == alert_id or (text.wearer_id == wearer_id and text.enqueued_at > now - KNOWN_FOR)
        for text in warnings_left(texts, or_on_its_way=True)
    )


def is_over_news(texts: Sequence[SentText]) -> bool:
    """Tell whether the last that they read is that a wearer is near: only then is it news that it is over."""
    return bool(warnings_left(texts))


def is_left_warned(texts: Sequence[SentText], wearer_id: int) -> bool:
    """Tell whether the last that they read, or will read, of this wearer is that the wearer is near."""
    return any(text.wearer_id == wearer_id for text in warnings_left(texts, or_on_its_way=True))


def was_kept_from_them(enqueued_at: datetime, now: datetime) -> bool:
    """Tell whether a warning that never left was true for a while: then its officer has to know of it."""
    return enqueued_at < now - AT_ONCE


def is_near_true(standing: Sequence[Danger]) -> bool:
    """Tell whether a text that a wearer is near may go now, by the peak danger of the alerts that stand."""
    return any(danger >= Danger.BREACH for danger in standing)


def is_over_true(standing: Sequence[Danger], texts: Sequence[SentText]) -> bool:
    """Tell whether a text that it is over may go now: nothing stands, and they know of something that did."""
    return not standing and is_over_news(texts)
