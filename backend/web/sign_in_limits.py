"""Rate limits for guessing a password or a code: by account, by address, and by both together.

Only what turned out wrong counts, so that an office behind one address signs in as often as it likes. A stranger who
guesses at one account, or from one address, keeps no one out who signed in to that account from theirs before: such a
pair is bounded by itself alone. A browser that signed in keeps a cookie that says so and is bounded apart from all else
at its address. No email and no address is written anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast

from cachetools import LRUCache
from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from limits import RateLimitItem, parse_many
from werkzeug.wrappers import Response

from backend import clock
from backend.errors import NotSignedIn, TooManyAttempts, WrongCredentials
from backend.settings import Settings

# A crowd of strangers that is larger than this forgets its oldest guesses, and takes no more memory.
MOST_KEYS = 100_000
WRONG = (WrongCredentials, NotSignedIn)
COOKIE = "cordon_known"
COOKIE_LIFE_S = 365 * 86_400


class Counter:
    """Counts events of each key over the last while, at most as many as its rates allow."""

    def __init__(self, rates: str) -> None:
        self._rates: list[RateLimitItem] = parse_many(rates)
        self._most = max(rate.amount for rate in self._rates)
        self._longest = timedelta(seconds=max(rate.get_expiry() for rate in self._rates))
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait_s(self, key: str, now: datetime) -> float:
        """Return in how many seconds this key is allowed once more; 0 for now."""
        seen = self._seen.get(key, ())
        waits = [
            (seen[-rate.amount] - now).total_seconds() + rate.get_expiry()
            for rate in self._rates
            if len(seen) >= rate.amount
        ]
        return max(0.0, *waits, 0.0)

    def add(self, key: str, now: datetime) -> None:
        """Count one event."""
        seen = self._seen.setdefault(key, deque(maxlen=self._most))
        seen.append(now)
        self._seen.move_to_end(key)
        # The first key is the one that was heard of least lately.
        while self._seen and (len(self._seen) > MOST_KEYS or self._is_over(now)):
            self._seen.popitem(last=False)

    def take_back(self, key: str, at: datetime) -> None:
        """Count one event no more."""
        seen = self._seen.get(key)
        if seen and at in seen:
            seen.remove(at)

    def _is_over(self, now: datetime) -> bool:
        seen = next(iter(self._seen.values()))
        return not seen or seen[-1] + self._longest < now


class Guesses:
    """Every attempt at something that can be guessed goes through here."""

    def __init__(self, settings: Settings) -> None:
        self._pairs = Counter(settings.sign_in_limit)
        self._accounts = Counter(settings.sign_in_account_limit)
        self._addresses = Counter(settings.sign_in_address_limit)
        # An account with an address from which someone signed in to it.
        self._known: LRUCache[str, bool] = LRUCache(maxsize=MOST_KEYS)
        self._lock = threading.Lock()

    @contextmanager
    def attempt(self, what: str, account: str | None, address: str | None, device: str | None = None) -> Iterator[None]:
        """Run the block, which raises one of ``WRONG`` where the guess was wrong: then the attempt counts.

        ``what`` keeps the guesses of one kind apart from those of another; a code that names no account has None. A
        ``device`` signed in to this account before, wherever it is now.
        It counts before it is tried, so that many at once are no more than one after another.

        Raises: TooManyAttempts, and then the block is not run.
        """
        now = clock.now()
        place = f"device {device}" if device else _network(address or "")
        person = _plain(account or "")
        pair = f"{what} {person} {place}"
        with self._lock:
            counted = [(self._pairs, pair)]
            if device is None and pair not in self._known:
                counted.append((self._addresses, f"{what} {place}"))
                if account is not None:
                    counted.append((self._accounts, f"{what} {person}"))
            wait_s = max(counter.wait_s(key, now) for counter, key in counted)
            if wait_s > 0:
                raise TooManyAttempts("Too many attempts. Wait before you try again.", math.ceil(wait_s))
            for counter, key in counted:
                counter.add(key, now)
        is_wrong = False
        try:
            yield
            with self._lock:
                self._known[pair] = True
        except WRONG:
            is_wrong = True
            raise
        finally:
            if not is_wrong:
                with self._lock:
                    for counter, key in counted:
                        counter.take_back(key, now)


def _plain(account: str) -> str:
    """Return an account however it is written."""
    return account.strip().casefold()[:254]


def _network(address: str) -> str:
    """Return what one subscriber has: an IPv4 address, or a /64 of IPv6, of which each has 2^64 addresses."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip)


@contextmanager
def guess(what: str, account: str | None = None) -> Iterator[None]:
    """Run the block as an attempt of the present request, see ``Guesses.attempt``. Raises: TooManyAttempts."""
    guesses = cast(Guesses, current_app.extensions["cordon.guesses"])
    with guesses.attempt(what, account, request.remote_addr, _device_of(account) if account else None):
        yield


def know_device(response: Response, account: str) -> None:
    """Let this browser say from now on that someone signed in to the account with it."""
    value = _devices().dumps([_digest(account), _device_of(account) or secrets.token_urlsafe(9)])
    is_https = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, value, COOKIE_LIFE_S, secure=is_https, httponly=True, samesite="Lax")


def _device_of(account: str) -> str | None:
    try:
        digest, device = _devices().loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, ValueError, TypeError):
        return None
    return str(device) if hmac.compare_digest(str(digest).encode(), _digest(account).encode()) else None


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="known-device")


def _digest(account: str) -> str:
    return hmac.new(str(current_app.secret_key).encode(), _plain(account).encode(), hashlib.sha256).hexdigest()
