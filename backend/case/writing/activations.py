"""Activations: which tag a wearer wears, from when to when, and whose its stored fixes are."""

from __future__ import annotations

from datetime import datetime

from backend import audit
from backend.access import access_wearer
from backend.case import calendar, reading, rejudging
from backend.case.writing.entries import hold
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, InvalidTransition, NotFound
from backend.models import Activation, ActivationCorrection, Fix, Person, Tag


def fit_tag(
    person: Person,
    wearer_id: int,
    serial: str,
    from_at: datetime,
    now: datetime,
    *,
    to_at: datetime | None = None,
    why: str = "Fitted.",
    corrects: int | None = None,
) -> Activation:
    """Record that the wearer wears a tag from ``from_at`` on; stored fixes of that time become his and are judged.

    With ``corrects`` the activation of that number was recorded in error and never held.

    Raises: NotFound, NotAllowed; InvalidRecord where somebody else wears the tag then.
    """
    access_wearer(person, wearer_id, now)
    tag = Tag.get_or_none(Tag.serial == serial.strip())
    if tag is None:
        raise NotFound("No tag has this serial.")
    if to_at is not None and to_at <= from_at:
        raise InvalidRecord("The tag must come off after it was fitted.")
    wrong = None
    if corrects is not None:
        wrong = Activation.get_or_none(Activation.id == corrects, Activation.tag == tag)
        if wrong is None:
            raise InvalidRecord("The activation that this corrects is of another tag.")
        access_wearer(person, wrong.wearer_id, now)
    with atomic():
        concerned = sorted({wearer_id, *([wrong.wearer_id] if wrong else [])})
        lock_rows(Tag, [tag.id])
        for one in concerned:
            hold(one)
        activation = Activation.create(tag=tag, wearer=wearer_id, from_at=from_at, to_at=to_at)
        if wrong is not None:
            ActivationCorrection.create(
                activation=wrong, replaced_by=activation, why=why.strip(), recorded_at=now, recorded_by=person
            )
        _refuse_two_wearers(activation)
        audit.record(
            audit.actor_of(person), "tag_fitted", f"wearer:{wearer_id}", now, tag=tag.id, activation=activation.id
        )
        since = min([from_at, *([wrong.from_at] if wrong else [])])
        _give_fixes(tag.id, since)
        for one in concerned:
            rejudging.after_change(reading.case(one), since, now)
            calendar.plan(reading.case(one), now)
        return activation


def take_tag_off(person: Person, activation_id: int, to_at: datetime, now: datetime, *, why: str) -> Activation:
    """Record when a tag came off; fixes after that are nobody's. Raises: NotFound, NotAllowed, InvalidTransition."""
    activation = Activation.get_or_none(Activation.id == activation_id)
    if activation is None:
        raise NotFound("There is no such activation.")
    access_wearer(person, activation.wearer_id, now)
    if activation.to_at is not None:
        raise InvalidTransition("This tag has come off already: correct the activation instead.")
    if to_at <= activation.from_at:
        raise InvalidRecord("The tag must come off after it was fitted.")
    with atomic():
        hold(activation.wearer_id)
        activation.to_at = to_at
        activation.save(only=[Activation.to_at])
        audit.record(
            audit.actor_of(person),
            "tag_taken_off",
            f"wearer:{activation.wearer_id}",
            now,
            activation=activation.id,
            why=why,
        )
        _give_fixes(activation.tag_id, to_at)
        rejudging.after_change(reading.case(activation.wearer_id), to_at, now)
        calendar.plan(reading.case(activation.wearer_id), now)
        return activation


def activations_of(tag_id: int) -> list[Activation]:
    """Return when the tag was worn by whom, without what was recorded in error."""
    in_error = ActivationCorrection.select(ActivationCorrection.activation)
    query = Activation.select().where(Activation.tag == tag_id, Activation.id.not_in(in_error))
    return list(query.order_by(Activation.from_at))


def _refuse_two_wearers(new: Activation) -> None:
    for other in activations_of(new.tag_id):
        if other.id == new.id:
            continue
        is_before = other.to_at is not None and other.to_at <= new.from_at
        is_after = new.to_at is not None and new.to_at <= other.from_at
        if not is_before and not is_after:
            raise InvalidRecord("The tag is worn by somebody at that time: record first when it came off.")


def _give_fixes(tag_id: int, since: datetime) -> None:
    """Let the tag's stored fixes belong to whoever wore it at their own time."""
    Fix.update(wearer=None).where(Fix.tag == tag_id, Fix.fix_time >= since).execute()
    for activation in activations_of(tag_id):
        during = (Fix.tag == tag_id) & (Fix.fix_time >= max(since, activation.from_at))
        if activation.to_at is not None:
            during &= Fix.fix_time < activation.to_at
        Fix.update(wearer=activation.wearer_id).where(during).execute()
