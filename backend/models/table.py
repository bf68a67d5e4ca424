"""The floor of all tables: their database, and how they are named in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peewee import Model

from backend.db import database


class Table(Model):
    """What all tables share."""

    if TYPE_CHECKING:
        # peewee adds the key, and one ``..._id`` for each foreign key, as the class is made.
        id: Any

        def __getattr__(self, name: str) -> Any: ...

    class Meta:
        database = database
        legacy_table_names = False
