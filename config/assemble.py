"""Settings → a running Hub: the only place where a name meets a class and where concrete things are made."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog

from agents_bridge import DESKS
from config import data_folder, valkey
from config.load import Installation
from connectors import CONNECTORS
from connectors.tracker import SignedTracker
from connectors.translators import translator_of
from hub.alone import Alone
from hub.beginning import beginning
from hub.colleagues import colleagues
from hub.errors import ConfigError, ConnectorError
from hub.files import FileStore
from hub.intake import Intake
from hub.jobs import Jobs, connected_soon, pool_to
from hub.journal import set_up
from hub.limits import Limits
from hub.linked import LinkCodes
from hub.live import Live
from hub.looking import agent_at, looking, on_duty
from hub.model import ChannelName, DeskName
from hub.ports import Connector, Desk, Kit, SupportsAnnounce, SupportsPolling
from hub.runtime import Hub
from hub.saved import ways
from hub.store.store import Store, open_store

if TYPE_CHECKING:
    from config.settings import HubSettings
    from hub.installing import Installing

log = structlog.get_logger()
Role = Literal["web", "worker", "command"]


@asynccontextmanager
async def open_hub(installation: Installation, role: Role) -> AsyncIterator[Hub]:
    """Everything that a process needs, closed in reverse at the end. Raises `ConfigError` when it can't be had. A command starts
    nothing and makes nothing: it would leave both behind."""
    settings = installation.hub
    set_up(settings.log_level, to=sys.stderr if role == "command" else sys.stdout)
    if role == "command":
        installation = data_folder.as_run(installation)
    else:
        data_folder.made(settings.data)
    store = await open_store(settings.database_url, lanes=settings.lanes, pool=settings.pool)
    try:
        async with _jobs(settings, role, f"fd{store.epoch[-10:]}") as jobs:
            hub = _hub(installation, store, jobs)
            announcing = asyncio.create_task(_announce(hub), name="announce") if role == "worker" else None
            try:
                yield hub
            finally:
                if announcing is not None:
                    announcing.cancel()
                    await asyncio.gather(announcing, return_exceptions=True)
                await hub.intake.aclose()
                for connector in hub.connectors.values():
                    await connector.aclose()
                for desk in hub.desks.values():
                    await desk.aclose()
                if hub.translator is not None:
                    await hub.translator.aclose()
                if hub.tracker is not None:
                    await hub.tracker.aclose()
                await hub.jobs.aclose()
    finally:
        await store.close()


@asynccontextmanager
async def _jobs(settings: HubSettings, role: Role, prefix: str) -> AsyncIterator[Jobs]:
    """The queue; a command that finds no server of ours does without, and the next sweep finds what it wrote."""
    if role == "command" and not valkey.runs(settings):
        yield Jobs(pool_to(valkey.known_url(settings)), prefix, heard=False)
        return
    url = valkey.known_url(settings) if role == "command" else await asyncio.to_thread(valkey.redis_url, settings)
    async with connected_soon(url) as redis:
        yield Jobs(redis, prefix)


def _hub(installation: Installation, store: Store, jobs: Jobs) -> Hub:
    settings = installation.hub
    sources: dict[str, object] = {}
    files = FileStore(Path(settings.data) / "files", store.files, sources, store.secret, settings.own_url)
    connectors: dict[ChannelName, Connector] = {}
    installs = _installs(installation, store)
    kit = _kit(installation, store, jobs, files, connectors, installs)
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
        installs=installs,
        promises=installation.promises,
        translation=installation.translation,
        tracker=SignedTracker(installation.tasks.tracker) if installation.tasks.tracker else None,
        translator=translator_of(installation.translation.service) if installation.translation.service else None,
        public_url=settings.own_url,
        now=lambda: datetime.now(UTC),
        keep_raw_s=settings.keep_raw_days * 86400,
        reopen_within_s=settings.reopen_hours * 3600,
    )


def _kit(
    installation: Installation,
    store: Store,
    jobs: Jobs,
    files: FileStore,
    connectors: Mapping[ChannelName, Connector],
    installs: Installing | None,
) -> Kit:
    settings = installation.hub
    look, begin = looking(store, settings.public_url), beginning(store, connectors, functools.partial(agent_at, store))
    facts = (files, settings.public_url, lambda: datetime.now(UTC), tuple(installation.routing.teams), installation.canned)
    alone, staff = Alone(jobs.redis, jobs.prefix), colleagues(store, installation.routing, installation.access)
    more = (*ways(store, installation.canned), staff, installation.tasks.title)
    return Kit(*facts, look, begin, on_duty(store), installs, LinkCodes(store), alone, *more)


def _installs(installation: Installation, store: Store) -> Installing | None:
    """What seals tokens, with the cryptography behind it, only where a desk has any to keep."""
    if not any(desk.keeps_tokens for desk in installation.desks.values()):
        return None
    from hub.installing import Installing
    from hub.sealing import Sealer, key_of

    return Installing(store, Sealer([key_of(key.get_secret_value()) for key in installation.hub.seal_keys]))


async def _announce(hub: Hub) -> None:
    """Tell platforms where their hooks are, while the worker works: a slow one keeps no message waiting. A platform that can't be
    reached now is told at the next start."""
    places: dict[str, object] = {**{str(k): v for k, v in hub.connectors.items()}, **{str(k): v for k, v in hub.desks.items()}}
    for name, place in places.items():
        if not isinstance(place, SupportsAnnounce) or (isinstance(place, SupportsPolling) and place.polling):
            continue
        try:
            await place.announce(f"{hub.public_url}/hooks/{name}")
        except (ConnectorError, ConfigError) as exc:
            log.error("channel.not_announced", channel=name, error=str(exc))
        except Exception as exc:
            log.error("channel.not_announced", channel=name, error=repr(exc), exc_info=exc)
