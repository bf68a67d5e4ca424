"""Someone has their phone, its history and its texts, and not their passcode: what they find tells nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests

from backend import clock, db
from backend.models import OwnPage
from backend.own_pages import invitations
from backend.web.own_pages.layout import PHONE_LASTS_S
from notifier import incoming_calls, messages
from tests.own_pages import PIN, SECOND, OwnPhone, calls, invite, words_of
from tests.stories.test_help_messages import helps
from tests.world import World

TELLING = re.compile(
    # A page asks where it is by "watchPosition", and replaces a notice by its "tag".
    r"cordon|probation|officer|police|victim|protect|abus|wearer|\btags?\b(?!: .n.)|court|danger|watch(?!Position)|"
    r"breach|govuk|consent|safe\b",
    re.IGNORECASE,
)
BEHIND = ("/ok", "/look", "/start", "/messages", "/messages/words", "/notices", "/phone", "/places", "/call")


def told_by(answer: requests.Response) -> list[str]:
    """Return what in an answer, its headers and its cookies tells whose page it is."""
    # Every site may send the one of these, and the other is the address that was asked for.
    ordinary = ("X-Robots-Tag", "Location")
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name not in ordinary)
    return TELLING.findall(answer.text) + TELLING.findall(headers)


def test_nothing_that_the_phone_opens_without_the_passcode_tells_whose_it_is(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    phone.calls_for_help()
    found = {path: told_by(phone.get(path)) for path in ("", "/sent", "/m", "/a/ABCDEFGHJK", "/nowhere", "/n", *BEHIND)}
    found |= {
        name: told_by(phone.get(f"/f/{name}")) for name in ("page.css", "page.js", "w.js", "notes.svg", "nothing.css")
    }
    found["wrong passcode"] = told_by(phone.enters("wrong one"))
    found["second passcode"] = told_by(phone.enters(SECOND))
    found["behind it"] = told_by(phone.get("/messages"))
    found["no phone of theirs"] = told_by(OwnPhone(world).get())
    found["a form from elsewhere"] = told_by(phone.post("", {}, headers={"Origin": "https://elsewhere.example"}))
    assert {where: words for where, words in found.items() if words} == {}
    world.reads_everything()


def test_no_address_that_a_browser_may_keep_tells_anything(world: World) -> None:
    rules = [rule.rule for rule in world.app.url_map.iter_rules() if rule.rule.startswith("/p/") or rule.rule == "/p"]
    assert len(rules) > 12
    assert {rule for rule in rules if re.search(r"help|safe|alert|warn", rule) or TELLING.search(rule)} == set()


def test_no_browser_is_asked_to_remember_what_is_typed(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    pages = {"door": phone.get().text, "code": phone.get("/a/ABCDEFGHJK").text}
    phone.enters(PIN)
    phone.calls_for_help()
    pages |= {path: phone.get(path).text for path in (*BEHIND, "/sent")}
    remembered = []
    for path, page in pages.items():
        for form, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", page, re.DOTALL):
            for field in re.findall(r"<(?:input|textarea|select)\b[^>]*>", inside):
                if re.search(r'type="(?:hidden|radio|checkbox)"', field):
                    continue
                if 'autocomplete="off"' not in field and 'autocomplete="off"' not in form:
                    remembered.append((path, field))
    assert remembered == []
    # Some browsers offer to keep a password all the same: the page says to refuse.
    assert sum(page.count('type="password"') for page in pages.values()) >= 6
    assert "If your phone offers to keep it for you, say no." in pages["/start"]
    world.settle()
    world.reads_everything()


def test_errors_are_as_neutral_as_the_page(world: World, as_owner: Callable[[str], None]) -> None:
    phone = OwnPhone(world).takes_up()
    large = "x" * (34 * 1_048_576)
    answers = {
        "405": phone.browser.delete(f"{world.url}/p", timeout=20),
        "404": phone.get("/a/b/c/d"),
        "413": phone.browser.post(f"{world.url}/p", data=large, timeout=60),
    }
    # What the database answers cannot be read: no row of this kind can be stored while its check stands.
    as_owner("ALTER TABLE own_page DROP CONSTRAINT own_page_expires_at_check")
    db.database.execute_sql("UPDATE own_page SET expires_at = 'infinity'")
    db.release_connection()
    answers["unreadable"], answers["unreadable, a call"] = phone.get(), phone.calls_for_help()
    assert answers["405"].status_code == 405
    assert answers["404"].status_code == 404
    assert answers["413"].status_code == 413
    assert min(answers["unreadable"].status_code, answers["unreadable, a call"].status_code) >= 400
    assert {name: told_by(answer) for name, answer in answers.items() if told_by(answer)} == {}
    assert all(answer.headers["Content-Type"].startswith("text/html") for answer in answers.values())
    assert "Not sent. Try again. If you cannot wait, call 999." in words_of(answers["unreadable, a call"])
    assert "Send again" in words_of(answers["unreadable, a call"])


def test_texts_that_the_product_words_itself_tell_nothing(world: World) -> None:
    found = [messages.code("123456", is_for_victim=True), incoming_calls.WORDS, incoming_calls.THANKS]
    assert [said for said in found if TELLING.search(said)] == []


@pytest.mark.parametrize("path", BEHIND)
def test_what_is_behind_the_passcode_leads_to_the_door_without_it(world: World, path: str) -> None:
    phone = OwnPhone(world).takes_up()
    for method in (phone.get, phone.post):
        answer = method(path)
        assert answer.url.endswith("/p"), path
        assert "Passcode" in words_of(answer)
    phone.enters(SECOND)
    assert "You have no notes yet." in words_of(phone.get(path))
    world.reads_everything()


def test_a_page_that_was_left_open_closes_by_itself_and_its_cookie_opens_nothing_more(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    phone.enters(PIN)
    kept = dict(phone.browser.cookies)
    assert "Your messages" in words_of(phone.get())
    world.forward(601)
    assert "Passcode" in words_of(phone.get())
    phone.enters(PIN)
    assert dict(phone.browser.cookies)["s"] != kept["s"]
    phone.post("/close")
    thief = OwnPhone(world)
    thief.browser.cookies.update(kept)
    assert "Your messages" not in words_of(thief.get())


def test_the_address_of_an_invitation_is_dead_once_it_was_used_and_after_five_wrong_codes(world: World) -> None:
    made = invite(world)
    thief = OwnPhone(world)
    for _ in range(5):
        assert "not right" in words_of(thief.post(f"/a/{made.link}", {"code": "000000"}))
    assert "not right" in words_of(thief.post(f"/a/{made.link}", {"code": made.code}))
    made = invite(world)
    mine = OwnPhone(world)
    assert mine.post(f"/a/{made.link}", {"code": made.code}).url.endswith("/p/start")
    assert "not right" in words_of(thief.post(f"/a/{made.link}", {"code": made.code}))


def test_a_new_phone_closes_the_old_one_and_so_does_the_officer(world: World) -> None:
    old, new = OwnPhone(world).takes_up(), OwnPhone(world).takes_up()
    assert "nothing here" in words_of(old.get())
    old.calls_for_help()
    assert calls() == []
    invitations.end(world.officer.person, world.victim.id, clock.now())
    assert "nothing here" in words_of(new.get())


def test_a_new_phone_looks_as_the_old_one_did_before_and_behind_the_passcode(world: World) -> None:
    old = OwnPhone(world).takes_up()
    old.enters(PIN)
    old.post("/look", {"look": "recipes", "help_label": "contact", "status_words": "coded"})
    invitations.end(world.officer.person, world.victim.id, clock.now())
    db.release_connection()
    new = OwnPhone(world).takes_up()
    door = new.get()
    assert "<title>Recipes</title>" in door.text
    assert "Contact us" in words_of(door)
    home = words_of(new.enters(PIN))
    assert "Saving is off." in home
    assert "watched over" not in home


def test_a_page_that_is_looked_at_keeps_its_button_though_its_passcode_is_never_entered(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    kept = dict(phone.browser.cookies)["v"]
    given = phone.get().headers["Set-Cookie"]
    assert given.startswith(f"v={kept};")
    assert f"Max-Age={PHONE_LASTS_S}" in given
    assert "Set-Cookie" not in OwnPhone(world).get().headers


def test_an_open_page_cannot_be_taken_over_without_the_passcode(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    phone.enters(PIN)
    taken = {"pin": "thiefs own 1", "again": "thiefs own 1", "second": ""}
    assert "not right" in words_of(phone.post("/start", {**taken, "current": "wrong"}))
    # Made to give it away, they give the second one.
    answer = phone.post("/start", {**taken, "current": SECOND})
    assert "You have no notes yet." in words_of(answer)
    world.settle()
    assert len(helps(world)) == 1
    assert "watched over" in words_of(phone.enters(PIN))
    world.reads_everything()


def test_no_secret_is_kept_as_it_is(world: World) -> None:
    made = invite(world)
    phone = OwnPhone(world).takes_up()
    row = OwnPage.select().order_by(OwnPage.id.desc()).get()
    kept = " ".join(str(value) for value in row.__data__.values())
    for secret in (PIN, SECOND, made.link, made.code, *dict(phone.browser.cookies).values()):
        assert secret not in kept


def test_the_wearers_side_learns_nothing_of_a_call(world: World) -> None:
    world.tag.is_far_away()
    before = world.tag.is_far_away()
    OwnPhone(world).takes_up().calls_for_help()
    world.settle()
    after = world.tag.is_far_away()
    assert set(before) == set(after)
    assert before.get("report_interval_s") == after.get("report_interval_s")
    world.reads_everything()
