"""Pages about duty: the rota of a team, and its escalation policies. They work without JavaScript."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from backend import alert_kinds, channels, clock, typed_text
from backend.bounds import is_number, read_day
from backend.cases.commands.base import FieldProblem, InvalidFields
from backend.errors import DomainError, NotFound
from backend.escalation import policies
from backend.escalation.default_policy import DEFAULT
from backend.escalation.steps import Policy, Who, policy_of
from backend.models import AlertKind, EscalationPolicy, Person, Role, Shift
from backend.people import police_rooms, rota
from backend.people.rota import LONDON, ShiftRefused
from backend.web.case_pages.layout import SUCCESS
from backend.web.forms import text_of
from backend.web.signed_in import page_for, page_visitor

bp = Blueprint("duty_pages", __name__)

SHOWN_DAYS = 14
ROLE_TEXTS = {Role.OFFICER: "Officers", Role.SUPERVISOR: "Supervisors"}
# So many empty steps are offered below those of an escalation policy.
SPARE_STEPS = 2


def _person() -> Person:
    visitor = page_visitor()
    assert visitor is not None
    return visitor.person


@bp.get("/rota")
@page_for(Role.OFFICER, Role.SUPERVISOR)
def rota_page() -> str:
    return _rota()


def _rota(error: DomainError | None = None) -> str:
    person, now = _person(), clock.now()
    shifts = [
        shift
        for shift in rota.shifts_of(person, now, now + timedelta(days=SHOWN_DAYS))
        if shift.person.is_active and shift.person.team_id == person.team_id
    ]
    mine = [shift for shift in shifts if shift.person_id == person.id]
    today = now.astimezone(LONDON).date()
    return render_template(
        "duty/rota.html",
        person=person,
        error=error,
        values=request.form,
        now=now,
        keeps_rota=rota.keeps_rota(person.team_id, now),
        gaps=rota.gaps(person.team_id, now),
        now_on_duty={
            text: [shift for shift in shifts if shift.from_at <= now and shift.person.role == role]
            for role, text in ROLE_TEXTS.items()
        },
        days=_by_day(shifts, today),
        mine_now=max((shift for shift in mine if shift.from_at <= now), key=lambda shift: shift.to_at, default=None),
        mine_next=next((shift for shift in mine if shift.from_at > now), None),
        when=_when,
    )


def _by_day(shifts: list[Shift], today: date) -> list[dict[str, Any]]:
    """Return each day with the shifts that begin on it; those that began before stand under today."""
    days = []
    for ahead in range(SHOWN_DAYS + 1):
        day = today + timedelta(days=ahead)
        begun = [shift for shift in shifts if max(shift.from_at.astimezone(LONDON).date(), today) == day]
        roles = {text: [one for one in begun if one.person.role == role] for role, text in ROLE_TEXTS.items()}
        days.append({"day": day, "roles": roles})
    return days


def _when(at: datetime, beside: datetime | None = None) -> str:
    """Return an instant by London's clocks, without its day where that is the day of ``beside``."""
    local = at.astimezone(LONDON)
    if beside is not None and beside.astimezone(LONDON).date() == local.date():
        return f"{local:%H:%M}"
    return f"{local:%a %-d %b, %H:%M}"


def _colleagues(person: Person) -> list[Person]:
    staff = Person.role.in_([Role.OFFICER, Role.SUPERVISOR])
    return list(Person.select().where(Person.team == person.team_id, Person.is_active, staff).order_by(Person.name))


def _shift_form(error: DomainError | None = None) -> str:
    today = clock.now().astimezone(LONDON).date()
    return render_template(
        "duty/shift.html",
        person=_person(),
        error=error,
        values=request.form,
        today=today,
        colleagues=_colleagues(_person()),
    )


