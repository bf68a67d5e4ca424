"""OpenAPI from the code: routes say what they take and give beside their function, and SpecTree collects it.

SpecTree only describes. Requests are checked by ours, after it is known who asks, and refused as problem details.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from flask import Blueprint, jsonify
from flask import Response as Answer
from pydantic import BaseModel, ConfigDict, Field, create_model
from spectree import Response, SecurityScheme, SpecTree, Tag
from spectree.model_adapter.protocol import SchemaMode
from spectree.model_adapter.pydantic_adapter import PydanticModelAdapter
from spectree.models import InType, SecureType, SecuritySchemeData
from spectree.plugins.flask_plugin import FlaskPlugin

from backend.cases.commands.base import Versioned
from backend.cases.commands.stale_changes import Stale
from backend.errors import (
    DomainError,
    InvalidRequest,
    MalformedJson,
    NeedsConfirmation,
    NotFound,
    NotSignedIn,
    StorageUnavailable,
    UnsupportedMediaType,
)
from backend.web.signed_in import settings

bp = Blueprint("openapi", __name__)

View = TypeVar("View", bound=Callable[..., Any])

PROBLEM_JSON = "application/problem+json"
# Who may ask: a person with a session, a protected person's phone, a tag or a provider by its signature, or anybody.
PERSON, PHONE, TAG, PROVIDER, ANYBODY = "person", "phone", "tag", "provider", "anybody"
TAGS = {
    one.name: one
    for one in (
        Tag(name="tags", description="Where tags report."),
        Tag(name="sessions", description="Signing in and out."),
        Tag(name="alerts", description="What is going on, and who acts."),
        Tag(name="devices", description="Phones and browsers that take pushes."),
        Tag(name="cases", description="Wearers, orders, zones, tags and what is missing."),
        Tag(name="victims", description="Protected persons and how they can be reached."),
        Tag(name="phones", description="A protected person's phone that says where it is."),
        Tag(name="zones", description="Trying a zone before it is saved."),
        Tag(name="duty", description="Who is on duty, and in which order people are notified."),
        Tag(name="numbers", description="Phone numbers and their verification."),
        Tag(name="people", description="Colleagues, teams, and what administrators keep."),
        Tag(name="reports", description="How long every step took."),
        Tag(name="callbacks", description="What providers tell."),
        Tag(name="service", description="How Cordon itself is."),
    )
}


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="Its name, with dots between those of nested fields")
    code: str = Field(description="Stable, such as missing, invalid or stale")
    detail: str = Field(description="A sentence for a person")


class Problem(BaseModel):
    """A refusal: RFC 9457 problem details with a stable code. Some codes come with members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str = Field(description="Stable: docs/errors.md lists every one")
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="Everything that is wrong with the request's fields")


class Matched(BaseModel):
    """Which version of the case was read."""

    version: str | None = Field(
        None, alias="If-Match", description="The ETag that came with the case, in place of `version` in the body"
    )


class Answers(Response):
    """What a route answers: one status where it did what was asked, and problem details for every refusal."""

    def __init__(
        self, status: int, answer: type[BaseModel] | None, media: Sequence[str], refusals: Mapping[int, Sequence[str]]
    ) -> None:
        super().__init__(**{f"HTTP_{status}": (answer, "Done.")})
        self._done = str(status)
        self._media = media or (["application/json"] if answer else [])
        for refused, texts in refusals.items():
            self.add_model(refused, Problem, description="; ".join(texts))

    def generate_spec(self, *more: Any) -> dict[str, Any]:
        """Return the answers by status, each with its media type, which SpecTree takes for JSON throughout."""
        found: dict[str, Any] = super().generate_spec(*more)
        for status, answer in found.items():
            schema = answer.pop("content", {}).get("application/json", {"schema": {"type": "object"}})
            kinds = self._media if status == self._done else [PROBLEM_JSON]
            if kinds:
                text = {"schema": {"type": "string"}}
                answer["content"] = {kind: schema if kind.endswith("json") else text for kind in kinds}
            if status in ("429", "503"):
                answer["headers"] = {
                    "Retry-After": {"description": "Seconds until the next try", "schema": {"type": "integer"}}
                }
        return dict(sorted(found.items()))


