"""The default escalation policy: who is notified after how many seconds, by which channel. Pure."""

from __future__ import annotations

from backend.escalation.steps import EVERY_CHANNEL, Policy, Step, Who
from backend.vocabulary import Channel

DEFAULT = Policy(
    steps=(
        Step(0.0, (Who.ACKNOWLEDGER, Who.OFFICER), (Channel.WEBSOCKET, Channel.PUSH)),
        Step(10.0, (Who.ACKNOWLEDGER, Who.OFFICER), (Channel.SMS,), unless_received=True),
        Step(30.0, (Who.ACKNOWLEDGER, Who.OFFICER), (Channel.VOICE,)),
        Step(60.0, (Who.COLLEAGUES,), EVERY_CHANNEL),
        Step(180.0, (Who.SUPERVISORS,), EVERY_CHANNEL),
    ),
    repeat=Step(
        120.0,
        (Who.ACKNOWLEDGER, Who.OFFICER, Who.COLLEAGUES, Who.SUPERVISORS, Who.DUTY_DESK),
        EVERY_CHANNEL,
    ),
)

# For a call for help of a protected person: the officer, a colleague and the supervisor at once, whatever the
# team's own policy is.
EVERYONE_AT_ONCE = Policy(
    steps=(
        Step(
            0.0,
            (Who.ACKNOWLEDGER, Who.OFFICER, Who.COLLEAGUES, Who.SUPERVISORS),
            (Channel.WEBSOCKET, Channel.PUSH, Channel.SMS),
        ),
        Step(20.0, (Who.ACKNOWLEDGER, Who.OFFICER, Who.COLLEAGUES, Who.SUPERVISORS), (Channel.VOICE,)),
    ),
    repeat=Step(
        60.0,
        (Who.ACKNOWLEDGER, Who.OFFICER, Who.COLLEAGUES, Who.SUPERVISORS, Who.DUTY_DESK),
        EVERY_CHANNEL,
    ),
)