@bp.route("/rota/shifts", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
def add_shift() -> Any:
    """Put a person of the team on duty."""
    if request.method == "GET":
        return _shift_form()
    try:
        who, from_at, to_at = _shift_entered()
        try:
            shift = rota.add(_person(), who, from_at, to_at, clock.now())
        except ShiftRefused as refused:
            raise InvalidFields([FieldProblem("to_time", refused.code, refused.detail)]) from None
    except DomainError as error:
        return _shift_form(error), error.status
    return _done(f"{shift.person.name} is on duty from {_when(shift.from_at)} to {_when(shift.to_at, shift.from_at)}.")


def _shift_entered() -> tuple[int, datetime, datetime]:
    """Return who is on duty from when to when. Raises: InvalidFields with everything that is wrong."""
    problems, ends = [], []
    if not is_number(text_of("person")):
        problems.append(FieldProblem("person", "missing", "Choose who is on duty."))
    for name, what in (("from", "begins"), ("to", "ends")):
        day, at = None, None
        try:
            day = read_day(text_of(f"{name}_day"))
        except ValueError:
            problems.append(FieldProblem(f"{name}_day", "missing", f"Enter the day on which the shift {what}."))
        try:
            at = typed_text.time_of_day(text_of(f"{name}_time"))
        except ValueError:
            said = f"Enter the time at which the shift {what}, like 18:00 or 6pm."
            problems.append(FieldProblem(f"{name}_time", "missing", said))
        if day is not None and at is not None:
            try:
                ends.append(rota.instant_of(day, at, is_end=name == "to"))
            except ShiftRefused as refused:
                problems.append(FieldProblem(f"{name}_time", refused.code, refused.detail))
    if problems:
        raise InvalidFields(problems)
    return int(text_of("person")), ends[0], ends[1]


def _done(said: str) -> Any:
    """Lead back to the rota, which says what was done."""
    flash(said, SUCCESS)
    return redirect(url_for("duty_pages.rota_page"))


@bp.post("/rota/shifts/<int:shift_id>/removal")
@page_for(Role.SUPERVISOR)
def remove_shift(shift_id: int) -> Any:
    try:
        rota.remove(_person(), shift_id, clock.now())
    except DomainError as error:
        return _rota(error), error.status
    return _done("The shift is removed.")


@bp.route("/rota/weeks", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
def copy_week() -> Any:
    """Copy the shifts of one week to the week after."""

    def form(error: DomainError | None = None) -> str:
        today = clock.now().astimezone(LONDON).date()
        monday = today - timedelta(days=today.weekday())
        return render_template(
            "duty/week.html",
            person=_person(),
            error=error,
            values=request.form,
            mondays=[monday, monday + timedelta(days=7)],
        )

    if request.method == "GET":
        return form()
    try:
        try:
            monday = read_day(text_of("monday"))
        except ValueError:
            raise InvalidFields([FieldProblem("monday", "missing", "Choose a week.")]) from None
        copied = rota.copy_week(_person(), monday, clock.now())
    except DomainError as error:
        return form(error), error.status
    return _done(f"{copied} {'shift is' if copied == 1 else 'shifts are'} copied.")


KINDS: dict[str, AlertKind | None] = {
    "all": None,
    **{kind.value: kind for kind in alert_kinds.KINDS if alert_kinds.KINDS[kind].escalates},
}
KIND_TEXTS = {"all": "All alerts", **{kind.value: words.policy for kind, words in alert_kinds.KINDS.items()}}
WHO_TEXTS = {
    Who.ACKNOWLEDGER: "The person who had acknowledged it",
    Who.OFFICER: "The responsible officer, or who is on duty for them",
    Who.COLLEAGUES: "Colleagues on duty",
    Who.SUPERVISORS: "Supervisors on duty, or all",
    Who.DUTY_DESK: "The duty desk",
}


def _policy_texts() -> dict[str, Any]:
    return {"kind_texts": KIND_TEXTS, "who_texts": WHO_TEXTS, "channel_texts": channels.TITLES, "when": _when}


@bp.get("/escalation")
@page_for(Role.SUPERVISOR)
def policy_page() -> str:
    person, now = _person(), clock.now()
    rows = []
    for name, kind in KINDS.items():
        policy = policies.in_force(person.team_id, kind, now)
        own = policy is not None and policy.kind == kind
        rows.append({"name": name, "policy": policy, "steps": _policy(policy), "own": own})
    history = policies.standing(person.team_id, now)
    return render_template(
        "duty/escalation_policies.html",
        person=person,
        rows=rows,
        history=history,
        room=police_rooms.of_team(person.team_id),
        **_policy_texts(),
    )


@bp.route("/escalation/police-room", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
def set_police_room() -> Any:
    """Set which police control room the team's officers call from an alert."""

    def form(error: DomainError | None = None) -> str:
        room = police_rooms.of_team(_person().team_id)
        return render_template("duty/police_room.html", person=_person(), error=error, values=request.form, room=room)

    if request.method == "GET":
        return form()
    problems = []
    for field, check in (("name", police_rooms.checked_name), ("number", police_rooms.checked_number)):
        try:
            check(text_of(field))
        except DomainError as refused:
            problems.append(FieldProblem(field, refused.code, refused.detail))
    if problems:
        return form(InvalidFields(problems)), InvalidFields.status
    room = police_rooms.put(_person(), text_of("name"), text_of("number"), clock.now())
    flash(f"Officers call {room.name}, {room.number}.", SUCCESS)
    return redirect(url_for("duty_pages.policy_page"))


def _policy(policy: EscalationPolicy | None) -> Policy:
    return policy_of(policy.content) if policy else DEFAULT


@bp.route("/escalation/<name>", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
def edit_policy(name: str) -> Any:
    """Change the escalation policy of one kind of alert, or of all; a refused form is shown as entered."""
    if name not in KINDS:
        raise NotFound("The kind of alert was not found.")
    person, now = _person(), clock.now()
    if request.method == "POST":
        steps = _entered()
        try:
            content, desk = _content(steps), text_of("duty_person")
            policies.put(person, content, KINDS[name], int(desk) if is_number(desk) else None, now)
        except DomainError as error:
            return _edit(name, steps, desk=text_of("duty_person"), error=error), error.status
        return redirect(url_for("duty_pages.policy_page"))
    policy = policies.in_force(person.team_id, KINDS[name], now)
    wanted = DEFAULT if request.args.get("start") == "default" else _policy(policy)
    steps = [_row(step) for step in wanted.to_json()["rungs"]]
    steps += [{"after_s": "", "who": [], "channels": [], "unless_received": False}] * SPARE_STEPS
    steps.append(_row(wanted.to_json()["repeat"]))
    return _edit(name, steps, desk=str(policy.duty_person_id or "") if policy else "")


def _row(step: dict[str, Any]) -> dict[str, Any]:
    return {**step, "after_s": f"{step['after_s']:g}"}


def _edit(name: str, steps: list[dict[str, Any]], *, desk: str, error: DomainError | None = None) -> str:
    person = _person()
    return render_template(
        "duty/escalation_policy.html",
        person=person,
        name=name,
        steps=steps,
        desk=desk,
        desks=policies.possible_desks(person),
        error=error,
        **_policy_texts(),
    )


def _entered() -> list[dict[str, Any]]:
    """Return the steps of the form as they were entered, the repeating one last."""
    count = int(text_of("count")) if is_number(text_of("count")) else 0
    return [
        {
            "after_s": text_of(f"after_{number}"),
            "who": request.form.getlist(f"who_{number}"),
            "channels": request.form.getlist(f"channels_{number}"),
            "unless_received": text_of(f"unless_{number}") == "yes",
            "is_left_out": text_of(f"drop_{number}") == "yes",
        }
        for number in range(min(count, 30))
    ]


def _content(steps: list[dict[str, Any]]) -> dict[str, Any]:
    kept = []
    for number, step in enumerate(steps, start=1):
        is_last = number == len(steps)
        is_empty = not (step["after_s"] or step["who"] or step["channels"])
        if not is_last and (step["is_left_out"] or is_empty):
            continue
        try:
            after_s = float(step["after_s"])
        except ValueError:
            what = "The step that repeats" if is_last else f"Step {number}"
            raise policies.PolicyNotUsable(f"{what}: enter the delay in seconds.") from None
        kept.append({**step, "after_s": after_s})
    return {"rungs": kept[:-1], "repeat": kept[-1] if kept else None}
