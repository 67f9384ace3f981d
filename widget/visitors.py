"""Who a customer of a web chat is: a signed token, no row before the first message, and pages that may embed the chat."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from starlette.requests import HTTPConnection

from config.settings import WebSettings
from hub.continuing import ALGORITHM, goes_on, visitor_key
from hub.model import ChannelName, ExternalId, IdentityId, Profile, Proved, identity_of
from hub.runtime import Hub
from widget.answers import Refusal
from widget.identities import Signed

LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer as their token says; `channel` is where they wrote first, when a conversation from elsewhere goes on here."""

    channel: ChannelName
    id: ExternalId
    identity: IdentityId
    profile: Profile
    locale: str
    signed: bool = False
    """Whether a backend has said who this is."""
    proved: Proved | None = None
    until: int = 0
    """When the token is over, in seconds since 1970."""


def settings_of(hub: Hub, channel: str) -> WebSettings:
    """A web chat's settings. Raises `Refusal` 404 for any other name."""
    found = hub.channels.get(ChannelName(channel))
    connector = hub.connectors.get(ChannelName(channel))
    if not isinstance(found, WebSettings) or connector is None:
        raise Refusal(404, "not_found", "there is no such chat")
    return found


def origin_allowed(settings: WebSettings, connection: HTTPConnection, public_url: str) -> bool:
    """Whether the page that asks may embed the chat. Apps send no Origin; a page of the hub's own always may."""
    origin = connection.headers.get("origin")
    if origin is None or not settings.origins:
        return True
    own = {f"{scheme}://{connection.headers.get('host', '')}" for scheme in ("http", "https")}
    parts = urlsplit(public_url)
    return origin in {*settings.origins, *own, f"{parts.scheme}://{parts.netloc}"}


def signed_token(hub: Hub, channel: str, signed: Signed, hours: float, locale: str) -> tuple[str, str]:
    """(token, customer id) of a customer whom a backend names; what it says of them counts, and not what the page or app says."""
    now = hub.now()
    told = {"name": signed.name, "email": signed.email, "lang": signed.locale or locale, "attributes": signed.attributes}
    claims: dict[str, Any] = {"aud": channel, "sub": signed.address, "iat": now, "exp": now + timedelta(hours=hours)}
    claims |= {"signed": True, "who": {k: v for k, v in told.items() if v}}
    if any(proved := signed.proved.model_dump(exclude_defaults=True)):
        claims["proved"] = proved
    return jwt.encode(claims, visitor_key(hub), ALGORITHM), signed.address


def new_token(hub: Hub, channel: str, values: dict[str, Any], known: Visitor | None) -> tuple[str, str]:
    """(token, customer id): of the customer that a still valid token names, else of a new one. A signed customer's session does
    not get longer by asking: their backend must say again who they are."""
    customer = str(known.id) if known else f"v{secrets.token_urlsafe(18)}"
    told = {k: v for k, v in values.items() if v and not (known and known.signed)}
    if known is not None:
        told = {"name": known.profile.name, "email": known.profile.email, "lang": known.locale} | told
        told["attributes"] = told.get("attributes") or known.profile.attributes
    now = hub.now()
    claims: dict[str, Any] = {"aud": channel, "sub": customer, "iat": now, "exp": now + LIFE}
    claims["who"] = {k: v for k, v in told.items() if v}
    if known is not None and known.channel != channel:
        claims["at"] = known.channel
    if known is not None and known.signed:
        claims |= {"signed": True, "exp": known.until}
        if known.proved is not None:
            claims["proved"] = known.proved.model_dump(exclude_defaults=True)
    return jwt.encode(claims, visitor_key(hub), ALGORITHM), customer


def visitor_of(hub: Hub, channel: str, token: str, *, strangers: bool = False) -> Visitor:
    """The customer that a token names; `strangers` also where the chat takes none any more. Raises `Refusal` 401."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token, visitor_key(hub), [ALGORITHM], audience=channel, options={"require": ["exp", "sub", "aud"]}
        )
    except jwt.PyJWTError:
        raise Refusal(401, "token", "the session is over; ask for a new one") from None
    who = claims.get("who") or {}
    where = str(claims.get("at") or channel)
    if where != channel and goes_on(hub, where) != channel:
        raise Refusal(401, "token", "this conversation does not go on here")
    identity = settings_of(hub, channel).identity
    if not strangers and identity is not None and identity.required and where == channel and not claims.get("signed"):
        raise Refusal(401, "identity", "this chat needs an identity that the shop's or app's backend has signed")
    return Visitor(
        channel=ChannelName(where),
        id=ExternalId(claims["sub"]),
        identity=identity_of(where, claims["sub"]),
        profile=Profile(name=who.get("name", ""), email=who.get("email", ""), attributes=who.get("attributes") or {}),
        locale=who.get("lang", ""),
        signed=bool(claims.get("signed")),
        proved=Proved(**claims["proved"]) if claims.get("proved") else None,
        until=int(claims["exp"]),
    )


def address_of(connection: HTTPConnection, trusted: tuple[str, ...]) -> str:
    """The sender's address; what proxies say is believed only of proxies that are trusted. An IPv6 network counts as one."""
    address = connection.client.host if connection.client else "unknown"
    forwarded = connection.headers.get("x-forwarded-for", "")
    if address in trusted and forwarded:
        address = forwarded.split(",")[-1].strip()[:64]
    return ":".join(address.split(":")[:4]) if ":" in address else address
