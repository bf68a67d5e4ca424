"""One wearer is one ring: their alerts are told as one, and an acknowledgement covers what was shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from backend import alerts, clock, db
from backend.lifecycle import Danger
from backend.models import (
    Alert,
    Channel,
    Escalation,
    Notification,
    PlaceZone,
    ProtectedPlace,
    Victim,
)
from tests.cases import circle, east_of
from tests.world import World
from tests.world.world import HOME
from zones import Certainty, Level


def _protect(world: World, metres_east: float, *, whose: Victim | None = None, label: str = "School") -> PlaceZone:
    """Protect one more place from the same wearer."""
    place = ProtectedPlace.create(victim=whose or world.victim, label=label)
    feature = circle(*east_of(HOME, metres_east))
    zone = PlaceZone.create(place=place, wearer=world.wearer, feature=feature, from_at=world.zone.from_at)
    db.release_connection()
    return zone


def _contacts(world: World, number: str | None) -> tuple[int, int]:
    """Return how many texts that ask for an answer, and how many calls, went to a number."""
    texts = [one for one in world.doubles.messages if one.to == number and "Reply 1" in one.body]
    return len(texts), len([one for one in world.doubles.calls if one.to == number])


@pytest.fixture
def quiet_end(world: World) -> Iterator[World]:
    """A world in which every message counts as read at the end: the story has counted them."""
    yield world
    world.reads_everything()


def test_one_fix_in_two_zones_is_one_escalation(quiet_end: World) -> None:
    world = quiet_end
    _protect(world, 100.0)
    officer = world.officer.has_app()
    officer.handset.pick_up("human")
    world.tag.walks_in()
    push = officer.expects_push("and 1 more of this person")
    world.forward(70)
    assert [row.about for row in Escalation.select()] == ["places"]
    assert _contacts(world, officer.person.phone) == (1, 1)
    assert _contacts(world, world.colleague.person.phone) == (1, 1)
    assert "and 1 more of this person" in world.doubles.calls[0].said[0]
    # One tap covers both: both were shown.
    officer.acknowledges(int(push.data["alert_id"]))
    assert {alert["handling"] for alert in officer.alerts()} == {"acknowledged"}
    texts = [one for one in world.doubles.messages if "a colleague has acknowledged it" in one.body]
    world.forward(800)
    assert len(texts) <= 1
    assert _contacts(world, officer.person.phone) == (1, 1)


def test_a_text_answers_for_all_that_it_spoke_of(quiet_end: World) -> None:
    world = quiet_end
    _protect(world, 100.0)
    world.tag.walks_in()
    text = world.officer.expects_sms("and 1 more of this person")
    code = text.body.split()[3].rstrip(":")
    world.officer.texts(f"1 {code}")
    world.officer.expects_sms("you have acknowledged it")
    assert {alert["handling"] for alert in world.officer.alerts()} == {"acknowledged"}


def test_a_further_place_of_the_same_level_calls_no_person_again(quiet_end: World) -> None:
    world = quiet_end
    _protect(world, 520.0)
    officer = world.officer.has_app()
    world.tag.stays_inside()
    officer.expects_push("Please acknowledge")
    before = _contacts(world, officer.person.phone)
    # Still near the first, and in the second.
    world.tag.reports(world.tag.fix(300.0))
    world.settle()
    assert Alert.select().count() == 2
    # Shown, by a push; no text and no call.
    officer.expects_push("and 1 more of this person")
    assert _contacts(world, officer.person.phone) == before
    first, second = Alert.select().order_by(Alert.id)
    assert first.escalation_id == second.escalation_id
    officer.acknowledges(second.id)
    assert {alert["handling"] for alert in officer.alerts("acknowledged")} == {"acknowledged"}
    assert len(officer.alerts("acknowledged")) == 2


def test_another_protected_person_rings_anew(quiet_end: World) -> None:
    world = quiet_end
    other = Victim.create(team=world.team, name="Ana Silva", created_at=clock.now())
    _protect(world, 600.0, whose=other)
    officer = world.officer.has_app()
    world.tag.walks_in()
    officer.expects_push("Please acknowledge")
    world.forward(100)
    before = _contacts(world, officer.person.phone)
    world.tag.reports(world.tag.fix(600.0))
    world.forward(31)
    after = _contacts(world, officer.person.phone)
    assert (after[0] > before[0], after[1] > before[1]) == (True, True)


def test_what_an_acknowledgement_did_not_show_is_told_anew_to_the_person_who_acts_first(quiet_end: World) -> None:
    world = quiet_end
    _protect(world, 600.0)
    world.tag.walks_in()
    text = world.officer.expects_sms("to acknowledge")
    code = text.body.split()[3].rstrip(":")
    # Since the text a further place has come: the answer cannot mean it.
    world.forward(5)
    world.tag.reports(world.tag.fix(600.0, ago_s=0.0))
    world.settle()
    shown = Notification.get(Notification.channel == Channel.SMS).shown
    assert len(shown) == 1
    world.officer.texts(f"1 {code}")
    world.settle()
    first, second = Alert.select().order_by(Alert.id)
    assert (first.handling, second.handling) == ("acknowledged", "open")
    world.forward(1)
    text = world.officer.expects_sms(f"{second.code}")
    before = _contacts(world, world.colleague.person.phone)
    world.forward(40)
    assert _contacts(world, world.colleague.person.phone) == before, "the person who took it has a minute"
    world.forward(25)
    assert _contacts(world, world.colleague.person.phone) > before


def test_a_rise_after_an_acknowledgement_is_shown_to_who_took_it_and_to_others_a_minute_later(
    quiet_end: World,
) -> None:
    world = quiet_end
    colleague = world.colleague.has_app()
    world.tag.stays(400.0, for_s=60)
    alert = Alert.get()
    colleague.acknowledges(alert.id)
    before = _contacts(world, world.officer.person.phone)
    world.tag.reports(world.tag.fix(0.0))
    world.settle()
    assert Alert.get().handling == "open"
    colleague.expects_push("Please acknowledge")
    world.forward(45)
    assert _contacts(world, world.officer.person.phone) == before
    world.forward(20)
    assert _contacts(world, world.officer.person.phone) > before


def test_what_is_over_and_unanswered_runs_to_the_supervisor_and_repeats_ever_less_often(quiet_end: World) -> None:
    world = quiet_end
    world.tag.walks_in()
    alert = Alert.get()
    Alert.update(is_over=True, over_at=clock.now()).where(Alert.id == alert.id).execute()
    db.release_connection()
    world.forward(200)
    assert _contacts(world, world.supervisor.person.phone) == (1, 1)
    told_at = Notification.select().order_by(Notification.id.desc()).get().created_at
    waits = []
    for _ in range(5):
        at = Escalation.get().next_at
        db.release_connection()
        waits.append(round((at - told_at).total_seconds() / 60))
        world.forward((at - clock.now()).total_seconds() + 1)
        told_at = Notification.select().order_by(Notification.id.desc()).get().created_at
    assert waits == [5, 15, 30, 60, 60]
    # Without a rota it is the person who answers for the case who is asked on.
    assert _contacts(world, world.supervisor.person.phone) == (1, 1)
    assert _contacts(world, world.officer.person.phone) == (6, 6)
    world.officer.acknowledges()
    world.forward(700)
    assert _contacts(world, world.officer.person.phone) == (6, 6)


def test_repeats_to_one_person_are_bounded_and_a_rise_is_not(quiet_end: World) -> None:
    world = quiet_end
    world.tag.stays(400.0, for_s=60)
    for _ in range(27):
        world.forward(120)
    bounded = _contacts(world, world.officer.person.phone)
    # The first text and call, and twelve repeats of each within the hour.
    assert max(bounded) <= 2 + 12
    before = clock.now()
    world.tag.reports(world.tag.fix(0.0))
    world.forward(11)
    rung = Notification.select().where(Notification.created_at >= before, Notification.channel == Channel.SMS)
    assert rung.count() >= 1


def test_a_late_alert_that_turns_out_graver_rings_who_acknowledged_less(quiet_end: World) -> None:
    world = quiet_end
    world.tag.walks_in()
    alert = Alert.get()
    world.officer.acknowledges(alert.id)
    world.reads_everything()
    Alert.update(
        is_late=True, is_over=True, peak_danger=2, acknowledged_danger=2, level=1, certainty="confirmed"
    ).where(Alert.id == alert.id).execute()
    now = clock.now()
    judgement = alerts.Judgement(
        world.wearer,
        world.zone,
        Level.BREACH,
        Certainty.CONFIRMED,
        ("Inside.",),
        now - timedelta(seconds=600),
        now,
        now,
    )
    alerts.retell(alert.id, judgement, now - timedelta(seconds=700), now - timedelta(seconds=600))
    db.release_connection()
    world.settle()
    changed = Alert.get()
    assert (changed.handling, changed.peak_danger) == ("open", Danger.BREACH)
    world.officer.expects_sms("to acknowledge")


def test_a_call_for_help_that_no_one_answers_is_repeated_without_a_bound_and_uses_up_none(quiet_end: World) -> None:
    world = quiet_end
    world.doubles.reply(from_=world.victim.phone or "", body="Please help me", to=world.settings.twilio_from)
    for _ in range(25):
        world.forward(60)
    texts, calls = _contacts(world, world.officer.person.phone)
    assert min(texts, calls) > 20
    before = clock.now()
    world.tag.walks_in()
    for _ in range(6):
        world.forward(61)
    about = Alert.get(Alert.kind == "zone").id
    repeats = Notification.select().where(
        Notification.alert == about, Notification.is_repeat, Notification.channel == Channel.SMS
    )
    assert repeats.where(Notification.created_at >= before).exists()


def test_what_no_one_answers_is_never_quiet_for_ten_minutes_within_the_bound(quiet_end: World) -> None:
    world = quiet_end
    world.tag.walks_in()
    for _ in range(38):
        world.forward(120)
    times = [
        row.created_at
        for row in Notification.select()
        .where(Notification.person == world.officer.person, Notification.channel == Channel.SMS)
        .order_by(Notification.created_at)
    ]
    waits = [(later - before).total_seconds() for before, later in pairwise(times)]
    assert max(waits) <= 600.0
    hour = clock.now() - timedelta(hours=1)
    assert len([at for at in times if at > hour]) <= 13
