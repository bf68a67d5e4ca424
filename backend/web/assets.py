"""What browsers load beside pages: files under an address that changes with them, compressed; the app as one script.

Every file stands below ``/static/DIGEST/``, and the digest is of all of them: a browser keeps each for a year and asks
for it once. Pages with forms are not compressed: the length of a page that repeats what was typed beside a secret tells
of the secret.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

from flask import Flask, Response, request
from flask_compress import Compress

STATIC = Path(__file__).parent / "static"
BUILT = STATIC / "built"
A_YEAR_S = 365 * 86_400
COMPRESSED = [
    "application/json",
    "application/manifest+json",
    "application/problem+json",
    "image/svg+xml",
    "text/css",
    "text/javascript",
]


def _digest(paths: list[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.relative_to(STATIC).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


@cache
def url_path() -> str:
    """Return the address below which static files lie."""
    return f"/static/{_digest([path for path in STATIC.rglob('*') if path.is_file()])}"


def sources_digest() -> str:
    """Return the digest of the modules that the officer's app is made of."""
    return _digest(list((STATIC / "officer").glob("*.js")))


@cache
def officer_script() -> str:
    """Return the file that starts the officer's app: one script where it was built from these very modules."""
    built_from = BUILT / "officer.digest"
    is_built = built_from.exists() and built_from.read_text().strip() == sources_digest()
    return "built/officer.js" if is_built else "officer/main.js"


def init_app(app: Flask) -> None:
    """Let static files be kept by browsers, and compress what is worth it."""
    app.config.update(
        SEND_FILE_MAX_AGE_DEFAULT=A_YEAR_S,
        COMPRESS_MIMETYPES=COMPRESSED,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=5,
        COMPRESS_MIN_SIZE=800,
        COMPRESS_STREAMS=False,
    )
    Compress(app)

    @app.context_processor
    def scripts() -> dict[str, str]:
        # Also for the page that refuses a request whose host has no name.
        return {"officer_script_url": f"{app.static_url_path}/{officer_script()}"}

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200:
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable"
            # A file is small enough to be compressed whole; what is read piece by piece is not compressed.
            response.direct_passthrough = False
            response.make_sequence()
        return response


if __name__ == "__main__":
    sys.stdout.write(sources_digest())
