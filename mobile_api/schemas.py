"""The schemas that phones and pages send and receive."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend import channels
from backend.alerts import Outcome
from backend.models import AlertKind, Channel, Handling, ReceiptKind


class Strict(BaseModel):
    """A request body: an unknown field is a mistake of the caller's and is said."""

    model_config = ConfigDict(extra="forbid")


class PersonOut(BaseModel):
    """A member of staff."""

    id: int
    name: str


class MeOut(PersonOut):
    """A person who is signed in."""

    email: str
    role: str
    team: str


class NamedOut(BaseModel):
    """A thing with a name, for people who may know it."""

    id: int
    name: str


class AcknowledgementOut(BaseModel):
    """Who promised to act, and when."""

    by: PersonOut
    at: datetime


class OutcomeIn(Strict):
    """What came of an alert."""

    code: Outcome
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)] = ""
    is_confirmed: bool = Field(False, description="It is closed although the situation still stands; needs a note")
    danger: int | None = Field(
        None,
        ge=0,
        le=4,
        description="The danger as it was shown: where it has risen above, it has to be confirmed anew",
    )


class OutcomeOut(BaseModel):
    """What came of an alert, who said so, and when."""

    code: Outcome
    note: str
    by: PersonOut
    at: datetime


class WorstOut(BaseModel):
    """The gravest that an alert about a place has come to, from the first fix of it to the last."""

    level: Literal["buffer", "breach"]
    certainty: Literal["unconfirmed", "confirmed"]
    from_at: datetime
    until_at: datetime
    has_left: bool | None = Field(
        description="Once it is over: a fix showed it; false where only what is in force changed, null where unknown"
    )
    distance_m: float | None = Field(description="The least distance to the edge; negative on the forbidden side")


class StandingOut(BaseModel):
    """What of the situation still stands, in words."""

    words: str = Field(description="Such as: 213 m inside")
    where: str = Field(description="One word for it: inside, outside, near, within the distance, not judged")


class AlertOut(BaseModel):
    """One ongoing situation of one wearer at one place: the situation, and what people do about it."""

    id: int
    code: str
    kind: AlertKind
    level: Literal["clear", "buffer", "breach"]
    certainty: Literal["unconfirmed", "confirmed", "withdrawn"]
    is_over: bool
    danger: int = Field(description="Level and certainty in one order, 0 (none) to 4 (confirmed breach)")
    is_drill: bool = Field(description="Of a training case: no one is in danger")
    is_late: bool = Field(description="Found in data that came too late to warn while it lasted")
    is_after_order: bool = Field(
        description="Seen only in the grace of protection after the order: no evidence of a breach"
    )
    handling: Handling
    needs_answer: bool = Field(description="Not acknowledged, not withdrawn and no notice: what lists call unanswered")
    wearer: NamedOut
    place: NamedOut | None = Field(description="Null where it is about no place: of a tag's event")
    zone_kind: Literal["exclusion", "inclusion", "restriction", "moving"] | None = Field(
        description="Which side of the edge is forbidden; moving: within the radius around a person; null: no zone"
    )
    title: str | None = Field(description="What it is called where no level says it")
    event: str | None = Field(description="Of a tag's event: strap_open, case_open, jamming, shutdown or sos")
    tag: str | None = Field(description="Of a tag's event: the tag's serial")
    protected_person: NamedOut | None = Field(description="Of a message: who wrote")
    episode: int = Field(
        description="How often escalation has started from the first step: a new episode notifies people again"
    )
    reasons: list[str]
    possible_from: datetime | None = Field(
        description="Of a silent tag: from when on its wearer may be at the first protected place"
    )
    distance_m: float | None = Field(description="Metres to the zone's edge; negative on the forbidden side")
    closing_mps: float | None = Field(description="Metres a second towards the edge")
    time_to_edge_s: float | None
    probability_inside: float | None = Field(description="Of being on the forbidden side of the edge, 0 to 1")
    could_be_inside: bool = Field(description="Or could be there by now, after the time without a fix")
    is_pass_through: bool = Field(description="Looks like a passage at vehicle speed: told one step less surely")
    mover: Literal["wearer", "protected", "both"] | None = Field(
        description="At a moving place: who came nearer to whom when danger last rose"
    )
    fix_time: datetime
    last_fix_time: datetime
    received_at: datetime
    decided_at: datetime
    raised_at: datetime
    over_at: datetime | None
    worst: WorstOut | None = Field(description="Null where it is about no place, or was nothing")
    standing: StandingOut | None = Field(
        description="Null where it is over: closing what stands has to be confirmed, and it stays listed until it ends"
    )
    acknowledgement: AcknowledgementOut | None
    outcome: OutcomeOut | None
    cursor: int = Field(description="Where the newest change stands in the feed")


