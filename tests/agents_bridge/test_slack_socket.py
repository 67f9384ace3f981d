"""Socket Mode while something is slow: what has to be kept is kept in its order, and nothing else waits for it."""

from __future__ import annotations

import json

from tests.agents_bridge.test_slack_routing import over_a_socket
from tests.conftest import until
from tests.servers.slack import SlackServer


def asked(slack: SlackServer) -> int:
    """How often Slack was asked about people."""
    return [name for name, *_ in slack.calls].count("users.info")


async def test_over_a_socket_a_modal_opens_while_the_database_stands_still(slack: SlackServer) -> None:
    async with over_a_socket(slack) as (kept, thread):
        slack.sender.factor = 1.0
        kept.ready.clear()
        replies = [slack.reply(thread, "one"), slack.reply(thread, "two")]
        told = slack.press(thread, "fd_why")
        await until(lambda: slack.accepted.of("view"), 2.0)
        assert (await told.done(1.0)).statuses == [200] and not kept.items
        assert "!claim" in json.loads((await slack.command("help").done(1.0)).answer)["text"]
        kept.ready.set()
        for one in replies:
            assert (await one.done()).statuses == [200]
        assert [str(one.parts[0].text) for one in kept.items] == ["one", "two"]  # type: ignore[union-attr]


async def test_over_a_socket_nothing_waits_until_slack_says_where_somebody_is(slack: SlackServer) -> None:
    async with over_a_socket(slack) as (kept, thread):
        slack.sender.factor = 1.0
        slack.behaviour.next(*["accept_hang"] * 3)
        away = [slack.command("away 14:30") for _ in range(3)]
        await until(lambda: asked(slack) == 3, 1.0)
        slack.press(thread, "fd_why")
        await until(lambda: slack.accepted.of("view"), 0.8)
        for one in away:
            assert "time zone" in json.loads((await one.done(3.0)).answer)["text"]
        assert not kept.signs


async def test_over_a_socket_who_is_back_at_once_is_not_away_because_slack_was_slow(slack: SlackServer) -> None:
    slack.workspace.people["U1ANNA"] |= {"tz": "Asia/Tokyo"}
    async with over_a_socket(slack) as (kept, _):
        slack.sender.factor = 1.0
        slack.behaviour.next("slow:0.5")
        away, back = slack.command("away 14:30"), slack.command("available")
        assert [(await one.done()).statuses for one in (away, back)] == [[200], [200]]
        assert [one.kind for one in kept.signs] == ["away", "present"]
