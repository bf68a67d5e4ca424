"""Pages for administrators: people, teams and tags, with search; no case and no location."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request

from backend import clock, numbers
from backend.case import administration, opening, people
from backend.case.people import CaseloadLeft
from backend.errors import DomainError, InvalidRecord
from backend.models import Person, Role, Tag, Team, Wearer
from backend.web.forms import text_of, visitor
from backend.web.identity import page_for

bp = Blueprint("admin_pages", __name__)


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
        roles={
            Role.OFFICER: "Officer",
            Role.SUPERVISOR: "Supervisor",
            Role.ADMINISTRATOR: "Administrator",
        },
    )


@bp.route("/administrator", methods=["GET", "POST"])
@page_for(Role.ADMINISTRATOR)
def administrator() -> Any:
    """Everybody, every team and every tag; a search is posted, since names belong in no address."""
    return _page(text=text_of("text"))


def _try(act: Callable[[], tuple[str, str]]) -> Any:
    try:
        made, secret = act()
    except DomainError as error:
        return _page(error), error.status
    return _page(made=made, secret=secret)


def _number(name: str, what: str) -> int:
    if not text_of(name).isdigit():
        raise InvalidRecord(f"Choose {what}.")
    return int(text_of(name))


@bp.post("/administrator/people")
@page_for(Role.ADMINISTRATOR)
def add_person() -> Any:
    def act() -> tuple[str, str]:
        if text_of("role") not in set(Role):
            raise InvalidRecord("Choose what the person does.")
        made, password = administration.add_person(
            visitor(),
            _number("team", "a team"),
            Role(text_of("role")),
            text_of("name"),
            text_of("email"),
            text_of("phone").replace(" ", "") or None,
            clock.now(),
        )
        return f"The account of {made.name} is made. First password, shown only now:", password

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
    """Rename a team, or merge all of it into another: from now on, and reports keep how it was."""

    def act() -> tuple[str, str]:
        by, now = visitor(), clock.now()
        team_id = _number("team", "the team that changes")
        into = text_of("into")
        if into:
            target = _number("into", "the team that it becomes part of")
            if target == team_id:
                raise InvalidRecord("A team cannot become part of itself.")
            staff = [row.id for row in Person.select(Person.id).where(Person.team == team_id)]
            wearers = [row.id for row in Wearer.select(Wearer.id).where(Wearer.team == team_id)]
            people.move_to_team(by, target, now, why=text_of("why"), people=staff, wearers=wearers)
            return f"{len(staff)} people and {len(wearers)} cases belong to the other team from now on.", ""
        people.rename_team(by, team_id, text_of("new_name"), now, now, why=text_of("why"))
        return "The team has its new name from now on.", ""

    return _try(act)


@bp.post("/administrator/people/<int:person_id>/leave")
@page_for(Role.ADMINISTRATOR)
def leave(person_id: int) -> Any:
    def act() -> tuple[str, str]:
        heir = int(text_of("heir")) if text_of("heir").isdigit() else None
        try:
            moved = people.leave(visitor(), person_id, {}, clock.now(), why=text_of("why"), everyone_else=heir)
        except CaseloadLeft as error:
            count = len(error.extra["wearers"])
            raise InvalidRecord(
                f"{count} case{'s' if count != 1 else ''} would be left without an officer: name a colleague."
            ) from None
        return f"The account is closed; {moved} case{'s' if moved != 1 else ''} handed over.", ""

    return _try(act)
