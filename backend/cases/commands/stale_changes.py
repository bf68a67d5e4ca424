"""Refuses a change of what was read, where it has been changed since: who changed it, when, why, and to what.

The version of a case is the number of the newest row of the audit trail about it: every change writes one. A command
names the rows that change what it changes, by ``@changes``; those that came after the version that was read refuse it.
What was entered for a time within what is recorded now is asked back about, whatever it is of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from backend import audit, db
from backend.cases import viewing
from backend.cases.change_warnings import day
from backend.db import atomic
from backend.errors import DomainError, NeedsConfirmation, NotAllowed, NotFound
from backend.models import Activation, Alert, AuditEntry, Fact, Person, Team, Victim, ZoneVersion
from backend.record import recording
from backend.record.facts import What

Act = TypeVar("Act", bound=Callable[..., Any])

ENDINGS = "_entered"
ELSEWHERE = "A colleague of another team"
# A change of the monitoring says itself what it does to what was entered for a time within it.
ASKED_ELSEWHERE = {What.MONITORING_STATUS}
# What the audit trail says of a change that is no fact.
WORDS = {
    "zone_entered": "another version of the zone",
    "zone_removed": "the zone was removed",
    "condition_entered": "a condition of the order",
    "tag_fitted": "a tag was fitted",
    "tag_swapped": "the tag was swapped for another",
    "tag_taken_off": "the tag was taken off",
    "consent_given": "they agreed to texts",
    "consent_withdrawn": "they withdrew their consent",
    "warnings_declined": "they want no warnings",
    "victim_number_changed": "their number and words",
    "calls_allowed": "calls to them are safe",
    "calls_ended": "calls to them are not safe",
    "person_number_changed": "another number of the colleague",
    "moved_to_team": "people or cases moved to another team",
    "team_change_called_off": "a change of teams was called off",
}


class Stale(DomainError):
    """What is changed was changed since it was read; ``changed`` has what was recorded meanwhile, oldest first."""

    code, status, title = "stale", 409, "This was changed since you read it"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a command changes: of what, by the name of the number that it is given, and which rows say so."""

    of: str
    actions: tuple[str, ...]

    def subjects(self, path: Mapping[str, Any]) -> list[str] | None:
        """Return of what the audit trail has these rows; None where it is everything."""
        if not self.of:
            return None
        number = path[f"{self.of}_id"]
        if self.of == "alert":
            number = _wearer_of(Alert, number)
        elif self.of == "activation":
            number = _wearer_of(Activation, number)
        elif self.of == "zone":
            return [f"zone:{one}" for one in _versions_of(number)]
        of = "wearer" if self.of in ("alert", "activation") else self.of
        return [f"{of}:{number}"]


def changes(of: str, *actions: str) -> Callable[[Act], Act]:
    """Mark what ``carry_out`` of a command changes, and refuse it where that was changed since it was read.

    Who may not know of it is refused by the operation itself, before anything of it is said.
    """
    watched = Changes(of, actions)

    def mark(act: Act) -> Act:
        named = signature(act)

        @wraps(act)
        def guarded(command: Any, by: Person, *path: Any, **more: Any) -> Any:
            given = named.bind(command, by, *path, **more).arguments
            with atomic():
                try:
                    made = act(command, by, *path, **more)
                    # A correction takes the place of what it corrects, and what came after that stays as it was.
                    if not command.is_confirmed and getattr(command, "corrects", None) is None:
                        _ask_back()
                except (NotFound, NotAllowed):
                    raise
                except DomainError:
                    # What a colleague changed says more than that it cannot be done any more.
                    _refuse_stale(command.version, watched, given, by)
                    raise
                _refuse_stale(command.version, watched, given, by)
                return made

        guarded.changes = watched  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def _ask_back() -> None:
    """Say what was entered for a time within what is recorded now, and stays. Raises: NeedsConfirmation."""
    stays = [fact for fact in db.carried(recording.SAID_AGAIN).values() if fact.what not in ASKED_ELSEWHERE]
    if not stays:
        return
    names = {row.id: row.name for row in Person.select(Person.id, Person.name)}
    teams = {row.id: row.name for row in Team.select(Team.id, Team.name)}
    victims = {row.id: row.name for row in Victim.select(Victim.id, Victim.name)}
    said = []
    for fact in sorted(stays, key=lambda one: one.from_at):
        what = What(fact.what)
        value = teams.get(fact.value, "?") if what is What.TEAM else viewing.in_words(what, fact.value, names, victims)
        until = f" until {day(fact.until)}" if fact.until else ""
        said.append(
            f"{viewing.ENTRY_TEXTS[what]}: {value}, from {day(fact.from_at)}{until}, was entered before. It stays."
        )
    raise NeedsConfirmation(" ".join(said), warnings=said)


