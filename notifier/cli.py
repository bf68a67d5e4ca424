"""The commands that run the notifier, the watchdog and the canary, and the one that sets the canary up."""

from __future__ import annotations

import logging
import signal
import threading

import click
from flask import Flask, current_app

from backend import canary as canaries
from backend import clock, db
from backend.errors import DomainError
from notifier.canary import CanaryWalker
from notifier.watchdog import Watchdog
from notifier.worker import Worker


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(notifier)
    app.cli.add_command(watchdog)
    app.cli.add_command(canary)
    app.cli.add_command(canary_setup)


@click.command()
def notifier() -> None:
    """Deliver what is due and escalate what is overdue, until SIGTERM or Ctrl-C."""
    logging.getLogger().setLevel(logging.INFO)
    worker = Worker(current_app.extensions["cordon.settings"])
    stopping = threading.Event()

    def stop(*_: object) -> None:
        worker.stop()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    clock.keep_measuring(db.reference_time, stopping)
    click.echo("notifier: ready")
    worker.run()


@click.command()
def watchdog() -> None:
    """Look after alerts, messages and processes, and tell people what is wrong with them, until SIGTERM or Ctrl-C."""
    logging.getLogger().setLevel(logging.INFO)
    dog = Watchdog(current_app.extensions["cordon.settings"])
    stopping = threading.Event()

    def stop(*_: object) -> None:
        dog.stop()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    clock.keep_measuring(db.reference_time, stopping)
    click.echo("watchdog: ready")
    dog.run()


@click.command()
def canary() -> None:
    """Walk the canary's tag into its test zone again and again, until SIGTERM or Ctrl-C."""
    logging.getLogger().setLevel(logging.INFO)
    walker = CanaryWalker(current_app.extensions["cordon.settings"])
    stopping = threading.Event()

    def stop(*_: object) -> None:
        walker.stop()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    clock.keep_measuring(db.reference_time, stopping)
    click.echo("canary: ready")
    walker.run()


@click.command("canary-setup")
@click.option("--phone", default=None, help="A number that takes texts and is nobody's, for example +447700900999.")
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
