"""What a change would leave unprotected, in words, before it is saved. Pure but for the names of places."""

from __future__ import annotations

from datetime import datetime

from backend.case.record import LONDON, Case, Life
from backend.errors import NeedsConfirmation
from backend.models import ProtectedPlace, Wearer


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
