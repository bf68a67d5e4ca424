"""What routes about cases answer: the shapes of what is recorded, as OpenAPI describes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.models import Role
from mobile_api.schemas import NamedOut, PersonOut


class FollowedOut(BaseModel):
    """What followed at once from a change of a case; stored fixes of the past are judged again after the answer."""

    raised: list[int] = Field(description="Alerts that were raised")
    closed: list[int] = Field(description="Alerts that were closed")
    changed: list[int] = Field(description="Alerts that changed in another way")
    notified: list[str] = Field(description="Who is notified of these alerts")


class MadeOut(BaseModel):
    """The number of what was recorded, what was stored, and what followed."""

    id: int
    stored: dict[str, Any] = Field(
        default_factory=dict, description="What was stored, by the fields of the request: an end may come later"
    )
    followed: FollowedOut | None = Field(None, description="Of a change of a case")


class ShownOnceOut(BaseModel):
    """The number of what was made."""

    id: int


class LinkOut(ShownOnceOut):
    """The link by which a colleague sets a password; it is shown once."""

    link: str
    expires_at: datetime


class TagKeyOut(ShownOnceOut):
    """A tag, and the key with which its reports are signed."""

    serial: str
    key: str


class ColleagueOut(PersonOut):
    """A colleague, with their team."""

    role: Role
    team: NamedOut
    is_active: bool


class VersionedOut(BaseModel):
    """What was read, as a change of it names it."""

    version: int = Field(description="Send it back as `version` with a change of what is read here")


class ColleaguesOut(VersionedOut):
    """Colleagues."""

    people: list[ColleagueOut]


class CoverOut(BaseModel):
    """One cover that was recorded for a colleague."""

    id: int
    by: str = Field(description="The name of who covers")
    covering_id: int
    from_at: datetime
    until: datetime | None
    recorded_by: str
    recorded_at: datetime
    why: str
    is_corrected: bool = Field(description="It was recorded in error")
    corrects: int | None


class CoversOut(VersionedOut):
    """Covers, the newest record first."""

    covers: list[CoverOut]


class CasesMovedOut(BaseModel):
    """How many cases went to a colleague."""

    cases: int


class MergedOut(CasesMovedOut):
    """How many people and cases went to the other team."""

    people: int


class TeamChangeOut(BaseModel):
    """A change of teams whose day is still to come."""

    id: int
    from_at: datetime
    text: str


class TeamChangesOut(VersionedOut):
    """Changes of teams, the next one first."""

    changes: list[TeamChangeOut]


class KnownVictimOut(NamedOut):
    """A protected person who is recorded, with their cases that are open to you."""

    is_child: bool
    cases: list[NamedOut]


class KnownVictimsOut(BaseModel):
    """Protected persons who match a text."""

    victims: list[KnownVictimOut]


class PlaceRequestOut(BaseModel):
    """What a protected person asked for about a place on their own page."""

    id: int
    victim_id: int
    kind: str = Field(description="add, change, tonight, away or school")
    words: str = Field(description="In their own words")
    from_day: str | None = Field(description="The first day of what is for a while, as 2030-01-07")
    until_day: str | None
    asked_at: datetime
    may_protect: list[NamedOut] = Field(description="Whom a zone for it may protect: who asked, and their children")


class PlaceRequestsOut(BaseModel):
    """The requests of a case that no one has answered."""

    requests: list[PlaceRequestOut]


class WearerOut(NamedOut):
    """A wearer."""

    is_drill: bool = Field(description="A training case: no one is in danger")


class WearersOut(BaseModel):
    """Wearers, by name."""

    wearers: list[WearerOut]


class MissingItemOut(BaseModel):
    """Something that is missing from a case."""

    gap: str
    text: str
    wearer: NamedOut


class MissingItemsOut(BaseModel):
    """Everything that is missing from your team's cases."""

    findings: list[MissingItemOut]
    count: int


class SaidOut(BaseModel):
    """Who recorded something, when and why."""

    at: datetime
    by: str
    why: str


