"""Command line for operators: schema, restore, first account, demo data, replays, completeness checks, caseloads."""

from __future__ import annotations

import json
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import IO

import click
import requests
from flask import Flask, current_app
from flask.cli import with_appcontext

from backend import accounts, case_folding, clock, db, demo, figures, places, restore, zone_replay
from backend import replay as traces
from backend.cases import caseload_import, completeness
from backend.cases.import_matching import Done
from backend.errors import DomainError
from backend.models import Person, Tag, Wearer
from backend.own_pages import catalogue, words
from backend.record.facts import LONDON
from backend.settings import Settings, as_markdown


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(migrate)
    app.cli.add_command(restored)
    app.cli.add_command(create_administrator)
    app.cli.add_command(seed_demo)
    app.cli.add_command(replay)
    app.cli.add_command(replay_zone)
    app.cli.add_command(settings)
    app.cli.add_command(case_watch)
    app.cli.add_command(load_caseload)
    app.cli.add_command(load_places)
    app.cli.add_command(count_figures)
    app.cli.add_command(translation)


def to_newest_schema(config: Settings) -> list[str]:
    """Bring the database to the newest schema, as the role that owns it; return the names of the steps taken.

    Raises: ClickException where what is in it does not allow that.
    """
    role = None
    if config.database_owner_url:
        role = db.connection_parameters(config.database_url).get("user")
        db.bind(config.database_owner_url, config.database_connections)
    try:
        return db.migrate(role)
    except DomainError as error:
        raise click.ClickException(error.detail) from None


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    names = to_newest_schema(current_app.extensions["cordon.settings"])
    click.echo("\n".join(f"applied {name}" for name in names) or "The database is up to date.")


@click.command()
@click.option(
    "--backup-at", default=None, help="When the backup was made, ISO 8601 with its zone; else its last write."
)
def restored(backup_at: str | None) -> None:
    """Take up a database that was restored from a backup: once, with every process stopped, before any is started."""
    try:
        made_at = datetime.fromisoformat(backup_at) if backup_at else None
    except ValueError:
        made_at = datetime.min  # noqa: DTZ901 - refused below, as any other time without a zone
    if made_at is not None and made_at.tzinfo is None:
        raise click.BadParameter(
            "write it with its zone, for example 2026-11-25T02:00:00+00:00", param_hint="--backup-at"
        )
    now = clock.now()
    try:
        found = restore.take_up(now, made_at)
    except DomainError as error:
        raise click.ClickException(error.detail) from None
    click.echo(f"epoch {found.epoch} has begun: phones fetch everything again")
    if found.outage is None:
        click.echo("no time is missing")
    else:
        click.echo(f"nothing is known from {found.outage.from_at.isoformat()} to {found.outage.to_at.isoformat()}")
        click.echo(f"unprotected: {len(found.outage.wearer_ids)} wearers with a zone in force")
    click.echo("the notifier is held: it checks pending notifications again as soon as it starts")


@click.command("create-administrator")
@click.argument("email")
@click.option("--team", default=accounts.HOST_TEAM, show_default=True, help="The team that the account belongs to.")
@click.option(
    "--force", is_flag=True, help="Also where an administrator is there: for when none of them can sign in any more."
)
@with_appcontext
def create_administrator(email: str, team: str, force: bool) -> None:
    """Make an administrator's account for EMAIL and print the link by which its owner sets a name and a password."""
    config = current_app.extensions["cordon.settings"]
    try:
        link = accounts.appoint_administrator(email, clock.now(), team_name=team, is_forced=force)
    except DomainError as error:
        raise click.ClickException(error.detail) from None
    until = link.expires_at.astimezone(LONDON)
    click.echo(link.url(config.public_url))
    click.echo(f"The link works once and until {until:%H:%M} on {until.day} {until:%B} (London), on this service only.")
    click.echo("The first person to open it becomes that administrator: do not pass it on.")


