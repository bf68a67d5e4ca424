"""Refuses unknown tag clients with an explanation, and keeps their query strings out of every log.

Many trackers send positions by GET, or post them to any address. An answer below 400, such as the sign-in page after a
redirect, is a delivery to them: they delete the fix.
"""

from __future__ import annotations

import logging
import re

from flask import Flask, request

from backend.errors import NotFound
from backend.web.request_reading import OWN_PAGES

# Where the app of a protected person's own phone says where it is: older ones of Traccar do so in the address.
KNOWN = f"{OWN_PAGES}/l"
# What trackers call a position in a query. No other route takes one there.
POSITION_NAMES = frozenset(
    {"lat", "latitude", "lon", "lng", "long", "longitude", "location", "locations", "latlng", "latlon", "coords", "loc"}
    | {"position", "point", "geo", "gps", "nmea", "geojson", "latlong", "geopoint", "gprmc", "gpgga"}
)
_PAIR = re.compile(r"-?\d{1,3}\.\d+\s*[,;/\s]\s*-?\d{1,3}\.\d+")
# Two values of this form are a position under any names.
_DEGREES = re.compile(r"\s*[-+]?\d{1,3}\.\d{3,}\s*")
_NMEA = re.compile(r"\$?G[A-Z](RMC|GGA|GLL),", re.IGNORECASE)
_QUERY_OF_A_REQUEST = re.compile(r"\?.*(?= HTTP/\d)|\?.*", re.DOTALL)
READING = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    """Refuse the requests of such clients before anything else looks at them."""
    for name in ("werkzeug", "gunicorn.error"):
        logging.getLogger(name).addFilter(WITHOUT_QUERIES)

    @app.before_request
    def refuse() -> None:
        is_of_no_one = request.path == "/" and (request.method not in READING or request.query_string)
        if is_of_no_one or (request.path != KNOWN and _is_position()):
            raise NotFound("Nothing was kept. Tags post signed fixes to /v1/tags/SERIAL/fixes; see /v1/openapi.json.")


def _is_position() -> bool:
    said = list(request.args.items(multi=True))
    if sum(_DEGREES.fullmatch(value) is not None for _, value in said) >= 2:
        return True
    return any(
        name.strip().lower() in POSITION_NAMES or _PAIR.search(value) or _NMEA.search(value) for name, value in said
    )


class WithoutQueries(logging.Filter):
    """Cuts the query string out of what a server logs of a request that it could not read or serve."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if "?" in said:
            record.msg, record.args = _QUERY_OF_A_REQUEST.sub("?…", said), None
        if record.exc_info and record.exc_info[1] is not None:
            # A traceback ends with the error's own words, which may quote the request.
            record.msg = f"{record.msg} ({type(record.exc_info[1]).__name__})"
            record.exc_info = record.exc_text = None
        return True


WITHOUT_QUERIES = WithoutQueries()
