"""Matches rows of a caseload import: which belong to one case, and which name a person already recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from backend.case_folding import folded
from backend.cases import protected_people
from backend.cases.commands.opening import OpenCase
from backend.models import Order
from backend.record import reading

# Columns that may be left out; both hold the reference of an order.
CASE_AS_IN = "case_as_in"
VICTIM_AS_IN = "victim_as_in"
# In the second of them: that someone of this name is known of, and this is another person.
ANOTHER_PERSON = "new"
# What a row of the same case need not repeat, and may not contradict.
OF_THE_CASE = (
    "wearer",
    "order_kind",
    "order_reference",
    "order_starts_on",
    "order_ends_on",
    "tag_serial",
    "officer_email",
)

# Case says nothing in these.
SPELLED_FREELY = ("tag_serial", "officer_email")

Wrong = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Tie:
    """The earlier rows, by their place in the order of loading, whose case or protected person a row has."""

    case_of: int | None = None
    victim_of: int | None = None


class Done(NamedTuple):
    """A row that is loaded already, as the rows after it may name it: what of it counts, and what it has become."""

    reference: str
    line: int
    victim: str
    case_of: int | None
    victim_of: int | None
    wearer_id: int
    victim_id: int


@dataclass(slots=True)
class Ties:
    """What the rows read so far are tied to by, and who is recorded already of whom the reader may know."""

    seen: list[protected_people.Known]
    # Every row with a reference of its own, by that reference: its line and its cells.
    _given: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    # The rows that can be loaded, in their order: reference, line, name of the protected person, tie.
    _sound: list[tuple[str, int, str, Tie]] = field(default_factory=list)

    def resume(self, done: Sequence[Done]) -> None:
        """Take up after the rows that are loaded already; their cells are still to be shown by ``filled``."""
        self._sound += [(one.reference, one.line, one.victim, Tie(one.case_of, one.victim_of)) for one in done]

    def loaded(self, number: int, wearer_id: int, victim_id: int) -> Done:
        """Return what a row that was read by these ties has become."""
        reference, line, victim, tie = self._sound[number]
        return Done(reference, line, victim, tie.case_of, tie.victim_of, wearer_id, victim_id)

    def filled(self, line: int, row: dict[str, Any], wrong: Wrong) -> dict[str, Any]:
        """Return the row with what it has of the case that it names; say where it contradicts it."""
        reference = _cell(row, CASE_AS_IN)
        if not reference:
            given = _cell(row, "order_reference")
            if given:
                self._given.setdefault(given, (line, {name: _cell(row, name) for name in OF_THE_CASE}))
            return row
        if reference not in self._given:
            wrong(CASE_AS_IN, f"No row above has the order {reference}.")
            return row
        first, held = self._given[reference]
        for name in OF_THE_CASE:
            said = _cell(row, name)
            is_same = folded(said) == folded(held[name]) if name in SPELLED_FREELY else said == held[name]
            if said and not is_same:
                wrong(name, f"Line {first}, which is of the same case, says “{held[name]}”: leave this empty.")
        return {**row, **held}

    def is_further(self, row: dict[str, Any]) -> bool:
        """Tell whether a row is of a case that another row opens, so that its tag is not free, and rightly so."""
        return _cell(row, CASE_AS_IN) in self._given

    def tie(self, line: int, row: dict[str, Any], new: OpenCase, wrong: Wrong) -> tuple[OpenCase, Tie] | None:
        """Return a sound row with what it is tied to, or None with what is wrong with that said."""
        case_of = None
        if _cell(row, CASE_AS_IN):
            case_of = next((n for n, (_, _, _, tie) in enumerate(self._sound) if self._opens(n, row, tie)), None)
        found = self._victim(row, new, case_of, wrong)
        if found is None:
            return None
        self._sound.append((new.reference, line, _plain(new.victim_name), Tie(case_of, found[1].victim_of)))
        return found[0], self._sound[-1][3]

    def _opens(self, number: int, row: dict[str, Any], tie: Tie) -> bool:
        return tie.case_of is None and self._sound[number][0] == _cell(row, CASE_AS_IN)

    def _victim(
        self, row: dict[str, Any], new: OpenCase, case_of: int | None, wrong: Wrong
    ) -> tuple[OpenCase, Tie] | None:
        name, reference = _plain(new.victim_name), _cell(row, VICTIM_AS_IN)
        same = [n for n, (_, _, theirs, _) in enumerate(self._sound) if theirs == name]
        if case_of is not None and not reference:
            # Of one name in one case is one person.
            mine = [n for n in same if n == case_of or self._sound[n][3].case_of == case_of]
            if mine:
                return self._as_in(mine[0], new, wrong)
        if reference == ANOTHER_PERSON:
            return new.model_copy(update={"is_another": True}), Tie()
        recorded = [one for one in self.seen if _plain(one.victim.name) == name]
        if reference:
            above = [n for n in same if self._sound[n][0] == reference]
            if above:
                return self._as_in(above[0], new, wrong)
            ids = self._recorded_in(reference, recorded)
            if len(ids) == 1:
                return (new.model_copy(update={"victim_id": ids[0]}), Tie()) if self._keeps_number(new, wrong) else None
            many = "More than one" if ids else "No row above and no case that you may see"
            wrong(VICTIM_AS_IN, f"{many} has the order {reference} with a protected person called {new.victim}.")
            return None
        if same or recorded:
            where = f"in line {self._sound[same[0]][1]}" if same else "already"
            wrong(
                "victim",
                f"{new.victim} is recorded {where}: give the order of that case in {VICTIM_AS_IN}, or write "
                f"“{ANOTHER_PERSON}” there if this is another person with the same name.",
            )
            return None
        return new, Tie()

    def _as_in(self, number: int, new: OpenCase, wrong: Wrong) -> tuple[OpenCase, Tie] | None:
        first = self._sound[number][3].victim_of
        return (new, Tie(victim_of=number if first is None else first)) if self._keeps_number(new, wrong) else None

    def _keeps_number(self, new: OpenCase, wrong: Wrong) -> bool:
        if new.victim_phone:
            wrong("victim_phone", "This person has a number on record: leave this empty.")
        return not new.victim_phone

    def _recorded_in(self, reference: str, recorded: list[protected_people.Known]) -> list[int]:
        """Return who of these is in a case with this order that is open to the person who reads the table."""
        with_it = {order.wearer_id for order in Order.select().where(Order.reference == reference)}
        return [
            one.victim.id
            for one in recorded
            if any(
                wearer.id in with_it and one.victim.id in {known.id for known in reading.victims_of(wearer.id)}
                for wearer in one.cases
            )
        ]


def _cell(row: dict[str, Any], name: str) -> str:
    return (row.get(name) or "").strip()


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
