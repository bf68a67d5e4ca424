"""The base of all tables: their database and their naming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peewee import BigAutoField, Model

from backend.db import database


class Table(Model):
    """What all tables share."""

    # Of 64 bits, and so every key of another table that refers to it.
    id: Any = BigAutoField()

    if TYPE_CHECKING:
        # peewee adds one ``..._id`` for each foreign key as the class is made.
        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    class Meta:
        database = database
        legacy_table_names = False
