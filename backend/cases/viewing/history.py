"""The timeline of a case: every fact, condition and zone version, and what each replaced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from backend.access import access_file
from backend.cases import eligibility, identity
from backend.cases.viewing.activations import names_of_staff, worn_by
from backend.cases.viewing.sent_back import fields_of
from backend.models import Person, Victim
from backend.record import reading, zone_geojson
from backend.record.case_file import CaseFile
from backend.record.facts import LONDON, What

ENTRY_TEXTS = {
    What.TERMS: "Order: terms",
    What.MONITORING_STATUS: "Case",
    What.OFFICER: "Responsible officer",
    What.COVER: "Cover",
    What.TEAM: "Team",
    What.IDENTITY: "CRN and date of birth",
    What.NAME: "Name of the team",
    What.RISK: "Risk of serious harm",
    What.SAFETY_PLAN: "Safety plan",
    What.ELIGIBILITY: "Eligibility for a tag",
    What.RESTRICTED: "Restricted case",
    What.APPROVAL: "Provisional zone",
    What.ACTIVATION: "Tag",
    What.NUMBER: "Number of a protected person",
    What.DECLINED: "Warnings to a protected person",
    What.PROTECTED: "Protected person",
    What.REACHED: "How a child is reached",
    What.RECALL: "Recall",
}


# What a page can correct: the value is entered anew, and the entry at hand never held.
CORRECTABLE = (What.TERMS, What.MONITORING_STATUS, What.OFFICER, What.RISK, What.ELIGIBILITY)

Row = dict[str, Any]


def history(person: Person, wearer_id: int, now: datetime, known_at: datetime | None = None) -> list[Row]:
    """Return every entry and version of the case, newest record first: who, when, why, from which document.

    A correction says in place of what it was recorded, and what it corrects is marked and stays.
    """
    file = access_file(person, wearer_id, now)
    return history_of(file if known_at is None else file.as_known(known_at), names_of_staff())


def history_of(file: CaseFile, names: dict[int, str]) -> list[Row]:
    """Return the same for one who has opened the file of the case; ``names`` are those of the staff."""
    found = [*_entries(file, names), *_conditions(file, names), *_versions(file, names), *_tags(file, names)]
    return sorted(found, key=lambda row: (row["recorded_at"], row["from_at"]), reverse=True)


def _entries(file: CaseFile, names: dict[int, str]) -> list[Row]:
    known = list(reading.readable(file.facts))
    by_id = {row.id: row for row in known}
    said_again = {row.replaces_id for row in known if row.is_restated}
    # What was only said again is shown once, as it was recorded first, and corrected where it stands now.
    rows = [row for row in known if row.id not in said_again]
    firsts = [reading.first_recorded(row, by_id) for row in rows]
    victims = {victim.id: victim.name for victim in file.victims.values()}
    # Also those who were entered here in error: the history says so of them.
    others = {row.value["victim"] for row in rows if row.what == What.PROTECTED} - victims.keys()
    if others:
        victims |= {victim.id: victim.name for victim in Victim.select().where(Victim.id.in_(others))}
    orders = {f"order:{row.id}": row.reference for row in file.orders}
    # A tag that was recorded as worn in error was never worn, whatever was said of it.
    in_error = {f"activation:{worn.id}" for worn in file.activations if worn.is_in_error}
    found = [
        _row(
            first,
            row.from_at,
            ENTRY_TEXTS.get(What(row.what), row.what),
            in_words(What(row.what), row.value, names, victims) + (f" until {day(row.until)}" if row.until else ""),
            names,
            what=What(row.what),
            entry_id=row.id,
            fields=fields_of(What(row.what), row.value) | ({"until": row.until.isoformat()} if row.until else {}),
            of=orders.get(row.subject),
            corrects=first.replaces_id is not None,
        )
        for row, first in zip(rows, firsts, strict=True)
    ]
    _tie(found, [(row.id, first.replaces_id) for row, first in zip(rows, firsts, strict=True)])
    for shown, row in zip(found, rows, strict=True):
        shown["is_corrected"] |= row.subject in in_error
        shown["can_be_corrected"] = What(row.what) in CORRECTABLE and not shown["is_corrected"]
    return found


def _conditions(file: CaseFile, names: dict[int, str]) -> list[Row]:
    of_order = [(order.reference, row) for order in file.orders for row in file.conditions.get(order.id, [])]
    of_order.sort(key=lambda pair: pair[1].id)
    found = [
        _row(
            row,
            row.from_at,
            "Condition",
            f"{row.number}. {row.wording}",
            names,
            condition_id=row.id,
            fields={"number": row.number, "wording": row.wording},
            of=reference,
            corrects=row.corrects_id is not None,
        )
        for reference, row in of_order
    ]
    _tie(found, [(row.id, row.corrects_id) for _, row in of_order])
    for shown in found:
        shown["can_be_corrected"] = not shown["is_corrected"]
    return found


def _versions(file: CaseFile, names: dict[int, str]) -> list[Row]:
    pairs = [(zone.row, zone.made) for zone in file.zones if zone.made is not None]
    pairs.sort(key=lambda pair: pair[1].id)
    found = []
    for zone, row in pairs:
        state = "no zone" if row.is_removed else "provisional zone" if row.is_provisional else "zone"
        said = state if row.is_removed else f"{state}. {zone_geojson.said_of(zone.feature)}"
        found.append(
            _row(
                row,
                zone.from_at,
                f"Zone at {zone.place.label}",
                said,
                names,
                zone_id=row.zone_id,
                fields={"zone": zone.feature},
                corrects=row.corrects_id is not None,
            )
        )
    _tie(found, [(row.zone_id, row.corrects_id) for _, row in pairs])
    return found


def _tags(file: CaseFile, names: dict[int, str]) -> list[Row]:
    """Return what is known of the tags that were worn before entries said so."""
    said = {row.subject for row in file.facts if row.what == What.ACTIVATION}
    found = []
    for worn in worn_by(file, names):
        if f"activation:{worn['id']}" in said:
            continue
        until = f" until {day(worn['to_at'])}" if worn["to_at"] else ""
        changes = [(f"{worn['serial']}{until}", worn["from_at"], worn["fitted"])]
        if worn["to_at"] and worn["taken_off"]:
            changes.append((f"{worn['serial']} taken off", worn["to_at"], worn["taken_off"]))
        for value, from_at, entry in changes:
            found.append(
                {
                    "what": "Tag",
                    "of": None,
                    "value": value,
                    "from_at": from_at,
                    "recorded_at": entry["at"] if entry else from_at,
                    "by": entry["by"] if entry else "",
                    "why": entry["why"] if entry else "",
                    "document": "",
                    "is_corrected": worn["is_in_error"],
                    "corrects": False,
                    "in_place_of": None,
                    "can_be_corrected": False,
                }
            )
    return found


def _row(row: Any, from_at: datetime, text: str, value: str, names: dict[int, str], **more: Any) -> Row:
    more["kind"] = str(more.pop("what", ""))
    return {
        **more,
        "what": text,
        "value": value,
        "from_at": from_at,
        "recorded_at": row.recorded_at,
        "by": names.get(row.recorded_by_id, "Cordon"),
        "why": row.why,
        "document": row.document,
        "is_corrected": False,
        "in_place_of": None,
        "can_be_corrected": False,
    }


def _tie(found: list[Row], numbers: Sequence[tuple[int, int | None]]) -> None:
    """Let each correction say in place of what it was recorded, and mark that as recorded in error.

    ``numbers`` are those of what is shown, each with the number of what it corrects.
    """
    by_number = {number: shown for shown, (number, _) in zip(found, numbers, strict=True)}
    for shown, (_, corrects) in zip(found, numbers, strict=True):
        wrong = by_number.get(corrects) if corrects is not None else None
        if wrong is not None:
            wrong["is_corrected"] = True
            shown["in_place_of"] = f"{wrong['value']}, from {day(wrong['from_at'])}"


def day(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%-d %B %Y, %H:%M}"


def in_words(what: What, value: Any, names: dict[int, str], victims: dict[int, str]) -> str:
    if what is What.TERMS:
        starts_at = datetime.fromisoformat(value["starts_at"])
        ends_at = datetime.fromisoformat(value["ends_at"]) if value.get("ends_at") else None
        text = f"from {day(starts_at)}" + (f" until {day(ends_at)}" if ends_at else ", no end")
        if value.get("protected_until"):
            text += f", protection until {day(datetime.fromisoformat(value['protected_until']))}"
        return text + (", suspended" if value.get("is_suspended") else "")
    if what is What.MONITORING_STATUS:
        return value["state"] + (f" ({value['reason']})" if value.get("reason") else "")
    if what is What.OFFICER:
        return names.get(value["person"], "no one")
    if what is What.IDENTITY:
        born = value["date_of_birth"]
        return identity.in_words(value["crn"], date.fromisoformat(born) if born else None) or "not known"
    if what is What.COVER:
        return names.get(value["by"], "no one")
    if what is What.RISK:
        return str(value["risk"]).replace("_", " ")
    if what is What.SAFETY_PLAN:
        return value["text"] or "none any more"
    if what is What.RESTRICTED:
        people = value["people"]
        return "open to the team" if people is None else ", ".join(names.get(one, "?") for one in people)
    if what is What.APPROVAL:
        return "approved" if value["is_approved"] else "refused"
    if what is What.ACTIVATION:
        until = f" taken off {day(datetime.fromisoformat(value['to_at']))}" if value["to_at"] else " fitted"
        return f"{value['serial']}{until}"
    if what is What.NUMBER:
        return number_ending(value)
    if what is What.RECALL:
        return "recalled to prison; monitored until custody is entered"
    if what is What.DECLINED:
        return "declined by them" if value["is_declined"] else "wanted"
    if what is What.PROTECTED:
        return victims.get(value["victim"], "?") + ("" if value["is_protected"] else " is not in this case")
    if what is What.REACHED:
        through = victims.get(value["through"], "an adult") if value["through"] else "no one"
        return f"{victims.get(value['victim'], '?')} through {through}"
    if what is What.ELIGIBILITY:
        return eligibility.in_words(value)
    return str(value)


def number_ending(number: str) -> str:
    """Return as much of a number as tells it from another one, on a screen that others may see."""
    return f"ends in {number[-4:]}"
