"""Activations: which tag a wearer wears from when to when, and so whose its fixes are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from backend import audit, case_folding
from backend.access import access_wearer
from backend.cases import change_warnings, completeness, consequences, schedule
from backend.cases.writing.locked_case import lock_cases, record_fact
from backend.db import atomic, lock_rows
from backend.errors import InvalidRecord, InvalidTransition, NeedsConfirmation, NotFound
from backend.models import Activation, ActivationCorrection, Fix, Person, Tag, Wearer
from backend.record import reading
from backend.record.facts import LONDON, What

# A tag is fitted in one room and written down in another.
WRITTEN_DOWN_WITHIN = timedelta(minutes=15)


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
    is_confirmed: bool = False,
) -> Activation:
    """Record that the wearer wears a tag from ``from_at`` on; stored fixes of that time become theirs and are judged.

    With ``corrects`` the activation of that number was recorded in error and never held.

    Raises: NotFound, NotAllowed; InvalidRecord where another wearer has the tag then, or where this one wears another;
    NeedsConfirmation where fixes that belong to no wearer would become this one's (a correction says so itself), and
    where a correction leaves a wearer without a tag while a zone is in force, or with two.
    """
    access_wearer(person, wearer_id, now)
    tag = Tag.get_or_none(case_folding.is_same(Tag.serial, serial))
    if tag is None:
        raise NotFound("No tag has this serial. An administrator registers tags.")
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
            lock_cases(one)
        before = {one: change_warnings.spans_worn(one) for one in concerned}
        activation = Activation.create(tag=tag, wearer=wearer_id, from_at=from_at, to_at=to_at)
        if wrong is not None:
            Activation.update(is_in_error=True).where(Activation.id == wrong.id).execute()
            ActivationCorrection.create(
                activation=wrong, replaced_by=activation, why=why.strip(), recorded_at=now, recorded_by=person
            )
        _refuse_two_wearers(activation)
        # Of two tags that were mixed up the first correction leaves someone with two, and the second mends it.
        _refuse_two_tags(activation, is_correction=wrong is not None, is_confirmed=is_confirmed)
        taken = _fixes_of_no_wearer(activation, now)
        if wrong is None:
            _require_taking(activation, taken, is_confirmed=is_confirmed)
        _enter_worn(activation, None, person, now, why, is_correction=False)
        if to_at is not None:
            _enter_worn(activation, to_at, person, now, why, is_correction=False)
        audit.record(
            audit.actor_of(person),
            "tag_fitted",
            f"wearer:{wearer_id}",
            now,
            tag=tag.id,
            activation=activation.id,
            why=why.strip(),
            taken=taken[0],
        )
        since = min([from_at, *([wrong.from_at] if wrong else [])])
        for one in concerned:
            change_warnings.require_tag(reading.case(one), before[one], since, is_confirmed=is_confirmed)
        _give_fixes(tag.id, since)
        # Long before the daily look: a tag that is fitted and never heard of protects no one.
        completeness.ask_for([wearer_id], max(now, from_at + completeness.FITTED_AFTER))
        for one in concerned:
            consequences.after_change(reading.case(one), since, now)
            schedule.plan(reading.case(one), now)
        return activation


def take_tag_off(
    person: Person,
    activation_id: int,
    to_at: datetime,
    now: datetime,
    *,
    why: str,
    is_correction: bool = False,
    is_confirmed: bool = False,
) -> Activation:
    """Record when a tag came off; fixes after that belong to no wearer.

    With ``is_correction`` it came off at another time than recorded, which is kept as it was said.

    Raises: NotFound, NotAllowed, InvalidTransition; InvalidRecord where another person wears the tag by then;
    NeedsConfirmation where no other tag is worn while a zone is in force, or where a correction leaves them with two.
    """
    activation = access_activation(person, activation_id, now)
    with atomic():
        lock_rows(Tag, [activation.tag_id])
        lock_cases(activation.wearer_id)
        activation = _fitted(activation_id, to_at, why, is_off=is_correction)
        before = change_warnings.spans_worn(activation.wearer_id)
        since = min(to_at, activation.to_at or to_at)
        _end(activation, to_at, person, now, why, is_correction=is_correction)
        _refuse_two_wearers(activation)
        if is_correction:
            _refuse_two_tags(activation, is_correction=True, is_confirmed=is_confirmed)
        case = reading.case(activation.wearer_id)
        change_warnings.require_tag(case, before, since, is_confirmed=is_confirmed)
        audit.record(
            audit.actor_of(person),
            "tag_taken_off",
            f"wearer:{activation.wearer_id}",
            now,
            activation=activation.id,
            why=why.strip(),
        )
        _give_fixes(activation.tag_id, since)
        consequences.after_change(case, since, now)
        schedule.plan(case, now)
        return activation


def swap_tag(
    person: Person,
    activation_id: int,
    serial: str,
    at: datetime,
    now: datetime,
    *,
    why: str,
    is_confirmed: bool = False,
) -> Activation:
    """Record that one tag came off and another was fitted at one instant, so that a tag is worn at every instant.

    Both happen or neither: a tag that another person wears leaves the old one on. Stored fixes since then are judged
    again, those of the new tag as the wearer's and those of the old one as no one's.

    Raises: NotFound, NotAllowed, InvalidTransition; InvalidRecord where someone wears the new tag at that time, or
    where the wearer has a third one on; NeedsConfirmation where unassigned fixes of the new tag would become theirs.
    """
    old = access_activation(person, activation_id, now)
    tag = Tag.get_or_none(case_folding.is_same(Tag.serial, serial))
    if tag is None:
        raise NotFound("No tag has this serial. An administrator registers tags.")
    if tag.id == old.tag_id:
        raise InvalidRecord(
            "The person on probation already wears this tag. Choose the one that they wear from now on."
        )
    with atomic():
        # All of them in one statement, as the one who stores fixes holds them: in the order of their numbers.
        held = Activation.select(Activation.tag).where(Activation.wearer == old.wearer_id)
        lock_rows(Tag, [tag.id, *(row.tag_id for row in held)])
        lock_cases(old.wearer_id)
        old = _fitted(activation_id, at, why, is_off=False)
        _end(old, at, person, now, why, is_correction=False)
        new = Activation.create(tag=tag, wearer=old.wearer_id, from_at=at)
        _refuse_two_wearers(new)
        _refuse_two_tags(new, is_correction=False, is_confirmed=False)
        taken = _fixes_of_no_wearer(new, now)
        _require_taking(new, taken, is_confirmed=is_confirmed)
        _enter_worn(new, None, person, now, why, is_correction=False)
        audit.record(
            audit.actor_of(person),
            "tag_swapped",
            f"wearer:{old.wearer_id}",
            now,
            tag=tag.id,
            taken_off=old.id,
            activation=new.id,
            why=why.strip(),
            taken=taken[0],
        )
        for tag_id in sorted((old.tag_id, tag.id)):
            _give_fixes(tag_id, at)
        case = reading.case(old.wearer_id)
        consequences.after_change(case, at, now)
        schedule.plan(case, now)
        completeness.ask_for([old.wearer_id], max(now, at + completeness.FITTED_AFTER))
        return new


def access_activation(person: Person, activation_id: int, now: datetime) -> Activation:
    """Return an activation of a case that the person may know of. Raises: NotFound, NotAllowed."""
    activation = Activation.get_or_none(Activation.id == activation_id)
    if activation is None:
        raise NotFound("The activation was not found.")
    access_wearer(person, activation.wearer_id, now)
    return activation


def _fitted(activation_id: int, at: datetime, why: str, *, is_off: bool) -> Activation:
    """Return the activation as it is now that the case is held, if it can end at that instant for that reason."""
    activation: Activation = Activation.get_by_id(activation_id)
    if not why.strip():
        raise InvalidRecord("Enter why.")
    if activation.is_in_error:
        raise InvalidTransition("This was recorded in error: look for the tag that is right instead.")
    if (activation.to_at is not None) is not is_off:
        raise InvalidTransition(
            "This tag has not come off." if is_off else "This tag has come off already: correct when it did."
        )
    if at <= activation.from_at:
        raise InvalidRecord("The tag must come off after it was fitted.")
    return activation


def _end(activation: Activation, at: datetime, person: Person, now: datetime, why: str, *, is_correction: bool) -> None:
    _enter_worn(activation, at, person, now, why, is_correction=is_correction)
    activation.to_at = at
    activation.save(only=[Activation.to_at])


def _enter_worn(
    activation: Activation, to_at: datetime | None, person: Person, now: datetime, why: str, *, is_correction: bool
) -> None:
    """Keep who said from when, or until when, a tag is worn; the activation's own row says only what holds now."""
    subject = f"activation:{activation.id}"
    wrong = None
    if is_correction:
        said = reading.history(subject, What.ACTIVATION)
        if not said or said[-1].value["to_at"] is None:
            # It was recorded before entries of it were kept.
            assert activation.to_at is not None
            before = {"serial": activation.tag.serial, "to_at": activation.to_at.isoformat()}
            unknown = "As it was recorded."
            wrong = record_fact(
                subject,
                What.ACTIVATION,
                before,
                activation.to_at,
                None,
                now,
                why=unknown,
                wearer_id=activation.wearer_id,
            ).id
        else:
            wrong = said[-1].id
    value = {"serial": activation.tag.serial, "to_at": to_at.isoformat() if to_at else None}
    from_at = to_at or activation.from_at
    record_fact(
        subject, What.ACTIVATION, value, from_at, person, now, why=why, wearer_id=activation.wearer_id, corrects=wrong
    )


