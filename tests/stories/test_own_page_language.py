"""Their pages in a language that a translator has signed off: every word of the product is in it, in every state."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend import clock, db, push_subscriptions, shared_location
from backend.own_pages import catalogue, words
from backend.own_pages.words import REFUSALS, refusal
from backend.web.own_pages.layout import local
from tests.cases import ENDING, NEAR, OVER, chosen
from tests.own_pages import PIN, SECOND, OwnPhone
from tests.world import World

# A made translation: each sentence of the product stands between these marks.
BEGIN, END = "⟦", "⟧"
SHOWN = re.compile(r">([^<>]+)<")
# Their own words, names of places and apps, what is typed in elsewhere, and the names of languages.
THEIRS = (
    NEAR,
    OVER,
    ENDING,
    "Home",
    "My sister's flat",
    "Wherever they are",
    "Traccar Client",
    "OwnTracks",
    "HELP",
    "English",
    "Cymraeg",
)


def translated(source: str) -> str:
    return f"{BEGIN}{source}{END}"


def made_file() -> bytes:
    """Return the file as a translator would hand it over, not signed off yet."""
    content = catalogue.completed((catalogue.FOLDER / "cy.po").read_bytes(), words.sources()).decode()
    head, *_ = content.split("\n\n", maxsplit=1)
    blocks = [head]
    for source in words.sources():
        quoted = source.replace('"', '\\"')
        blocks.append(f'msgid "{quoted}"\nmsgstr "{translated(quoted)}"')
    return ("\n\n".join(blocks) + "\n").encode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of translations of its own."""
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def welsh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release in which a translator has signed Welsh off."""
    content = catalogue.signed(made_file(), "A. Translator, 1 December 2026", words.sources())
    monkeypatch.setitem(words.CATALOGUES, "cy", catalogue.parse(content))


def left_in_english(page: str) -> list[str]:
    """Return what a page shows outside the marks, but for figures, signs, times and what is theirs."""
    body = re.sub(r"<(script|style|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    attributes = re.findall(r'(?:data-failed|data-sent-words|data-shared|aria-label|placeholder|title)="([^"]*)"', body)
    found = []
    for text in [*SHOWN.findall(body), *attributes]:
        said = html.unescape(text)
        rest, before = said, ""
        while rest != before:
            # An example stands within a sentence.
            rest, before = re.sub(f"{BEGIN}[^{BEGIN}{END}]*{END}", "", rest), rest
        for own in THEIRS:
            rest = rest.replace(own, "")
        rest = re.sub(r"\d+ \w+\b", "", rest)
        if re.search(r"[A-Za-z]{2,}", rest):
            found.append(said.strip())
    return found


@pytest.mark.usefixtures("welsh")
def test_every_page_of_theirs_is_in_it_with_what_it_refuses(world: World) -> None:
    shared_location.agree(
        world.officer.person, world.victim.id, [world.wearer.id], 200.0, 300.0, "Wherever they are", clock.now()
    )
    db.release_connection()
    world.tag.is_far_away()
    phone = OwnPhone(world).takes_up()
    phone.enters(PIN)
    look = {"look": "recipes", "help_label": "contact", "status_words": "plain", "language": "cy"}
    assert phone.post("/look", look).status_code == 200
    phone.post("/places", {"kind": "add", "words": "My sister's flat"})
    pages = {"none yet": phone.get("/messages").text}
    phone.post("/messages/words", chosen(NEAR, OVER, ENDING))
    phone.calls_for_help()
    made = world.doubles.webpush.subscribe(world.victim.phone or "", push_subscriptions.public_key(world.settings))
    browser = {"endpoint": made["endpoint"], "p256dh": made["keys"]["p256dh"], "auth": made["keys"]["auth"]}
    notices = {"wording_breach": NEAR, "wording_over": OVER, "sender": "recipes"}
    paths = (
        "",
        "/sent",
        "/messages",
        "/messages/words",
        "/notices",
        "/places",
        "/phone",
        "/look",
        "/start",
        "/ok",
        "/call",
    )
    pages |= {path: phone.get(path).text for path in paths}
    pages["notices, on"] = phone.post("/notices", notices | browser).text
    pages["app"] = phone.post("/phone", {"act": "app"}).text
    pages["paused"] = phone.post("/phone", {"act": "pause"}).text
    refused = {
        "/messages/words": chosen("", OVER, ENDING),
        "/messages/words ": chosen("a" * 161, OVER, ENDING),
        "/notices": {**notices, "sender": ""},
        "/places": {"kind": "away", "words": "x"},
        "/places ": {"kind": "add", "words": "1" * 601},
        "/call": {"words": ""},
        "/look": {"look": "none"},
        "/ok": {"phrase": "wrong one"},
    }
    for path, form in refused.items():
        answer = phone.post(path.strip(), form)
        assert answer.status_code == 422, path
        pages[f"{path} refused"] = answer.text
    start = {"current": PIN, "pin": "a", "again": "a", "second": ""}
    pages["/start refused"] = phone.post("/start", start).text
    pages["door"] = phone.post("/close").text
    pages["wrong"] = phone.enters("wrong one").text
    pages["decoy"] = phone.enters(SECOND).text
    pages["manifest"] = f">{phone.get('/m').json()['name']}<"
    assert {name: left_in_english(page) for name, page in pages.items() if left_in_english(page)} == {}
    assert all('lang="cy"' in page for name, page in pages.items() if name != "manifest")
    world.settle()
    world.reads_everything()


def test_each_refusal_that_they_can_read_is_in_the_catalogue(world: World) -> None:
    phone = OwnPhone(world).takes_up()
    phone.enters(PIN)
    said = set()
    for path, form in (
        ("/messages/words", chosen("", OVER, ENDING)),
        ("/messages/words", chosen(NEAR, "", ENDING)),
        ("/messages/words", chosen(NEAR, OVER, "")),
        ("/messages/words", chosen("a" * 161, OVER, ENDING)),
        ("/messages/words", chosen("Ŵ" * 71, OVER, ENDING)),
        ("/messages/words", chosen(NEAR, OVER, ENDING, help_word="x" * 31)),
        ("/messages/words", chosen(NEAR, OVER, ENDING, help_word="stop")),
        ("/messages/words", chosen(NEAR, OVER, ENDING, hours_from="25:00")),
        ("/messages/words", chosen(NEAR, OVER, ENDING, hours_from="soon")),
        ("/messages/words", chosen(NEAR, OVER, ENDING, sender="Nowhere")),
        ("/places", {"kind": "none", "words": "x"}),
        ("/places", {"kind": "add", "words": ""}),
        ("/places", {"kind": "add", "words": "x" * 601}),
        ("/places", {"kind": "away", "words": "x"}),
        ("/places", {"kind": "away", "words": "x", "from_day": "2030-02-02", "until_day": "2030-02-01"}),
        ("/look", {"look": "none"}),
        ("/look", {"look": "notes", "help_label": "help", "status_words": "plain", "language": "fr"}),
        ("/start", {"current": PIN, "pin": "aaaaaa", "again": "aaaaaa"}),
        ("/start", {"current": PIN, "pin": "kettle 43", "again": "kettle 44"}),
        ("/start", {"current": PIN, "pin": "kettle 43", "again": "kettle 43", "second": "abc"}),
        ("/start", {"current": PIN, "pin": "kettle 43", "again": "kettle 43", "second": "Kettle 43"}),
    ):
        answer = phone.post(path, form)
        assert answer.status_code == 422, (path, form)
        (words_said,) = re.findall(r'role="alert"[^>]*>([^<]+)<', answer.text)
        said.add(html.unescape(words_said))
    known = [re.escape(one).replace(re.escape("{count}"), r"\d+") for one in REFUSALS]
    assert [one for one in said if not any(re.fullmatch(pattern, one) for pattern in known)] == []
    world.settle()
    world.reads_everything()


@pytest.mark.usefixtures("welsh")
def test_a_figure_in_a_refusal_stays_as_it_is() -> None:
    assert refusal("cy", "A text may have 70 characters.") == "⟦A text may have 70 characters.⟧"
    assert refusal("cy", "Something new.") == "Something new."
    assert refusal("en", "A text may have 70 characters.") == "A text may have 70 characters."


def test_a_translator_is_handed_the_file_and_signs_it_off_with_one_command(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = CliRunner()
    cli = world.app.cli.commands["translation"]
    held = (Path(catalogue.__file__).parent / "translations" / "cy.po").read_bytes()
    (folder / "cy.po").write_bytes(held)
    before = catalogue.parse(held).lines
    assert "not translated" in runner.invoke(cli, ["cy"]).output
    assert catalogue.parse((folder / "cy.po").read_bytes()).lines == before
    refused = runner.invoke(cli, ["cy", "--signed-off-by", "A. Translator, 1 December 2026"])
    assert refused.exit_code != 0
    assert "Not translated" in refused.output
    assert catalogue.read("cy").signed_off_by == ""
    (folder / "cy.po").write_bytes(made_file())
    signed = runner.invoke(cli, ["cy", "--signed-off-by", "A. Translator, 1 December 2026"])
    assert signed.exit_code == 0, signed.output
    monkeypatch.setitem(words.CATALOGUES, "cy", catalogue.read("cy"))
    assert words.CATALOGUES["cy"].signed_off_by == "A. Translator, 1 December 2026"
    assert words.offered() == {"en": "English", "cy": "Cymraeg"}


@pytest.mark.parametrize(
    ("change", "by", "said"),
    [
        pytest.param(("⟦Open⟧", ""), "A. Translator", "Not translated", id="a line is missing"),
        pytest.param(("{at}", "{when}"), "A. Translator", "braces", id="another name in braces"),
        pytest.param(("{at}", "{at"), "A. Translator", "braces", id="a brace that does not fit"),
        pytest.param(("", ""), " ", "Name the translator", id="no name"),
        pytest.param(('"X-Signed-Off-By: \\n"\n', ""), "A. Translator", "header", id="no line for it"),
    ],
)
def test_what_is_not_whole_is_not_signed_off(change: tuple[str, str], by: str, said: str) -> None:
    content = made_file().decode()
    if change[0]:
        rest = content
        if change[0].startswith("{"):
            # Of the translated half of each line only.
            rest = re.sub(r'(?m)^msgstr "(.*)"$', lambda one: one.group(0).replace(*change), rest)
        else:
            rest = rest.replace(*change)
        content = rest
    with pytest.raises(catalogue.NotWhole, match=said):
        catalogue.signed(content.encode(), by, words.sources())


def test_the_file_in_the_repository_has_each_sentence_and_no_other() -> None:
    held = (catalogue.FOLDER / "cy.po").read_bytes()
    assert held == catalogue.completed(held, words.sources()), "run flask --app wsgi translation cy"


def test_a_day_is_said_in_their_language(world: World) -> None:
    with world.app.test_request_context("/p"):
        assert re.fullmatch(r"\d\d:\d\d", local(clock.now()))
    db.release_connection()
