"""The code of an alert, by which people name it in a text or aloud, and the storing of a new alert under one."""

from __future__ import annotations

import secrets

from backend.models import Alert

# Letters and digits that cannot be taken for one another when read out or typed at night.
CODE_ALPHABET = "ACDEFGHJKLMNPQRTUVWXY34679"


def store(alert: Alert) -> Alert:
    """Insert a new alert under a code that no alert has; that of a drill says so wherever it is read or printed."""
    is_canary, is_drill = alert.wearer.is_canary, alert.wearer.is_training
    prefix = "CANARY-" if is_canary else "DRILL-" if is_drill else ""
    while alert.id is None:
        alert.code = prefix + "".join(secrets.choice(CODE_ALPHABET) for _ in range(5))
        # Another one that has the code already is left as it is, and this one tries the next.
        new = Alert.insert(alert.__data__).on_conflict(action="IGNORE", conflict_target=[Alert.code])
        for made in new.returning(Alert.id).execute():
            alert.id = made.id
    # It is stored as it stands.
    alert._dirty.clear()
    return alert
