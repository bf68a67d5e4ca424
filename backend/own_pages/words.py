"""The words of a protected person's own pages, in English, and in Welsh once a translator signed it off. Pure.

Short sentences that a child of nine can read. None says what the page is for.
"""

from __future__ import annotations

LANGUAGES: dict[str, str] = {"en": "English", "cy": "Cymraeg"}
# A language is shown from the release on in which a translator has read every line of it.
SIGNED_OFF = frozenset({"en"})

ENGLISH: dict[str, str] = {
    "close": "Close this page",
    "empty_page": "There is nothing here.",
    "pin": "Passcode",
    "open": "Open",
    "wrong": "That is not right. Try again.",
    "locked": "That was tried too often. Wait an hour, then try again.",
    "busy": "Please try again in a few seconds.",
    "code_title": "Enter your code",
    "code": "Code",
    "code_hint": "6 numbers",
    "code_wrong": "That is not right, or it is too old. Ask for a new link.",
    "go_on": "Continue",
    "sent": "Sent at {at}.",
    "sent_urgent": "If you cannot wait, call 999.",
    "send_again": "Send again",
    "add_words": "Add a few words, if you can",
    "send_words": "Send these words",
    "back": "Back",
    "not_sent": "Not sent. Try again. If you cannot wait, call 999.",
    "failed": "This page did not load. Try again.",
    "choose_pin": "Choose a passcode",
    "choose_pin_hint": "6 or more numbers or letters. Only you should know it. A short sentence is good.",
    "pin_again": "Type it again",
    "current_pin": "Your passcode now",
    "lock": "Lock",
    "second": "A second passcode, if you want one",
    "second_hint": "For when someone makes you open this page. It shows an empty page, and calls the people who help "
    "you. Nothing on this phone shows that it did.",
    "save": "Save",
    "look_title": "How this page looks",
    "look_name": "What this page is called",
    "look_help": "What the button is called that calls for help",
    "look_status": "How your status is said",
    "home_title": "You",
    "watched": "You are being watched over. Last checked at {at}.",
    "not_watched": "You are not being watched over right now. Last checked at {at}.",
    "never_watched": "You are not being watched over right now.",
    "officer_knows": "Your officer knows.",
    "officer_checks": "This has not been told to your officer yet. If you are worried, press the button.",
    "coded_watched": "Saving is on. Last saved at {at}.",
    "coded_not_watched": "Saving is off. Last saved at {at}.",
    "coded_never_watched": "Saving is off.",
    "coded_officer_knows": "Support knows.",
    "coded_officer_checks": "Support does not know yet.",
    "safe": "I am safe",
    "safe_hint": "Enter your passcode. Your officer reads that you are safe. Nothing is switched off.",
    "menu_messages": "Your messages",
    "menu_places": "Your places",
    "menu_phone": "This phone",
    "menu_look": "How this page looks",
    "menu_pin": "Your passcodes",
    "calls_title": "Your calls for help",
    "call_line": "{at}",
    "call_taken": "{at}. Taken at {taken}.",
    "call_waiting": "{at}. People are being called. It is not taken yet.",
}
WELSH: dict[str, str] = {
    "close": "Cau'r dudalen hon",
    "empty_page": "Does dim byd yma.",
    "pin": "Cod mynediad",
    "open": "Agor",
    "wrong": "Dydy hynny ddim yn gywir. Ceisiwch eto.",
    "go_on": "Ymlaen",
    "sent": "Anfonwyd am {at}.",
    "sent_urgent": "Os na allwch aros, ffoniwch 999.",
    "send_again": "Anfon eto",
    "back": "Yn ôl",
    "save": "Cadw",
    "safe": "Rwy'n ddiogel",
}
CATALOGUE: dict[str, dict[str, str]] = {"en": ENGLISH, "cy": WELSH}


def offered() -> dict[str, str]:
    """Return the languages that can be chosen: those that were signed off."""
    return {code: name for code, name in LANGUAGES.items() if code in SIGNED_OFF}


def text(language: str, key: str, **values: str) -> str:
    """Return the words in a language, where it is signed off and has them, else in English."""
    found = CATALOGUE.get(language, {}).get(key) if language in SIGNED_OFF else None
    return (found or ENGLISH[key]).format(**values)
