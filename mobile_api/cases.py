"""Cases for officers and supervisors: orders, zones, lives, colleagues and what is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from backend import clock
from backend.case import administration, lives, opening, people, police, viewing, watch, writing
from backend.case.lives import Ended, Risk, Suspended
from backend.case.people import CaseloadLeft
from backend.case.record import Terms
from backend.errors import (
    DomainError,
    InvalidRecord,
    InvalidRequest,
    InvalidTransition,
    NeedsConfirmation,
    NotAllowed,
    NotFound,
    NotSignedIn,
)
from backend.models import Role
from backend.web.identity import current_person, no_store
from backend.web.openapi import describes
from backend.zone_replay import ZoneNotUsable
from mobile_api.bodies import read, read_query
from mobile_api.schemas import Strict

bp = Blueprint("cases", __name__)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
SEEN: list[type[DomainError]] = [NotSignedIn, NotAllowed, NotFound, InvalidRequest]
CHANGED: list[type[DomainError]] = [*SEEN, InvalidRecord, NeedsConfirmation]


class Reasoned(Strict):
    """A change of the record: why, from which document, and that what it takes away was read and confirmed."""

    why: Text
    document: str = Field("", max_length=400)
    is_confirmed: bool = False


class SearchIn(Strict):
    """A part of a name or of a reference; posted, since names belong in no address."""

    text: str = Field("", max_length=200)


class AtQuery(Strict):
    """The instant at which the case is shown; without it, now."""

    at: AwareDatetime | None = None


class CaseIn(Strict):
    """Everything that the first judged fix needs."""

    wearer: Name
    victim: Name
    victim_phone: str | None = None
    place: Name
    kind: Literal["dapol", "dapo", "bail", "other"]
    reference: Name
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    condition: Text
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    serial: Name
    document: str = Field("", max_length=400)


class OrderIn(Reasoned):
    """A further order of a wearer."""

    kind: Literal["dapol", "dapo", "bail", "other"]
    reference: Name
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None


class VariationIn(Reasoned):
    """Other terms of an order from an instant on; ``corrects`` names an entry that was wrong all along."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    is_suspended: bool = False
    from_at: AwareDatetime
    corrects: int | None = None


class ConditionIn(Strict):
    """A condition in the words of the order."""

    number: Name
    wording: Text
    from_at: AwareDatetime


class ZoneIn(Reasoned):
    """A zone around a place, from an instant on."""

    place_id: int
    zone: dict[str, Any] = Field(description="GeoJSON Feature")
    from_at: AwareDatetime
    to_at: AwareDatetime | None = None
    order_id: int | None = None
    condition_id: int | None = None


class ZoneVersionIn(Reasoned):
    """A new version of a zone; what is not given stays. A correction says that the version at hand never held."""

    zone: dict[str, Any] | None = None
    from_at: AwareDatetime
    is_removed: bool = False
    is_correction: bool = False
    order_id: int | None = None


class ProvisionalIn(Strict):
    """A circle around a new place, in force at once."""

    victim_id: int
    place: Name
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(ge=50, le=10_000)


class ApprovalIn(Reasoned):
    """What a supervisor decides on a provisional zone."""

    is_approved: bool


class SuspensionIn(Reasoned):
    """Fixes are stored and not judged from an instant on."""

    reason: Suspended
    from_at: AwareDatetime
    expected_end_at: AwareDatetime


class ResumptionIn(Strict):
    """Fixes are judged again from an instant on."""

    from_at: AwareDatetime
    why: Text


class EndIn(Reasoned):
    """The case ends, after the protected persons were told."""

    reason: Ended
    at: AwareDatetime


class RecallIn(Strict):
    """Why the wearer is recalled."""

    why: Text
    document: str = Field("", max_length=400)


class RiskIn(Strict):
    """The assessed risk of serious harm from an instant on."""

    risk: Risk
    from_at: AwareDatetime
    why: Text


