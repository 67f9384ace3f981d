"""Conversations in two languages, on each database: lines beside their originals, answers before they leave, all bad ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest

from connectors.translators import translator_of
from connectors.translators.settings import Service
from hub import interpreting
from hub.model import ConversationId
from hub.runtime import Hub
from hub.store.device_tables import Device
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery
from hub.store.tables import Message as MessageRow
from hub.store.translation_tables import Translation
from hub.transcripts import transcript
from hub.translation import TranslationRules
from tests.fakes import TEXT_ONLY, FakeConnector, answered, said
from tests.hub.hubs import EDITABLE, Phone, Reading, channels, data_of, deliver, desks, only, put, rows, settle, take_in, text_of
from tests.servers.translation import TranslationServer, translation_server
from widget.frames import console_event, customer_event

HELLO, WHERE = "你好", "我的订单在哪里？"
LEAVES, LEAVES_ZH = "Your order leaves today.", "您的订单今天发出。"
ON_WAY, ON_WAY_ZH = "It is on its way.", "已经在路上了。"


class Desk(Reading):
    """A desk that keeps what it is told to show below its posts."""

    def __init__(self) -> None:
        super().__init__()
        self.amended: list[tuple[str, list[str]]] = []

    async def amend(self, thread: Any, sent: Any, lines: Any, card: Any) -> None:
        self.amended.append((str(sent), [f"{line.translation} {line.untranslated}".strip() for line in lines]))


class Scene:
    """A Chinese customer on a phone and one on a page, an English agent, and a service that translates."""

    def __init__(self, hub: Hub, server: TranslationServer, phone: Phone, desk: Desk, line: Phone) -> None:
        self.hub, self.server, self.phone, self.desk, self.line = hub, server, phone, desk, line

    async def work(self) -> None:
        """The jobs, by hand, until nothing is left to do."""
        for _ in range(4):
            await settle(self.hub)
            await interpreting.run(self.hub, 5.0)
        await settle(self.hub)

    async def customer(self, text: str = WHERE, **more: Any) -> str:
        """A customer writes, and it is translated; returns the conversation."""
        await take_in(self.hub, said(text, locale="zh-CN", **more))
        await self.work()
        return str((await rows(self.hub.store, Conversation))[-1]["id"])

    async def log(self, talk: str) -> list[str]:
        """The customer's own log, as they read it."""
        entries = await self.hub.store.logs.said_in(talk)
        placed = sorted((entry for entry in entries if entry.kind != "status"), key=lambda entry: entry.cs or 0)
        assert [entry.cs for entry in placed] == list(range(1, len(placed) + 1)), "no gap, no place twice"
        return [_read(entry) for entry in placed]

    async def shown(self) -> list[dict[str, Any]]:
        """What agents are told of translations, with the words."""
        found = await rows(self.hub.store, MessageRow, kind="changed")
        return [{**data_of(row), "text": text_of(row)} for row in found if data_of(row)["what"] == "translated"]


def _read(entry: Any) -> str:
    made = entry.data.get("translation")
    parts = made["parts"] if made else [part.model_dump() for part in entry.parts]
    return " ".join(part["text"] for part in parts if part["type"] == "text") or str(entry.kind)


@asynccontextmanager
async def bilingual(make_hub: Any, rules: dict[str, Any] | None = None, **more: Any) -> AsyncIterator[Scene]:
    async with translation_server() as server:
        phone, line, desk = Phone(EDITABLE), Phone(EDITABLE), Desk()
        page = FakeConnector(replace(TEXT_ONLY, pulled=True))
        service = Service.model_validate({"type": "libretranslate", "api_url": server.url, "timeout": more.pop("timeout", 10.0)})
        facts = {"enabled": True, "agents": "en", "hold": 60.0, **(rules or {})}
        own = translator_of(service)
        hub = await make_hub(
            connectors=channels(phone=phone, line=line, page=page),
            desks=desks(slack=desk) if more.pop("with_desk", False) else {},
            translation=TranslationRules.model_validate(facts),
            translator=own,
            **more,
        )
        try:
            yield Scene(hub, server, phone, desk, line)
        finally:
            server.hang.set()
            await own.aclose()


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


@pytest.mark.parametrize("fault", ["refuse:503", "accept_hang", "garbage", "accept_reset", "limit:1"])
async def test_a_service_that_stumbles_is_asked_again_in_time(make_hub: Any, fault: str) -> None:
    async with bilingual(make_hub, timeout=2.0) as scene:
        talk = await scene.customer()
        scene.server.behaviour.next(fault)
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await interpreting.run(scene.hub, 5.0)
        assert scene.phone.texts == []
        await put(scene.hub.store, Translation, {"side": "out"}, due_ms=1)
        await scene.work()
        assert scene.phone.texts == [LEAVES_ZH]
        assert (await only(scene.hub.store, Translation, side="out"))["tries"] == 2


