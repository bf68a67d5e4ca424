"""Whom a case protects: several people and children in one case, and one person protected from several wearers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend import clock, db
from backend.cases import completeness, contact_details, monitoring_status, officers, viewing, writing
from backend.cases.monitoring_status import Ended
from backend.errors import InvalidRecord
from backend.models import AlertKind, Channel, Consent, Role, Team, Victim, Wearer
from backend.people import consent, numbers
from backend.record import reading
from tests import cases
from tests.cases import chosen
from tests.world import HOME, World

WHY = {"why": "She lives with him no more."}
VICTIM_TEXTS = ("A parcel came.", "The parcel is gone.", "The shop closes.")
ELM = cases.east_of(HOME, 6_000.0)


def entered(world: World, wearer_id: int, **body: Any) -> int:
    """Enter a protected person as the officer's app does."""
    answer = world.officer.api("POST", f"/v1/wearers/{wearer_id}/victims", json={**WHY, **body})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def agrees(world: World, victim_id: int, number: str, words: tuple[str, str, str] = VICTIM_TEXTS) -> None:
    """Record their consent, and take their number as proved."""
    contact_details.agree(world.officer.person, world.wearer.id, victim_id, number, chosen(*words), clock.now())
    numbers.carry_over(Victim.get_by_id(victim_id), clock.now())
    db.release_connection()


def protect(world: World, wearer_id: int, victim_id: int, label: str = "Elm") -> None:
    """Protect a place of theirs at once."""
    lat, lon = ELM
    body = {"victim_id": victim_id, "place": label, "lat": lat, "lon": lon, "radius_m": 250}
    answer = world.officer.api("POST", f"/v1/wearers/{wearer_id}/provisional-zones", json=body)
    assert answer.status_code == 201, answer.text


def texts_to(world: World, number: str | None) -> list[str]:
    world.settle()
    return [message.body for message in world.doubles.messages if message.to == number]


def second_man(world: World) -> Wearer:
    """Another wearer of the same officer, from whom no one is protected yet."""
    found = Wearer.create(
        team=world.team, name="Owen Price", responsible_officer=world.officer.person, created_at=clock.now()
    )
    db.release_connection()
    return found


def restrict(world: World) -> None:
    """Close the case to all but its officer and the supervisor."""
    named = [world.officer.person.id, world.supervisor.person.id]
    officers.restrict(world.supervisor.person, world.wearer.id, named, clock.now(), why="She works here.")
    db.release_connection()


def test_a_second_protected_person_is_entered_said_to_be_unprotected_until_a_zone_is_and_warned_in_their_words(
    world: World,
) -> None:
    world.officer.has_app()
    number = entered(world, world.wearer.id, name="Sofia  Marino")
    seen = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["victims"]
    assert [(one["name"], one["is_placed"]) for one in seen] == [("Laura Bennett", True), ("Sofia Marino", False)]
    texts = [finding.text for finding in completeness.find(clock.now(), [world.wearer.id])]
    db.release_connection()
    assert "No zone was ever drawn around a place of a protected person: Sofia Marino" in texts
    agrees(world, number, "+447700900211")
    protect(world, world.wearer.id, number)
    assert completeness.MissingItem.VICTIM_WITHOUT_ZONE not in [
        one.item for one in completeness.find(clock.now(), [world.wearer.id])
    ]
    db.release_connection()
    world.tag.stays(6_000.0, for_s=120, every_s=30)
    assert texts_to(world, "+447700900211") == ["A parcel came."]
    assert texts_to(world, world.victim.phone) == []
    said = [(row["what"], row["value"]) for row in viewing.history(world.officer.person, world.wearer.id, clock.now())]
    db.release_connection()
    assert ("Protected person", "Sofia Marino") in said
    world.reads_everything()


def test_who_is_protected_from_two_men_is_one_person_with_one_number_and_one_consent(world: World) -> None:
    world.officer.has_app()
    world.victim_consents()
    other = second_man(world)
    refused = world.officer.api("POST", f"/v1/wearers/{other.id}/victims", json={**WHY, "name": "laura bennett"})
    assert (refused.status_code, refused.json()["code"]) == (409, "known_person")
    assert "recorded already in the case of Daniel Marsh" in refused.json()["detail"]
    found = world.officer.api("POST", "/v1/victims/search", json={"text": "BENN"}).json()["victims"]
    assert found == refused.json()["known"]
    assert [(one["name"], [case["name"] for case in one["cases"]]) for one in found] == [
        ("Laura Bennett", ["Daniel Marsh"])
    ]
    assert entered(world, other.id, victim_id=found[0]["id"]) == world.victim.id
    # Their home is the same place the one who must keep away from it.
    zone = {**WHY, "place_id": world.place.id, "zone": world.zone.feature, "from_at": clock.now().isoformat()}
    assert world.officer.api("POST", f"/v1/wearers/{other.id}/zones", json=zone).status_code == 201
    tag = world.new_tag("LDN-0002", other)
    tag.stays_inside()
    assert texts_to(world, world.victim.phone) == ["Your book has arrived."]
    # Another number in one case is their number in the other.
    agrees(world, world.victim.id, "+447700900212")
    for wearer_id in (world.wearer.id, other.id):
        shown = world.officer.api("GET", f"/v1/wearers/{wearer_id}").json()["victims"]
        assert [(one["id"], one["phone"]) for one in shown] == [(world.victim.id, "ends in 0212")]
    assert Victim.select().count() == 1
    assert Consent.select().where(Consent.withdrawn_at.is_null()).count() == 1
    db.release_connection()
    again = world.officer.api("POST", f"/v1/wearers/{other.id}/victims", json={**WHY, "victim_id": world.victim.id})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    world.reads_everything()


