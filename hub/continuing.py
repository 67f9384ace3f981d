"""The last rung when a channel takes no more answers: a link to a web chat in which the same conversation goes on.

The link's token names the customer's own identity on the channel where they wrote: the web chat shows that log, and what they say
there is said in that conversation. Such a log exists where the channel is set to go on somewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

import jwt

from hub.capabilities import Capabilities
from hub.model import ChannelName, Part, Text
from hub.packing import joined
from hub.runtime import Hub
from hub.splitting import measure
from hub.wording import words

ALGORITHM = "HS256"
LINK_LIFE = timedelta(days=14)


def visitor_key(hub: Hub) -> bytes:
    """What customers' tokens are signed with."""
    return b"visitor\0" + hub.store.secret


def goes_on(hub: Hub, channel: str) -> str:
    """The web chat in which a channel's conversations go on; empty when there is none."""
    settings = hub.channels.get(ChannelName(channel))
    web = settings.continue_in if settings is not None else ""
    there = hub.connectors.get(ChannelName(web))
    return web if there is not None and there.capabilities.pulled else ""


def link_of(hub: Hub, channel: str, address: str) -> str:
    """Where a customer goes on; empty when nowhere. Who has the link is taken for the customer until it expires."""
    web = goes_on(hub, channel)
    if not web or not hub.public_url:
        return ""
    now = hub.now()
    claims = {"aud": web, "sub": address, "at": channel, "iat": now, "exp": now + LINK_LIFE}
    return f"{hub.public_url}/w/{quote(web)}#talk={jwt.encode(claims, visitor_key(hub), ALGORITHM)}"


def with_link(parts: tuple[Part, ...], link: str, there: Capabilities, locale: str) -> tuple[Part, ...]:
    """The parts of the last call that a channel takes, with the link below them; as they are when there is no room for it."""
    if not link or len(parts) != 1 or not isinstance(parts[0], Text):
        return parts
    longer: Sequence[Part] = joined([parts, (Text(text=f"{words(locale)['goes_on']}{link}"),)])
    text = longer[0]
    fits = isinstance(text, Text) and measure(text.text, there.text_unit) <= there.text_limit
    return tuple(longer) if fits else parts
