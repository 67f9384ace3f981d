"""A Slack server, and a desk at it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents_bridge.slack.desk import SlackDesk
from tests.agents_bridge.desks import MemoryFiles, desk_at
from tests.servers.slack import SlackServer, slack_server


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with slack_server() as server:
        yield server
        assert server.accepted.of("parsed") == [], "each text is verbatim, each post and change says parse=none"


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
async def desk(slack: SlackServer, files: MemoryFiles) -> AsyncIterator[SlackDesk]:
    async with desk_at(slack, files) as made:
        yield made
