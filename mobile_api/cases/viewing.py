"""What a case is and was, who is responsible, and what is missing."""

from __future__ import annotations

from flask import Response, jsonify
from pydantic import Field

from backend import clock
from backend.bounds import Instant
from backend.cases import completeness, viewing
from backend.web.openapi import describes
from backend.web.signed_in import current_person, no_store, settings
from mobile_api.cases.answers import CaseOut, HistoryOfCaseOut, MissingItemsOut, WearersOut
from mobile_api.cases.shapes import SEEN, bp, plain
from mobile_api.request_bodies import read, read_query
from mobile_api.schemas import Strict


class SearchIn(Strict):
    """A part of a name, a reference, a serial or a place; posted, since names belong in no address."""

    text: str = Field("", max_length=200)


class AtQuery(Strict):
    """The instant at which the case is shown; without it, now."""

    at: Instant | None = None
    known_at: Instant | None = Field(None, description="As the record stood then; without it, as it stands now")


class KnownQuery(Strict):
    """As which record the history is shown; without it, as it stands now."""

    known_at: Instant | None = None


@bp.post("/v1/wearers/search")
@describes(
    "The cases of your team that match a text, by name.", tag="cases", answer=WearersOut, body=SearchIn, errors=SEEN
)
def search_cases() -> Response:
    found = viewing.cases_of(current_person(), clock.now(), read(SearchIn).text)
    return no_store(jsonify(wearers=[{"id": w.id, "name": w.name, "is_drill": w.is_training} for w in found]))


@bp.get("/v1/wearers/<int:wearer_id>")
@describes(
    "One case as it was at an instant; the look is recorded.", tag="cases", answer=CaseOut, query=AtQuery, errors=SEEN
)
def get_case(wearer_id: int) -> Response:
    now = clock.now()
    query = read_query(AtQuery)
    seen = viewing.look(current_person(), wearer_id, query.at or now, now, query.known_at)
    response = no_store(jsonify(seen))
    response.set_etag(str(seen["version"]))
    return response


@bp.get("/v1/wearers/<int:wearer_id>/history")
@describes(
    "Every entry and version of a case, newest record first.",
    tag="cases",
    query=KnownQuery,
    answer=HistoryOfCaseOut,
    errors=SEEN,
)
def get_history(wearer_id: int) -> Response:
    known_at = read_query(KnownQuery).known_at
    rows = viewing.history(current_person(), wearer_id, clock.now(), known_at)
    return no_store(jsonify(entries=[{name: plain(value) for name, value in row.items()} for row in rows]))


@bp.get("/v1/watch")
@describes(
    "What is missing from the cases of your team that you may know of.",
    tag="cases",
    answer=MissingItemsOut,
    errors=SEEN,
)
def list_missing_items() -> Response:
    person, now = current_person(), clock.now()
    ids = [wearer.id for wearer in viewing.cases_of(person, now)]
    found = completeness.find(now, ids, silent_after=settings().tag_silent_after())
    rows = [
        {"gap": str(one.item), "text": one.text, "wearer": {"id": one.wearer_id, "name": one.wearer}} for one in found
    ]
    return no_store(jsonify(findings=rows, count=len(rows)))