class TrackFixOut(BaseModel):
    """One fix of the wearer around the alert."""

    fix_time: datetime
    lat: float
    lon: float
    accuracy_m: float | None
    level: str | None
    certainty: str | None


class PoliceHandoverOut(BaseModel):
    """To which police force the alert was handed, under which reference, and when it was."""

    force: str
    reference: str
    at: datetime


class HistoryOut(BaseModel):
    """One step in the life of the alert."""

    at: datetime
    action: str
    by: str
    by_id: int | None = Field(description="Null where no member of staff did it")
    whose: str | None = Field(description="Of number_shown: protected, wearer, colleague or police")
    handover: PoliceHandoverOut | None = Field(None, description="Of the action handed_to_police, and of no other")
    danger: int | None = Field(
        None, description="To which danger it was raised, rose or fell, or which one was acknowledged, 0 to 4"
    )
    note: str | None = Field(None, description="Of the action noted, and of no other")
    colleague: str | None = Field(None, description="Of handed_to and taken_over: to whom, or from whom")


class FromPlaceOut(BaseModel):
    """How far and in which direction the wearer is from the middle of a protected place's zone."""

    place: str
    distance_m: float
    direction: str = Field(description="One of eight, such as north-east")


class NearestOut(BaseModel):
    """How far and in which direction the wearer is of the nearest named place."""

    name: str
    distance_m: float
    direction: str = Field(description="One of eight, such as north-east")


class NameOnMapOut(BaseModel):
    """A name of a place to write on a map without tiles."""

    name: str
    lat: float
    lon: float


class WhereaboutsOut(BaseModel):
    """Where the wearer was at the newest fix, to read out."""

    lat: float
    lon: float
    fix_time: datetime
    accuracy_m: float | None
    grid_reference: str | None = Field(description="Such as TQ 2908 7964; null outside Great Britain")
    from_place: FromPlaceOut | None = Field(description="Null at a place that moves")
    names: list[NameOnMapOut] = Field(description="Named places near by, the nearest first, at most 12")
    nearest: NearestOut | None = Field(description="Null where no names of places are loaded, or none is near")


class ContactOut(BaseModel):
    """Someone who can be called about the alert, or why not; never the number."""

    key: str
    who: Literal["protected", "wearer", "colleague", "police"]
    name: str
    why_not: str = Field(description="Empty where they can be called")
    note: str = Field(description="What to know before calling")


class CaseSummaryOut(BaseModel):
    """What is recorded of the case now; empty and null where nothing is."""

    crn: str = Field(description="The wearer's case reference number of probation")
    date_of_birth: date | None
    risk: str = Field(description="The assessed risk of serious harm: Low, Medium, High or Very high")
    risk_from: datetime | None
    safety_plan: str
    safety_plan_from: datetime | None
    wording: str = Field(description="The order's own words for the zone")
    wording_from: str = Field(description="Where they stand, such as: condition 4 of CR-1")
    protected: list[str] = Field(description="The names of the protected persons whom it is about")


