"""The words for a decision: plain sentences with the numbers they rest on, and never a coordinate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zones.zone import ZoneKind

if TYPE_CHECKING:
    from zones.decision import Decision


def span(seconds: float) -> str:
    """Return a duration in words: seconds below two minutes, minutes below two hours, then hours."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def metres(distance_m: float) -> str:
    """Return a distance in words: metres below 10 km, kilometres above."""
    return f"{distance_m:.0f} m" if distance_m < 9999.5 else f"{distance_m / 1000:.0f} km"


def _place(decision: Decision) -> str:
    """Say where the fix lies; zero is on the line, and on the line is inside."""
    gap = decision.distance_m
    if decision.kind is ZoneKind.EXCLUSION:
        side = "inside" if gap <= 0 else "outside"
        return f"{metres(abs(gap))} {side} the edge"
    side = "outside" if gap <= 0 else "inside"
    return f"{metres(abs(gap))} {side} the edge of a zone to stay in"


# 3,600 s in an hour, and 1,609.344 m in a mile by its definition.
MPH_PER_MPS = 3_600 / 1_609.344
_VISITS = {
    "confirmed": "the visit is over: the wearer was inside",
    "unconfirmed": "the visit is over: it could not be confirmed",
    "withdrawn": "the fixes before and after say that the wearer was not inside: the breach is taken back",
}


def reasons(decision: Decision) -> tuple[str, ...]:
    """Return why a decision is what it is, the most important first."""
    said: list[str] = []
    if not decision.is_in_force:
        permission = decision.permission
        said.append("the zone is not in force now" if permission is None else f"permitted now: {permission.reason}")
    elif decision.permission is not None:
        said.append("a passage is permitted now")
    assumed = " assumed, none reported" if decision.is_accuracy_assumed else ""
    if decision.level == 2 and decision.fixes_inside:
        count = decision.fixes_inside
        since = decision.breach_since
        lasting = "" if since is None or decision.fix_time - since < 1 else f" in {span(decision.fix_time - since)}"
        fixes = "1 fix" if count == 1 else f"{count} fixes"
        said.append(f"{fixes} past the line{lasting}")
    elif decision.level == 2 and decision.gap_s is not None:
        percent = round(100 * decision.path_probability)
        if decision.crossing_at is not None and decision.fix_time - decision.crossing_at < 0.001:
            said.append(f"on the way over the line, there within seconds ({percent} %)")
        else:
            said.append(f"the way between two fixes {span(decision.gap_s)} apart led through the zone ({percent} %)")
    said.append(f"{_place(decision)}, ±{metres(decision.accuracy_m)}{assumed}")
    if decision.claim_share < 1:
        percent = round(100 * decision.claim_share)
        said.append(f"this tag's nights at home have shown that {percent} % of its claimed circle is enough")
    if decision.silent_s >= 1:
        said.append(f"no fix for {span(decision.silent_s)}")
    if decision.visit is not None:
        said.append(_VISITS[decision.visit])
    if decision.time_to_edge_s is not None and decision.closing_mps is not None:
        speed_mph = decision.closing_mps * MPH_PER_MPS
        said.append(f"closing at {speed_mph:.1f} mph, {span(decision.time_to_edge_s)} to the edge")
    if decision.is_pass_through:
        said.append("steady vehicle speed on a straight line: looks like a passage")
    if decision.doubt is not None:
        said.append(str(decision.doubt))
        said.append("such a report ends, clears and confirms nothing")
    if decision.answer_age_s:
        said.append(f"a position kept and told again: about {span(decision.answer_age_s)} old, by its growing doubt")
    elif decision.is_repeat:
        said.append("the same position again: little new")
    if decision.level < 2 and decision.could_be_inside:
        silent = decision.gap_s
        if decision.silent_s >= 1:
            said.append("could be past the line by now")
        elif silent is not None and silent > 120 and decision.probability_inside < 0.05:
            said.append(f"could have been there in the {span(silent)} without a fix")
        else:
            said.append(f"could be past the line ({round(100 * decision.probability_inside)} %)")
    return tuple(said)
