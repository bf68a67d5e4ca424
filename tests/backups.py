"""Backups of a test's database, put back as an operator would: SQLite by its own copy, PostgreSQL by a template."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg

from backend import db


def backup(url: str, folder: Path) -> Callable[[], None]:
    """Make a backup now; return what puts it back."""
    db.release_connection()
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        _copy(path, str(folder / "backup.db"))
        return lambda: _copy(str(folder / "backup.db"), path)
    name = db.database.obj.database
    other = url.replace(f"/{name}?", "/postgres?")
    _clone(other, name, f"{name}_backup")
    return lambda: _clone(other, f"{name}_backup", name)


def _copy(source: str, target: str) -> None:
    db.release_connection()
    read, write = sqlite3.connect(source), sqlite3.connect(target)
    read.backup(write)
    read.close()
    write.close()


def _clone(url: str, source: str, target: str) -> None:
    db.database.obj.close_all()
    with psycopg.connect(url, autocommit=True) as connection:
        # No session may be open on either, such as that of a thread which listens.
        connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        connection.execute(f"ALTER DATABASE {source} ALLOW_CONNECTIONS false")
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'")
        connection.execute(f"CREATE DATABASE {target} TEMPLATE {source}")
        connection.execute(f"ALTER DATABASE {source} ALLOW_CONNECTIONS true")
