"""A protected person's hand on their own phone: it takes up an invitation, opens the page, and calls for help."""

from __future__ import annotations

import re
from typing import Any

import requests

from backend import clock, db
from backend.models import HelpCall, Victim
from backend.own_pages import invitations
from tests.world import World

PIN, SECOND = "kettle 42 moon", "yellow door 9"


class OwnPhone:
    """A phone with the cookies that a browser would keep."""

    def __init__(self, world: World, victim: Victim | None = None) -> None:
        self.world = world
        self.victim = victim or world.victim
        self.browser = requests.Session()

    def get(self, path: str = "", **more: Any) -> requests.Response:
        return self.browser.get(f"{self.world.url}/p{path}", timeout=20, **more)

    def post(self, path: str = "", form: dict[str, str] | None = None, **more: Any) -> requests.Response:
        return self.browser.post(f"{self.world.url}/p{path}", data=form or {}, timeout=20, **more)

    def takes_up(self, pin: str = PIN, second: str = SECOND) -> OwnPhone:
        """Take up an invitation that the officer read out, and choose both passcodes."""
        made = invite(self.world, self.victim)
        answer = self.post(f"/a/{made.link}", {"code": made.code})
        assert answer.status_code == 200, answer.text
        assert answer.url.endswith("/p/start"), answer.url
        answer = self.post("/start", {"pin": pin, "again": pin, "second": second})
        assert answer.url.endswith("/p/look"), answer.text
        self.post("/close")
        return self

    def enters(self, phrase: str, **more: Any) -> requests.Response:
        return self.post("", {"phrase": phrase}, **more)

    def calls_for_help(self, words: str = "") -> requests.Response:
        return self.post("/n", {"words": words} if words else {})


def invite(world: World, victim: Victim | None = None) -> invitations.Invitation:
    """Let the officer make a link and a code."""
    victim = victim or world.victim
    made = invitations.invite(world.officer.person, victim.id, "Asked on the phone today.", clock.now())
    db.release_connection()
    return made


def calls() -> list[HelpCall]:
    """Return the calls for help there are."""
    try:
        return list(HelpCall.select().order_by(HelpCall.id))
    finally:
        db.release_connection()


def words_of(page: requests.Response) -> str:
    """Return what a page shows, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.split("<main>")[-1]).split())
