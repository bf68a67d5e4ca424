"""Keeps what a group brought: fixes with how they were judged, place states, events, and what was refused."""

from __future__ import annotations

from typing import Any

from backend import kept_requests
from backend.bulk_statements import insert_rows
from backend.ingest.group import Brought, Group, Judged
from backend.kept_requests import Sent
from backend.models import Fix, PlaceState, QuarantinedFix, TagEvent


def keep_signed(group: Group) -> None:
    """Keep the bytes of each request that was not kept before, as its tag signed them."""
    kept_requests.keep([Sent(s.tag_id, s.received_at, s.signed) for s in group.fresh if s.signed is not None])


def keep_refused(group: Group) -> None:
    """Keep what is not acted on, each item with the reason that its sender reads too."""
    refused = [
        {
            "tag": s.tag_id,
            "webhook_id": s.webhook_id,
            "position": r.index,
            "code": r.code,
            "detail": r.detail,
            "body": r.body,
            "received_at": s.received_at,
        }
        for s in group.fresh
        for r in s.refused
    ]
    insert_rows(QuarantinedFix, refused)


def keep_tag_events(group: Group) -> None:
    """Keep what tags say of themselves, and that the clock of one is far from ours."""
    events = [
        {"tag": s.tag_id, "kind": e.kind, "at": e.at, "received_at": s.received_at, "detail": e.detail}
        for s in group.fresh
        for e in s.events
    ]
    events += [
        {"tag": s.tag_id, "kind": "clock_reset", "at": s.received_at, "received_at": s.received_at, "detail": None}
        for s in group.fresh
        if s.is_stale
    ]
    insert_rows(TagEvent, events)


def keep_fixes(group: Group) -> None:
    """Keep the new fixes, each with its wearer of that time and with what it was judged to mean."""
    rows = []
    for tag_id, brought in group.new_fixes.items():
        for one in brought:
            wearer_id = group.ground.wearer_at(tag_id, one[1].fix_time)
            judged = {} if wearer_id is None else group.judged[tag_id, wearer_id]
            rows.append(_row(tag_id, wearer_id, one, judged))
    insert_rows(Fix, rows)


def keep_place_states(group: Group) -> None:
    """Keep how near each wearer is to each zone now."""
    insert_rows(PlaceState, group.ground.changed_states(), update_on=("wearer", "zone"))


def _row(tag_id: int, wearer_id: int | None, brought: Brought, judged: Judged) -> dict[str, Any]:
    submission, sent = brought
    fix = sent.fix
    level, certainty, decided_at = judged.get(sent.fix_time, (None, None, None))
    return {
        "tag": tag_id,
        "wearer": wearer_id,
        "fix_time": sent.fix_time,
        "said_time": sent.said_time,
        "received_at": submission.received_at,
        "decided_at": decided_at,
        "lat": fix.lat,
        "lon": fix.lon,
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
        "course_deg": fix.course_deg,
        "satellites": None if fix.satellites is None else int(fix.satellites),
        "hdop": fix.hdop,
        "source": fix.source,
        "is_valid": fix.is_valid,
        "claim_share": fix.claim_share,
        "battery_pct": sent.battery_pct,
        "extra": sent.extra,
        "level": level,
        "certainty": certainty,
    }
