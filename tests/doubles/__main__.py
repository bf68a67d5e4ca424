"""Serves the doubles and the phone wall: `python -m tests.doubles --port 8100 --cordon-url http://127.0.0.1:8000`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.doubles.api import Doubles
from tests.doubles.exchange import Options
from tests.doubles.wall import people_in

SERVICE_ACCOUNT = "fcm-service-account.json"


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100, help="0 takes a free one (default 8100)")
    parser.add_argument("--cordon-url", default="http://127.0.0.1:8000", help="where replies and webhooks go")
    parser.add_argument("--public-url", default="", help="the address that Cordon gives out, if it is another")
    parser.add_argument("--twilio-auth-token", default=Options.auth_token, help="checked, and signs callbacks")
    parser.add_argument("--account-sid", default=Options.account_sid)
    parser.add_argument("--project-id", default=Options.project_id, help="the FCM project")
    parser.add_argument("--credentials-dir", type=Path, help=f"write {SERVICE_ACCOUNT} here, readable by its owner")
    parser.add_argument("--people", type=Path, help="JSON list of label, phone, push_token, role; or {'people': [...]}")
    parser.add_argument("--sent-after-s", type=float, default=0.3, help="time until an SMS is sent")
    parser.add_argument("--delivered-after-s", type=float, default=0.9, help="time from sent to delivered")
    parser.add_argument("--ring-s", type=float, default=25.0, help="how long a call rings at the wall")
    parser.add_argument("--gather-s", type=float, default=20.0, help="how long a call waits for a key at the wall")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    given = arguments()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    doubles = Doubles(
        given.cordon_url,
        given.twilio_auth_token,
        host=given.host,
        port=given.port,
        account_sid=given.account_sid,
        project_id=given.project_id,
        sent_after_s=given.sent_after_s,
        delivered_after_s=given.delivered_after_s,
        ring_s=given.ring_s,
        gather_s=given.gather_s,
    )
    doubles.public_url = given.public_url
    if given.people:
        doubles.introduce(people_in(given.people))
    if given.credentials_dir:
        doubles.service_account(given.credentials_dir / SERVICE_ACCOUNT)
    doubles.start()
    print(f"Phone wall and providers at {doubles.url}", flush=True)
    stopping.wait()
    doubles.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
