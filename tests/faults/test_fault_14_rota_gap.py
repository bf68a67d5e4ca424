"""Fault 14: a hole in the rota. Remedy: the responsible officer is woken, empty steps are skipped, a desk is last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend import clock
from backend.escalation.responders import Responders
from backend.models import Alert, Person, Role, Shift
from backend.people import rota
from tests.faults.conftest import Remedy
from tests.world import World


def test_in_a_hole_the_responsible_officer_is_woken_and_the_supervisor_told_without_waiting(
    world: World, remedy: Remedy
) -> None:
    now = clock.now()
    for hours in (-9, 5):
        Shift.create(
            team=world.team,
            person=world.colleague.person,
            from_at=now + timedelta(hours=hours),
            to_at=now + timedelta(hours=hours + 8),
            created_at=now,
        )

    def only_the_rota(_: object, alert: Alert) -> list[Person]:
        return rota.on_duty(alert.team_id, Role.OFFICER, clock.now())

    remedy.is_switched_off_by(Responders, "_first", only_the_rota)
    world.tag.walks_in()
    with remedy.decides():
        world.officer.expects_sms("to acknowledge")
        world.forward(31)
        world.officer.expects_call()
        # No one else is on duty: the colleagues' step is empty and is not waited out.
        world.supervisor.expects_sms("No one has acknowledged")
        world.supervisor.expects_call()
        world.supervisor.acknowledges()
        world.reads_everything()


def test_a_night_shift_across_either_change_of_the_clock_has_no_hole(world: World) -> None:
    for change in (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        Shift.delete().execute()
        for hours in (-12, -4, 4):
            Shift.create(
                team=world.team,
                person=world.colleague.person,
                from_at=change + timedelta(hours=hours),
                to_at=change + timedelta(hours=hours + 8),
                created_at=change,
            )
        assert rota.gaps(world.team.id, change - timedelta(hours=2), change + timedelta(hours=11)) == []
        for minutes in range(-130, 130, 10):
            at = change + timedelta(minutes=minutes)
            assert [person.name for person in rota.on_duty(world.team.id, Role.OFFICER, at)] == ["Ben Carter"]
