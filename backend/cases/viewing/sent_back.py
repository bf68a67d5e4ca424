"""What a record holds as a client sends it back: by the names of the fields of the command that enters it."""

from __future__ import annotations

from typing import Any

from backend.models import Activation, Condition, Fact, Order, PlaceZone
from backend.record.facts import What


def fields_of(what: What, value: Any) -> dict[str, Any]:
    """Return the value of a fact by the fields of its command; empty where no command takes it."""
    if what is What.TERMS:
        return {name: value.get(name) for name in ("starts_at", "ends_at", "is_suspended")}
    if what is What.MONITORING_STATUS:
        return {name: value[name] for name in ("reason", "expected_end_at") if value.get(name)}
    if what is What.OFFICER:
        return {"person_id": value["person"]}
    if what is What.COVER:
        return {"covering_id": value["by"]}
    if what is What.IDENTITY:
        return {"crn": value["crn"], "date_of_birth": value["date_of_birth"]}
    if what is What.RISK:
        return {"risk": value["risk"]}
    if what is What.SAFETY_PLAN:
        return {"text": value["text"]}
    if what is What.ELIGIBILITY:
        return {"facts": value}
    if what is What.RESTRICTED:
        return {"people": value["people"]}
    if what is What.APPROVAL:
        return {"is_approved": value["is_approved"]}
    if what is What.PROTECTED:
        return {"victim_id": value["victim"]}
    if what is What.REACHED:
        return {"victim_id": value["victim"], "reached_through": value["through"]}
    return {}


def stored(made: Any) -> dict[str, Any]:
    """Return what was stored of a record that was just made: an end may come later than it was asked for."""
    if isinstance(made, Fact):
        until = {"until": made.until.isoformat()} if made.until else {}
        return {"from_at": made.from_at.isoformat(), **fields_of(What(made.what), made.value), **until}
    if isinstance(made, Order):
        return {"kind": made.kind, "reference": made.reference}
    if isinstance(made, Condition):
        return {"number": made.number, "wording": made.wording, "from_at": made.from_at.isoformat()}
    if isinstance(made, PlaceZone):
        to_at = made.to_at.isoformat() if made.to_at else None
        return {"place_id": made.place_id, "zone": made.feature, "from_at": made.from_at.isoformat(), "to_at": to_at}
    if isinstance(made, Activation):
        to_at = made.to_at.isoformat() if made.to_at else None
        return {"serial": made.tag.serial, "from_at": made.from_at.isoformat(), "to_at": to_at}
    return {}
