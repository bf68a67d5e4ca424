"""What a protected person's text means: a plain stop withdraws consent, anything else goes to their officer. Pure.

A cry for help read as a stop would take protection away in silence; a stop that is missed would go on texting a phone
that the wearer may read. So only a plain request to stop texts is a stop, and everything unclear is read by a person.
"""

from __future__ import annotations

import re
import unicodedata

from backend import typed_text


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Source: the words that carriers and Twilio honour, with their Welsh.
WORDS = _listed("stop stopall unsubscribe unsub cancel end quit optout revoke stopiwch stopio peidiwch")
# Said around a no without changing it.
POLITE = _listed("please pls plz thanks thank you hi hello ok okay now all sorry plis diolch")
# What is asked to stop: with one of the words above and nothing but these a sentence is a request to stop texts.
ABOUT_TEXTS = _listed(
    "text texts texting txt txts message messages messaging msg msgs msging sms send sending sent contact contacting "
    "notify notifying notifications alert alerts alerting warning warnings receive receiving get getting subscription "
    "consent service number phone list tecstio negeseuon anfon"
)
AROUND = POLITE | _listed(
    "i me my mine we us to the a an this that these those any anymore more ever again it them your from want wanted "
    "would d like need wish can could will and of for on so just immediately right away longer no not do dont"
)
# Spoken to us in more than one word, each a request by itself.
PHRASES = (
    re.compile(
        r"\b(?:do not|dont|never|no longer) (?:want (?:to )?)?(?:ever )?"
        r"(?:text|txt|message|msg|send|contact|get|receive)\b"
    ),
    re.compile(r"\bno longer want\b"),
    re.compile(r"\bno more (?:text|txt|message|msg|sms|alert|warning)s?\b"),
    re.compile(r"\bopt(?:ing)? (?:me )?out\b"),
    re.compile(r"\bunsubscribe me\b"),
    re.compile(r"\b(?:remove|delete) (?:me|my (?:phone )?number)\b"),
    re.compile(r"\btake (?:me|my (?:phone )?number) off\b"),
    re.compile(r"\bwithdraw(?:ing)? (?:my )?consent\b"),
)
# Answers that need no one at once, with the words that come with them. Whatever else someone writes rings.
SHORT_ANSWERS = _listed("ok okay okey k kk thanks thank thx ta cheers received noted diolch iawn start unstop")
AROUND_SHORT = SHORT_ANSWERS | _listed("you got it that all many yn fawr for the")
# A call for help in so many words, with what may stand around it. Source: "help" is the same word in Welsh.
HELP_WORDS = _listed("help cymorth sos")
AROUND_HELP = HELP_WORDS | POLITE | _listed("me us need i we now urgent")
# That they are safe, with what may stand around it. Source: "diogel" is "safe" in Welsh.
SAFE_WORDS = _listed("safe diogel ddiogel saff")
AROUND_SAFE = (
    SAFE_WORDS | SHORT_ANSWERS | POLITE | _listed("i im am we were are all yes and here home now rwyn rydw yn in")
)
# That our texts reach the wrong person: each sentence says so and nothing else.
WRONG_PERSON = (
    re.compile(r"\bwrong (?:number|person|phone)\b"),
    re.compile(r"\b(?:not|isnt|aint) (?:my|their|the right) (?:number|phone)\b"),
    re.compile(r"\bnot (?:the|that|this) person\b"),
    re.compile(r"\brhif anghywir\b"),
)
AROUND_WRONG = POLITE | _listed(
    "wrong number person phone you have got youve i im am this is isnt it its the a an that not my their right think "
    "mate texting text texts messaging message texted for me to rhif anghywir aint"
)
# That they ask to be called at a time that is safe. "Call me" alone asks for it now, and rings.
CALL_WORDS = _listed("call phone ring ffoniwch")
SAFE_TIME = (
    re.compile(r"\b(?:at|in) a safe time\b"),
    re.compile(r"\bwhen (?:it is|its|im|i am) safe\b"),
    re.compile(r"\bsafe time\b"),
    re.compile(r"\bcall (?:me )?safe\b"),
    re.compile(r"\bamser diogel\b"),
)
AROUND_CALL = (
    CALL_WORDS
    | POLITE
    | _listed("me us at in a safe time when it is its im i am can could you back amser diogel ar fi")
)
# A phone tells a reaction to our text in words.
REACTION = re.compile(r"^\s*(?:liked|loved)\s+[\u201c\"].*[\u201d\"]\s*$", re.IGNORECASE | re.DOTALL)
LONGEST_SHORT = 5
# Pictures that add nothing to a short answer, with their colours and joiners. Any other may be a cry for help.
PLEASANT = frozenset("👍👌👏🙏🙂😊😀😁😃😄☺❤♥💕💖✅✔🎉") | frozenset("🏻🏼🏽🏾🏿")
# What a phone or an answer adds beneath, and what is quoted: as programs write it, not as a person might.
QUOTED = re.compile(
    r"^\s*(?:>|--\s*$|get outlook for \w+\s*$"
    r"|(?:sent (?:from|via|using)|anfonwyd o) (?:my|fy|the|outlook|yahoo|g?mail|samsung|galaxy|iphone|ipad|android)\b"
    r"[^.!?]{0,30}$"
    r"|on (?:[^.!?]*\d|mon|tue|wed|thu|fri|sat|sun)[^.!?]* wrote:\s*$)",
    re.IGNORECASE,
)


