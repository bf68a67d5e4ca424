"""The words of a protected person's own pages and of the product's texts to them: one catalogue for both. Pure.

English is the source, in short sentences that a child of nine can read; none says what it is for. A translation stands
in ``translations/``, and is shown once its header says which translator signed off every line of it.
"""

from __future__ import annotations

from backend.own_pages.catalogue import Catalogue, read
from backend.own_pages.looks import HELP_LABELS, LOOKS, STATUS_WORDS
from backend.people.wordings import LANGUAGES, QUESTIONS

SOURCE = "en"

ENGLISH: dict[str, str] = {
    "code_text": "Your code is {digits}. It is good for 10 minutes.",
    "language": "Language",
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
    "not_mine": "This is not for me",
    "call_title": "Call me at a safe time",
    "call_hint": "Your officer reads when it is safe. No one is called in a hurry.",
    "call_when": "When is it safe, and whom to ask for?",
    "call_ask": "Ask for a call",
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
    "choose_pin_hint": "6 or more numbers or letters. Only you should know it. A short sentence is good. "
    "If your phone offers to keep it for you, say no.",
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
    "please_look": "please look",
    "still_right": "Are these still right, and is this number still safe for you?",
    "still_right_yes": "Yes, still right",
    "number_unproved": "Your number is not checked yet. No text is sent. Ask your officer.",
    "stop_all": "Stop all texts now",
    "not_sent_at_all": "Not sent",
    "hours": "When a text is safe",
    "any_hour": "At any hour",
    "hours_hint": "Outside these hours no text is sent, and your officer knows. Leave them empty for any hour.",
    "from": "From",
    "until": "Until",
    "sender": "Who your texts come from",
    "sender_usual": "The usual number",
    "sender_hint": "No one can answer a text from a name: then press the button here, or call the usual number.",
    "own_terms": "Other hours for this one",
    "own_terms_sender": "Other hours, or another sender, for this one",
    "own_terms_hint": "Only where they are not the same as for all.",
    "sender_as_all": "As for all",
    "help_word": "A word of your own that calls for help by text",
    "help_word_hint": "HELP always works too.",
    "change": "Change them",
    "no_messages": "No texts are sent to you. Your officer is warned all the same.",
    "choose_messages": "Choose your texts",
    "words_hint": "Write what you would say, not what it means. Other people may read your texts.",
    "optional": "(if you want it)",
    "example": "For example: “{words}”",
    "decline_title": "If you want no texts at all",
    "decline_hint": "You can change your mind on any day. It is never held against you.",
    "decline_why": "Why, if you want to say",
    "decline": "I want no texts",
    "declined": "You said that you want no texts. You can change that on any day.",
    "notices_title": "Notices on this phone",
    "notices_hint": "A notice is like a text, and comes over the internet. Anyone who sees your phone can read it. "
    "It may come late or not at all. Texts are surer.",
    "notices_on": "Notices are on.",
    "notices_off": "Turn notices off",
    "notices_turn_on": "Turn notices on",
    "notices_lost": "This phone does not show them any more. Turn them on again below.",
    "notices_failed": "Not turned on. Look at your phone's settings, and try again.",
    "notices_called": "What a notice is called",
    "notices_hours": "When a notice is safe",
    "notices_hours_hint": "Outside these hours none is sent. Leave them empty for any hour.",
    "notices_not_here": "This phone cannot show them. Your texts work all the same.",
    "phone_off": "This phone does not say where it is. If it did, you would be watched over wherever you go. "
    "Only people who answer your call for help could see where you are.",
    "phone_ask": "Ask my officer for it",
    "phone_on": "This phone may say where it is.",
    "phone_paused": "Paused. Nothing of where you are is kept.",
    "phone_newest": "It last did at {at}.",
    "phone_battery": "Battery: {percent} %.",
    "phone_pause": "Pause",
    "phone_go_on": "Go on",
    "phone_share": "Share while this page is open",
    "phone_shared": "Shared. Keep this page open.",
    "phone_not_shared": "Not shared. Look at your phone's settings for location, and try again.",
    "phone_app": "Share with an app, all the time",
    "phone_app_again": "Make new words for the app",
    "phone_app_title": "For the app",
    "phone_app_hint": "Type these into the app now. They are not shown again.",
    "phone_traccar": "Server URL, then Device identifier:",
    "phone_owntracks": "Mode HTTP, this URL; any user name; the words above as the password:",
    "phone_end": "End it for good",
    "checked": "Last checked at {at}.",
    "coded_checked": "Last saved at {at}.",
    "no_places": "No places are on record yet.",
    "place_what": "What should your officer know?",
    "place_add": "A place should be added",
    "place_change": "A place should be changed",
    "place_tonight": "I am moving tonight",
    "place_away": "I am away for a while",
    "place_call": "Call me at a safe time",
    "place_school": "School terms",
    "place_words": "Say it in a few words",
    "place_send": "Send to my officer",
    "place_days": "For how long, if you are away, or for school terms",
    "first_day": "First day",
    "last_day": "Last day",
    "place_asked": "What you asked for",
    "place_waiting": "Your officer has not answered yet.",
    "place_agreed": "Your officer said yes at {at}. It is watched.",
    "place_answered": "Your officer answered at {at}: {words}",
    "place_sent": "Sent to your officer.",
    "place_honest": "A new place is watched only once your officer has said so.",
    "calls_title": "Your calls for help",
    "call_line": "{at}",
    "call_taken": "{at}. Taken at {taken}.",
    "call_closed": "{at}. Your officer has closed it.",
    "call_waiting": "{at}. People are being called. It is not taken yet.",
}


