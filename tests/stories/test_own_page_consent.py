"""What a protected person chose to be told: on their own page or by phone, in versions, stopped in one step."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import clock, db
from backend.cases import contact_details
from backend.models import Channel, Consent, Fact, PlaceZone, ProtectedPlace, Victim
from backend.people import consent, numbers
from backend.record.facts import LONDON, What
from tests.cases import ENDING, NEAR, OVER, chosen
from tests.own_pages import PIN, SECOND, OwnPhone, words_of
from tests.stories.test_help_messages import ANSWER, helps, theirs, writes
from tests.world import World

ACTS, NOTHING = "The library has your order.", "Your book was a mistake."


@pytest.fixture
def phone(world: World) -> OwnPhone:
    """Their phone, with their page open."""
    mine = OwnPhone(world).takes_up()
    mine.enters(PIN)
    return mine


def chooses(phone: OwnPhone, **more: str) -> None:
    answer = phone.post("/messages/words", chosen(NEAR, OVER, ENDING, **more))
    assert answer.url.endswith("/p/messages"), words_of(answer)


def test_they_choose_their_texts_themselves_and_each_version_is_kept(world: World, phone: OwnPhone) -> None:
    assert "No texts are sent to you" in words_of(phone.get("/messages"))
    chooses(phone)
    chooses(phone, wording_acts=ACTS)
    page = words_of(phone.get("/messages"))
    assert NEAR in page
    assert ACTS in page
    rows = list(Consent.select().order_by(Consent.id))
    assert [(row.recorded_by, row.withdrawn_at is None) for row in rows] == [(None, False), (None, True)]
    db.release_connection()
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert theirs(world) == [NEAR]
    world.reads_everything()


def test_they_read_that_a_person_acts_once_it_is_so_and_that_it_is_over_once_it_is(
    world: World, phone: OwnPhone
) -> None:
    chooses(phone, wording_acts=ACTS)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert theirs(world) == [NEAR]
    world.officer.acknowledges()
    world.settle()
    assert theirs(world) == [NEAR, ACTS]
    world.reads_everything()


def test_nothing_is_said_of_an_acknowledgement_that_was_handed_back_before_the_text_left(
    world: World, phone: OwnPhone
) -> None:
    chooses(phone, wording_acts=ACTS)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    world.stop_worker()
    world.officer.acknowledges()
    world.officer.hands_back()
    world.start_worker()
    world.settle()
    assert theirs(world) == [NEAR]
    world.reads_everything()


def test_a_call_for_help_that_was_taken_is_told_and_one_in_secret_never(world: World, phone: OwnPhone) -> None:
    chooses(phone, wording_acts=ACTS, wording_help=ANSWER)
    phone.calls_for_help()
    world.settle()
    world.officer.acknowledges(helps(world)[0]["id"])
    world.settle()
    assert theirs(world) == [ANSWER, ACTS]
    phone.post("/close")
    phone.enters(SECOND)
    world.settle()
    world.officer.acknowledges(helps(world)[0]["id"])
    writes(world, "Who is this")
    world.settle()
    assert theirs(world) == [ANSWER, ACTS]
    world.reads_everything()


def test_while_a_secret_call_is_open_nothing_says_that_people_act_on_any_alert(world: World, phone: OwnPhone) -> None:
    chooses(phone, wording_acts=ACTS)
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert theirs(world) == [NEAR]
    phone.post("/close")
    phone.enters(SECOND)
    world.settle()
    for one in world.officer.alerts():
        if one["kind"] in ("zone", "help"):
            world.officer.acknowledges(one["id"])
    world.settle()
    assert theirs(world) == [NEAR]
    world.reads_everything()


def test_stopping_during_an_alert_ends_what_is_due_at_once_and_touches_no_alert(world: World, phone: OwnPhone) -> None:
    chooses(phone)
    world.stop_worker()
    world.tag.is_far_away()
    world.tag.stays_inside()
    assert phone.post("/messages", {"act": "stop"}).status_code == 200
    world.start_worker()
    world.settle()
    assert theirs(world) == []
    (alert,) = [one for one in world.officer.alerts() if one["kind"] == "zone"]
    assert alert["handling"] == "open"
    assert not alert["is_over"]
    told = [reason for one in world.officer.alerts() if one["kind"] == "notice" for reason in one["reasons"]]
    assert "They stopped their texts on their own page." in told
    assert not [message for message in world.doubles.messages if "could not be warned" in message.body]
    world.reads_everything()


def test_no_text_goes_outside_the_hours_that_they_chose_and_the_officer_hears_so(world: World, phone: OwnPhone) -> None:
    hour = clock.now().astimezone(LONDON).hour
    chooses(phone, hours_from=f"{(hour + 2) % 24:02d}:00", hours_until=f"{(hour + 4) % 24:02d}:00")
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.expects_sms("the protected person could not be warned by text")
    assert theirs(world) == []
    world.reads_everything()


def test_a_text_with_hours_of_its_own_waits_for_no_other_and_its_hours_are_shown(world: World, phone: OwnPhone) -> None:
    hour = clock.now().astimezone(LONDON).hour
    begin, end = f"{(hour + 2) % 24:02d}:00", f"{(hour + 4) % 24:02d}:00"
    chooses(phone, wording_over_from=begin, wording_over_until=end)
    assert f"{OVER} ({begin}–{end})" in words_of(phone.get("/messages"))
    form = phone.get("/messages/words").text
    assert f'name="wording_over_from" type="time" value="{begin}"' in form
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.settle()
    assert theirs(world) == [NEAR]
    world.tag.leaves()
    world.officer.expects_sms("could not be told that it is over")
    assert theirs(world) == [NEAR]
    world.reads_everything()


@pytest.mark.parametrize("field", ["hours_from", "hours_until", "wording_over_from", "wording_acts_until"])
def test_one_end_of_the_hours_alone_is_asked_back_and_never_read_as_any_hour(
    world: World, phone: OwnPhone, field: str
) -> None:
    answer = phone.post("/messages/words", chosen(NEAR, OVER, ENDING, **{field: "22:00"}))
    assert answer.status_code == 422
    assert "Enter both times, or none." in words_of(answer)
    assert Consent.select().count() == 0
    db.release_connection()


def test_a_word_of_their_own_calls_for_help(world: World, phone: OwnPhone) -> None:
    chooses(phone, help_word="Blue Kettle")
    writes(world, "blue kettle.")
    for one in (world.officer, world.colleague, world.supervisor):
        one.expects_sms("Urgent alert")
    world.reads_everything()


def test_declining_needs_no_reason_is_kept_and_can_be_changed(world: World, phone: OwnPhone) -> None:
    phone.post("/messages", {"act": "decline", "why": ""})
    assert "You said that you want no texts" in words_of(phone.get("/messages"))
    entry = Fact.get(Fact.what == What.DECLINED)
    assert (entry.value, entry.why) == ({"is_declined": True}, "No reason given.")
    assert contact_details.has_declined(world.victim, clock.now())
    db.release_connection()
    chooses(phone)
    assert not contact_details.has_declined(world.victim, clock.now())
    db.release_connection()
    world.reads_everything()


def test_who_declined_is_protected_as_before(world: World, phone: OwnPhone) -> None:
    world.victim_consents()
    phone.post("/messages", {"act": "decline", "why": "I do not want to know"})
    world.tag.is_far_away()
    world.tag.stays_inside()
    world.officer.expects_sms("breach")
    phone.calls_for_help()
    world.settle()
    assert len(helps(world)) == 1
    assert theirs(world) == []
    assert Fact.get(Fact.what == What.DECLINED).why == "I do not want to know"
    db.release_connection()
    world.reads_everything()


def test_after_ninety_days_they_are_asked_again_and_one_tap_says_that_it_is_right(
    world: World, phone: OwnPhone
) -> None:
    chooses(phone)
    Consent.update(given_at=clock.now() - timedelta(days=91)).execute()
    db.release_connection()
    assert "please look" in words_of(phone.get())
    assert "Are these still right" in words_of(phone.get("/messages"))
    phone.post("/messages", {"act": "confirm"})
    assert "please look" not in words_of(phone.get())
    world.reads_everything()


@pytest.mark.parametrize(
    ("field", "words", "said"),
    [
        ("wording_breach", "", "Enter your words for: danger is near"),
        ("wording_breach", "a" * 161, "A text may have 160 characters."),
        ("wording_breach", "Ŵ" + "a" * 70, "A text may have 70 characters with these signs or letters."),
        ("help_word", "stop", "This word means something else already"),
        ("help_word", "ok", "This word means something else already"),
        ("hours_from", "25:00", "Enter the hours as a time"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_lost(
    world: World, phone: OwnPhone, field: str, words: str, said: str
) -> None:
    answer = phone.post("/messages/words", {**chosen(NEAR, OVER, ENDING), field: words})
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert OVER in answer.text
    assert Consent.select().count() == 0
    db.release_connection()


def test_an_officer_records_the_same_choices_by_phone(world: World) -> None:
    contact_details.agree(
        world.officer.person,
        world.wearer.id,
        world.victim.id,
        world.victim.phone or "",
        chosen(NEAR, OVER, ENDING, wording_acts=ACTS, hours_from="08:00", hours_until="22:00", help_word="kettle"),
        clock.now(),
    )
    agreed = consent.sms_consent(world.victim)
    assert agreed is not None
    assert (agreed.wording_acts, agreed.hours_from, agreed.hours_until, agreed.help_word) == (ACTS, 480, 1320, "kettle")
    assert agreed.channel == Channel.SMS
    db.release_connection()
    world.reads_everything()


def test_two_protected_people_of_one_wearer_see_and_hear_nothing_of_each_other(world: World, phone: OwnPhone) -> None:
    other = Victim.create(team=world.team, name="Sofia Marino", phone="+447700900277", created_at=clock.now())
    numbers.carry_over(other, clock.now())
    PlaceZone.create(
        place=ProtectedPlace.create(victim=other, label="Work"),
        wearer=world.wearer,
        feature=world.zone.feature,
        from_at=world.zone.from_at,
    )
    db.release_connection()
    theirs_too = OwnPhone(world, other).takes_up("another pass 3", "yet another 4")
    theirs_too.calls_for_help("I see them")
    world.settle()
    home = words_of(phone.get())
    assert "Your calls for help" not in home
    for secret in ("Sofia", "Marino", "I see them"):
        assert secret not in phone.get().text + phone.get("/sent").text
    (alert,) = helps(world)
    assert alert["protected_person"]["name"] == "Sofia Marino"
    # Nor do the passcodes of one open the page of the other.
    assert "not right" in words_of(theirs_too.enters(PIN))
    world.reads_everything()
