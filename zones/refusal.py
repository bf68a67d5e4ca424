"""Why a zone cannot be judged by, in a sentence that says what and where."""

from __future__ import annotations

import math


class ZoneRefused(ValueError):
    """A zone that cannot be judged by: `code` is stable, `detail` is a sentence that says what and where."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def number(name: str, value: object, least: float, most: float, unit: str) -> float:
    """Return `value` as a float between `least` and `most`, both included. Raises: ZoneRefused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ZoneRefused("not_a_number", f"{name} is {value!r}, which is not a number.")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ZoneRefused("not_finite", f"{name} is {value!r}, which is not a finite number.")
    if not least <= found <= most:
        raise ZoneRefused("out_of_range", f"{name} is {found:g} {unit}; it must be from {least:g} to {most:g} {unit}.")
    return found