class Shapes(PydanticModelAdapter):
    """Describes each shape once: SpecTree asks for that of a refusal a thousand times, at every start of a process."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[type[Any], str, str], dict[str, Any]] = {}

    def json_schema(self, model: type[Any], *, ref_template: str, mode: SchemaMode = "validation") -> dict[str, Any]:
        """Return the schema, of which SpecTree takes a copy."""
        key = (model, ref_template, mode)
        if key not in self._known:
            self._known[key] = super().json_schema(model, ref_template=ref_template, mode=mode)
        return self._known[key]


class Routes(FlaskPlugin):
    """Reads the routes of the application, and leaves their requests and answers alone."""

    def validate(self, func: Callable[..., Any], *_: Any, **path: Any) -> Any:
        """Call the view: what it reads it checks itself, after it knows who asks."""
        return func(**path)

    def find_routes(self) -> Any:
        """Return every route; only those that are described are listed."""
        return sorted(self.get_current_app().url_map.iter_rules(), key=lambda rule: rule.rule)

    def parse_path(self, route: Any, descriptions: Mapping[str, str] | None) -> tuple[str, list[Any]]:
        """Return the path and its parameters: numbers of rows are of 64 bits."""
        path, parameters = super().parse_path(route, descriptions)
        for parameter in parameters:
            parameter.pop("description")
            if parameter["schema"]["type"] == "integer":
                parameter["schema"] = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**18 - 1}
        return path, parameters


SECURITY = {
    PERSON: {"bearer": "The access token that POST /v1/sessions gives."},
    PHONE: {"phone": "The token that POST /v1/phones gives a protected person's phone."},
    TAG: {"webhook-signature": "The tag's own key signs the body, as in the Standard Webhooks specification."},
    PROVIDER: {"X-Twilio-Signature": "The account's token signs address and form."},
    ANYBODY: {},
}
SCHEMES = [
    *(
        SecurityScheme(
            name=name, data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer", description=description)
        )
        for who in (PERSON, PHONE)
        for name, description in SECURITY[who].items()
    ),
    *(
        SecurityScheme(
            name=name,
            data=SecuritySchemeData(
                type=SecureType.API_KEY, name=name, field_in=InType.HEADER, description=description
            ),
        )
        for who in (TAG, PROVIDER)
        for name, description in SECURITY[who].items()
    ),
]

_named: dict[str, type[BaseModel]] = {}


def name_of(model: type[BaseModel]) -> str:
    """Return what a shape is called in the description: no two share a name."""
    assert _named.setdefault(model.__name__, model) is model, f"two shapes are called {model.__name__}"
    return model.__name__


API = SpecTree(
    backend=Routes,
    # Its protocol and its own adapter differ in the type of the error.
    model_adapter=cast(Any, Shapes()),
    mode="strict",
    annotations=False,
    title="Cordon",
    version="1",
    description="From a tag's fix to a person who acknowledges. Errors are RFC 9457 problem details.",
    security_schemes=SCHEMES,
    validation_error_model=Problem,
    naming_strategy=name_of,
    nested_naming_strategy=lambda _, name: name,
)


def describes(
    summary: str,
    *,
    tag: str,
    body: type[BaseModel] | None = None,
    form: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    media: Sequence[str] = (),
    status: int = 200,
    query: type[BaseModel] | None = None,
    headers: type[BaseModel] | None = None,
    errors: Sequence[type[DomainError]] = (),
    by: str = PERSON,
) -> Callable[[View], View]:
    """Put the route's description beside its function, whose name is the id of the operation."""
    refusals: dict[int, list[str]] = {
        400: ["`bad_request`: The request cannot be read as HTTP"],
        InvalidRequest.status: [],
    }
    always: list[type[DomainError]] = [
        NotFound,
        InvalidRequest,
        StorageUnavailable,
        *([NotSignedIn] if by == PERSON else []),
    ]
    is_versioned = body is not None and issubclass(body, Versioned)
    if is_versioned:
        always += [Stale, NeedsConfirmation]
        refusals[412] = [f"`{Stale.code}`: {Stale.title}; the version came as If-Match"]
        headers = create_model(f"{headers.__name__}Matched", __base__=(headers, Matched)) if headers else Matched
    if body is not None and set(body.model_fields) <= set(Versioned.model_fields):
        # A version by itself may come as If-Match, without a body.
        body = None
    if body is not None or form is not None:
        refusals[413] = ["`body_too_large`: The body is too large"]
    if body is not None:
        always += [MalformedJson, UnsupportedMediaType]
    for error in dict.fromkeys([*errors, *always]):
        refusals.setdefault(error.status, []).append(f"`{error.code}`: {error.title}")

    def mark(view: View) -> View:
        view.__doc__ = f"{summary}\n\n{view.__doc__ or ''}"
        validate = API.validate(
            query=query,
            json=body,
            form=form,
            headers=headers,
            resp=Answers(status, answer, media, refusals),
            tags=[TAGS[tag]],
            security=[{name: []} for name in SECURITY[by]],
            operation_id=view.__name__,
        )
        return cast(View, validate(view))

    return mark


def build() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of every described route of the application at hand."""
    described: dict[str, Any] = {**API.spec, "servers": [{"url": settings().public_url}]}
    for item in described["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "multipart/form-data" in content:
                # SpecTree takes every form for one with files.
                content["application/x-www-form-urlencoded"] = content.pop("multipart/form-data")
    # SpecTree lists the models of queries and headers too, to which nothing refers.
    schemas: dict[str, Any] = described["components"]["schemas"]
    while unused := [name for name in schemas if f'schemas/{name}"' not in json.dumps(described)]:
        for name in unused:
            del schemas[name]
    return described


@bp.get("/v1/openapi.json")
@describes("This description.", tag="service", media=["application/json"], by=ANYBODY)
def get_openapi() -> Answer:
    return jsonify(build())
