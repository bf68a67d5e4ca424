"""Learns from nights at the wearer's known address whether their tag claims too wide circles, and judges it by that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from backend.bulk_statements import insert_rows
from backend.ingest.context import Ground
from backend.ingest.group import Group
from backend.ingest.submission import SentFix
from backend.ingest.zones_of_wearer import shape_of
from backend.models import ClaimNights
from zones import Source, Zone, ZoneKind, doubt_of
from zones.evidence import accuracy_m
from zones.honesty import NOTHING, Nights, from_numbers, learn, share_of_claim, to_numbers

LONDON = ZoneInfo("Europe/London")
# At these hours by the clocks of London a wearer who has to be at home sleeps there.
NIGHT_HOURS = range(0, 5)
# A circle of this radius or less around where a wearer has to stay is an address; a wider one is a district.
ADDRESS_RADIUS_M = 250.0


def judge_by_shown_claims(group: Group) -> None:
    """Give each new fix the share of its claim that earlier nights of this tag, with this wearer, have shown."""
    ground = group.ground
    for tag_id, brought in group.new_fixes.items():
        if any(ground.claim_nights.get(activation.id) for activation in ground.activations[tag_id]):
            group.new_fixes[tag_id] = [(submission, _judged_by(ground, tag_id, sent)) for submission, sent in brought]


def learn_claims(group: Group) -> None:
    """Keep what the new fixes of a night at the known address of the wearer show of their tag's claims."""
    ground = group.ground
    rows = []
    for tag_id, brought in group.new_fixes.items():
        changed: dict[int, dict[str, list[float]]] = {}
        for sent in sorted((sent for _, sent in brought), key=lambda sent: sent.fix_time):
            activation = ground.activation_at(tag_id, sent.fix_time)
            if activation is None or not _is_of_use(sent):
                continue
            address = _address(ground, activation.wearer_id, sent.fix_time)
            if address is None:
                continue
            shown = changed.get(activation.id) or dict(ground.claim_nights.get(activation.id, {}))
            known = read_nights(shown.get(_word(sent)))
            error_m = math.hypot(*address.frame.local(sent.fix.ecef))
            learnt = learn(known, _night(sent.fix_time), sent.fix.fix_time, error_m, accuracy_m(sent.fix))
            if learnt is not known:
                changed[activation.id] = shown | {_word(sent): to_numbers(learnt)}
        rows += [{"activation": key, "nights": shown} for key, shown in changed.items()]
    insert_rows(ClaimNights, rows, update_on=("activation",))


def read_nights(numbers: Sequence[float] | None) -> Nights:
    """Return what is known; nothing where the stored numbers cannot be read, so that the claims stand as sent."""
    try:
        return NOTHING if numbers is None else from_numbers(numbers)
    except (TypeError, ValueError):
        return NOTHING


def _word(sent: SentFix) -> str:
    return str(sent.fix.source or "")


def _night(at: datetime) -> int:
    return at.astimezone(LONDON).date().toordinal()


def _judged_by(ground: Ground, tag_id: int, sent: SentFix) -> SentFix:
    activation = ground.activation_at(tag_id, sent.fix_time)
    numbers = None if activation is None else ground.claim_nights.get(activation.id, {}).get(_word(sent))
    share = share_of_claim(read_nights(numbers), _night(sent.fix_time))
    return sent if share == 1.0 else replace(sent, fix=replace(sent.fix, claim_share=share))


def _is_of_use(sent: SentFix) -> bool:
    """Tell whether a fix of the night has a claim to learn from; a tower's says nothing of an address."""
    is_night = sent.fix_time.astimezone(LONDON).hour in NIGHT_HOURS
    is_tower = sent.fix.source in (Source.CELL, Source.UNKNOWN)
    return is_night and not is_tower and sent.fix.accuracy_m is not None and doubt_of(sent.fix) is None


def _address(ground: Ground, wearer_id: int, at: datetime) -> Zone | None:
    """Return the one address at which the wearer has to be at this instant; None where there is none, or several."""
    found = []
    for row in ground.in_force(wearer_id, at):
        is_circle = (row.feature.get("geometry") or {}).get("type") == "Point"
        kind = (row.feature.get("properties") or {}).get("kind")
        if not is_circle or kind != ZoneKind.INCLUSION:
            continue
        try:
            zone = shape_of(row)
        except ValueError:
            # A zone that cannot be read raises its alert where its fixes are judged.
            return None
        if zone.timing.is_in_force(at.timestamp()):
            found.append(zone)
    is_address = len(found) == 1 and found[0].shape.depth_m <= 2 * ADDRESS_RADIUS_M
    return found[0] if is_address else None