def _refuse_stale(read: int, watched: Changes, path: Mapping[str, Any], by: Person) -> None:
    rows = AuditEntry.select().where(AuditEntry.id > read, AuditEntry.action.in_(watched.actions))
    since = [row for row in rows.order_by(AuditEntry.id) if row.id not in audit.of_this_unit()]
    # Mostly no one changed anything of the kind meanwhile, and then no more is asked.
    subjects = watched.subjects(path) if since else None
    since = [row for row in since if subjects is None or row.subject in subjects]
    changed = _changed(since, by, path.get("wearer_id")) if since else []
    if not changed:
        return
    said = "; ".join(
        f"{one['by']} recorded: {one['value']}" + (f" ({one['why']})" if one["why"] else "") for one in changed
    )
    raise Stale(f"This was changed since you read it. {said}. Read it again, then decide.", changed=changed)


def _changed(rows: Iterable[AuditEntry], by: Person, wearer_id: int | None) -> list[dict[str, Any]]:
    """Return what was recorded meanwhile: who, when, what and why, with the version to send next.

    What was recorded of a protected person in another case is that case's, and may be no one else's to know.
    """
    entered = [(row, (row.detail or {}).get("entry")) for row in rows]
    facts = {fact.id: fact for fact in Fact.select().where(Fact.id.in_([number for _, number in entered if number]))}
    staff = list(Person.select(Person.id, Person.name, Person.team))
    names = {row.id: row.name for row in staff}
    actors = {f"person:{row.id}": row.name if row.team_id == by.team_id else ELSEWHERE for row in staff}
    kinds = {fact.what for fact in facts.values()}
    victims = {row.id: row.name for row in Victim.select()} if kinds & {What.PROTECTED, What.REACHED} else {}
    found = []
    for row, number in entered:
        fact, detail = facts.get(number), row.detail or {}
        if fact is not None and wearer_id is not None and fact.case_id not in (None, wearer_id):
            continue
        said = viewing.in_words(What(fact.what), fact.value, names, victims) if fact else WORDS.get(row.action)
        found.append(
            {
                "value": said or row.action.removesuffix(ENDINGS).replace("_", " "),
                "from_at": fact.from_at.isoformat() if fact else detail.get("from_at"),
                "recorded_at": row.at.isoformat(),
                "by": actors.get(row.actor, "Cordon"),
                "why": fact.why if fact else detail.get("why", ""),
                "version": row.id,
            }
        )
    return found


def _wearer_of(model: Any, number: int) -> int | None:
    row = model.select(model.wearer).where(model.id == number).first()
    return row.wearer_id if row is not None else None


def _versions_of(zone_id: int) -> list[int]:
    """Return every version of the zone to whose line this one belongs."""
    made = ZoneVersion.get_or_none(ZoneVersion.zone == zone_id)
    # One that nothing is recorded of begins its line.
    versions = ZoneVersion.select(ZoneVersion.zone).where(ZoneVersion.line == (made.line if made else zone_id))
    return [zone_id, *(row.zone_id for row in versions)]
