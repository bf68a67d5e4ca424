"""The record of facts answers as that of dated entries did before it, over generated histories; and better by an ADR.

A dated entry held from its instant until the next one began. The old reader is kept here, to be compared with.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, event, given
from hypothesis import settings as how
from hypothesis import strategies as st

from backend.record.facts import MonitoringStatus, Version, goes_on, midnight, true_at

# Midnights in London around both changes of the clocks: days of 23, 24 and 25 hours.
DAYS = [
    *(midnight(date(2026, 3, 27) + timedelta(days=number)) for number in range(5)),
    *(midnight(date(2026, 10, 23) + timedelta(days=number)) for number in range(5)),
]
FIRST_RECORDED = midnight(date(2026, 3, 27))

Entry = Version[str]

instants = st.tuples(st.sampled_from(DAYS), st.sampled_from([-1, 0, 1, 90, 23 * 60])).map(
    lambda drawn: drawn[0] + timedelta(minutes=drawn[1])
)
# What is entered, from when, how many days after the one before, and which of the entries that stand it corrects.
told = st.tuples(st.sampled_from(list(MonitoringStatus)), instants, st.integers(0, 90), st.none() | st.integers(0, 9))


class Histories:
    """The same told to both records."""

    def __init__(self, steps: list[tuple[MonitoringStatus, datetime, int, int | None]], *, has_ends: bool) -> None:
        self.old: list[Entry] = []
        self.new: list[Entry] = []
        # The fact by which an entry stands now.
        self._stands_as: dict[int, int] = {}
        recorded_at = FIRST_RECORDED
        for state, from_at, later, wrong in steps:
            recorded_at += timedelta(days=later, minutes=1)
            replaced = {one.corrects for one in self.old}
            standing = [one.id for one in self.old if one.id not in replaced]
            corrects = standing[wrong % len(standing)] if wrong is not None and standing else None
            self._tell(str(state), from_at, recorded_at, corrects, has_ends=has_ends)

    def _tell(
        self, state: str, from_at: datetime, recorded_at: datetime, corrects: int | None, *, has_ends: bool
    ) -> None:
        entry = Version(len(self.old), from_at, recorded_at, state, corrects)
        self.old.append(entry)
        replaced = self._stands_as[corrects] if corrects is not None else None
        fact = Version(len(self.new), from_at, recorded_at, state, replaced)
        again = goes_on(self.new, fact, lambda value: has_ends and value == MonitoringStatus.ENDED)
        self.new.append(fact)
        self._stands_as[entry.id] = fact.id
        for one in again:
            said = replace(one, id=len(self.new), recorded_at=recorded_at, corrects=one.id, is_restated=True)
            self.new.append(said)
            self._stands_as = {old: said.id if new == one.id else new for old, new in self._stands_as.items()}


def _standing(entries: list[Entry]) -> list[Entry]:
    corrected = {entry.corrects for entry in entries if entry.corrects is not None}
    return sorted((e for e in entries if e.id not in corrected), key=lambda e: (e.from_at, e.recorded_at, e.id))


def before(entries: list[Entry], at: datetime, known_at: datetime) -> Entry | None:
    """The old answer: the newest beginning."""
    held = [e for e in _standing([e for e in entries if e.recorded_at <= known_at]) if e.from_at <= at]
    return held[-1] if held else None


def decided_at(entries: list[Entry], entry: Entry) -> datetime:
    """Return when an entry was first recorded: a correction says better what was decided before."""
    by_id = {one.id: one for one in entries}
    while entry.corrects in by_id:
        entry = by_id[entry.corrects]
    return entry.recorded_at


def life_before(entries: list[Entry], at: datetime, known_at: datetime) -> Entry | None:
    """The old answer about the life of a case: an end was not undone by what was planned before it."""
    entries = [e for e in entries if e.recorded_at <= known_at]
    found: Entry | None = None
    for entry in _standing(entries):
        is_undone = (
            found is not None
            and found.value == MonitoringStatus.ENDED
            and decided_at(entries, entry) < decided_at(entries, found) < entry.from_at
        )
        if entry.from_at <= at and not is_undone:
            found = entry
    return found


def asked(histories: Histories) -> list[tuple[datetime, datetime]]:
    begins = {entry.from_at + timedelta(minutes=more) for entry in histories.old for more in (-1, 0, 1)}
    known = {entry.recorded_at for entry in histories.old}
    return [(at, known_at) for at in sorted(begins) for known_at in sorted(known)]


@given(st.lists(told, max_size=8))
@how(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_facts_answer_as_entries_did_at_every_instant_and_as_known_at_every_instant(steps: list) -> None:
    both = Histories(steps, has_ends=False)
    for at, known_at in asked(both):
        old, new = before(both.old, at, known_at), true_at(both.new, at, known_at)
        assert (old.value if old else None) == (new.value if new else None)


@given(st.lists(told, max_size=8))
@how(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_so_does_the_life_of_a_case_unless_an_end_undid_a_plan(steps: list) -> None:
    both = Histories(steps, has_ends=True)
    for at, known_at in asked(both):
        old, new = life_before(both.old, at, known_at), true_at(both.new, at, known_at)
        if (old.value if old else None) != (new.value if new else None):
            # By ADR 23: what was decided before a case ended stays undone by the end, whatever is entered since.
            event("an end undid a plan")
            assert old is not None
            ends = [one for one in both.old if one.value == MonitoringStatus.ENDED and one.from_at <= old.from_at]
            assert any(decided_at(both.old, old) < one.recorded_at <= known_at for one in ends)
