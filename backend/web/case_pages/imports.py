"""Imports a caseload: both files are checked, every problem is listed with its line, then it is confirmed."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from backend import clock
from backend.cases import caseload_import, checked_imports, import_columns
from backend.errors import DomainError, InvalidRecord
from backend.web.case_pages.layout import STAFF, bp, refusable, with_form
from backend.web.forms import number_chosen, pressed, visitor
from backend.web.signed_in import page_for

# A page that does not answer is pressed again.
ANSWERED_WITHIN_S = 3.0


@bp.route("/cases/import", methods=["GET", "POST"])
@page_for(*STAFF)
@refusable
def import_caseload() -> Any:
    """Check the files that were chosen; nothing is loaded."""
    if request.method == "GET":
        return _page()
    try:
        reading, kept = checked_imports.check(visitor(), _file("table"), _file("zones"), clock.now())
    except InvalidRecord as error:
        return _page(error=error), error.status
    if kept is None:
        return _page(problems=reading.problems), InvalidRecord.status
    found = [
        {"line": line, "case": new, "officer": officer.name, "is_further": tie.case_of is not None}
        for line, (new, officer), tie in zip(reading.lines, reading.cases, reading.ties, strict=True)
    ]
    return _page(kept=kept, found=found)


@bp.post("/cases/import/loading")
@page_for(*STAFF)
@refusable
def load_caseload() -> Any:
    """Load the next parts of what was checked and say how far it has come, or forget it."""
    if pressed() == "discard":
        checked_imports.discard(visitor())
        return redirect(url_for("case_pages.import_caseload"))
    number = number_chosen("checked")
    try:
        if number is None:
            raise InvalidRecord(checked_imports.GONE)
        begun = clock.monotonic()
        progress = checked_imports.load(visitor(), number, clock.now())
        while progress.is_more and clock.monotonic() - begun < ANSWERED_WITHIN_S:
            progress = checked_imports.load(visitor(), number, clock.now())
    except DomainError as error:
        problems = [caseload_import.RowProblem(**one) for one in error.extra.get("problems", [])]
        shown: dict[str, Any] = {"problems": problems, "is_late": True, "opened": error.extra.get("opened", 0)}
        return _page(error=None if problems else error, **shown), error.status
    if progress.is_more:
        return _page(progress=progress, number=number)
    return _page(loaded=progress.cases)


def _file(name: str) -> bytes:
    sent = request.files.get(name)
    if sent is None or not sent.filename:
        what = "the table, a CSV file" if name == "table" else "the zones, a GeoJSON file"
        raise InvalidRecord(f"Choose {what}.")
    return sent.read()


def _page(**more: Any) -> str:
    shown: dict[str, Any] = {"error": None, "problems": [], "kept": None, "found": [], "loaded": None, "is_late": False}
    shown |= {"progress": None, "number": None, "opened": 0, **more}
    return render_template(
        "case/import.html", **with_form(columns=import_columns.COLUMNS, most=caseload_import.MOST_CASES, **shown)
    )
