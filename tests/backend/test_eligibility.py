"""Whether a person may be tagged: what is said of the facts that were stated."""

from __future__ import annotations

import pytest

from backend.cases import eligibility
from backend.cases.monitoring_status import Risk

ALL: dict[str, bool | None] = dict.fromkeys(eligibility.FACTS, True)


@pytest.mark.parametrize(
    ("facts", "risk", "said"),
    [
        pytest.param(ALL, Risk.HIGH, [], id="every fact is given"),
        pytest.param(ALL, None, [], id="a risk that nobody assessed contradicts nothing"),
        pytest.param(
            None, None, ["It is not recorded whether this order may require a tag."], id="what no one stated is said"
        ),
        pytest.param({**ALL, "is_adult": False}, None, ["Not met: 18 or older."], id="not met"),
        pytest.param(
            {**ALL, "is_domestic_abuse": None}, None, ["Not known: domestic-abuse offence."], id="unknown is not met"
        ),
        pytest.param(
            {"is_adult": True, "is_high_risk": True, "is_domestic_abuse": True},
            None,
            ["Not known: accommodation where the tag can be charged."],
            id="a fact that was not asked then is not known",
        ),
        pytest.param(
            ALL,
            Risk.MEDIUM,
            ["The risk is stated as high or very high, and assessed as medium."],
            id="an assessment that says otherwise",
        ),
    ],
)
def test_what_is_not_met_or_not_known_is_said(
    facts: dict[str, bool | None] | None, risk: Risk | None, said: list[str]
) -> None:
    assert eligibility.doubts(facts, risk) == said
