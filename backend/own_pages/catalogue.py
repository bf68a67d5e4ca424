"""Reads the translations of what protected people read, as translators keep them: gettext's PO files.

Only the header of a file can say that a translator signed it off; a line that is missing or marked as fuzzy undoes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from string import Formatter

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


class NotWhole(ValueError):
    """A translation that cannot be signed off: a line is missing or fuzzy, or names something that English does not."""


def names_in(text: str) -> set[str]:
    """Return what a sentence leaves open, such as a time. Raises: ValueError where its braces do not fit."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def completed(content: bytes, sources: Iterable[str]) -> bytes:
    """Return a PO file with each of these sentences, empty where it is new, and without any other.

    What was translated stays. A new sentence undoes the signature, as it is missing.
    """
    held, header = pofile.read_po(BytesIO(content)), content.decode().split("\n\n", maxsplit=1)[0]
    known = {str(one.id): one for one in held if one.id}
    blocks = [header]
    for source in sources:
        one = known.get(source)
        fuzzy = "#, fuzzy\n" if one is not None and one.fuzzy else ""
        said = str(one.string) if one is not None and one.string else ""
        blocks.append(f"{fuzzy}msgid {_quoted(source)}\nmsgstr {_quoted(said)}")
    return ("\n\n".join(blocks) + "\n").encode()


def signed(content: bytes, by: str, sources: Iterable[str]) -> bytes:
    """Return a PO file that names its translator and the day, for each of these sentences is in it.

    Raises: NotWhole, which names the first sentence that is not.
    """
    by = " ".join(by.split())
    if not by or '"' in by or "\\" in by:
        raise NotWhole("Name the translator and the day.")
    lines = parse(content).lines
    for source in sources:
        said = lines.get(source)
        if not said:
            raise NotWhole(f"Not translated, or marked as fuzzy: {source}")
        try:
            is_same = names_in(said) == names_in(source)
        except ValueError:
            is_same = False
        if not is_same:
            raise NotWhole(f"Its words in braces are not those of the English: {source}")
    header = f'"X-Signed-Off-By: {by}\\n"'
    changed, count = SIGNED_OFF_BY.subn(lambda _: header, content.decode())
    if count != 1:
        raise NotWhole("The header has no line X-Signed-Off-By.")
    return changed.encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def read(language: str) -> Catalogue:
    """Read the file of a language; without one nothing of it is shown."""
    path = FOLDER / f"{language}.po"
    return parse(path.read_bytes()) if path.exists() else Catalogue({})
