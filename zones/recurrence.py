"""Calendar rules as iCalendar text (RFC 5545), held to what can be reckoned in a moment.

A rule of seconds, or one that never comes, keeps busy for minutes the process that asks for its next time. So rules are
of days or more, begin some times a day, and either come again within a year or are quickly known not to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from dateutil import rrule  # type: ignore[import-untyped]

# Each step since its beginning is taken at every look.
EARLIEST_YEAR = 1990
MOST_A_DAY = 8
MOST_TEXT = 2_000
MOST_RULES = 8
MOST_INTERVAL = 366
_OF_DAYS = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYHOUR", "BYMINUTE"))
_PARTS = {
    "DAILY": _OF_DAYS,
    "WEEKLY": _OF_DAYS,
    # A whole year or month at a step is soon through with all there are.
    "MONTHLY": _OF_DAYS | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _OF_DAYS | {"BYMONTHDAY", "BYSETPOS", "BYYEARDAY", "BYWEEKNO"},
}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Rules and single dates that add local starts, and others that take some away."""

    rules: tuple[Any, ...]
    dates: tuple[datetime, ...]
    without_rules: tuple[Any, ...]
    without_dates: tuple[datetime, ...]

    def between(self, first: datetime, last: datetime) -> list[datetime]:
        """Return the local starts from `first` to `last`, both included, in order."""
        found = {start for rule in self.rules for start in rule.between(first, last, inc=True)}
        found.update(start for start in self.dates if first <= start <= last)
        found.difference_update(self.without_dates)
        # One rule at a time: of a rule whose every time another one takes away there would be no next one to stop at.
        for rule in self.without_rules:
            found.difference_update(rule.between(first, last, inc=True))
        return sorted(found)


@lru_cache(maxsize=256)
def read(text: str) -> Recurrence | None:
    """Read DTSTART with RRULE, RDATE, EXRULE and EXDATE lines of local times; None where one of the rules never comes.

    Raises: ValueError for what cannot be read or would take too long to reckon.
    """
    if len(text) > MOST_TEXT:
        raise ValueError(f"it is longer than {MOST_TEXT} characters")
    rules = [value for line in text.upper().split() if (value := _rule_of(line))]
    if len(rules) > MOST_RULES:
        raise ValueError(f"it has more than {MOST_RULES} rules")
    for value in rules:
        _check(dict(part.partition("=")[::2] for part in value.split(";")))
    try:
        found = rrule.rrulestr(text, forceset=True)
    except (TypeError, AttributeError, LookupError, OverflowError) as fault:
        raise ValueError(str(fault)) from None
    starts = [rule._dtstart for rule in (*found._rrule, *found._exrule)]
    if any(at.tzinfo is not None for at in (*starts, *found._rdate, *found._exdate)):
        raise ValueError("its times must be local and without an offset")
    if any(at.year < EARLIEST_YEAR for at in starts):
        raise ValueError(f"it begins before {EARLIEST_YEAR}")
    never = any(next(iter(rule), None) is None for rule in (*found._rrule, *found._exrule))
    if never or not (found._rrule or found._rdate):
        return None
    return Recurrence(tuple(found._rrule), tuple(found._rdate), tuple(found._exrule), tuple(found._exdate))


def _rule_of(line: str) -> str | None:
    """Return the rule that a line holds, None for a line of dates."""
    name, colon, value = line.partition(":")
    if not colon:
        return line
    return value if name.partition(";")[0] in ("RRULE", "EXRULE") else None


def _check(parts: dict[str, str]) -> None:
    """Raises: ValueError for a rule that would take long to reckon."""
    often = parts.get("FREQ", "")
    if often not in _PARTS:
        raise ValueError(f"FREQ has to be one of {', '.join(_PARTS)}")
    if odd := sorted(set(parts) - _PARTS[often]):
        raise ValueError(f"a rule that is {often} has no {odd[0]}")
    interval = parts.get("INTERVAL", "1")
    if not interval.isdigit() or len(interval) > 3 or not 1 <= int(interval) <= MOST_INTERVAL:
        raise ValueError(f"INTERVAL has to be 1 to {MOST_INTERVAL}")
    if often == "DAILY" and interval != "1" and {"BYDAY", "BYMONTH"} & set(parts):
        raise ValueError("every so many days, it may not choose days or months")
    if (_length(parts, "BYHOUR") * _length(parts, "BYMINUTE")) > MOST_A_DAY:
        raise ValueError(f"it begins more than {MOST_A_DAY} times a day")


def _length(parts: dict[str, str], name: str) -> int:
    return parts.get(name, "").count(",") + 1
