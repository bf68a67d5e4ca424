"""A hand that works a page and counts what it does: taps, fields, letters, and how long that takes a person.

The seconds are of the keystroke-level model (Card, Moran and Newell, "The keystroke-level model for user performance
time with interactive systems", CACM 23, 1980): a letter 0.28 s for an average typist, a tap 1.1 s, 0.4 s from pointing
to typing, and 1.35 s to make up one's mind before each field and each tap. They are counted and not measured, so they
are the same on every machine; what the service takes itself is beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Locator

LETTER_S, TAP_S, TO_TYPING_S, MIND_S = 0.28, 1.1, 0.4, 1.35


@dataclass
class Hand:
    """What one person did on a page so far."""

    taps: int = 0
    letters: int = 0
    fields: list[str] = field(default_factory=list)

    def taps_on(self, what: Locator) -> None:
        """Tap or click something."""
        what.click()
        self.taps += 1

    def types(self, what: Locator, text: str) -> None:
        """Tap a field, and type into it letter by letter."""
        self.taps_on(what)
        what.press_sequentially(text)
        self.letters += len(text)
        self.fields.append(text)

    def chooses(self, what: Locator, label: str) -> None:
        """Open a list, and tap one of it."""
        what.select_option(label)
        self.taps += 2

    @property
    def seconds(self) -> float:
        """How long a person takes for it."""
        return self.letters * LETTER_S + self.taps * (TAP_S + MIND_S) + len(self.fields) * TO_TYPING_S
