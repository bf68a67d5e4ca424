"""What every command of a case is made of: a frozen model, its kinds of fields, and what is wrong with them in words.

A command says what changes. The JSON route reads it from a body, the page from a form and the import from a row of a
table: what its fields are and what they may hold is said here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.fields import FieldInfo

from backend.bounds import MOST, Instant
from backend.errors import InvalidRecord

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
RowId = Annotated[int, Field(ge=0, le=MOST)]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person is asked to enter where a field is empty or cannot be read."""

    text: str


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: which, a stable code, and a sentence."""

    field: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "detail": self.detail}


class InvalidFields(InvalidRecord):
    """Fields of a command are missing or cannot be true; ``errors`` has every one of them."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(" ".join(one.detail for one in problems), errors=[one.as_dict() for one in problems])
        self.problems = problems


class Command(BaseModel):
    """One operation on a case, with what it changes; an unknown field is a mistake of the caller's and is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Each operation says of what it is: a case, an order, an alert.
    carry_out: ClassVar[Callable[..., Any]]


class Because(Command):
    """Why something is recorded."""

    why: Annotated[Text, Ask("Enter why.")]


class Documented(Because):
    """Why something is recorded, and from which document."""

    document: Annotated[str, StringConstraints(strip_whitespace=True)] = Field("", max_length=400)


class Dated(Because):
    """Something that holds from an instant on, and why."""

    from_at: Annotated[Instant, Ask("Enter from when it holds.")]


class Correcting(Documented):
    """A value from an instant on; with ``corrects`` the entry of that number, as the history has it, never held."""

    corrects: RowId | None = Field(None, description="The entry that was recorded in error")


class Reasoned(Documented):
    """A change of the record: why, from which document, and that what it takes away was read and confirmed."""

    is_confirmed: bool = False


class Versioned(Command):
    """A change of what was read: refused as ``stale`` where it was changed since; see ``versions``."""

    version: Annotated[RowId, Ask("Read what is recorded now, then decide: send the version that comes with it.")] = (
        Field(description="The version that was read, as it came with what is changed")
    )
    is_confirmed: bool = Field(False, description="What it does to what was recorded before was read and confirmed")


MISSING = {"missing", "string_too_short", "none_required"}
# Kinds of values that a person chooses or types, for which the field's own question says more than pydantic does.
UNREADABLE = {"int_parsing", "int_type", "float_parsing", "float_type", "enum", "literal_error", "bool_parsing"}
UNREADABLE |= {"greater_than_equal", "less_than_equal"}
UNREADABLE |= {"date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"}


def problems_of(error: ValidationError, model: type[BaseModel] | None = None) -> list[FieldProblem]:
    """Return what is wrong in words, each with the name of its field."""
    found = []
    for fault in error.errors(include_url=False, include_input=False, include_context=True):
        path = [str(part) for part in fault["loc"]]
        field = model.model_fields.get(path[0]) if model is not None and path else None
        found.append(FieldProblem(".".join(path), fault["type"], _words(field, fault)))
    return found


def _words(field: FieldInfo | None, fault: Any) -> str:
    asked = asked_of(field) if field is not None else None
    if asked is not None and fault["type"] in MISSING | UNREADABLE:
        return asked
    bound = fault.get("ctx", {})
    if field is not None and fault["type"] == "string_too_long":
        return f"Enter {bound['max_length']} characters or fewer."
    if fault["type"] == "value_error":
        return str(bound.get("error", fault["msg"]))
    return str(fault["msg"])


def asked_of(field: FieldInfo) -> str | None:
    """Return what a person is asked to enter in this field, where that is said."""
    return next((one.text for one in field.metadata if isinstance(one, Ask)), None)
