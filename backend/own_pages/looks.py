"""How a protected person's own page can look to a person who picks up their phone: a few harmless guises. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """One guise: its name on the page, the home screen and the tab, and what its harmless page says."""

    name: str
    empty: str
    colour: str


LOOKS: dict[str, Look] = {
    "notes": Look("Notes", "You have no notes yet.", "#5b5f66"),
    "recipes": Look("Recipes", "You have no recipes yet.", "#7a5230"),
    "reading": Look("Reading list", "Your reading list is empty.", "#34596b"),
    "budget": Look("Budget", "There is nothing in your budget yet.", "#3d6b4a"),
}
DEFAULT = "notes"
# What the button that rings can be called, for a person who reads over their shoulder.
HELP_LABELS: dict[str, str] = {"help": "Help", "contact": "Contact us", "report": "Report a problem", "send": "Send"}
# How the status is said: in plain words, or as if it were about a copy of notes.
STATUS_WORDS: dict[str, str] = {"plain": "Plain words", "coded": "As if it were about saving notes"}


def look_of(name: str | None) -> Look:
    """Return a guise as stored; one that is not known any more is the first."""
    return LOOKS.get(name or DEFAULT, LOOKS[DEFAULT])


def help_label_of(name: str) -> str:
    """Return what the button that rings is called."""
    return HELP_LABELS.get(name, HELP_LABELS["help"])
