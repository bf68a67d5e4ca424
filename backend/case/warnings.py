"""What a change would leave unprotected, in words, before it is saved. Pure but for names and who wears what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.case import ends
from backend.case.ends import Guard
from backend.case.record import LONDON, Case, Life
from backend.errors import NeedsConfirmation
from backend.models import Activation, ActivationCorrection, ProtectedPlace, Wearer

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
    names = {place.id: place.label for place in ProtectedPlace.select().where(ProtectedPlace.id.in_(list(places)))}
    said = [f"From {day(at)} no zone protects place {names[place_id]}." for place_id, at in sorted(places.items())]
    if unjudged_at is not None:
        wearer = Wearer.get_by_id(before.wearer_id)
        why = {Life.SUSPENDED: " (suspended)", Life.ENDED: " (ended)"}.get(after.life_at(unjudged_at), "")
        said.append(f"From {day(unjudged_at)} no fix of {wearer.name} is judged{why}.")
    if any(ends.guards(after, at).get(place_id) is Guard.PAUSED for place_id, at in places.items()):
        said.append("No text tells a protected person of a suspension: tell her.")
    return said


def day(at: datetime) -> str:
    """Return an instant as people say it: the day alone for a midnight in London."""
    local = at.astimezone(LONDON)
    text = f"{local.day} {local:%B %Y}"
    return text if (local.hour, local.minute) == (0, 0) else f"{local:%H:%M} on {text}"


def require_confirmation(before: Case, after: Case, now: datetime, *, is_confirmed: bool) -> None:
    """Raises: NeedsConfirmation with the sentences, unless they were confirmed or there is nothing to say."""
    if is_confirmed:
        return
    said = in_words(before, after, now)
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
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    worn = Activation.select().where(Activation.wearer == wearer_id, Activation.id.not_in(in_error))
    return [(one.from_at, one.to_at) for one in worn]


def require_tag(case: Case, before: Sequence[Span], since: datetime, *, is_confirmed: bool) -> None:
    """Raises: NeedsConfirmation where the wearer is left without a tag while a zone is in force, unless confirmed."""
    if is_confirmed:
        return
    at = untagged_at(case, before, spans_worn(case.wearer_id), since)
    if at is not None:
        said = f"From {day(at)} no tag of {Wearer.get_by_id(case.wearer_id).name} is judged."
        raise NeedsConfirmation(said, warnings=[said])
