"""What tags and vendors call their events, and that every kind of alert has all its words."""

from __future__ import annotations

import pytest

from backend import alert_kinds
from backend.models import AlertKind
from backend.tag_events import ENDS, KINDS, RINGING, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("strap_open", "strap_open"),
        ("Strap-Open", "strap_open"),
        (" STRAP OPENED ", "strap_open"),
        ("EV_PID_STRAP_TAMPER_START", "strap_open"),
        ("EV_PID_STRAP_TAMPER_END", "strap_closed"),
        ("ev_pid_case_tamper_start", "case_open"),
        ("EV_PID_CASE_TAMPER_END", "case_closed"),
        ("EV_JAMMING_START", "jamming"),
        ("EV_JAMMING_END", "jamming_ended"),
        ("tampering", "strap_open"),
        ("removing", "strap_open"),
        ("powerOff", "shutdown"),
        ("powerOn", "started"),
        ("sos", "sos"),
        ("EV_PID_BATTERY_LOW", "battery_low"),
        ("EV_BATTERY_LEV_5PERCENT", "battery_critical"),
        ("EV_CHARGING_STARTED", "charging_started"),
        *((name, "strap_open") for name in ("strapOpen", "StrapCut", "TAMPER", "strap.removed", "DeviceTamperAlarm")),
        *((name, "case_open") for name in ("caseOpened", "COVER-OPEN", "case tamper detected", "EV_HOUSING_OPENED")),
        *((name, "jamming") for name in ("gsmJamming", "JAM", "EV_GSM_JAMMING_START", "jamming/detected")),
        *((name, "jamming_ended") for name in ("gsmJammingStopped", "JAM CLEARED")),
        *((name, "shutdown") for name in ("PowerDown", "SWITCHED OFF", "shutDown", "deviceTurnedOff", "SHUTTING_DOWN")),
        *((name, "sos") for name in ("SOS_PRESSED", "alarm: SOS!", "panicButton", "emergency", "Duress")),
        *((name, None) for name in ("powerCut", "powerRestored", "case_id", "strapping", "jams", "tag_fitted")),
        ("EV_PARTIAL_CALLBACK", None),
        ("EV_SOS_END", None),
        ("dance", None),
        ("", None),
    ],
)
def test_an_event_is_known_by_every_name_of_it(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_what_ends_an_event_is_an_event_and_rings_no_one() -> None:
    assert set(ENDS) <= KINDS
    assert not set(ENDS) & set(RINGING)


@pytest.mark.parametrize("event", sorted(RINGING))
def test_every_event_that_rings_has_its_words(event: str) -> None:
    assert alert_kinds.title_of(AlertKind.TAMPER, event) == RINGING[event].title
    assert alert_kinds.said_of(AlertKind.TAMPER, event) == RINGING[event].said
