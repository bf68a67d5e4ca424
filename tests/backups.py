"""Backups of a test's database, put back as an operator would, by a template."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from backend import db
from tests.postgres import OWNER


def backup(admin_url: str) -> Callable[[], None]:
    """Make a backup of the bound database now; return what puts it back."""
    name = db.database.obj.database
    _clone(admin_url, name, f"{name}_backup")
    return lambda: _clone(admin_url, f"{name}_backup", name)


def _clone(url: str, source: str, target: str) -> None:
    db.release_connection()
    # Those in use belong to other threads: closed under them, their descriptors would be those of the next connection.
    db.database.obj.close_idle()
    with psycopg.connect(url, autocommit=True) as connection:
        # No session may be open on either, such as that of a thread which listens.
        connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        connection.execute(f"ALTER DATABASE {source} ALLOW_CONNECTIONS false")
        sessions = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{source}'"
        while connection.execute(sessions).fetchall():
            pass
        connection.execute(f"CREATE DATABASE {target} TEMPLATE {source} OWNER {OWNER}")
        connection.execute(f"ALTER DATABASE {source} ALLOW_CONNECTIONS true")
