"""The escalation policy as data: the default one, what is stored of it, and which escalation policies are refused."""

from __future__ import annotations

from typing import Any

import pytest

from backend.escalation.default_policy import DEFAULT
from backend.escalation.steps import PolicyRefused, Who, policy_of


def test_the_default_escalation_policy_climbs_at_0_10_30_60_and_180_seconds_and_then_every_two_minutes() -> None:
    assert [DEFAULT.due_after_s(number) for number in range(7)] == [0.0, 10.0, 30.0, 60.0, 180.0, 300.0, 420.0]
    assert [DEFAULT.step(number) for number in range(6)] == [*DEFAULT.steps, DEFAULT.repeat]


def test_what_is_stored_reads_back() -> None:
    assert policy_of(DEFAULT.to_json()) == DEFAULT


def test_the_one_who_cannot_passes_the_alert_to_the_first_step_with_another_person() -> None:
    assert DEFAULT.beyond_first(1) == 3
    assert DEFAULT.step(DEFAULT.beyond_first(0)).who == (Who.COLLEAGUES,)
    assert DEFAULT.beyond_first(9) == 9


def _without(change: dict[str, Any], step: int | None = None) -> dict[str, Any]:
    content = DEFAULT.to_json()
    (content if step is None else content["repeat"] if step == -1 else content["rungs"][step]).update(change)
    return content


REFUSED = {
    "no step at all": ({"rungs": []}, None, "first step"),
    "a first step that waits": ({"after_s": 5}, 0, "first step"),
    "steps out of order": ({"after_s": 20}, 3, "later"),
    "a step for no one": ({"who": []}, 2, "someone"),
    "a step on no channel": ({"channels": []}, 1, "channel"),
    "a first step that may be skipped": ({"unless_received": True}, 0, "skipped"),
    "a repetition that may be skipped": ({"unless_received": True}, -1, "skipped"),
    "no one else for an hour": ({"rungs": [*DEFAULT.to_json()["rungs"][:3]]}, None, "Someone other"),
    "a repetition without supervisors": ({"who": ["officer"]}, -1, "supervisors"),
    "a repetition for a desk alone": ({"who": ["duty_desk"]}, -1, "supervisors"),
    "a repetition by hints alone": ({"channels": ["websocket"]}, -1, "text or call"),
    "others by push alone": ({"channels": ["push"]}, 3, "text or call"),
    "a quarter of an hour of silence": ({"after_s": 900}, 4, "may lie between"),
    "a repetition every second": ({"after_s": 1}, -1, "Repetition"),
    "a repetition once an hour": ({"after_s": 3_600}, -1, "Repetition"),
    "an unknown place": ({"who": ["mayor"]}, 0, "not an escalation policy"),
    "an unknown channel": ({"channels": ["pigeon"]}, 0, "not an escalation policy"),
    "a text where a number belongs": ({"after_s": "soon"}, 1, "not an escalation policy"),
    "no repetition": ({"repeat": None}, None, "not an escalation policy"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_escalation_policy_by_which_someone_could_be_left_unwarned_is_refused(case: str) -> None:
    change, step, word = REFUSED[case]
    with pytest.raises(PolicyRefused, match=word):
        policy_of(_without(change, step))


def test_an_escalation_policy_of_hints_and_pushes_alone_is_refused() -> None:
    content = DEFAULT.to_json()
    content["rungs"] = [{**step, "channels": ["websocket", "push"]} for step in content["rungs"]]
    with pytest.raises(PolicyRefused, match="text or call"):
        policy_of(content)
