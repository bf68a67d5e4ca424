"""The columns of a caseload's CSV: their names, which may be left out, and which field of the command each is."""

from __future__ import annotations

COLUMNS = (
    "wearer",
    "victim",
    "victim_phone",
    "place",
    "order_kind",
    "order_reference",
    "order_starts_on",
    "order_ends_on",
    "condition",
    "zone_id",
    "tag_serial",
    "officer_email",
)
# A column that may be left out: the wearer's numbers, with a semicolon between them.
WEARER_NUMBERS = "wearer_phones"
# Another: "yes" says that what the product asks back about the zone was looked at, and that the zone is right.
ZONE_CONFIRMED = "zone_confirmed"
# Under which column a table has a field of the command that opens a case.
CALLED = {
    "kind": "order_kind",
    "reference": "order_reference",
    "starts_at": "order_starts_on",
    "ends_at": "order_ends_on",
    "zone": "zone_id",
    "serial": "tag_serial",
    "crn": "wearer_crn",
    "date_of_birth": "wearer_date_of_birth",
}
# Columns that may be left out, and whose cells may be empty.
OPTIONAL = ("wearer_crn", "wearer_date_of_birth")
