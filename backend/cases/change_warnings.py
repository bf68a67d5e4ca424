"""Warns, before a change is saved, what it would leave unprotected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.errors import NeedsConfirmation
from backend.models import Activation, PlaceZone, ProtectedPlace, Wearer
from backend.record import protection_ends
from backend.record.facts import LONDON, MonitoringStatus
from backend.record.protection_ends import Guard
from backend.record.timeline import Case

# From when to when a tag is worn; without an end it is worn still.
Span = tuple[datetime, datetime | None]


def gaps(before: Case, after: Case, now: datetime) -> tuple[dict[int, datetime], datetime | None]:
    """Return since when each place is without a zone that it had, and since when nothing of the wearer is judged."""
    instants = sorted({now, *(at for case in (before, after) for at in case.changes() if at > now)})
    places: dict[int, datetime] = {}
    unjudged_at: datetime | None = None
    for at in instants:
        had = {zone.place_id for zone in before.zones_in_force(at)}
        has = {zone.place_id for zone in after.zones_in_force(at)}
        for place_id in had - has:
            places.setdefault(place_id, at)
        if had and not has and unjudged_at is None:
            unjudged_at = at
    return places, unjudged_at


def in_words(before: Case, after: Case, now: datetime) -> list[str]:
    """Return what the change takes away, one sentence each."""
    places, unjudged_at = gaps(before, after, now)
    if not places and unjudged_at is None:
        return []
    names = {place.id: place.label for place in ProtectedPlace.select().where(ProtectedPlace.id.in_(list(places)))}
    said = []
    for place_id, at in sorted(places.items()):
        said.append(f"From {day(at)} no zone protects place {names[place_id]}.")
        again_at = next((one for one in after.changes() if one > at and _is_protected(after, place_id, one)), None)
        if again_at is not None:
            said.append(
                f"From {day(again_at)} one does again, by what was entered before: change that too if it is over."
            )
    if unjudged_at is not None:
        wearer = Wearer.get_by_id(before.wearer_id)
        why = {MonitoringStatus.SUSPENDED: " (suspended)", MonitoringStatus.ENDED: " (ended)"}.get(
            after.status_at(unjudged_at), ""
        )
        said.append(f"From {day(unjudged_at)} no fix of {wearer.name} is judged{why}.")
    if any(protection_ends.guards(after, at).get(place_id) is Guard.PAUSED for place_id, at in places.items()):
        said.append("No text tells a protected person of a suspension: tell them.")
    return said


def _is_protected(case: Case, place_id: int, at: datetime) -> bool:
    return any(zone.place_id == place_id for zone in case.zones_in_force(at))


def day(at: datetime) -> str:
    """Return an instant as people say it: the day alone for a midnight in London."""
    local = at.astimezone(LONDON)
    text = f"{local.day} {local:%B %Y}"
    return text if (local.hour, local.minute) == (0, 0) else f"{local:%H:%M} on {text}"


def require_confirmation(
    before: Case, after: Case, now: datetime, *, is_confirmed: bool, and_said: Sequence[str] = ()
) -> None:
    """Raises: NeedsConfirmation with the sentences, unless they were confirmed or there is nothing to say.

    ``and_said`` is what else the change does to facts that stand.
    """
    if is_confirmed:
        return
    said = [*in_words(before, after, now), *and_said]
    if said:
        raise NeedsConfirmation(" ".join(said), warnings=said)


def in_vain(case: Case, zone_id: int, now: datetime) -> list[str]:
    """Return why a version of a zone that is about to be saved protects nothing, in sentences; none where it does."""
    place = ProtectedPlace.select().join(PlaceZone).where(PlaceZone.id == zone_id).get().label
    # A suspension hides zones: what rests on it is said apart from what rests on an order.
    as_if_active = case.as_if_active
    to_come = [now, *(at for at in case.changes() if at > now)]
    if not any(as_if_active.is_in_force(zone_id, at) for at in to_come):
        terms = next(version.value for line in case.lines.values() for version in line if version.id == zone_id)
        return [f"This zone does not protect place {place}: {_why_not(case, terms.order_id, now)}."]
    life = case.status_at(now)
    if life is MonitoringStatus.SUSPENDED:
        return [f"The case is suspended: until it is resumed no fix is judged and place {place} is not protected."]
    if life is MonitoringStatus.ENDED:
        return [f"The case has ended: no fix is judged and place {place} is not protected."]
    return []


def _why_not(case: Case, order_id: int | None, now: datetime) -> str:
    terms = None if order_id is None else case.terms_at(order_id, now)
    if terms is not None and terms.ends_at is not None and terms.ends_at <= now:
        return f"its order ended {day(terms.ends_at)}"
    return "its order is suspended" if terms is not None and terms.is_suspended else "its own time is over"


def require_use(case: Case, zone_id: int, now: datetime, *, is_confirmed: bool) -> None:
    """Raises: NeedsConfirmation with the sentences where a zone would protect nothing, unless they were confirmed."""
    said = [] if is_confirmed else in_vain(case, zone_id, now)
    if said:
        raise NeedsConfirmation(" ".join(said), warnings=said)


def untagged_at(case: Case, before: Sequence[Span], after: Sequence[Span], since: datetime) -> datetime | None:
    """Return the first instant from ``since`` on at which a zone is in force and a tag that was worn is no more."""
    ends = {at for span in (*before, *after) for at in span if at is not None}
    for at in sorted({since, *(at for at in (*ends, *case.changes()) if at > since)}):
        if case.zones_in_force(at) and _is_worn(before, at) and not _is_worn(after, at):
            return at
    return None


def _is_worn(spans: Sequence[Span], at: datetime) -> bool:
    return any(from_at <= at and (to_at is None or at < to_at) for from_at, to_at in spans)


def spans_worn(wearer_id: int) -> list[Span]:
    """Return when the wearer wears a tag by the record as it is."""
    worn = Activation.select().where(Activation.wearer == wearer_id, ~Activation.is_in_error)
    return [(one.from_at, one.to_at) for one in worn]


def require_tag(case: Case, before: Sequence[Span], since: datetime, *, is_confirmed: bool) -> None:
    """Raises: NeedsConfirmation where the wearer is left without a tag while a zone is in force, unless confirmed."""
    if is_confirmed:
        return
    at = untagged_at(case, before, spans_worn(case.wearer_id), since)
    if at is not None:
        said = f"From {day(at)} no tag of {Wearer.get_by_id(case.wearer_id).name} is judged."
        raise NeedsConfirmation(said, warnings=[said])
