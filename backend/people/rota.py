"""The only writer of shifts: who is on duty, and where the rota has gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend import audit
from backend.access import require
from backend.db import atomic, lock_rows
from backend.errors import DomainError, NotFound
from backend.models import Person, Role, Shift

LONDON = ZoneInfo("Europe/London")

# A team whose last shift ended longer ago than this has given up its rota: then everyone is on duty, as before it.
KEPT_FOR = timedelta(days=7)
LOOK_AHEAD = timedelta(hours=72)
LONGEST_SHIFT = timedelta(days=14)


class ShiftRefused(DomainError):
    """A shift that cannot be: it ends before it begins, or lasts for weeks."""

    code, status, title = "shift_refused", 422, "The shift cannot be"


def instant_of(day: date, at: time, *, is_end: bool = False) -> datetime:
    """Return the instant that London's clocks call ``day``, ``at``.

    In the hour that comes twice a shift begins at the first and ends at the second, so that none of it is a hole.

    Raises: ShiftRefused for a time that the clocks leap over.
    """
    local = datetime.combine(day, at, LONDON).replace(fold=int(is_end))
    if local.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ShiftRefused(f"The clocks go forward on {day:%-d %B}: {at:%H:%M} does not exist that night.")
    return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who of one team is on duty at one instant."""

    # Whether the team says which officers are on duty: its rota has begun and was not given up.
    is_kept: bool
    # Those whose shift it is, in the order in which their shifts began.
    people: tuple[Person, ...]

    def on_duty(self, role: Role) -> list[Person]:
        """Return the active people of a role whose shift it is."""
        return [person for person in self.people if person.role == role]


def rosters(team_ids: Iterable[int], at: datetime) -> dict[int, Roster]:
    """Return the roster of each of these teams at ``at``, read in one query."""
    found: dict[int, list[Shift]] = {team_id: [] for team_id in team_ids}
    query = (
        Shift.select(Shift, Person)
        .join(Person, on=(Shift.person == Person.id))
        .where(Shift.team.in_(list(found)), Shift.from_at <= at, Shift.to_at > at - KEPT_FOR)
        .order_by(Shift.from_at, Shift.id)
    )
    for shift in query:
        found[shift.team_id].append(shift)
    return {team_id: _roster(team_id, shifts, at) for team_id, shifts in found.items()}


def _roster(team_id: int, shifts: Sequence[Shift], at: datetime) -> Roster:
    is_kept = any(shift.person.role == Role.OFFICER for shift in shifts)
    duty = [shift.person for shift in shifts if shift.to_at > at]
    present = {person.id: person for person in duty if person.is_active and person.team_id == team_id}
    return Roster(is_kept, tuple(present.values()))


def keeps_rota(team_id: int, now: datetime) -> bool:
    """Tell whether the team says which officers are on duty."""
    return rosters([team_id], now)[team_id].is_kept


def teams_with_rota(now: datetime) -> list[int]:
    """Return the teams that say who is on duty."""
    query = Shift.select(Shift.team).where(Shift.to_at > now - KEPT_FOR).distinct()
    return sorted(row.team_id for row in query)


def on_duty(team_id: int, role: Role, at: datetime) -> list[Person]:
    """Return the active people of a role whose shift it is, in the order in which their shifts began."""
    return rosters([team_id], at)[team_id].on_duty(role)


def is_on_duty(person_id: int, from_at: datetime, to_at: datetime) -> bool:
    """Tell whether a shift of this person, who has to be of the staff yet, touches that time."""
    query = Shift.select().join(Person, on=(Shift.person == Person.id))
    is_touching = (Shift.from_at <= to_at) & (Shift.to_at > from_at)
    return bool(query.where(Shift.person == person_id, is_touching, Person.is_active).exists())


def gaps(team_id: int, now: datetime, until: datetime | None = None) -> list[tuple[datetime, datetime]]:
    """Return when no officer will be on duty between ``now`` and ``until`` (72 h ahead unless told).

    Empty for a team that keeps no rota.
    """
    until = until or now + LOOK_AHEAD
    if not keeps_rota(team_id, now):
        return []
    shifts = (
        Shift.select(Shift.from_at, Shift.to_at)
        .join(Person)
        .where(
            Shift.team == team_id,
            Shift.to_at > now,
            Shift.from_at < until,
            Person.is_active,
            Person.team == team_id,
            Person.role == Role.OFFICER,
        )
        .order_by(Shift.from_at)
    )
    found: list[tuple[datetime, datetime]] = []
    covered_to = now
    for shift in shifts:
        if shift.from_at > covered_to:
            found.append((covered_to, shift.from_at))
        covered_to = max(covered_to, shift.to_at)
    if covered_to < until:
        found.append((covered_to, until))
    return found


def shifts_of(person: Person, from_at: datetime, to_at: datetime) -> list[Shift]:
    """Return the shifts of the person's own team that touch this time, earliest first."""
    require(person, Role.OFFICER, Role.SUPERVISOR)
    query = (
        Shift.select(Shift, Person)
        .join(Person, on=(Shift.person == Person.id))
        .where(Shift.team == person.team_id, Shift.from_at < to_at, Shift.to_at > from_at)
        .order_by(Shift.from_at, Shift.id)
    )
    return list(query)


