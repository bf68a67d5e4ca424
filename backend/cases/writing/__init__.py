"""The only writer of the record: dated facts, orders, conditions and zone versions, each with its audit row."""

from backend.cases.writing.activations import access_activation, activations_of, fit_tag, swap_tag, take_tag_off
from backend.cases.writing.conditions import check_condition, protect_by_condition
from backend.cases.writing.locked_case import lock_cases, record_fact, settle
from backend.cases.writing.orders import (
    ORDER_KINDS,
    access_order,
    add_condition,
    current_terms,
    open_order,
    terms_shown,
    vary_order,
)
from backend.cases.writing.provisional_zones import decide_on, protect_tonight, to_approve, victims_for
from backend.cases.writing.zones import access_place, add_zone, change_zone, place_to_stay

__all__ = [
    "ORDER_KINDS",
    "access_activation",
    "access_order",
    "access_place",
    "activations_of",
    "add_condition",
    "add_zone",
    "change_zone",
    "check_condition",
    "current_terms",
    "decide_on",
    "fit_tag",
    "lock_cases",
    "open_order",
    "place_to_stay",
    "protect_by_condition",
    "protect_tonight",
    "record_fact",
    "settle",
    "swap_tag",
    "take_tag_off",
    "terms_shown",
    "to_approve",
    "vary_order",
    "victims_for",
]
