"""HTTP connections to providers: one attempt a request, and a response read up to a limit of time and size."""

from __future__ import annotations

import socket
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from backend import addresses, clock

CHUNK = 65_536
# An answer of a provider has some kilobytes. One that does not end would take the memory of the whole notifier.
MOST_B = 1_000_000


class TooLong(requests.RequestException):
    """The answer is longer than any that a provider gives."""


class OneTry(HTTPAdapter):
    """Makes a request once; an answer that drips or does not end is given up, where the library would read on.

    Where the answer's words are of no use (``reads`` false) only its status and headers are read.
    """

    def __init__(self, within_s: float, *, reads: bool = True) -> None:
        super().__init__(max_retries=0, pool_maxsize=32)
        self._within_s = within_s
        self._reads = reads

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Return the answer with its whole body. Raises: requests.RequestException."""
        until = clock.monotonic() + self._within_s
        # Otherwise the library reads all of it before anyone can count.
        answer = super().send(request, *args, **{**more, "stream": True})
        try:
            answer._content = self._body(answer, request, until)
        except BaseException:
            answer.close()
            raise
        return answer

    def _body(self, answer: requests.Response, request: requests.PreparedRequest, until: float) -> bytes:
        if not self._reads and answer.headers.get("Content-Length") != "0":
            answer.close()
            return b""
        body = bytearray()
        try:
            while chunk := answer.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > MOST_B:
                    raise TooLong(f"the answer has more than {MOST_B} bytes", request=request)
                if clock.monotonic() > until:
                    raise requests.ReadTimeout("the answer did not end in time", request=request)
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(error, request=request) from error
        return bytes(body)


class ToPublic(OneTry):
    """The same to an address that another person chose: it connects to public addresses only, and to those it checked.

    A name may lead elsewhere from one look-up to the next: so it is looked up once, checked, and what was checked is
    connected to. ``or_loopback`` for development, where everything runs on one machine.
    """

    def __init__(self, within_s: float, *, reads: bool = True, or_loopback: bool) -> None:
        self._or_loopback = or_loopback
        super().__init__(within_s, reads=reads)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Let every connection be made to an address that was checked."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = _checked_pools(self._or_loopback)

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Return a connection of our own making: through a proxy no one could say where it leads."""
        return super().get_connection_with_tls_context(request, verify, None, cert)


def session(adapter: HTTPAdapter, *, follows: bool = False) -> requests.Session:
    """Return a session that keeps no cookies, asks by this adapter alone, and ``follows`` redirects or not."""
    made = requests.Session() if follows else _Straight()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    mount(made, adapter)
    return made


def mount(made: requests.Session, adapter: HTTPAdapter) -> None:
    """Let a session, also one that a library made, ask by this adapter alone."""
    for prefix in list(made.adapters):
        made.mount(prefix, adapter)


class _Straight(requests.Session):
    def request(self, *args: Any, **more: Any) -> requests.Response:
        return super().request(*args, **{**more, "allow_redirects": False})


def _checked_pools(or_loopback: bool) -> dict[str, Any]:
    def connect(connection: HTTPConnection) -> socket.socket:
        found = addresses.resolve(connection.host, connection.port)
        addresses.require_public(found, or_loopback=or_loopback)
        return _connected(connection, found)

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _connected(connection: HTTPConnection, found: list[addresses.Address]) -> socket.socket:
    """Return a socket to the first of these addresses that answers. Raises: what urllib3 raises for a connection."""
    failed: Exception = OSError("the name is not known")
    for address in found:
        try:
            return urllib3.util.connection.create_connection(
                (str(address), connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failed = error
    raise urllib3.exceptions.NewConnectionError(connection, f"no connection: {failed}") from failed
