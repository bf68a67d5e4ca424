"""Response figures: how long every step took, for each alert and in total; read only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil, floor, inf
from typing import Any

from peewee import JOIN

from backend import clock, lifecycle
from backend.access import closed_cases, require
from backend.alert_timings import OF_EACH_RISE, SPANS, STAGES, AlertClock, clocks_of, took_of
from backend.cases import police_handovers
from backend.models import (
    Alert,
    AlertKind,
    Handling,
    Person,
    PoliceHandover,
    Role,
    Team,
    Wearer,
)
from backend.record import reading
from backend.record.facts import What, true_at
from backend.response_times import Call

IN_ERROR = "raised_in_error"
FALSE_ALARM = "false_alarm"
# Every alert that asks someone has to come to the end of these: one that does not is longer than any bound.
EXPECTED = frozenset({"send_s", "deliver_s", "outcome_s"})
PERCENTILES = (50, 90, 95)
# A call for an answer, with the clock of its alert.
Asked = tuple[AlertClock, Call]


def response_times(person: Person, from_at: datetime, to_at: datetime, by: str) -> dict[str, Any]:
    """Return the clocks of the alerts raised in [from, to) in the person's team, grouped by officer, or by team then.

    Raises: NotAllowed for anyone but a supervisor.
    """
    require(person, Role.SUPERVISOR)
    closed = closed_cases([person.id], clock.now()).get(person.id, set())
    belonged = reading.teams_of_cases()
    once_ours = [
        wearer_id for wearer_id, history in belonged.items() if person.team_id in {one.value for one in history}
    ]
    found = clocks_of(
        _alerts()
        .where(
            # What another team handled before the case came here is this team's to answer for now.
            (Alert.team == person.team_id) | (Wearer.team == person.team_id) | Alert.wearer.in_(once_ours or [0]),
            Alert.raised_at >= from_at,
            Alert.raised_at < to_at,
            # Drills and notices are no alerts of the service, and a restricted case is no one else's to count.
            ~Wearer.is_training,
            Alert.kind != AlertKind.NOTICE,
            Alert.wearer.not_in(closed or [0]),
        )
        .order_by(Alert.raised_at.desc())
    )
    # An alert that was still open when its case went to another team went along; the figures of its time do not.
    teams = {team.id: team for team in Team.select()}
    for one in found:
        held = true_at(belonged.get(one.alert.wearer_id, []), one.alert.raised_at)
        one.team = teams[held.value] if held else one.alert.team
    found = [one for one in found if person.team_id in (_team(one).id, one.alert.team_id, one.alert.wearer.team_id)]
    # Those raised in error, and those seen after the order alone, stay on record and are counted apart.
    rightly = [one for one in found if one.alert.outcome_code != IN_ERROR]
    clocks = [one for one in rightly if not one.alert.is_after_order]
    names = reading.team_names_at(to_at - timedelta(microseconds=1))
    officers = reading.OfficersThen([one.alert.wearer for one in clocks])
    for one in clocks:
        _team(one).name = names.get(_team(one).id, _team(one).name)
        one.officer = one.alert.acknowledged_by or officers.at(one.alert.wearer, one.alert.raised_at)
    handovers = police_handovers.handovers_of(one.alert.id for one in clocks)
    # An alert may go to several forces: the first of them is when the police had it.
    first = {alert_id: rows[0] for alert_id, rows in handovers.items()}
    for one in clocks:
        one.at["police"] = first[one.alert.id].at if one.alert.id in first else None
    people = _answering(clocks)
    groups: dict[tuple[int, str], list[AlertClock]] = defaultdict(list)
    calls: dict[tuple[int, str], list[Asked]] = defaultdict(list)
    for one in clocks:
        groups[_group(one, by)].append(one)
        for call in one.calls:
            calls[_group_of_call(one, call, by, people)].append((one, call))
    return {
        "from": from_at.isoformat(),
        "to": to_at.isoformat(),
        "by": by,
        "totals": _summary(clocks, [(one, call) for one in clocks for call in one.calls]),
        "groups": [
            {"id": key[0], "name": key[1], **_summary(groups[key], calls[key])}
            for key in sorted({*groups, *calls}, key=lambda key: key[1])
        ],
        "alerts": [{**row_of(one, people), "police": _handover(first.get(one.alert.id))} for one in clocks],
        "raised_in_error": len(found) - len(rightly),
        "after_the_order": len(rightly) - len(clocks),
    }


def rows_of(alert_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the clocks of chosen alerts as ``response_times`` gives them, the newest first.

    The caller has made sure that the reader may see them.
    """
    clocks = clocks_of(
        _alerts().where(Alert.id.in_(list(alert_ids) or [0])).order_by(Alert.raised_at.desc(), Alert.id.desc())
    )
    wearers = {one.alert.wearer_id: one.alert.wearer for one in clocks}
    belonged = reading.histories([f"wearer:{wearer_id}" for wearer_id in wearers], What.TEAM)
    officers = reading.OfficersThen(list(wearers.values()))
    teams = {team.id: team for team in Team.select()}
    first = {alert_id: rows[0] for alert_id, rows in police_handovers.handovers_of(alert_ids).items()}
    for one in clocks:
        held = true_at(belonged.get(f"wearer:{one.alert.wearer_id}", []), one.alert.raised_at)
        one.team = teams[held.value] if held else one.alert.team
        one.officer = one.alert.acknowledged_by or officers.at(one.alert.wearer, one.alert.raised_at)
        one.at["police"] = first[one.alert.id].at if one.alert.id in first else None
    people = _answering(clocks)
    return [{**row_of(one, people), "police": _handover(first.get(one.alert.id))} for one in clocks]


