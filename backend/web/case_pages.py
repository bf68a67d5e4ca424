"""Pages with which people keep cases true: list, case, new case, the night move, leaving, and what is to be decided."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, redirect, render_template, request, url_for

from backend import clock, numbers, shared_location
from backend.access import named_on
from backend.case import drills, lives, opening, people, police, reading, victims, viewing, watch, writing
from backend.case.lives import Ended, Risk, Suspended
from backend.case.record import LONDON, Terms, ends_with, midnight
from backend.errors import DomainError, InvalidRecord, NeedsConfirmation, NotAllowed, NotFound
from backend.models import Person, Role
from backend.web.identity import page_for, page_visitor, settings

bp = Blueprint("case_pages", __name__)

View = TypeVar("View", bound=Callable[..., Any])

STAFF = (Role.OFFICER, Role.SUPERVISOR)
KIND_TEXTS = {
    "dapol": "DAPOL licence",
    "dapo": "Domestic abuse protection order (DAPO)",
    "bail": "Bail",
    "other": "Other",
}
IN_USE = (
    "This number was in use for a protected person or a member of staff: warnings may have gone to him. Nothing is "
    "sent there any more, and an alarm stands until the right number is found."
)
RISK_TEXTS = {Risk.LOW: "Low", Risk.MEDIUM: "Medium", Risk.HIGH: "High", Risk.VERY_HIGH: "Very high"}


def _person() -> Person:
    visitor = page_visitor()
    assert visitor is not None
    return visitor.person


def _refusable(view: View) -> View:
    """Show a refusal as a page: nobody reads problem details in a browser."""

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except (NotFound, NotAllowed) as error:
            number = kwargs.get("wearer_id") if isinstance(error, NotAllowed) else None
            page = render_template("case/refused.html", person=_person(), error=error, wearer_id=number)
            return page, error.status

    return shown  # type: ignore[return-value]


def _text(name: str) -> str:
    return request.form.get(name, "").strip()


def _number(name: str, what: str) -> float:
    try:
        value = float(_text(name))
    except ValueError:
        raise InvalidRecord(f"Enter {what} as a number.") from None
    if not math.isfinite(value):
        raise InvalidRecord(f"Enter {what} as a number.")
    return value


def _day(name: str, what: str, *, is_needed: bool = True) -> date | None:
    text = _text(name)
    if not text and not is_needed:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRecord(f"Enter {what} as a day, a month and a year.") from None


def _from_at(now: datetime) -> datetime:
    """Return the instant from which a change holds: the London time that was entered, or now where none was."""
    day = _day("from_day", "the day from which it holds", is_needed=False)
    if day is None:
        return now
    text = _text("from_time") or "00:00"
    try:
        return datetime.combine(day, time.fromisoformat(text), LONDON)
    except ValueError:
        raise InvalidRecord("Enter the time as hours and minutes, for example 14:30.") from None


def _is_confirmed() -> bool:
    return _text("is_confirmed") == "yes"


def _try(act: Callable[[], Any], done: Callable[[Any], Any], again: Callable[[DomainError], Any]) -> Any:
    """Do what a form asks; ask back in words where it takes protection away, and show the form where it is refused."""
    try:
        return done(act())
    except NeedsConfirmation as error:
        kept = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
        page = render_template(
            "case/confirm.html",
            person=_person(),
            warnings=error.extra["warnings"],
            kept=kept,
            action=request.path,
            back=request.form.get("back") or url_for("case_pages.cases"),
        )
        return page, error.status
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        return again(error), error.status


@bp.route("/cases", methods=["GET", "POST"])
@page_for(*STAFF)
def cases() -> Any:
    """The team's cases and what is missing from them; a search is posted, since names belong in no address."""
    person, now = _person(), clock.now()
    text = _text("text")
    found = viewing.cases_of(person, now, text)
    ids = [wearer.id for wearer in found]
    gaps: dict[int, list[str]] = {}
    for finding in watch.find(now, ids):
        gaps.setdefault(finding.wearer_id, []).append(finding.text)
    known = reading.cases(ids)
    officers = reading.OfficersThen(found)
    rows = [
        {
            "id": wearer.id,
            "name": wearer.name,
            "is_drill": wearer.is_training,
            "life": known[wearer.id].life_at(now).value,
            "is_judged": bool(known[wearer.id].zones_in_force(now)),
            "officer": officers.at(wearer, now),
            "gaps": gaps.get(wearer.id, []),
        }
        for wearer in found
    ]
    is_supervisor = person.role == Role.SUPERVISOR
    return render_template(
        "case/list.html",
        person=person,
        rows=rows,
        text=text,
        gap_count=sum(len(row["gaps"]) for row in rows),
        to_approve=writing.to_approve(person, now) if is_supervisor else [],
        openings=people.openings_to_review(person, now) if is_supervisor else [],
    )


