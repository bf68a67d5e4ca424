"""Which network addresses a URL from outside may make us connect to: only those of the public internet."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Source: RFC 6052, the well-known prefix of NAT64: the last 32 bits are an IPv4 address.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Source: RFC 4291, section 2.5.5.1: IPv4-compatible addresses, which some systems still route as IPv4.
COMPATIBLE = ipaddress.IPv6Network("::/96")
# So many look-ups may be under way: a name server that hangs takes no more threads than that.
MOST_AT_ONCE = 8

_slots = threading.BoundedSemaphore(MOST_AT_ONCE)


class NotPublic(Exception):
    """The name leads to an address that is not public: a machine of our own network, or no one's."""


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, also one that hides within an IPv6 address."""
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or getattr(one, "is_site_local", False))
        for one in _meant(address)
    )


def _meant(address: Address) -> list[Address]:
    """Return the address itself, unless it is the IPv4 address in IPv6's form, and what it would be translated to."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    within: list[Address] = [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if address in NAT64 else []
    if address in COMPATIBLE:
        within.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None:
        within.append(address.sixtofour)
    if address.teredo is not None:
        within += address.teredo
    return [address, *within] if address not in NAT64 else within


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses that a name leads to now, the first to be tried first; none where it is not known."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    # An IPv6 address may carry the name of an interface.
    return list(dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found))


def resolve_within(host: str, port: int, within_s: float) -> list[Address]:
    """Return the same, or none where no name server answers within ``within_s``; the caller holds nothing meanwhile."""
    if not _slots.acquire(blocking=False):
        return []
    found: list[Address] = []
    done = threading.Event()

    def look() -> None:
        try:
            found.extend(resolve(host, port))
        finally:
            _slots.release()
            done.set()

    threading.Thread(target=look, name="resolve", daemon=True).start()
    return list(found) if done.wait(within_s) else []


def require_public(addresses: Sequence[Address], *, or_loopback: bool) -> None:
    """Raises: NotPublic where any of these is not public, nor on loopback where that is allowed for development."""
    for address in addresses:
        if not (is_public(address) or (or_loopback and address.is_loopback)):
            raise NotPublic("the name leads to an address that is not public")
