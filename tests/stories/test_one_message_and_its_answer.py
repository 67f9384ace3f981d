"""What Frontdesk exists for: a customer's message reaches a Slack thread, and the agent's answer reaches the customer.

Read this first. Everything here is real: web and worker processes, HTTP both ways, a database and a Redis. Only the two
platforms are servers of our own that behave like Telegram and Slack (tests/servers), and the update is one that was captured
from a real customer.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import own_valkey, until
from tests.databases import throw_away_database
from tests.faults.ledger import Ledger
from tests.servers.installation import Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.telegram import TelegramServer, telegram

CAPTURED = Path(__file__).parents[3] / "shared" / "payloads" / "telegram" / "015_cw_text.json"
OWN = Path(__file__).parents[1] / "payloads" / "telegram" / "text.json"
PLACES = {
    "sqlite": ("", False),
    "postgres": ("TEST_POSTGRES_URL", True),
    "mysql": ("TEST_MYSQL_URL", True),
}


@dataclass
class World:
    """The customer's platform, the agents' platform, and Frontdesk between them."""

    telegram: TelegramServer
    slack: SlackServer
    hub: Running
    ledger: Ledger

    def thread_of(self, line: str) -> str:
        """The Slack thread that holds a customer's line, as "channel:ts"; empty while there is none."""
        found = [post for post in self.slack.posts() if post["thread_ts"] and line in post["text"]]
        return f"{found[0]['channel']}:{found[0]['thread_ts']}" if found else ""

    def answers(self, chat: int) -> list[str]:
        """The texts that one customer's Telegram was sent, in order."""
        return [text for where, _, text in self.sent() if where == chat and text]

    def sent(self) -> list[tuple[int, str, str]]:
        """What Telegram accepted of us, in order: chat, method and text, whoever it was for."""
        return [(int(one["chat"]), str(one["method"]), str(one.get("text", ""))) for one in self.telegram.accepted.records]

    async def rest(self) -> None:
        """Wait until nobody has anything left to do."""

        async def quiet() -> bool:
            return self.telegram.updates.pending == 0 and all(one.over.is_set() for one in self.slack.sender.told)

        assert await self.ledger.drained(20, quiet) == {}


@asynccontextmanager
async def world(place: Path, database: str, *, webs: int = 1, workers: int = 1, **more: Any) -> AsyncIterator[World]:
    """A running world on one of the databases."""
    variable, own_redis = PLACES[database]
    async with AsyncExitStack() as stack:
        database_url = redis_url = ""
        if variable:
            if not os.environ.get(variable):
                pytest.skip(f"{variable} is not set")
            database_url = await stack.enter_async_context(throw_away_database(os.environ[variable]))
        if own_redis:
            redis_url = os.environ.get("TEST_REDIS_URL", "")
            redis_url = redis_url or stack.enter_context(own_valkey())
        sim = await stack.enter_async_context(telegram())
        slack = await stack.enter_async_context(slack_server())
        hub = await stack.enter_async_context(
            installed(place, database_url, redis_url, telegram=sim.url, slack=slack.api_url, webs=webs, workers=workers, **more)
        )
        slack.sender.hook = hub.hook("slack", hub.webs[-1])
        await until(lambda: sim.updates.hook, 20)
        ledger = Ledger(database_url or f"sqlite:///{place}/data/frontdesk.db")
        stack.push_async_callback(ledger.aclose)
        yield World(sim, slack, hub, ledger)


def captured() -> dict[str, Any]:
    """A person's text to a bot: a real one where the captured payloads lie beside the project, else one of our own."""
    found: dict[str, Any] = json.loads((CAPTURED if CAPTURED.exists() else OWN).read_text("utf-8"))
    update: dict[str, Any] = found.get("update", found)
    return update


@pytest.mark.parametrize("processes", [1, 2], ids=["one_each", "two_each"])
@pytest.mark.parametrize("database", PLACES)
async def test_a_customer_writes_and_an_agent_answers_from_the_thread(tmp_path: Path, database: str, processes: int) -> None:
    update = captured()
    chat, line = int(update["message"]["chat"]["id"]), str(update["message"]["text"])
    async with world(tmp_path, database, webs=processes, workers=processes) as here:
        here.telegram.api.chats.add(chat)
        here.telegram.updates.push_raw(chat, update)
        await until(lambda: here.thread_of(line), 15)
        thread = here.thread_of(line)
        await here.rest()
        cards = [post for post in here.slack.posts() if not post["thread_ts"]]
        assert len(cards) == 1, "one card for one conversation"
        assert here.telegram.updates.pending == 0, "the update was taken with a 2xx"

        before = here.sent()
        told = await here.slack.reply(thread, "It is on its way, and arrives on Friday.").done()
        assert told.acknowledged
        await until(lambda: len(here.sent()) > len(before), 15)
        await here.rest()
        assert here.sent() == [*before, (chat, "sendMessage", "It is on its way, and arrives on Friday.")], (
            "once, and to nobody else"
        )
        assert {where for where, _, _ in before} <= {chat}, "what the bot said, it said to the customer"
        assert [post["text"] for post in here.slack.posts(thread)].count(line) == 1
