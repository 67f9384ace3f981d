"""Everything that a fault run is made of, started in order and ended in order, whatever happens in between."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.driver import Driver
from tests.faults.keeper import Keeper
from tests.faults.ledger import Ledger
from tests.faults.load import Spec
from tests.faults.nemesis import Nemesis
from tests.faults.platforms import CALL_S, LOOKUP_S, Platforms
from tests.faults.proxy import Proxy
from tests.faults.records import Records
from tests.faults.services import OwnPostgres, OwnRedis, Service, postgres_programs
from tests.servers.installation import HOOK_SECRET, TELEGRAM, Running, installed
from tests.servers.telegram import TOKEN

DESK = f"rate: 1000\nupdates_per_minute: 6000\ntimeout: {CALL_S}\nlookup_after: {LOOKUP_S}\nchannels: {{web: C0WEB}}\n"
POSTGRES = "postgresql://postgres@127.0.0.1:{}/frontdesk"
WEBS = WORKERS = 2


@dataclass
class World:
    """One installation, its platforms, its load and what is done to it."""

    run: str
    platforms: Platforms
    proxies: dict[str, Proxy]
    keeper: Keeper
    driver: Driver
    nemesis: Nemesis
    ledger: Ledger
    records: Records
    redis: OwnRedis
    files: Path
    """Where the hub keeps files."""


@dataclass(frozen=True)
class Asked:
    """What a run is asked for."""

    messages: int
    kills: int
    flushes: int
    seed: int


@dataclass
class Place:
    """The parts that the hub needs before it can start."""

    redis: OwnRedis
    services: list[Service]
    platforms: Platforms
    proxies: dict[str, Proxy]
    database_url: str
    """For the hub: through the proxy, or empty for SQLite."""
    direct_url: str
    """For the ledger."""


async def place(stack: AsyncExitStack, database: str, folder: Path) -> Place:
    """Redis, database, platforms, and a proxy before each; the one before the web processes knows none of them yet."""
    services: list[Service] = [redis := OwnRedis(folder)]
    stack.push_async_callback(redis.aclose)
    await redis.start()
    platforms = Platforms(folder)
    stack.push_async_callback(platforms.aclose)
    ports = {"redis": redis.port, "telegram": platforms.telegram_port, "slack": platforms.slack_port}
    urls = "", f"sqlite:///{folder}/data/frontdesk.db"
    if database == "postgres":
        found = postgres_programs()
        assert found is not None
        services.append(cluster := OwnPostgres(found))
        stack.push_async_callback(cluster.aclose)
        await cluster.create("frontdesk")
        ports["postgres"] = cluster.port
    proxies = {"front": Proxy("front")} | {name: Proxy(name, port) for name, port in ports.items()}
    for proxy in proxies.values():
        stack.push_async_callback(proxy.aclose)
        await proxy.start()
    if database == "postgres":
        urls = POSTGRES.format(proxies["postgres"].port), POSTGRES.format(ports["postgres"])
    await platforms.start(proxies["front"].url)
    return Place(redis, services, platforms, proxies, *urls)


@asynccontextmanager
async def hub_at(here: Place, folder: Path, run: str) -> AsyncIterator[Running]:
    """The hub's processes behind all the proxies."""
    ways = here.proxies
    telegram = TELEGRAM.format(token=TOKEN, secret=HOOK_SECRET, url=ways["telegram"].url) + f"timeout: {CALL_S}\n"
    async with installed(
        folder,
        here.database_url,
        f"redis://127.0.0.1:{ways['redis'].port}/0",
        slack=f"{ways['slack'].url}/api/",
        desk=DESK,
        files={"channels/telegram.yaml": telegram},
        webs=WEBS,
        workers=WORKERS,
        environment={"FRONTDESK_RUN": run},
    ) as hub:
        ways["front"].targets = list(hub.ports.values())
        yield hub


@asynccontextmanager
async def world(database: str, asked: Asked, folder: Path) -> AsyncIterator[World]:
    """A running world on `sqlite` or `postgres`; its logs are in `folder`."""
    async with AsyncExitStack() as stack:
        records = Records(folder / "faults.jsonl")
        stack.callback(records.close)
        here, run = await place(stack, database, folder), secrets.token_hex(8)
        hub = await stack.enter_async_context(hub_at(here, folder, run))
        keeper = Keeper(hub, records, random.Random(asked.seed))
        stack.push_async_callback(keeper.aclose)
        keeper.keep()
        ledger = Ledger(here.direct_url)
        stack.push_async_callback(ledger.aclose)
        ways = here.proxies
        driver = Driver(Spec(str(folder), ways["front"].url, here.platforms.slack, HOOK_SECRET, asked.messages, asked.seed))
        stack.push_async_callback(driver.aclose)
        await driver.start()
        what = (asked.seed, asked.kills, asked.flushes)
        nemesis = Nemesis(keeper, here.services, list(ways.values()), records, lambda: driver.share, *what)
        yield World(run, here.platforms, ways, keeper, driver, nemesis, ledger, records, here.redis, folder / "data" / "files")
