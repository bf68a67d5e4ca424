"""The application as tests run it: its routes and templates are made once in a process, all else anew for each test."""

from __future__ import annotations

from typing import Any

from flask import Flask

import wsgi
from backend.settings import Settings

# What takes the time is 260 addresses, each of which werkzeug compiles, and templates.
_spare: list[Flask] = []
_in_use: list[Flask] = []
_config: dict[str, Any] = {}


def create_app(settings: Settings) -> Flask:
    """Return what ``wsgi.create_app`` does. The test's end gives its routes to the next test."""
    app = _spare.pop() if _spare else wsgi.routes()
    _config.update(_config or app.config)
    _in_use.append(app)
    return wsgi.equip(app, settings)


def give_back() -> None:
    """Take from the applications of a test all that was theirs: settings, sockets, counts and the database."""
    for app in _in_use:
        # Sockets stand before the routes.
        app.__dict__.pop("wsgi_app", None)
        for name in [key for key in app.extensions if key.startswith(("cordon.", "socketio"))]:
            del app.extensions[name]
        app.config.clear()
        app.config.update(_config)
    _spare.extend(_in_use)
    _in_use.clear()
