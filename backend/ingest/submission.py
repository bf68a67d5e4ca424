"""Reads what a tag sent, item by item: one bad fix is rejected with its reason and never fails the others."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.errors import InvalidRequest, MalformedJson
from backend.ingest.batch_limits import require_size
from backend.settings import Settings
from backend.tag_events import RINGING, kind_of
from zones import Fix, FixRefused, PositionFeed, read_claim, read_source, read_validity

REQUIRED = ("fix_time", "lat", "lon")
NUMBERS = ("speed_mps", "course_deg", "satellites", "hdop", "battery_pct")
KNOWN = frozenset((*REQUIRED, *NUMBERS, "accuracy_m", "source", "feed"))
LONGEST_KEPT_BODY = 4_000
LONGEST_DETAIL = 300
# The calendar that every time zone can be reckoned in.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fix or event that is kept and not acted on."""

    index: int | None
    code: str
    detail: str
    body: str


@dataclass(frozen=True, slots=True)
class SentFix:
    """A fix that can be judged, with what is kept beside it."""

    index: int
    fix: Fix
    fix_time: datetime
    battery_pct: float | None
    extra: dict[str, Any] | None
    # What the tag said, where that was ahead of the receipt.
    said_time: datetime | None = None

    @property
    def keys(self) -> list[tuple[datetime, float, float]]:
        """What makes two reports of one tag the same fix: their place, and the time they count as of or were said."""
        times = [self.fix_time] if self.said_time is None else [self.fix_time, self.said_time]
        return [(time, self.fix.lat, self.fix.lon) for time in times]


@dataclass(frozen=True, slots=True)
class SentEvent:
    """Something the tag says of itself."""

    kind: str
    at: datetime
    detail: dict[str, Any] | None
    # False where the tag's own time for it cannot be believed.
    is_time_sound: bool = True


@dataclass(slots=True)
class Submission:
    """One signed request of one tag, ready to be committed."""

    tag_id: int
    webhook_id: str
    received_at: datetime
    body_digest: str = ""
    fixes: list[SentFix] = field(default_factory=list)
    events: list[SentEvent] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    is_stale: bool = False
    # A body that is of no use as a whole is kept too, and answered with its error instead of a count.
    is_answered: bool = True
    is_poison: bool = False
    # What the tag signed; None where nothing was.
    signed: bytes | None = None
    # The serial and the key that it was verified with; None where no key was needed.
    verified_with: tuple[str, str] | None = None
    # Why nothing of what the tag sends can be taken, known before anything of it was read.
    is_unheard_because: str | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        """What makes two requests the same one: the tag, its id and its very body."""
        return self.tag_id, self.webhook_id, self.body_digest

    def unusable(self) -> str | None:
        """Return why nothing of this request tells how near the wearer is, or None.

        A clock that is wrong, or a failure here, goes on until someone mends it. A single corrupt fix is followed by a
        sound one and rings no one.
        """
        if self.fixes:
            return None
        if self.is_unheard_because is not None:
            return self.is_unheard_because
        if self.is_poison:
            return "the tag's fixes cannot be processed"
        clock_codes = {"stale_timestamp", "fix_time_in_future"}
        if any(refusal.code in clock_codes for refusal in self.refused):
            return "the tag's clock is wrong"
        return None

    def set_apart(self, error: str) -> Submission:
        """Return this request with every fix refused, because storing or judging it failed in an unforeseen way."""
        refused = [
            Refusal(
                sent.index,
                "not_processed",
                f"The fix is kept and could not be processed ({error}).",
                repr(asdict(sent.fix))[:LONGEST_KEPT_BODY].replace("\x00", ""),
            )
            for sent in self.fixes
        ]
        return Submission(
            self.tag_id,
            self.webhook_id,
            self.received_at,
            self.body_digest,
            # What the tag says of itself is no fix: it rings whatever became of the fixes.
            events=[*self.events, SentEvent("processing_failed", self.received_at, {"error": error})],
            refused=[*self.refused, *refused],
            is_answered=self.is_answered,
            is_poison=True,
            verified_with=self.verified_with,
            signed=self.signed,
        )