def test_a_case_is_opened_for_someone_who_is_recorded_already(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    lat, lon = ELM
    body = {
        "wearer": "Owen Price",
        "victim": "Laura Bennett",
        "place": "Elm",
        "kind": "dapo",
        "reference": "DAPO 88/26",
        "starts_at": clock.now().isoformat(),
        "condition": "Not to enter Elm Road.",
        "zone": cases.circle(lat, lon),
        "serial": spare.serial,
    }
    refused = world.officer.api("POST", "/v1/wearers", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "known_person")
    with_number = {**body, "victim_id": world.victim.id, "victim_phone": "+447700900299"}
    assert "keeps their number" in world.officer.api("POST", "/v1/wearers", json=with_number).json()["detail"]
    opened = world.officer.api("POST", "/v1/wearers", json={**body, "victim": None, "victim_id": world.victim.id})
    assert opened.status_code == 201, opened.text
    assert [one.id for one in reading.victims_of(opened.json()["id"])] == [world.victim.id]
    assert (Wearer.select().count(), Victim.select().count()) == (2, 1)
    db.release_connection()


def test_a_child_is_not_reached_by_text_until_an_adult_is_named_and_then_in_that_adults_words(
    world: World,
) -> None:
    world.officer.has_app()
    consent.give(
        world.victim,
        Channel.SMS,
        *VICTIM_TEXTS[:2],
        world.officer.person,
        clock.now(),
        wording_ending="The shop closes.",
    )
    db.release_connection()
    child = entered(world, world.wearer.id, name="Mia Bennett", is_child=True)
    protect(world, world.wearer.id, child, "School")
    assert not [f.text for f in completeness.find(clock.now(), [world.wearer.id]) if "Mia" in f.text]
    db.release_connection()
    world.tag.stays(6_000.0, for_s=120, every_s=30)
    world.officer.expects_push("breach")
    assert texts_to(world, world.victim.phone) == []
    world.tag.leaves()
    path = f"/v1/wearers/{world.wearer.id}/victims/{child}/reached-through"
    assert world.officer.api("POST", path, json={**WHY, "reached_through": world.victim.id}).status_code == 201
    shown = world.officer.api("GET", f"/v1/wearers/{world.wearer.id}").json()["victims"][-1]
    assert (shown["is_child"], shown["reached_through"]["name"]) == (True, "Laura Bennett")
    world.forward(3_600)
    world.tag.stays(6_000.0, for_s=120, every_s=30)
    assert texts_to(world, world.victim.phone) == ["A parcel came."]
    with pytest.raises(InvalidRecord, match="A child has no number here"):
        agrees(world, child, "+447700900213")
    db.release_connection()
    # Before protection of the school stops, the one who is notified of it is notified of that.
    now = clock.now()
    monitoring_status.end(
        world.officer.person, world.wearer.id, Ended.REVOCATION, now, now, why="Revoked.", is_confirmed=True
    )
    db.release_connection()
    assert "The shop closes." in texts_to(world, world.victim.phone)
    said = [row["value"] for row in viewing.history(world.officer.person, world.wearer.id, clock.now())]
    db.release_connection()
    assert "Mia Bennett through Laura Bennett" in said
    world.reads_everything()


def test_the_one_who_may_not_open_a_restricted_case_cannot_tell_whether_someone_is_in_it(world: World) -> None:
    restrict(world)
    other = second_man(world)
    colleague = world.colleague
    assert colleague.api("POST", "/v1/victims/search", json={"text": "Laura"}).json() == {"victims": []}
    path = f"/v1/wearers/{other.id}/victims"
    chosen = colleague.api("POST", path, json={**WHY, "victim_id": world.victim.id})
    assert (chosen.status_code, chosen.json()["code"]) == (404, "not_found")
    # The name says nothing either: they are entered anew, as they would be if no one knew of them.
    assert colleague.api("POST", path, json={**WHY, "name": "Laura Bennett"}).status_code == 201
    found = world.officer.api("POST", "/v1/victims/search", json={"text": "Laura"}).json()["victims"]
    assert len(found) == 2
    elsewhere = world.person(Role.OFFICER, "Ola Third", None, Team.create(name="East", created_at=clock.now()))
    assert elsewhere.api("POST", "/v1/victims/search", json={"text": "Laura"}).json() == {"victims": []}


def test_of_someone_in_two_cases_only_the_open_one_is_named_with_the_places_it_knows_of(world: World) -> None:
    other = second_man(world)
    entered(world, other.id, victim_id=world.victim.id)
    restrict(world)
    found = world.colleague.api("POST", "/v1/victims/search", json={"text": "Laura"}).json()["victims"]
    assert [[case["name"] for case in one["cases"]] for one in found] == [["Owen Price"]]
    shown = world.colleague.api("GET", f"/v1/wearers/{other.id}").json()["victims"]
    assert [(one["name"], one["places"]) for one in shown] == [("Laura Bennett", [])]
    mine = world.officer.api("GET", f"/v1/wearers/{other.id}").json()["victims"]
    assert [place["label"] for place in mine[0]["places"]] == ["Home"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "Enter the name"),
        ({"name": "Sofia", "why": " "}, 422, ""),
        ({"name": "Sofia", "reached_through": 1}, 422, "Only a child is reached through another person"),
        ({"name": "Mia", "is_child": True, "reached_through": 99}, 404, "protected person was not found"),
        ({"name": "Mia", "victim_id": 1}, 422, "named by victim_id alone"),
        ({"victim_id": 99}, 404, "protected person was not found"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_and_nothing_is_kept(
    world: World, body: dict[str, Any], status: int, words: str
) -> None:
    refused = world.officer.api("POST", f"/v1/wearers/{world.wearer.id}/victims", json={**WHY, **body})
    assert (refused.status_code, words in refused.json()["detail"]) == (status, True), refused.text
    assert Victim.select().count() == 1
    db.release_connection()


def test_who_was_entered_in_error_is_taken_out_and_stays_in_the_history(world: World) -> None:
    number = entered(world, world.wearer.id, name="Sofia Marino")
    child = entered(world, world.wearer.id, name="Mia", is_child=True, reached_through=number)
    path = f"/v1/wearers/{world.wearer.id}/victims"
    through = world.officer.api("DELETE", f"{path}/{number}", json=WHY)
    assert (through.status_code, "Mia" in through.text or "child" in through.text) == (409, True)
    nobody = {**WHY, "reached_through": None}
    assert world.officer.api("POST", f"{path}/{child}/reached-through", json=nobody).status_code == 201
    assert world.officer.api("POST", f"{path}/{number}/reached-through", json=nobody).status_code == 422
    assert world.officer.api("DELETE", f"{path}/{number}", json=WHY).status_code == 204
    assert [one.name for one in reading.victims_of(world.wearer.id)] == ["Laura Bennett", "Mia"]
    kept = world.officer.api("DELETE", f"{path}/{world.victim.id}", json=WHY)
    assert (kept.status_code, "stay on record" in kept.text) == (409, True)
    rows = [
        row
        for row in viewing.history(world.officer.person, world.wearer.id, clock.now())
        if row["value"].startswith("Sofia")
    ]
    db.release_connection()
    assert [(row["value"], row["is_corrected"], row["corrects"]) for row in rows] == [
        ("Sofia Marino is not in this case", False, True),
        ("Sofia Marino", True, False),
    ]
    # Entered again, they are in it again.
    entered(world, world.wearer.id, victim_id=number)
    assert number in [one.id for one in reading.victims_of(world.wearer.id)]
    db.release_connection()


def test_the_one_who_is_entered_is_offered_for_a_new_place_and_forgotten_by_no_one(
    world: World,
) -> None:
    number = entered(world, world.wearer.id, name="Sofia Marino")
    assert [one.id for one in writing.victims_for(world.officer.person, world.wearer.id, clock.now())] == [
        world.victim.id,
        number,
    ]
    db.release_connection()
    world.officer.has_app()
    cases.forward_to(world, clock.now() + timedelta(hours=2))
    world.officer.expects_push("")
    assert "No zone was ever drawn around a place of a protected person: Sofia Marino." in [
        reason for alert in cases.alerts(AlertKind.NOTICE) for reason in alert.reasons
    ]
    world.reads_everything()


def test_a_place_that_moves_with_them_keeps_both_men_away_whichever_case_it_was_agreed_in(world: World) -> None:
    other = second_man(world)
    entered(world, other.id, victim_id=world.victim.id)
    zone = {**WHY, "place_id": world.place.id, "zone": world.zone.feature, "from_at": clock.now().isoformat()}
    assert world.officer.api("POST", f"/v1/wearers/{other.id}/zones", json=zone).status_code == 201

    def share(wearer_id: int) -> None:
        body = {"wearers": [wearer_id], "radius_m": 200, "buffer_m": 200, "agreed": True}
        answer = world.officer.api("POST", f"/v1/victims/{world.victim.id}/shared-location", json=body)
        assert answer.status_code == 201, answer.text

    def shared_in() -> list[bool]:
        seen = [world.officer.api("GET", f"/v1/wearers/{one.id}").json() for one in (world.wearer, other)]
        return [case["victims"][0]["shares_location"] for case in seen]

    share(world.wearer.id)
    assert shared_in() == [True, False]
    share(other.id)
    assert shared_in() == [True, True]
    world.reads_everything()
