"""Calls to addresses that admins and strangers write: never into private networks, never after a redirect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx

from hub.errors import Temporary, Undeliverable

Networks = Sequence[IPv4Network | IPv6Network]
RESOLVE_S = 5.0
NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses that stand for an IPv4 address behind a translator (RFC 6052 §2.1)."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """An address whose host was looked up and found good: the call goes to that very IP, so that a second look-up changes
    nothing (DNS rebinding). TLS still asks for the certificate of the name."""

    url: httpx.URL
    host: str
    extensions: dict[str, Any]


def client_of(timeout: float) -> httpx.AsyncClient:
    """A client that follows no redirect and uses no proxy that the environment names. Nothing is kept open: a connection belongs
    to one look-up."""
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=0)
    return httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False, limits=limits)


def is_public(address: str, allowed: Networks) -> bool:
    """Whether an IP may be called."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inner = ip_address(found.packed[-4:])  # type: ignore[assignment]
        if inner is not None:
            return is_public(str(inner), allowed)
        if found.teredo is not None:
            return False
    if any(found in network for network in allowed if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


async def pin(address: str, allowed: Networks) -> Pinned:
    """Look a host up, once. Raises `Undeliverable` for what may not be called, `Temporary` when it can't be found now."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError):
        raise Undeliverable("the address is none") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise Undeliverable("only http and https addresses without a password in them are called")
    try:
        async with asyncio.timeout(RESOLVE_S):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(url.host, url.port or (443 if url.scheme == "https" else 80), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Temporary(f"{url.host} can't be found") from None
    ips = [str(entry[4][0]) for entry in found]
    if not ips or not all(is_public(ip, allowed) for ip in ips):
        raise Undeliverable(f"{url.host} is in a network that may not be called: see private_networks in the channel's YAML")
    return Pinned(url.copy_with(host=ips[0]), url.netloc.decode("ascii"), {"sni_hostname": url.host})
