"""Who the person on probation is in other systems: their CRN and date of birth."""

from __future__ import annotations

from typing import Any

from backend.cases.commands.identity import RecordIdentity
from backend.web.case_pages.case import one_task
from backend.web.case_pages.layout import STAFF, bp, refusable
from backend.web.forms import build
from backend.web.signed_in import page_for


@bp.route("/cases/<int:wearer_id>/identity", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def record_identity(wearer_id: int) -> Any:
    return one_task(
        wearer_id,
        "identity",
        lambda person, now: build(RecordIdentity).carry_out(person, now, wearer_id),
        said="The CRN and the date of birth are recorded.",
    )
