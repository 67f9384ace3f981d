"""A customer who writes again in a resolved thread is seen in the Slack channel too, once for each reopening, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents_bridge.slack.settings import SlackSettings
from hub.jobs import connect
from hub.model import Media
from hub.store.tables import Delivery
from tests.agents_bridge.desk_hubs import Room, room
from tests.agents_bridge.desks import PLACE, desk_at, line, new_key, opened
from tests.agents_bridge.test_slack_merging import two_threads
from tests.conftest import until
from tests.databases import fresh_store
from tests.fakes import said
from tests.hub.hubs import rows, settle
from tests.servers.installation import HOOK_SECRET, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.telegram import telegram


@pytest.fixture
async def at(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Room]:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def resolved(at: Room, text: str = "Where is my order?") -> str:
    """The thread of a matter that is settled."""
    thread = await at.customer(text)
    await at.hears(at.slack.press(thread, "fd_resolve"))
    return thread


def shown(slack: SlackServer, channel: str = PLACE) -> list[str]:
    """What the channel itself shows of threads."""
    return [one["text"] for one in slack.workspace.seen(channel) if one.get("subtype") == "thread_broadcast"]


async def test_the_channel_sees_the_first_line_after_each_reopening_once(at: Room) -> None:
    thread = await resolved(at)
    assert shown(at.slack) == [], "a new matter is seen by its card"
    await settle(at.hub, said("It is not here yet"))
    [first] = shown(at.slack)
    assert "It is not here yet" in first and "Reopened" in first
    await settle(at.hub, said("Hello?"))
    await at.hears(at.slack.reply(thread, "On its way"))
    assert shown(at.slack) == [first]
    await at.hears(at.slack.press(thread, "fd_resolve"))
    await settle(at.hub, said("It is broken"))
    assert len(shown(at.slack)) == 2 and "It is broken" in shown(at.slack)[1]
    roots = [one for one in at.slack.workspace.seen(PLACE) if "thread_ts" not in one]
    assert len(roots) == 1, "a line that the channel sees as well is no post of its own"
    assert [text for text in at.lines(thread) if "It is broken" in text], "it stands in the thread"


async def test_what_the_channel_sees_of_ours_is_no_answer_of_anybodys(at: Room) -> None:
    at.slack.echo = True
    await resolved(at)
    await settle(at.hub, said("It is not here yet"))
    await settle(at.hub)
    told = [one for one in at.slack.sender.told if one.payload.get("event", {}).get("subtype") == "thread_broadcast"]
    assert len(told) == 1
    await told[0].done()
    await settle(at.hub)
    assert told[0].statuses == [200] and at.phone.texts == [] and len(shown(at.slack)) == 1


async def test_what_comes_from_a_merged_conversation_is_seen_where_the_matter_goes_on(at: Room) -> None:
    first, second, link = await two_threads(at)
    await at.hears(at.slack.reply(first, f"!merge {link}"))
    await at.hears(at.slack.press(first, "fd_resolve"))
    await settle(at.hub, said("It is still wrong", customer="ann2"))
    [seen] = [one for one in at.slack.workspace.seen(PLACE) if one.get("subtype") == "thread_broadcast"]
    assert "still wrong" in seen["text"] and f"{PLACE}:{seen['thread_ts']}" == first != second


async def test_an_agent_who_reopens_calls_nobody(at: Room) -> None:
    thread = await resolved(at)
    await at.hears(at.slack.press(thread, "fd_reopen"))
    await settle(at.hub, said("Thank you"))
    await at.hears(at.slack.press(thread, "fd_resolve"))
    await at.hears(at.slack.reply(thread, "One more thing"))
    assert shown(at.slack) == [] and at.phone.texts == ["One more thing"]


async def test_a_desk_can_leave_it(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> None:
    store = await fresh_store(tmp_path)
    async with room(slack, store, redis_url, prefix, tmp_path / "files", broadcast_reopened=False) as at:
        thread = await resolved(at)
        await settle(at.hub, said("It is not here yet"))
        assert shown(slack) == [] and any("It is not here yet" in text for text in at.lines(thread))
    await store.close()
    assert SlackSettings.model_fields["broadcast_reopened"].default is True


async def test_lines_that_go_together_are_seen_together(at: Room) -> None:
    await resolved(at)
    await settle(at.hub, said("It is not here"), said("and I need it"), said("today"))
    [text] = shown(at.slack)
    assert [text.index(words) for words in ("Reopened", "not here", "need it", "today")] == sorted(
        text.index(words) for words in ("Reopened", "not here", "need it", "today")
    )


async def test_a_file_is_named_by_the_line_that_tells_of_the_reopening(at: Room) -> None:
    thread = await resolved(at)
    file = at.desk._kit.files.keep("broken.png", b"\x89PNG" + b"x" * 40)  # type: ignore[attr-defined]
    photo = Media(kind="image", file=file, name="broken.png", mime="image/png")
    await settle(at.hub, said("").model_copy(update={"parts": (photo,)}))
    [text] = shown(at.slack)
    assert "Reopened" in text and "broken.png" in text
    assert [one for one in at.slack.workspace.thread(thread) if one.get("files")], "the file itself is in the thread"
    await settle(at.hub, said("See?"))
    assert len(shown(at.slack)) == 1, "the channel has seen this reopening"


async def test_a_post_whose_answer_was_lost_is_seen_once(at: Room) -> None:
    thread = await resolved(at)
    at.slack.behaviour.next("accept_reset", "accept_reset")  # one of both is the card's
    await settle(at.hub, said("It is not here yet"))
    assert "unknown" in {row["state"] for row in await rows(at.hub.store, Delivery, kind="line")}
    await settle(at.hub, said("Hello?"))
    async with asyncio.timeout(20):
        while {row["state"] for row in await rows(at.hub.store, Delivery, kind="line")} != {"sent"}:
            await asyncio.sleep(0.1)
            await settle(at.hub)
    assert len(shown(at.slack)) == 1
    assert [sum(words in text for text in at.lines(thread)) for words in ("not here yet", "Hello?")] == [1, 1]


@pytest.mark.timeout(180)
async def test_a_worker_that_dies_between_post_and_commit_leaves_one(tmp_path: Path) -> None:
    """It is killed while Slack has the line and the database does not know of it; Redis is emptied, too."""
    async with telegram() as bot, slack_server() as slack:
        desk, files = "rate: 20\nlookup_after: 1\ntimeout: 5\n", {"bot.yaml": "enabled: false\n"}
        async with installed(tmp_path, telegram=bot.url, slack=slack.api_url, desk=desk, files=files) as hub:
            bot.updates.set_hook(hub.hook("telegram"), HOOK_SECRET, 20, [])
            slack.sender.hook = hub.hook("slack")
            bot.say(1000, "Where is my order?")
            await until(lambda: slack.posts(), 30)
            thread = f"{slack.posts()[0]['channel']}:{slack.posts()[0]['ts']}"
            await slack.press(thread, "fd_resolve").done()
            await until(lambda: "fd_reopen" in str(slack.workspace.thread(thread)[0]["blocks"]), 20)
            slack.behaviour.next(*["accept_hang"] * 8)
            bot.say(1000, "It is not here yet")
            await until(lambda: shown(slack, thread.split(":")[0]), 20)
            await hub.kill("worker1")
            slack.behaviour.reset()
            redis = await connect(hub.redis_url)
            await redis.flushall()
            await redis.aclose()
            await hub.start("worker1")
            bot.say(1000, "Hello?")
            await until(lambda: [one for one in slack.posts(thread) if "Hello?" in one["text"]], 90)
            assert [text.count("not here yet") for text in shown(slack, thread.split(":")[0])] == [1]
            assert sum("not here yet" in one["text"] for one in slack.posts(thread)) == 1


async def test_below_a_deleted_card_it_goes_with_the_new_one(at: Room) -> None:
    old = await resolved(at)
    at.slack.delete(old, old.split(":")[1])
    await settle(at.hub, said("It is not here yet"))
    [new] = [one for one in at.slack.workspace.seen(PLACE) if one.get("thread_ts") in (None, one["ts"])]
    assert "It is not here yet" in str(new["attachments"]), "the channel sees it below the new card"
    assert shown(at.slack) == []


async def test_below_a_deleted_card_a_long_line_follows_and_is_seen(at: Room) -> None:
    old = await resolved(at)
    at.slack.delete(old, old.split(":")[1])
    await settle(at.hub, said("It is not here yet. " * 100))
    [text] = shown(at.slack)
    assert "It is not here yet" in text
    assert len([one for one in at.slack.workspace.seen(PLACE) if "thread_ts" not in one]) == 1, "no stray line stays"


async def test_a_line_of_a_thread_is_not_taken_for_a_card_that_is_looked_for(slack: SlackServer) -> None:
    async with desk_at(slack) as desk:
        thread, key = await opened(desk), new_key()
        await desk.post(thread, [line("Again", key=str(key), aloud=True)], key)
        since = desk._kit.now()
        assert (await desk.lookup([key], thread, since)).keys() == {key}
        assert await desk.lookup([key], PLACE, since) == {}
