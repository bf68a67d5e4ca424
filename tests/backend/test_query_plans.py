"""That the one who looks at the outbox in a storm finds rows by an index of its own, and reads no others."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from backend import clock, db, outbox
from backend.models import Channel


@pytest.mark.parametrize(
    ("index", "look"),
    [
        ("notification_pending", lambda: outbox.claim_due(Channel.SMS, clock.now(), 10.0, 5)),
        ("notification_silent", lambda: outbox.silent_attempts(clock.now(), 20.0, 600.0, 60.0, limit=20)),
    ],
)
def test_a_look_finds_its_rows_by_an_index_of_its_own(
    index: str, look: Callable[[], object], database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "peewee"):
        look()
    said = [record.msg for record in caplog.records if record.name == "peewee" and record.msg[0].startswith("SELECT")]
    (sql, params), *more = said
    assert not more
    with db.atomic():
        # An empty table is read as a whole.
        db.database.execute_sql("SET LOCAL enable_seqscan = off")
        plan = str(db.database.execute_sql(f"EXPLAIN {sql}", params).fetchall())
    assert index in plan
    db.release_connection()
