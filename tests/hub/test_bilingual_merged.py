"""Translation in conversations that are one matter: one switch for all of them, both texts, the right team's language."""

from __future__ import annotations

from typing import Any

from hub.model import ConversationId
from hub.runtime import Hub
from hub.store.tables import Conversation
from hub.store.tables import Message as MessageRow
from tests.fakes import answered, said
from tests.hub.bilingual_scenes import HELLO, LEAVES, LEAVES_ZH, ON_WAY, ON_WAY_ZH, WHERE, Scene, bilingual, said_there
from tests.hub.hubs import rows, settle, take_in, text_of


async def merged(scene: Scene) -> tuple[str, str]:
    """Two conversations of one customer as one matter, (the one that goes on, the other, on `line`)."""
    head, other = await scene.customer(HELLO), await scene.customer(HELLO, channel="line", customer="ann2")
    one, two = await rows(scene.hub.store, Conversation)
    await scene.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    await settle(scene.hub, answered("", kind="merge", conversation=head, data={"other": other}))
    return head, other


async def test_what_is_switched_in_a_merged_matter_is_switched_on_all_of_its_channels(make_hub: Any) -> None:
    """Agents see one conversation and are told that it is no longer translated: so it is, wherever the customer writes."""
    async with bilingual(make_hub) as scene:
        head, other = await merged(scene)
        asked = len(scene.server.asked)
        await settle(scene.hub, answered("", conversation=head, kind="translate", data={"on": False}))
        await settle(scene.hub, said(WHERE, locale="zh-CN", channel="line", customer="ann2"), answered(LEAVES, conversation=head))
        await scene.work()
        assert (scene.line.texts, len(scene.server.asked)) == ([LEAVES], asked)
        await settle(scene.hub, answered("", conversation=head, kind="translate", data={"toggle": True}))
        await scene.work()
        assert scene.server.texts[asked:] == [WHERE], "what was said on the other channel meanwhile"
        await settle(scene.hub, answered(LEAVES, conversation=head))
        await scene.work()
        assert scene.line.texts == [LEAVES, LEAVES_ZH]
        await settle(scene.hub, answered("", conversation=head, kind="translate", data={"on": False}))
        await settle(scene.hub, answered("", conversation=head, kind="part", data={"other": other}))
        await settle(scene.hub, answered(ON_WAY, conversation=other))
        await scene.work()
        assert scene.line.texts[-1] == ON_WAY_ZH, "what goes on by itself is as it was"


async def test_one_line_of_a_merged_channel_is_translated_on_demand(make_hub: Any) -> None:
    async with bilingual(make_hub, {"enabled": False}, with_desk=True) as scene:
        head, _ = await merged(scene)
        await settle(scene.hub, said(WHERE, locale="zh-CN", channel="line", customer="ann2"))
        (line,) = [row for row in await rows(scene.hub.store, MessageRow) if text_of(row) == WHERE]
        await settle(scene.hub, answered("", conversation=head, kind="translate", data={"entry": line["id"]}))
        await scene.work()
        assert scene.server.texts == [WHERE]
        assert scene.desk.amended[-1][1] == ["Where is my order?"]


async def test_a_merged_channel_is_read_by_the_team_that_has_the_matter(make_hub: Any) -> None:
    """The one that goes on is a German team's; what comes over the other channel is theirs to read."""
    async with bilingual(make_hub, {"teams": {"berlin": "de"}}, with_desk=True, teams=["berlin"]) as scene:
        head, _ = await merged(scene)
        await settle(scene.hub, answered("", conversation=head, kind="assign", team="berlin"))
        await settle(scene.hub, said("第二行", locale="zh-CN", channel="line", customer="ann2"))
        await scene.work()
        assert scene.desk.amended[-1][1] == ["[de] 第二行"]


async def test_of_merged_conversations_both_texts_are_seen_in_the_one_that_goes_on_and_one_switch_is_for_all(
    make_hub: Any,
) -> None:
    async with bilingual(make_hub, with_desk=True) as scene:
        head = await scene.customer(HELLO)
        await scene.customer(HELLO, customer="v1", channel="page")
        first, second = await rows(scene.hub.store, Conversation)
        other = str(second["id"] if first["id"] == head else first["id"])
        await scene.hub.store.links.link(first["customer_id"], second["customer_id"], "Bo", "")
        await settle(scene.hub, answered("", kind="merge", conversation=head, data={"other": other}))
        await take_in(scene.hub, said(WHERE, customer="v1", channel="page", locale="zh-CN"))
        await scene.work()
        assert scene.desk.amended[-1][1] == ["Where is my order?"], "at the desk of the one that goes on"
        await take_in(scene.hub, answered(LEAVES, conversation=head))
        await scene.work()
        assert (await scene.log(other))[-1] == LEAVES_ZH, "the customer wrote there last"
        assert LEAVES_ZH in " ".join(said_there(scene.desk))
        assert await seen_translated(scene.hub, head) == [("你好", "Hello"), (WHERE, "Where is my order?"), (LEAVES, LEAVES_ZH)]
        await settle(scene.hub, answered("", conversation=head, kind="translate", data={"on": False}))
        await take_in(scene.hub, said(HELLO, customer="v1", channel="page", locale="zh-CN"))
        await scene.work()
        assert len(await seen_translated(scene.hub, head)) == 3
        line = (await scene.hub.store.logs.said_in(ConversationId(other)))[-1]
        await settle(scene.hub, answered("", conversation=head, kind="translate", data={"entry": str(line.id)}))
        await scene.work()
        assert (await seen_translated(scene.hub, head))[-1] == (HELLO, "Hello"), "one line, wherever it was said"


async def seen_translated(hub: Hub, talk: str) -> list[tuple[str, str]]:
    """(what was said, its translation) as agents see a conversation."""
    place = await hub.store.console.place(ConversationId(talk))
    assert place is not None
    found, _ = await hub.store.console.entries(place, before=None, most=100)
    shown = await hub.store.merging.shown(found)
    texts = {str(one.id): "".join(getattr(part, "text", "") for part in one.parts) for one in shown}
    return [(texts[str(one.edit_of)], texts[str(one.id)]) for one in shown if one.data.get("what") == "translated"]
