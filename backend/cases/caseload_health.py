"""How each wearer of a team is doing now: newest evidence, battery, reporting state, what comes next, open alerts.

It takes the same few statements for one wearer and for a thousand. Those who need a person most come first.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from backend import alert_kinds, audit, lifecycle
from backend.access import access_wearer
from backend.cases import viewing
from backend.db import atomic
from backend.errors import InvalidRequest
from backend.models import (
    Activation,
    ActivationCorrection,
    Alert,
    AlertKind,
    Fix,
    Handling,
    Person,
    PlaceState,
    PlaceZone,
    ProtectedPlace,
    TagContact,
    Wearer,
)
from backend.models.alerts import UNANSWERED
from backend.record import reading
from backend.record.case_file import CaseFile
from backend.record.facts import LONDON, MonitoringStatus
from backend.record.timeline import Case
from backend.settings import Settings
from backend.silence import battery_of
from backend.silence.address import at_address
from backend.silence.battery import Battery
from backend.silence.reporting_state import ORDER, SLACK_S, Heard, Reporting, ReportingState, reporting_of
from zones import Certainty, Level, Zone, ZoneKind
from zones.national_grid import grid_reference
from zones.refusal import ZoneRefused

log = logging.getLogger(__name__)

WHERE = {
    (ZoneKind.EXCLUSION, Level.BREACH): "In the exclusion zone at {}",
    (ZoneKind.EXCLUSION, Level.BUFFER): "Near {}",
    (ZoneKind.INCLUSION, Level.BREACH): "Away from {}",
    (ZoneKind.INCLUSION, Level.BUFFER): "At {}, near its edge",
    (ZoneKind.INCLUSION, Level.CLEAR): "At {}",
    (ZoneKind.RESTRICTION, Level.BREACH): "Outside {}",
    (ZoneKind.RESTRICTION, Level.BUFFER): "In {}, near its edge",
    (ZoneKind.RESTRICTION, Level.CLEAR): "In {}",
}
LONGEST_REASON = 500
SAME_LOOK_FOR = timedelta(minutes=10)
# When this process last recorded that a person looks at the caseload, and at whom.
_looks: dict[int, tuple[datetime, frozenset[int]]] = {}


@dataclass(frozen=True, slots=True)
class Health:
    """One wearer's line of the caseload."""

    wearer: Wearer
    reporting: Reporting
    contact_at: datetime | None
    # The time of the newest usable position, and where that was, in words.
    evidence_at: datetime | None
    where: str
    battery: Battery | None
    # The next instant at which a curfew, a zone's hours or a permission begins or ends, in words.
    next_at: datetime | None
    next_words: str
    alerts: Sequence[Alert]

    @property
    def need(self) -> tuple[object, ...]:
        """What puts the line before others: unanswered danger, then silence, then a battery that dies first."""
        unanswered = [_danger(alert) for alert in self.alerts if alert.handling != Handling.ACKNOWLEDGED]
        empty_at = self.battery.empty_at if self.battery else None
        far = datetime.max.replace(tzinfo=UTC)
        return (
            -int(max(unanswered, default=lifecycle.Danger.NONE)),
            -int(max((_danger(alert) for alert in self.alerts), default=lifecycle.Danger.NONE)),
            ORDER[self.reporting.state],
            empty_at or far,
            self.evidence_at or far,
            self.wearer.name,
        )


def caseload_of(person: Person, settings: Settings, now: datetime, *, is_page: bool = False) -> list[Health]:
    """Return the lines of the cases that this person may know of, by need; that they looked is recorded.

    A page that brings itself up to now is one look for some minutes, unless it shows a further wearer.
    """
    wearers = viewing.cases_of(person, now)
    if not (is_page and _is_same_look(person, wearers, now)):
        _record_look(person, wearers, now)
    return sorted(_lines(wearers, settings, now), key=lambda line: line.need)


