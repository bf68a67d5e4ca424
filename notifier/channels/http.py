"""The connections to providers: one try a request, and an answer that is read to its end within the timeout."""

from __future__ import annotations

from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from backend import clock

CHUNK = 65_536


class OneTry(HTTPAdapter):
    """Makes a request once; an answer that drips is given up, where the library would wait from byte to byte."""

    def __init__(self, within_s: float) -> None:
        super().__init__(max_retries=0, pool_maxsize=32)
        self._within_s = within_s

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Return the answer with its whole body. Raises: requests.RequestException."""
        until = clock.monotonic() + self._within_s
        answer = super().send(request, *args, **more)
        body = bytearray()
        try:
            while chunk := answer.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if clock.monotonic() > until:
                    raise requests.ReadTimeout("the answer did not end in time", request=request)
        except urllib3.exceptions.HTTPError as error:
            answer.close()
            raise requests.ConnectionError(error, request=request) from error
        except requests.RequestException:
            answer.close()
            raise
        answer._content = bytes(body)
        return answer
