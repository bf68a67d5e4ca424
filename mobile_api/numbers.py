"""Phone numbers: verification of one's own and of protected people's, and numbers declared to be a wearer's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WithJsonSchema

from backend import channels, clock
from backend.access import require
from backend.cases.commands import numbers as commands
from backend.cases.commands.administration import ChangeStaffNumber
from backend.errors import InvalidRecord, InvalidRequest, NotAllowed, NotFound, NotSignedIn
from backend.models import Channel, Person, Role, WearerNumber
from backend.people import contact_routes, numbers, police_rooms
from backend.people.numbers import NumberRefused, TooManyCodes, WrongCode
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, settings
from mobile_api.request_bodies import read, write
from mobile_api.schemas import Strict

bp = Blueprint("numbers", __name__)

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class NumberStandingOut(BaseModel):
    """How it stands with one's own number; by its last digits only."""

    ending: str | None
    standing: Literal["none", "unproved", "proved", "due"] = Field(
        description="due: verified more than 90 days ago, still used, to be verified again"
    )
    proved_at: datetime | None
    takes_texts: bool = Field(description="False: texts to it failed, or it was never verified")
    code_failed: str | None = Field(description="Why the newest code did not arrive, where that is known")


def _takes_codes(channel: Channel) -> Channel:
    if channel not in channels.TO_NUMBERS:
        raise ValueError("a code goes to a number")
    return channel


CodeChannel = Annotated[
    Channel,
    AfterValidator(_takes_codes),
    WithJsonSchema({"type": "string", "enum": [str(channel) for channel in channels.TO_NUMBERS]}),
]


class CodeAskedIn(Strict):
    """How the code is to come."""

    channel: CodeChannel = channels.TEXTS[0]


class CodeIn(Strict):
    """The code that came."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]


class PoliceRoomIn(Strict):
    """The police control room that a team calls: 999, 112, 101 or a number of its own."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    number: Number


class PoliceRoomOut(BaseModel):
    """The police control room that a team calls; 999 where none was set."""

    name: str
    number: str


class WearerNumberOut(BaseModel):
    """A number that is declared to be a wearer's. It does not say whether anyone else has it."""

    id: int
    number: str
    recorded_at: datetime
    is_confirmed: bool = Field(description="A second person has checked it")


class WearerNumbersOut(BaseModel):
    """The numbers that are declared to be a wearer's."""

    numbers: list[WearerNumberOut]


@bp.get("/v1/me/number")
@describes("How it stands with your own number.", tag="numbers", answer=NumberStandingOut, errors=[NotSignedIn])
def get_my_number() -> Response:
    return _standing(current_person())


@bp.post("/v1/me/number/codes")
@describes(
    "Send a code to your number, by text or by a call.",
    tag="numbers",
    body=CodeAskedIn,
    answer=NumberStandingOut,
    status=201,
    errors=[NotSignedIn, InvalidRecord, TooManyCodes, InvalidRequest],
)
def send_my_code() -> Response:
    person, body = current_person(), read(CodeAskedIn)
    numbers.ask(person, person, Channel(body.channel), clock.now())
    response = _standing(person)
    response.status_code = 201
    return response


@bp.post("/v1/me/number/proof")
@describes(
    "Give back the code that came: your number is verified.",
    tag="numbers",
    body=CodeIn,
    answer=NumberStandingOut,
    errors=[NotSignedIn, WrongCode, InvalidRequest],
)
def verify_my_number() -> Response:
    person = current_person()
    contact_routes.prove(person, read(CodeIn).code, settings().signing_key(), clock.now())
    return _standing(person)


@bp.put("/v1/people/<int:person_id>/number")
@describes(
    "Give a colleague another number, or none; a code goes there at once (administrators).",
    tag="people",
    body=ChangeStaffNumber,
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidRecord, TooManyCodes, InvalidRequest],
)
def change_number(person_id: int) -> tuple[str, int]:
    person = current_person()
    read(ChangeStaffNumber).carry_out(person, clock.now(), person_id)
    return "", 204


@bp.post("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>/number/codes")
@describes(
    "Text a protected person a code while you speak with them.",
    tag="victims",
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidRecord, NumberRefused, TooManyCodes],
)
def send_victim_code(wearer_id: int, victim_id: int) -> tuple[str, int]:
    commands.SendCode().carry_out(current_person(), clock.now(), wearer_id, victim_id)
    return "", 204


@bp.post("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>/number/proof")
@describes(
    "Give back the code that they read out: their number is verified.",
    tag="victims",
    body=commands.VerifyNumber,
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound, WrongCode, NumberRefused, InvalidRequest],
)
def verify_protected_person_number(wearer_id: int, victim_id: int) -> tuple[str, int]:
    person, command, key = current_person(), read(commands.VerifyNumber), settings().signing_key()
    command.carry_out(person, clock.now(), wearer_id, victim_id, key=key)
    return "", 204


