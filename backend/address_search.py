"""Addresses from the operator's own address API, beside the open names that are loaded; it is not waited for long."""

from __future__ import annotations

import json
import logging
from typing import Annotated

import requests
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from backend import clock
from backend.settings import Settings

log = logging.getLogger(__name__)

MOST_FOUND = 10
MOST_B = 200_000
CHUNK = 16_384
Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class FoundAddress(BaseModel):
    """One address as the API answers it; what else it says of one is passed over."""

    name: Annotated[Said, StringConstraints(min_length=1)]
    kind: Said = "Address"
    around: Said = ""
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class _Answer(BaseModel):
    places: list[FoundAddress]


class Unavailable(Exception):
    """The address API did not answer, or not as it should."""


def find(settings: Settings, text: str) -> list[FoundAddress]:
    """Return the addresses that match a text; none where no API is set.

    The text goes in the body: an address in a URL is kept by every server on the way. Raises: Unavailable.
    """
    if not settings.address_api_url:
        return []
    until = clock.monotonic() + settings.address_api_timeout_s
    headers = {"Accept": "application/json"}
    if settings.address_api_key:
        headers["Authorization"] = f"Bearer {settings.address_api_key}"
    try:
        with requests.post(
            settings.address_api_url,
            json={"text": text},
            headers=headers,
            timeout=settings.address_api_timeout_s,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code != 200:
                raise Unavailable(f"it answered {answer.status_code}")
            body = bytearray()
            for chunk in answer.iter_content(CHUNK):
                body += chunk
                if len(body) > MOST_B or clock.monotonic() > until:
                    raise Unavailable("its answer is too long or too slow")
        return _Answer.model_validate(json.loads(body)).places[:MOST_FOUND]
    except Unavailable as error:
        log.warning("the address API cannot be used: %s", error)
        raise
    except (requests.RequestException, ValueError, ValidationError, RecursionError) as error:
        # What was asked for stays out of the log, and so does what the answer held.
        log.warning("the address API cannot be used: %s", type(error).__name__)
        raise Unavailable(type(error).__name__) from None