@click.command()
@click.argument("language", type=click.Choice([code for code in words.LANGUAGES if code != words.SOURCE]))
@click.option("--signed-off-by", default="", help="The translator and the day, once they have signed every line off.")
def translation(language: str, signed_off_by: str) -> None:
    """Bring the file of LANGUAGE to the sentences that protected people read, or sign it off for its translator."""
    path = catalogue.FOLDER / f"{language}.po"
    content = catalogue.completed(path.read_bytes(), words.sources())
    if signed_off_by:
        try:
            content = catalogue.signed(content, signed_off_by, words.sources())
        except catalogue.NotWhole as error:
            raise click.ClickException(str(error)) from None
    path.write_bytes(content)
    lines = catalogue.parse(content).lines
    missing = sum(1 for one in words.sources() if not lines.get(one))
    click.echo(f"{path.name}: {len(words.sources())} sentences, {missing} not translated.")
    if signed_off_by:
        click.echo("It is signed off: the language can be chosen once this file is in use.")


@click.command("seed-demo")
@click.option("--json", "as_json", is_flag=True, help="Print everything that was made as JSON.")
@click.option("--force", is_flag=True, help="Also into a database that holds people.")
def seed_demo(as_json: bool, force: bool) -> None:
    """Make the demo caseload once (never on a service that real people use) and print it."""
    if not force and demo.holds_people():
        raise click.ClickException(
            "This database is not empty: nothing was created. The demo's accounts have a password that is public. "
            "Set CORDON_DATABASE_URL to an empty database, or repeat the command with --force if you are sure."
        )
    made = demo.seed(clock.now())
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    for person in made["people"]:
        click.echo(f"{person['role']:14} {person['email']:24} {person['password']}")
    for tag in made["tags"]:
        click.echo(f"tag {tag['serial']}  {tag['wearer']}  ({tag['team']})")


@click.command("replay-zone")
@click.argument("zone", type=click.File("r"))
@click.option("--wearer", "wearer_id", type=int, required=True, help="The number of the wearer.")
@click.option("--days", type=click.IntRange(1, zone_replay.MOST_DAYS), default=30, show_default=True)
def replay_zone(zone: IO[str], wearer_id: int, days: int) -> None:
    """Say what ZONE, a GeoJSON Feature, would have raised over a wearer's last days; nothing is stored."""
    try:
        shape = zone_replay.read_zone(json.load(zone))
    except (ValueError, DomainError) as error:
        raise click.ClickException(f"The zone cannot be used: {error}") from None
    if not Wearer.select().where(Wearer.id == wearer_id).exists():
        raise click.ClickException(f"There is no wearer {wearer_id}.")
    click.echo(json.dumps(zone_replay.as_dict(zone_replay.replay_zone(wearer_id, shape, days, clock.now())), indent=2))


@click.command("case-watch")
def case_watch() -> None:
    """Say what is missing from each case and count it; ends with 1 where anything is. Begins the daily look."""
    now = clock.now()
    with db.atomic():
        completeness.ensure_daily(now)
    found = completeness.find(now, silent_after=current_app.extensions["cordon.settings"].tag_silent_after())
    for finding in found:
        # The number and not the name: a terminal's log is kept by others.
        click.echo(f"wearer {finding.wearer_id}: {completeness.TEXTS[finding.item]}")
    click.echo(f"{len(found)} missing")
    if found:
        raise SystemExit(1)