@bp.post("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>/declined")
@describes(
    "Record that they want no warnings, by their own decision; a consent to texts ends.",
    tag="victims",
    body=commands.DeclineWarnings,
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidRecord, InvalidRequest],
)
def decline_warnings(wearer_id: int, victim_id: int) -> tuple[str, int]:
    person, command = current_person(), read(commands.DeclineWarnings)
    command.carry_out(person, clock.now(), wearer_id, victim_id)
    return "", 204


@bp.put("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>/calls")
@describes(
    "Record that a protected person said that calls to their number are safe, and what to heed.",
    tag="victims",
    body=commands.AllowCalls,
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidRecord, NumberRefused, InvalidRequest],
)
def allow_calls(wearer_id: int, victim_id: int) -> tuple[str, int]:
    person, command = current_person(), read(commands.AllowCalls)
    command.carry_out(person, clock.now(), wearer_id, victim_id)
    return "", 204


@bp.delete("/v1/wearers/<int:wearer_id>/victims/<int:victim_id>/calls")
@describes(
    "Record that calls to a protected person are not safe.",
    tag="victims",
    body=commands.StopCalls,
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def stop_calls(wearer_id: int, victim_id: int) -> tuple[str, int]:
    read(commands.StopCalls).carry_out(current_person(), clock.now(), wearer_id, victim_id)
    return "", 204


@bp.get("/v1/police-room")
@describes(
    "The police control room that your team calls.",
    tag="people",
    answer=PoliceRoomOut,
    errors=[NotSignedIn, NotAllowed],
)
def get_police_room() -> Response:
    person = current_person()
    require(person, Role.OFFICER, Role.SUPERVISOR)
    room = police_rooms.of_team(person.team_id)
    return no_store(write(PoliceRoomOut(name=room.name, number=room.number)))


@bp.put("/v1/police-room")
@describes(
    "Set the police control room that your team calls (supervisors).",
    tag="people",
    body=PoliceRoomIn,
    answer=PoliceRoomOut,
    errors=[NotSignedIn, NotAllowed, InvalidRecord, InvalidRequest],
)
def set_police_room() -> Response:
    person, body = current_person(), read(PoliceRoomIn)
    room = police_rooms.put(person, body.name, body.number, clock.now())
    return no_store(write(PoliceRoomOut(name=room.name, number=room.number)))


@bp.get("/v1/wearers/<int:wearer_id>/numbers")
@describes(
    "The numbers that are declared to be a wearer's.",
    tag="cases",
    answer=WearerNumbersOut,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def list_wearer_numbers(wearer_id: int) -> Response:
    found = numbers.of_wearer(current_person(), wearer_id, clock.now())
    return no_store(write(WearerNumbersOut(numbers=[_declared(row) for row in found])))


@bp.post("/v1/wearers/<int:wearer_id>/numbers")
@describes(
    "Declare that a number is a wearer's: nothing about this wearer goes there; a second person confirms it.",
    tag="cases",
    body=commands.DeclareNumber,
    answer=WearerNumberOut,
    status=201,
    errors=[NotSignedIn, NotAllowed, NotFound, InvalidRecord, InvalidRequest],
)
def declare_wearer_number(wearer_id: int) -> Response:
    person, command = current_person(), read(commands.DeclareNumber)
    declared = command.carry_out(person, clock.now(), wearer_id)
    return no_store(write(_declared(declared), 201))


@bp.post("/v1/wearers/<int:wearer_id>/numbers/<int:number_id>/confirmation")
@describes(
    "Confirm that a number is a wearer's, as a second person.",
    tag="cases",
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def confirm_wearer_number(wearer_id: int, number_id: int) -> tuple[str, int]:
    commands.ConfirmNumber().carry_out(current_person(), clock.now(), wearer_id, number_id)
    return "", 204


@bp.delete("/v1/wearers/<int:wearer_id>/numbers/<int:number_id>")
@describes(
    "Take back that a number is a wearer's: by the person who declared it until it is confirmed, or by a supervisor.",
    tag="cases",
    status=204,
    errors=[NotSignedIn, NotAllowed, NotFound],
)
def take_back_wearer_number(wearer_id: int, number_id: int) -> tuple[str, int]:
    commands.TakeBackNumber().carry_out(current_person(), clock.now(), wearer_id, number_id)
    return "", 204


def _declared(row: WearerNumber) -> WearerNumberOut:
    return WearerNumberOut(
        id=row.id, number=row.number, recorded_at=row.recorded_at, is_confirmed=row.confirmed_at is not None
    )


def _standing(person: Person) -> Response:
    now = clock.now()
    proof, code = numbers.verification_of(person), numbers.newest_code(person)
    return no_store(
        write(
            NumberStandingOut(
                ending=numbers.ending(person.phone) if person.phone else None,
                standing=numbers.standing(person, now).value,
                proved_at=proof.proved_at if proof else None,
                takes_texts=contact_routes.has_route(person, channels.TEXTS[0], now),
                code_failed=code.failed_because if code else None,
            )
        )
    )
