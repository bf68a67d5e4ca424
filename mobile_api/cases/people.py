"""Who is responsible for a case, who may open it, who covers, and who leaves."""

from __future__ import annotations

from flask import Response, jsonify

from backend import audit, clock
from backend.cases import administration, officers
from backend.cases.commands.people import CoverColleague, HandOver, LetLeave, OpenInEmergency, RestrictCase
from backend.cases.officers import CaseloadLeft
from backend.errors import InvalidRecord
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store
from mobile_api.cases.answers import CasesMovedOut, ColleaguesOut, CoversOut
from mobile_api.cases.shapes import SEEN, bp, carry_out, plain
from mobile_api.request_bodies import read

WEARER = "/v1/wearers/<int:wearer_id>"

carry_out("hand_case_over", f"{WEARER}/officer", "Let another officer answer for the case.", HandOver, InvalidRecord)
carry_out(
    "restrict_case",
    f"{WEARER}/restriction",
    "Close a case to all but the people named.",
    RestrictCase,
    InvalidRecord,
)
carry_out(
    "open_case_in_emergency",
    f"{WEARER}/emergency-openings",
    "Open a restricted case in an emergency; a supervisor reviews the reason.",
    OpenInEmergency,
    InvalidRecord,
)
carry_out(
    "cover_colleague",
    "/v1/people/<int:person_id>/cover",
    "Let a colleague cover an officer's cases for some time.",
    CoverColleague,
    InvalidRecord,
    tag="people",
)


@bp.get("/v1/people/<int:person_id>/cover")
@describes(
    "Every cover that was recorded for a person, newest record first.", tag="people", answer=CoversOut, errors=SEEN
)
def list_covers(person_id: int) -> Response:
    version = audit.newest()
    rows = officers.covers_of(current_person(), person_id, clock.now())
    return no_store(
        jsonify(version=version, covers=[{name: plain(value) for name, value in row.items()} for row in rows])
    )


@bp.post("/v1/people/<int:person_id>/departure")
@describes(
    "Let an officer leave in one action; refused while a wearer would have no officer.",
    tag="people",
    answer=CasesMovedOut,
    body=LetLeave,
    errors=[*SEEN, InvalidRecord, CaseloadLeft],
)
def let_colleague_leave(person_id: int) -> Response:
    person = current_person()
    moved = read(LetLeave).carry_out(person, clock.now(), person_id)
    return no_store(jsonify(cases=moved))


@bp.get("/v1/people")
@describes("Your colleagues; an administrator sees everyone.", tag="people", answer=ColleaguesOut, errors=SEEN)
def list_people() -> Response:
    person, version = current_person(), audit.newest()
    found = administration.people_of(person)
    return no_store(
        jsonify(
            version=version,
            people=[
                {
                    "id": one.id,
                    "name": one.name,
                    "role": one.role,
                    "team": {"id": one.team_id, "name": one.team.name},
                    "is_active": one.is_active,
                }
                for one in found
            ],
        )
    )
