"""Which spellings of an email address or a tag serial are the same: letter case and outer spaces do not count."""

from __future__ import annotations

import unicodedata
from typing import Any

from peewee import Expression, Field, fn


def folded(text: str) -> str:
    """Return the one spelling by which all spellings of an address or a serial are compared."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_same(field: Field, text: str) -> Expression:
    """Return the condition that a column holds some spelling of ``text``; a unique index of the table answers it."""
    spelled: Any = fn.LOWER(fn.TRIM(field))
    return spelled == folded(text)
