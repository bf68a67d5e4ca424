"""A story by a client that openapi-python-client made: sign in, list alerts, acknowledge one, open a case, read it.

It runs in a process of its own, in a folder where the client was generated as ``cordon_client``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from cordon_client import AuthenticatedClient, Client  # type: ignore[import-not-found]
from cordon_client.api.alerts import acknowledge_alert, list_alerts  # type: ignore[import-not-found]
from cordon_client.api.cases import get_case, open_case  # type: ignore[import-not-found]
from cordon_client.api.sessions import sign_in  # type: ignore[import-not-found]
from cordon_client.models import OpenCase, SignInIn  # type: ignore[import-not-found]


def tell(told: dict[str, Any]) -> dict[str, Any]:
    """Do what an officer does, through the generated functions alone; return what was seen."""
    anybody = Client(base_url=told["url"])
    tokens = sign_in.sync(client=anybody, body=SignInIn(email=told["email"], password=told["password"]))
    client = AuthenticatedClient(base_url=told["url"], token=tokens.access_token)
    listed = list_alerts.sync(client=client)
    alert = listed.alerts[0]
    acknowledged = acknowledge_alert.sync(alert.id, client=client, danger=alert.danger, cordon_epoch=listed.epoch)
    made = open_case.sync(client=client, body=OpenCase.from_dict(told["case"]))
    seen = get_case.sync(made.id, client=client)
    refused = open_case.sync(client=client, body=OpenCase.from_dict({**told["case"], "serial": ""}))
    return {
        "handling": str(acknowledged.handling),
        "by": acknowledged.acknowledgement.by.name,
        "wearer": seen.name,
        "conditions": [one.wording for one in seen.orders[0].conditions],
        "refused": [one.field for one in refused.errors],
    }


if __name__ == "__main__":
    print(json.dumps(tell(json.loads(sys.argv[1]))))
