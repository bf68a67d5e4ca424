"""Pages for administrators: accounts, teams and tags, with search; no case and no location."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for

from backend import accounts, clock
from backend.bounds import is_number
from backend.cases import administration, officers, opening, teams
from backend.cases.change_warnings import day
from backend.cases.officers import CaseloadLeft
from backend.errors import DomainError, InvalidRecord, NeedsConfirmation, NotFound
from backend.models import Person, Role, Tag, Team
from backend.people import numbers
from backend.record.facts import LONDON
from backend.web.forms import ask_back, from_when, is_confirmed, text_of, visitor
from backend.web.signed_in import page_for, settings

bp = Blueprint("admin_pages", __name__)

ROLES = {Role.OFFICER: "Officer", Role.SUPERVISOR: "Supervisor", Role.ADMINISTRATOR: "Administrator"}


def _page(error: DomainError | None = None, made: str = "", secret: str = "", text: str = "") -> str:
    person = visitor()
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


def _try(act: Callable[[], tuple[str, str]]) -> Any:
    try:
        made, secret = act()
    except NeedsConfirmation as error:
        return ask_back(error, url_for("admin_pages.administrator"))
    except DomainError as error:
        return _page(error), error.status
    return _page(made=made, secret=secret)


def _number(name: str, what: str) -> int:
    if not is_number(text_of(name)):
        raise InvalidRecord(f"Choose {what}.")
    return int(text_of(name))


@bp.post("/administrator/people")
@page_for(Role.ADMINISTRATOR)
def add_person() -> Any:
    def act() -> tuple[str, str]:
        if text_of("role") not in set(Role):
            raise InvalidRecord("Choose what the person does.")
        link = administration.add_person(
            visitor(),
            _number("team", "a team"),
            Role(text_of("role")),
            text_of("name"),
            text_of("email"),
            text_of("phone").replace(" ", "") or None,
            clock.now(),
        )
        return f"The account of {link.person.name} is made. {_hand_over(link)}", link.url(settings().public_url)

    return _try(act)


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
            raise InvalidRecord("Tick that you know who is asking.")
        link = accounts.reset(visitor(), person_id, clock.now())
        return f"{link.person.name} is signed out everywhere. {_hand_over(link)}", link.url(settings().public_url)

    return _try(act)


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
        phone = text_of("new_phone") or None
        changed = administration.change_number(visitor(), person_id, phone, clock.now())
        if phone is None:
            return f"{changed.name} has no number any more.", ""
        return f"A code goes to the new number of {changed.name}, who enters it under My number.", ""

    return _try(act)


@bp.post("/administrator/teams")
@page_for(Role.ADMINISTRATOR)
def add_team() -> Any:
    def act() -> tuple[str, str]:
        return f"The team {administration.add_team(visitor(), text_of('team_name'), clock.now()).name} is made.", ""

    return _try(act)


@bp.post("/administrator/tags")
@page_for(Role.ADMINISTRATOR)
def add_tag() -> Any:
    def act() -> tuple[str, str]:
        tag = administration.add_tag(visitor(), text_of("serial"), clock.now())
        return f"The tag {tag.serial} is registered. The key that it signs with:", tag.key

    return _try(act)


@bp.post("/administrator/teams/changes")
@page_for(Role.ADMINISTRATOR)
def change_team() -> Any:
    """Rename a team, or merge all of it into another: from a day on, and reports keep how it was."""

    def act() -> tuple[str, str]:
        by, now = visitor(), clock.now()
        from_at = from_when(now)
        team_id = _number("team", "the team that changes")
        into = text_of("into")
        if into:
            target = _number("into", "the team that it becomes part of")
            staff, cases = teams.merge_team(
                by, team_id, target, from_at, now, why=text_of("why"), is_confirmed=is_confirmed()
            )
            return f"{staff} people and {cases} cases belong to the other team from {_when(from_at, now)} on.", ""
        teams.rename_team(by, team_id, text_of("new_name"), from_at, now, why=text_of("why"))
        return f"The team has its new name from {_when(from_at, now)} on.", ""

    return _try(act)


@bp.route("/administrator/teams/<int:team_id>/split", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def split_team(team_id: int) -> Any:
    """Some people of a team go to another one, each with the cases that they answer for then."""
    by, now = visitor(), clock.now()
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
        from_at = from_when(now)
        into = _number("into", "the other team")
        named = [int(value) for value in request.form.getlist("people") if is_number(value)]
        cases = teams.split_team(
            by, team_id, into, named, from_at, now, why=text_of("why"), is_confirmed=is_confirmed()
        )
    except NeedsConfirmation as error:
        return ask_back(error, url_for("admin_pages.administrator"))
    except DomainError as error:
        return form(error), error.status
    counted = f"{len(named)} of {team.name} and {cases} case{'' if cases == 1 else 's'}"
    made = f"{counted} belong to the other team from {_when(from_at, now)} on."
    return _page(made=made)


@bp.post("/administrator/teams/planned/<int:change_id>/off")
@page_for(Role.ADMINISTRATOR)
def call_off(change_id: int) -> Any:
    def act() -> tuple[str, str]:
        teams.call_off(visitor(), change_id, clock.now(), why=text_of("why"))
        return "The change is called off: everything stays as it is.", ""

    return _try(act)


def _when(from_at: datetime, now: datetime) -> str:
    return "now" if from_at <= now else day(from_at)


@bp.post("/administrator/people/<int:person_id>/leave")
@page_for(Role.ADMINISTRATOR)
def leave(person_id: int) -> Any:
    def act() -> tuple[str, str]:
        heir = int(text_of("heir")) if is_number(text_of("heir")) else None
        try:
            moved = officers.leave(visitor(), person_id, {}, clock.now(), why=text_of("why"), everyone_else=heir)
        except CaseloadLeft as error:
            count = len(error.extra["wearers"])
            raise InvalidRecord(
                f"{count} case{'s' if count != 1 else ''} would be left without an officer: name a colleague."
            ) from None
        return f"The account is closed; {moved} case{'s' if moved != 1 else ''} handed over.", ""

    return _try(act)