def _form(**more: Any) -> dict[str, Any]:
    return {
        "person": _person(),
        "values": request.form,
        "kinds": KIND_TEXTS,
        "tile_url": settings().tile_url,
        "tile_attribution": settings().tile_attribution,
        **more,
    }


@bp.route("/cases/new", methods=["GET", "POST"])
@page_for(*STAFF)
def new_case() -> Any:
    def again(error: DomainError | None) -> str:
        today = clock.now().astimezone(LONDON).date()
        return render_template("case/new.html", **_form(error=error, tags=opening.free_tags(), today=today))

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        starts_on = _day("starts_on", "the first day of the order")
        ends_on = _day("ends_on", "the last day of the order", is_needed=False)
        assert starts_on is not None
        new = opening.NewCase(
            wearer=_text("wearer"),
            victim=_text("victim"),
            victim_phone=_text("victim_phone").replace(" ", "") or None,
            place=_text("place"),
            kind=_text("kind"),
            reference=_text("reference"),
            starts_at=midnight(starts_on),
            ends_at=ends_with(ends_on) if ends_on else None,
            condition=_text("condition"),
            feature=opening.circle(
                _number("lat", "the latitude"),
                _number("lon", "the longitude"),
                _number("radius_m", "the radius"),
                _number("buffer_m", "the buffer"),
            ),
            serial=_text("serial"),
            document=_text("document"),
        )
        return opening.open_case(_person(), new, clock.now())

    return _try(act, lambda wearer: redirect(url_for("case_pages.case", wearer_id=wearer.id)), again)


def _case_page(wearer_id: int, error: DomainError | None = None, said: str = "") -> str:
    person, now = _person(), clock.now()
    on = request.args.get("on", "")
    try:
        at = ends_with(date.fromisoformat(on)) - timedelta(seconds=1) if on else now
    except ValueError:
        at, error = now, error or InvalidRecord("Enter the day as a day, a month and a year.")
    seen = viewing.look(person, wearer_id, at, now)
    gaps = [finding.text for finding in watch.find(now, [wearer_id])]
    colleagues = [one for one in _colleagues(person) if one.role != Role.ADMINISTRATOR]
    return render_template(
        "case/case.html",
        **_form(
            error=error,
            case=seen,
            gaps=gaps,
            said=said,
            his_numbers=numbers.of_wearer(person, wearer_id, now),
            history=viewing.history(person, wearer_id, now),
            is_past=bool(on) and at < now,
            on=on,
            at=at,
            colleagues=colleagues,
            alerts=viewing.open_alerts(wearer_id),
            restricted_to=named_on(wearer_id, now),
            suspensions=list(Suspended),
            endings=list(Ended),
            risks=RISK_TEXTS,
            now=now,
            one_day=timedelta(days=1),
            today=now.astimezone(LONDON).date(),
            when=lambda text: datetime.fromisoformat(text).astimezone(LONDON),
        ),
    )


def _colleagues(person: Person) -> list[Person]:
    return list(Person.select().where(Person.team == person.team_id, Person.is_active).order_by(Person.name))


@bp.get("/cases/<int:wearer_id>")
@page_for(*STAFF)
@_refusable
def case(wearer_id: int) -> Any:
    return _case_page(wearer_id)


def _change(wearer_id: int, act: Callable[[Person, datetime], Any]) -> Any:
    return _try(
        lambda: act(_person(), clock.now()),
        lambda _: redirect(url_for("case_pages.case", wearer_id=wearer_id)),
        lambda error: _case_page(wearer_id, error),
    )