class TagIn(Strict):
    """A tag that the wearer wears from an instant on."""

    serial: Name
    from_at: AwareDatetime
    to_at: AwareDatetime | None = None
    why: Text
    corrects: int | None = None


class OfficerIn(Strict):
    """Who answers for the case from an instant on."""

    person_id: int
    from_at: AwareDatetime
    why: Text


class RestrictionIn(Strict):
    """The people to whom the case is open; null opens it to the team again."""

    people: list[int] | None
    why: Text


class OpeningIn(Strict):
    """What the emergency is."""

    reason: Text


class CoverIn(Strict):
    """Who answers for an absent colleague's cases, from when until when."""

    covering_id: int
    from_at: AwareDatetime
    until: AwareDatetime
    why: Text


class DepartureIn(Strict):
    """Which colleague takes each case, by the number of the wearer, and one for those that are not named."""

    heirs: dict[int, int] = Field(default_factory=dict)
    everyone_else: int | None = None
    why: Text


class HandoverIn(Strict):
    """To which police force the alert was handed, under which reference, and when."""

    force: Name
    reference: Name
    at: AwareDatetime


class MadeOut(BaseModel):
    """The number of what was recorded."""

    id: int


def _made(number: int) -> Response:
    response = no_store(jsonify(id=number))
    response.status_code = 201
    return response


@bp.post("/v1/wearers/search")
@describes("The cases of your team that match a text, by name.", tag="cases", body=SearchIn, errors=SEEN)
def search() -> Response:
    found = viewing.cases_of(current_person(), clock.now(), read(SearchIn).text)
    return no_store(jsonify(wearers=[{"id": w.id, "name": w.name, "is_drill": w.is_training} for w in found]))


@bp.post("/v1/wearers")
@describes(
    "Open a case: wearer, protected person, place, order, zone and tag.",
    tag="cases",
    body=CaseIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord, ZoneNotUsable],
)
def open_case() -> Response:
    person, body = current_person(), read(CaseIn)
    values = body.model_dump()
    values["feature"] = values.pop("zone")
    return _made(opening.open_case(person, opening.NewCase(**values), clock.now()).id)


@bp.get("/v1/wearers/<int:wearer_id>")
@describes("One case as it was at an instant; the look is recorded.", tag="cases", query=AtQuery, errors=SEEN)
def get_case(wearer_id: int) -> Response:
    now = clock.now()
    at = read_query(AtQuery).at or now
    return no_store(jsonify(viewing.look(current_person(), wearer_id, at, now)))


@bp.get("/v1/wearers/<int:wearer_id>/history")
@describes("Every entry and version of a case, newest record first.", tag="cases", errors=SEEN)
def get_history(wearer_id: int) -> Response:
    rows = viewing.history(current_person(), wearer_id, clock.now())
    return no_store(jsonify(entries=[{name: _plain(value) for name, value in row.items()} for row in rows]))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@bp.post("/v1/wearers/<int:wearer_id>/orders")
@describes("Record a further order.", tag="cases", body=OrderIn, answer=MadeOut, status=201, errors=CHANGED)
def open_order(wearer_id: int) -> Response:
    person, body = current_person(), read(OrderIn)
    terms = Terms(body.starts_at, body.ends_at)
    made = writing.open_order(
        person, wearer_id, body.kind, body.reference, terms, clock.now(), why=body.why, document=body.document
    )
    return _made(made.id)


@bp.post("/v1/orders/<int:order_id>/variations")
@describes(
    "Let other terms hold from an instant on; stored fixes since then are judged again.",
    tag="cases",
    body=VariationIn,
    answer=MadeOut,
    status=201,
    errors=CHANGED,
)
def vary_order(order_id: int) -> Response:
    person, body = current_person(), read(VariationIn)
    made = writing.vary_order(
        person,
        order_id,
        Terms(body.starts_at, body.ends_at, body.is_suspended),
        body.from_at,
        clock.now(),
        why=body.why,
        document=body.document,
        corrects=body.corrects,
        is_confirmed=body.is_confirmed,
    )
    return _made(made.id)


