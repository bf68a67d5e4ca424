"""The judge that reads a whole history at once: the record, all the evidence, in the order in which things happened.

It knows where each fix really was and works on plain intervals: none of the product's rules or mathematics is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.histories.history import Place, Sent

LONDON = ZoneInfo("Europe/London")
# A wearer who comes back within this time has not left.
RETURN = timedelta(minutes=10)
NEVER = datetime.max.replace(tzinfo=ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the record as it was taken: from when, until when, and what. A later number was entered later."""

    number: int
    from_at: datetime
    value: object
    until: datetime | None = None
    corrects: int | None = None


def held_at(entries: Sequence[Said], at: datetime) -> object:
    """Return what the record says of an instant: of what covers it, what begins last; None before the first."""
    wrong = {one.corrects for one in entries if one.corrects is not None}
    covering = [
        one
        for one in entries
        if one.number not in wrong and one.from_at <= at and (one.until is None or at < one.until)
    ]
    return max(covering, key=lambda one: (one.from_at, one.number)).value if covering else None


@dataclass
class Record:
    """All that was entered so far."""

    hours: dict[Place, tuple[str, str] | None]
    # Of an order: whether it is suspended, and when it ends.
    terms: dict[Place, list[Said]] = field(default_factory=dict)
    # Of a zone: around which spot it lies, None where it was removed.
    zones: dict[Place, list[Said]] = field(default_factory=dict)
    # Of the case: whether it is suspended.
    life: list[Said] = field(default_factory=list)
    # Which tag is worn.
    worn: list[Said] = field(default_factory=list)

    def spot(self, place: Place, at: datetime) -> str | None:
        """Return around which spot the place's zone is in force at an instant, None where none is."""
        terms = held_at(self.terms[place], at)
        assert isinstance(terms, tuple)
        is_suspended, ends_at = terms
        if is_suspended or (ends_at is not None and ends_at <= at) or held_at(self.life, at):
            return None
        if not _is_in_hours(self.hours[place], at):
            return None
        spot = held_at(self.zones[place], at)
        assert spot is None or isinstance(spot, str)
        return spot

    def changes(self, place: Place, begin: datetime, end: datetime) -> list[datetime]:
        """Return the instants between two at which the zone in force is another than just before."""
        found = set()
        for said in (*self.terms[place], *self.zones[place], *self.life):
            found |= {said.from_at, *([said.until] if said.until else [])}
            if isinstance(said.value, tuple) and said.value[1] is not None:
                found.add(said.value[1])
        hours = self.hours[place]
        if hours is not None:
            day = begin.astimezone(LONDON).date() - timedelta(days=1)
            while day <= end.astimezone(LONDON).date():
                found |= {datetime.combine(day, time.fromisoformat(one), LONDON) for one in hours}
                day += timedelta(days=1)
        just_before = timedelta(microseconds=1)
        # What was entered and changes nothing shows no one anywhere.
        return sorted(
            at for at in found if begin < at < end and self.spot(place, at) != self.spot(place, at - just_before)
        )

    def is_worn(self, tag: int, at: datetime) -> bool:
        """Tell whether the wearer had this tag on at an instant."""
        return held_at(self.worn, at) == tag


def _is_in_hours(hours: tuple[str, str] | None, at: datetime) -> bool:
    if hours is None:
        return True
    wall = at.astimezone(LONDON).time()
    begin, end = (time.fromisoformat(one) for one in hours)
    return begin <= wall < end if begin < end else wall >= begin or wall < end


@dataclass
class Visit:
    """A stay on the forbidden side: between which instants it began and ended, and the fixes that show it.

    Without a fix a zone was in force around a wearer who may have gone by then, or not have come yet.
    """

    # It began after the first of these, and no later than the second.
    began_after: datetime
    began_by: datetime
    # It ended no earlier than the first of these, and before the second; NEVER where nothing says that it has.
    ended_from: datetime
    ended_by: datetime
    # One fix off a place of rest may be an error: only a second one is sure to end what stands. NEVER before that one.
    seen_off_by: datetime = NEVER
    fixes: list[datetime] = field(default_factory=list)


def visits(
    record: Record, place: Place, fixes: Sequence[Sent], now: datetime, *, is_loose: bool = False
) -> list[Visit]:
    """Return the visits at a place that the fixes show, by the record as it is, in the order of their time.

    With ``is_loose`` reports that are no sure evidence, and yet of where the wearer was, count as well: they may raise,
    and coarse ones that lie further off than they can be wrong may end.
    """

    def is_forbidden(fix: Sent | None, at: datetime) -> bool:
        zone = record.spot(place, at)
        return fix is not None and zone is not None and (fix.spot == zone) is not (place == "hostel")

    worn = sorted(
        (f for f in fixes if record.is_worn(f.tag, f.at) and (f.is_evidence or (is_loose and f.may_raise))),
        key=lambda f: f.at,
    )
    found: list[Visit] = []
    present: Visit | None = None
    is_leaving = False
    for fix, following in zip(worn, [*worn[1:], None], strict=True):
        until = following.at if following else now
        moments = [fix.at, *record.changes(place, fix.at, until), until]
        for begin, end in pairwise(moments):
            is_here, is_there = is_forbidden(fix, begin), is_forbidden(following, begin)
            if not is_here and not is_there:
                present = None
                continue
            if present is None or (is_leaving and is_there):
                present = Visit(begin, begin, begin, end)
                found.append(present)
            is_leaving = is_here and not is_there and following is not None
            if is_here:
                if not present.fixes and present.began_by < begin:
                    # Until here they were on their way.
                    present.began_by = begin
                if begin == fix.at:
                    present.fixes.append(begin)
                present.ended_from = end if is_there else begin
            present.ended_by = end if following is not None or end != until else NEVER
    for visit in found:
        off = [fix.at for fix in worn if fix.at >= visit.ended_by]
        # A zone that is in force no more ends it at once.
        is_by_record = visit.ended_by not in off[:1]
        visit.seen_off_by = visit.ended_by if is_by_record else (off[1] if len(off) > 1 else NEVER)
    return found


def may_be_one(before: Visit, after: Visit) -> bool:
    """Tell whether the time between two visits may be no more than ten minutes."""
    return after.began_after - min(before.ended_by, after.began_after) <= RETURN


def must_be_one(before: Visit, after: Visit) -> bool:
    """Tell whether the time between two visits is no more than ten minutes, whenever they left and came."""
    return after.began_by - before.ended_from <= RETURN
