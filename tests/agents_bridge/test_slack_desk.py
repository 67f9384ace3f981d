"""The sending half against a Slack server: cards, lines, files, marks, and what Slack does behind one's back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Temporary, Uncertain, Undeliverable
from hub.model import AgentReply, ChannelName, ExternalId, FileId, Media, Text
from hub.people import Member
from hub.ports import Receipt, SupportsLookup, SupportsMedia, SupportsPeople, SupportsPolling
from tests.agents_bridge.desks import (
    NOON,
    PLACE,
    MemoryFiles,
    bare_desk,
    card,
    desk_at,
    hook,
    line,
    looked_up,
    new_key,
    opened,
    settings,
)
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


async def test_a_card_heads_the_thread_and_changes_with_the_facts(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk, customer="Mei *<!channel>*", contact={"email": "mei@example.com"}, locale="zh")
    [head] = slack.workspace.thread(thread)
    assert head["text"].startswith("🟢 wechat · Mei ")
    assert slack.posts()[0]["pings"] == []
    shown = str(head["blocks"])
    assert "mei@example.com" in shown and "<!channel>" not in shown and "https://hub.example/console/#c=c1" in shown
    assert asked(slack, "chat.postMessage")[0]["unfurl_links"] is False
    await desk.update(thread, card(status="resolved", resolved_at=NOON, resolved_by="Anna"))
    assert head["text"].startswith("✅") and "fd_reopen" in str(head["blocks"]) and "fd_resolve" not in str(head["blocks"])


async def test_a_card_fits_whatever_the_facts(slack: SlackServer, desk: SlackDesk) -> None:
    long = "&<>*_~`" * 2000
    contact = {f"field {n} {long}": long for n in range(30)}
    facts = card(customer=long, preview=long, agent=long, team=long, locale=long, contact=contact, resolved_by=long)
    await desk.open(PLACE, facts, new_key())
    await desk.open(PLACE, card(customer="", preview="", contact={}, console_url="", opened_at=None), new_key())
    assert len(slack.posts()) == 2


async def test_chinese_cards(slack: SlackServer) -> None:
    async with desk_at(slack, locale="zh") as desk:
        thread = await opened(desk)
        assert "标为已解决" in str(slack.workspace.thread(thread)[0]["blocks"])


async def test_lines_appear_under_the_customers_name(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    sent = await desk.post(
        thread,
        [
            line("Hi *there* <!channel>", key="k1", avatar="https://a.example/1.png"),
            line("?", key="k2", avatar="https://a.example/1.png"),
        ],
        new_key(),
    )
    [post] = slack.posts(thread)
    assert (post["username"], post["keys"], post["pings"]) == ("Mei", ["k1", "k2"], [])
    assert post["text"] == "Hi *there* &lt;!channel&gt;\n?"
    assert sent == f"{PLACE}:{post['ts']}"
    said = asked(slack, "chat.postMessage")[-1]
    assert said["mrkdwn"] is False and said["icon_url"] == "https://a.example/1.png"
    assert said["unfurl_links"] is False and said["unfurl_media"] is False and said["link_names"] is False


async def test_lines_of_several_people_name_them(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    await desk.post(
        thread,
        [
            line("*Hi*"),
            line("Hello", author="Bot", by="bot"),
            line("secret", author="Bo", kind="note", by="agent", mention="T0:U2BO"),
        ],
        new_key(),
    )
    [post] = slack.posts(thread)
    assert post["username"] is None and post["pings"] == ["<@U2BO>"]
    assert post["text"] == "*Mei*: ∗Hi∗\n*Bot*: Hello\n🔒 <@U2BO> *Note* Bo: secret"


async def test_without_the_scope_names_are_written_out(slack: SlackServer) -> None:
    async with desk_at(slack, customize=False) as desk:
        thread = await opened(desk)
        await desk.post(thread, [line("Hi")], new_key())
        assert slack.posts(thread)[0]["text"] == "*Mei*: Hi"


@pytest.mark.parametrize("kind", ["edit", "delete", "assigned", "resolved", "reopened", "event", "status"])
async def test_every_kind_of_entry_says_something(slack: SlackServer, desk: SlackDesk, kind: Any) -> None:
    thread = await opened(desk)
    await desk.post(
        thread, [line("" if kind == "delete" else "words", kind=kind, data={"state": "failed", "name": "Bo"})], new_key()
    )
    [post] = slack.posts(thread)
    assert len(post["text"]) > 3 and post["keys"]


async def test_failed_deliveries_have_a_button_and_its_press_comes_back(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    failed = [
        line(f"blocked {n}", kind="status", data={"state": "failed"}, delivery=f"d{n}", by="system", key=f"s{n}")
        for n in range(6)
    ]
    await desk.post(thread, [line("Hi", key="a"), *failed, line("Still there?", key="b")], new_key())
    assert [post["keys"] for post in slack.posts(thread)] == [["a"], ["s0", "s1", "s2", "s3"], ["s4", "s5"], ["b"]]
    slack.sender.hook = "http://127.0.0.1:9/hook"
    told = slack.press(thread, "fd_resend_d1")
    found = await desk.receive(hook(told.payload, form=True))
    [item] = found.items
    assert isinstance(item, AgentReply) and (item.kind, item.edit_of, item.thread) == ("resend", "d1", thread)
    told = slack.press(thread, "fd_resolve")
    [item] = (await desk.receive(hook(told.payload, form=True))).items
    assert isinstance(item, AgentReply) and (item.kind, item.thread) == ("resolve", thread)


async def test_twenty_long_lines_lose_nothing(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    lines = [line(f"{n:02d}" + "&" * 3400, key=f"k{n}") for n in range(20)]
    await desk.post(thread, lines, new_key())
    assert [key for post in slack.posts(thread) for key in post["keys"]] == [f"k{n}" for n in range(20)]
    text = "\n".join(post["text"] for post in slack.posts(thread))
    assert text.count("&amp;") == 20 * 3400
    assert all(len(post["text"]) < 40_000 for post in slack.posts(thread))


async def test_files_are_uploads_in_their_place(slack: SlackServer, desk: SlackDesk, files: MemoryFiles) -> None:
    thread = await opened(desk)
    picture = Media(kind="image", file=files.keep("shop.png", b"\x89PNG1"), name="shop.png", alt="a tea shop")
    lines = [line("look", key="a"), line("", picture, key="b"), line("with words", picture, key="c"), line("nice?", key="d")]
    await desk.post(thread, lines, new_key())
    one, two, three, four = slack.posts(thread)
    assert (one["text"], two["text"], three["text"], four["text"]) == ("look", "*Mei*", "*Mei*: with words", "nice?")
    assert two["titles"][0].startswith("shop.png · ") and slack.workspace.files["F00000"]["content"] == b"\x89PNG1"
    assert slack.workspace.files["F00000"]["alt_txt"] == "a tea shop"
    for key, post in zip("abcd", (one, two, three, four), strict=True):
        assert await looked_up(desk, key, thread) == f"{PLACE}:{post['ts']}"


async def test_a_file_that_cannot_be_had_is_told(slack: SlackServer, desk: SlackDesk, files: MemoryFiles) -> None:
    thread = await opened(desk)
    gone = Media(kind="file", file=FileId("nowhere"), name="bill.pdf")
    empty = Media(kind="file", file=files.keep("empty.txt", b""), name="empty.txt")
    for media in (gone, empty, Media(kind="image", name="x.png")):
        await desk.post(thread, [line("see", media, key=media.name)], new_key())
    assert [post["text"].split("\n")[1] for post in slack.posts(thread)] == ["see"] * 3
    assert "bill.pdf" in slack.posts(thread)[0]["text"] and "is gone" in slack.posts(thread)[0]["text"]
    assert await looked_up(desk, "bill.pdf", thread) is not None


async def test_a_failure_after_the_first_call_is_uncertain_and_each_line_can_be_asked_for(
    slack: SlackServer, desk: SlackDesk, files: MemoryFiles
) -> None:
    thread = await opened(desk)
    picture = Media(kind="image", file=files.keep("a.png", b"1"), name="a.png")
    slack.behaviour.next("ok", "limit:1")
    with pytest.raises(Uncertain):
        await desk.post(thread, [line("first", key="a"), line("", picture, key="b"), line("last", key="c")], new_key())
    assert await looked_up(desk, "a", thread)
    assert await looked_up(desk, "b", thread) is None
    assert await looked_up(desk, "c", thread) is None


async def test_under_a_deleted_card_no_stray_stays(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    slack.delete(thread, thread.split(":")[1])
    with pytest.raises(Undeliverable, match="deleted in Slack"):
        await desk.post(thread, [line("Hi", key="k")], new_key())
    assert slack.workspace.places[PLACE].messages == {}
    assert await looked_up(desk, "k", thread) is None


async def test_marks_replace_each_other(slack: SlackServer, desk: SlackDesk) -> None:
    thread = await opened(desk)
    told = slack.reply(thread, "On its way")
    [item] = (await desk.receive(hook(told.payload))).items
    assert isinstance(item, AgentReply)
    for state, name in (("unknown", "question"), ("unknown", "question"), ("failed", "warning"), ("sent", "white_check_mark")):
        await desk.mark(item.id, state, thread)  # type: ignore[arg-type]
        found = slack.workspace.message(PLACE, told.ts)
        assert [one["name"] for one in found["reactions"]] == [name]
    slack.delete(thread, told.ts)
    await desk.mark(item.id, "sent", thread)


async def test_lookup_of_a_card_and_of_nothing(slack: SlackServer, desk: SlackDesk) -> None:
    key = new_key()
    thread = await desk.open(PLACE, card(), key)
    assert str(await looked_up(desk, key, PLACE)) == str(thread)
    assert await looked_up(desk, new_key(), PLACE) is None
    assert await looked_up(desk, new_key(), thread) is None


async def test_lookup_reads_every_page_and_never_guesses(
    slack: SlackServer, desk: SlackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await opened(desk)
    slack.echo = False
    for n in range(430):
        slack.workspace.post(PLACE, thread.split(":")[1], user="U1ANNA", text=str(n))
    await desk.post(thread, [line("last", key="last")], new_key())
    assert await looked_up(desk, "last", thread)
    monkeypatch.setattr("agents_bridge.slack.lookup.PAGES", 2)
    with pytest.raises(Temporary):
        await looked_up(desk, "last", thread)
    monkeypatch.setattr("agents_bridge.slack.desk.BACK", timedelta(0))
    assert await looked_up(desk, "last", thread) is None


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
    """An event is acknowledged only after it was kept; what could not be kept comes again; the order stays."""
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
            first = await slack.sender.told[-1].done()
            assert first.statuses == [0, 200], "refused once, then acknowledged"
            told = [slack.reply(thread, str(n)) for n in range(10)]
            for one in told:
                assert (await one.done()).statuses == [200]
            assert kept == [str(n) for n in range(10)]
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


async def test_lookup_in_a_busy_channel_reads_no_further_back_than_the_call(
    slack: SlackServer, desk: SlackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people wrote in the channel before the call says nothing about it, however much that is."""
    monkeypatch.setattr("agents_bridge.slack.lookup.PAGES", 1)
    monkeypatch.setattr("agents_bridge.slack.desk.SKEW", timedelta(0))
    slack.echo = False
    before = datetime.now(UTC)
    for n in range(230):
        slack.workspace.post(PLACE, None, user="U1ANNA", text=str(n))
    await asyncio.sleep(0.01)
    called = datetime.now(UTC)
    key = new_key()
    thread = await desk.open(PLACE, card(), key)
    assert await looked_up(desk, key, PLACE, called) == str(thread)
    with pytest.raises(Temporary):
        await looked_up(desk, new_key(), PLACE, before)
