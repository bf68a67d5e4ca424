"""When a zone is in force, through both clock changes, and what is told when it begins around someone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zone_makers import START, at, circle, judge, last, told

from zones import Level, Permission, Reason, Zone, ZoneRefused, decide, judge_instant

settings.register_profile("zones", deadline=None, derandomize=True)
settings.load_profile("zones")

NIGHT = {"timezone": "Europe/London", "weekly": [{"days": ["sa", "SU", "mo"], "from": "19:00", "to": "07:00"}]}


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def timed(**properties) -> Zone:
    return circle(**properties)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        pytest.param("2026-01-03T18:59:59", False, id="a second before seven on Saturday"),
        pytest.param("2026-01-03T19:00:00", True, id="seven on Saturday"),
        pytest.param("2026-01-04T06:59:59", True, id="Sunday morning is Saturday's night"),
        pytest.param("2026-01-04T07:00:00", False, id="over at seven"),
        pytest.param("2026-01-06T06:59:00", True, id="Monday's night runs into Tuesday"),
        pytest.param("2026-01-06T20:00:00", False, id="Tuesday night is free"),
        # Clocks went forward at 01:00 UTC on Sunday 29 March 2026 and back at 01:00 UTC on Sunday 25 October 2026.
        pytest.param("2026-03-28T19:00:00", True, id="the last evening of winter time"),
        pytest.param("2026-03-29T05:59:59", True, id="seven in summer time is six in UTC"),
        pytest.param("2026-03-29T06:00:00", False, id="so that night has eleven hours"),
        pytest.param("2026-10-24T18:00:00", True, id="the last evening of summer time"),
        pytest.param("2026-10-25T06:59:59", True, id="and that night has thirteen"),
        pytest.param("2026-10-25T07:00:00", False, id="until seven in winter time"),
    ],
)
def test_a_curfew_keeps_its_wall_clock(instant, expected):
    assert timed(schedule=NIGHT).timing.is_in_force(utc(instant)) is expected


@pytest.mark.parametrize(
    ("begin", "end", "on", "first", "after"),
    [
        ("01:30", "03:00", "2026-03-29", "2026-03-29T01:30", "2026-03-29T02:00"),
        ("00:30", "01:30", "2026-03-29", "2026-03-29T00:30", "2026-03-29T01:30"),
        ("01:30", "03:00", "2026-10-25", "2026-10-25T00:30", "2026-10-25T03:00"),
        ("00:30", "01:30", "2026-10-25", "2026-10-24T23:30", "2026-10-25T01:30"),
    ],
)
def test_the_doubtful_hours_never_shorten_protection(begin, end, on, first, after):
    zone = timed(schedule={"timezone": "Europe/London", "weekly": [{"days": ["su"], "from": begin, "to": end}]})
    assert not zone.timing.is_in_force(utc(first) - 1)
    assert zone.timing.is_in_force(utc(first))
    assert zone.timing.is_in_force(utc(after) - 1)
    assert not zone.timing.is_in_force(utc(after))
    assert on in first or on in after


def test_an_icalendar_rule_with_an_exception():
    rule = "DTSTART:20260105T083000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEXDATE:20260107T083000"
    zone = timed(schedule={"timezone": "Europe/London", "rrule": rule, "minutes": 45})
    force = zone.timing.is_in_force
    assert (force(utc("2026-01-05T08:30")), force(utc("2026-01-05T09:15"))) == (True, False)
    assert not force(utc("2026-01-07T08:45"))
    assert force(utc("2026-07-06T07:30"))
    assert zone.timing.next_change(utc("2026-01-06T09:15")) == utc("2026-01-08T08:30")


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=HOURLY;BYDAY=MO",
        "FREQ=SECONDLY",
        "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "RRULE:FREQ=DAILY;INTERVAL=1000000000",
        "RRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=DAILY;INTERVAL=-1",
        "RRULE:FREQ=WEEKLY;BYSETPOS=300",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=YEARLY;BYEASTER=400",
        "RRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3",
        "RRULE:FREQ=DAILY;BYSECOND=1,2",
        "RRULE:FREQ=DAILY\nEXRULE:FREQ=SECONDLY",
        "RRULE:FREQ=DAILY;FREQ",
        "RRULE:FREQ",
        "RRULE:",
        "RRULE:FREQ=DAILY;BYDAY=" + "MO," * 900,
        "\n".join(["RRULE:FREQ=DAILY"] * 9),
        "RDATE;X=Y:20260101",
        "EXDATE:20260101T000000",
        "RRULE:FREQ=DAILY;UNTIL=20270101T000000Z",
        "RRULE:FREQ=DAILY;COUNT=x",
    ],
)
def test_a_rule_that_cannot_be_reckoned_at_once_is_refused(rule):
    with pytest.raises(ZoneRefused) as refused:
        timed(schedule={"timezone": "UTC", "rrule": f"DTSTART:20260105T083000\n{rule}", "minutes": 45})
    assert refused.value.code == "rrule"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;BYMONTH=7,8",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
        "FREQ=DAILY;BYHOUR=8,20;COUNT=9",
    ],
)
def test_a_rule_of_days_or_more_is_read(rule):
    timing = timed(
        schedule={"timezone": "UTC", "rrule": f"DTSTART:20260105T083000\nRRULE:{rule}", "minutes": 45}
    ).timing
    assert timing.next_change(utc("2026-01-01T00:00")) is not None or "29" in rule or "53" in rule


def test_of_a_rule_that_another_takes_away_whole_nothing_is_left_and_no_one_waits():
    rule = "DTSTART:20260105T083000\nRRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY"
    timing = timed(schedule={"timezone": "UTC", "rrule": rule, "minutes": 45}).timing
    assert not timing.is_in_force(utc("2026-03-05T08:45"))
    assert timing.next_change(utc("2026-01-01T00:00")) is None


def test_overlapping_periods_are_one():
    weekly = [{"days": ["mo"], "from": "08:00", "to": "12:00"}, {"days": ["mo"], "from": "11:00", "to": "13:00"}]
    zone = timed(schedule={"timezone": "UTC", "weekly": weekly})
    assert zone.timing.next_change(utc("2026-01-05T09:00")) == utc("2026-01-05T13:00")


@given(st.floats(utc("2026-01-01T00:00"), utc("2027-01-01T00:00")))
def test_the_next_change_is_the_next_change(after):
    timing = timed(schedule=NIGHT, valid_until="2027-06-01T00:00:00+00:00").timing
    change = timing.next_change(after)
    assert change is not None
    assert change > after
    assert timing.is_in_force(change) != timing.is_in_force(after)
    steps = [after + (change - after) * n / 50 for n in range(50)]
    assert len({timing.is_in_force(step) for step in steps}) == 1


def test_validity_and_permissions():
    court = {"reason": "court", "from": "2026-01-10T09:00:00+00:00", "to": utc("2026-01-10T17:00"), "note": "hearing"}
    zone = timed(valid_from="2026-01-05T00:00:00+00:00", valid_until="2026-02-01T00:00:00Z", permissions=[court])
    force = zone.timing.is_in_force
    assert [force(utc(t)) for t in ("2026-01-04T23:59", "2026-01-05T00:00", "2026-02-01T00:00")] == [False, True, False]
    assert not force(utc("2026-01-10T12:00"))
    assert zone.timing.permissions == (
        Permission(Reason.COURT, utc("2026-01-10T09:00"), utc("2026-01-10T17:00"), "hearing"),
    )
    assert zone.timing.next_change(utc("2026-01-06T00:00")) == utc("2026-01-10T09:00")
    assert zone.timing.next_change(utc("2026-03-01T00:00")) is None
    assert circle().timing.next_change(0) is None
    assert Zone.from_geojson(zone.to_geojson()).timing == zone.timing


def test_a_schedule_that_begins_around_someone_is_judged_at_that_instant():
    begins = START + 3600
    zone = timed(valid_from=begins)
    inside = last(zone, at(0), at(3, after_s=60))
    assert told(inside) == ("clear", "confirmed")
    assert inside.reasons[0] == "the zone is not in force now"
    assert not inside.could_be_inside
    assert told(judge_instant(zone, inside.state, begins - 1)) == ("clear", "confirmed")
    assert told(judge_instant(zone, inside.state, begins)) == ("breach", "unconfirmed")
    fresh = judge(zone, [at(2, after_s=3540)], inside.state)[-1]
    assert told(judge_instant(zone, fresh.state, begins)) == ("breach", "confirmed")
    assert told(judge(zone, [at(1, after_s=3660)], fresh.state)[-1]) == ("breach", "confirmed")


def test_a_schedule_that_ends_around_someone_clears():
    zone = timed(valid_until=START + 100)
    state = last(zone, at(0), at(3, after_s=60)).state
    assert told(judge_instant(zone, state, START + 99)) == ("breach", "confirmed")
    assert told(judge_instant(zone, state, START + 100)) == ("clear", "confirmed")


@pytest.mark.parametrize("reason", ["court", "solicitor", "police", "other"])
def test_permitted_presence_is_no_breach_and_says_why(reason):
    zone = timed(permissions=[{"reason": reason, "from": START - 10, "to": START + 10}])
    decision = decide(zone, at(0), None)
    assert decision.level is Level.CLEAR
    assert decision.reasons[0] == f"permitted now: {reason}"


def test_a_permitted_passage_permits_passing_and_not_staying():
    zone = timed(permissions=[{"reason": "passage", "from": START - 10, "to": START + 1000}])
    bus = judge(zone, [at(-540 + 12 * s, after_s=s) for s in range(0, 61, 15)])
    assert all(d.level is not Level.BREACH for d in bus)
    assert "a passage is permitted now" in bus[-1].reasons
    assert last(zone, at(0), at(3, after_s=60)).level is Level.BREACH


ENTRY = {"days": ["mo"], "from": "19:00", "to": "07:00"}


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"schedule": "nights"}, "The schedule is 'nights', which is not an object"),
        ({"schedule": {"timezone": "Mars/Base", "weekly": [ENTRY]}}, "timezone is 'Mars/Base', which is not known"),
        ({"schedule": {"weekly": [ENTRY]}}, "timezone is None"),
        ({"schedule": {"timezone": "UTC", "weekly": []}}, "weekly list is empty"),
        ({"schedule": {"timezone": "UTC", "weekly": [{"days": "mo"}]}}, "Entry 1 of the schedule has no list of days"),
        ({"schedule": {"timezone": "UTC", "weekly": [ENTRY | {"days": ["noday"]}]}}, "'noday' in entry 1"),
        (
            {"schedule": {"timezone": "UTC", "weekly": [ENTRY | {"from": "7pm"}]}},
            "from in entry 1 of the schedule is '7pm'",
        ),
        ({"schedule": {"timezone": "UTC", "weekly": [ENTRY | {"to": 7}]}}, "to in entry 1 of the schedule is 7"),
        ({"schedule": {"timezone": "UTC", "weekly": [ENTRY | {"to": "07:00Z"}]}}, "times are local, without an offset"),
        ({"schedule": {"timezone": "UTC", "rrule": "FREQ=DAILY", "minutes": 5}}, "no DTSTART line"),
        ({"schedule": {"timezone": "UTC", "rrule": 5, "minutes": 5}}, "no DTSTART line"),
        (
            {"schedule": {"timezone": "UTC", "rrule": "DTSTART:20260101T000000\nRRULE:FREQ=NEVER", "minutes": 5}},
            "cannot be used",
        ),
        (
            {"schedule": {"timezone": "UTC", "rrule": "DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", "minutes": 5}},
            "local",
        ),
        (
            {"schedule": {"timezone": "UTC", "rrule": "DTSTART:20260101T000000\nRRULE:FREQ=DAILY"}},
            "minutes of the schedule",
        ),
        ({"valid_from": "soon"}, "valid_from is 'soon', which is not a date and time"),
        ({"valid_from": "2026-01-01T00:00:00"}, "it must say its offset from UTC"),
        ({"valid_from": True}, "not a number"),
        ({"valid_from": 10, "valid_until": 10}, "would never be in force"),
        ({"permissions": {"reason": "court"}}, "permissions is not a list"),
        ({"permissions": [{"reason": "court", "from": 5, "to": 6}] * 501}, "more than 500 permissions"),
        ({"schedule": {"timezone": "UTC", "weekly": [ENTRY] * 101}}, "more than 100 entries"),
        ({"permissions": [{"reason": "love"}]}, "Permission 1 has no reason among court, solicitor"),
        ({"permissions": [{"reason": "court", "from": 5, "to": 5}]}, "Permission 1 ends before it begins"),
    ],
)
def test_a_timing_that_cannot_be_kept_is_refused(properties, sentence):
    with pytest.raises(ZoneRefused) as refused:
        circle(**properties)
    assert sentence in refused.value.detail
