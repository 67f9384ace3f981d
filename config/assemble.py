"""Settings → a running Hub: the only place where a name meets a class and where concrete things are made."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

from agents_bridge import DESKS
from config.load import Installation
from config.valkey import redis_url
from connectors import CONNECTORS
from hub.beginning import beginning
from hub.errors import ConfigError, ConnectorError
from hub.files import FileStore
from hub.intake import Intake
from hub.jobs import Jobs, connected_soon
from hub.journal import set_up
from hub.limits import Limits
from hub.live import Live
from hub.looking import agent_at, looking, on_duty
from hub.model import ChannelName, DeskName
from hub.ports import Connector, Desk, Kit, SupportsAnnounce, SupportsPolling
from hub.runtime import Hub
from hub.store.store import Store, open_store

log = structlog.get_logger()
Role = Literal["web", "worker", "command"]


@asynccontextmanager
async def open_hub(installation: Installation, role: Role) -> AsyncIterator[Hub]:
    """Everything that a process needs, closed in reverse at the end. Raises `ConfigError` when it can't be had."""
    settings = installation.hub
    set_up(settings.log_level, to=sys.stderr if role == "command" else sys.stdout)
    store = await open_store(settings.database_url, lanes=settings.lanes, pool=settings.pool)
    try:
        async with connected_soon(await asyncio.to_thread(redis_url, settings)) as redis:
            hub = _hub(installation, store, Jobs(redis, f"fd{store.epoch[-10:]}"))
            try:
                if role == "worker":
                    await _announce(hub)
                yield hub
            finally:
                await hub.intake.aclose()
                for connector in hub.connectors.values():
                    await connector.aclose()
                for desk in hub.desks.values():
                    await desk.aclose()
                await hub.jobs.aclose()
    finally:
        await store.close()


def _hub(installation: Installation, store: Store, jobs: Jobs) -> Hub:
    settings = installation.hub
    sources: dict[str, object] = {}
    files = FileStore(Path(settings.data) / "files", store.files, sources, store.secret, settings.own_url)
    teams = tuple(installation.routing.teams)
    look = looking(store, settings.public_url)
    connectors: dict[ChannelName, Connector] = {}
    begin = beginning(store, connectors, functools.partial(agent_at, store))
    kit = Kit(files, settings.public_url, lambda: datetime.now(UTC), teams, installation.canned, look, begin, on_duty(store))
    connectors |= {name: CONNECTORS[one.type].load()(name, one, kit) for name, one in installation.channels.items()}
    desks: dict[DeskName, Desk] = {name: DESKS[one.type].load()(name, one, kit) for name, one in installation.desks.items()}
    sources |= {str(name): place for name, place in connectors.items()}
    sources |= {str(name): desk for name, desk in desks.items()}
    return Hub(
        store=store,
        jobs=jobs,
        live=Live(jobs.redis, jobs.prefix),
        files=files,
        limits=Limits(jobs.redis, jobs.prefix),
        intake=Intake(store.inbox, jobs, lanes=store.lanes),
        connectors=connectors,
        channels=installation.channels,
        desks=desks,
        routing=installation.routing,
        bot=installation.bot,
        notices=installation.notices,
        canned=installation.canned,
        survey=installation.survey,
        workbench=installation.workbench,
        access=installation.access,
        promises=installation.promises,
        public_url=settings.own_url,
        now=lambda: datetime.now(UTC),
        keep_raw_s=settings.keep_raw_days * 86400,
        reopen_within_s=settings.reopen_hours * 3600,
    )


async def _announce(hub: Hub) -> None:
    """Tell platforms where their hooks are; a platform that can't be reached now is told at the next start."""
    places: dict[str, object] = {**{str(k): v for k, v in hub.connectors.items()}, **{str(k): v for k, v in hub.desks.items()}}
    for name, place in places.items():
        if not isinstance(place, SupportsAnnounce) or (isinstance(place, SupportsPolling) and place.polling):
            continue
        try:
            await place.announce(f"{hub.public_url}/hooks/{name}")
        except (ConnectorError, ConfigError) as exc:
            log.error("channel.not_announced", channel=name, error=str(exc))