@bp.post("/cases/<int:wearer_id>/orders/<int:order_id>")
@page_for(*STAFF)
@_refusable
def vary_order(wearer_id: int, order_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        order = writing.access_order(person, order_id, now)
        if order.wearer_id != wearer_id:
            raise NotFound("There is no such order.")
        held = writing.current_terms(order_id, now)
        ends_on = _day("ends_on", "the last day of the order", is_needed=False)
        terms = Terms(held.starts_at, ends_with(ends_on) if ends_on else None, _text("is_suspended") == "yes")
        return writing.vary_order(
            person,
            order_id,
            terms,
            _from_at(now),
            now,
            why=_text("why"),
            document=_text("document"),
            is_confirmed=_is_confirmed(),
        )

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/zones/<int:zone_id>")
@page_for(*STAFF)
@_refusable
def change_zone(wearer_id: int, zone_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        seen = viewing.look(person, wearer_id, now, now)
        zone = next((one for one in seen["zones"] if one["id"] == zone_id), None)
        if zone is None:
            raise NotFound("There is no such zone.")
        feature = {**zone["feature"], "properties": dict(zone["feature"]["properties"])}
        is_removed = _text("is_removed") == "yes"
        if not is_removed:
            if feature["geometry"]["type"] == "Point":
                feature["properties"]["radius_m"] = _number("radius_m", "the radius")
            feature["properties"]["buffer_m"] = _number("buffer_m", "the buffer")
        return writing.change_zone(
            person,
            zone_id,
            _from_at(now),
            now,
            why=_text("why"),
            document=_text("document"),
            feature=feature,
            order_id=int(_text("order")) if _text("order").isdigit() else None,
            is_removed=is_removed,
            is_confirmed=_is_confirmed(),
        )

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/life")
@page_for(*STAFF)
@_refusable
def change_life(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        why, document, at = _text("why"), _text("document"), _from_at(now)
        asked = _text("life")
        if asked == "resume":
            return lives.resume(person, wearer_id, at, now, why=why)
        if asked in set(Suspended):
            until = _day("expected_end", "the day on which it is expected to end")
            assert until is not None
            return lives.suspend(
                person,
                wearer_id,
                Suspended(asked),
                at,
                ends_with(until),
                now,
                why=why,
                document=document,
                is_confirmed=_is_confirmed(),
            )
        if asked in set(Ended):
            return lives.end(
                person, wearer_id, Ended(asked), at, now, why=why, document=document, is_confirmed=_is_confirmed()
            )
        raise InvalidRecord("Choose what has changed.")

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/risk")
@page_for(*STAFF)
@_refusable
def assess_risk(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        if _text("risk") not in set(Risk):
            raise InvalidRecord("Choose the risk.")
        return lives.assess_risk(person, wearer_id, Risk(_text("risk")), _from_at(now), now, why=_text("why"))

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/officer")
@page_for(*STAFF)
@_refusable
def hand_over(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        if not _text("officer").isdigit():
            raise InvalidRecord("Choose a colleague.")
        return people.hand_over(person, wearer_id, int(_text("officer")), _from_at(now), now, why=_text("why"))

    return _change(wearer_id, act)


@bp.route("/cases/<int:wearer_id>/protect", methods=["GET", "POST"])
@page_for(*STAFF)
@_refusable
def protect(wearer_id: int) -> Any:
    """The night she moves: a circle around a new place, at once."""
    person, now = _person(), clock.now()
    seen = viewing.look(person, wearer_id, now, now)

    def again(error: DomainError | None) -> str:
        protected = writing.victims_for(person, wearer_id)
        return render_template("case/protect.html", **_form(error=error, case=seen, victims=protected))

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        if not _text("victim").isdigit():
            raise InvalidRecord("Choose whom the place protects.")
        return writing.protect_tonight(
            person,
            wearer_id,
            int(_text("victim")),
            _text("place"),
            _number("lat", "the latitude"),
            _number("lon", "the longitude"),
            _number("radius_m", "the radius"),
            now,
        )

    return _try(act, lambda _: redirect(url_for("case_pages.case", wearer_id=wearer_id)), again)


@bp.post("/zones/<int:zone_id>/approval")
@page_for(Role.SUPERVISOR)
@_refusable
def decide_on_zone(zone_id: int) -> Any:
    def act() -> Any:
        return writing.decide_on(
            _person(),
            zone_id,
            _text("decision") == "approve",
            clock.now(),
            why=_text("why"),
            is_confirmed=_is_confirmed(),
        )

    back = lambda _: redirect(url_for("case_pages.cases"))  # noqa: E731
    return _try(act, back, _refused)


def _refused(error: DomainError) -> str:
    return render_template("case/refused.html", person=_person(), error=error)


@bp.post("/openings/<int:opening_id>/review")
@page_for(Role.SUPERVISOR)
@_refusable
def review_opening(opening_id: int) -> Any:
    return _try(
        lambda: people.review_opening(_person(), opening_id, _text("note"), clock.now()),
        lambda _: redirect(url_for("case_pages.cases")),
        _refused,
    )


@bp.post("/cases/drill")
@page_for(Role.SUPERVISOR)
@_refusable
def drill() -> Any:
    """Let the team's training case walk into its zone: made on the first drill."""

    def act() -> Any:
        person, now = _person(), clock.now()
        training = drills.make_case(person, now)
        drills.run(person, training.id, settings(), clock.now())

    return _try(act, lambda _: redirect(url_for("pages.officer")), _refused)


@bp.get("/people")
@page_for(Role.SUPERVISOR)
def team() -> Any:
    """The supervisor's colleagues: who has how many cases, who leaves, who covers."""
    person, now = _person(), clock.now()
    colleagues = [one for one in _colleagues(person) if one.role != Role.ADMINISTRATOR]
    rows = [{"person": one, "cases": len(people.caseload_of(one, now))} for one in colleagues]
    return render_template("case/people.html", person=person, rows=rows)


@bp.route("/people/<int:person_id>/leave", methods=["GET", "POST"])
@page_for(Role.SUPERVISOR)
@_refusable
def leave(person_id: int) -> Any:
    """An officer leaves: each case to a named colleague, in one action."""
    person, now = _person(), clock.now()
    colleagues = [one for one in _colleagues(person) if one.role != Role.ADMINISTRATOR]
    leaver = next((one for one in colleagues if one.id == person_id), None)
    if leaver is None:
        raise NotFound("There is no such colleague.")
    closed = viewing.closed_cases([person.id], now).get(person.id, set())
    caseload = people.caseload_of(leaver, now)
    shown = [wearer for wearer in caseload if wearer.id not in closed]

    def again(error: DomainError | None) -> str:
        heirs = [one for one in colleagues if one.id != leaver.id]
        return render_template(
            "case/leave.html",
            **_form(error=error, leaver=leaver, caseload=shown, hidden=len(caseload) - len(shown), heirs=heirs),
        )

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        named = {w.id: int(_text(f"heir_{w.id}")) for w in caseload if _text(f"heir_{w.id}").isdigit()}
        everyone_else = int(_text("everyone_else")) if _text("everyone_else").isdigit() else None
        return people.leave(person, leaver.id, named, now, why=_text("why"), everyone_else=everyone_else)

    return _try(act, lambda _: redirect(url_for("case_pages.team")), again)


@bp.route("/people/<int:person_id>/cover", methods=["GET", "POST"])
@page_for(*STAFF)
@_refusable
def cover(person_id: int) -> Any:
    """A colleague answers for somebody's cases from one day to another."""
    person, now = _person(), clock.now()
    colleagues = [one for one in _colleagues(person) if one.role != Role.ADMINISTRATOR]
    absent = next((one for one in colleagues if one.id == person_id), None)
    if absent is None:
        raise NotFound("There is no such colleague.")

    def again(error: DomainError | None) -> str:
        others = [one for one in colleagues if one.id != absent.id]
        return render_template("case/cover.html", **_form(error=error, absent=absent, others=others))

    if request.method == "GET":
        return again(None)

    def act() -> Any:
        first = _day("first_day", "the first day of the cover")
        last = _day("last_day", "the last day of the cover")
        assert first is not None
        assert last is not None
        if not _text("covering").isdigit():
            raise InvalidRecord("Choose who covers.")
        return people.cover(
            person, absent.id, int(_text("covering")), midnight(first), ends_with(last), now, why=_text("why")
        )

    home = "case_pages.team" if person.role == Role.SUPERVISOR else "case_pages.cases"
    return _try(act, lambda _: redirect(url_for(home)), again)


@bp.post("/cases/<int:wearer_id>/orders")
@page_for(*STAFF)
@_refusable
def add_order(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        starts_on = _day("starts_on", "the first day of the order")
        ends_on = _day("ends_on", "the last day of the order", is_needed=False)
        assert starts_on is not None
        if not _text("reference") or not _text("condition"):
            raise InvalidRecord("Enter the reference and the condition in the words of the order.")
        return writing.open_order(
            person,
            wearer_id,
            _text("kind"),
            _text("reference"),
            Terms(midnight(starts_on), ends_with(ends_on) if ends_on else None),
            now,
            why=_text("why"),
            document=_text("document"),
            conditions=(("1", _text("condition")),),
        )

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>")
@page_for(*STAFF)
@_refusable
def reach_victim(wearer_id: int, victim_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        return victims.agree(
            person,
            wearer_id,
            victim_id,
            _text("phone").replace(" ", ""),
            _text("wording_breach"),
            _text("wording_over"),
            _text("wording_ending"),
            now,
        )

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/number")
@page_for(*STAFF)
@_refusable
def prove_victims_number(wearer_id: int, victim_id: int) -> Any:
    """Text her a code, or take the one that she read out."""

    def act(person: Person, now: datetime) -> Any:
        if _text("act") == "send":
            return victims.send_code(person, wearer_id, victim_id, now)
        if not _text("code"):
            raise InvalidRecord("Enter the code that she reads out.")
        return victims.take_code(person, wearer_id, victim_id, _text("code"), settings().signing_key(), now)

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/numbers")
@page_for(*STAFF)
@_refusable
def keep_wearers_numbers(wearer_id: int) -> Any:
    """Record a number as the wearer's, or take one back."""
    if _text("number_id").isdigit():
        return _change(
            wearer_id, lambda person, now: numbers.take_back(person, wearer_id, int(_text("number_id")), now)
        )

    def done(made: numbers.Recorded) -> Any:
        if not made.was_in_use:
            return redirect(url_for("case_pages.case", wearer_id=wearer_id))
        return _case_page(wearer_id, said=IN_USE)

    return _try(
        lambda: numbers.record(_person(), wearer_id, _text("his_number"), clock.now()),
        done,
        lambda error: _case_page(wearer_id, error),
    )


@bp.post("/cases/<int:wearer_id>/victims/<int:victim_id>/location")
@page_for(*STAFF)
@_refusable
def share_location(wearer_id: int, victim_id: int) -> Any:
    """Record that she agrees that her phone says where she is, and show the code once; or that she takes it back."""
    if _text("act") == "withdraw":
        return _change(wearer_id, lambda person, now: shared_location.withdraw_for(person, victim_id, now))

    def act() -> Any:
        if _text("agreed") != "yes":
            raise InvalidRecord("Tick that she has agreed, herself.")
        radius_m = _number("radius_m", "the distance in metres")
        if not 50 <= radius_m <= 5_000:
            raise InvalidRecord("The distance is from 50 to 5,000 metres.")
        label = "Wherever she is"
        return shared_location.agree(_person(), victim_id, [wearer_id], radius_m, radius_m, label, clock.now())

    def done(pairing: Any) -> Any:
        return render_template("case/pairing.html", person=_person(), wearer_id=wearer_id, pairing=pairing)

    return _try(act, done, lambda error: _case_page(wearer_id, error))


@bp.post("/cases/<int:wearer_id>/alerts/<int:alert_id>")
@page_for(*STAFF)
@_refusable
def act_on_alert(wearer_id: int, alert_id: int) -> Any:
    """Recall because of an alert, or record that the police have it."""

    def act(person: Person, now: datetime) -> Any:
        if _text("act") == "recall":
            return lives.recall(person, alert_id, now, why=_text("why"))
        return police.hand_over(person, alert_id, _text("force"), _text("reference"), now, now)

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/restriction")
@page_for(Role.SUPERVISOR)
@_refusable
def restrict(wearer_id: int) -> Any:
    def act(person: Person, now: datetime) -> Any:
        named = [int(value) for value in request.form.getlist("people") if value.isdigit()]
        return people.restrict(person, wearer_id, named or None, now, why=_text("why"))

    return _change(wearer_id, act)


@bp.post("/cases/<int:wearer_id>/emergency")
@page_for(*STAFF)
@_refusable
def open_in_emergency(wearer_id: int) -> Any:
    return _try(
        lambda: people.open_in_emergency(_person(), wearer_id, _text("reason"), clock.now()),
        lambda _: redirect(url_for("case_pages.case", wearer_id=wearer_id)),
        _refused,
    )
