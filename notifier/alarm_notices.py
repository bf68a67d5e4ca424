"""Texts alarms about Cordon itself to supervisors and the duty line, past the outbox."""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend import alarms, db
from backend.models import Alarm, AlarmKind, Person, Role
from backend.people import numbers
from backend.settings import Settings
from notifier import alarm_texts
from notifier.channels.duty import Asker, DutyTexts

log = logging.getLogger(__name__)

# A person whom a provider could not reach is not tried at every look: its answer may have been lost, not the
# text.
AFTER_FAILURE_S = 15.0
# Longer than some looks take; a watchdog that dies keeps what it was notifying from the next one for so long.
LEASE_S = 30.0
# A network that has not said more by then never may: what it was handed by Twilio counts, what was not does not.
CONFIRMED_WITHIN_S = 60.0
ARRIVED = ("delivered", "read")
LOST = ("undelivered", "failed", "canceled")
AT_ONCE = 8


@dataclass
class _Text:
    """A text that was taken and of which no one knows yet whether it arrives."""

    about: list[Alarm]
    ask: Asker
    said_at: datetime
    state: str = ""

    def has_arrived(self, now: datetime) -> bool | None:
        """Tell whether someone has it; None while that is open."""
        if self.state in ARRIVED:
            return True
        if self.state in LOST:
            return False
        is_late = now - self.said_at > timedelta(seconds=CONFIRMED_WITHIN_S)
        return self.state == "sent" if is_late else None


class AlarmNotifier:
    """Sends at most one text to a person at a time, about all that they have not been told."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._texts = DutyTexts(settings)
        self._name = secrets.token_hex(8)
        self._waiting: list[_Text] = []
        # Alarms of which no text was taken, or arrived: the next one goes to every supervisor.
        self._lost: set[int] = set()

    def tell(self, now: datetime) -> int:
        """Tell what is pending and no other watchdog is notifying, and return how many texts were taken.

        An alarm counts as told once anyone has the text: the next word about it follows while it stands. Where no text
        arrives it is notified again soon, and to more people.
        """
        if not self._texts.is_on:
            return 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tell") as pool:
            self._confirm(pool, now)
            due = alarms.claim_to_tell(now, self._name, LEASE_S)
            by_number = self._by_number(due)
            # Nothing is held while a provider takes its time.
            db.release_connection()
            if due and not by_number:
                log.error("%s alarms have no recipient: no supervisor has a number", len(due))
            askers = list(pool.map(self._send, by_number.items()))
        taken = [
            _Text(about, ask, now) for about, ask in zip(by_number.values(), askers, strict=True) if ask is not None
        ]
        self._waiting += taken
        reached = {alarm.id for text in taken for alarm in text.about}
        refused = [alarm for alarm in due if alarm.id not in reached]
        self._lost |= {alarm.id for alarm in refused}
        alarms.hold(refused, now, self._name, AFTER_FAILURE_S)
        return len(taken)

    def _confirm(self, pool: ThreadPoolExecutor, now: datetime) -> None:
        """Ask what became of the texts, and settle each alarm by the best of what was said about it."""
        for text, state in zip(self._waiting, pool.map(lambda text: text.ask(), self._waiting), strict=True):
            text.state = state or text.state
        texts: dict[int, list[_Text]] = defaultdict(list)
        rows: dict[int, Alarm] = {}
        for text in self._waiting:
            for alarm in text.about:
                rows[alarm.id] = alarm
                texts[alarm.id].append(text)
        is_open = set()
        for alarm_id, about in texts.items():
            said = [text.has_arrived(now) for text in about]
            if True in said:
                alarms.told([rows[alarm_id]], about[0].said_at)
                self._lost.discard(alarm_id)
            elif None in said:
                is_open.add(alarm_id)
            else:
                log.warning("no text about alarm %s has arrived: it is sent again", alarm_id)
                self._lost.add(alarm_id)
                alarms.hold([rows[alarm_id]], now, self._name, AFTER_FAILURE_S)
        alarms.hold([rows[alarm_id] for alarm_id in is_open], now, self._name, LEASE_S)
        self._waiting = [text for text in self._waiting if any(alarm.id in is_open for alarm in text.about)]

    def _send(self, item: tuple[str, list[Alarm]]) -> Asker | None:
        number, about = item
        standing = [_title_and_detail(alarm) for alarm in about if alarm.ended_at is None]
        ended = [_title_and_detail(alarm) for alarm in about if alarm.ended_at is not None]
        url = f"{self._settings.public_url}/supervisor"
        return self._texts.send(number, alarm_texts.text(standing, ended, url))

    def _by_number(self, due: Iterable[Alarm]) -> dict[str, list[Alarm]]:
        """Return for each number what its owner is to hear: a duty line that is a supervisor's hears it once."""
        supervisors = list(
            Person.select(Person.id, Person.team, Person.phone)
            .where(Person.is_active, Person.role == Role.SUPERVISOR, Person.id.in_(numbers.proved_people()))
            .order_by(Person.id)
        )
        duty_line = self._settings.duty_line
        found: dict[str, list[Alarm]] = defaultdict(list)
        for alarm in due:
            own = [person for person in supervisors if person.team_id == alarm.team_id]
            asked = supervisors if alarm.id in self._lost else own or supervisors
            phones = [person.phone for person in (*asked, *self._let_in(alarm))]
            for number in dict.fromkeys([*phones, duty_line]):
                if number:
                    found[number].append(alarm)
        return dict(found)

    @staticmethod
    def _let_in(alarm: Alarm) -> list[Person]:
        """Return who hears of a way into an account beside supervisors: its owner, and every administrator."""
        if alarm.kind != AlarmKind.ACCOUNT_ACCESS:
            return []
        owner_id = int(alarm.subject.partition("/")[0].rpartition(":")[2])
        is_recipient = (Person.id == owner_id) | (Person.role == Role.ADMINISTRATOR)
        people = Person.select(Person.id, Person.phone).where(is_recipient, Person.is_active)
        return list(people.where(Person.id.in_(numbers.proved_people())).order_by(Person.id))


def _title_and_detail(alarm: Alarm) -> tuple[str, str]:
    return alarms.TITLES[alarms.kind_of(alarm)], alarm.detail
