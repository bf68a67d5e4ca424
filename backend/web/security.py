"""Security of every page and answer: cookies, form tokens, content policy; and where templates are found."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf import CSRFProtect
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from backend.settings import Settings
from backend.web.signed_in import settings

WEB_ROOT = Path(__file__).parent
# These are opened by a bearer token or a signature, which no browser adds by itself.
BLUEPRINTS_WITHOUT_FORMS = (
    "fixes",
    "sessions",
    "alerts",
    "alert_work",
    "cases",
    "devices",
    "phones",
    "duty",
    "receipts",
    "zones",
    "callbacks",
    "numbers",
    "reports",
    "health",
    "openapi",
    # Their forms are known by where they come from: a cookie for a token would carry our name.
    "own_pages",
)


# A hundred cases with streets and parks for zones are some 2 MB.
FORMS_WITH_FILES = {"case_pages.import_caseload"}
MOST_BYTES_OF_FILES = 32 * 1_048_576


def configure(app: Flask, config: Settings) -> None:
    """Take from the settings what Flask keeps itself: the key of its signatures, its bounds and its cookie."""
    app.config.update(
        SECRET_KEY=config.signing_key(),
        MAX_CONTENT_LENGTH=config.max_body_bytes,
        SESSION_COOKIE_SECURE=_is_https(config),
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=config.refresh_token_s),
        WTF_CSRF_SSL_STRICT=_is_https(config),
    )


def _is_https(config: Settings) -> bool:
    return config.public_url.startswith("https://")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def init_app(app: Flask) -> None:
    """Set up sessions, forms, templates and the headers of every answer."""
    app.config.update(
        SESSION_COOKIE_NAME="cordon",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_loader = ChoiceLoader(
        [
            *([app.jinja_loader] if app.jinja_loader else []),
            PrefixLoader(
                {
                    "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                    "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf"),
                }
            ),
        ]
    )
    WTFormsHelpers(app)
    csrf = CSRFProtect(app)

    @app.before_request
    def check_form_token() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)
        if request.endpoint is not None and request.blueprint not in BLUEPRINTS_WITHOUT_FORMS:
            is_with_files = request.endpoint in FORMS_WITH_FILES
            request.max_content_length = MOST_BYTES_OF_FILES if is_with_files else settings().max_body_bytes
            csrf.protect()

    @app.context_processor
    def nonce() -> dict[str, str]:
        return {"csp_nonce": g.get("csp_nonce", "")}

    @app.after_request
    def add_headers(response: Response) -> Response:
        socket = f"ws://{request.host} wss://{request.host}"
        tiles = _origin(settings().tile_url)
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
            f"script-src 'self' 'nonce-{g.get('csp_nonce', '')}'; style-src 'self'; "
            f"img-src 'self' data: {tiles}; connect-src 'self' {socket}; manifest-src 'self'; worker-src 'self'",
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        # A page's own address holds an alert's number: it goes to no other site, a tile server included.
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if _is_https(settings()):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
