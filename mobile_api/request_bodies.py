"""Reads request bodies and queries into their schemas, and writes schemas out."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from flask import Response, request
from pydantic import BaseModel, Field, ValidationError

from backend.bounds import is_number
from backend.cases.commands.base import Versioned, problems_of
from backend.errors import InvalidRequest, MalformedJson, UnsupportedMediaType
from backend.web.request_checks import check_json, finite, refuse_constant
from backend.web.signed_in import no_store

Model = TypeVar("Model", bound=BaseModel)

EPOCH = "Cordon-Epoch"


class EpochHeaders(BaseModel):
    """Which life of the database the alert was seen in."""

    epoch: str | None = Field(None, alias="Cordon-Epoch", description="The epoch that came with the list of alerts")


def read(model: type[Model]) -> Model:
    """Return the request's JSON body; of a change of what was read, the version may come as ``If-Match`` instead.

    Raises: UnsupportedMediaType, MalformedJson; InvalidRequest with every fault.
    """
    content = _content(model)
    if issubclass(model, Versioned) and isinstance(content, dict) and content.get("version") is None:
        matched = _matched()
        content = {name: value for name, value in content.items() if name != "version"}
        content |= {} if matched is None else {"version": matched}
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = problems_of(error, model)
        detail = "; ".join(f"{one.field}: {one.detail}" for one in problems)
        raise InvalidRequest(detail, errors=[one.as_dict() for one in problems]) from None


def _matched() -> int | None:
    """Return the version that the request names as ``If-Match``; None where it names none. Raises: InvalidRequest."""
    named = request.headers.get("If-Match", "").strip()
    if named in ("", "*"):
        return None
    # What compresses an answer marks its ETag with how.
    version = named.removeprefix("W/").strip('"').partition(":")[0]
    if not is_number(version):
        said = "Give the version in If-Match as the case's ETag has it."
        raise InvalidRequest(said, errors=[{"field": "If-Match", "code": "invalid", "detail": said}])
    return int(version)


def _content(model: type[BaseModel]) -> Any:
    if not request.get_data() and set(model.model_fields) <= set(Versioned.model_fields):
        return {}
    if not request.is_json:
        raise UnsupportedMediaType("Send a JSON body with Content-Type: application/json.")
    try:
        return check_json(json.loads(request.get_data(), parse_float=finite, parse_constant=refuse_constant))
    except (ValueError, RecursionError):
        raise MalformedJson("The body cannot be read as JSON.") from None


def read_query(model: type[Model]) -> Model:
    """Return the request's query. Raises: pydantic.ValidationError, which becomes a 422."""
    return model.model_validate(request.args.to_dict())


def write(model: BaseModel, status: int = 200) -> Response:
    """Return the answer as JSON that no cache keeps."""
    return no_store(Response(model.model_dump_json(by_alias=True), status, mimetype="application/json"))
