"""Every setting with its unit and help; read once from the environment and passed down."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "CORDON_"


def _setting(default: Any, unit: str, help: str) -> Any:
    return Field(default=default, description=help, json_schema_extra={"unit": unit})


class Settings(BaseSettings):
    """The configuration of one process; field ``x_y`` is read from the variable ``CORDON_X_Y``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str = _setting(
        "",
        "URL",
        "The PostgreSQL database: postgresql://USER:PASSWORD@HOST:PORT/NAME. Several hosts, and "
        "?target_session_attrs=read-write, let every process follow a failover.",
    )
    database_owner_url: str = _setting(
        "",
        "URL",
        "The same database as the role that owns its tables, for `flask migrate` only: the role of "
        "CORDON_DATABASE_URL then needs to own nothing, and cannot change the schema. Empty: one role does both.",
    )
    database_connections: int = _setting(20, "connections", "Most database connections that one process opens.")
    secret_key: str = _setting(
        "", "text", "Signs sessions and forms. Empty: taken from the file that CORDON_SECRET_KEY_FILE names."
    )
    secret_key_file: str = _setting(
        "var/secret-key", "path", "Holds the secret key; made with mode 600 when it is missing and the key is not set."
    )
    public_url: str = _setting(
        "http://127.0.0.1:8000",
        "URL",
        "How the outside reaches this service: used in links, in callbacks given to providers, and when their "
        "signatures are checked. An https URL makes cookies secure.",
    )
    own_pages_url: str = _setting(
        "",
        "URL",
        "How protected people reach their own pages: a host name that says nothing, which leads to this service. "
        "Empty: CORDON_PUBLIC_URL, whose name stands in the history of their phone.",
    )
    own_pages_exit_url: str = _setting(
        "https://www.bbc.co.uk/weather", "URL", "Where the way out of these pages leads: a page that everyone reads."
    )
    text_senders: str = _setting(
        "",
        "comma-separated numbers or names",
        "From which further numbers, or names of up to 11 letters, protected people can choose that their texts come. "
        "A number needs its callback here for replies; no one can reply to a name.",
    )
    socket_origins: str = _setting(
        "", "comma-separated origins", "Further web origins that may open a socket. Empty: this service's own only."
    )
    trusted_proxies: int = _setting(0, "proxies", "How many reverse proxies in front set X-Forwarded-* truthfully.")
    most_sockets: int = _setting(
        160,
        "sockets",
        "Most sockets of people that one web process holds open; further ones are refused and poll.",
    )
    socket_known_within_s: float = _setting(
        5.0, "seconds", "How long a socket may be open before it has said whose it is; then it is closed."
    )
    tile_url: str = _setting(
        "",
        "URL template",
        "Map tiles as images, e.g. https://tiles.example/{z}/{x}/{y}.png; a vector style is not supported. "
        "Empty: maps show zone, track, scale and distances without tiles.",
    )
    tile_attribution: str = _setting("", "text", "The credit that the tile server's terms ask for, shown on the map.")
    address_api_url: str = _setting(
        "",
        "URL",
        'Where addresses are searched for beside the places that are loaded: asked with POST and {"text": ...}, as '
        "docs/operations.md says. Empty: only what is loaded is searched.",
    )
    address_api_key: str = _setting("", "secret", "Sent to it as a bearer token. Empty: none is sent.")
    address_api_timeout_s: float = _setting(
        3.0, "seconds", "How long it may take; then the page says so, and shows what is loaded."
    )
    max_body_bytes: int = _setting(1_048_576, "bytes", "Largest request body; a larger one is answered 413.")
    max_batch_fixes: int = _setting(1_000, "fixes", "Most fixes in one request of a tag.")
    ingest_queue_size: int = _setting(
        1_000, "requests", "Requests of tags waiting for the committer; when it is full, tags are answered 503."
    )
    ingest_group_size: int = _setting(200, "requests", "Most requests that one transaction commits together.")
    ingest_timeout_s: float = _setting(6.0, "seconds", "Longest wait of a tag's request for its commit before 503.")
    signature_tolerance_s: int = _setting(
        300, "seconds", "How far a signed request's own timestamp may be from now before its fixes are quarantined."
    )
    future_tolerance_s: float = _setting(60.0, "seconds", "How far ahead of now the time of a fix may be.")
    max_fix_age_days: int = _setting(31, "days", "A fix older than this is refused for action and kept in quarantine.")
    keep_signed_days: float = _setting(
        90.0,
        "days",
        "How long the bytes that tags signed are kept, to show what was sent. Their salted digests stay.",
    )
    report_interval_s: int = _setting(
        60, "seconds", "How often a tag, or a protected person's phone, is asked to report while it lies still."
    )
    fast_report_interval_s: int = _setting(15, "seconds", "The same while it moves. It never depends on a place.")
    fast_report_for_s: int = _setting(
        120, "seconds", "How long after it stopped moving it is still asked to report as often as while it moves."
    )
    high_risk_report_interval_s: int = _setting(
        30,
        "seconds",
        "How often the tag of a wearer who is assessed at high or very high risk is asked to report between 22:00 and "
        "06:00 while it lies still.",
    )
    silence_grave_s: float = _setting(
        150.0,
        "seconds",
        "How long a tag may send no usable position before that rings, where it was last seen in or near a zone, or "
        "was tampered with. Two reports at a minute, and half a minute for the network.",
    )
    silence_calls_s: float = _setting(
        240.0,
        "seconds",
        "How long it may send none there before people are called, where it was not tampered with: until then a push "
        "alone tells of it, and one that is back by then calls no one.",
    )
    silence_least_s: float = _setting(
        600.0, "seconds", "The same where it was last seen elsewhere, for a tag that has never been silent for long."
    )
    silence_most_s: float = _setting(
        7_200.0,
        "seconds",
        "The same for a tag that is often silent: one and a half times its longest gap, at most this.",
    )
    repeats_per_hour: int = _setting(
        12,
        "texts and calls",
        "How many texts, and how many calls, that repeat what a person was told of already go to them within an hour. "
        "A first notification, a rise of danger, a message for help and a step to a person who was not told yet are "
        "not counted.",
    )
    tag_silent_h: float = _setting(
        24.0, "hours", "How long a tag that is worn may report nothing before the watch tells that it is silent."
    )
    access_token_s: int = _setting(900, "seconds", "Life of an access token.")
    refresh_token_s: int = _setting(30 * 86_400, "seconds", "Life of a session that is not refreshed.")
    sign_in_limit: str = _setting(
        "10 per minute; 20 per hour",
        "rates",
        "Most wrong attempts to sign in to one account from one address, and to pair a phone; more are answered 429.",
    )
    sign_in_account_limit: str = _setting(
        "100 per hour",
        "rates",
        "The same for one account from all addresses together, except those from which it was signed in to.",
    )
    sign_in_address_limit: str = _setting(
        "60 per minute; 300 per hour",
        "rates",
        "The same for one address and all accounts together, except those signed in to from it.",
    )
    twilio_account_sid: str = _setting("", "text", "Twilio account. Empty: SMS is off, and start-up says so.")
    twilio_auth_token: str = _setting("", "secret", "Twilio auth token: sends, and checks the signature of callbacks.")
    twilio_from: str = _setting(
        "", "E.164 number", "The number that SMS come from; it must be able to receive replies."
    )
    twilio_auth_token_previous: str = _setting(
        "", "secret", "The auth token before the last rotation: callbacks signed with it are still believed."
    )
    twilio_voice_from: str = _setting("", "E.164 number", "The number that calls come from. Empty: that of the SMS.")
    twilio_api_url: str = _setting("https://api.twilio.com", "URL", "Twilio's API, or a local double of it.")
    twilio_fallback_from: str = _setting(
        "", "E.164 number", "A second sender, asked at once when the first one fails. Empty: none."
    )
    twilio_fallback_account_sid: str = _setting(
        "", "text", "The second sender's account. Empty: the first one's, with another number."
    )
    twilio_fallback_auth_token: str = _setting("", "secret", "The auth token of that account.")
    twilio_fallback_api_url: str = _setting("", "URL", "The API of that account. Empty: the first one's.")
    console: bool = _setting(
        False,
        "true or false",
        "For development: where a channel has no credentials, log what would be sent.",
    )
    fcm_credentials: str = _setting(
        "",
        "path",
        "Service account JSON for Firebase Cloud Messaging. Empty: push through it is off, and start-up says so.",
    )
    fcm_url: str = _setting("https://fcm.googleapis.com", "URL", "FCM's API, or a local double of it.")
    provider_timeout_s: float = _setting(3.0, "seconds", "Longest wait for a provider before the next channel goes.")
    lease_s: float = _setting(
        10.0, "seconds", "How long a claimed notification stays its worker's own; then any worker may take it over."
    )
    poll_s: float = _setting(1.0, "seconds", "Longest sleep of the notifier when no commit wakes it.")
    worker_threads: int = _setting(
        16,
        "threads",
        "Deliveries of one channel that one notifier process has under way at once. A quarter as many are kept for "
        "each of the other channels, so that a provider that is slow delays only its own messages.",
    )
    vapid_private_key_file: str = _setting(
        "var/vapid-key.pem",
        "path",
        "Holds the P-256 key that Web Push is signed with; made with mode 600 when it is missing. Keep it: with "
        "another key every browser has to subscribe again.",
    )
    vapid_subject: str = _setting(
        "",
        "URL",
        "Whom push services reach about our pushes: mailto: or https:. Empty: CORDON_PUBLIC_URL where it is https.",
    )
    watchdog_every_s: float = _setting(5.0, "seconds", "How often the watchdog looks whether every alert moves on.")
    duty_line: str = _setting(
        "",
        "E.164 number",
        "A phone that is always staffed: alarms about the service itself are texted to it as well. Empty: none.",
    )
    front_door_url: str = _setting(
        "",
        "URL",
        "Where the watchdog tries from outside whether requests are taken. Empty: CORDON_CANARY_URL, and where that "
        "is empty too CORDON_PUBLIC_URL, so that what is in front is tried as well.",
    )
    run_folder: str = _setting(
        "var",
        "path",
        "Where the processes of one host agree on which of them texts CORDON_DUTY_LINE while the database is away.",
    )
    deadman_url: str = _setting(
        "",
        "URL",
        "Fetched by the watchdog for as long as all is well, so that a monitor outside notices when it stops. "
        "Empty: off.",
    )
    deadman_every_s: float = _setting(15.0, "seconds", "How often that URL is fetched.")

    canary_every_s: float = _setting(
        300.0,
        "seconds",
        "How often the canary walks into its test zone, once `canary-setup` has made it; less than 60 counts as 60. "
        "0: off.",
    )
    canary_within_s: float = _setting(
        120.0, "seconds", "How long a walk may take to the canary's phone before an alarm is raised."
    )
    canary_url: str = _setting(
        "", "URL", "Where the canary's tag posts. Empty: CORDON_PUBLIC_URL, so that what is in front is tried as well."
    )

    def senders_of_texts(self) -> tuple[str, ...]:
        """Return the senders that protected people can choose beside the usual one."""
        return tuple(one.strip() for one in self.text_senders.split(",") if one.strip())

    def has_neutral_host(self) -> bool:
        """Tell whether own pages have a host of their own, whose name a text may carry."""
        own = urlsplit(self.own_pages_url).netloc
        return bool(own) and own != urlsplit(self.public_url).netloc

    def own_pages_address(self) -> str:
        """Return under which address protected people reach their own pages."""
        return self.own_pages_url or self.public_url

    metrics_token: str = _setting(
        "", "text", "What a Prometheus scraper sends as a bearer token to read /metrics. Empty: /metrics is off."
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read each setting from its variable, of this process where no others are given.

        Raises: ValueError naming each variable whose value is not of the setting's type, and not the value.
        """
        names = {variable(name): name for name in cls.model_fields}
        given = {names[key]: text for key, text in (os.environ if environ is None else environ).items() if key in names}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = [f"{variable(str(one['loc'][0]))}: {one['msg']}" for one in error.errors()]
            raise ValueError(". ".join(wrong)) from None

    def changed(self, **changes: Any) -> Settings:
        """Return these settings with some of them changed."""
        return type(self).model_validate(self.model_dump() | changes)

    def tag_silent_after(self) -> timedelta:
        """Return how long a worn tag may report nothing."""
        return timedelta(hours=self.tag_silent_h)

    def signing_key(self) -> str:
        """Return the secret key, making and keeping one on first use when none is configured."""
        if self.secret_key:
            return self.secret_key
        path = Path(self.secret_key_file)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return path.read_text().strip()
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
        return path.read_text().strip()


def variable(name: str) -> str:
    """Return the environment variable of the setting called ``name``."""
    return f"{PREFIX}{name.upper()}"


def unit_of(name: str) -> str:
    """Return the unit of a setting."""
    extra = Settings.model_fields[name].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def as_markdown() -> str:
    """Return the table of docs/settings.md: each variable with unit, default and help."""
    rows = []
    for name, item in Settings.model_fields.items():
        default = "empty" if item.default == "" else f"`{item.default}`"
        rows.append(f"| `{variable(name)}` | {unit_of(name)} | {default} | {item.description} |")
    return "\n".join(["| variable | unit | default | meaning |", "|---|---|---|---|", *rows])
