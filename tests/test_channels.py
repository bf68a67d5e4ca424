"""A channel is added in a handful of files: its name stands in no rule that holds for others of its kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.channels import TRAITS
from backend.models import Channel
from notifier.channels.registry import CHANNELS

ROOT = Path(__file__).resolve().parent.parent
MOST = 5
SOURCES = [
    path
    for top in ("backend", "mobile_api", "notifier", "wsgi.py")
    for path in ([ROOT / top] if top.endswith(".py") else sorted((ROOT / top).rglob("*")))
    if path.suffix in (".py", ".js", ".html") and not {"vendor", "built"} & set(path.parts)
]
# Socket.IO's word for its transport, an event of browsers, an element of a page: not the channel's name.
OTHER_MEANINGS = {
    "websocket": r'transports[=:]|name="websocket"',
    "push": r'addEventListener|getElementById|id="push"',
    # Which of Twilio's voices speaks.
    "voice": r"Polly\.",
}


def files_that_name(channel: Channel) -> set[str]:
    named = re.compile(rf"\bChannel\.{channel.name}\b|[\"']{channel}[\"']|^const CHANNELS.*\b{channel}:")
    other = re.compile(OTHER_MEANINGS.get(channel, r"(?!)"))
    return {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for line in path.read_text().splitlines()
        if named.search(line) and not other.search(line)
    }


@pytest.mark.parametrize("channel", Channel)
def test_a_channels_name_stands_in_few_files(channel: Channel) -> None:
    assert len(files_that_name(channel)) <= MOST, files_that_name(channel)


def test_each_channel_has_traits_and_each_with_a_provider_an_entry() -> None:
    assert set(TRAITS) == set(Channel)
    assert {entry.channel for entry in CHANNELS} == {one for one, traits in TRAITS.items() if traits.has_provider}
