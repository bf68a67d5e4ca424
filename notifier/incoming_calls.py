"""What a caller of our number hears, and what their key does: a protected person calls for help.

Every caller hears the same neutral words, so that a person who calls back a number on a phone learns nothing.
"""

from __future__ import annotations

from datetime import datetime

from twilio.twiml.voice_response import Gather, VoiceResponse

from backend.models import Victim
from backend.own_pages import help_calls
from backend.own_pages.help_calls import How
from backend.people import numbers
from notifier.voice_menu import SPOKEN

WORDS = "Thank you for calling. Press 1 for a call back."
THANKS = "Thank you. Goodbye."
WAITS_FOR_KEY_S = 8
KEY = "1"


def answer(public_url: str) -> str:
    """Return the TwiML for a caller."""
    response = VoiceResponse()
    gather = Gather(
        num_digits=1,
        timeout=WAITS_FOR_KEY_S,
        action=f"{public_url}/v1/webhooks/twilio/incoming-call/key",
        method="POST",
    )
    gather.say(WORDS, **SPOKEN)
    response.append(gather)
    response.hangup()
    return str(response)


def take_key(number: str, digits: str, now: datetime) -> int:
    """Ring for each protected person who has this number; return for how many. Anybody else's key does nothing."""
    if digits != KEY:
        return 0
    victims = [one for one in numbers.holders(number) if isinstance(one, Victim)]
    doubts = []
    if len(victims) > 1:
        doubts.append("from a number that they share with others")
    if numbers.is_declared(number):
        doubts.append("from a number known as that of a person on probation: someone else may have called")
    for victim in victims:
        help_calls.ring(victim, How.CALL, "", now, doubt="; ".join(doubts))
    return len(victims)


def thank() -> str:
    """Return the TwiML after a key."""
    response = VoiceResponse()
    response.say(THANKS, **SPOKEN)
    response.hangup()
    return str(response)