class ToldOut(BaseModel):
    """One message about the alert, and how far it came."""

    name: str
    role: str = Field(description="officer, supervisor, administrator, or protected person")
    channel: str
    purpose: str
    state: str
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    displayed_at: datetime | None
    is_after_acknowledgement: bool


class NumberAskedIn(Strict):
    """Whose number is to be shown: the ``key`` of a contact of the alert."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class NumberShownOut(BaseModel):
    """One number; that it was shown is recorded."""

    key: str
    name: str
    number: str


class PossibleOut(BaseModel):
    """A protected place, and from when on the wearer may be there."""

    label: str
    from_at: datetime


class ReachOut(BaseModel):
    """How far the wearer of a silent tag may be by now, around the last fix."""

    lat: float
    lon: float
    since: datetime
    radius_m: float = Field(description="Now; it grows by speed_mps from doubt_m on")
    doubt_m: float
    speed_mps: float
    places: list[PossibleOut] = Field(description="Soonest possible first")


class AlertDetailOut(AlertOut):
    """The same with zone, track and history: what is seen here is itself recorded."""

    zone: dict[str, Any] | None = Field(description="GeoJSON Feature; null where it is about no place, or is not sound")
    track: list[TrackFixOut]
    history: list[HistoryOut]
    looked_because: str = Field(description="The reason that is recorded for this look: responding to alert, or alert")
    whereabouts: WhereaboutsOut | None = Field(description="The newest fix, to read out; null without one")
    protected_person_place: WhereaboutsOut | None = Field(
        description="Of an open call for help: where their phone was, if they share that; gone after 72 hours"
    )
    contacts: list[ContactOut] = Field(description="Whom you can call: POST .../numbers shows one number")
    reach: ReachOut | None = Field(description="Of a tag that is silent; it raises nothing by itself")
    case: CaseSummaryOut
    told: list[ToldOut] = Field(description="The newest 300 messages about it, oldest first")


class LiveCountsOut(BaseModel):
    """How many alerts are on the live list, by the group in which they are listed."""

    unanswered: int
    acknowledged: int
    no_answer_needed: int = Field(description="Notices, and what was withdrawn, that no one has acknowledged")
    closed: int = Field(description="Closed, and what they tell of still stands")


class AlertsOut(BaseModel):
    """Alerts, gravest first, and the feed's newest cursor."""

    alerts: list[AlertOut]
    counts: LiveCountsOut = Field(description="Of the whole live list, however much of it is here")
    cursor: int
    epoch: str = Field(description="Which life of the database the cursor is of: send both together")
    is_reset: bool = Field(
        description="The cursor sent is of another life of the database: forget every alert and take these"
    )


class AlertsQuery(Strict):
    """Which alerts: ``open``, ``acknowledged``, ``closed``, ``all``, or ``live``.

    Live ones are open, acknowledged, or closed while what they tell of still stands.
    """

    status: Literal["open", "live", "acknowledged", "closed", "all"] = "live"
    after: int | None = Field(None, description="Only those changed after this cursor")
    epoch: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, description="The epoch that came with the cursor"
    )
    limit: int = Field(200, ge=1, le=1_000)


class AcknowledgementQuery(Strict):
    """What the one who answers had seen of the alert."""

    danger: int | None = Field(
        None, ge=0, le=4, description="The alert's danger as it was shown; where it has risen above, nothing changes"
    )


class ReceiptIn(Strict):
    """What a phone did with a warning, and how it came."""

    kind: ReceiptKind
    channel: Channel = channels.TO_DEVICES[0]
    notification_id: int | None = Field(None, description="As the push carries it; without it, the newest warning")


class PushReceiptIn(Strict):
    """What a phone did with a push: the token proves which phone and which push."""

    receipt: Annotated[str, StringConstraints(min_length=8, max_length=500)] = Field(
        description="As the push carries it"
    )
    kind: ReceiptKind
