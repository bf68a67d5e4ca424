"""Whether a tag reports, in the words of a caseload: four silences that are never mixed, and reporting itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Beyond a tag's own interval: what a network takes.
SLACK_S = 10.0


class ReportingState(StrEnum):
    """What is known of a tag's reports; those that need a person most come first."""

    SWITCHED_OFF = "switched_off"
    NEVER_REPORTED = "never_reported"
    NO_CONTACT = "no_contact"
    BLIND = "blind"
    NO_TAG = "no_tag"
    NOT_MONITORED = "not_monitored"
    AT_REST = "at_rest"
    REPORTING = "reporting"


WORDS = {
    ReportingState.SWITCHED_OFF: "Switched off, or silent after a tamper",
    ReportingState.NEVER_REPORTED: "Never reported",
    ReportingState.NO_CONTACT: "No contact",
    ReportingState.BLIND: "In contact, no position",
    ReportingState.NO_TAG: "No tag worn",
    ReportingState.NOT_MONITORED: "Not monitored",
    ReportingState.AT_REST: "At rest at the approved address, no position",
    ReportingState.REPORTING: "Reporting",
}
WELL = frozenset({ReportingState.REPORTING, ReportingState.AT_REST})
ORDER = {state: place for place, state in enumerate(ReportingState)}


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of the tag that a wearer has on."""

    worn_since: datetime | None
    contact_at: datetime | None
    located_at: datetime | None
    is_monitored: bool = True
    # An alert of a tag that was tampered with, or switched off, stands.
    is_tampered: bool = False
    # The last position was at an address where the wearer has to be.
    was_at_address: bool = False


@dataclass(frozen=True, slots=True)
class Reporting:
    """The state of a tag, and since when it is so; None where there is no such instant."""

    state: ReportingState
    since: datetime | None

    @property
    def words(self) -> str:
        """What people read of it."""
        return WORDS[self.state]

    @property
    def needs_no_person(self) -> bool:
        """Whether all is as it should be, so that it may be shown in green."""
        return self.state in WELL


def reporting_of(heard: Heard, now: datetime, interval_s: float) -> Reporting:
    """Return how a tag reports at ``now``, when it is asked to report every ``interval_s``."""
    if not heard.is_monitored:
        return Reporting(ReportingState.NOT_MONITORED, None)
    if heard.worn_since is None:
        return Reporting(ReportingState.NO_TAG, None)
    if heard.contact_at is None or heard.contact_at < heard.worn_since:
        return Reporting(ReportingState.NEVER_REPORTED, heard.worn_since)
    late = now - timedelta(seconds=interval_s + SLACK_S)
    # What it sent before it was fitted says nothing of this wearer.
    located_at = heard.located_at if heard.located_at and heard.located_at >= heard.worn_since else None
    if heard.contact_at < late:
        state = ReportingState.SWITCHED_OFF if heard.is_tampered else ReportingState.NO_CONTACT
        return Reporting(state, heard.contact_at)
    if located_at is None or located_at < late:
        at_rest = heard.was_at_address and not heard.is_tampered and located_at is not None
        return Reporting(ReportingState.AT_REST if at_rest else ReportingState.BLIND, located_at or heard.worn_since)
    return Reporting(ReportingState.REPORTING, located_at)