def _alerts() -> Any:
    """Return alerts with what their clocks name: one more statement for each alert would take most of the time."""
    return (
        Alert.select(Alert, Wearer, Team, Person)
        .join(Wearer)
        .switch(Alert)
        .join(Team)
        .switch(Alert)
        .join(Person, JOIN.LEFT_OUTER, on=(Alert.acknowledged_by == Person.id), attr="acknowledged_by")
    )


def _team(one: AlertClock) -> Team:
    return one.team or one.alert.team


def _handover(row: PoliceHandover | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"force": row.force, "reference": row.reference, "at": row.at.isoformat(), "by": row.recorded_by.name}


def _answering(clocks: Iterable[AlertClock]) -> dict[int, str]:
    ids = {call.answered_by for one in clocks for call in one.calls if call.answered_by is not None}
    return {person.id: person.name for person in Person.select().where(Person.id.in_(ids or {0}))}


def _group(one: AlertClock, by: str) -> tuple[int, str]:
    if by == "team":
        return _team(one).id, _team(one).name
    officer = one.officer
    return (officer.id, officer.name) if officer else (0, "no responsible officer")


def _group_of_call(one: AlertClock, call: Call, by: str, people: dict[int, str]) -> tuple[int, str]:
    """Return whom a call counts for: the one who answered it, however many answered the same alert later."""
    if by == "officer" and call.answered_by in people:
        return call.answered_by, people[call.answered_by]
    return _group(one, by)


def _summary(clocks: Sequence[AlertClock], calls: Sequence[Asked]) -> dict[str, Any]:
    rises = [(one, call) for one, call in calls if call.is_rise]
    unanswered = [clock.alert for clock in clocks if _needs_answer(clock.alert)]
    withdrawn = sum(clock.is_withdrawn for clock in clocks)
    false = sum(clock.alert.outcome_code == FALSE_ALARM for clock in clocks)
    return {
        "count": len(clocks),
        "acknowledged": sum(
            bool(clock.rises) and all(call.took_s is not None for call in clock.rises) for clock in clocks
        ),
        "unacknowledged": [{"id": alert.id, "code": alert.code} for alert in unanswered],
        "figures": {name: _figures(_values(name, clocks, rises)) for name in SPANS},
        "answers": _answers(rises),
        # An acknowledgement that was given back must not make the figures better, nor a slow second one worse.
        "asked_again": _answers([(one, call) for one, call in calls if not call.is_rise]),
        "kinds": {
            kind.value: sum(clock.alert.kind == kind for clock in clocks)
            for kind in AlertKind
            if kind is not AlertKind.NOTICE
        },
        "withdrawn": {"count": withdrawn, "share": _share(withdrawn, len(clocks))},
        "closed_as_false": {"count": false, "share": _share(false, len(clocks))},
        "outcomes": dict(Counter(clock.alert.outcome_code or "none" for clock in clocks).most_common()),
    }


def _needs_answer(alert: Alert) -> bool:
    return lifecycle.needs_answer(alert.kind, alert.certainty, alert.handling)


def _values(name: str, clocks: Iterable[AlertClock], rises: Iterable[Asked]) -> list[float]:
    """Return the seconds of a span; where it is due and has no end they are longer than any bound."""
    if name in OF_EACH_RISE:
        return [inf if took_s is None else took_s for took_s in took_of((call for _, call in rises), name)]
    found = []
    for one in clocks:
        took_s = one.span_s(name)
        is_expected = (
            name in EXPECTED and one.at[SPANS[name][0]] is not None and bool(one.rises) and not one.is_withdrawn
        )
        if took_s is not None or is_expected:
            found.append(inf if took_s is None else took_s)
    return found


def _figures(values: Sequence[float]) -> dict[str, float | None]:
    ordered = sorted(values)
    shares = {f"p{share}": percentile(ordered, share) for share in PERCENTILES}
    return {**shares, "count": len(ordered), "unreached": ordered.count(inf)}