def is_withdrawal(text: str) -> bool:
    """Tell whether a protected person's text is a plain request to stop texts."""
    sentences = [words for sentence in _sentences(text) if (words := _words(sentence))]
    return any(_is_bare(words) or _asks(words) for words in sentences)


def is_one_word(text: str) -> bool:
    """Tell whether the text is a bare word of withdrawal, which leaves nothing for a person to read."""
    words = [word for sentence in _sentences(text) for word in _words(sentence)]
    return len(words) == 1 and words[0] in WORDS and not _has_other_pictures(text)


def is_short_answer(text: str) -> bool:
    """Tell whether the text is one of the known short answers, which a person may read later."""
    if REACTION.match(text):
        return True
    words = [word for sentence in _sentences(text) for word in _words(sentence)]
    is_known = bool(SHORT_ANSWERS & set(words)) and all(word in AROUND_SHORT for word in words)
    return is_known and len(words) <= LONGEST_SHORT and not _has_other_pictures(text)


def is_help_word(text: str) -> bool:
    """Tell whether the text is a call for help in so many words; what says more is a message, and rings as one."""
    words = [word for sentence in _sentences(text) for word in _words(sentence)]
    return bool(HELP_WORDS & set(words)) and all(word in AROUND_HELP for word in words)


def is_safe_word(text: str) -> bool:
    """Tell whether the text says that they are safe, and nothing more; a question, or a no, is a message and rings."""
    words = [word for sentence in _sentences(text) for word in _words(sentence)]
    is_known = bool(SAFE_WORDS & set(words)) and all(word in AROUND_SAFE for word in words)
    return is_known and "?" not in text and not _has_other_pictures(text)


def is_wrong_person(text: str) -> bool:
    """Tell whether the text says that it reached someone else, and nothing more."""
    sentences = [words for sentence in _sentences(text) if (words := _words(sentence))]
    if _has_other_pictures(text) or any(word not in AROUND_WRONG for words in sentences for word in words):
        return False
    return any(phrase.search(" ".join(words)) for words in sentences for phrase in WRONG_PERSON)


def asks_for_safe_call(text: str) -> bool:
    """Tell whether the text asks for a call at a time that is safe, and says nothing more."""
    words = [word for sentence in _sentences(text) for word in _words(sentence)]
    if not CALL_WORDS & set(words) or any(word not in AROUND_CALL for word in words) or _has_other_pictures(text):
        return False
    return any(phrase.search(" ".join(words)) for phrase in SAFE_TIME)


def says_more(text: str) -> bool:
    """Tell whether a text that asks to stop texts says something else too, which someone has to read now."""
    if _has_other_pictures(text):
        return True
    for sentence in _sentences(text):
        words = _words(sentence)
        if words and not (_is_bare(words) or _asks(words) or all(word in POLITE | AROUND_SHORT for word in words)):
            return True
    return False


def _has_other_pictures(text: str) -> bool:
    """Tell whether the text holds a picture, or another sign that is no word, beside the pleasant ones."""
    return any(unicodedata.category(one) in ("So", "Sk", "Co", "Cn") and one not in PLEASANT for one in text)


def _sentences(text: str) -> list[str]:
    own = [line for line in typed_text.fold(text).splitlines() if not QUOTED.match(line)]
    return re.split(r"[.!?;\n]+", "\n".join(own))


def _words(sentence: str) -> list[str]:
    """Return the words in small letters, each without its apostrophes and marks around it."""
    plain = sentence.casefold().replace("'", "").replace("\u2019", "")
    return re.findall(r"[^\W_]+", plain)


def _is_bare(words: list[str]) -> bool:
    """A word of withdrawal with nothing but politeness around it, whatever the other sentences say."""
    said = [word for word in words if word not in POLITE]
    return bool(said) and all(word in WORDS for word in said)


def _asks(words: list[str]) -> bool:
    """A request about texts in a sentence that speaks of nothing else."""
    if any(word not in KNOWN for word in words):
        return False
    sentence = " ".join(words)
    if any(phrase.search(sentence) for phrase in PHRASES):
        return True
    is_denied = {"not", "dont", "no"} & set(words)
    return bool(WORDS & set(words)) and bool(ABOUT_TEXTS & set(words)) and not is_denied


KNOWN = WORDS | ABOUT_TEXTS | AROUND | _listed("opt opting out remove delete take off withdraw withdrawing never")
