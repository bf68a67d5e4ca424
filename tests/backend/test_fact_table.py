"""The table of facts: only added to, of one subject each, and replaced at most once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from peewee import IntegrityError

from backend import clock, db
from backend.cases import writing
from backend.errors import InvalidRecord
from backend.models import Activation, Fact, Person, Role, Shift, Tag, Team, Wearer
from backend.models.span import Span
from backend.record import reading
from backend.record.facts import What, true_at
from backend.record.recording import record_fact
from tests.statements import counted


@pytest.fixture
def wearer(database_url: str) -> Wearer:
    now = clock.now()
    team = Team.create(name="North", created_at=now)
    return Wearer.create(team=team, name="W", created_at=now)


def fact(wearer: Wearer, **more: Any) -> Fact:
    now = clock.now()
    given = {"of_wearer": wearer, "case": wearer, "what": What.RISK, "value": {"risk": "low"}, "during": Span(now)}
    return Fact.create(**{**given, "why": "Assessed.", "document": "", "recorded_at": now, **more})


@pytest.mark.parametrize(
    "change",
    ["UPDATE fact SET why = 'Other.'", "DELETE FROM fact", "TRUNCATE fact"],
    ids=["update", "delete", "truncate"],
)
def test_nothing_that_is_recorded_is_changed_or_taken_out(wearer: Wearer, change: str) -> None:
    fact(wearer)
    with pytest.raises(Exception, match=r"only added to|permission denied"):
        db.database.execute_sql(change)
    assert Fact.get().why == "Assessed."


@pytest.mark.parametrize(
    "more",
    [
        {"of_wearer": None},
        {"of_team": 1},
        {"what": "horoscope"},
        {"during": "empty"},
    ],
    ids=["of nothing", "of two things", "of no known kind", "of no time"],
)
def test_a_fact_is_of_one_thing_of_a_known_kind_and_of_some_time(wearer: Wearer, more: dict[str, Any]) -> None:
    now = clock.now()
    if more.get("during") == "empty":
        more = {"during": Span(now, now)}
    with pytest.raises(IntegrityError):
        fact(wearer, **more)


def test_a_fact_is_replaced_once(wearer: Wearer) -> None:
    wrong = fact(wearer)
    fact(wearer, replaces=wrong)
    with pytest.raises(IntegrityError):
        fact(wearer, replaces=wrong)


def test_a_span_comes_back_as_it_was_stored_with_its_end_or_without(wearer: Wearer) -> None:
    now = clock.now()
    spans = [Span(now), Span(now, now + timedelta(microseconds=1))]
    made = [fact(wearer, during=span) for span in spans]
    assert [Fact.get_by_id(one.id).during for one in made] == spans


def test_what_was_entered_for_a_later_day_is_said_again_over_a_fact_that_begins_before_it(wearer: Wearer) -> None:
    now = clock.now()
    subject = f"wearer:{wearer.id}"

    def assess(risk: str, days: int, **more: Any) -> Fact:
        from_at = now + timedelta(days=days)
        return record_fact(subject, What.RISK, {"risk": risk}, from_at, None, clock.now(), why=risk, **more)

    later = assess("high", 10, wearer_id=wearer.id)
    assess("low", 1, wearer_id=wearer.id)
    history = reading.history(subject, What.RISK)
    risks = [true_at(history, now + timedelta(days=days)).value["risk"] for days in (1, 9, 10, 100)]
    assert risks == ["low", "low", "high", "high"]
    again = Fact.select().where(Fact.replaces == later).get()
    assert (again.is_restated, again.value, again.during, again.why) == (True, later.value, later.during, "high")
    # What is corrected is the fact as it stands now.
    with pytest.raises(InvalidRecord, match="corrected already"):
        assess("medium", 10, wearer_id=wearer.id, corrects=later.id)
    assess("medium", 12, wearer_id=wearer.id, corrects=again.id)
    history = reading.history(subject, What.RISK)
    risks = [true_at(history, now + timedelta(days=days)).value["risk"] for days in (1, 10, 12)]
    assert risks == ["low", "low", "medium"]


def test_a_tag_is_on_one_wearer_at_a_time_whatever_is_written_unless_one_was_recorded_in_error(wearer: Wearer) -> None:
    now = clock.now()
    tag = Tag.create(serial="LDN-0001", key="", created_at=now)
    other = Wearer.create(team=wearer.team, name="O", created_at=now)
    first = Activation.create(tag=tag, wearer=wearer, from_at=now)
    with pytest.raises(IntegrityError), db.atomic():
        Activation.create(tag=tag, wearer=other, from_at=now + timedelta(days=1))
    with db.atomic():
        # Both at once, until the commit: the one that is wrong goes after the right one was recorded.
        Activation.create(tag=tag, wearer=other, from_at=now)
        Activation.update(is_in_error=True).where(Activation.id == first.id).execute()
    assert Activation.select().where(~Activation.is_in_error).count() == 1


def test_a_tag_comes_off_when_its_newest_fact_says_so_whatever_is_written(wearer: Wearer) -> None:
    now = clock.now()
    person = Person.create(
        team=wearer.team, role=Role.OFFICER, name="P", email="p@cordon.example", password_hash="", created_at=now
    )
    Tag.create(serial="LDN-0001", key="", created_at=now)
    worn = writing.fit_tag(person, wearer.id, "LDN-0001", now, now)
    with pytest.raises(IntegrityError, match="was recorded to end at"), db.atomic():
        Activation.update(to_at=now + timedelta(hours=1)).where(Activation.id == worn.id).execute()
    off = now + timedelta(hours=2)
    writing.take_tag_off(person, worn.id, off, off, why="Off.", is_confirmed=True)
    for wrong in (None, off + timedelta(hours=1)):
        with pytest.raises(IntegrityError, match="was recorded to end at"), db.atomic():
            Activation.update(to_at=wrong).where(Activation.id == worn.id).execute()
    value = {"serial": "LDN-0001", "to_at": (off + timedelta(hours=2)).isoformat()}
    with pytest.raises(IntegrityError, match="was recorded to end at"), db.atomic():
        record_fact(f"activation:{worn.id}", What.ACTIVATION, value, off, person, off, why="So.", wearer_id=wearer.id)
    assert Activation.get_by_id(worn.id).to_at == off


def test_a_wearer_has_one_tag_on_whatever_is_written_unless_a_person_confirmed_two(wearer: Wearer) -> None:
    now = clock.now()
    first, second = (Tag.create(serial=f"LDN-000{number}", key="", created_at=now) for number in (1, 2))
    Activation.create(tag=first, wearer=wearer, from_at=now)
    with pytest.raises(IntegrityError), db.atomic():
        Activation.create(tag=second, wearer=wearer, from_at=now + timedelta(days=1))
    Activation.create(tag=second, wearer=wearer, from_at=now, is_beside=True)
    assert Activation.select().count() == 2


def test_a_person_is_on_duty_once_at_a_time_in_one_team(wearer: Wearer) -> None:
    now, hour = clock.now(), timedelta(hours=1)
    person = Person.create(
        team=wearer.team, role=Role.OFFICER, name="P", email="p@cordon.example", password_hash="", created_at=now
    )
    shift = {"team": wearer.team, "person": person, "created_at": now}
    Shift.create(**shift, from_at=now, to_at=now + hour)
    with pytest.raises(IntegrityError), db.atomic():
        Shift.create(**shift, from_at=now + hour / 2, to_at=now + 2 * hour)
    # Its end is no part of it.
    Shift.create(**shift, from_at=now + hour, to_at=now + 2 * hour)
    assert Shift.select().count() == 2


def test_a_value_that_cannot_be_is_refused_before_it_is_recorded(wearer: Wearer) -> None:
    now = clock.now()
    with pytest.raises(InvalidRecord), counted() as statements:
        record_fact(
            f"wearer:{wearer.id}",
            What.MONITORING_STATUS,
            {"state": "asleep"},
            now,
            None,
            now,
            why="?",
            wearer_id=wearer.id,
        )
    assert statements == []
    assert not Fact.select().exists()
