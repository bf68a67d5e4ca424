"""Fault 9: a storm of alerts. Remedy: first words before later ones, the gravest and newest first, none dropped."""

from __future__ import annotations

from backend import clock, db, outbox
from backend.lifecycle import Danger
from backend.models import Alert, Channel, Notification, Purpose
from backend.outbox import owing
from tests.faults.conftest import Remedy
from tests.world import World
from zones import Certainty, Level

MANY = 40


def test_a_breach_goes_before_what_was_owed_earlier_and_matters_less(world: World, remedy: Remedy) -> None:
    remedy.is_switched_off_by(owing, "_priority", lambda *_: 0)
    world.stop_worker()
    officer = world.officer.has_app()
    world.tag.walks_in()
    alert = Alert.get()
    Notification.delete().execute()
    now = clock.now()
    with db.atomic():
        outbox.owe(alert, officer.person, Channel.SMS, Purpose.ALERT, now, rung=1)
    grave = _owed(alert, officer, Level.BREACH, Certainty.CONFIRMED, 1)
    mild = [_owed(alert, officer, Level.BUFFER, Certainty.CONFIRMED, number) for number in range(2, MANY)]
    with db.atomic():
        outbox.owe(alert, officer.person, Channel.PUSH, Purpose.ANSWERED, now)
    claimed: list[Notification] = []
    while found := outbox.claim_due([Channel.PUSH, Channel.SMS], clock.now(), 10.0, 7):
        claimed += found
    db.release_connection()
    with remedy.decides():
        assert claimed[0].episode == grave
        assert [row.episode for row in claimed[1 : len(mild) + 1]] == mild[::-1]
        assert [row.purpose for row in claimed[-2:]] == [Purpose.ALERT, Purpose.ANSWERED]
        assert len(claimed) == MANY + 1
        assert Danger(4) is Danger.BREACH
    world.reads_everything()
    world.checks_at_end = False


def _owed(alert: Alert, officer: object, level: Level, certainty: Certainty, episode: int) -> int:
    """Owe one first push, as for an alert of this danger."""
    alert.level, alert.certainty, alert.episode = level, certainty, episode
    with db.atomic():
        outbox.owe(alert, officer.person, Channel.PUSH, Purpose.ALERT, clock.now())  # type: ignore[attr-defined]
    return episode