def _is_same_look(person: Person, wearers: Sequence[Wearer], now: datetime) -> bool:
    """Tell whether this process recorded a moment ago that the person looks at all of these."""
    looked_at, seen = _looks.get(person.id, (now - SAME_LOOK_FOR, frozenset()))
    if now - looked_at < SAME_LOOK_FOR and seen.issuperset(one.id for one in wearers):
        return True
    _looks[person.id] = (now, frozenset(one.id for one in wearers))
    return False


def _record_look(person: Person, wearers: Sequence[Wearer], now: datetime) -> None:
    with atomic():
        audit.record(
            audit.actor_of(person),
            "caseload_viewed",
            f"team:{person.team_id}",
            now,
            wearers=[one.id for one in wearers],
        )


def reporting_states(wearers: Sequence[Wearer], settings: Settings, now: datetime) -> dict[int, Reporting]:
    """Return how the tag of each of these wearers reports."""
    return {line.wearer.id: line.reporting for line in _lines(wearers, settings, now)}


def health_of(file: CaseFile, alerts: Iterable[Alert], settings: Settings, now: datetime) -> Health:
    """Return the line of a case that was opened already, and whose ``alerts`` that are not closed were read."""
    worn = file.tag_at(now)
    read = _Read(
        worn={file.wearer.id: worn} if worn else {},
        cases={file.wearer.id: file.timeline} if file.timeline else {},
        zones=_shapes(zone.row for zone in file.zones),
        alerts=_by_wearer(one for one in alerts if one.certainty != Certainty.WITHDRAWN),
    )
    return _lines([file.wearer], settings, now, read)[0]


