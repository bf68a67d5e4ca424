"""When a zone is in force: validity dates, a weekly or iCalendar schedule in local time, and permissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from zones import recurrence
from zones.refusal import ZoneRefused, number

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_WEEK = timedelta(days=7)
# How far ahead `next_change` looks: a rule that comes once a year is found, with two months to spare.
_HORIZON_WEEKS = 60
# A stretch of a calendar rule lasts a week at most: a longer one is an order with a beginning and an end.
_LONGEST_S = 7 * 86400.0
# Every instant at which one begins or ends is asked of each of them.
_MOST_PERMISSIONS = 500
_MOST_WEEKLY = 100


class Reason(StrEnum):
    """Why a wearer may be where they must not be, as courts write it."""

    COURT = "court"
    SOLICITOR = "solicitor"
    POLICE = "police"
    PASSAGE = "passage"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Permission:
    """A permitted exception from `starts_at` until before `ends_at`; a passage permits passing through, not staying."""

    reason: Reason
    starts_at: float
    ends_at: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Recurring periods in one time zone, as naive local starts with a wall-clock length.

    A period keeps its wall-clock times through both clock changes: a curfew from 19:00 to 07:00 is an hour shorter or
    longer that night. A time in the hour that is skipped is read with the offset before the change; in the repeated
    hour a start is the first and an end the second of the two, so that protection is never the shorter reading.
    Source: RFC 5545, section 3.3.5, but for the end.
    """

    zone_name: str
    weekly: tuple[tuple[int, time, timedelta], ...] = ()
    rule: str | None = None
    length: timedelta = timedelta(0)

    def _starts(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, timedelta]]:
        """Yield local starts in a window of naive local time, with the length of each."""
        if self.rule is not None:
            rules = recurrence.read(self.rule)
            for found in rules.between(first, last) if rules is not None else ():
                yield found, self.length
        day = first.date()
        while day <= last.date():
            for weekday, start, length in self.weekly:
                if weekday == day.weekday():
                    yield datetime.combine(day, start), length
            day += timedelta(days=1)

    def periods(self, week: int) -> tuple[tuple[float, float], ...]:
        """Return the periods, as (start, end) in epoch seconds, that touch the given week since 1970, in order."""
        return _periods(self, week)


def _instant(wall: datetime, zone: ZoneInfo, *, is_end: bool) -> float:
    """Return the epoch seconds of a wall-clock time; see `Schedule` for the two doubtful hours of the year."""
    first = wall.replace(tzinfo=zone, fold=0).timestamp()
    second = wall.replace(tzinfo=zone, fold=1).timestamp()
    # In the skipped hour the second reading lies before the first.
    return second if is_end and second > first else first