# What is said of a form of theirs that cannot be kept, with a name for each figure.
REFUSALS: tuple[str, ...] = (
    "Choose one of these.",
    "Choose one of these languages.",
    "Choose one of the senders.",
    "Choose what a notice is called.",
    "Say a little more, so that your officer knows what to do.",
    "Say it in {count} characters.",
    "Enter the first and the last day.",
    "The last day comes after the first, and within a year.",
    "Choose {count} or more numbers or letters, not all the same.",
    "The two do not match. Type them again.",
    "Choose {count} or more numbers or letters for the second one too.",
    "The second one has to be different from the first.",
    "Enter your words for: danger is near.",
    "Enter your words for: it is over.",
    "Enter your words for: watching is about to end.",
    "A text may have {count} characters.",
    "A text may have {count} characters with these signs or letters.",
    "The word that calls for help may have {count} characters.",
    "This word means something else already. Choose another one to call for help.",
    "Enter the hours as a time, for example 08:00.",
    "Enter both times, or none.",
    "Tell your officer which number is safe for you. Then choose here.",
)
COUNT = "{count}"


def sources() -> tuple[str, ...]:
    """Return every English sentence that a translation has to have: pages, texts, questions, choices and refusals."""
    asked = (said for one in QUESTIONS for said in (one.ask, one.when, *one.examples))
    looks = (said for one in LOOKS.values() for said in (one.name, one.empty))
    choices = (*looks, *HELP_LABELS.values(), *STATUS_WORDS.values())
    return tuple(dict.fromkeys((*ENGLISH.values(), *asked, *choices, *REFUSALS)))


CATALOGUES: dict[str, Catalogue] = {code: read(code) for code in LANGUAGES if code != SOURCE}


def is_shown(language: str) -> bool:
    """Tell whether a language is shown: a translator has signed off every line of it."""
    return language == SOURCE or (language in CATALOGUES and CATALOGUES[language].is_signed_off(sources()))


def offered() -> dict[str, str]:
    """Return the languages that can be chosen."""
    return {code: name for code, name in LANGUAGES.items() if is_shown(code)}


def said(language: str, english: str) -> str:
    """Return an English sentence of the catalogue in a language, where that is shown."""
    return CATALOGUES[language].lines[english] if language != SOURCE and is_shown(language) else english


def refusal(language: str, english: str) -> str:
    """Return what is said of a form that cannot be kept, in a language; its figures stay as they are."""
    for one in REFUSALS:
        begin, _, end = one.partition(COUNT)
        figure = english[len(begin) : len(english) - len(end)]
        if one == english or (COUNT in one and figure.isdecimal() and english == f"{begin}{figure}{end}"):
            return said(language, one).replace(COUNT, figure)
    return english


def text(language: str, key: str, **values: str) -> str:
    """Return the words under a key in a language, where that is shown, else in English."""
    return said(language, ENGLISH[key]).format(**values)
