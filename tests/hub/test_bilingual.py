"""Conversations in two languages, on each database: lines at once, translations beside them, answers translated in order."""

from __future__ import annotations

from typing import Any

from hub import interpreting
from hub.store.device_tables import Device
from hub.store.tables import Conversation, Delivery
from hub.store.tables import Message as MessageRow
from hub.store.translation_tables import Translation
from hub.transcripts import transcript
from tests.fakes import answered, said
from tests.hub.bilingual_scenes import HELLO, LEAVES, LEAVES_ZH, ON_WAY, ON_WAY_ZH, WHERE, Scene, bilingual
from tests.hub.hubs import deliver, only, rows, settle, take_in, text_of
from widget.frames import console_event, customer_event


async def test_a_customer_s_line_is_there_at_once_and_its_translation_beside_it(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        await take_in(scene.hub, said(WHERE, locale="zh-CN"))
        first = await rows(scene.hub.store, MessageRow)
        assert [text_of(row) for row in first] == [WHERE], "the line did not wait for anybody"
        assert scene.server.asked == []
        await scene.work()
        told = await scene.shown()
        assert told == [
            {"what": "translated", "side": "in", "state": "done", "language": "en", "from": "zh", "text": "Where is my order?"}
        ]
        entry = (await rows(scene.hub.store, MessageRow, kind="changed"))[0]
        assert entry["edit_of"] == first[0]["id"]
        assert entry["cs"] is None
        row = await only(scene.hub.store, Translation)
        assert (row["state"], row["source"], row["tries"]) == ("done", "zh", 1)
        assert text_of(first[0]) == WHERE, "the original stays"


async def test_an_answer_is_translated_before_its_call_is_made_and_both_texts_are_kept(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await deliver(scene.hub)
        assert scene.phone.texts == [], "it waits"
        await scene.work()
        assert scene.phone.texts == [LEAVES_ZH]
        assert (await scene.shown())[-1] | {"side": "out", "text": LEAVES_ZH} == (await scene.shown())[-1]
        said_by_agent = [row for row in await rows(scene.hub.store, MessageRow, kind="message") if row["author_kind"] == "agent"]
        assert [text_of(row) for row in said_by_agent] == [LEAVES]
        assert [(row["state"], row["message_id"]) for row in await rows(scene.hub.store, Delivery, target="phone")] == [
            ("sent", said_by_agent[0]["id"])
        ]


async def test_answers_keep_their_order_whatever_their_translations_take(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        scene.server.behaviour.next("slow:0.6", "ok")
        await take_in(scene.hub, answered(LEAVES, conversation=talk), answered(ON_WAY, conversation=talk))
        await take_in(scene.hub, answered("👍", conversation=talk))
        await scene.work()
        assert scene.phone.texts == [LEAVES_ZH, ON_WAY_ZH, "👍"]


async def test_on_a_page_an_answer_gets_its_place_with_its_translation_and_nothing_overtakes_it(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer(channel="page")
        scene.server.behaviour.next("slow:0.6", "ok")
        await take_in(scene.hub, answered(LEAVES, conversation=talk), answered(ON_WAY, conversation=talk))
        await take_in(scene.hub, answered("👍", conversation=talk), answered("", conversation=talk, kind="resolve"))
        assert await scene.log(talk) == [WHERE]
        await scene.work()
        assert await scene.log(talk) == [WHERE, LEAVES_ZH, ON_WAY_ZH, "👍", "resolved"]
        assert (await only(scene.hub.store, Conversation))["unplaced"] == 0


async def test_customers_are_shown_the_translation_with_the_original_behind_it_and_mailed_and_pushed_it(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer(channel="page")
        identity = (await only(scene.hub.store, Conversation))["identity_id"]
        await scene.hub.store.devices.note_answers({"page": 1})
        await scene.hub.store.devices.put(identity, "page", "fcm", "token", "", "")
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await scene.hub.store.devices.note_answers({"page": 1})
        assert await rows(scene.hub.store, Device, due_ms=0), "nothing can be fetched yet"
        await scene.work()
        await scene.hub.store.devices.note_answers({"page": 1})
        assert not await rows(scene.hub.store, Device, due_ms=0), "now it can"
        entry = (await scene.hub.store.logs.said_in(talk))[-1]
        frame = customer_event(entry, scene.hub.files)
        assert (frame["d"]["text"], frame["k"]) == (LEAVES_ZH, "message")
        assert frame["d"]["original"] == {"language": "en", "parts": [{"type": "text", "text": LEAVES}]}
        assert console_event(entry, scene.hub.files)["d"]["text"] == LEAVES
        _, letter = transcript([entry], "zh-CN")
        assert LEAVES_ZH in letter


async def test_what_the_customer_says_meanwhile_does_not_wait(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer(channel="page")
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await take_in(scene.hub, said(HELLO, channel="page", locale="zh-CN"))
        assert await scene.log(talk) == [WHERE, HELLO]
        await scene.work()
        assert await scene.log(talk) == [WHERE, HELLO, LEAVES_ZH]


async def test_an_edit_is_translated_too(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, answered(LEAVES, conversation=talk, id="r.1"))
        await scene.work()
        await take_in(scene.hub, answered(ON_WAY, conversation=talk, kind="edit", edit_of="r.1"))
        await scene.work()
        assert [(kind, text) for kind, _, text in scene.phone.changes] == [("edit", ON_WAY_ZH)]


async def test_what_is_taken_back_while_it_waits_leaves_nowhere(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        for channel in ("phone", "page"):
            talk = await scene.customer(channel=channel, customer=channel)
            held = answered(LEAVES, conversation=talk, id=f"r.{channel}", data={"delay_ms": 5000})
            await take_in(scene.hub, held)
            await take_in(scene.hub, answered("", conversation=talk, kind="undo", edit_of=f"r.{channel}"))
            await scene.work()
            if channel == "page":
                assert await scene.log(talk) == [WHERE]
        assert scene.phone.texts == []
        assert {row["state"] for row in await rows(scene.hub.store, Translation, side="out")} == {"gone"}


async def test_the_time_to_take_it_back_is_kept(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, answered(LEAVES, conversation=talk, data={"delay_ms": 60_000}))
        await interpreting.run(scene.hub, 5.0)
        await settle(scene.hub)
        call = await only(scene.hub.store, Delivery, target="phone")
        assert text_of(call) == LEAVES_ZH
        assert call["due_ms"] - await scene.hub.store.sweeping.clock() > 50_000
        await take_in(scene.hub, answered("", conversation=talk, kind="undo", edit_of=call_source(await last_answer(scene))))
        assert (await only(scene.hub.store, Delivery, target="phone"))["state"] == "cancelled"


async def last_answer(scene: Scene) -> dict[str, Any]:
    found = [row for row in await rows(scene.hub.store, MessageRow, kind="message") if row["author_kind"] == "agent"]
    return found[-1]


def call_source(row: dict[str, Any]) -> str:
    return str(row["external_id"])
