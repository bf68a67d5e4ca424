"""Hashes passwords in its own thread, one after another, so that a crowd at sign-in delays no other request.

The thread gives way to whatever else the machine has to do, and no caller holds a database connection while it waits.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.errors import TooManyAttempts

log = logging.getLogger(__name__)

Result = TypeVar("Result")

AT_ONCE = 1
# A caller at the end of the queue waits for less than a second.
MOST_WAITING = 8
RETRY_AFTER_S = 2
NICENESS = 19

# Source: OWASP Password Storage Cheat Sheet, Argon2id with 19 MiB, two passes and one lane. The library's own 64 MiB in
# four lanes took both cores and the memory bus for a fifth of a second, for each guess of a stranger.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_hasher = HASHER
# Checked when an email is unknown, so that the time of the answer does not tell which emails exist.
OF_NO_ONE = _hasher.hash(secrets.token_urlsafe(16))
_places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


def _give_way() -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    except OSError:
        log.warning("passwords are hashed with the priority of everything else")


_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing", initializer=_give_way)


def use(hasher: PasswordHasher) -> None:
    """Hash with another cost from now on: tests do, whose thousands of sign-ins protect no one."""
    global _hasher, OF_NO_ONE
    _hasher = hasher
    OF_NO_ONE = hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """Return the Argon2id hash of ``password``. Raises: TooManyAttempts where too many wait already."""
    return _in_turn(lambda: _hasher.hash(password))


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than new ones are."""
    return _hasher.check_needs_rehash(password_hash)


def is_right(password_hash: str, password: str) -> bool:
    """Tell whether ``password`` has this hash. Raises: TooManyAttempts where too many wait already."""

    def check() -> bool:
        try:
            return _hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    return _in_turn(check)


def _in_turn(work: Callable[[], Result]) -> Result:
    if not _places.acquire(blocking=False):
        raise TooManyAttempts("Many people are signing in at this moment. Try again in a few seconds.", RETRY_AFTER_S)
    try:
        return _pool.submit(work).result()
    finally:
        _places.release()