async def test_the_original_leaves_when_the_time_is_over_although_nobody_works(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await put(scene.hub.store, Delivery, {"target": "phone"}, due_ms=1)
        await settle(scene.hub)
        assert scene.phone.texts == [LEAVES], "no worker translates, and the call is due"
        await scene.work()
        assert scene.phone.texts == [LEAVES], "a translation that comes late changes nothing"
        assert [row["state"] for row in await rows(scene.hub.store, Delivery, target="phone")] == ["sent"]


async def test_a_refusal_lets_the_original_go_at_once_and_says_why(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        scene.server.behaviour.next("revoked")
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await scene.work()
        assert scene.phone.texts == [LEAVES]
        told = (await scene.shown())[-1]
        assert (told["state"], told["reason"]) == ("failed", "LibreTranslate answered 403: Invalid API key")


@pytest.mark.parametrize("channel", ["phone", "page"])
async def test_where_the_author_decides_the_original_does_not_leave(make_hub: Any, channel: str) -> None:
    async with bilingual(make_hub, {"late": "ask"}) as scene:
        talk = await scene.customer(channel=channel)
        scene.server.behaviour.next("revoked")
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await scene.work()
        assert scene.phone.texts == []
        assert LEAVES not in await scene.log(talk) if channel == "page" else True
        status = data_of((await rows(scene.hub.store, MessageRow, kind="status"))[-1])
        assert status["state"] == "failed"
        assert status["reason"].startswith("not translated: LibreTranslate answered 403")
        if channel == "phone":
            again = answered("", conversation=talk, kind="resend", edit_of=status["delivery"])
            await settle(scene.hub, again)
            assert scene.phone.texts == [LEAVES], "sent again, it leaves as it is"


async def test_the_sweep_ends_the_wait_of_an_answer_for_which_nobody_came(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer(channel="page")
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        await interpreting.look(scene.hub)
        assert await scene.log(talk) == [WHERE], "it is not late yet"
        await put(scene.hub.store, Translation, {"side": "out"}, until_ms=1)
        await interpreting.look(scene.hub)
        await take_in(scene.hub)
        assert await scene.log(talk) == [WHERE, LEAVES]
        assert (await scene.shown())[-1]["reason"] == interpreting.LATE


async def test_a_line_that_can_t_be_translated_says_so_after_a_few_tries(make_hub: Any) -> None:
    async with bilingual(make_hub, {"tries": 3}) as scene:
        scene.server.behaviour.next("refuse:500", "garbage", "refuse:502")
        await scene.customer()
        for _ in range(3):
            await put(scene.hub.store, Translation, {"state": "queued"}, due_ms=1)
            await scene.work()
        assert (await scene.shown())[-1]["state"] == "failed"
        row = await only(scene.hub.store, Translation)
        assert (row["state"], row["tries"]) == ("failed", 3)
        assert "502" in row["reason"]


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


async def test_two_workers_ask_once(make_hub: Any) -> None:
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, *(answered(f"Line {n} of many.", conversation=talk) for n in range(12)))
        asked = len(scene.server.asked)
        await asyncio.gather(*(interpreting.run(scene.hub, 8.0) for _ in range(3)))
        await scene.work()
        assert len(scene.server.asked) - asked == 12
        assert scene.phone.texts == [f"[zh] Line {n} of many." for n in range(12)]


async def test_a_worker_that_dies_between_asking_and_telling_changes_nothing_twice(make_hub: Any) -> None:
    """What it asked is asked again after its lease; of two that tell, the first one counts."""
    async with bilingual(make_hub) as scene:
        talk = await scene.customer()
        await take_in(scene.hub, answered(LEAVES, conversation=talk))
        lost = await scene.hub.store.translations.take(60_000, 4)
        assert [one.side for one in lost] == ["out"]
        await interpreting.run(scene.hub, 0.3)
        assert len(scene.server.asked) == 1, "while somebody has it, nobody else asks"
        await put(scene.hub.store, Translation, {"side": "out"}, due_ms=1)
        await scene.work()
        late = {"state": "done", "from": "en", "sure": True}
        await interpreting._tell(scene.hub, lost[0].message_id, "zh", talk, lost[0].turn, late, ())
        await scene.work()
        assert scene.phone.texts == [LEAVES_ZH]
        assert len([one for one in await scene.shown() if one["side"] == "out"]) == 1


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


def said_there(desk: Desk) -> Sequence[str]:
    return [text for _, texts in desk.posts for text in texts]


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


async def test_without_a_service_nothing_is_wanted(hub: Hub, store: Store) -> None:
    await settle(hub, said(WHERE, locale="zh-CN"))
    assert await rows(store, Translation) == []
    await interpreting.run(hub)
    await interpreting.look(hub)
