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
from tests.servers.installation import HOOK_SECRET, TELEGRAM, installed
from tests.servers.telegram import TOKEN

DESK = f"rate: 1000\ntimeout: {CALL_S}\nlookup_after: {LOOKUP_S}\nchannels: {{web: C0WEB}}\n"
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


@dataclass(frozen=True)
class Asked:
    """What a run is asked for."""

    messages: int
    kills: int
    flushes: int
    seed: int


@asynccontextmanager
async def world(database: str, asked: Asked, folder: Path) -> AsyncIterator[World]:
    """A running world on `sqlite` or `postgres`; its logs are in `folder`."""
    async with AsyncExitStack() as stack:
        records = Records(folder / "faults.jsonl")
        stack.callback(records.close)
        services: list[Service] = [redis := OwnRedis(folder)]
        stack.push_async_callback(redis.aclose)
        await redis.start()
        database_url, direct_url = "", f"sqlite:///{folder}/data/frontdesk.db"
        platforms = Platforms(folder)
        stack.push_async_callback(platforms.aclose)
        targets = {"front": (), "redis": (redis.port,), "telegram": (platforms.telegram_port,), "slack": (platforms.slack_port,)}
        proxies = {name: await Proxy(name, *ports).start() for name, ports in targets.items()}
        if database == "postgres":
            found = postgres_programs()
            assert found is not None
            services.append(cluster := OwnPostgres(found))
            stack.push_async_callback(cluster.aclose)
            await cluster.create("frontdesk")
            proxies["postgres"] = await Proxy("postgres", cluster.port).start()
            database_url, direct_url = (
                f"postgresql://postgres@127.0.0.1:{port}/frontdesk" for port in (proxies["postgres"].port, cluster.port)
            )
        for proxy in proxies.values():
            stack.push_async_callback(proxy.aclose)
        front = proxies["front"]
        await platforms.start(front.url)
        run = secrets.token_hex(8)
        telegram = TELEGRAM.format(token=TOKEN, secret=HOOK_SECRET, url=proxies["telegram"].url) + f"timeout: {CALL_S}\n"
        hub = await stack.enter_async_context(
            installed(
                folder,
                database_url,
                f"redis://127.0.0.1:{proxies['redis'].port}/0",
                slack=f"{proxies['slack'].url}/api/",
                desk=DESK,
                files={"channels/telegram.yaml": telegram},
                webs=WEBS,
                workers=WORKERS,
                environment={"FRONTDESK_RUN": run},
            )
        )
        front.targets = list(hub.ports.values())
        keeper = Keeper(hub, records, random.Random(asked.seed))
        stack.push_async_callback(keeper.aclose)
        keeper.keep()
        ledger = Ledger(direct_url)
        stack.push_async_callback(ledger.aclose)
        spec = Spec(str(folder), front.url, platforms.slack, HOOK_SECRET, asked.messages, asked.seed)
        driver = Driver(spec)
        stack.push_async_callback(driver.aclose)
        await driver.start()
        nemesis = Nemesis(
            keeper, services, list(proxies.values()), records, lambda: driver.share, asked.seed, asked.kills, asked.flushes
        )
        yield World(run, platforms, proxies, keeper, driver, nemesis, ledger, records)
