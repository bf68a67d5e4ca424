"""Resolves the responders of an escalation policy at one instant, and the channels that reach each, for many alerts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from backend.access import named_on_each
from backend.escalation.steps import Who
from backend.models import Alert, Channel, Person, Role, Wearer
from backend.people import contact_routes, rota
from backend.record.reading import OfficersThen


class Responders:
    """The people who can be told of some alerts. It is made anew in each unit of work, and what it read holds there."""

    def __init__(self, alerts: Sequence[Alert], now: datetime) -> None:
        self._now = now
        wearer_ids = sorted({alert.wearer_id for alert in alerts})
        # Code that has one alert at hand has often read its wearer with it.
        wearers = [alerts[0].wearer] if len(alerts) == 1 else Wearer.select().where(Wearer.id.in_(wearer_ids))
        self._wearers: dict[int, Wearer] = {row.id: row for row in wearers}
        self._officers = OfficersThen(list(self._wearers.values()))
        self._named = named_on_each(wearer_ids, now)
        team_ids = {alert.team_id for alert in alerts}
        self._teams: dict[int, list[Person]] = {team_id: [] for team_id in team_ids}
        for person in Person.select().where(Person.is_active, Person.team.in_(team_ids)).order_by(Person.id):
            self._teams[person.team_id].append(person)
        self._rosters = rota.rosters(team_ids, now)
        self._routes: dict[int, frozenset[Channel]] = {}

    def recipients(
        self, alert: Alert, who: Sequence[Who], *, taken_by: Collection[int] = (), duty_person_id: int | None = None
    ) -> list[Person]:
        """Return the active people who fill these places, each once, in the order of the places.

        ``taken_by`` are the people who took it, or what is shown with it; ``duty_person_id`` is the duty desk.
        """
        found: dict[int, Person] = {}
        takers = {alert.acknowledged_by_id, *taken_by}
        for place in who:
            if place is Who.ACKNOWLEDGER:
                filling = [person for person in self._team(alert) if person.id in takers]
            elif place is Who.DUTY_DESK:
                # The desk answers for people who are not there, in a restricted case too: it gets a code, no name.
                filling = list(Person.select().where(Person.is_active, Person.id == duty_person_id))
            else:
                # A person who may not know of the case is not notified of it.
                filling = [person for person in self._of_team(alert, place) if self._may_know(alert, person)]
            for person in filling:
                # A canary's alert rings no one, and a canary answers for no one.
                if person.is_canary == self._wearers[alert.wearer_id].is_canary:
                    found.setdefault(person.id, person)
        return list(found.values())

    def routes_of(self, people: Collection[Person]) -> dict[int, frozenset[Channel]]:
        """Return by which channels each of these people can be told."""
        if any(person.id not in self._routes for person in people):
            # Whom else of these teams is asked for next costs nothing more.
            teams = [person for team in self._teams.values() for person in team]
            everyone = {person.id: person for person in (*people, *teams) if person.id not in self._routes}
            self._routes.update(contact_routes.live(everyone.values(), self._now))
        return self._routes

    def on_duty(self, alert: Alert) -> list[Person]:
        """Return who is on duty for this alert now; without a rota the person who answers for the case."""
        places = (Who.OFFICER, Who.COLLEAGUES) if self._rosters[alert.team_id].is_kept else (Who.OFFICER,)
        return self.recipients(alert, places)

    def _team(self, alert: Alert) -> list[Person]:
        return self._teams[alert.team_id]

    def _may_know(self, alert: Alert, person: Person) -> bool:
        named = self._named.get(alert.wearer_id)
        # No one is named where the restriction cannot be read: an alert has to reach someone all the same.
        return not named or person.id in named

    def _of_team(self, alert: Alert, place: Who) -> list[Person]:
        if place is Who.SUPERVISORS:
            return self._on_duty(alert, Role.SUPERVISOR) or self._with_role(alert, Role.SUPERVISOR)
        first = self._first(alert)
        if place is Who.OFFICER:
            return first
        asked = {person.id for person in first}
        roster = self._rosters[alert.team_id]
        others = roster.on_duty(Role.OFFICER) if roster.is_kept else self._with_role(alert, Role.OFFICER)
        return [person for person in others if person.id not in asked]

    def _first(self, alert: Alert) -> list[Person]:
        """Return the responsible officer, or who is on duty for them.

        Where the rota has a hole the responsible officer is woken: better than no one. A wearer without an active
        responsible officer, or with one to whom the case is closed, is everyone's: the team's officers stand in.
        """
        responsible = self.answering(alert)
        if self._rosters[alert.team_id].is_kept:
            duty = self._on_duty(alert, Role.OFFICER)
            if responsible and responsible[0].id in {person.id for person in duty}:
                return responsible
            if duty:
                return duty
        return responsible or self._with_role(alert, Role.OFFICER)

    def answering(self, alert: Alert) -> list[Person]:
        """Return the responsible officer or who covers for them, on duty or not, if they may open the case."""
        responsible_id = self._officers.id_at(self._wearers[alert.wearer_id], self._now)
        return [person for person in self._team(alert) if person.id == responsible_id and self._may_know(alert, person)]

    def _on_duty(self, alert: Alert, role: Role) -> list[Person]:
        duty = self._rosters[alert.team_id].on_duty(role)
        return [person for person in duty if self._may_know(alert, person)]

    def _with_role(self, alert: Alert, role: Role) -> list[Person]:
        return [person for person in self._team(alert) if person.role == role]
