"""The only writer of the rows that figures are summed from: each alert's clock, counted anew whenever it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from backend import bulk_statements, db
from backend.alert_timings import SPANS, AlertClock, clocks_of
from backend.cases import police_handovers
from backend.db import atomic
from backend.models import (
    Alert,
    AlertFigures,
    AlertKind,
    CallFigures,
    Fact,
    FiguresState,
    FiguresWord,
    Notification,
    Receipt,
    Team,
    Wearer,
)
from backend.record import reading
from backend.record.facts import What, true_at
from backend.reports import EXPECTED
from backend.response_times import Call

LONDON = ZoneInfo("Europe/London")
AT_ONCE = 500
# So long after an alert a message may still be delivered, of which the alert itself says nothing.
WAITED_FOR = timedelta(days=2)
# What was committed late may carry an earlier instant than what was seen.
OVERLAP = timedelta(minutes=5)
# Of each rise, and so in the rows of calls.
OF_ALERT = tuple(name for name in SPANS if name not in ("acknowledge_s", "total_s"))
# "cordon": only one process counts at a time.
LOCK = 0x636F72646F6E


def behind() -> int:
    """Return how many changed alerts have not been counted yet."""
    return Alert.select().where(Alert.cursor > _state().cursor).count()


def count_changed(now: datetime, most: int = 5_000) -> int:
    """Count up to ``most`` alerts anew that changed since they were counted, and return how many were.

    Where another process counts, nothing is done.
    """
    done = 0
    while done < most:
        with atomic():
            if not db.database.execute_sql("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()[0]:
                return done
            state = _state()
            rows = list(
                Alert.select(Alert.id, Alert.cursor)
                .where(Alert.cursor > state.cursor)
                .order_by(Alert.cursor)
                .limit(min(AT_ONCE, most - done))
            )
            ids = [row.id for row in rows]
            if not ids:
                ids = _told_of_since(now) + _of_changed_record(state, now)
            _count(ids, now)
            if rows:
                state.cursor = rows[-1].cursor
            state.save()
        done += len(ids)
        if not rows:
            return done
    return done


def _state() -> FiguresState:
    state, _ = FiguresState.get_or_create(id=1, defaults={"cursor": 0})
    return state


def _told_of_since(now: datetime) -> list[int]:
    """Return the alerts that are waited for and of which a message or a receipt came since they were counted."""
    waited = AlertFigures.select(AlertFigures.alert).where(
        AlertFigures.is_waited_for, AlertFigures.raised_at > now - WAITED_FOR
    )
    since = AlertFigures.counted_at
    by_message = waited.join(Notification, on=(Notification.alert == AlertFigures.alert)).where(
        (Notification.sent_at > since) | (Notification.delivered_at > since)
    )
    by_receipt = waited.join(Receipt, on=(Receipt.alert == AlertFigures.alert)).where(Receipt.at > since)
    by_hint = waited.join(Alert, on=(Alert.id == AlertFigures.alert)).where(Alert.hinted_at > since)
    return sorted({row.alert_id for query in (by_message, by_receipt, by_hint) for row in query})


def _of_changed_record(state: FiguresState, now: datetime) -> list[int]:
    """Return the counted alerts whose officer or team may be another one by what was entered lately."""
    entries = Fact.select().where(Fact.what.in_([What.OFFICER, What.COVER, What.TEAM]))
    if state.entries_until is not None:
        entries = entries.where(Fact.recorded_at > state.entries_until - OVERLAP)
    state.entries_until = now
    found = list(entries)
    if not found:
        return []
    wearers = {row.case_id for row in found if row.case_id is not None}
    # A cover is of a person, and of every alert they answer for.
    covered_from = min((row.from_at for row in found if row.case_id is None), default=None)
    concerned: Any = AlertFigures.wearer.in_(wearers or {0})
    if covered_from is not None:
        concerned |= AlertFigures.raised_at >= covered_from
    return [row.alert_id for row in AlertFigures.select(AlertFigures.alert).where(concerned)]


def _count(ids: Sequence[int], now: datetime) -> None:
    for begin in range(0, len(ids), AT_ONCE):
        _count_some(ids[begin : begin + AT_ONCE], now)


def _count_some(ids: Sequence[int], now: datetime) -> None:
    counted = clocks_of(
        Alert.select(Alert, Wearer, Team)
        .join(Wearer)
        .switch(Alert)
        .join(Team)
        .where(Alert.id.in_(ids), ~Wearer.is_training, Alert.kind != AlertKind.NOTICE)
    )
    wearers = {one.alert.wearer_id: one.alert.wearer for one in counted}
    teams = reading.histories([f"wearer:{wearer_id}" for wearer_id in wearers], What.TEAM)
    officers = reading.OfficersThen(list(wearers.values()))
    handovers = police_handovers.handovers_of(one.alert.id for one in counted)
    channels = _channels(counted)
    words = _Words()
    figures, calls = [], []
    for one in counted:
        alert = one.alert
        first = handovers.get(alert.id)
        one.at["police"] = first[0].at if first else None
        held = true_at(teams.get(f"wearer:{alert.wearer_id}", []), alert.raised_at)
        officer_id = alert.acknowledged_by_id or officers.id_at(alert.wearer, alert.raised_at)
        row = _alert_row(one, held.value if held else alert.team_id, officer_id, words, now)
        figures.append(row)
        calls += [
            _call_row(row, number, call, words, _channel(one, call, channels))
            for number, call in enumerate(one.calls, start=1)
        ]
    CallFigures.delete().where(CallFigures.alert.in_(list(ids) or [0])).execute()
    bulk_statements.insert_rows(AlertFigures, figures, update_on=("alert",))
    bulk_statements.insert_rows(CallFigures, calls)


class _Words:
    """The numbers by which figures store words: a new word is given the next one."""

    def __init__(self) -> None:
        self._numbers = {row.word: row.id for row in FiguresWord.select()}

    def number(self, word: str) -> int:
        if word not in self._numbers:
            self._numbers[word] = FiguresWord.create(word=word).id
        return int(self._numbers[word])


def _alert_row(one: AlertClock, team_id: int, officer_id: int | None, words: _Words, now: datetime) -> dict[str, Any]:
    alert = one.alert
    is_complete = one.at["first_sent"] is not None and one.at["first_delivered"] is not None
    return {
        "alert": alert.id,
        "wearer": alert.wearer_id,
        "place": alert.place_id,
        "team": team_id,
        "handled_by_team": alert.team_id,
        "officer": officer_id,
        "raised_at": alert.raised_at,
        "kind": words.number(alert.kind),
        "handling": words.number(alert.handling),
        "outcome": words.number(alert.outcome_code) if alert.outcome_code else None,
        "is_withdrawn": one.is_withdrawn,
        "is_after_order": alert.is_after_order,
        "is_answered_in_full": bool(one.rises) and all(call.took_s is not None for call in one.rises),
        "is_waited_for": not is_complete and alert.raised_at > now - WAITED_FOR,
        "counted_at": now,
        **{name: _span(one, name) for name in OF_ALERT},
    }


def _span(one: AlertClock, name: str) -> float | None:
    took_s = one.span_s(name)
    is_expected = name in EXPECTED and one.at[SPANS[name][0]] is not None and bool(one.rises) and not one.is_withdrawn
    return inf if took_s is None and is_expected else took_s


def _call_row(row: dict[str, Any], number: int, call: Call, words: _Words, channel: str) -> dict[str, Any]:
    local = call.at.astimezone(LONDON)
    took_s, total_s = call.took_s, call.total_s
    if total_s is None and call.reported_for is not None:
        total_s = inf
    return {
        "alert": row["alert"],
        "number": number,
        "team": row["team"],
        "raised_at": row["raised_at"],
        "cause": words.number(call.cause),
        "is_rise": call.is_rise,
        "danger": call.danger,
        "at": call.at,
        "hour": local.hour,
        "weekday": local.weekday(),
        "officer": call.answered_by or row["officer"],
        "channel": words.number(channel),
        "answer_s": inf if took_s is None else took_s,
        "total_s": total_s,
    }


def _channels(counted: Iterable[AlertClock]) -> dict[tuple[int, int], list[Any]]:
    """Return what was sent to each person about each of these alerts: instants with their channels, oldest first."""
    rows: Any = (
        Notification.select(
            Notification.alert,
            Notification.person,
            Notification.channel,
            fn.COALESCE(Notification.delivered_at, Notification.sent_at).alias("came_at"),
        )
        .where(
            Notification.alert.in_([one.alert.id for one in counted] or [0]),
            Notification.person.is_null(False),
            Notification.sent_at.is_null(False),
        )
        .order_by(Notification.id)
        .tuples()
    )
    found: dict[tuple[int, int], list[Any]] = {}
    for alert_id, person_id, channel, came_at in rows:
        found.setdefault((alert_id, person_id), []).append((Notification.sent_at.python_value(came_at), channel))
    return found


def _channel(one: AlertClock, call: Call, channels: dict[tuple[int, int], list[Any]]) -> str:
    if call.answered_at is None or call.answered_by is None:
        return ""
    came = [
        (at, channel) for at, channel in channels.get((one.alert.id, call.answered_by), []) if at <= call.answered_at
    ]
    return max(came)[1] if came else ""
