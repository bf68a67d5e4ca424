"""Which commands refuse a stale version: every one that changes what was read before."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from backend.cases import commands
from backend.cases.commands.base import Command, Versioned
from backend.cases.commands.typed import name_of

# What changes nothing that was read: it makes something new, asks, or names by its number the one row that it changes
# and is refused where that row was changed already.
CHANGES_NOTHING_READ = {
    "AddPerson": "makes an account",
    "AddTeam": "makes a team",
    "AddTag": "registers a tag",
    "CallOffTeamChange": "names the change, which is called off once",
    "OpenOrder": "makes an order",
    "AddProtectedPerson": "makes a person, or names one who is not in the case yet",
    "AddPlace": "makes a place",
    "AddPlaceToStay": "makes a place, or names one that there is",
    "OpenInEmergency": "makes an opening",
    "ReviewOpening": "names the opening, which is reviewed once",
    "HandAlertToPolice": "makes a handover",
    "ProtectPlace": "makes a zone",
    "ProtectNewPlace": "makes a zone",
    "SendCode": "makes a code",
    "VerifyNumber": "names the code, which is used once",
    "DeclareNumber": "makes a declared number",
    "ConfirmNumber": "names the number, which is confirmed once",
    "TakeBackNumber": "names the number, which is taken back once",
    "ShareLocation": "makes a pairing",
    "AskWhere": "asks",
}


def every_command() -> Iterator[type[Command]]:
    for module in pkgutil.iter_modules(commands.__path__):
        found = vars(importlib.import_module(f"{commands.__name__}.{module.name}"))
        for made in found.values():
            is_command = isinstance(made, type) and issubclass(made, Command)
            if is_command and made.__module__.endswith(f".{module.name}") and "carry_out" in vars(made):
                yield made


@pytest.mark.parametrize("command", sorted(every_command(), key=lambda one: one.__name__), ids=lambda one: one.__name__)
def test_it_refuses_a_stale_version_or_changes_nothing_that_was_read(command: type[Command]) -> None:
    watched = getattr(command.carry_out, "changes", None)
    if command.__name__ in CHANGES_NOTHING_READ:
        assert watched is None
        assert not issubclass(command, Versioned)
        return
    assert watched is not None, "it changes what was read: mark carry_out with @changes, or say why it does not"
    assert watched.actions
    assert issubclass(command, Versioned)
    assert name_of(command, "version") == "version"


def test_nothing_is_listed_that_is_no_command() -> None:
    assert set(CHANGES_NOTHING_READ) <= {one.__name__ for one in every_command()}
