"""The words that rules and columns share: roles, channels, purposes, states and kinds. It imports nothing of ours."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff may do."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Handling(StrEnum):
    """What people do about an alert; what the wearer does is its situation."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlertKind(StrEnum):
    """Why an alert was raised."""

    ZONE = "zone"
    CANNOT_JUDGE = "cannot_judge"
    REPEATED_PASSES = "repeated_passes"
    # A tag says that it was tampered with or switched off, or sends an SOS; which event it is stands beside it.
    TAMPER = "tamper"
    # A protected person wrote something that is no known short answer.
    HELP = "help"
    # A tag is not in contact, or is and sends no usable position.
    SILENCE = "silence"
    NOTICE = "notice"


class RaisedBy(StrEnum):
    """What raised an alert, or let its danger rise."""

    FIX = "fix"
    EVENT = "event"
    # An event of a tag whose own time cannot be right.
    UNDATED_EVENT = "undated_event"
    # What is in force changed: a case was resumed, a zone was drawn or began. No fix said anything new.
    RECORD = "record"
    # A stay found in data that came too late to warn while it lasted.
    LATE = "late"
    SILENCE = "silence"
    MESSAGE = "message"


class Channel(StrEnum):
    """A way to reach a person."""

    WEBSOCKET = "websocket"
    PUSH = "push"
    SMS = "sms"
    VOICE = "voice"


class Purpose(StrEnum):
    """What a notification says; the words are notifier.messages'."""

    ALERT = "alert"
    ESCALATION = "escalation"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    VICTIM_BREACH = "victim_breach"
    VICTIM_OVER = "victim_over"
    VICTIM_NOT_WARNED = "victim_not_warned"
    # They could not be told that it is over.
    VICTIM_NOT_TOLD = "victim_not_told"
    # News for a colleague could not be delivered.
    NEWS_UNDELIVERED = "news_undelivered"
    # Answers to what an officer sent by SMS.
    REPLY_ACKNOWLEDGED = "reply_acknowledged"
    REPLY_TAKEN = "reply_taken"
    REPLY_CANNOT = "reply_cannot"
    REPLY_DETAILS = "reply_details"
    REPLY_RISEN = "reply_risen"
    VICTIM_ENDING = "victim_ending"
    # The answer to a message of theirs, in the words that they agreed to for it.
    VICTIM_HELP = "victim_help"
    # That a person acts, where they chose to read so.
    VICTIM_ACTS = "victim_acts"
    # That no one can watch now, and that someone can again, where they chose to read so.
    VICTIM_UNWATCHED = "victim_unwatched"
    VICTIM_WATCHED = "victim_watched"
    # Whether what they chose is still right, ninety days on.
    VICTIM_ASKED = "victim_asked"
    NOTICE = "notice"
    CORRECTION = "correction"
    # A person asked Cordon whether it reaches them.
    TEST = "test"


class NotificationState(StrEnum):
    """How far a notification has come. Sent is not delivered is not received."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    RECEIVED = "received"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReceiptKind(StrEnum):
    """Proof from a phone."""

    RECEIVED = "received"
    DISPLAYED = "displayed"
    OPENED = "opened"


class AlarmKind(StrEnum):
    """What can be wrong with Cordon itself or with its ways to people; the gravest first."""

    FIXES_REFUSED = "fixes_refused"
    OUTAGE = "outage"
    PROCESS_SILENT = "process_silent"
    STEP_FAILS = "step_fails"
    CANARY = "canary"
    NO_NEXT_ACTION = "no_next_action"
    NOT_JUDGED = "not_judged"
    NO_LIVE_ROUTE = "no_live_route"
    MESSAGE_UNHEARD = "message_unheard"
    WEARERS_NUMBER = "wearers_number"
    ACCOUNT_ACCESS = "account_access"
    PUSH_LOST = "push_lost"
    PUSH_TAKEN_OVER = "push_taken_over"
    BACKLOG = "backlog"
    MANY_SILENT = "many_silent"
    PROVIDER_CREDENTIALS = "provider_credentials"
    PROVIDER_DOWN = "provider_down"
    DEAD_LETTER = "dead_letter"
    OPTED_OUT = "opted_out"
    CLOCK = "clock"
    ROTA_GAP = "rota_gap"
    MOVING_PLACE_SILENT = "moving_place_silent"
    CASE_INCOMPLETE = "case_incomplete"
    NUMBERS_UNPROVED = "numbers_unproved"


class ProvedHow(StrEnum):
    """How it became known whose a number is."""

    BY_TEXT = "by_text"
    BY_CALL = "by_call"
    # In use when proofs began, or made for a demonstration: taken as proved at that moment.
    CARRIED_OVER = "carried_over"


class What(StrEnum):
    """What a dated fact is about."""

    TERMS = "terms"
    MONITORING_STATUS = "life"
    OFFICER = "responsible_officer"
    COVER = "cover"
    TEAM = "team"
    NAME = "name"
    IDENTITY = "identity"
    RISK = "risk"
    SAFETY_PLAN = "safety_plan"
    ELIGIBILITY = "eligibility"
    RESTRICTED = "restricted"
    APPROVAL = "approval"
    ACTIVATION = "worn"
    NUMBER = "number"
    PROTECTED = "protected"
    REACHED = "reached"
    DECLINED = "warnings_declined"
    RECALL = "recall"