@bp.post("/v1/orders/<int:order_id>/conditions")
@describes(
    "Record a condition in the words of the order.",
    tag="cases",
    body=ConditionIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_condition(order_id: int) -> Response:
    person, body = current_person(), read(ConditionIn)
    made = writing.add_condition(person, order_id, body.number, body.wording, body.from_at, clock.now())
    return _made(made.id)


@bp.post("/v1/wearers/<int:wearer_id>/zones")
@describes(
    "Protect a place; judged at once against where the wearer was last.",
    tag="cases",
    body=ZoneIn,
    answer=MadeOut,
    status=201,
    errors=[*CHANGED, ZoneNotUsable],
)
def add_zone(wearer_id: int) -> Response:
    person, body = current_person(), read(ZoneIn)
    made = writing.add_zone(
        person,
        wearer_id,
        body.place_id,
        body.zone,
        body.from_at,
        clock.now(),
        why=body.why,
        document=body.document,
        to_at=body.to_at,
        order_id=body.order_id,
        condition_id=body.condition_id,
    )
    return _made(made.id)


@bp.post("/v1/zones/<int:zone_id>/versions")
@describes(
    "Let a new version of a zone hold from an instant on.",
    tag="cases",
    body=ZoneVersionIn,
    answer=MadeOut,
    status=201,
    errors=[*CHANGED, ZoneNotUsable],
)
def change_zone(zone_id: int) -> Response:
    person, body = current_person(), read(ZoneVersionIn)
    made = writing.change_zone(
        person,
        zone_id,
        body.from_at,
        clock.now(),
        why=body.why,
        document=body.document,
        feature=body.zone,
        order_id=body.order_id,
        is_removed=body.is_removed,
        is_correction=body.is_correction,
        is_confirmed=body.is_confirmed,
    )
    return _made(made.id)


@bp.post("/v1/wearers/<int:wearer_id>/provisional-zones")
@describes(
    "Protect a new place at once with a circle, to be approved.",
    tag="cases",
    body=ProvisionalIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def protect_tonight(wearer_id: int) -> Response:
    person, body = current_person(), read(ProvisionalIn)
    made = writing.protect_tonight(
        person, wearer_id, body.victim_id, body.place, body.lat, body.lon, body.radius_m, clock.now()
    )
    return _made(made.id)


@bp.post("/v1/zones/<int:zone_id>/approval")
@describes(
    "Approve a provisional zone, or refuse and remove it.",
    tag="cases",
    body=ApprovalIn,
    answer=MadeOut,
    status=201,
    errors=CHANGED,
)
def decide_on(zone_id: int) -> Response:
    person, body = current_person(), read(ApprovalIn)
    made = writing.decide_on(
        person, zone_id, body.is_approved, clock.now(), why=body.why, is_confirmed=body.is_confirmed
    )
    return _made(made.id)


@bp.post("/v1/wearers/<int:wearer_id>/suspension")
@describes(
    "Store fixes without judging them.", tag="cases", body=SuspensionIn, answer=MadeOut, status=201, errors=CHANGED
)
def suspend(wearer_id: int) -> Response:
    person, body = current_person(), read(SuspensionIn)
    made = lives.suspend(
        person,
        wearer_id,
        body.reason,
        body.from_at,
        body.expected_end_at,
        clock.now(),
        why=body.why,
        document=body.document,
        is_confirmed=body.is_confirmed,
    )
    return _made(made.id)


@bp.post("/v1/wearers/<int:wearer_id>/resumption")
@describes(
    "Judge fixes again.",
    tag="cases",
    body=ResumptionIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidTransition],
)
def resume(wearer_id: int) -> Response:
    person, body = current_person(), read(ResumptionIn)
    return _made(lives.resume(person, wearer_id, body.from_at, clock.now(), why=body.why).id)


@bp.post("/v1/wearers/<int:wearer_id>/end")
@describes(
    "End the case; protected persons are told first.",
    tag="cases",
    body=EndIn,
    answer=MadeOut,
    status=201,
    errors=[*CHANGED, InvalidTransition],
)
def end(wearer_id: int) -> Response:
    person, body = current_person(), read(EndIn)
    made = lives.end(
        person,
        wearer_id,
        body.reason,
        body.at,
        clock.now(),
        why=body.why,
        document=body.document,
        is_confirmed=body.is_confirmed,
    )
    return _made(made.id)


@bp.post("/v1/alerts/<int:alert_id>/recall")
@describes(
    "Recall the wearer because of this alert, in one action.",
    tag="cases",
    body=RecallIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidTransition],
)
def recall(alert_id: int) -> Response:
    person, body = current_person(), read(RecallIn)
    return _made(lives.recall(person, alert_id, clock.now(), why=body.why, document=body.document).id)


