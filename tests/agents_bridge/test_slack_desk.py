"""The sending half against a Slack server: its places and people, agents' files, and the whole way round over HTTP and socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Temporary, Undeliverable
from hub.model import AgentReply, ChannelName, ExternalId, Media, Text
from hub.people import Member
from hub.ports import Receipt, SupportsLookup, SupportsMedia, SupportsPeople, SupportsPolling
from tests.agents_bridge.desks import PLACE, MemoryFiles, bare_desk, card, desk_at, hook, line, new_key, opened, settings
from tests.conftest import until
from tests.servers.slack import SlackServer


def asked(slack: SlackServer, method: str) -> list[dict[str, Any]]:
    return [arguments for name, _, arguments in slack.calls if name == method]


def test_what_it_can(desk: SlackDesk) -> None:
    for protocol in (SupportsLookup, SupportsMedia, SupportsPeople, SupportsPolling):
        assert isinstance(desk, protocol)
    assert desk.capabilities.idempotency == "lookup"


def test_places() -> None:
    desk = bare_desk(channels={"billing": "C0BILLING", "wechat": "C0WECHAT"})
    assert desk.place(ChannelName("wechat"), "") == "C0WECHAT"
    assert desk.place(ChannelName("wechat"), "billing") == "C0BILLING"
    assert desk.place(ChannelName("web"), "sales") == PLACE


async def test_people(slack: SlackServer, desk: SlackDesk) -> None:
    for _ in range(3):
        assert await desk.person(ExternalId("T0TEAM:U1ANNA")) == Member("Anna", "anna@shop.example", "member")
    assert len(asked(slack, "users.info")) == 1
    with pytest.raises(Undeliverable):
        await desk.person(ExternalId("T0TEAM:U9NOBODY"))


async def fetched(desk: SlackDesk, remote: str) -> bytes:
    return b"".join([piece async for piece in desk.fetch(remote)])


async def test_an_agents_file_is_fetched_with_the_token(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    told = slack.upload(thread, "map.png", b"\x89PNG" * 50_000, "image/png", "here")
    [item] = (await desk.receive(hook(told.payload))).items
    assert isinstance(item, AgentReply)
    words, media = item.parts
    assert isinstance(words, Text) and words.text == "here" and isinstance(media, Media) and media.size == 200_000
    assert await fetched(desk, media.remote) == b"\x89PNG" * 50_000
    async with desk_at(slack, bot_token="xoxb-other") as stranger:
        with pytest.raises(Undeliverable, match="sign in"):
            await fetched(stranger, media.remote)
    with pytest.raises(Undeliverable, match="404"):
        await fetched(desk, f"{slack.url}/files-pri/F99/x.png")


@pytest.mark.parametrize(
    "remote",
    [
        "https://evil.example/a.png",
        "https://files.slack.com.evil.example/a.png",
        "https://files.slack.com@evil.example/a.png",
        "https://evil.example\\@files.slack.com/a.png",
        "https://xslack.com/a.png",
        "http://files.slack.com/a.png",
        "http://127.0.0.1:1/a.png",
        "file:///etc/passwd",
        "",
        "//files.slack.com/a.png",
        "https://[::1",
    ],
)
async def test_the_token_goes_nowhere_else(desk: SlackDesk, remote: str) -> None:
    with pytest.raises(Undeliverable):
        await fetched(desk, remote)


async def test_the_whole_way_round_over_http(slack: SlackServer) -> None:
    """Own posts come back as events and are left alone, also uploads that do not say which bot made them."""
    async with desk_at(slack) as desk:
        files = MemoryFiles()
        desk._kit = type(desk._kit)(files=files, public_url="", now=desk._kit.now)
        slack.sender.hook = "http://127.0.0.1:9/hook"
        thread = await opened(desk)
        await desk.post(
            thread, [line("Hi http://shop.example"), line("", Media(kind="image", file=files.keep("a.png", b"1")))], new_key()
        )
        await desk.update(thread, card(status="resolved"))
        told = list(slack.sender.told)
        assert len(told) == 4
        for one in told:
            assert list((await desk.receive(hook(one.payload))).items) == []


async def test_the_environment_does_not_leak_in(slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.setenv(name, "another")
    async with desk_at(slack) as desk:
        thread = await opened(desk)
    assert len(slack.workspace.thread(thread)) == 1
    for given in (
        {"signing_secret": " " * 20},
        {"signing_secret": ""},
        {"bot_token": " "},
        {"socket_mode": True, "app_token": None},
    ):
        with pytest.raises(ValueError):
            settings(**given)


async def test_socket_mode(slack: SlackServer) -> None:
    """An event is acknowledged only after it was kept; what could not be kept comes again; the order stays. What leaves nothing
    to keep, as our own post, is acknowledged at once."""
    kept: list[str] = []
    fail = [RuntimeError("the database is away")]

    async def keep(receipt: Receipt) -> None:
        said = ["".join(p.text for p in i.parts if isinstance(p, Text)) for i in receipt.items if isinstance(i, AgentReply)]
        await asyncio.sleep(0.05 if said == ["0"] else 0)
        if fail:
            raise fail.pop()
        kept.extend(said)

    async with desk_at(slack, socket_mode=True) as desk:
        assert desk.polling
        task = asyncio.create_task(desk.poll(keep))
        try:
            await until(lambda: slack.sender.sockets)
            thread = await opened(desk)
            assert (await slack.sender.told[-1].done()).statuses == [200] and fail
            first = await slack.reply(thread, "first").done()
            assert first.statuses == [0, 200], "refused once, then acknowledged"
            told = [slack.reply(thread, str(n)) for n in range(10)]
            for one in told:
                assert (await one.done()).statuses == [200]
            assert kept == ["first", *(str(n) for n in range(10))]
            await slack.press(thread, "fd_resolve").done()
            odd = slack.sender.event({"type": "message", "channel": PLACE, "user": "U1", "ts": "x", "thread_ts": "y"})
            assert (await odd.done()).acknowledged
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_socket_mode_says_what_is_wrong_with_its_token(slack: SlackServer) -> None:
    async def keep(receipt: Receipt) -> None: ...

    async with desk_at(slack, socket_mode=True, app_token="xapp-wrong") as desk:
        with pytest.raises(Temporary, match="invalid_auth"):
            await asyncio.wait_for(desk.poll(keep), 5)