def wearer_of(person: Person, wearer_id: int, now: datetime) -> Wearer:
    """Return a wearer whose case this person may know of. Raises: NotFound, NotAllowed."""
    return access_wearer(person, wearer_id, now)


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a wearer is, as far as is known, and when the tag is due to say so again."""

    lat: float | None
    lon: float | None
    accuracy_m: float | None
    fix_time: datetime | None
    grid_reference: str | None
    where: str
    next_due_at: datetime | None


def ask_where(person: Person, wearer_id: int, why: str, settings: Settings, now: datetime) -> Answer:
    """Return the newest fix and when the next one is due; who asked, and why, is on record.

    Nothing is sent to the tag: it reports each minute anyway, and what it observes depends on no question.

    Raises: NotFound, NotAllowed; InvalidRequest without a reason.
    """
    reason = why.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidRequest(f"Say why you ask, in at most {LONGEST_REASON} characters.")
    wearer = access_wearer(person, wearer_id, now)
    with atomic():
        line = _lines([wearer], settings, now)[0]
        newest = Fix.select().where(Fix.wearer == wearer.id, Fix.fix_time <= now).order_by(Fix.fix_time.desc()).first()
        due_at = None
        if line.reporting.state in (ReportingState.REPORTING, ReportingState.BLIND, ReportingState.AT_REST):
            heard_at = line.contact_at or now
            due_at = heard_at + timedelta(seconds=settings.report_interval_s)
        audit.record(
            audit.actor_of(person),
            "whereabouts_asked",
            f"wearer:{wearer.id}",
            now,
            reason=reason,
            fix_time=newest.fix_time.isoformat() if newest else None,
        )
    if newest is None:
        return Answer(None, None, None, None, None, line.where, due_at)
    grid = grid_reference(newest.lat, newest.lon, newest.accuracy_m)
    return Answer(newest.lat, newest.lon, newest.accuracy_m, newest.fix_time, grid, line.where, due_at)


@dataclass(frozen=True, slots=True)
class _Read:
    """What lines need of the record and of alerts, each by its wearer."""

    worn: Mapping[int, Activation]
    cases: Mapping[int, Case]
    zones: Mapping[int, list[tuple[PlaceZone, Zone]]]
    alerts: Mapping[int, list[Alert]]


def _lines(wearers: Sequence[Wearer], settings: Settings, now: datetime, read: _Read | None = None) -> list[Health]:
    ids = [wearer.id for wearer in wearers]
    if not ids:
        return []
    read = read or _Read(_worn(ids, now), reading.cases(ids, faults={}), _zones(ids), _alerts(ids))
    worn, cases, zones, alerts = read.worn, read.cases, read.zones, read.alerts
    contacts = _contacts(worn.values())
    states = _states(ids)
    last = _last_fixes(contacts.values(), now - timedelta(seconds=settings.report_interval_s + SLACK_S))
    lines = []
    for wearer in wearers:
        case = cases.get(wearer.id)
        activation = worn.get(wearer.id)
        contact = contacts.get(activation.tag_id) if activation else None
        in_force = {zone.zone_id for zone in case.zones_in_force(now)} if case else set()
        shapes = [(row, shape) for row, shape in zones[wearer.id] if row.id in in_force]
        levels = {state.zone_id: state.level for state in states[wearer.id]}
        tampered = any(alert.kind == AlertKind.TAMPER for alert in alerts[wearer.id])
        heard = Heard(
            worn_since=activation.from_at if activation else None,
            contact_at=contact.contact_at if contact else None,
            located_at=contact.located_at if contact else None,
            is_monitored=case is None or case.status_at(now) is MonitoringStatus.ACTIVE,
            is_tampered=tampered,
            was_at_address=contact is not None and at_address(last.get(contact.tag_id), [one for _, one in shapes]),
        )
        next_at, words = _next(shapes, case, now)
        evidence_at = contact.located_at if contact and activation and _is_own(contact, activation) else None
        lines.append(
            Health(
                wearer=wearer,
                reporting=reporting_of(heard, now, settings.report_interval_s),
                contact_at=contact.contact_at if contact else None,
                evidence_at=evidence_at,
                where=_where(shapes, in_force, levels) if evidence_at else "No position yet",
                battery=battery_of(contact),
                next_at=next_at,
                next_words=words,
                alerts=alerts[wearer.id],
            )
        )
    return lines


def _is_own(contact: TagContact, activation: Activation) -> bool:
    return contact.located_at is not None and contact.located_at >= activation.from_at


def _where(shapes: Iterable[tuple[PlaceZone, Zone]], in_force: set[int], levels: dict[int, int]) -> str:
    """Return the gravest of what the newest fix says of the zones in force; away from all only where each says so."""
    told, fixed = [], set()
    for row, shape in shapes:
        fixed.add(row.id)
        level = levels.get(row.id)
        if level in set(Level) and (words := WHERE.get((shape.kind, Level(level)))):
            told.append((int(level), shape.kind is ZoneKind.EXCLUSION, words.format(row.place.label)))
    # Zones that move with a protected person have no shape.
    around = max((levels.get(zone_id, Level.CLEAR) for zone_id in in_force - fixed), default=Level.CLEAR)
    if around > Level.CLEAR:
        told.append((int(around), True, "Near a protected person"))
    if told:
        return max(told)[2]
    if not in_force:
        return "No zone is in force to judge it by"
    return "Away from every zone" if in_force <= levels.keys() else "Not judged by every zone yet"


def _next(shapes: Iterable[tuple[PlaceZone, Zone]], case: Case | None, now: datetime) -> tuple[datetime | None, str]:
    """Return the first change of hours, or of what is in force, that lies ahead, in words."""
    found: list[tuple[datetime, str]] = []
    for row, shape in shapes:
        if not shape.is_timed:
            continue
        at = shape.timing.next_change(now.timestamp())
        if at is None:
            continue
        what = "Curfew" if shape.kind is ZoneKind.INCLUSION else "Zone"
        verb = "ends" if shape.timing.is_in_force(now.timestamp()) else "begins"
        if any(one.starts_at <= at <= one.ends_at for one in shape.timing.permissions):
            what, verb = "Permission", "begins" if verb == "ends" else "ends"
        found.append((datetime.fromtimestamp(at, UTC), f"{what} {verb}: {row.place.label}"))
    changes = [at for at in case.changes() if at > now] if case else []
    if changes:
        found.append((changes[0], "An order or a zone begins or ends"))
    return min(found, default=(None, ""))


def _worn(wearer_ids: Sequence[int], now: datetime) -> dict[int, Activation]:
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    rows = Activation.select().where(
        Activation.wearer.in_(wearer_ids),
        Activation.from_at <= now,
        Activation.to_at.is_null() | (Activation.to_at > now),
        Activation.id.not_in(in_error),
    )
    return {row.wearer_id: row for row in rows.order_by(Activation.id)}


def _contacts(worn: Iterable[Activation]) -> dict[int, TagContact]:
    rows = TagContact.select().where(TagContact.tag.in_([activation.tag_id for activation in worn]))
    return {row.tag_id: row for row in rows}


def _last_fixes(contacts: Iterable[TagContact], late: datetime) -> dict[int, Fix]:
    """Return the last usable fixes of tags that are in contact without a position, where they are known."""
    blind = [row for row in contacts if row.contact_at >= late and row.located_at and row.located_at < late]
    if not blind:
        return {}
    mine = reduce(or_, ((Fix.tag == row.tag_id) & (Fix.fix_time == row.located_at) for row in blind))
    return {fix.tag_id: fix for fix in Fix.select(Fix.tag, Fix.lat, Fix.lon).where(mine)}


def _zones(wearer_ids: Sequence[int]) -> dict[int, list[tuple[PlaceZone, Zone]]]:
    rows = PlaceZone.select(PlaceZone, ProtectedPlace).join(ProtectedPlace).where(PlaceZone.wearer.in_(wearer_ids))
    return _shapes(rows.order_by(PlaceZone.id))


def _shapes(rows: Iterable[PlaceZone]) -> dict[int, list[tuple[PlaceZone, Zone]]]:
    found: dict[int, list[tuple[PlaceZone, Zone]]] = defaultdict(list)
    for row in rows:
        if row.moves:
            continue
        try:
            found[row.wearer_id].append((row, Zone.from_geojson(row.feature)))
        except ZoneRefused:
            # An alert of its own says so.
            log.warning("zone %s cannot be read and is left out of the caseload", row.id)
    return found


def _states(wearer_ids: Sequence[int]) -> dict[int, list[PlaceState]]:
    found: dict[int, list[PlaceState]] = defaultdict(list)
    columns = (PlaceState.wearer, PlaceState.zone, PlaceState.level)
    for row in PlaceState.select(*columns).where(PlaceState.wearer.in_(wearer_ids)):
        found[row.wearer_id].append(row)
    return found


def _alerts(wearer_ids: Sequence[int]) -> dict[int, list[Alert]]:
    return _by_wearer(Alert.select().where(Alert.wearer.in_(wearer_ids), UNANSWERED).order_by(Alert.id))


def _by_wearer(alerts: Iterable[Alert]) -> dict[int, list[Alert]]:
    found: dict[int, list[Alert]] = defaultdict(list)
    for row in alerts:
        found[row.wearer_id].append(row)
    for rows in found.values():
        rows.sort(key=_danger, reverse=True)
    return found


def _danger(alert: Alert) -> lifecycle.Danger:
    return lifecycle.danger_held(alert.kind, alert.level, alert.certainty)


def alert_words(alert: Alert) -> str:
    """Return what an alert is called on a line of the caseload."""
    level = lifecycle.level_held(alert.level).name.capitalize()
    return alert_kinds.title_of(alert.kind, alert.event) or f"{level}, {lifecycle.certainty_held(alert.certainty)}"


def empty_words(battery: Battery | None, now: datetime) -> str:
    """Return "41 %, empty about 03:40"; the level alone where no rate is known, "not known" without a level."""
    if battery is None:
        return "Not known"
    words = f"{battery.pct:.0f} %"
    if battery.empty_at is None or battery.empty_at - now > timedelta(hours=36):
        return words
    local = battery.empty_at.astimezone(LONDON)
    day = "" if local.date() == now.astimezone(LONDON).date() else " tomorrow"
    return f"{words}, empty about {local:%H:%M}{day}" if battery.empty_at > now else f"{words}, may be empty by now"
