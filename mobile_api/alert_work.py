"""What officers do together about an alert: take over, hand on, note, brief and codes for the police, safety plans."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend import alerts, clock, location_words, places, police_brief, police_codes, queries
from backend.access import require
from backend.alerts import colleagues
from backend.epoch import AnotherEpoch
from backend.errors import InvalidRequest, InvalidTransition, NotAllowed, NotFound, NotSignedIn
from backend.models import Role
from backend.people import police_rooms
from backend.web.openapi import describes
from backend.web.signed_in import current_person, settings
from mobile_api.alert_answers import alert_out
from mobile_api.alerts import expect_epoch
from mobile_api.request_bodies import read, write
from mobile_api.schemas import (
    AlertOut,
    NamedOut,
    Strict,
)

bp = Blueprint("alert_work", __name__)
bp.before_request(expect_epoch)

REFUSED = [NotSignedIn, NotAllowed, NotFound, InvalidTransition, AnotherEpoch]


class AlertColleagueIn(Strict):
    """To whom an alert is handed."""

    person_id: int


class AlertColleaguesOut(BaseModel):
    """To whom it can be handed."""

    colleagues: list[NamedOut]


class NoteIn(Strict):
    """A note on an alert."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]


class BriefLineOut(BaseModel):
    """One line of the brief: what it is about, and what to say."""

    about: str
    text: str


class BriefOut(BaseModel):
    """What to read to a control room, and to which one."""

    force: str = Field(description="The control room that the team calls")
    at: datetime = Field(description="When the brief was made")
    lines: list[BriefLineOut]


class PoliceCodeOut(BaseModel):
    """A code for the police; it is shown once."""

    code: str
    until: datetime
    address: str = Field(description="Where the police enter it")


class PlaceAskedIn(Strict):
    """What is searched: a postcode or the name of a place, or how it begins."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class PlaceOut(BaseModel):
    """A place that was found."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    kind: str
    around: str = Field(description="The district or county; empty where the source has none")
    lat: float
    lon: float


class PlacesOut(BaseModel):
    """What was found, the likeliest first."""

    places: list[PlaceOut]


class RecordedOut(BaseModel):
    """The number of what was recorded."""

    id: int


@bp.post("/v1/alerts/<int:alert_id>/take-over")
@describes(
    "Act in place of the colleague who acknowledged; they are notified.", tag="alerts", answer=AlertOut, errors=REFUSED
)
def take_over(alert_id: int) -> Response:
    return write(alert_out(alerts.take_over(current_person(), alert_id, clock.now())))


@bp.get("/v1/alerts/<int:alert_id>/colleagues")
@describes("To whom you can hand the alert.", tag="alerts", answer=AlertColleaguesOut, errors=REFUSED)
def list_colleagues(alert_id: int) -> Response:
    person = current_person()
    found = colleagues.colleagues_for(person, queries.alert_of(person, alert_id), clock.now())
    return write(AlertColleaguesOut(colleagues=[NamedOut(id=one.id, name=one.name) for one in found]))


@bp.post("/v1/alerts/<int:alert_id>/hand-to")
@describes(
    "Hand the alert to a colleague: they are notified at once, and it is open until they acknowledge.",
    tag="alerts",
    body=AlertColleagueIn,
    answer=AlertOut,
    errors=[*REFUSED, InvalidRequest],
)
def hand_to(alert_id: int) -> Response:
    person, body = current_person(), read(AlertColleagueIn)
    return write(alert_out(alerts.hand_to(person, alert_id, body.person_id, clock.now())))


@bp.post("/v1/alerts/<int:alert_id>/notes")
@describes(
    "Add a note to the alert.",
    tag="alerts",
    body=NoteIn,
    answer=RecordedOut,
    status=201,
    errors=[*REFUSED, InvalidRequest],
)
def add_note(alert_id: int) -> Response:
    person, body = current_person(), read(NoteIn)
    return write(RecordedOut(id=alerts.write_note(person, alert_id, body.text, clock.now()).id), 201)


@bp.get("/v1/alerts/<int:alert_id>/police-brief")
@describes(
    "Ten lines to read to a police control room; the look is recorded.", tag="alerts", answer=BriefOut, errors=REFUSED
)
def brief(alert_id: int) -> Response:
    person, now = current_person(), clock.now()
    alert = queries.alert_of(person, alert_id)
    _, track = queries.surroundings(person, alert, now)
    caller = f"{person.name}, probation service, {person.team.name}"
    lines = police_brief.brief_of(alert, location_words.whereabouts(alert, track, now), caller, now)
    return write(
        BriefOut(
            force=police_rooms.of_team(alert.team_id).name,
            at=now,
            lines=[BriefLineOut(about=line.about, text=line.text) for line in lines],
        )
    )


@bp.post("/v1/alerts/<int:alert_id>/police-codes")
@describes(
    "Make a code with which the police open this alert on one device for 60 minutes; your earlier one ends.",
    tag="alerts",
    answer=PoliceCodeOut,
    status=201,
    errors=REFUSED,
)
def make_code(alert_id: int) -> Response:
    made = police_codes.make(current_person(), alert_id, settings().signing_key(), clock.now())
    address = f"{settings().public_url.rstrip('/')}/police"
    return write(PoliceCodeOut(code=made.code, until=made.until_at, address=address), 201)


@bp.delete("/v1/alerts/<int:alert_id>/police-codes")
@describes("End every code for this alert at once.", tag="alerts", status=204, errors=REFUSED)
def end_codes(alert_id: int) -> tuple[str, int]:
    police_codes.end_all(current_person(), alert_id, clock.now())
    return "", 204


@bp.post("/v1/places/search")
@describes(
    "Find places by the first letters of a postcode or a name, at most ten; what is searched is in no log.",
    tag="cases",
    body=PlaceAskedIn,
    answer=PlacesOut,
    errors=[NotSignedIn, NotAllowed, InvalidRequest],
)
def search_places() -> Response:
    require(current_person(), Role.OFFICER, Role.SUPERVISOR)
    return write(PlacesOut(places=[PlaceOut.model_validate(one) for one in places.find(read(PlaceAskedIn).text)]))
