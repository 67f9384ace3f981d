"""When a translation fails, hangs, is refused or its worker dies: what leaves, when, and that nothing is asked for twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub import interpreting
from hub.store.tables import Delivery
from hub.store.tables import Message as MessageRow
from hub.store.translation_tables import Translation
from tests.fakes import answered
from tests.hub.bilingual_scenes import LEAVES, LEAVES_ZH, WHERE, bilingual
from tests.hub.hubs import data_of, only, put, rows, settle, take_in


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
