"""Tells people what is wrong with Cordon itself: supervisors and the duty line, by text, past the outbox."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from backend import alarms, db, numbers
from backend.models import Alarm, AlarmKind, Person, Role
from backend.settings import Settings
from notifier import alarm_words
from notifier.channels.duty import DutyTexts

log = logging.getLogger(__name__)

# Whoever could not be reached by a provider is not tried at every look: its answer may have been lost, not the text.
AFTER_FAILURE_S = 15.0
AT_ONCE = 8


class Teller:
    """Sends at most one text to a person at a time, about all that they have not been told."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._texts = DutyTexts(settings)
        self._not_before: datetime | None = None

    def tell(self, now: datetime) -> int:
        """Tell what is owed, and return how many texts were taken.

        An alarm counts as told once anybody has the text: the next word about it follows while it stands.
        """
        if not self._texts.is_on or (self._not_before is not None and now < self._not_before):
            return 0
        owed = alarms.to_tell(now)
        by_number = self._by_number(owed)
        # Nothing is held while a provider takes its time.
        db.release_connection()
        if not by_number:
            if owed:
                log.error("there is nobody to tell of %s alarms: no supervisor has a number", len(owed))
            return 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tell") as pool:
            taken = dict(zip(by_number, pool.map(self._send, by_number.items()), strict=True))
        reached = {alarm.id: alarm for number, is_taken in taken.items() if is_taken for alarm in by_number[number]}
        if reached:
            alarms.told(list(reached.values()), now)
        self._not_before = None if len(reached) == len(owed) else now + timedelta(seconds=AFTER_FAILURE_S)
        return sum(taken.values())

    def _send(self, item: tuple[str, list[Alarm]]) -> bool:
        number, about = item
        standing = [_title_and_detail(alarm) for alarm in about if alarm.ended_at is None]
        ended = [_title_and_detail(alarm) for alarm in about if alarm.ended_at is not None]
        url = f"{self._settings.public_url}/supervisor"
        return self._texts.send(number, alarm_words.text(standing, ended, url))

    def _by_number(self, owed: Iterable[Alarm]) -> dict[str, list[Alarm]]:
        """Return for each number what its owner is to hear: a duty line that is a supervisor's hears it once."""
        supervisors = list(
            Person.select(Person.id, Person.team, Person.phone)
            .where(Person.is_active, Person.role == Role.SUPERVISOR, Person.id.in_(numbers.proved_people()))
            .order_by(Person.id)
        )
        duty_line = self._settings.duty_line
        if duty_line and numbers.is_wearers(duty_line):
            log.error("the duty line is known as a wearer's number: nothing is sent there")
            duty_line = ""
        found: dict[str, list[Alarm]] = defaultdict(list)
        for alarm in owed:
            own = [person for person in supervisors if person.team_id == alarm.team_id]
            phones = [person.phone for person in own or supervisors]
            for number in dict.fromkeys([*phones, duty_line]):
                if number:
                    found[number].append(alarm)
        return dict(found)


def _title_and_detail(alarm: Alarm) -> tuple[str, str]:
    return alarms.TITLES[AlarmKind(alarm.kind)], alarm.detail
