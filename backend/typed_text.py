"""Normalises what people type: digits of every script become 0 to 9, invisible characters are removed. Pure."""

from __future__ import annotations

import unicodedata

# Marks that no one sees: direction, joining, byte order. A contact that is copied brings them along.
UNSEEN = "Cf"


def fold(text: str) -> str:
    """Return the text in its plain form, with every decimal digit as one of 0 to 9: ``１ ٤２`` is ``1 42``.

    For codes, replies and phone numbers; never for what is kept as someone wrote it.
    """
    plain = unicodedata.normalize("NFKC", text)
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one
        for one in plain
        if unicodedata.category(one) != UNSEEN
    )


def whole(text: str) -> int | None:
    """Return the whole number that the text is, in digits of any script; None where it is none."""
    plain = fold(text).strip()
    return int(plain) if plain.isascii() and plain.isdigit() else None
