"""The commands that run the notifier, the watchdog and the canary, and the one that sets the canary up."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote, urlsplit

import click
from flask import Flask, current_app

from backend import canary as canaries
from backend import clock, db
from backend.cli import to_newest_schema
from backend.errors import DomainError
from backend.settings import Settings
from notifier import engine
from notifier.canary_walks import CanaryWalker
from notifier.database_outage import WithoutDatabase
from notifier.job_failures import Steps
from notifier.process_watch import Vigil
from notifier.watchdog import Watchdog
from notifier.worker import Worker

log = logging.getLogger(__name__)

LOOKS_FOR_DATABASE_EVERY_S = 2.0


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(notifier)
    app.cli.add_command(watchdog)
    app.cli.add_command(canary)
    app.cli.add_command(canary_setup)
    app.cli.add_command(prepare)


class Service(Protocol):
    """What works until it is asked to stop."""

    steps: Steps

    def run(self) -> None:
        """Work until ``stop`` is called."""

    def stop(self) -> None:
        """Ask ``run`` to return."""


def _serve(name: str, make: Callable[[Settings], Service]) -> None:
    """Run a service by the database's clock, until SIGTERM or Ctrl-C."""
    logging.getLogger().setLevel(logging.INFO)
    service = make(current_app.extensions["cordon.settings"])
    stopping = threading.Event()

    def stop(*_: object) -> None:
        service.stop()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    clock.keep_measuring(db.reference_time, stopping)
    engine.keep_watch(Vigil(current_app.extensions["cordon.settings"], name, service.steps), stopping)
    click.echo(f"{name}: ready")
    service.run()


@click.command()
def notifier() -> None:
    """Deliver what is due and escalate what is overdue, until SIGTERM or Ctrl-C."""
    _serve("notifier", Worker)


@click.command()
def watchdog() -> None:
    """Look after alerts, messages and processes, and tell people what is wrong with them, until SIGTERM or Ctrl-C."""
    _serve("watchdog", Watchdog)


@click.command()
def canary() -> None:
    """Walk the canary's tag into its test zone again and again, until SIGTERM or Ctrl-C."""
    _serve("canary", lambda settings: engine.OneThread(engine.CANARY, CanaryWalker(settings)))


@click.command()
def prepare() -> None:
    """Wait for the database and bring it to the newest schema; text the duty line where that takes long."""
    config: Settings = current_app.extensions["cordon.settings"]
    past = WithoutDatabase(config, title="Cordon does not start")
    while True:
        begun = clock.monotonic()
        try:
            # One that is frozen is found here, and the role of the service may own no table. A migration may take as
            # long as it likes.
            with db.database.connection_context():
                missing = db.missing_migrations()
            names = to_newest_schema(config) if missing else []
        except Exception as error:
            # Whatever it is, it may pass: a database that is not up yet, or one whose owner has not migrated it.
            log.warning("the database is not ready (%s)", _reason(error, config))
            db.forget_connection()
            past.is_lost(begun)
            threading.Event().wait(LOOKS_FOR_DATABASE_EVERY_S)
            continue
        click.echo("\n".join(f"applied {name}" for name in names) or "The database is up to date.")
        past.answers()
        return


def _reason(error: Exception, config: Settings) -> str:
    """Return why the database is not ready: the one who starts Cordon for the first time has to read it here."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    said = " ".join(str(error).split()) or type(error).__name__
    passwords = {urlsplit(url).password for url in (config.database_url, config.database_owner_url) if url}
    is_secret = any(one and (one in said or unquote(one) in said) for one in passwords)
    return type(error).__name__ if is_secret else f"{type(error).__name__}: {said[:300]}"


@click.command("canary-setup")
@click.option(
    "--phone", default=None, help="A number that takes texts and belongs to no one, for example +447700900999."
)
@click.option("--new-password", is_flag=True, help="Give the account another password, for one that was lost.")
def canary_setup(phone: str | None, new_password: bool) -> None:
    """Make the canary, or give the one there is another number or another password."""
    try:
        if new_password:
            if phone:
                raise click.UsageError("Ask for a number or for a password, not for both.")
            person, renewed = canaries.renew_password(clock.now())
            click.echo(f"The canary's account has a new password: {person.email} {renewed}")
            return
        person, password = canaries.set_up(phone, current_app.extensions["cordon.settings"].duty_line, clock.now())
    except DomainError as error:
        raise click.ClickException(error.detail) from None
    if password is None:
        click.echo("The canary was there already.")
    else:
        click.echo(f"The canary is set up: {person.email} {password}")
