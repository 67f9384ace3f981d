"""What a Slack thread shows: a card that changes with the facts, lines under the customer's name, files, and marks."""

from __future__ import annotations

from typing import Any

import pytest

from agents_bridge.slack.desk import SlackDesk
from hub.errors import Undeliverable
from hub.model import AgentReply, FileId, Media
from tests.agents_bridge.desks import NOON, PLACE, MemoryFiles, card, desk_at, hook, line, looked_up, new_key, opened
from tests.servers.slack import SlackServer


def asked(slack: SlackServer, method: str) -> list[dict[str, Any]]:
    return [arguments for name, _, arguments in slack.calls if name == method]


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
