"""A morning: one wearer crosses three zones in half an hour, two colleagues, phones that are off and on again.

Run with ``-s`` it prints how often each person was contacted: the figures of docs/benchmarks.md.
"""

from __future__ import annotations

from collections import Counter

import pytest

from backend import db
from backend.models import Alert, PlaceZone, ProtectedPlace
from tests.cases import circle, east_of
from tests.world import World
from tests.world.phone import Phone
from tests.world.world import HOME

MINUTES = 30
WALKS_M = 60.0
# Who takes an alert needs so many minutes with a phone that is on.
READS_AFTER = 4
# In which minutes a phone is off: for a while each, or all of them for the whole crossing.
MORNINGS = {
    "phones off and on": {"officer": range(10), "colleague": range(5, 15)},
    "no person answers while it lasts": {"officer": range(MINUTES), "colleague": range(MINUTES)},
}


def _contacts(world: World) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for name, phone in (("officer", world.officer), ("colleague", world.colleague), ("supervisor", world.supervisor)):
        number, token = phone.person.phone, phone.push_token
        asks = [one for one in world.doubles.messages if one.to == number and "Reply 1" in one.body]
        calls = [one for one in world.doubles.calls if one.to == number]
        pushes = [one for one in world.pushes if token and one.token == token]
        found[name] = Counter(texts=len(asks), calls=len(calls), pushes=len(pushes))
    return found


def _take_what_waits(world: World, phone: Phone, waited: dict[int, int], *, is_off: bool) -> None:
    """Let a person acknowledge what has waited for them for some minutes while their phone was on."""
    if is_off:
        return
    for alert in list(Alert.select().where(Alert.handling == "open", Alert.certainty != "withdrawn")):
        waited[alert.id] = waited.get(alert.id, 0) + 1
        if waited[alert.id] > READS_AFTER:
            phone.acknowledges(alert.id)


@pytest.mark.parametrize("morning", list(MORNINGS))
def test_a_morning_in_three_zones_drowns_no_one_and_leaves_nothing_grave_unanswered(world: World, morning: str) -> None:
    off = MORNINGS[morning]
    for metres, label in ((400.0, "School"), (800.0, "Work")):
        place = ProtectedPlace.create(victim=world.victim, label=label)
        feature = circle(*east_of(HOME, metres))
        PlaceZone.create(place=place, wearer=world.wearer, feature=feature, from_at=world.zone.from_at)
    db.release_connection()
    world.officer.has_app()
    world.colleague.has_app()
    phones = {"officer": world.officer, "colleague": world.colleague}
    waited: dict[str, dict[int, int]] = {name: {} for name in phones}
    unanswered = 0
    for minute in range(MINUTES):
        for name, phone in phones.items():
            phone.handset.pick_up("no-answer" if minute in off[name] else "voicemail")
        world.tag.reports(world.tag.fix(WALKS_M * minute - 500.0))
        for name, phone in phones.items():
            _take_what_waits(world, phone, waited[name], is_off=minute in off[name])
        db.release_connection()
        world.forward(60)
    for _ in range(60):
        for name, phone in phones.items():
            _take_what_waits(world, phone, waited[name], is_off=False)
        db.release_connection()
        world.forward(60)
        unanswered = Alert.select().where(Alert.handling == "open", Alert.certainty != "withdrawn").count()
        db.release_connection()
        if not unanswered:
            break
    contacts = _contacts(world)
    alerts = Alert.select().count()
    db.release_connection()
    for name, count in contacts.items():
        print(f"{name}: {count['texts']} texts, {count['calls']} calls, {count['pushes']} pushes")
    print(f"{morning}: {alerts} alerts, {unanswered} unanswered at the end")
    assert unanswered == 0
    world.reads_everything()
    assert contacts["officer"]["texts"] + contacts["officer"]["calls"] <= 40
    assert contacts["supervisor"]["texts"] >= 1