def activations_of(tag_id: int) -> list[Activation]:
    """Return when the tag was worn by whom, without what was recorded in error."""
    query = Activation.select().where(Activation.tag == tag_id, ~Activation.is_in_error)
    return list(query.order_by(Activation.from_at))


def _refuse_two_wearers(new: Activation) -> None:
    if any(_are_at_once(new, other) for other in activations_of(new.tag_id)):
        raise InvalidRecord("Another person wears this tag at that time: record first when it came off.")


def _refuse_two_tags(new: Activation, *, is_correction: bool, is_confirmed: bool) -> None:
    """Refuse a second tag beside the first, or ask back where only a correction leads through that.

    Fixes of both are judged as those of one person who is now here and now there: a tag in a drawer hides a breach.
    What is confirmed is marked as beside the first, until one of them is corrected.
    """
    worn = Activation.select().where(Activation.wearer == new.wearer_id, ~Activation.is_in_error)
    beside = next((other for other in worn.order_by(Activation.from_at) if _are_at_once(new, other)), None)
    if new.is_beside != (beside is not None):
        new.is_beside = beside is not None
        new.save(only=[Activation.is_beside])
    if beside is None:
        return
    if not is_correction:
        said = f"They wear tag {beside.tag.serial} at that time: swap the tags, or record first when it came off."
        raise InvalidRecord(said)
    if not is_confirmed:
        who = Wearer.get_by_id(new.wearer_id).name
        at = change_warnings.day(max(new.from_at, beside.from_at))
        said = f"From {at} {who} is recorded with two tags, {beside.tag.serial} and {new.tag.serial}: one in a drawer"
        said += " could hide a breach by the other until one of them is corrected."
        raise NeedsConfirmation(said, warnings=[said])


