"""Pages for administrators: accounts, teams and tags, a task a page; no case and no location."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from backend import accounts, audit, clock
from backend.cases import administration, opening, teams
from backend.cases.change_warnings import day
from backend.cases.commands.administration import (
    AddPerson,
    AddTag,
    AddTeam,
    CallOffTeamChange,
    ChangeStaffNumber,
    MergeTeam,
    RenameTeam,
    SplitTeam,
)
from backend.cases.commands.base import FieldProblem, InvalidFields
from backend.cases.commands.people import LetLeave
from backend.cases.officers import CaseloadLeft
from backend.errors import DomainError, NeedsConfirmation, NotFound
from backend.models import Person, Role, Tag, Team
from backend.people import numbers
from backend.record.facts import LONDON
from backend.web.case_pages.layout import SUCCESS
from backend.web.forms import ask_back, build, keep_version, number_chosen, text_of, visitor
from backend.web.signed_in import page_for, settings

bp = Blueprint("admin_pages", __name__)

ROLES = {Role.OFFICER: "Officer", Role.SUPERVISOR: "Supervisor", Role.ADMINISTRATOR: "Administrator"}
# What a task came to: what is said, and a secret that is shown once.
Done = tuple[str, str]


def _summary(error: DomainError | None = None, made: str = "", secret: str = "", text: str = "") -> str:
    person = visitor()
    keep_version(audit.newest())
    free = {tag.id for tag in opening.free_tags()}
    tags: list[dict[str, Any]] = [
        {"serial": tag.serial, "is_free": tag.id in free} for tag in Tag.select().order_by(Tag.serial)
    ]
    everybody = administration.people_of(person, text)
    return render_template(
        "administration/summary.html",
        person=person,
        error=error,
        made=made,
        secret=secret,
        text=text,
        people=everybody,
        numbers=numbers.of_everybody(everybody, clock.now()),
        teams=_teams(),
        tags=[tag for tag in tags if not text or text.lower() in tag["serial"].lower()],
        roles=ROLES,
        account_news=accounts.news_for(person),
        joined=accounts.joined(everybody),
        planned=[(one, day(one.from_at)) for one in teams.planned(person)],
    )


def _teams() -> list[Team]:
    return list(Team.select().order_by(Team.name))


@bp.route("/administrator", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def administrator() -> Any:
    """Everyone, every team and every tag; a search is posted, since names belong in no address."""
    return _summary(text=text_of("text"))


def _task(template: str, act: Callable[[], Done], **shown: Any) -> Any:
    """Show the page of one task; do it once its form is sent, and lead back to the summary, which says what was done.

    A secret is shown at once and in no address: the page that says it is the answer to the form.
    """

    def form(error: DomainError | None = None) -> str:
        keep_version(audit.newest())
        return render_template(
            f"administration/{template}.html", person=visitor(), error=error, values=request.form, **shown
        )

    if request.method == "GET":
        return form()
    try:
        made, secret = act()
    except NeedsConfirmation as error:
        return ask_back(error, request.path)
    except DomainError as error:
        return form(error), error.status
    if secret:
        return _summary(made=made, secret=secret)
    flash(made, SUCCESS)
    return redirect(url_for("admin_pages.administrator"))


def _person_of(person_id: int) -> Person:
    found = Person.get_or_none(Person.id == person_id, Person.is_active)
    if found is None:
        raise NotFound("The person was not found.")
    return found


def _team_of(team_id: int) -> Team:
    found = Team.get_or_none(Team.id == team_id)
    if found is None:
        raise NotFound("The team was not found.")
    return found


@bp.route("/administrator/people", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def add_person() -> Any:
    def act() -> Done:
        link = build(AddPerson).carry_out(visitor(), clock.now())
        return f"The account of {link.person.name} is made. {_hand_over(link)}", link.url(settings().public_url)

    return _task("person", act, roles=ROLES, teams=_teams())


def _hand_over(link: accounts.Link) -> str:
    until = link.expires_at.astimezone(LONDON)
    who = link.person.name
    return (
        f"Give {who} this link, by which they set their own password. It is shown only now, works once, and expires "
        f"at {until:%H:%M} on {until.day} {until:%B}:"
    )


@bp.route("/administrator/people/<int:person_id>/password", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def reset_password(person_id: int) -> Any:
    one = _person_of(person_id)

    def act() -> Done:
        if text_of("is_sure") != "yes":
            raise InvalidFields([FieldProblem("is_sure", "missing", "Tick that you know who is asking.")])
        link = accounts.reset(visitor(), person_id, clock.now())
        return f"{link.person.name} is signed out everywhere. {_hand_over(link)}", link.url(settings().public_url)

    return _task("password", act, one=one, is_new=one.id not in accounts.joined([one]))


@bp.post("/administrator/accounts/<int:alarm_id>")
@page_for(Role.ADMINISTRATOR)
def settle(alarm_id: int) -> Any:
    """Say that a way into an account was made rightly."""
    try:
        accounts.settle(visitor(), alarm_id, clock.now())
    except DomainError as error:
        return _summary(error), error.status
    flash("It is recorded that you checked this.", SUCCESS)
    return redirect(url_for("admin_pages.administrator"))


@bp.route("/administrator/people/<int:person_id>/number", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def change_number(person_id: int) -> Any:
    one = _person_of(person_id)

    def act() -> Done:
        command = build(ChangeStaffNumber)
        changed = command.carry_out(visitor(), clock.now(), person_id)
        if command.number is None:
            return f"{changed.name} has no number any more.", ""
        return f"A code goes to the new number of {changed.name}, who enters it under My number.", ""

    return _task("number", act, one=one)


@bp.route("/administrator/people/<int:person_id>/leave", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def leave(person_id: int) -> Any:
    one = _person_of(person_id)

    def act() -> Done:
        command = build(LetLeave, heirs={}, everyone_else=number_chosen("heir"))
        try:
            moved = command.carry_out(visitor(), clock.now(), person_id)
        except CaseloadLeft as error:
            count = len(error.extra["wearers"])
            said = f"{count} case{'s' if count != 1 else ''} would be left without an officer: name a colleague."
            raise InvalidFields([FieldProblem("heir", "missing", said)]) from None
        return f"The account is closed; {moved} case{'s' if moved != 1 else ''} handed over.", ""

    others = Person.select().where(
        Person.team == one.team_id, Person.is_active, Person.id != one.id, Person.role != Role.ADMINISTRATOR
    )
    return _task("leave", act, one=one, heirs=list(others.order_by(Person.name)))


@bp.route("/administrator/tags", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def add_tag() -> Any:
    def act() -> Done:
        tag = build(AddTag).carry_out(visitor(), clock.now())
        return f"The tag {tag.serial} is registered. The key that it signs with:", tag.key

    return _task("tag", act)


@bp.route("/administrator/teams", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def add_team() -> Any:
    def act() -> Done:
        return f"The team {build(AddTeam).carry_out(visitor(), clock.now()).name} is made.", ""

    return _task("team", act)


@bp.route("/administrator/teams/<int:team_id>/name", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def rename_team(team_id: int) -> Any:
    """Another name of a team from a day on; reports about an earlier time keep the name of that time."""
    team = _team_of(team_id)

    def act() -> Done:
        now, renaming = clock.now(), build(RenameTeam)
        renaming.carry_out(visitor(), now, team_id)
        return f"The team has its new name from {_when(renaming.from_at, now)} on.", ""

    return _task("team_name", act, team=team)


@bp.route("/administrator/teams/<int:team_id>/merger", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def merge_team(team_id: int) -> Any:
    """All of a team becomes part of another one, from a day on."""
    team = _team_of(team_id)

    def act() -> Done:
        now, merger = clock.now(), build(MergeTeam)
        staff, cases = merger.carry_out(visitor(), now, team_id)
        since = _when(merger.from_at or now, now)
        return f"{staff} people and {cases} cases belong to the other team from {since} on.", ""

    return _task("team_merger", act, team=team, others=[one for one in _teams() if one.id != team_id])


@bp.route("/administrator/teams/<int:team_id>/split", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def split_team(team_id: int) -> Any:
    """Some people of a team go to another one, each with the cases that they answer for then."""
    team, now = _team_of(team_id), clock.now()

    def act() -> Done:
        command = build(SplitTeam)
        cases = command.carry_out(visitor(), now, team_id)
        counted = f"{len(command.people)} of {team.name} and {cases} case{'' if cases == 1 else 's'}"
        return f"{counted} belong to the other team from {_when(command.from_at or now, now)} on.", ""

    caseloads = teams.caseloads_at(team_id, now)
    members = Person.select().where(
        Person.team == team_id, Person.is_active, Person.role != Role.ADMINISTRATOR, ~Person.is_canary
    )
    return _task(
        "split",
        act,
        team=team,
        chosen=request.form.getlist("people"),
        rows=[(one, len(caseloads.get(one.id, []))) for one in members.order_by(Person.name)],
        unheld=len(caseloads.get(None, [])),
        others=[one for one in _teams() if one.id != team_id],
        roles=ROLES,
    )


@bp.route("/administrator/teams/planned/<int:change_id>/off", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def call_off(change_id: int) -> Any:
    def act() -> Done:
        build(CallOffTeamChange).carry_out(visitor(), clock.now(), change_id)
        return "The change is called off: everything stays as it is.", ""

    planned = next((one for one in teams.planned(visitor()) if one.id == change_id), None)
    if planned is None:
        raise NotFound("The change was not found: it has taken effect, or was called off.")
    return _task("call_off", act, planned=planned, from_day=day(planned.from_at))


def _when(from_at: datetime, now: datetime) -> str:
    return "now" if from_at <= now else day(from_at)
