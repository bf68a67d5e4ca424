"""Activations: which tag a wearer wears, from when to when, and whose its stored fixes are."""

from __future__ import annotations

from datetime import datetime

from backend import audit
from backend.access import access_wearer
from backend.case import calendar, reading, rejudging, watch
from backend.case.record import What
from backend.case.writing.entries import enter, hold
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
        _enter_worn(activation, None, person, now, why, is_correction=False)
        if to_at is not None:
            _enter_worn(activation, to_at, person, now, why, is_correction=False)
        audit.record(
            audit.actor_of(person), "tag_fitted", f"wearer:{wearer_id}", now, tag=tag.id, activation=activation.id
        )
        since = min([from_at, *([wrong.from_at] if wrong else [])])
        _give_fixes(tag.id, since)
        # Long before the daily look: a tag that is fitted and never heard of protects nobody.
        watch.ask_for([wearer_id], max(now, from_at + watch.FITTED_AFTER))
        for one in concerned:
            rejudging.after_change(reading.case(one), since, now)
            calendar.plan(reading.case(one), now)
        return activation


def take_tag_off(
    person: Person, activation_id: int, to_at: datetime, now: datetime, *, why: str, is_correction: bool = False
) -> Activation:
    """Record when a tag came off; fixes after that are nobody's.

    With ``is_correction`` it came off at another time than recorded, which is kept as it was said.

    Raises: NotFound, NotAllowed, InvalidTransition; InvalidRecord where somebody else wears the tag by then.
    """
    activation = Activation.get_or_none(Activation.id == activation_id)
    if activation is None:
        raise NotFound("There is no such activation.")
    access_wearer(person, activation.wearer_id, now)
    if (activation.to_at is not None) is not is_correction:
        raise InvalidTransition(
            "This tag has not come off." if is_correction else "This tag has come off already: correct when it did."
        )
    if to_at <= activation.from_at:
        raise InvalidRecord("The tag must come off after it was fitted.")
    with atomic():
        lock_rows(Tag, [activation.tag_id])
        hold(activation.wearer_id)
        since = min(to_at, activation.to_at or to_at)
        _enter_worn(activation, to_at, person, now, why, is_correction=is_correction)
        activation.to_at = to_at
        activation.save(only=[Activation.to_at])
        _refuse_two_wearers(activation)
        audit.record(
            audit.actor_of(person),
            "tag_taken_off",
            f"wearer:{activation.wearer_id}",
            now,
            activation=activation.id,
            why=why,
        )
        _give_fixes(activation.tag_id, since)
        rejudging.after_change(reading.case(activation.wearer_id), since, now)
        calendar.plan(reading.case(activation.wearer_id), now)
        return activation


def _enter_worn(
    activation: Activation, to_at: datetime | None, person: Person, now: datetime, why: str, *, is_correction: bool
) -> None:
    """Keep who said from when, or until when, a tag is worn; the activation's own row says only what holds now."""
    subject = f"activation:{activation.id}"
    wrong = None
    if is_correction:
        said = reading.entries(subject, What.WORN)
        if not said or said[-1].value["to_at"] is None:
            # It was recorded before entries of it were kept.
            assert activation.to_at is not None
            before = {"serial": activation.tag.serial, "to_at": activation.to_at.isoformat()}
            unknown = "As it was recorded."
            wrong = enter(
                subject, What.WORN, before, activation.to_at, None, now, why=unknown, wearer_id=activation.wearer_id
            ).id
        else:
            wrong = said[-1].id
    value = {"serial": activation.tag.serial, "to_at": to_at.isoformat() if to_at else None}
    from_at = to_at or activation.from_at
    enter(subject, What.WORN, value, from_at, person, now, why=why, wearer_id=activation.wearer_id, corrects=wrong)


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
