"""The commands that run the notifier and the watchdog."""

from __future__ import annotations

import logging
import signal
import threading

import click
from flask import Flask, current_app

from backend import clock, db
from notifier.watchdog import Watchdog
from notifier.worker import Worker


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(notifier)
    app.cli.add_command(watchdog)


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
