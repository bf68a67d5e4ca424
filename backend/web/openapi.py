"""OpenAPI from the code: collects what each route says that it takes and returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from apispec import APISpec
from flask import Blueprint, Flask, Response, current_app, jsonify
from pydantic import BaseModel

from backend.errors import DomainError

bp = Blueprint("openapi", __name__)

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route takes, gives and refuses."""

    summary: str
    tag: str
    body: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    query: type[BaseModel] | None
    errors: tuple[type[DomainError], ...]
    is_public: bool
    headers: tuple[str, ...]


def describes(
    summary: str,
    *,
    tag: str,
    body: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    status: int = 200,
    query: type[BaseModel] | None = None,
    errors: Sequence[type[DomainError]] = (),
    is_public: bool = False,
    headers: Sequence[str] = (),
) -> Callable[[View], View]:
    """Put the route's description beside its function."""

    def mark(view: View) -> View:
        view.operation = Operation(  # type: ignore[attr-defined]
            summary, tag, body, answer, status, query, tuple(errors), is_public, tuple(headers)
        )
        return view

    return mark


def build(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of every described route of ``app``."""
    spec = APISpec(
        "Cordon",
        "1",
        openapi_version="3.1.0",
        info={"description": "From a tag's fix to a person who acknowledges. Errors are RFC 9457 problem details."},
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema(
        "Problem",
        {
            "type": "object",
            "required": ["type", "title", "status", "code", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "code": {"type": "string"},
                "detail": {"type": "string"},
            },
        },
    )
    known: set[str] = set()
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is None:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        kinds = dict(re.findall(r"<(?:(\w+):)?(\w+)>", rule.rule))
        names = {name: kind for kind, name in kinds.items()} if kinds else {}
        parameters = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "integer" if names.get(name) == "int" else "string"},
            }
            for name in re.findall(r"{(\w+)}", path)
        ]
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        spec.path(path, operations={m.lower(): _operation(spec, operation, parameters, known) for m in methods})
    return spec.to_dict()


def _operation(
    spec: APISpec, operation: Operation, parameters: list[dict[str, Any]], known: set[str]
) -> dict[str, Any]:
    parameters = parameters + [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in operation.headers
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema(by_alias=True)
        parameters += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}
            for name, field in schema["properties"].items()
        ]
    described: dict[str, Any] = {"summary": operation.summary, "tags": [operation.tag], "parameters": parameters}
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(spec, operation.body, known)}
    success: dict[str, Any] = {"description": "Done"}
    if operation.answer is not None:
        success["content"] = _content(spec, operation.answer, known)
    described["responses"] = {str(operation.status): success}
    by_status: dict[int, list[str]] = {}
    for error in operation.errors:
        by_status.setdefault(error.status, []).append(f"`{error.code}`: {error.title}")
    for status, texts in sorted(by_status.items()):
        described["responses"][str(status)] = {
            "description": "; ".join(texts),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if not operation.is_public:
        described["security"] = [{"bearer": []}]
    return described


def _content(spec: APISpec, model: type[BaseModel], known: set[str]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=True)
    for name, definition in {**schema.pop("$defs", {}), model.__name__: schema}.items():
        if name not in known:
            known.add(name)
            spec.components.schema(name, definition)
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


@bp.get("/v1/openapi.json")
@describes("This description.", tag="service", is_public=True)
def openapi_json() -> Response:
    return jsonify(build(current_app))