def _answers(calls: Sequence[Asked]) -> dict[str, Any]:
    """Return how many calls were answered, how soon, how many within their team's target; and name the rest."""
    targets = {_target_s(one) for one, _ in calls}
    in_time = sum(_is_in_time(one, call) for one, call in calls)
    figures = _figures([inf if call.took_s is None else call.took_s for _, call in calls])
    return {
        **figures,
        "answered": len(calls) - sum(call.took_s is None for _, call in calls),
        "within_target": in_time,
        "attainment": _share(in_time, len(calls)),
        "target_s": targets.pop() if len(targets) == 1 else None,
        "unanswered": [
            {
                "id": one.alert.id,
                "code": one.alert.code,
                "cause": call.cause,
                "danger": call.danger,
                "at": call.at.isoformat(),
                "why": _why_unanswered(one),
            }
            for one, call in calls
            if call.answered_at is None
        ],
    }


def _target_s(one: AlertClock) -> int:
    return _team(one).answer_within_s


def _is_in_time(one: AlertClock, call: Call) -> bool:
    return call.took_s is not None and call.took_s <= _target_s(one)


def _why_unanswered(one: AlertClock) -> str:
    """Return what became of an alert that no one answered, or not to all of its danger."""
    if one.alert.handling == Handling.CLOSED:
        return "closed_by_cordon"
    if one.is_withdrawn:
        return "withdrawn"
    return "open" if one.alert.handling == Handling.OPEN else "answered_to_less"


def _share(part: int, whole: int) -> float | None:
    # Rounded down: nearly all is not all.
    return floor(part * 10_000 / whole) / 10_000 if whole else None


def percentile(ordered: Sequence[float], share: int) -> float | None:
    """Return the smallest of the ordered values that ``share`` per cent do not exceed: the nearest rank.

    None where there are no values, or where it is longer than any bound.
    """
    if not ordered:
        return None
    value = ordered[max(0, ceil(share * len(ordered) / 100) - 1)]
    return None if value == inf else round(value, 3)


def row_of(one: AlertClock, people: dict[int, str]) -> dict[str, Any]:
    """Return one alert's clock as the API gives it."""
    alert, officer = one.alert, one.officer
    return {
        "id": alert.id,
        "code": alert.code,
        "kind": alert.kind,
        "event": alert.event,
        "level": alert.level,
        "peak_danger": alert.peak_danger,
        "handling": alert.handling,
        "is_withdrawn": one.is_withdrawn,
        "outcome_code": alert.outcome_code,
        # The instant that it tells of, whatever raised it.
        "about": alert.fix_time.isoformat(),
        "officer": officer.name if officer else None,
        "team": _team(one).name,
        "clock": {stage: at.isoformat() if at else None for stage, at in one.at.items()},
        "spans": {name: one.span_s(name) for name in SPANS},
        "calls": [
            {
                "cause": call.cause,
                "danger": call.danger,
                "by": call.by,
                "at": call.at.isoformat(),
                "answered_at": call.answered_at.isoformat() if call.answered_at else None,
                "answered_by": None if call.answered_by is None else people.get(call.answered_by),
                "answer_s": call.took_s,
                "total_s": call.total_s,
                "target_s": _target_s(one),
                "is_in_time": _is_in_time(one, call),
            }
            for call in one.calls
        ],
    }


POLICE = ("force", "reference", "at", "by")
OF_ALERT = ("is_withdrawn", "outcome_code", "about")
OF_CALL = (
    *("cause", "danger", "by", "at", "answered_at", "answered_by", "answer_s", "total_s", "target_s", "is_in_time"),
)
CSV_COLUMNS = (
    *("id", "code", "handling", "officer", "team", *STAGES, *SPANS),
    *(f"police_{name}" for name in POLICE),
    *("kind", "event", *OF_ALERT),
    *("call", *(f"call_{name}" for name in OF_CALL)),
)


def csv_rows(row: dict[str, Any]) -> list[list[Any]]:
    """Return the rows of ``CSV_COLUMNS`` of one alert: one for each call for an answer.

    What is the alert's own figure stands on its first row alone, so that a column can be counted.
    """
    handover = row["police"] or {}
    first = {f"police_{name}": handover.get(name) for name in POLICE}
    own = {name: row[name] for name in ("id", "code", "handling", "officer", "team", "kind", "event", *OF_ALERT)}
    found = []
    for number, call in enumerate(row["calls"] or [{}], start=1):
        figures = {**row["clock"], **row["spans"], **first} if number == 1 else {}
        said = {"call": number if call else None, **{f"call_{name}": call.get(name) for name in OF_CALL}}
        values = {**own, **figures, **said}
        found.append([values.get(column) for column in CSV_COLUMNS])
    return found
