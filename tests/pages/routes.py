"""Every page of staff, by the map of URLs: a page that is added is looked at by the tests of all pages by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend import clock, db
from backend.cases import protected_people, teams, writing
from backend.models import Activation, Fact, PlaceRequest, Role, Team
from backend.web.security import BLUEPRINTS_WITHOUT_FORMS
from tests import cases
from tests.world import World

# What answers a program or a browser, and no person.
NO_PAGES = {
    "static",
    "metrics.get_metrics",
    "alarms.list_alarms",
    "alert_pages.standing",
    "supervisor_pages.board_rows",
    "pages.home",
    "pages.notification_icon",
    "pages.service_worker",
}
# Pages without an account: their tests open them with a link or a code of their own.
WITHOUT_ACCOUNT = {
    "pages.sign_in",
    "account_pages.set_password",
    "account_pages.open_link",
    "police_pages.code",
    "police_pages.alert",
}
# They see no case, and a supervisor none of these.
OF_ADMINISTRATORS = "admin_pages."


def full_record(world: World) -> dict[str, Any]:
    """Give the case one of everything that a page can be about, and return the arguments of their addresses."""
    person, now = world.officer.person, clock.now()
    since = now - timedelta(days=9)
    made = cases.order(world, since, now + timedelta(days=90))
    condition = writing.add_condition(person, made.id, "4", "Not to enter Elm Road", since, now)
    child = protected_people.add_person(
        person, world.wearer.id, "Mia Bennett", now, is_child=True, why="Named in the order."
    )
    entry = Fact.select().where(Fact.case == world.wearer, Fact.what == "terms").first()
    asked = PlaceRequest.create(victim=world.victim, kind="school", words="The school on the hill.", asked_at=now)
    worn = Activation.get(Activation.wearer == world.wearer)
    db.release_connection()
    world.tag.is_far_away()
    world.tag.walks_in()
    return {
        "wearer_id": world.wearer.id,
        "alert_id": world.officer.alert()["id"],
        "zone_id": world.zone.id,
        "order_id": made.id,
        "condition_id": condition.id,
        "entry_id": entry.id,
        "activation_id": worn.id,
        "victim_id": world.victim.id,
        "child_id": child.id,
        "person_id": world.colleague.person.id,
        "team_id": world.team.id,
        "request_id": asked.id,
        "name": "all",
    }


def pages_of_staff(world: World, values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return every page that a supervisor can open: its endpoint, and an address of it."""
    found = []
    for rule in world.app.url_map.iter_rules():
        is_page = "GET" in (rule.methods or ()) and rule.endpoint.partition(".")[0] not in BLUEPRINTS_WITHOUT_FORMS
        if not is_page or rule.endpoint in NO_PAGES | WITHOUT_ACCOUNT or rule.endpoint.startswith(OF_ADMINISTRATORS):
            continue
        missing = set(rule.arguments) - set(values)
        assert not missing, f"{rule.endpoint}: say in full_record what {missing} is, so that its page is looked at"
        given = {name: values[name] for name in rule.arguments}
        if rule.endpoint == "case_pages.reach_through":
            given["victim_id"] = values["child_id"]
        built = rule.build(given)
        assert built is not None
        found.append((rule.endpoint, built[1]))
    found.append(("case_pages.victim", f"/cases/{values['wearer_id']}/victims/{values['child_id']}"))
    found.append(("case_pages.case", f"/cases/{values['wearer_id']}?on=2020-01-01"))
    found.append(("case_pages.add_condition", f"/cases/{values['wearer_id']}/conditions/new"))
    found.append(("no such page", "/no-such-page"))
    return found


def pages_of_administrators(world: World) -> list[str]:
    """Return every page that an administrator can open, with a change of teams that is still to come."""
    by = world.person(Role.ADMINISTRATOR, "Ivy Chen", None).person
    other = Team.create(name="Camden", created_at=clock.now())
    later = clock.now() + timedelta(days=30)
    teams.move_to_team(
        by, other.id, clock.now(), people=[world.colleague.person.id], wearers=[], from_at=later, why="So."
    )
    values = {
        "person_id": world.officer.person.id,
        "team_id": world.team.id,
        "change_id": teams.planned(by)[0].id,
    }
    db.release_connection()
    found = []
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint.startswith(OF_ADMINISTRATORS) and "GET" in (rule.methods or ()):
            built = rule.build({name: values[name] for name in rule.arguments})
            assert built is not None
            found.append(built[1])
    return found
