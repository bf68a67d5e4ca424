"""The import of a caseload in a real browser: checked, refused in words by the line, confirmed, then forgotten."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from backend.models import CheckedCaseload, Wearer
from tests.pages.actions import expect_to_fit, shot, sign_in
from tests.stories.test_caseload import HEADING, row, zones
from tests.world import World


def check(page: Page, table: bytes, shapes: bytes | None = None) -> None:
    """Choose both files and press the button."""
    page.get_by_label("The table, a CSV file").set_input_files(
        {"name": "caseload.csv", "mimeType": "text/csv", "buffer": table}
    )
    page.get_by_label("The zones, a GeoJSON file").set_input_files(
        {"name": "zones.geojson", "mimeType": "application/geo+json", "buffer": shapes or zones().encode()}
    )
    page.get_by_role("button", name="Check the files").click()


def test_a_caseload_is_checked_refused_by_line_and_loaded_once_confirmed(world: World, desk: BrowserContext) -> None:
    world.new_tag("LDN-0099", None)
    page, complaints = sign_in(desk, world, "amina@cordon.example", "/cases")
    page.get_by_role("link", name="Import a caseload").click()
    page.get_by_role("button", name="Check the files").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the table, a CSV file.")
    for table, said in (
        (b"Siob\xe1n\n", "line 1 has a letter that cannot be read. Save it as “CSV UTF-8”."),
        (b"\r\n", "The file with the table is empty."),
    ):
        check(page, table)
        expect(page.get_by_role("alert")).to_contain_text(said)
    bad = "\r\n".join([HEADING, row(), row(zone_id="z9", order_kind="asbo")]).encode("utf-8-sig")
    check(page, bad)
    expect(page.locator("[data-problems]")).to_have_attribute("data-problems", "3")
    expect(page.locator("[data-row='3']").first).to_contain_text("Line 3, order_kind: Choose the kind of order: dapol")
    shot(page, "import-problems-1280")
    check(page, "\n".join([HEADING, *[row()] * 2_001]).encode())
    expect(page.locator("[data-problems]")).to_contain_text("The table has 2,001 rows. At most 2,000")
    check(page, b"x" * 9_000_000)
    expect(page.get_by_role("alert")).to_contain_text("larger than")
    assert (Wearer.select().count(), CheckedCaseload.select().count()) == (1, 0)
    check(page, "\r\n".join([HEADING, row()]).replace(",", ";").encode("utf-8-sig"))
    expect(page.locator("[data-sound='1']")).to_contain_text("Nothing is saved yet.")
    expect(page.locator("[data-line='2']")).to_contain_text("keeps away from Sofia Marino, Work")
    shot(page, "import-sound-1280")
    assert (Wearer.select().count(), CheckedCaseload.select().count()) == (1, 1)
    page.get_by_role("button", name="Open this case").click()
    expect(page.locator("[data-loaded='1']")).to_contain_text("1 case was opened.")
    assert (Wearer.select().count(), CheckedCaseload.select().count()) == (2, 0)
    page.get_by_role("link", name="See what is missing from them").click()
    expect(page.get_by_role("link", name="Owen Price")).to_be_visible()
    assert [line for line in complaints if "422" not in line and "413" not in line] == []
    world.reads_everything()


def test_the_import_fits_a_narrow_phone_and_forgets_the_files_when_asked(world: World, narrow: BrowserContext) -> None:
    world.new_tag("LDN-0099", None)
    page, complaints = sign_in(narrow, world, "grace@cordon.example", "/cases/import")
    expect_to_fit(page)
    check(page, "\n".join([HEADING, row()]).encode())
    expect(page.locator("[data-sound='1']")).to_be_visible()
    expect_to_fit(page)
    shot(page, "import-sound-320")
    page.get_by_role("button", name="Forget the files").click()
    expect(page.get_by_role("button", name="Check the files")).to_be_visible()
    assert (Wearer.select().count(), CheckedCaseload.select().count()) == (1, 0)
    assert complaints == []
    world.reads_everything()