def add(by: Person, person_id: int, from_at: datetime, to_at: datetime, now: datetime) -> Shift:
    """Put a colleague on duty. Raises: NotAllowed; NotFound for someone of another team; ShiftRefused."""
    require(by, Role.SUPERVISOR)
    if to_at <= from_at:
        raise ShiftRefused("A shift has to end after it begins.")
    if to_at - from_at > LONGEST_SHIFT:
        raise ShiftRefused(f"A shift lasts {LONGEST_SHIFT.days} days at most.")
    with atomic():
        person = Person.get_or_none(Person.id == person_id, Person.team == by.team_id, Person.is_active)
        if person is None or person.role == Role.ADMINISTRATOR:
            raise NotFound("The officer or supervisor in your team was not found.")
        taken = _taken(by.team_id, person.id, from_at, to_at)
        if taken:
            begins, ends = (at.astimezone(LONDON) for at in (taken[0].from_at, taken[0].to_at))
            raise ShiftRefused(
                f"{person.name} is on duty from {begins:%-d %B, %H:%M} until {ends:%-d %B, %H:%M} already: take that "
                "shift off the rota first, or choose another time."
            )
        return _put(by.team_id, person.id, from_at, to_at, by, now)


def _taken(team_id: int, person_id: int, from_at: datetime, to_at: datetime) -> list[Shift]:
    """Return the shifts that a person, who is held from now on, has in that time already, earliest first."""
    lock_rows(Person, [person_id])
    mine = Shift.select().where(Shift.team == team_id, Shift.person == person_id)
    return list(mine.where(Shift.from_at < to_at, Shift.to_at > from_at).order_by(Shift.from_at))


def _put(team_id: int, person_id: int, from_at: datetime, to_at: datetime, by: Person, now: datetime) -> Shift:
    shift = Shift.create(team=team_id, person=person_id, from_at=from_at, to_at=to_at, entered_by=by, created_at=now)
    audit.record(audit.actor_of(by), "shift_added", f"shift:{shift.id}", now, person=person_id)
    return shift


def _fill(team_id: int, person_id: int, from_at: datetime, to_at: datetime, by: Person, now: datetime) -> int:
    """Put a person on duty where they are not in that time; return how many shifts that took."""
    added, begins = 0, from_at
    for shift in [*_taken(team_id, person_id, from_at, to_at), None]:
        ends = to_at if shift is None else min(shift.from_at, to_at)
        if ends > begins:
            _put(team_id, person_id, begins, ends, by, now)
            added += 1
        begins = begins if shift is None else max(begins, shift.to_at)
    return added


def claim_to_check(now: datetime, ahead: timedelta) -> list[Shift]:
    """Take the shifts that begin within ``ahead`` and whose phones no one has checked: each is taken by one caller."""
    where = (Shift.from_at > now) & (Shift.from_at <= now + ahead) & Shift.phones_checked_at.is_null()
    found = list(
        Shift.select(Shift, Person).join(Person, on=(Shift.person == Person.id)).where(where, Person.is_active)
    )
    return [
        shift
        for shift in found
        if Shift.update(phones_checked_at=now).where(Shift.id == shift.id, Shift.phones_checked_at.is_null()).execute()
    ]


def check_again(shift: Shift) -> None:
    """Give a shift back whose phones could not be asked about."""
    Shift.update(phones_checked_at=None).where(Shift.id == shift.id).execute()


def copy_week(by: Person, monday: date, now: datetime) -> int:
    """Copy the shifts of the week from ``monday`` to the next week, at the same times of London's clocks.

    What is there already is not put twice; returns how many shifts were added. Raises: NotAllowed; ShiftRefused for a
    week without a shift.
    """
    require(by, Role.SUPERVISOR)
    first, last = (datetime.combine(monday + timedelta(days=days), time(), LONDON) for days in (0, 7))
    with atomic():
        known = [shift for shift in shifts_of(by, first, last + timedelta(days=14)) if shift.person.is_active]
        week = [shift for shift in known if first <= shift.from_at < last and shift.person.team_id == by.team_id]
        if not week:
            raise ShiftRefused(f"No shift begins in the week from {monday:%-d %B}.")
        added = 0
        # In one order for all who copy at once.
        lock_rows(Person, [shift.person_id for shift in week])
        for shift in week:
            from_at, to_at = (_a_week_later(at) for at in (shift.from_at, shift.to_at))
            if to_at > now:
                added += _fill(by.team_id, shift.person_id, from_at, to_at, by, now)
    return added


def _a_week_later(at: datetime) -> datetime:
    # The clock on the wall counts: adding days to a local time leaves its hour as it is.
    return (at.astimezone(LONDON) + timedelta(days=7)).astimezone(UTC)


def remove(by: Person, shift_id: int, now: datetime) -> None:
    """Take a shift off the rota; one that has begun ends now, since it was true until then. Raises: NotFound."""
    require(by, Role.SUPERVISOR)
    with atomic():
        shift = Shift.get_or_none(Shift.id == shift_id, Shift.team == by.team_id)
        if shift is None or shift.to_at <= now:
            raise NotFound("The shift ahead was not found.")
        if shift.from_at >= now:
            shift.delete_instance()
        else:
            Shift.update(to_at=now).where(Shift.id == shift_id).execute()
        audit.record(audit.actor_of(by), "shift_removed", f"shift:{shift_id}", now, person=shift.person_id)


def hand_over(leaver_id: int, heir_id: int | None, by: Person, now: datetime) -> int:
    """Give the shifts that someone still has to a colleague, and return how many; without one they are holes."""
    with atomic():
        ahead = list(Shift.select().where(Shift.person == leaver_id, Shift.to_at > now))
        for shift in ahead:
            if heir_id is not None:
                _fill(shift.team_id, heir_id, max(shift.from_at, now), shift.to_at, by, now)
            if shift.from_at < now:
                Shift.update(to_at=now).where(Shift.id == shift.id).execute()
            else:
                shift.delete_instance()
            audit.record(audit.actor_of(by), "shift_handed_over", f"shift:{shift.id}", now, person=heir_id)
        return len(ahead)
