"""`/frontdesk queue|me|find`: agents see the inbox, others nothing of it; the answer goes where Slack takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from agents_bridge.slack.asking import SHOWN, listed
from hub.people import Seen
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import NOON, hook
from tests.databases import fresh_store
from tests.servers.slack import SlackServer


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def asks(at: Room, text: str, by: str = "U1ANNA") -> str:
    form = {"command": "/frontdesk", "text": text, "team_id": "T0TEAM", "user_id": by, "channel_id": "C0SUPPORT"}
    form |= {"response_url": f"{at.slack.url}/response", "trigger_id": "1.2"}
    receipt = await at.desk.receive(hook(urlencode(form).encode(), content_type="application/x-www-form-urlencoded"))
    assert receipt.after is not None and receipt.body == b""
    await receipt.after()
    return str(at.slack.accepted.of("response")[-1]["text"])


async def invited(at: Room, person: str = "U1ANNA") -> None:
    found = await at.desk.person(person)  # type: ignore[arg-type]
    await at.hub.store.agents.invite(found.email, "Anna", "agent")


async def test_an_agent_sees_the_queue_their_own_and_what_they_look_for(at: Room) -> None:
    await invited(at)
    thread = await at.customer("Where is my order?")
    queue = await asks(at, "queue")
    assert "order?" in queue and "⏱️" in queue and "https://hub.example/console/#c=" in queue
    assert "order?" not in await asks(at, "me")
    await at.hears(at.slack.press(thread, "fd_claim"))
    assert "order?" in await asks(at, "me") and "order?" not in await asks(at, "队列")
    assert "order?" in await asks(at, "find ORDER") and "order?" not in await asks(at, "find refund%")


async def test_who_is_no_agent_sees_nothing_and_is_told_why(at: Room) -> None:
    await at.customer("Where is my order?")
    told = await asks(at, "queue", "U2BO")
    assert "order?" not in told and "e-mail" in told
    await invited(at, "U2BO")
    assert "order?" in await asks(at, "queue", "U2BO")


@pytest.mark.parametrize("long", ["汉" * 3000, "<!channel>" * 300, "&" * 3000])
def test_a_long_list_stays_within_what_slack_takes(long: str) -> None:
    found = [Seen(long, long, long, long, long, NOON, "https://hub.example/console/#c=1")] * 200
    text = listed(found, "en")
    assert text.count("\n") == SHOWN and len(text) < 40_000 and "<!channel>" not in text