@lru_cache(maxsize=4096)
def _periods(schedule: Schedule, week: int) -> tuple[tuple[float, float], ...]:
    zone = ZoneInfo(schedule.zone_name)
    begins = datetime.fromtimestamp(0, UTC) + week * _WEEK
    # A day more on each side covers every offset from UTC; a period that began up to a week before still runs.
    first = begins.replace(tzinfo=None) - _WEEK - timedelta(days=1)
    last = begins.replace(tzinfo=None) + _WEEK + timedelta(days=1)
    found = sorted(
        (_instant(start, zone, is_end=False), _instant(start + length, zone, is_end=True))
        for start, length in schedule._starts(first, last)
    )
    merged: list[tuple[float, float]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    opens, closes = begins.timestamp(), (begins + _WEEK).timestamp()
    return tuple((start, end) for start, end in merged if end > opens and start < closes)


@dataclass(frozen=True, slots=True)
class Timing:
    """All that decides whether a zone is in force at an instant (epoch seconds)."""

    valid_from: float | None = None
    valid_until: float | None = None
    schedule: Schedule | None = None
    permissions: tuple[Permission, ...] = ()

    @property
    def is_always(self) -> bool:
        """Whether the zone is in force at every instant."""
        return self.valid_from is None and self.valid_until is None and self.schedule is None and not self.permissions

    def is_in_force(self, at: float) -> bool:
        """Return whether the zone is in force at an instant: a period holds its start and not its end."""
        if self.valid_from is not None and at < self.valid_from:
            return False
        if self.valid_until is not None and at >= self.valid_until:
            return False
        permitted = self.permission(at)
        if permitted is not None and permitted.reason is not Reason.PASSAGE:
            return False
        if self.schedule is None:
            return True
        return any(start <= at < end for start, end in self.schedule.periods(int(at // _WEEK.total_seconds())))

    def permission(self, at: float) -> Permission | None:
        """Return the permission that holds at an instant; one to be there goes before one to pass."""
        held = [found for found in self.permissions if found.starts_at <= at < found.ends_at]
        return min(held, key=lambda found: found.reason is Reason.PASSAGE, default=None)

    def next_change(self, after: float) -> float | None:
        """Return the next instant at which the zone comes into force or out of it; None within the next 60 weeks.

        A caller judges a wearer who is already inside at that instant, with `judge_instant`.
        """
        edges = {at for at in (self.valid_from, self.valid_until) if at is not None and at > after}
        for permission in self.permissions:
            edges.update(at for at in (permission.starts_at, permission.ends_at) if at > after)
        week = int(after // _WEEK.total_seconds())
        was = self.is_in_force(after)
        for ahead in range(_HORIZON_WEEKS + 1):
            opens = (week + ahead) * _WEEK.total_seconds()
            closes = opens + _WEEK.total_seconds()
            here = {at for at in edges if opens <= at < closes}
            if self.schedule is not None:
                for period in self.schedule.periods(week + ahead):
                    here.update(at for at in period if after < at and opens <= at < closes)
            changed = (at for at in sorted(here) if self.is_in_force(at) != was)
            found = next(changed, None)
            if found is not None:
                return found
        return None


def _read_instant(name: str, value: object) -> float:
    """Read an instant as ISO 8601 with an offset, or as epoch seconds."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ZoneRefused("instant", f"{name} is {value!r}, which is not a date and time.") from None
        if found.tzinfo is None:
            raise ZoneRefused("instant", f"{name} is {value!r}; it must say its offset from UTC, as in +00:00.")
        return found.timestamp()
    return number(name, value, -1e11, 1e11, "s")


def _read_time(name: str, value: object) -> time:
    try:
        found = time.fromisoformat(value if isinstance(value, str) else "?")
    except ValueError:
        raise ZoneRefused("time", f"{name} is {value!r}, which is not a time of day such as 19:00.") from None
    if found.tzinfo is not None:
        raise ZoneRefused("time", f"{name} is {value!r}; a schedule's times are local, without an offset.")
    return found


def _read_weekly(value: object) -> tuple[tuple[int, time, timedelta], ...]:
    if not isinstance(value, list) or not value:
        raise ZoneRefused("schedule", "The schedule's weekly list is empty.")
    if len(value) > _MOST_WEEKLY:
        raise ZoneRefused("schedule", f"The schedule's weekly list has more than {_MOST_WEEKLY} entries.")
    found = []
    for n, entry in enumerate(value, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("days"), list):
            raise ZoneRefused("schedule", f"Entry {n} of the schedule has no list of days.")
        start = _read_time(f"from in entry {n} of the schedule", entry.get("from"))
        end = _read_time(f"to in entry {n} of the schedule", entry.get("to"))
        any_day = date(2000, 1, 1)
        length = datetime.combine(any_day, end) - datetime.combine(any_day, start)
        # To the same time or an earlier one is over midnight.
        length = length if length > timedelta(0) else length + timedelta(days=1)
        for day in entry["days"][:_MOST_WEEKLY]:
            if str(day).lower() not in _DAYS:
                raise ZoneRefused("schedule", f"{day!r} in entry {n} of the schedule is not one of {', '.join(_DAYS)}.")
            found.append((_DAYS.index(str(day).lower()), start, length))
    return tuple(found)


def read_schedule(value: object) -> Schedule | None:
    """Read a schedule: {"timezone", "weekly": [{"days", "from", "to"}]} or {"timezone", "rrule", "minutes"}.

    `rrule` is iCalendar text (RFC 5545) of local, offset-free times: DTSTART with RRULE, RDATE, EXRULE or EXDATE lines.
    Raises: ZoneRefused with a sentence.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ZoneRefused("schedule", f"The schedule is {value!r}, which is not an object.")
    name = value.get("timezone")
    try:
        ZoneInfo(name if isinstance(name, str) else "")
    except (KeyError, ValueError, OSError):
        raise ZoneRefused("timezone", f"The schedule's timezone is {name!r}, which is not known.") from None
    assert isinstance(name, str)
    if value.get("rrule") is None:
        return Schedule(name, _read_weekly(value.get("weekly")))
    length_s = 60 * number("minutes of the schedule", value.get("minutes"), 1, _LONGEST_S / 60, "minutes")
    text = value["rrule"]
    if not isinstance(text, str) or "DTSTART" not in text.upper():
        raise ZoneRefused("rrule", "The schedule's rrule has no DTSTART line.")
    try:
        rules = recurrence.read(text)
    except ValueError as fault:
        raise ZoneRefused("rrule", f"The schedule's rrule cannot be used: {fault}.") from None
    if rules is None:
        raise ZoneRefused("rrule", "The schedule's rrule, or one of its rules, gives no time at all.")
    return Schedule(name, rule=text, length=timedelta(seconds=length_s))


def read_timing(properties: dict[str, Any]) -> Timing:
    """Read valid_from, valid_until, schedule and permissions. Raises: ZoneRefused with a sentence."""
    dates = [
        None if properties.get(name) is None else _read_instant(name, properties[name])
        for name in ("valid_from", "valid_until")
    ]
    if dates[0] is not None and dates[1] is not None and dates[1] <= dates[0]:
        raise ZoneRefused("validity", "valid_until is not after valid_from, so the zone would never be in force.")
    permissions = []
    listed = properties.get("permissions") or []
    if not isinstance(listed, list):
        raise ZoneRefused("permission", "permissions is not a list.")
    if len(listed) > _MOST_PERMISSIONS:
        raise ZoneRefused("permission", f"There are more than {_MOST_PERMISSIONS} permissions.")
    for n, entry in enumerate(listed, 1):
        if not isinstance(entry, dict) or entry.get("reason") not in list(Reason):
            raise ZoneRefused("permission", f"Permission {n} has no reason among {', '.join(Reason)}.")
        start = _read_instant(f"from in permission {n}", entry.get("from"))
        end = _read_instant(f"to in permission {n}", entry.get("to"))
        if end <= start:
            raise ZoneRefused("permission", f"Permission {n} ends before it begins.")
        permissions.append(Permission(Reason(entry["reason"]), start, end, str(entry.get("note", ""))))
    return Timing(dates[0], dates[1], read_schedule(properties.get("schedule")), tuple(permissions))
