"""The console channel, for development without providers: logs that a message would go out, and to whom.

Whom by id and never by number or name; what it says holds neither.
"""

from __future__ import annotations

import logging

from backend.models import Attempt, Notification, Purpose
from notifier import messages, retries
from notifier.retries import Outcome

log = logging.getLogger(__name__)


def send(notification: Notification, subject: messages.Subject, _: Attempt) -> Outcome:
    """Write the sentence to the log; a text to a victim is their own and is not written."""
    purpose = Purpose(notification.purpose)
    words = "their own words" if notification.victim_id else messages.sentence(subject, purpose)
    log.info("%s to %s: %s", notification.channel, notification.recipient_key, words)
    return retries.sent()
