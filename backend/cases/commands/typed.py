"""Builds commands from what people typed: the fields of a form, or the cells of a row, which are texts.

Days and times are London's; an order's last day is its whole day; a box that is ticked says yes. Everything that is
wrong is found at once, what cannot be read as well as what a command refuses.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, Union, get_args, get_origin

from pydantic import AwareDatetime, ValidationError
from pydantic.fields import FieldInfo

from backend import typed_text
from backend.bounds import is_number, read_day
from backend.cases.commands.base import Command, FieldProblem, InvalidFields, asked_of, problems_of
from backend.errors import InvalidRecord
from backend.record.facts import LONDON, ends_with, midnight

Made = TypeVar("Made", bound=Command)


class Source(Protocol):
    """What people typed, by the names of its fields: a form or a row of a table."""

    def get(self, name: str, /) -> Any:
        """Return the text of a field."""

    def getlist(self, name: str, /) -> list[str]:
        """Return every text of a field that may be chosen several times."""


class Row(dict[str, Any]):
    """A row of a table as a source."""

    def getlist(self, name: str) -> list[str]:
        """Return the one text of the cell."""
        return [self[name]] if self.get(name) else []


class Unreadable(ValueError):
    """What was typed is not of the kind that is asked for."""


@dataclass(frozen=True, slots=True)
class FirstDay:
    """An instant that is typed as a day: its first moment in London."""

    name: str


@dataclass(frozen=True, slots=True)
class LastDay:
    """An instant that is typed as the last day on which something holds: the end of that day in London."""

    name: str


@dataclass(frozen=True, slots=True)
class When:
    """An instant that is typed as a day and a time in London; without a day it is now."""

    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A field that is typed under another name than the command's."""

    name: str


ABSENT: Any = object()


def read(
    model: type[Made],
    source: Source,
    now: datetime,
    given: Mapping[str, Any] | None = None,
    called: Mapping[str, str] | None = None,
) -> Made:
    """Build a command from what was typed, and from what is ``given`` besides: values, or what makes one of the source.

    ``called`` has the names under which a table has a field, where they are others than a form's.

    Raises: InvalidFields with everything that is wrong, each by the name of the field as it was typed.
    """
    values: dict[str, Any] = dict(given or {})
    found: list[FieldProblem] = []
    names: dict[str, str] = {}
    for name, field in model.model_fields.items():
        names[name] = (called or {}).get(name) or name_of(model, name)
        try:
            if callable(values.get(name)):
                value = values.pop(name)()
            elif name in values:
                continue
            else:
                value = _value(name, field, source, now, (called or {}).get(name))
        except InvalidFields as error:
            found += error.problems
            values[name] = ABSENT
            continue
        except InvalidRecord as error:
            found.append(FieldProblem(names[name], "invalid", error.detail))
            values[name] = ABSENT
            continue
        except Unreadable as error:
            found.append(FieldProblem(names[name], "invalid", str(error)))
            # What was said once is not said again as missing.
            values[name] = ABSENT
            continue
        if value is not ABSENT:
            values[name] = value
    told = {name for name, value in values.items() if value is ABSENT}
    try:
        made = model.model_validate({name: value for name, value in values.items() if value is not ABSENT})
    except ValidationError as error:
        for problem in problems_of(error, model):
            first, _, rest = problem.field.partition(".")
            if first not in told:
                typed = names.get(first, first) + (f".{rest}" if rest else "")
                found.append(FieldProblem(typed, problem.code, problem.detail))
    else:
        if not found:
            return made
    order = list(names.values())
    raise InvalidFields(sorted(found, key=lambda one: order.index(one.field) if one.field in order else len(order)))


def name_of(model: type[Command], name: str) -> str:
    """Return under which name a person types this field."""
    for one in model.model_fields[name].metadata:
        if isinstance(one, When):
            return f"{one.name}_day"
        if isinstance(one, FirstDay | LastDay | Named):
            return one.name
    is_instant = _kind(model.model_fields[name].annotation) is datetime
    return f"{name.removesuffix('_at')}_day" if is_instant else name


def _value(name: str, field: FieldInfo, source: Source, now: datetime, called: str | None) -> Any:
    kind = _kind(field.annotation)
    mark = next((one for one in field.metadata if isinstance(one, FirstDay | LastDay | When | Named)), None)
    typed = called or (mark.name if mark is not None else name)
    if isinstance(mark, FirstDay | LastDay):
        return _day(typed, field, source, is_last=isinstance(mark, LastDay))
    if isinstance(mark, When) or kind is datetime:
        return _when(typed.removesuffix("_at"), field, source, now)
    if kind is Literal:
        return _chosen(field.annotation, str(source.get(typed) or "").strip())
    if kind is bool:
        return source.get(typed) == "yes" if not _is_optional(field.annotation) else _said(source.get(typed))
    if kind is list:
        return source.getlist(typed) or (None if _is_optional(field.annotation) else [])
    text = str(source.get(typed) or "").strip()
    if kind is str and (text or not _is_optional(field.annotation)):
        return text if text or field.is_required() else ABSENT
    if not text:
        return None if field.is_required() and _is_optional(field.annotation) else ABSENT
    if kind is int:
        folded = typed_text.fold(text)
        return int(folded) if is_number(folded) else ABSENT
    if kind is float:
        return _number(text, field)
    return text


def _kind(annotation: Any) -> Any:
    """Return what a field holds, without the None that it may be instead."""
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = [one for one in get_args(annotation) if one is not type(None)][:1]
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    return datetime if annotation is AwareDatetime else get_origin(annotation) or annotation


def _is_optional(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def _chosen(annotation: Any, text: str) -> Any:
    """Return what was chosen of a few; a tick stands for what has to be agreed to."""
    if True in get_args(annotation):
        return True if text == "yes" else ABSENT
    return text or ABSENT


def _said(text: Any) -> Any:
    """Return what was answered to a question that may be left open."""
    return {"yes": True, "no": False}.get(str(text or ""), ABSENT)


def _number(text: str, field: FieldInfo) -> float:
    try:
        value = float(typed_text.fold(text))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Unreadable(asked_of(field) or "Enter a number.")
    return value


def _day(name: str, field: FieldInfo, source: Source, *, is_last: bool) -> Any:
    text = typed_text.fold(str(source.get(name) or "")).strip()
    if not text:
        return ABSENT
    try:
        day = read_day(text)
    except ValueError:
        raise Unreadable(asked_of(field) or "Enter a day, a month and a year.") from None
    return ends_with(day) if is_last else midnight(day)


def _when(name: str, field: FieldInfo, source: Source, now: datetime) -> Any:
    text = typed_text.fold(str(source.get(f"{name}_day") or "")).strip()
    if not text:
        return now if field.is_required() else ABSENT
    try:
        day = read_day(text)
    except ValueError:
        raise Unreadable("Enter the day from which it holds as a day, a month and a year.") from None
    hour = str(source.get(f"{name}_time") or "").strip() or "00:00"
    try:
        return datetime.combine(day, typed_text.time_of_day(hour), LONDON)
    except ValueError:
        raise Unreadable("Enter a time, like 14:30 or 2:30pm.") from None
