"""Whether a wearer may be tagged under an order: the requirements by version, and which are not met or not known.

It warns and blocks nothing: the one who is protected stays protected while the paper is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from backend.cases.monitoring_status import Risk
from backend.cases.writing import access_order, record_fact
from backend.errors import InvalidRecord
from backend.models import Fact, Person
from backend.record.facts import What

# Each fact with what it says when it is so.
FACTS = {
    "is_adult": "18 or older",
    "is_high_risk": "High or very high risk of serious harm",
    "is_domestic_abuse": "Domestic-abuse offence",
    "has_accommodation": "Accommodation where the tag can be charged",
}
ANSWERS = {True: "yes", False: "no", None: "not known"}

Facts = Mapping[str, bool | None]


def state(
    person: Person,
    order_id: int,
    facts: Facts,
    from_at: datetime,
    now: datetime,
    *,
    why: str,
    document: str = "",
    corrects: int | None = None,
) -> Fact:
    """Record which of the facts are given from ``from_at`` on, None for one that no one knows; what was stands before.

    Raises: NotFound, NotAllowed; InvalidRecord where a fact is left out or no reason is given.
    """
    order = access_order(person, order_id, now)
    if set(facts) != set(FACTS):
        raise InvalidRecord(f"State each of {', '.join(FACTS)}.")
    return record_fact(
        f"order:{order.id}",
        What.ELIGIBILITY,
        dict(facts),
        from_at,
        person,
        now,
        why=why,
        document=document,
        wearer_id=order.wearer_id,
        corrects=corrects,
    )


def doubts(facts: Facts | None, risk: Risk | None) -> list[str]:
    """Return what is not met, what no one knows, and what the assessed risk contradicts, one sentence each."""
    if facts is None:
        return ["It is not recorded whether this order may require a tag."]
    said = []
    for name, text in FACTS.items():
        answer = facts.get(name)
        if answer is not True:
            said.append(f"{'Not met' if answer is False else 'Not known'}: {_lowered(text)}.")
    if facts.get("is_high_risk") and risk in (Risk.LOW, Risk.MEDIUM):
        said.append(f"The risk is stated as high or very high, and assessed as {risk}.")
    return said


def in_words(facts: Facts) -> str:
    """Return the facts in one line, as the history of a case shows them."""
    return "; ".join(f"{_lowered(text)}: {ANSWERS[facts.get(name)]}" for name, text in FACTS.items())


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]