@click.command("load-caseload")
@click.argument("table", type=click.File("r", encoding="utf-8-sig"))
@click.argument("zones", type=click.File("r"))
@click.option("--by", "email", required=True, help="The email address of the supervisor or officer who loads it.")
@click.option("--dry-run", is_flag=True, help="List every row's problem and keep nothing.")
def load_caseload(table: IO[str], zones: IO[str], email: str, dry_run: bool) -> None:
    """Open the cases of TABLE (CSV) with the zones of ZONES (GeoJSON): some at a time."""
    person = Person.get_or_none(case_folding.is_same(Person.email, email), Person.is_active)
    if person is None:
        raise click.ClickException("No account has this email address.")
    rows, shapes = table.read(), zones.read()
    try:
        reading = caseload_import.read(person, rows, shapes, clock.now())
        for one in reading.problems:
            click.echo(f"row {one.row} {one.column}: {one.text}")
        if reading.problems:
            raise click.ClickException(f"{len(reading.problems)} problems: nothing was loaded.")
        if dry_run:
            click.echo(f"{reading.count} cases can be loaded; nothing was kept.")
            return
        done: list[Done] = []
        is_more = True
        while is_more:
            done, is_more = caseload_import.load_part(person, rows, shapes, clock.now(), done)
            click.echo(f"{caseload_import.count_of(done)} of {reading.count} cases loaded.")
    except DomainError as error:
        raise click.ClickException(error.detail) from None


@click.command()
def settings() -> None:
    """Print every setting with unit, default and meaning, as docs/settings.md has them."""
    click.echo(as_markdown())


def _lat_lon(_: click.Context, __: click.Parameter, value: str | None) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        lat, lon = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("write LAT,LON in degrees, for example 51.55,-0.14") from None
    if abs(lat) > 90 or abs(lon) > 180:
        raise click.BadParameter("latitude is within 90 degrees, longitude within 180")
    return lat, lon


@click.command()
@click.argument("trace", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tag", "serial", required=True, help="The tag's serial; its key is read from the database.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the service is.")
@click.option("--key", default=None, help="The tag's key, if the database is not at hand.")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Times real time; 0: at once."
)
@click.option("--to", callback=_lat_lon, default=None, help="LAT,LON: move the first fix there, and the rest with it.")
@click.option("--trace-name", default=None, help="Only the fixes whose field `trace` is this.")
def replay(
    trace: Path,
    serial: str,
    url: str,
    key: str | None,
    speed: float,
    to: tuple[float, float] | None,
    trace_name: str | None,
) -> None:
    """Post the recorded TRACE (JSON lines with t lat lon acc speed hdop sats; .gz too) as the tag SERIAL would."""
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    if key is None:
        row = Tag.get_or_none(case_folding.is_same(Tag.serial, serial))
        if row is None:
            raise click.ClickException(f"No tag has the serial {serial}.")
        key = row.key
        db.release_connection()
    try:
        fixes = traces.read_trace(trace)
        if trace_name is not None:
            fixes = [fix for fix in fixes if fix.get("trace") == trace_name]
        if not fixes:
            raise click.ClickException("No fix of the trace is left to send.")
        if to is not None:
            fixes = traces.moved(fixes, *to)
        with click.progressbar(length=len(fixes), label=f"{serial}: fixes", width=0) as bar:
            tally = traces.replay(fixes, serial, key, url, speed, bar.update, stop)
    except (ValueError, requests.RequestException) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{tally.accepted} accepted, {tally.duplicate} duplicate, {sum(tally.refused.values())} refused")
    for code, count in sorted(tally.refused.items()):
        click.echo(f"  {count} {code}")
    click.echo(f"{tally.requests} requests; the tag is asked to report every {tally.report_interval_s} s")


@click.command("load-places")
@click.argument("files", nargs=-1, required=True, type=click.File(encoding="utf-8-sig"))
@with_appcontext
def load_places(files: tuple[IO[str], ...]) -> None:
    """Load names of places from open data: an ONS Postcode Directory, or files of OS Open Names."""
    for file in files:
        try:
            click.echo(f"{places.load(file)} places from {Path(file.name).name}")
        except DomainError as error:
            raise click.ClickException(f"{Path(file.name).name}: {error.detail}") from None


@click.command("count-figures")
@with_appcontext
def count_figures() -> None:
    """Count what changed since the figures were last looked at, so that the supervisors' page need not."""
    done = 0
    while figures.behind():
        counted = figures.count_changed(clock.now())
        done += counted
        if not counted:
            # Another process counts.
            break
    click.echo(f"{done} alerts counted, {figures.behind()} left.")
