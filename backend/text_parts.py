"""How many parts a text is sent in: GSM-7 where every letter is in its alphabet, else UCS-2. Pure.

Source: 3GPP TS 23.038 for the alphabet and its extension, 3GPP TS 23.040 for the sizes of parts.
"""

from __future__ import annotations

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes the place of two.
EXTENSION = frozenset("^{}\\[~]|€\f")
GSM_ONE, GSM_EACH = 160, 153
UCS_ONE, UCS_EACH = 70, 67


def is_gsm(text: str) -> bool:
    """Tell whether a text is sent in the alphabet in which 160 characters are one part."""
    return all(one in BASIC or one in EXTENSION for one in text)


def units(text: str) -> int:
    """Return how much room a text takes: septets in GSM-7, 16-bit units in UCS-2."""
    if is_gsm(text):
        return sum(2 if one in EXTENSION else 1 for one in text)
    return len(text.encode("utf-16-le")) // 2


def parts(text: str) -> int:
    """Return in how many parts a text is sent."""
    size = units(text)
    one, each = (GSM_ONE, GSM_EACH) if is_gsm(text) else (UCS_ONE, UCS_EACH)
    return 1 if size <= one else -(-size // each)


def room(text: str) -> int:
    """Return how many characters a text of these letters may have in one part."""
    return GSM_ONE if is_gsm(text) else UCS_ONE