class ActivationOut(BaseModel):
    """A tag worn by a wearer from one instant to another."""

    id: int
    serial: str
    from_at: datetime
    to_at: datetime | None
    fitted: SaidOut | None
    taken_off: SaidOut | None
    is_in_error: bool
    is_worn: bool


class ActivationsOut(BaseModel):
    """The tags that a wearer wore, newest first."""

    tags: list[ActivationOut]


class HistoryEntryOut(BaseModel):
    """One entry, condition or version of a case."""

    kind: str | None = Field(None, description="Which fact an entry is of; absent or empty for others")
    what: str
    value: str = Field(description="In words")
    fields: dict[str, Any] | None = Field(
        None, description="The value as its route takes it: send it back with what is right and `corrects`"
    )
    of: str | None = Field(None, description="The reference of the order that it is about")
    entry_id: int | None = None
    condition_id: int | None = None
    zone_id: int | None = None
    from_at: datetime
    recorded_at: datetime
    by: str
    why: str | None
    document: str | None
    is_corrected: bool
    corrects: bool
    in_place_of: str | None
    can_be_corrected: bool


class HistoryOfCaseOut(BaseModel):
    """Every entry of a case, newest record first."""

    entries: list[HistoryEntryOut]


class CaseTagOut(BaseModel):
    """The tag that is worn."""

    serial: str
    activation_id: int


class CaseConditionOut(BaseModel):
    """One condition in the words of the order."""

    id: int
    number: str
    wording: str


class CaseOrderOut(BaseModel):
    """An order of a case."""

    id: int
    version: int = Field(description="The same as `version` of the case")
    kind: str
    reference: str
    starts_at: datetime
    ends_at: datetime | None = Field(description="As the court gave it")
    protected_until: datetime | None = Field(
        description="Until when protection goes on after the order; what is seen then is no evidence of a breach"
    )
    is_suspended: bool
    is_in_force: bool
    conditions: list[CaseConditionOut]
    eligibility: dict[str, bool | None] | None
    eligibility_doubts: list[str]


class CaseZoneOut(BaseModel):
    """A zone of a case."""

    id: int
    place: str
    victim: str | None = Field(description="Whom it protects; null where the wearer has to stay in it")
    feature: dict[str, Any] = Field(description="GeoJSON Feature; without geometry where it cannot be read")
    said: str = Field(description="The zone in words")
    radius_m: float | None
    from_at: datetime
    to_at: datetime | None
    order_id: int | None
    condition: str | None
    is_in_force: bool
    is_to_approve: bool


class CallsOut(BaseModel):
    """That calls to the present number are safe, and what to heed."""

    note: str
    since: datetime


class CasePlaceOut(BaseModel):
    """A place of a case: a protected person's, or where the wearer has to stay."""

    id: int
    label: str


class CaseVictimOut(NamedOut):
    """A protected person of a case."""

    is_child: bool
    reached_through: NamedOut | None
    has_agreed: bool
    has_declined: bool
    is_reachable: bool
    number: str
    phone: str | None = Field(description="The last digits")
    code_failed: str | None
    shares_location: bool
    calls: CallsOut | None
    is_held: bool
    is_placed: bool
    places: list[CasePlaceOut]


class CaseOut(WearerOut):
    """A case as it was at an instant."""

    at: datetime
    version: int = Field(description="Send it back as `version`, or the ETag as `If-Match`, with a change of the case")
    life: Literal["active", "suspended", "ended"]
    life_version: int = Field(description="The same as `version` of the case")
    life_reason: str | None
    expected_end_at: datetime | None
    crn: str | None
    date_of_birth: date | None
    risk: str | None
    officer: PersonOut | None
    tag: CaseTagOut | None
    orders: list[CaseOrderOut]
    zones: list[CaseZoneOut]
    victims: list[CaseVictimOut]
    places_to_stay: list[CasePlaceOut] = Field(description="Where the wearer has to stay at the hours of a curfew")
    is_judged: bool