def read_body(body: bytes, settings: Settings) -> tuple[list[Any], list[Any]]:
    """Return the fixes and events of a request's body, as sent.

    Raises: MalformedJson, InvalidRequest, EmptyBatch, BatchTooLarge.
    """
    try:
        content = json.loads(body, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise MalformedJson(f"The body cannot be read as JSON: {error}"[:300]) from None
    if not isinstance(content, dict):
        raise InvalidRequest('The body must be an object: {"fixes": [...]}.')
    fixes, events = content.get("fixes", []), content.get("events", [])
    for name, value in (("fixes", fixes), ("events", events)):
        if not isinstance(value, list):
            raise InvalidRequest(f"{name} must be a list.")
    require_size(len(fixes), len(events), settings.max_batch_fixes)
    return fixes, events


def read(
    tag_id: int, webhook_id: str, body: bytes, received_at: datetime, is_stale: bool, settings: Settings
) -> Submission:
    """Read a request of a tag. Raises: what ``read_body`` raises, for a body that is of no use as a whole."""
    fixes, events = read_body(body, settings)
    submission = Submission(tag_id, webhook_id, received_at, _digest(body), is_stale=is_stale)
    for index, item in enumerate(fixes):
        try:
            sent = _read_fix(index, item, received_at, settings)
        except FixRefused as refusal:
            submission.refused.append(Refusal(index, refusal.code, refusal.detail[:LONGEST_DETAIL], _kept(item)))
            continue
        if is_stale:
            submission.refused.append(
                Refusal(index, "stale_timestamp", "The tag's clock is not near ours; kept, not judged.", _kept(item))
            )
        else:
            submission.fixes.append(sent)
    for item in fixes:
        _read_alarms(item, submission, settings)
    for item in events:
        _read_event(item, submission, settings)
    return submission


def unheard(tag_id: int, why: str, received_at: datetime) -> Submission:
    """Return a submission that only says that nothing of this tag can be taken, and why."""
    return Submission(tag_id, "", received_at, "", is_answered=False, is_unheard_because=why)


def refused_body(
    tag_id: int, webhook_id: str, body: bytes, received_at: datetime, settings: Settings, code: str, detail: str
) -> Submission:
    """Return a submission that keeps a body which is of no use as a whole, and whatever events can be read in it."""
    # PostgreSQL keeps no NUL in a text.
    text = body.decode(errors="replace").replace("\x00", "\ufffd")
    submission = Submission(tag_id, webhook_id, received_at, _digest(body), is_answered=False)
    for item in _events_in(body)[: settings.max_batch_fixes]:
        _read_event(item, submission, settings)
    submission.refused = [Refusal(None, code, detail, text)]
    return submission


def _events_in(body: bytes) -> list[Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return []
    events = content.get("events") if isinstance(content, dict) else None
    return events if isinstance(events, list) else []


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _read_fix(index: int, item: Any, received_at: datetime, settings: Settings) -> SentFix:
    if not isinstance(item, dict):
        raise FixRefused("not_an_object", "A fix must be an object with fix_time, lat and lon.")
    missing = [name for name in REQUIRED if item.get(name) is None]
    if missing:
        raise FixRefused("missing_field", f"{' and '.join(missing)} must be given.")
    at = _instant(item["fix_time"], "fix_time")
    if at > received_at + timedelta(seconds=settings.future_tolerance_s):
        raise FixRefused("fix_time_in_future", f"fix_time is {_seconds(at - received_at)} s ahead of the time here.")
    if at < received_at - timedelta(days=settings.max_fix_age_days):
        raise FixRefused("fix_time_too_old", f"fix_time is more than {settings.max_fix_age_days} days ago.")
    extra = {name: value for name, value in item.items() if name not in KNOWN}
    # A second source with a clock ahead would otherwise be newer than whatever the tag says until then.
    said_time, at = (at, received_at) if at > received_at else (None, at)
    # What is optional must not cost a fix that could save them: a value of no use is kept apart and left out.
    numbers: dict[str, Any] = {name: _number_or_none(name, item.get(name), extra) for name in NUMBERS}
    battery_pct = numbers.pop("battery_pct")
    claimed = item.get("accuracy_m")
    accuracy_m, source = read_claim(claimed, read_source(item), PositionFeed.read(item.get("feed")))
    if source is not None and item.get("source") not in (None, str(source)):
        extra["source"] = item["source"]
    if item.get("feed") is not None:
        # What it claimed itself is kept beside, with the word that says how it is meant.
        extra |= {"feed": item["feed"], "claimed_m": claimed}
    elif claimed is not None and claimed != accuracy_m:
        extra["accuracy_m"] = claimed
    fix = Fix(
        fix_time=at.timestamp(),
        lat=item["lat"],
        lon=item["lon"],
        accuracy_m=accuracy_m,
        source=source,
        received_at=received_at.timestamp(),
        is_valid=read_validity(item),
        **numbers,
    )
    return SentFix(index, fix, at, battery_pct, _printable(extra) or None, said_time)


def _whole(text: str) -> int | float:
    """Read a whole number; one of thousands of digits is infinite, and costs nothing but itself."""
    return int(text) if len(text) <= 400 else float("inf")


def _instant(value: Any, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise FixRefused("not_an_instant", f"{name} is not an ISO 8601 instant such as 2026-11-24T20:00:00Z.") from None
    if at.tzinfo is None:
        raise FixRefused("not_an_instant", f"{name} has no time zone; write 2026-11-24T20:00:00Z.")
    if not EARLIEST <= at < LATEST:
        raise FixRefused("not_an_instant", f"{name} is beyond the calendar.")
    return at.astimezone(UTC)


def _number_or_none(name: str, value: Any, extra: dict[str, Any]) -> float | None:
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not abs(number) <= 1e9:
        extra[name] = value
        return None
    return number


def _printable(extra: dict[str, Any]) -> dict[str, Any]:
    """Return ``extra`` as strict JSON can hold it, and no longer than is kept of a body."""
    if not extra:
        return {}
    try:
        text = json.dumps(extra, default=str)
    except RecursionError:
        return {"text": "nested too deep to be kept"}
    # Neither NaN, NUL nor half a surrogate pair can be kept as JSON everywhere: such things are kept as escaped text.
    is_odd = any(mark in text for mark in ("NaN", "Infinity", "\\u0000")) or _has_half_pair(extra)
    if len(text) > LONGEST_KEPT_BODY or is_odd:
        return {"text": text[:LONGEST_KEPT_BODY].replace("\\u0000", "")}
    return extra


def _has_half_pair(extra: dict[str, Any]) -> bool:
    try:
        json.dumps(extra, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _read_event(item: Any, submission: Submission, settings: Settings) -> None:
    """Read an event; one without a time that can be read is refused for it, and kept as of its arrival all the same."""
    kind = None
    try:
        if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
            raise FixRefused("not_an_event", "An event must be an object with kind and at.")
        kind = kind_of(item["kind"])
        if kind is None:
            raise FixRefused("unknown_event", "The event is of no known kind.")
        at: datetime | None = _instant(item.get("at"), "at")
    except FixRefused as refusal:
        submission.refused.append(Refusal(None, refusal.code, refusal.detail, _kept(item)))
        if kind is None:
            return
        at = None
    said = {name: value for name, value in item.items() if name not in ("kind", "at")}
    if item["kind"] != kind:
        said["sent_as"] = item["kind"]
    _take_event(kind, at, said, submission, settings)


def _read_alarms(item: Any, submission: Submission, settings: Settings) -> None:
    """Read the alarms that a tracking app sends beside a fix, whatever becomes of the fix."""
    if not isinstance(item, dict) or not isinstance(item.get("alarm"), str):
        return
    for kind in sorted({found for name in item["alarm"].split(",") if (found := kind_of(name)) in RINGING}):
        try:
            at: datetime | None = _instant(item.get("fix_time"), "fix_time")
        except FixRefused:
            at = None
        _take_event(kind, at, {"alarm": item["alarm"]}, submission, settings)


def _take_event(
    kind: str, at: datetime | None, said: dict[str, Any], submission: Submission, settings: Settings
) -> None:
    received_at = submission.received_at
    oldest = received_at - timedelta(days=settings.max_fix_age_days)
    newest = received_at + timedelta(seconds=settings.future_tolerance_s)
    is_sound = at is not None and not submission.is_stale and oldest <= at <= newest
    submission.events.append(SentEvent(kind, at or received_at, _printable(said) or None, is_sound))


def _kept(item: Any) -> str:
    try:
        return json.dumps(item)[:LONGEST_KEPT_BODY].replace("\\u0000", "")
    except RecursionError:
        return "nested too deep to be kept"


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
