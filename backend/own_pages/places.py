"""What a protected person asks of their officer about places, or a call; staff agree, and a zone is drawn at once.

Each request is kept until staff have answered it. An answer adds protection and takes none away: places protected so
far stay protected, whatever a person who has their phone may ask for.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from backend import audit, typed_text
from backend.access import access_wearer
from backend.cases import writing
from backend.cases.commands.base import Ask, Command, Name, RowId
from backend.cases.commands.drawing import LATITUDE, LONGITUDE
from backend.cases.commands.typed import Named
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, InvalidTransition, NotFound
from backend.models import Person, PlaceRequest, PlaceZone, ProtectedPlace, Victim
from backend.own_pages import help_calls
from backend.own_pages.help_calls import How
from backend.record import reading
from backend.record.facts import ends_with, midnight
from backend.record.zone_geojson import Hours

KINDS: dict[str, str] = {
    "add": "They ask for a place to be added",
    "change": "They ask for a place to be changed",
    "tonight": "They are moving tonight",
    "away": "They are away",
    "call": "They ask for a call at a time that is safe",
    "school": "They wrote about a child's school terms",
}
# What is for a while, and so needs its days.
FOR_A_WHILE = ("away", "school")
SCHOOL_DAYS = ("mo", "tu", "we", "th", "fr")
LONGEST, LONGEST_DAYS = 600, 400
SHOWN = 5


def of(victim: Victim) -> list[str]:
    """Return what their places are called, and their children's; never where they are, nor from whom they are kept."""
    places = ProtectedPlace.select().join(Victim).where((Victim.id == victim) | (Victim.reached_through == victim))
    return sorted({place.label for place in places})


def ask(
    victim: Victim, kind: str, words: str, now: datetime, *, from_day: str = "", until_day: str = ""
) -> PlaceRequest | None:
    """Bring what they ask for to their officer: a move tonight rings at once, anything else is a notice.

    All but a call is kept until staff have answered it. Raises: InvalidRecord.
    """
    words = words.strip()
    if kind not in KINDS:
        raise InvalidRecord("Choose one of these.")
    if not words:
        raise InvalidRecord("Say a little more, so that your officer knows what to do.")
    if len(words) > LONGEST:
        raise InvalidRecord(f"Say it in {LONGEST} characters.")
    first, last = _days(kind, from_day, until_day)
    days = f" From {first:%-d %B} to {last:%-d %B %Y}." if first and last else ""
    said = f"{KINDS[kind]}: “{words}”{days}"
    with atomic():
        asked = None
        if kind != "call":
            asked = PlaceRequest.create(
                victim=victim,
                kind=kind,
                words=words,
                from_day=first.isoformat() if first else None,
                until_day=last.isoformat() if last else None,
                asked_at=now,
            )
            audit.record(f"victim:{victim.id}", "place_asked_for", f"victim:{victim.id}", now, request=asked.id)
        if kind == "tonight":
            # No one may be asleep over it: until a zone is drawn the new place is not watched.
            help_calls.ring(victim, How.MOVE, said, now)
        else:
            help_calls.tell(victim, said, now)
        return asked


def _days(kind: str, from_day: str, until_day: str) -> tuple[date | None, date | None]:
    if kind not in FOR_A_WHILE:
        return None, None
    try:
        first, last = date.fromisoformat(from_day.strip()), date.fromisoformat(until_day.strip())
    except ValueError:
        raise InvalidRecord("Enter the first and the last day.") from None
    if last < first or (last - first).days > LONGEST_DAYS or first.year < 2000:
        raise InvalidRecord("The last day comes after the first, and within a year.")
    return first, last


def latest(victim: Victim) -> list[PlaceRequest]:
    """Return the newest requests, as their page shows them."""
    query = PlaceRequest.select().where(PlaceRequest.victim == victim)
    return list(query.order_by(PlaceRequest.id.desc()).limit(SHOWN))


def unanswered(victim: Victim) -> list[PlaceRequest]:
    """Return what staff have not answered, the oldest first."""
    query = PlaceRequest.select().where(PlaceRequest.victim == victim, PlaceRequest.answered_at.is_null())
    return list(query.order_by(PlaceRequest.id))


def of_case(wearer_id: int, request_id: int) -> PlaceRequest:
    """Return a request of a person whom the case protects. Raises: NotFound."""
    asked = PlaceRequest.get_or_none(PlaceRequest.id == request_id)
    if asked is None or all(one.id != asked.victim_id for one in _adults(wearer_id)):
        raise NotFound("The request was not found.")
    return asked


def whom_it_may_protect(asked: PlaceRequest, wearer_id: int) -> list[Victim]:
    """Return the person who asked and the children of the case who are reached through them, children first."""
    theirs = [asked.victim_id]
    found = [one for one in reading.victims_of(wearer_id) if one.id in theirs or one.reached_through_id in theirs]
    return sorted(found, key=lambda one: (asked.kind == "school") is not one.is_child)


def _adults(wearer_id: int) -> list[Victim]:
    return [one.reached_through or one for one in reading.victims_of(wearer_id)]