def _are_at_once(one: Activation, other: Activation) -> bool:
    is_before = other.to_at is not None and other.to_at <= one.from_at
    is_after = one.to_at is not None and one.to_at <= other.from_at
    return one.id != other.id and not is_before and not is_after


def _fixes_of_no_wearer(new: Activation, now: datetime) -> tuple[int, datetime | None, datetime | None]:
    """Return how many fixes of no wearer the activation takes, and the first and last instant of them.

    Those of the last ``WRITTEN_DOWN_WITHIN`` do not count: no one writes down a tag in the second in which it is on.
    """
    of_no_one: Any = (Fix.tag == new.tag_id) & Fix.wearer.is_null() & (Fix.fix_time >= new.from_at)
    of_no_one &= Fix.fix_time < min(new.to_at or now, now - WRITTEN_DOWN_WITHIN)
    columns: Any = (fn.COUNT(Fix.id), fn.MIN(Fix.fix_time), fn.MAX(Fix.fix_time))
    query: Any = Fix.select(*columns).where(of_no_one).tuples()
    count, first, last = query.get()
    return count, Fix.fix_time.python_value(first), Fix.fix_time.python_value(last)


def _require_taking(
    new: Activation, taken: tuple[int, datetime | None, datetime | None], *, is_confirmed: bool
) -> None:
    """Ask back where a tag was entered as worn for a time in which it belonged to no wearer and sent fixes.

    It may have lain in a drawer, or been worn by its fitter: taken without a word, such fixes raise breaches that
    never were, end those that are, and write a way through the town that no one went. Left out without a word they
    hide the breach of the person who wore it before it was written down. Only a person knows which of the two it was.
    """
    count, first, last = taken
    if not count or is_confirmed or first is None or last is None:
        return
    who, fixes = Wearer.get_by_id(new.wearer_id).name, "1 fix" if count == 1 else f"{count:,} fixes"
    said = [
        f"The tag {new.tag.serial} sent {fixes} from {_moment(first)} to {_moment(last)}, while the record says that "
        f"no one wore it. They are judged as fixes of {who} from now on.",
        f"Confirm only if {who} wore the tag then. Otherwise go back and enter the time from which {who} wears it.",
    ]
    raise NeedsConfirmation(" ".join(said), warnings=said)


def _moment(at: datetime) -> str:
    """Return an instant by the clocks of London, to the minute."""
    local = at.astimezone(LONDON)
    return f"{local:%H:%M} on {local.day} {local:%B}"


def _give_fixes(tag_id: int, since: datetime) -> None:
    """Let the tag's stored fixes belong to the person who wore it at their own time."""
    Fix.update(wearer=None).where(Fix.tag == tag_id, Fix.fix_time >= since).execute()
    for activation in activations_of(tag_id):
        during = (Fix.tag == tag_id) & (Fix.fix_time >= max(since, activation.from_at))
        if activation.to_at is not None:
            during &= Fix.fix_time < activation.to_at
        Fix.update(wearer=activation.wearer_id).where(during).execute()
