"""What the value of each kind of fact must be, so that an unreadable one is detected. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from backend.record.facts import Life, Terms, What


def is_readable(what: str, value: Any) -> bool:
    """Tell whether an entry of this kind can have this value."""
    look = _LOOKS.get(what)
    try:
        return look is None or look(value)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return False


def _is_aware(text: Any) -> bool:
    return text is None or datetime.fromisoformat(text).tzinfo is not None


def _is_id(value: Any, *, or_none: bool = False) -> bool:
    return (value is None and or_none) or (isinstance(value, int) and not isinstance(value, bool))


def _is_terms(value: Any) -> bool:
    terms = Terms.from_value(value)
    return all(at is None or at.tzinfo is not None for at in (terms.starts_at, terms.ends_at))


def _is_life(value: Any) -> bool:
    return bool(Life(value["state"])) and _is_aware(value.get("expected_end_at"))


def _is_cover(value: Any) -> bool:
    return _is_id(value.get("by"), or_none=True) and _is_aware(value.get("until"))


def _are_people(value: Any) -> bool:
    people = value["people"]
    return people is None or (isinstance(people, list) and all(_is_id(one) for one in people))


_LOOKS: dict[str, Callable[[Any], bool]] = {
    What.TERMS: _is_terms,
    What.LIFE: _is_life,
    What.OFFICER: lambda value: _is_id(value["person"], or_none=True),
    What.COVER: _is_cover,
    What.TEAM: _is_id,
    What.NAME: lambda value: isinstance(value, str),
    What.RISK: lambda value: isinstance(value["risk"], str),
    What.SAFETY_PLAN: lambda value: isinstance(value["text"], str),
    What.ELIGIBILITY: lambda value: isinstance(value, dict),
    What.RESTRICTED: _are_people,
    What.APPROVAL: lambda value: isinstance(value, dict),
    What.WORN: lambda value: isinstance(value, dict),
    What.PROTECTED: lambda value: _is_id(value["victim"]) and isinstance(value["is_protected"], bool),
    What.DECLINED: lambda value: isinstance(value["is_declined"], bool),
}
