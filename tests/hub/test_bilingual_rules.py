"""Who is translated for whom, by the file, by a switch and on demand; what a service never sees, and where it shows."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hub import interpreting
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation
from hub.store.tables import Message as MessageRow
from hub.store.translation_tables import Translation
from tests.fakes import answered, said
from tests.hub.bilingual_scenes import HELLO, LEAVES, LEAVES_ZH, WHERE, bilingual, said_there
from tests.hub.hubs import only, rows, settle, take_in


async def test_who_is_found_to_speak_the_agents_language_is_not_asked_about_again(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer("I would like to know where my order is.")
        assert (await only(scene.hub.store, Conversation))["spoken"] == "en"
        await settle(scene.hub, said("And when it comes?", locale="zh-CN"), answered(LEAVES, conversation=talk))
        await scene.work()
        assert len(scene.server.asked) == 1
        assert scene.phone.texts == [LEAVES]
        assert await scene.shown() == []
        await scene.customer(WHERE)
        assert len(scene.server.asked) == 2, "another script is another language"


async def test_a_short_word_does_not_turn_a_conversation_into_another_language(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await settle(scene.hub, said("ok", locale="zh-CN"))
        await scene.work()
        assert (await only(scene.hub.store, Conversation))["spoken"] == "zh"
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await scene.work()
        assert scene.phone.texts == [LEAVES_ZH]


async def test_it_is_switched_off_and_on_in_one_conversation(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await settle(scene.hub, answered("", conversation=talk, kind="translate", data={"on": False}))
        await settle(scene.hub, said(HELLO, locale="zh-CN"), answered(LEAVES, conversation=talk))
        await scene.work()
        assert scene.phone.texts == [LEAVES]
        assert len(scene.server.asked) == 1
        await settle(scene.hub, answered("", conversation=talk, kind="translate", data={"on": True}))
        await scene.work()
        assert scene.server.texts[1:] == [HELLO], "what was said meanwhile is translated now"
        assert (await only(scene.hub.store, Conversation))["translate"] == "on"


async def test_one_line_is_translated_on_demand_and_what_failed_is_tried_anew(make_hub: Any) -> None:
    async with bilingual(make_hub, {"enabled": False}) as scene:
        talk = await scene.customer()
        assert scene.server.asked == []
        line = (await rows(scene.hub.store, MessageRow))[0]["id"]
        scene.server.behaviour.next("revoked")
        for state in ("failed", "done", "done"):
            await settle(scene.hub, answered("", conversation=talk, kind="translate", data={"entry": line}))
            await scene.work()
            assert (await only(scene.hub.store, Translation))["state"] == state
        assert scene.server.texts == [WHERE], "what is there is not asked for again"


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ({"channels": {"phone": False}}, False),
        ({"enabled": False}, False),
        ({"agents": "zh"}, False),
        ({"channels": {"phone": {"on": True}}}, True),
        ({"agents": "de"}, True),
    ],
)
async def test_who_is_translated_for_whom_is_as_the_file_says(make_hub: Any, rules: dict[str, Any], asked: bool) -> None:
    async with bilingual(make_hub, rules) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, answered(WHERE if rules.get("agents") == "zh" else LEAVES, conversation=talk))
        await scene.work()
        assert bool([one for one in await scene.shown() if one["state"] == "done"]) is asked


async def test_addresses_numbers_and_terms_come_through_and_never_leave(make_hub: Any) -> None:
    rules = {"glossary": [{"en": "tea caddy", "zh": "茶叶罐"}], "keep": ["Lao Ban Zhang"]}
    async with bilingual(make_hub, rules) as scene:
        talk = await scene.customer()
        secret = "Your tea caddy and Lao Ban Zhang: AB-1029, ann@example.com, https://shop.example.com/o/7?x=1, 13812345678."
        await take_in(scene.hub, answered(secret, conversation=talk))
        scene.server.prank = lambda text: text.replace("⟦1⟧", "")
        await scene.work()
        (sent,) = scene.phone.texts
        for kept in ("茶叶罐", "Lao Ban Zhang", "AB-1029", "ann@example.com", "https://shop.example.com/o/7?x=1", "13812345678"):
            assert kept in sent
            assert kept not in " ".join(scene.server.texts)


async def test_a_hostile_answer_stays_text(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        scene.server.odd = [{"translatedText": ["<img src=x onerror=alert(1)>"], "detectedLanguage": [{"language": "zh"}]}]
        await scene.customer()
        (row,) = await rows(scene.hub.store, MessageRow, kind="changed")
        assert orjson.loads(row["parts"]) == [{"type": "text", "text": "<img src=x onerror=alert(1)>", "spans": []}]


async def test_a_desk_shows_the_translation_in_the_post_of_the_line(make_hub: Any) -> None:
    async with bilingual(make_hub, with_desk=True) as scene:
        talk = await scene.customer(HELLO)
        assert [texts for _, texts in scene.desk.amended] == [["Hello"]], "in the head of the thread, with which it travelled"
        await settle(scene.hub, said(WHERE, locale="zh-CN"), said("第二行", locale="zh-CN"))
        await scene.work()
        post, texts = scene.desk.amended[-1]
        assert texts == ["Where is my order?", "[en] 第二行"]
        assert len(scene.desk.amended) == 2, "one change of one post for both"
        assert post.startswith("ts")
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await scene.work()
        assert LEAVES_ZH in " ".join(said_there(scene.desk))


async def test_without_a_service_nothing_is_wanted(hub: Hub, store: Store) -> None:
    await settle(hub, said(WHERE, locale="zh-CN"))
    assert await rows(store, Translation) == []
    await interpreting.run(hub)
    await interpreting.look(hub)
