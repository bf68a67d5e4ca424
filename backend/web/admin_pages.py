"""Pages for administrators: accounts, teams and tags, with search; no case and no location."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for

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
from backend.web.forms import (
    ask_back,
    build,
    build_of,
    keep_anchors,
    keep_version,
    number_chosen,
    text_of,
    visitor,
)
from backend.web.signed_in import page_for, settings

bp = Blueprint("admin_pages", __name__)

WHICH = "Choose the team that changes."
ROLES = {Role.OFFICER: "Officer", Role.SUPERVISOR: "Supervisor", Role.ADMINISTRATOR: "Administrator"}


def _page(error: DomainError | None = None, made: str = "", secret: str = "", text: str = "") -> str:
    person = visitor()
    keep_version(audit.newest())
    free = {tag.id for tag in opening.free_tags()}
    tags: list[dict[str, Any]] = [
        {"serial": tag.serial, "is_free": tag.id in free} for tag in Tag.select().order_by(Tag.serial)
    ]
    everybody = administration.people_of(person, text)
    return render_template(
        "administrator.html",
        person=person,
        error=error,
        made=made,
        secret=secret,
        text=text,
        values=request.form if error else {},
        people=everybody,
        numbers=numbers.of_everybody(everybody, clock.now()),
        teams=list(Team.select().order_by(Team.name)),
        tags=[tag for tag in tags if not text or text.lower() in tag["serial"].lower()],
        roles=ROLES,
        account_news=accounts.news_for(person),
        joined=accounts.joined(everybody),
        planned=[(one, day(one.from_at)) for one in teams.planned(person)],
    )


@bp.route("/administrator", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def administrator() -> Any:
    """Everyone, every team and every tag; a search is posted, since names belong in no address."""
    return _page(text=text_of("text"))


def _try(act: Callable[[], tuple[str, str]], **anchors: str) -> Any:
    """Do what a form asks; ``anchors`` has where on this page a field stands that is not called by its own name."""
    try:
        made, secret = act()
    except NeedsConfirmation as error:
        return ask_back(error, url_for("admin_pages.administrator"))
    except DomainError as error:
        keep_anchors(anchors)
        return _page(error), error.status
    return _page(made=made, secret=secret)


@bp.post("/administrator/people")
@page_for(Role.ADMINISTRATOR)
def add_person() -> Any:
    def act() -> tuple[str, str]:
        link = build(AddPerson).carry_out(visitor(), clock.now())
        return f"The account of {link.person.name} is made. {_hand_over(link)}", link.url(settings().public_url)

    return _try(act, team="new-team")


def _hand_over(link: accounts.Link) -> str:
    until = link.expires_at.astimezone(LONDON)
    who = link.person.name
    return (
        f"Give {who} this link, by which they set their own password. It is shown only now, works once, and expires "
        f"at {until:%H:%M} on {until.day} {until:%B}:"
    )


@bp.post("/administrator/people/<int:person_id>/password")
@page_for(Role.ADMINISTRATOR)
def reset_password(person_id: int) -> Any:
    def act() -> tuple[str, str]:
        if text_of("is_sure") != "yes":
            raise InvalidFields([FieldProblem("is_sure", "missing", "Tick that you know who is asking.")])
        link = accounts.reset(visitor(), person_id, clock.now())
        return f"{link.person.name} is signed out everywhere. {_hand_over(link)}", link.url(settings().public_url)

    return _try(act, is_sure=f"sure-{person_id}")


@bp.post("/administrator/accounts/<int:alarm_id>")
@page_for(Role.ADMINISTRATOR)
def settle(alarm_id: int) -> Any:
    """Say that a way into an account was made rightly."""

    def act() -> tuple[str, str]:
        accounts.settle(visitor(), alarm_id, clock.now())
        return "It is recorded that you checked this.", ""

    return _try(act)


@bp.post("/administrator/people/<int:person_id>/number")
@page_for(Role.ADMINISTRATOR)
def change_number(person_id: int) -> Any:
    def act() -> tuple[str, str]:
        command = build(ChangeStaffNumber)
        changed = command.carry_out(visitor(), clock.now(), person_id)
        if command.number is None:
            return f"{changed.name} has no number any more.", ""
        return f"A code goes to the new number of {changed.name}, who enters it under My number.", ""

    return _try(act, new_phone=f"new-phone-{person_id}")


@bp.post("/administrator/teams")
@page_for(Role.ADMINISTRATOR)
def add_team() -> Any:
    def act() -> tuple[str, str]:
        return f"The team {build(AddTeam).carry_out(visitor(), clock.now()).name} is made.", ""

    return _try(act)


@bp.post("/administrator/tags")
@page_for(Role.ADMINISTRATOR)
def add_tag() -> Any:
    def act() -> tuple[str, str]:
        tag = build(AddTag).carry_out(visitor(), clock.now())
        return f"The tag {tag.serial} is registered. The key that it signs with:", tag.key

    return _try(act)


@bp.post("/administrator/teams/changes")
@page_for(Role.ADMINISTRATOR)
def change_team() -> Any:
    """Rename a team, or merge all of it into another: from a day on, and reports keep how it was."""

    def act() -> tuple[str, str]:
        by, now = visitor(), clock.now()
        if text_of("into"):
            merger, team_id = build_of(MergeTeam, "team", WHICH)
            staff, cases = merger.carry_out(by, now, team_id)
            since = _when(merger.from_at or now, now)
            return f"{staff} people and {cases} cases belong to the other team from {since} on.", ""
        renaming, team_id = build_of(RenameTeam, "team", WHICH)
        renaming.carry_out(by, now, team_id)
        return f"The team has its new name from {_when(renaming.from_at, now)} on.", ""

    return _try(act, team="change-team", why="why-team")


@bp.route("/administrator/teams/<int:team_id>/split", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def split_team(team_id: int) -> Any:
    """Some people of a team go to another one, each with the cases that they answer for then."""
    by, now = visitor(), clock.now()
    keep_version(audit.newest())
    team = Team.get_or_none(Team.id == team_id)
    if team is None:
        return _page(NotFound("The team was not found.")), NotFound.status

    def form(error: DomainError | None = None) -> str:
        caseloads = teams.caseloads_at(team_id, now)
        members = Person.select().where(
            Person.team == team_id, Person.is_active, Person.role != Role.ADMINISTRATOR, ~Person.is_canary
        )
        return render_template(
            "team_split.html",
            person=by,
            error=error,
            team=team,
            values=request.form,
            chosen=request.form.getlist("people"),
            rows=[(one, len(caseloads.get(one.id, []))) for one in members.order_by(Person.name)],
            unheld=len(caseloads.get(None, [])),
            others=list(Team.select().where(Team.id != team_id).order_by(Team.name)),
            roles=ROLES,
        )

    if request.method == "GET":
        return form()
    try:
        command = build(SplitTeam)
        cases = command.carry_out(by, now, team_id)
    except NeedsConfirmation as error:
        return ask_back(error, url_for("admin_pages.administrator"))
    except DomainError as error:
        return form(error), error.status
    counted = f"{len(command.people)} of {team.name} and {cases} case{'' if cases == 1 else 's'}"
    made = f"{counted} belong to the other team from {_when(command.from_at or now, now)} on."
    return _page(made=made)


@bp.post("/administrator/teams/planned/<int:change_id>/off")
@page_for(Role.ADMINISTRATOR)
def call_off(change_id: int) -> Any:
    def act() -> tuple[str, str]:
        build(CallOffTeamChange).carry_out(visitor(), clock.now(), change_id)
        return "The change is called off: everything stays as it is.", ""

    return _try(act, why=f"why-planned-{change_id}")


def _when(from_at: datetime, now: datetime) -> str:
    return "now" if from_at <= now else day(from_at)


@bp.post("/administrator/people/<int:person_id>/leave")
@page_for(Role.ADMINISTRATOR)
def leave(person_id: int) -> Any:
    def act() -> tuple[str, str]:
        command = build(LetLeave, heirs={}, everyone_else=number_chosen("heir"))
        try:
            moved = command.carry_out(visitor(), clock.now(), person_id)
        except CaseloadLeft as error:
            count = len(error.extra["wearers"])
            said = f"{count} case{'s' if count != 1 else ''} would be left without an officer: name a colleague."
            raise InvalidFields([FieldProblem("heir", "missing", said)]) from None
        return f"The account is closed; {moved} case{'s' if moved != 1 else ''} handed over.", ""

    return _try(act, heir=f"heir-{person_id}", why=f"why-{person_id}")