def unanswered_of_case(person: Person, wearer_id: int, now: datetime) -> list[PlaceRequest]:
    """Return the unanswered requests of those whom a case protects, the oldest first. Raises: NotAllowed, NotFound."""
    access_wearer(person, wearer_id, now)
    ids = {one.id for one in _adults(wearer_id)}
    query = PlaceRequest.select().where(PlaceRequest.victim.in_(ids), PlaceRequest.answered_at.is_null())
    return list(query.order_by(PlaceRequest.id))


def as_dict(asked: PlaceRequest, wearer_id: int) -> dict[str, Any]:
    """Return a request with whom a zone for it may protect, for the JSON interface."""
    return {
        "id": asked.id,
        "victim_id": asked.victim_id,
        "kind": asked.kind,
        "words": asked.words,
        "from_day": asked.from_day,
        "until_day": asked.until_day,
        "asked_at": asked.asked_at.isoformat(),
        "may_protect": [{"id": one.id, "name": one.name} for one in whom_it_may_protect(asked, wearer_id)],
    }


class AgreeToPlace(Command):
    """A circle around the place of a request, in force at once, or on its days and in its hours."""

    victim_id: Annotated[RowId, Named("victim"), Ask("Choose whom the place protects.")]
    place: Annotated[Name, Ask("Enter a name for the place that colleagues will know.")]
    lat: Annotated[float, Field(ge=-90, le=90), LATITUDE]
    lon: Annotated[float, Field(ge=-180, le=180), LONGITUDE]
    radius_m: Annotated[float, Field(ge=50, le=10_000), Ask("Enter a radius from 50 to 10,000 metres.")]
    begins: str = ""
    ends: str = ""
    is_confirmed: bool = False

    def carry_out(self, by: Person, now: datetime, wearer_id: int, request_id: int) -> PlaceZone:
        """Protect it. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition, NeedsConfirmation."""
        access_wearer(by, wearer_id, now)
        asked = of_case(wearer_id, request_id)
        if self.victim_id not in [one.id for one in whom_it_may_protect(asked, wearer_id)]:
            raise NotFound("The protected person was not found.")
        span: dict[str, Any] = {}
        if asked.from_day and asked.until_day:
            first = max(midnight(date.fromisoformat(asked.from_day)), now)
            span = {"from_at": first, "to_at": ends_with(date.fromisoformat(asked.until_day))}
            if span["to_at"] <= now:
                raise InvalidRecord("Its last day is over. Say no, and why.")
        if self.begins or self.ends:
            if not (self.begins and self.ends):
                raise InvalidRecord("Enter a start time and an end time, or none.")
            span["hours"] = [Hours(SCHOOL_DAYS, _clock(self.begins), _clock(self.ends))]
        with atomic():
            _hold_unanswered(asked)
            zone = writing.protect_tonight(
                by,
                wearer_id,
                self.victim_id,
                self.place,
                self.lat,
                self.lon,
                self.radius_m,
                now,
                why="As the protected person asked on their own page: protected at once, to be approved.",
                is_confirmed=self.is_confirmed,
                **span,
            )
            _answer(asked, by, True, "", now, zone)
            return zone


class AnswerRequest(Command):
    """Words that a protected person reads on their own page in answer to a request."""

    words: str = Field(description="Why not, or what was done instead", max_length=LONGEST)

    def carry_out(self, by: Person, now: datetime, wearer_id: int, request_id: int) -> None:
        """Answer it. Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition."""
        decline(by, wearer_id, request_id, self.words, now)


def decline(by: Person, wearer_id: int, request_id: int, words: str, now: datetime) -> None:
    """Answer a request without a zone: why not, or what was done instead; they read it on their page.

    Raises: NotFound, NotAllowed, InvalidRecord, InvalidTransition.
    """
    access_wearer(by, wearer_id, now)
    asked = of_case(wearer_id, request_id)
    if not words.strip():
        raise InvalidRecord("Enter what they are to read: why not, or what was done.")
    if len(words) > LONGEST:
        raise InvalidRecord(f"Say it in {LONGEST} characters.")
    with atomic():
        _hold_unanswered(asked)
        _answer(asked, by, False, words.strip(), now, None)


def _hold_unanswered(asked: PlaceRequest) -> None:
    lock_rows(PlaceRequest, [asked.id])
    if PlaceRequest.get_by_id(asked.id).answered_at is not None:
        raise InvalidTransition("A colleague has answered this request already.")


def _answer(
    asked: PlaceRequest, by: Person, is_agreed: bool, words: str, now: datetime, zone: PlaceZone | None
) -> None:
    PlaceRequest.update(answered_at=now, answered_by=by, is_agreed=is_agreed, answer=words or None, zone=zone).where(
        PlaceRequest.id == asked.id
    ).execute()
    audit.record(
        audit.actor_of(by),
        "place_request_answered",
        f"victim:{asked.victim_id}",
        now,
        request=asked.id,
        agreed=is_agreed,
    )


def _clock(text: str) -> str:
    try:
        return f"{typed_text.time_of_day(text):%H:%M}"
    except ValueError:
        raise InvalidRecord("Enter a time, like 08:30.") from None
