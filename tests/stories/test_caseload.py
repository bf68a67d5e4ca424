"""A caseload from CSV and GeoJSON: a dry run that lists every row's problem, and all of it or nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from backend import alarms, bulk_statements, clock, db
from backend.cases import (
    caseload_import,
    checked_imports,
    completeness,
    consequences,
    import_columns,
    import_matching,
    officers,
    writing,
)
from backend.errors import InvalidRecord, NotAllowed
from backend.models import (
    AlarmKind,
    AuditEntry,
    CheckedCaseload,
    Condition,
    Fact,
    Order,
    Person,
    PlaceZone,
    ProtectedPlace,
    Role,
    Tag,
    Victim,
    Wearer,
    WearerNumber,
    ZoneVersion,
)
from backend.record.reading import victims_of
from tests import cases
from tests.world import HOME, World

HEADING = ",".join(import_columns.COLUMNS)


def zones() -> str:
    feature = cases.circle(*HOME)
    feature["properties"]["id"] = "z1"
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def row(**more: str) -> str:
    values = {
        "wearer": "Owen Price",
        "victim": "Sofia Marino",
        "victim_phone": "+447700900202",
        "place": "Work",
        "order_kind": "dapol",
        "order_reference": "LIC 7",
        "order_starts_on": "2026-01-01",
        "order_ends_on": (clock.now() + timedelta(days=120)).date().isoformat(),
        "condition": "Not to enter.",
        "zone_id": "z1",
        "tag_serial": "LDN-0099",
        "officer_email": "amina@cordon.example",
    } | more
    return ",".join(values[name] for name in import_columns.COLUMNS)


def test_a_sound_caseload_is_loaded_and_its_next_fix_is_judged(world: World) -> None:
    spare = world.new_tag("LDN-0099", None)
    table = "\n".join([HEADING, row()])
    reading = caseload_import.read(world.supervisor.person, table, zones(), clock.now())
    assert (len(reading.cases), reading.problems) == (1, [])
    assert Wearer.select().count() == 1
    assert caseload_import.load(world.supervisor.person, table, zones(), clock.now()) == 1
    db.release_connection()
    spare.walks_in()
    assert cases.alerts()[0].wearer.name == "Owen Price"
    world.settle()
    db.release_connection()
    world.officer.acknowledges(cases.alerts()[0].id)
    world.reads_everything()


def test_the_dry_run_lists_the_problem_of_every_row_and_then_nothing_is_loaded(world: World) -> None:
    world.new_tag("LDN-0099", None)
    table = "\n".join(
        [
            HEADING,
            row(),
            row(wearer="", order_ends_on="2025-01-01"),
            row(tag_serial="LDN-0001", order_kind="asbo", officer_email="nobody@cordon.example"),
            row(zone_id="z9", order_starts_on="14/03/2027", victim_phone="0770"),
        ]
    )
    found = caseload_import.read(world.supervisor.person, table, zones(), clock.now()).problems
    assert [(one.row, one.column) for one in found] == [
        (3, "wearer"),
        (3, "order_ends_on"),
        (3, "tag_serial"),
        (4, "order_kind"),
        (4, "tag_serial"),
        (4, "officer_email"),
        (5, "victim_phone"),
        (5, "order_starts_on"),
        (5, "zone_id"),
        (5, "tag_serial"),
    ]
    with pytest.raises(InvalidRecord) as refused:
        caseload_import.load(world.supervisor.person, table, zones(), clock.now())
    assert len(refused.value.extra["problems"]) == 10
    assert Wearer.select().count() == 1
    heading = caseload_import.read(world.supervisor.person, "wearer,victim\n", "[]", clock.now()).problems
    assert [one.row for one in heading] == [0, 1]
    empty = caseload_import.read(world.supervisor.person, HEADING, zones(), clock.now()).problems
    assert [one.text for one in empty] == ["The table has no row."]
    assert completeness.find(clock.now())
    db.release_connection()


def test_wearer_numbers_come_with_the_table_and_are_refused_as_a_protected_persons(world: World) -> None:
    world.new_tag("LDN-0099", None)
    heading = f"{HEADING},{import_columns.WEARER_NUMBERS}"
    table = "\n".join([heading, f"{row()},07700 900666; +447700900202"])
    (problem,) = caseload_import.read(world.supervisor.person, table, zones(), clock.now()).problems
    assert (problem.row, problem.column) == (2, "victim_phone")
    table = "\n".join([heading, f"{row()},07700 900666"])
    assert caseload_import.load(world.supervisor.person, table, zones(), clock.now()) == 1
    assert WearerNumber.get().number == "+447700900666"
    db.release_connection()
    world.reads_everything()


def test_a_table_that_calls_a_colleagues_number_a_wearers_silences_no_one_and_is_an_alarm(world: World) -> None:
    world.new_tag("LDN-0099", None)
    heading = f"{HEADING},{import_columns.WEARER_NUMBERS}"
    owned = f"{world.officer.person.phone}; {world.victim.phone}"
    table = "\n".join([heading, f"{row()},{owned}"])
    assert caseload_import.load(world.supervisor.person, table, zones(), clock.now()) == 1
    subjects = [alarm.subject for alarm in alarms.standing(AlarmKind.WEARERS_NUMBER)]
    assert subjects == [f"person:{world.officer.person.id}", f"victim:{world.victim.id}"]
    db.release_connection()
    world.victim_consents()
    world.tag.stays_inside()
    world.officer.expects_sms("to acknowledge")
    world.expect_sms(world.victim.phone, "Your book has arrived.")
    world.officer.acknowledges(world.officer.alerts("open")[0]["id"])
    world.reads_everything()


def test_problems_name_the_line_of_the_file_and_a_broken_row_is_never_read_as_a_sound_one(world: World) -> None:
    world.new_tag("LDN-0099", None)
    rows = [
        HEADING.upper(),
        "",
        row(condition='"Not to enter\r\nHornsey Road, N7."', zone_id="z8"),
        row() + ",more",
        row(zone_id="z9"),
        "Owen Price,Sofia",
        row(condition='"not closed'),
    ]
    found = caseload_import.read(world.supervisor.person, "\r\n".join(rows), zones(), clock.now()).problems
    assert [(one.row, one.column) for one in found] == [
        (3, "zone_id"),
        (5, ""),
        (6, "zone_id"),
        (7, ""),
        *[(7, name) for name in import_columns.COLUMNS[3:] if name not in ("victim_phone", "order_ends_on")],
        (8, ""),
        (8, "zone_id"),
        (8, "tag_serial"),
        (8, "officer_email"),
    ]
    twice = caseload_import.read(
        world.supervisor.person, f"{HEADING},place\n{row()},Elm\n", zones(), clock.now()
    ).problems
    assert [(one.row, one.column) for one in twice] == [(1, "place")]
    db.release_connection()


@pytest.mark.parametrize("separator", [";", "\t"], ids=["semicolons", "tabs"])
def test_a_table_with_another_separator_and_windows_lines_is_read(world: World, separator: str) -> None:
    world.new_tag("LDN-0099", None)
    table = "\ufeff" + "\r\n".join([HEADING, row()]).replace(",", separator) + "\r\n"
    reading = caseload_import.read(world.supervisor.person, table, zones(), clock.now())
    assert (len(reading.cases), reading.problems) == (1, [])
    db.release_connection()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"", "is empty", id="an empty file"),
        pytest.param(b" \r\n", "is empty", id="a file of blanks"),
        pytest.param(b"a\nSiob\xe1n\n", "line 2 has a letter that cannot be read", id="Windows-1252"),
        pytest.param("wearer".encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(b"PK\x03\x04", "a workbook", id="an Excel workbook"),
    ],
)
def test_a_file_that_is_no_text_of_ours_is_refused_in_words(raw: bytes, said: str) -> None:
    with pytest.raises(InvalidRecord, match=said):
        caseload_import.text_of(raw, "table")
    assert caseload_import.text_of(b"\xef\xbb\xbfwearer", "table") == "wearer"


def test_what_is_loaded_is_what_was_checked_and_it_is_kept_no_longer_than_that(world: World) -> None:
    world.new_tag("LDN-0099", None)
    person, table = world.officer.person, "\n".join([HEADING, row()]).encode()
    reading, kept = checked_imports.check(person, table, zones().encode(), clock.now())
    assert (reading.problems, Wearer.select().count()) == ([], 1)
    assert kept is not None
    with pytest.raises(InvalidRecord, match="have expired"):
        checked_imports.load(world.supervisor.person, kept.id, clock.now())
    assert checked_imports.load(person, kept.id, clock.now()) == (1, 1, False)
    assert CheckedCaseload.select().count() == 0
    with pytest.raises(InvalidRecord, match="already loaded"):
        checked_imports.load(person, kept.id, clock.now())
    assert Wearer.select().count() == 2
    db.release_connection()


def test_a_check_that_no_longer_holds_loads_nothing_and_is_forgotten(world: World) -> None:
    world.new_tag("LDN-0099", None)
    person, table = world.officer.person, "\n".join([HEADING, row()]).encode()
    _, kept = checked_imports.check(person, table, zones().encode(), clock.now())
    assert kept is not None
    # Someone fits the tag while the page is being read.
    old = consequences.present_tag(world.wearer.id, clock.now())
    assert old is not None
    writing.swap_tag(person, old.id, "LDN-0099", clock.now(), clock.now(), why="Broken.")
    with pytest.raises(InvalidRecord) as refused:
        checked_imports.load(person, kept.id, clock.now())
    assert [(one["row"], one["column"]) for one in refused.value.extra["problems"]] == [(2, "tag_serial")]
    assert (Wearer.select().count(), CheckedCaseload.select().count()) == (1, 0)
    # A faulty file is not kept at all, and an old one goes by itself.
    checked_imports.check(person, table, zones().encode(), clock.now())
    assert CheckedCaseload.select().count() == 0
    world.new_tag("LDN-0077", None)
    sound = "\n".join([HEADING, row(tag_serial="LDN-0077")]).encode()
    _, kept = checked_imports.check(person, sound, zones().encode(), clock.now())
    assert kept is not None
    world.clock.forward(checked_imports.KEPT_S + 1)
    with pytest.raises(InvalidRecord, match="have expired"):
        checked_imports.load(person, kept.id, clock.now())
    checked_imports.check(person, sound, zones().encode(), clock.now())
    checked_imports.forget_old(clock.now())
    assert CheckedCaseload.select().count() == 1
    world.clock.forward(checked_imports.KEPT_S + 1)
    checked_imports.forget_old(clock.now())
    assert CheckedCaseload.select().count() == 0
    db.release_connection()
    world.settle()
    world.reads_everything()


def test_a_case_whose_order_is_over_is_a_problem_of_its_row(world: World) -> None:
    world.new_tag("LDN-0099", None)
    table = "\n".join([HEADING, row(order_starts_on="2020-01-01", order_ends_on="2020-02-01")])
    (problem,) = caseload_import.read(world.officer.person, table, zones(), clock.now()).problems
    assert (problem.row, problem.column) == (2, "order_ends_on")
    assert problem.text == "The order is over: nothing of this case would be judged."
    db.release_connection()


def long_table(world: World, count: int) -> bytes:
    """Return a table of so many cases, each with a tag that is free."""
    now = clock.now()
    with db.atomic():
        rows = [{"serial": f"T-{n}", "key": "k", "created_at": now} for n in range(count)]
        bulk_statements.insert_rows(Tag, rows)
    db.release_connection()
    lines = [
        row(wearer=f"W {n}", victim=f"V {n}", order_reference=f"LIC {n}", tag_serial=f"T-{n}", victim_phone="")
        for n in range(count)
    ]
    return "\n".join([HEADING, *lines]).encode()


def test_a_long_caseload_is_loaded_a_part_at_a_time_from_one_check_and_says_how_far_it_has_come(world: World) -> None:
    count = 3
    person = world.officer.person
    _, kept = checked_imports.check(person, long_table(world, count), zones().encode(), clock.now())
    assert kept is not None
    for opened in (1, 2, 3):
        assert checked_imports.load(person, kept.id, clock.now(), part=1) == (opened, count, opened < count)
        assert Wearer.select().count() == opened + 1
        # The half hour begins anew with each part.
        world.clock.forward(checked_imports.KEPT_S - 600)
    with pytest.raises(InvalidRecord, match="already loaded"):
        checked_imports.load(person, kept.id, clock.now(), part=1)
    db.release_connection()
    world.reads_everything()


def test_a_row_of_a_later_part_is_of_the_case_and_of_the_person_of_an_earlier_one(world: World) -> None:
    for serial in ("LDN-0098", "LDN-0099"):
        world.new_tag(serial, None)
    person = world.officer.person
    further = dict.fromkeys(import_matching.OF_THE_CASE, "")
    theirs = {"victim": "sofia  marino", "victim_phone": ""}
    rows = [
        tied(),
        tied("LIC 7", place="Gym", **theirs, **further),
        tied(victim_as_in="LIC 7", wearer="Sam Hill", order_reference="LIC 8", tag_serial="LDN-0098", **theirs),
    ]
    _, kept = checked_imports.check(person, "\n".join([TIED, *rows]).encode(), zones().encode(), clock.now())
    assert kept is not None
    parts = [checked_imports.load(person, kept.id, clock.now(), part=1) for _ in rows]
    assert parts == [(1, 2, True), (1, 2, True), (2, 2, False)]
    owen, sam = (Wearer.get(Wearer.name == name) for name in ("Owen Price", "Sam Hill"))
    assert [one.name for one in victims_of(owen.id)] == ["Sofia Marino"]
    assert victims_of(sam.id) == victims_of(owen.id)
    assert PlaceZone.select().where(PlaceZone.wearer == owen).count() == 2
    db.release_connection()
    world.reads_everything()


def test_what_changes_between_two_parts_is_said_with_its_line_and_what_is_open_stays(world: World) -> None:
    part, count = 2, 3
    person = world.officer.person
    _, kept = checked_imports.check(person, long_table(world, count), zones().encode(), clock.now())
    assert kept is not None
    checked_imports.load(person, kept.id, clock.now(), part=part)
    old = consequences.present_tag(world.wearer.id, clock.now())
    assert old is not None
    writing.swap_tag(person, old.id, f"T-{part}", clock.now(), clock.now(), why="Broken.")
    with pytest.raises(InvalidRecord) as refused:
        checked_imports.load(person, kept.id, clock.now(), part=part)
    assert [(one["row"], one["column"]) for one in refused.value.extra["problems"]] == [(count + 1, "tag_serial")]
    assert refused.value.extra["opened"] == part
    assert (Wearer.select().count(), CheckedCaseload.select().count()) == (part + 1, 0)
    db.release_connection()
    world.reads_everything()


def test_an_administrator_imports_nothing(world: World) -> None:
    admin = world.person(Role.ADMINISTRATOR, "Ivy Chen", None)
    with pytest.raises(NotAllowed):
        checked_imports.check(admin.person, b"a", b"b", clock.now())
    with pytest.raises(NotAllowed):
        checked_imports.load(admin.person, 1, clock.now())
    db.release_connection()


TIED = f"{HEADING},{import_matching.CASE_AS_IN},{import_matching.VICTIM_AS_IN}"


def tied(case_as_in: str = "", victim_as_in: str = "", **more: str) -> str:
    """Return a row that names the case or the protected person of another one."""
    return f"{row(**more)},{case_as_in},{victim_as_in}"


def test_one_woman_in_two_rows_is_one_person_and_a_second_one_of_a_case_is_a_further_row(world: World) -> None:
    for serial in ("LDN-0098", "LDN-0099"):
        world.new_tag(serial, None)
    person = world.officer.person
    further = dict.fromkeys(import_matching.OF_THE_CASE, "")
    theirs = {"victim": "sofia  marino", "victim_phone": ""}
    table = "\n".join(
        [
            TIED,
            tied(),
            tied("LIC 7", victim="Ada Marino", victim_phone="+447700900203", place="School", **further),
            tied("LIC 7", place="Gym", **theirs, **further),
            tied(victim_as_in="LIC 7", wearer="Sam Hill", order_reference="LIC 8", tag_serial="LDN-0098", **theirs),
        ]
    )
    reading = caseload_import.read(person, table, zones(), clock.now())
    assert (reading.problems, len(reading.cases), reading.count) == ([], 4, 2)
    assert caseload_import.load(person, table, zones(), clock.now()) == 2
    owen, sam = (Wearer.get(Wearer.name == name) for name in ("Owen Price", "Sam Hill"))
    sofia, ada = victims_of(owen.id)
    assert [(one.name, one.phone) for one in (sofia, ada)] == [
        ("Sofia Marino", "+447700900202"),
        ("Ada Marino", "+447700900203"),
    ]
    assert victims_of(sam.id) == [sofia]
    order = Order.get(Order.wearer == owen)
    assert [one.number for one in order.conditions.order_by(Condition.id)] == ["1", "2", "3"]
    assert [place.label for place in sofia.places.order_by(ProtectedPlace.id)] == ["Work", "Gym", "Work"]
    db.release_connection()


def test_a_row_names_someone_of_a_recorded_case_whom_the_reader_may_know(world: World) -> None:
    world.new_tag("LDN-0099", None)
    cases.order(world, clock.now(), None)
    laura = {"victim": "Laura Bennett", "victim_phone": ""}

    def problems(reader: Person, **more: str) -> list[tuple[str, str]]:
        found = caseload_import.read(reader, "\n".join([TIED, tied(**more)]), zones(), clock.now()).problems
        db.release_connection()
        return [(one.column, one.text) for one in found]

    (unsaid,) = problems(world.officer.person, **laura)
    assert unsaid[0] == "victim"
    assert "Laura Bennett is recorded already: give the order of that case in victim_as_in" in unsaid[1]
    assert problems(world.officer.person, victim_as_in="new", **laura) == []
    assert problems(world.officer.person, victim_as_in="LIC-2041", **laura) == []
    (numbered,) = problems(world.officer.person, victim_as_in="LIC-2041", victim="Laura Bennett")
    assert numbered == ("victim_phone", "This person has a number on record: leave this empty.")
    (unknown,) = problems(world.officer.person, victim_as_in="LIC-2041")
    assert unknown[1].startswith("No row above and no case that you may see has the order LIC-2041")
    named = [world.officer.person.id, world.supervisor.person.id]
    officers.restrict(world.supervisor.person, world.wearer.id, named, clock.now(), why="She works here.")
    # To the one who may not open it, that case is not there, and neither are they.
    assert problems(world.colleague.person, **laura) == []
    (hidden,) = problems(world.colleague.person, victim_as_in="LIC-2041", **laura)
    assert hidden[1].startswith("No row above and no case that you may see has the order LIC-2041")
    table = "\n".join([TIED, tied(victim_as_in="LIC-2041", **laura)])
    assert caseload_import.load(world.officer.person, table, zones(), clock.now()) == 1
    assert Victim.select().count() == 1
    db.release_connection()
    world.reads_everything()


def test_a_row_that_contradicts_the_case_or_the_person_it_names_is_refused_with_the_line_that_it_names(
    world: World,
) -> None:
    for serial in ("LDN-0098", "LDN-0099"):
        world.new_tag(serial, None)
    table = "\n".join(
        [
            TIED,
            tied("LIC 9"),
            tied(),
            tied("LIC 7", order_starts_on="2026-02-01", victim="Ada"),
            tied(tag_serial="LDN-0098", order_reference="LIC 8"),
        ]
    )
    found = caseload_import.read(world.officer.person, table, zones(), clock.now()).problems
    db.release_connection()
    assert [(one.row, one.column) for one in found] == [
        (2, "case_as_in"),
        (4, "order_starts_on"),
        (5, "victim"),
    ]
    assert found[0].text == "No row above has the order LIC 9."
    assert found[1].text == "Line 3, which is of the same case, says “2026-01-01”: leave this empty."
    assert found[2].text.startswith("Sofia Marino is recorded in line 3:")


def test_what_is_loaded_for_a_colleague_says_who_loaded_it_and_who_answers_for_it(world: World) -> None:
    world.new_tag("LDN-0099", None)
    ben, amina = world.colleague.person, world.officer.person
    table = f"{HEADING},{import_columns.WEARER_NUMBERS}\n{row(officer_email=ben.email)},07700 900777\n"
    caseload_import.load(amina, table, zones(), clock.now())
    wearer = Wearer.get(Wearer.name == "Owen Price")
    assert wearer.responsible_officer_id == ben.id
    recorded = [
        Order.get(Order.wearer == wearer).created_by_id,
        ZoneVersion.select()
        .join(PlaceZone, on=ZoneVersion.zone)
        .where(PlaceZone.wearer == wearer)
        .get()
        .recorded_by_id,
        WearerNumber.get(WearerNumber.wearer == wearer).recorded_by_id,
    ]
    assert recorded == [amina.id] * 3
    entries = Fact.select().where(Fact.case == wearer, Fact.recorded_by.is_null(False))
    assert {entry.recorded_by_id for entry in entries} == {amina.id}
    opened = AuditEntry.get(AuditEntry.action == "case_opened", AuditEntry.subject == f"wearer:{wearer.id}")
    assert (opened.actor, opened.detail["officer"]) == (f"person:{amina.id}", ben.id)
    db.release_connection()
