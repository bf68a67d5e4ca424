"""Reads the translations of what protected people read, as translators keep them: gettext's PO files.

Only the header of a file can say that a translator signed it off; a line that is missing or marked as fuzzy undoes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages import pofile

FOLDER = Path(__file__).parent / "translations"
SIGNED_OFF_BY = re.compile(r'^"X-Signed-Off-By:(.*?)\\n"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: its lines by their English source, and who signed them off; no one yet where that is empty."""

    lines: Mapping[str, str]
    signed_off_by: str = ""

    def is_signed_off(self, sources: Iterable[str]) -> bool:
        """Tell whether a translator signed it off and has every one of these lines."""
        return bool(self.signed_off_by) and all(self.lines.get(one) for one in sources)


def parse(content: bytes) -> Catalogue:
    """Read a PO file; fuzzy and empty lines count as missing."""
    found = pofile.read_po(BytesIO(content))
    # The library drops a header that it does not know.
    signed = SIGNED_OFF_BY.search(content.decode())
    lines = {str(one.id): str(one.string) for one in found if one.id and one.string and not one.fuzzy}
    return Catalogue(lines, signed.group(1).strip() if signed else "")


def read(language: str) -> Catalogue:
    """Read the file of a language; without one nothing of it is shown."""
    path = FOLDER / f"{language}.po"
    return parse(path.read_bytes()) if path.exists() else Catalogue({})
