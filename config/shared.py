"""What web and worker need alike, imported once before they are forked; and the tables, made before either of them asks."""

from __future__ import annotations

import asyncio
import contextlib

from agents_bridge import DESKS
from config.load import Installation
from connectors import CONNECTORS


def import_store(url: str) -> None:
    """Import the store and the driver of this database."""
    import hub.store.store  # noqa: F401 -- what every child needs
    from hub.store.database import parse_url

    parse_url(url).get_dialect().import_dbapi()


def import_places(installation: Installation) -> None:
    """Import the SDKs of the channels and desks that there are."""
    for channel in installation.channels.values():
        CONNECTORS[channel.type].load()
    for desk in installation.desks.values():
        DESKS[desk.type].load()


def bring_up_to_date(url: str) -> None:
    """Make or upgrade the tables. What is wrong with the database is told by the processes that need it."""
    from hub.store.migrate import migrate

    with contextlib.suppress(Exception):
        asyncio.run(migrate(url))
