"""Parses the bytes of an HTTP request: whether it is complete, its lane, and its deadline. Pure.

It takes a request apart no further than that: gunicorn's own parser does, once the bytes are here. Where the two
disagree, the parser finds too few bytes and the connection is closed (``backend.web.server``).
"""

from __future__ import annotations

import re
from enum import Enum
from urllib.parse import unquote

from gunicorn.util import split_request_uri

# A head that a phone or a tag sends is below 2 kB; gunicorn refuses most that are larger than this by itself.
MOST_HEAD_BYTES = 32 * 1_024
# A caseload's files are 32 MiB at most; the application refuses most bodies that are far smaller.
MOST_BODY_BYTES = 33 * 1_048_576
MOST_CHUNK_LINE_BYTES = 1_024
HEAD_WITHIN_S = 10.0
BODY_WITHIN_S = 20.0
# A tag on a poor 2G network sends a backlog at this pace or faster.
SLOWEST_BYTES_S = 1_000.0

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked")
_WEBSOCKET = re.compile(rb"\r\nupgrade:[^\r\n]*websocket")
_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue")
_HTML = re.compile(rb"\r\naccept:[^\r\n]*text/html")
OF_PROGRAMS = ("/v1/", "/health", "/ready", "/socket.io/", "/static/", "/officer/token")
# Where protected people's own pages are: an address that says nothing.
OWN_PAGES = "/p"
# Where they call for help and say that they are safe: the browser may keep these addresses.
CALLS, SAYS_SAFE = f"{OWN_PAGES}/n", f"{OWN_PAGES}/ok"
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}(?=[ \t]*(;|$))")

TAGS, SIGN_IN, SOCKETS, PEOPLE = "tags", "sign-in", "sockets", "people"
_GUESSABLE = {"/v1/sessions", "/sign-in", "/v1/phones", OWN_PAGES, SAYS_SAFE, f"{OWN_PAGES}/start"}
# /health answers as long as a tag's request would get a thread: that is what a probe from outside asks.
# And a call for help waits for nothing that a tag does not wait for.
_AS_TAGS = {"/health", "/v1/phones/current/positions", CALLS, f"{OWN_PAGES}/l"}


class Stage(Enum):
    """How far a request has come."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"
    WHOLE = "whole"


class TooLarge(Exception):
    """The head or the body is larger than any that is served; ``status`` says which: 431 or 413."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def lane_of(method: str, path: str, *, is_websocket: bool) -> str:
    """Return which threads serve a request: those of tags, of signing in, of sockets, or of everything else."""
    if is_websocket or path.startswith("/socket.io"):
        return SOCKETS
    if path.startswith("/v1/tags/") or path in _AS_TAGS:
        return TAGS
    if method == "POST" and path in _GUESSABLE:
        return SIGN_IN
    return PEOPLE


def is_of_programs(path: str) -> bool:
    """Tell whether only programs ask for an address: a refusal there is always JSON."""
    return path.startswith(OF_PROGRAMS)


def is_own_page(path: str) -> bool:
    """Tell whether an address is one of protected people's own pages: nothing there names what it belongs to."""
    return path == OWN_PAGES or path.startswith(f"{OWN_PAGES}/")


class Arrival:
    """The bytes of one connection as they come, up to the end of the next request and whatever follows it."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)
        self._searched = 0
        self._head_bytes = 0
        self._whole_bytes: int | None = None
        # Where the next line with a chunk's size begins; None unless the body comes in chunks.
        self._chunk_at: int | None = None
        self.lane = PEOPLE
        # A browser opens a page: it is to be shown one, also where it is refused.
        self.is_for_people = False
        self.is_own_page = False
        self.waits_for_continue = False

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Take bytes that have come."""
        self._data += data

    def stage(self) -> Stage:
        """Tell how far the request has come. Raises: TooLarge."""
        if not self._data:
            return Stage.NOTHING
        if not self._head_bytes and not self._find_head():
            return Stage.HEAD
        if self._chunk_at is not None:
            self._find_last_chunk()
        if self._whole_bytes is None or len(self._data) < self._whole_bytes:
            return Stage.BODY
        return Stage.WHOLE

    def due_s(self) -> float:
        """Return within how many seconds of its first byte the request has to be whole, by what is known of it."""
        if not self._head_bytes:
            return HEAD_WITHIN_S
        expected = (self._whole_bytes or len(self._data)) - self._head_bytes
        return HEAD_WITHIN_S + BODY_WITHIN_S + expected / SLOWEST_BYTES_S

    def take(self) -> tuple[bytes, bytes]:
        """Return the bytes of the whole request, and those that follow it."""
        assert self._whole_bytes is not None, "the request is not whole"
        return bytes(self._data[: self._whole_bytes]), bytes(self._data[self._whole_bytes :])

    def _find_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n", max(0, self._searched - 3))
        self._searched = len(self._data)
        if end < 0 and self._searched <= MOST_HEAD_BYTES:
            return False
        if end < 0 or end > MOST_HEAD_BYTES:
            raise TooLarge(431)
        self._head_bytes = end + 4
        head = bytes(self._data[: end + 2])
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        method, target = (words[0], words[1]) if len(words) > 1 else ("", "")
        fields = head.lower()
        try:
            path = unquote(split_request_uri(target).path)
        except ValueError:
            path = ""
        self.lane = lane_of(method.upper(), path, is_websocket=bool(_WEBSOCKET.search(fields)))
        self.is_for_people = bool(_HTML.search(fields)) and not is_of_programs(path)
        self.is_own_page = is_own_page(path)
        self.waits_for_continue = bool(_CONTINUE.search(fields))
        length = _LENGTH.search(fields)
        if _CHUNKED.search(fields):
            self._chunk_at = self._head_bytes
        else:
            self._whole_bytes = self._head_bytes + (int(length[1]) if length else 0)
            if self._whole_bytes - self._head_bytes > MOST_BODY_BYTES:
                raise TooLarge(413)
        return True

    def _find_last_chunk(self) -> None:
        while self._chunk_at is not None:
            if max(self._chunk_at, len(self._data)) - self._head_bytes > MOST_BODY_BYTES:
                raise TooLarge(413)
            end = self._data.find(b"\r\n", self._chunk_at)
            line = bytes(self._data[self._chunk_at : end if end >= 0 else None])
            if end < 0 and len(line) <= MOST_CHUNK_LINE_BYTES:
                return
            size = _CHUNK_SIZE.match(line) if end >= 0 else None
            if size is None:
                # No request that is served looks like this: the parser says so.
                self._whole_bytes, self._chunk_at = len(self._data), None
            elif int(size[0], 16):
                self._chunk_at = end + 2 + int(size[0], 16) + 2
            else:
                trailers_end = self._data.find(b"\r\n\r\n", end)
                if trailers_end < 0:
                    return
                self._whole_bytes, self._chunk_at = trailers_end + 4, None