@bp.post("/v1/alerts/<int:alert_id>/police-handovers")
@describes(
    "Record that the alert was handed to a police control room.",
    tag="cases",
    body=HandoverIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def hand_to_police(alert_id: int) -> Response:
    person, body = current_person(), read(HandoverIn)
    return _made(police.hand_over(person, alert_id, body.force, body.reference, body.at, clock.now()).id)


@bp.post("/v1/wearers/<int:wearer_id>/risk")
@describes("Record the assessed risk.", tag="cases", body=RiskIn, answer=MadeOut, status=201, errors=SEEN)
def assess_risk(wearer_id: int) -> Response:
    person, body = current_person(), read(RiskIn)
    return _made(lives.assess_risk(person, wearer_id, body.risk, body.from_at, clock.now(), why=body.why).id)


@bp.post("/v1/wearers/<int:wearer_id>/tags")
@describes(
    "Record which tag the wearer wears; stored fixes of that time become his.",
    tag="cases",
    body=TagIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def fit_tag(wearer_id: int) -> Response:
    person, body = current_person(), read(TagIn)
    made = writing.fit_tag(
        person,
        wearer_id,
        body.serial,
        body.from_at,
        clock.now(),
        to_at=body.to_at,
        why=body.why,
        corrects=body.corrects,
    )
    return _made(made.id)


@bp.post("/v1/wearers/<int:wearer_id>/officer")
@describes(
    "Let another officer answer for the case.",
    tag="cases",
    body=OfficerIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def hand_over(wearer_id: int) -> Response:
    person, body = current_person(), read(OfficerIn)
    return _made(people.hand_over(person, wearer_id, body.person_id, body.from_at, clock.now(), why=body.why).id)


@bp.post("/v1/wearers/<int:wearer_id>/restriction")
@describes(
    "Close a case to all but the people named.",
    tag="cases",
    body=RestrictionIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def restrict(wearer_id: int) -> Response:
    person, body = current_person(), read(RestrictionIn)
    return _made(people.restrict(person, wearer_id, body.people, clock.now(), why=body.why).id)


@bp.post("/v1/wearers/<int:wearer_id>/emergency-openings")
@describes(
    "Open a restricted case in an emergency; a supervisor reviews the reason.",
    tag="cases",
    body=OpeningIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def open_in_emergency(wearer_id: int) -> Response:
    return _made(people.open_in_emergency(current_person(), wearer_id, read(OpeningIn).reason, clock.now()).id)


@bp.post("/v1/people/<int:person_id>/cover")
@describes(
    "Let a colleague answer for somebody's cases for some time.",
    tag="people",
    body=CoverIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def cover(person_id: int) -> Response:
    person, body = current_person(), read(CoverIn)
    made = people.cover(person, person_id, body.covering_id, body.from_at, body.until, clock.now(), why=body.why)
    return _made(made.id)


@bp.post("/v1/people/<int:person_id>/departure")
@describes(
    "Let an officer leave in one action; refused while a wearer would have no officer.",
    tag="people",
    body=DepartureIn,
    errors=[*SEEN, InvalidRecord, CaseloadLeft],
)
def leave(person_id: int) -> Response:
    person, body = current_person(), read(DepartureIn)
    moved = people.leave(person, person_id, body.heirs, clock.now(), why=body.why, everyone_else=body.everyone_else)
    return no_store(jsonify(cases=moved))


@bp.get("/v1/watch")
@describes("What is missing from the cases of your team that you may know of.", tag="cases", errors=SEEN)
def get_watch() -> Response:
    person, now = current_person(), clock.now()
    ids = [wearer.id for wearer in viewing.cases_of(person, now)]
    found = watch.find(now, ids)
    rows = [
        {"gap": str(one.gap), "text": one.text, "wearer": {"id": one.wearer_id, "name": one.wearer}} for one in found
    ]
    return no_store(jsonify(findings=rows, count=len(rows)))


@bp.get("/v1/people")
@describes("Your colleagues; an administrator sees everybody.", tag="people", errors=SEEN)
def list_people() -> Response:
    person = current_person()
    found = administration.people_of(person)
    return no_store(
        jsonify(
            people=[
                {
                    "id": one.id,
                    "name": one.name,
                    "role": one.role,
                    "team": {"id": one.team_id, "name": one.team.name},
                    "is_active": one.is_active,
                }
                for one in found
            ]
        )
    )


class PersonIn(Strict):
    """A new colleague."""

    team_id: int
    role: Role
    name: Name
    email: Name
    phone: str | None = None


class NamedIn(Strict):
    """A name."""

    name: Name


class RenameIn(NamedIn):
    """A name from an instant on."""

    from_at: AwareDatetime
    why: Text


class MoveIn(Strict):
    """People and cases that belong to the team from now on: all of another team to merge, some of it to split."""

    people: list[int] = Field(default_factory=list)
    wearers: list[int] = Field(default_factory=list)
    why: Text


class SerialIn(Strict):
    """The serial of a tag."""

    serial: Name


@bp.post("/v1/people")
@describes(
    "Make an account; the first password is shown once.",
    tag="people",
    body=PersonIn,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_person() -> Response:
    by, body = current_person(), read(PersonIn)
    made, password = administration.add_person(
        by, body.team_id, body.role, body.name, body.email, body.phone, clock.now()
    )
    response = no_store(jsonify(id=made.id, password=password))
    response.status_code = 201
    return response


@bp.post("/v1/teams")
@describes("Make a team.", tag="people", body=NamedIn, answer=MadeOut, status=201, errors=[*SEEN, InvalidRecord])
def add_team() -> Response:
    return _made(administration.add_team(current_person(), read(NamedIn).name, clock.now()).id)


@bp.post("/v1/teams/<int:team_id>/names")
@describes(
    "Give a team another name from an instant on.",
    tag="people",
    body=RenameIn,
    answer=MadeOut,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def rename_team(team_id: int) -> Response:
    by, body = current_person(), read(RenameIn)
    return _made(people.rename_team(by, team_id, body.name, body.from_at, clock.now(), why=body.why).id)


@bp.post("/v1/teams/<int:team_id>/members")
@describes(
    "Let people and cases belong to a team from now on.",
    tag="people",
    body=MoveIn,
    status=204,
    errors=[*SEEN, CaseloadLeft],
)
def move_to_team(team_id: int) -> tuple[str, int]:
    by, body = current_person(), read(MoveIn)
    people.move_to_team(by, team_id, clock.now(), why=body.why, people=body.people, wearers=body.wearers)
    return "", 204


@bp.post("/v1/tags")
@describes(
    "Register a tag; its key is what the vendor's platform signs with.",
    tag="people",
    body=SerialIn,
    status=201,
    errors=[*SEEN, InvalidRecord],
)
def add_tag() -> Response:
    tag = administration.add_tag(current_person(), read(SerialIn).serial, clock.now())
    response = no_store(jsonify(id=tag.id, serial=tag.serial, key=tag.key))
    response.status_code = 201
    return response
