"""Whose turn it is to open a websocket: a crowd from one address keeps no one else waiting."""

from __future__ import annotations

from backend.web.thread_lanes import Turns


def test_addresses_take_turns_and_the_newest_request_of_each_comes_first() -> None:
    turns = Turns(a_second=10, most_at_once=3)
    for n in range(100):
        turns.add("stranger", f"stranger {n}")
    turns.add("officer", "officer")
    assert list(turns.due(0.0)) == ["stranger 99", "officer", "stranger 98"]
    assert list(turns.due(0.05)) == []
    assert list(turns.due(0.11)) == ["stranger 97"]
    assert len(list(turns.due(60.0))) == 3


def test_a_request_that_was_given_up_takes_no_turn_and_is_not_kept() -> None:
    turns = Turns(a_second=10, most_at_once=3)
    for n in range(5):
        turns.add("here", n)
    for n in range(1, 5):
        turns.remove("here", n)
    turns.remove("here", 4)
    turns.remove("there", 9)
    assert list(turns.due(0.0)) == [0]
    assert not turns
