"""Lives through many random histories: ``python -m tests.histories --count 500 --seed 0``; prints each fault."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from backend import db, tag_signatures
from backend.settings import Settings
from tests.histories.history import KINDS
from tests.histories.judge import live_through
from tests.postgres import APPLICATION, PostgresServer, create_database, role_url
from wsgi import create_app


def main() -> int:
    """Run; return 1 where a history came to something else than the truth."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=KINDS, default="plain", help="what they hold beside the plain ones")
    parser.add_argument("--ends-only", action="store_true", help="judge at the end of each history only")
    parser.add_argument("--show", action="store_true", help="print every event of each history")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cordon-histories-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with PostgresServer(folder / "server", is_durable=False) as server:
            admin = server.url()
            db.bind(create_database(admin, "histories"))
            db.migrate(APPLICATION)
            db.database.obj.close_all()
            db.bind(role_url(admin, "histories", APPLICATION))
            return _live(role_url(admin, "histories", APPLICATION), folder, args)


def _live(url: str, folder: Path, args: argparse.Namespace) -> int:
    tag_signatures.forget_known()
    app = create_app(
        Settings(database_url=url, secret_key="a key for tests only", vapid_private_key_file=str(folder / "vapid.pem"))
    )
    began, faulty = time.monotonic(), 0
    try:
        for seed in range(args.seed, args.seed + args.count):
            found = live_through(app, seed, args.kind, ends_only=args.ends_only, show=args.show)
            faulty += bool(found)
            for fault in found:
                print(fault, flush=True)
    finally:
        app.extensions["cordon.committer"].close()
    print(f"{args.count} histories in {time.monotonic() - began:.0f} s, {faulty} with a fault")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
