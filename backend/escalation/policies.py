"""The only writer of teams' escalation policies, which apply to new alerts, and of their response target."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend import audit
from backend.access import require
from backend.db import atomic
from backend.errors import DomainError, InvalidRequest, NotFound
from backend.escalation.steps import PolicyRefused, policy_of
from backend.models import AlertKind, EscalationPolicy, Person, Role, Team
from backend.people import numbers

ANSWER_TARGET_S = (30, 3_600)


class PolicyNotUsable(DomainError):
    """An escalation policy by which someone could be left unwarned."""

    code, status, title = "ladder_refused", 422, "The escalation policy cannot be used"


def standing(team_id: int, now: datetime) -> list[EscalationPolicy]:
    """Return what a team has set, newest first; for each kind of alert the first one counts."""
    query = EscalationPolicy.select().where(EscalationPolicy.team == team_id, EscalationPolicy.from_at <= now)
    return list(query.order_by(EscalationPolicy.from_at.desc(), EscalationPolicy.id.desc()))


def in_force(team_id: int, kind: AlertKind | None, now: datetime) -> EscalationPolicy | None:
    """Return what an alert of this kind that is raised now climbs: the kind's own, else that for all, else None.

    A kind's own escalation policy counts even where the one for all alerts is newer.
    """
    known = standing(team_id, now)
    for wanted in (kind, None):
        for policy in known:
            if policy.kind == wanted:
                return policy
    return None


def possible_desks(by: Person) -> list[Person]:
    """Return who can be the duty desk: colleagues with a number, and anyone who is the desk of any team now."""
    require(by, Role.SUPERVISOR)
    desks = EscalationPolicy.select(EscalationPolicy.duty_person).where(EscalationPolicy.duty_person.is_null(False))
    query = Person.select().where(
        Person.is_active,
        Person.role.in_([Role.OFFICER, Role.SUPERVISOR]),
        Person.phone.is_null(False),
        Person.phone != "",
        (Person.team == by.team_id) | Person.id.in_(desks),
    )
    return list(query.order_by(Person.name))


def put(
    by: Person, content: Mapping[str, Any], kind: AlertKind | None, duty_person_id: int | None, now: datetime
) -> EscalationPolicy:
    """Let the alerts that are raised from now on climb this escalation policy; those under way keep theirs.

    Raises: NotAllowed unless a supervisor asks; PolicyNotUsable; NotFound for a duty desk that has no account or
    no verified number.
    """
    require(by, Role.SUPERVISOR)
    try:
        checked = policy_of(content)
    except PolicyRefused as error:
        raise PolicyNotUsable(str(error)) from None
    with atomic():
        if duty_person_id is not None:
            duty = Person.get_or_none(Person.id == duty_person_id, Person.is_active)
            if duty is None or not numbers.is_proved(duty) or duty.role == Role.ADMINISTRATOR:
                raise NotFound("The duty desk has to be an active officer or supervisor with a verified phone number.")
        policy = EscalationPolicy.create(
            team=by.team_id, kind=kind, content=checked.to_json(), duty_person=duty_person_id, from_at=now, set_by=by
        )
        what = "escalation_policy_set"
        audit.record(audit.actor_of(by), what, f"team:{by.team_id}", now, policy=policy.id, kind=kind)
    return policy


def set_answer_target(by: Person, within_s: int, now: datetime) -> None:
    """Let the team's figures say how often each rise of danger was answered within so many seconds.

    Raises: NotAllowed unless a supervisor asks; InvalidRequest outside ``ANSWER_TARGET_S``.
    """
    require(by, Role.SUPERVISOR)
    least, most = ANSWER_TARGET_S
    if not least <= within_s <= most:
        raise InvalidRequest(f"Enter a target from {least} to {most} seconds.")
    with atomic():
        Team.update(answer_within_s=within_s, answer_within_set_at=now).where(Team.id == by.team_id).execute()
        audit.record(audit.actor_of(by), "answer_target_set", f"team:{by.team_id}", now, within_s=within_s)


def hand_over(leaver_id: int, heir_id: int | None, by: Person, now: datetime) -> None:
    """Make a colleague the duty desk wherever the leaver was; without one policies end with the supervisors."""
    with atomic():
        newest: dict[tuple[int, str | None], EscalationPolicy] = {}
        for policy in EscalationPolicy.select().order_by(EscalationPolicy.from_at, EscalationPolicy.id):
            newest[policy.team_id, policy.kind] = policy
        for policy in newest.values():
            if policy.duty_person_id == leaver_id:
                EscalationPolicy.create(
                    team=policy.team_id,
                    kind=policy.kind,
                    content=policy.content,
                    duty_person=heir_id,
                    from_at=now,
                    set_by=by,
                )
                audit.record(audit.actor_of(by), "duty_desk_handed_over", f"team:{policy.team_id}", now, person=heir_id)
