"""The text of an alarm about Cordon itself: one segment, the most serious first, without a name. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from notifier.messages import GSM_SEGMENT

# Any other character may cost two places or turn the text into one of 70.
NOT_PLAIN = re.compile(r"[^A-Za-z0-9 .,:;()/%+'!?=<>*&#_-]")


def text(standing: Sequence[tuple[str, str]], ended: Sequence[tuple[str, str]], url: str) -> str:
    """Return what is said of alarms, each a title and a detail, the gravest first.

    Where not everything fits into a segment the address goes first, then the details, then what ended.
    """
    with_details, short = _said(standing, ended, True), _said(standing, ended, False)
    tries = [f"{with_details} {url}", with_details, f"{short} {url}", short]
    fitting = (tried for tried in tries if len(tried) <= GSM_SEGMENT)
    return next(fitting, short[:GSM_SEGMENT])


def _said(standing: Sequence[tuple[str, str]], ended: Sequence[tuple[str, str]], has_detail: bool) -> str:
    parts = []
    if standing:
        head = "Service alarm: " if len(standing) == 1 else f"{len(standing)} service alarms, gravest: "
        parts.append(head + _one(standing[0], has_detail))
    if len(ended) == 1:
        # Beside what stands, the detail of what is over is the first to be left out.
        parts.append("Over: " + _one(ended[0], has_detail and not standing))
    elif ended:
        parts.append(f"{len(ended)} service alarms are over.")
    return NOT_PLAIN.sub("-", "Cordon. " + " ".join(parts))


def _one(alarm: tuple[str, str], has_detail: bool) -> str:
    title, detail = alarm
    return f"{title}. {detail.rstrip('.')}." if has_detail else f"{title}."
