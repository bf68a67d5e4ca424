"""The composition root: the only file that sees all four packages."""

from __future__ import annotations

from functools import partial

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import cli, db, heartbeats, ingest, ingest_answers, logs, readiness
from backend.settings import Settings
from backend.web import (
    account_pages,
    admin_pages,
    alert_pages,
    assets,
    case_pages,
    duty_pages,
    fixes,
    health,
    metrics,
    number_pages,
    openapi,
    own_pages,
    pages,
    police_pages,
    problems,
    reports,
    request_checks,
    request_ids,
    security,
    supervisor_pages,
    unknown_clients,
)
from backend.web import alarms as service_alarms
from backend.web.sign_in_limits import Guesses
from backend.web.socket_admission import MOST_MESSAGE_BYTES, SocketGate
from mobile_api import (
    alert_work,
    alerts,
    cases,
    devices,
    duty,
    numbers,
    receipts,
    sessions,
    shared_location,
    sockets,
    zones,
)
from notifier import callbacks
from notifier import cli as notifier_cli
from notifier.channels.websocket import Websocket
from notifier.process_watch import Vigil

BLUEPRINTS = (
    fixes.bp,
    health.bp,
    metrics.bp,
    service_alarms.bp,
    openapi.bp,
    pages.bp,
    case_pages.bp,
    duty_pages.bp,
    admin_pages.bp,
    alert_pages.bp,
    number_pages.bp,
    own_pages.bp,
    account_pages.bp,
    police_pages.bp,
    supervisor_pages.bp,
    reports.bp,
    alerts.bp,
    alert_work.bp,
    cases.bp,
    devices.bp,
    shared_location.bp,
    duty.bp,
    numbers.bp,
    receipts.bp,
    sessions.bp,
    zones.bp,
    callbacks.bp,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application: routes, pages and sockets on one database.

    Threads start with the first request that needs them, and so in the process that serves.
    """
    return equip(routes(), settings or Settings.from_environ())


def routes() -> Flask:
    """Return every route, page and command, on no database and with no settings yet: ``equip`` gives it both."""
    logs.set_up()
    app = Flask("cordon", root_path=str(security.WEB_ROOT), static_url_path=assets.url_path())
    request_ids.init_app(app)
    metrics.init_app(app)
    unknown_clients.init_app(app)
    security.init_app(app)
    assets.init_app(app)
    request_checks.init_app(app)
    problems.init_app(app)
    alert_pages.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_app(app)
    notifier_cli.init_app(app)

    @app.teardown_appcontext
    def release(_: BaseException | None) -> None:
        db.release_connection()

    return app


def equip(app: Flask, config: Settings) -> Flask:
    """Give the routes a database, settings, sockets and all that is counted and kept; return them."""
    db.bind(config.database_url, config.database_connections)
    security.configure(app, config)
    app.extensions["cordon.settings"] = config
    app.extensions["cordon.committer"] = ingest.Committer(config)
    counted = app.extensions["cordon.acceptance"] = ingest_answers.Acceptance()
    app.extensions["cordon.readiness"] = readiness.Readiness()
    app.extensions["cordon.metrics"] = metrics.Metrics()
    # It is made in the process that serves.
    app.extensions["cordon.vigil"] = partial(Vigil, config, heartbeats.WEB, trouble=counted.trouble)
    app.extensions["cordon.guesses"] = Guesses(config)

    socketio = SocketIO(
        app,
        async_mode="threading",
        ping_interval=5,
        ping_timeout=5,
        # Long polling would hold a thread for each waiting request; a page that has no socket asks by HTTP anyway.
        transports=["websocket"],
        max_http_buffer_size=MOST_MESSAGE_BYTES,
        cors_allowed_origins=[origin for origin in config.socket_origins.split(",") if origin] or None,
        manage_session=False,
    )
    app.wsgi_app = SocketGate(  # type: ignore[method-assign]
        app.wsgi_app, config.most_sockets, config.socket_known_within_s
    )
    if config.trusted_proxies:
        # Outermost: the gate too must know one stranger from another.
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    hub = Websocket(socketio)
    sockets.init_app(socketio, hub, config)
    app.extensions["cordon.websocket"] = hub
    return app
