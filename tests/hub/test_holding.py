"""The rungs for an answer that is held: a notice beside the window, once, and at last an end that agents see."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub import sweep
from hub.continuing import link_of
from hub.errors import Temporary, Uncertain, Undeliverable
from hub.fates import ARRIVED, BOUNCED
from hub.model import Event, ExternalId
from hub.ports import Capabilities, IdempotencyKey, Identity, Settings, Window
from hub.store.tables import Conversation, Delivery, Inbox
from hub.store.tables import Identity as IdentityRow
from hub.store.tables import Message as MessageRow
from hub.store.window_tables import Allowance
from tests.fakes import TEXT_ONLY, FakeConnector, answered, said
from tests.hub.hubs import Phone, Reading, Scene, channels, data_of, deliver, desks, happened, only, put, rows, settle, take_in

COUNTED = replace(TEXT_ONLY, window=Window(48 * 3600, 3, hold_s=3600))


class Noticing(Phone):
    """A counted channel with a way beside the window."""

    def __init__(self, capabilities: Capabilities = COUNTED, after: float | None = 0.0) -> None:
        super().__init__(capabilities)
        self.notice_after_s = after
        self.noticed: list[tuple[str, str]] = []
        self.notice_fail: list[Exception] = []

    async def notice(self, to: Identity, link: str, key: IdempotencyKey) -> ExternalId:
        if self.notice_fail:
            raise self.notice_fail.pop(0)
        self.noticed.append((str(to.address), link))
        return ExternalId(f"n{key}")


async def shut(make_hub: Any, phone: Phone, **more: FakeConnector) -> Scene:
    """A conversation in which the window has closed."""
    slack = Reading()
    scene = Scene(await make_hub(connectors=channels(phone=phone, **more), desks=desks(slack=slack)), phone, slack)
    await settle(scene.hub, said("hello"))
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    return scene


async def told(scene: Scene) -> list[str]:
    """What the conversation's log says of calls."""
    return [data_of(row)["state"] for row in await rows(scene.hub.store, MessageRow, kind="status")]


async def notices(scene: Scene) -> list[str]:
    return [row["state"] for row in await rows(scene.hub.store, Delivery, kind="notice")]


async def test_a_customer_is_told_once_however_much_waits(make_hub: Any) -> None:
    phone = Noticing()
    scene = await shut(make_hub, phone)
    for text in ("one", "two", "three"):
        await scene.answer(text)
    assert phone.noticed == [("ann", "")]
    assert phone.texts == []
    assert await told(scene) == ["held", "noticed", "held", "held"]
    shown = [line.entry.data["state"] for line in scene.slack.lines if line.entry.kind == "status"]
    assert shown.count("noticed") == 1, "and the desk shows it"
    assert (await only(scene.hub.store, Allowance))["calls_left"] == 0
    await settle(scene.hub, said("here I am"))
    assert phone.texts == ["one", "two", "three"]
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    await scene.answer("four")
    assert len(phone.noticed) == 2, "they were here in between"


async def test_whoever_comes_before_it_is_due_is_told_nothing(make_hub: Any) -> None:
    phone = Noticing(after=600.0)
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    assert (phone.noticed, await notices(scene)) == ([], ["queued"])
    await settle(scene.hub, said("back"))
    assert (phone.texts, phone.noticed, await notices(scene)) == (["one"], [], ["cancelled"])


async def test_nothing_is_told_of_an_answer_that_waits_no_more(make_hub: Any) -> None:
    """The customer acts before the report of the hold is read."""
    phone = Noticing()
    scene = await shut(make_hub, phone)
    await take_in(scene.hub, answered("one", thread="C1:1", desk="slack", id="ts.one"))
    kept, asked = scene.hub.store.holds.acts_before, []

    async def late(connection: Any, delivery_id: str) -> Any:
        asked.append(delivery_id)
        await connection.execute(Delivery.__table__.update().values(state="queued"))  # type: ignore[attr-defined]
        return await kept(connection, delivery_id)

    scene.hub.store.holds.acts_before = late  # type: ignore[method-assign]
    await deliver(scene.hub)
    await take_in(scene.hub)
    assert asked
    assert await notices(scene) == []


async def test_the_notice_leads_to_the_web_chat_of_the_same_conversation(make_hub: Any) -> None:
    phone, page = Noticing(), FakeConnector(replace(TEXT_ONLY, pulled=True))
    scene = await shut(make_hub, phone, page=page)
    scene.hub.channels = {"phone": Settings(type="phone", continue_in="page")}  # type: ignore[dict-item]
    await scene.answer("one")
    ((_, link),) = phone.noticed
    assert link.split("#")[0] == link_of(scene.hub, "phone", "ann").split("#")[0] == "http://127.0.0.1/w/page"


@pytest.mark.parametrize(
    ("error", "state"),
    [(Undeliverable("has not agreed", "43101"), "failed"), (Uncertain("no answer"), "unknown")],
)
async def test_a_notice_that_fails_is_seen_and_not_repeated(make_hub: Any, error: Exception, state: str) -> None:
    phone = Noticing()
    phone.notice_fail = [error]
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    await scene.answer("two")
    assert phone.noticed == []
    assert await notices(scene) == [state]
    line = next(line for line in scene.slack.lines if line.entry.data.get("state") == state)
    assert "notice" in line.parts[0].text  # type: ignore[union-attr]
    assert await told(scene) == ["held", state, "held"]


async def test_a_notice_is_tried_again_while_nothing_was_accepted(make_hub: Any) -> None:
    phone = Noticing()
    phone.notice_fail = [Temporary("busy", retry_after=0.0)]
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    await put(scene.hub.store, Delivery, {"kind": "notice"}, due_ms=1)
    await settle(scene.hub)
    assert phone.noticed == [("ann", "")]


async def test_two_processes_tell_the_customer_once(make_hub: Any) -> None:
    phone = Noticing()
    scene = await shut(make_hub, phone)
    other = await make_hub(connectors=channels(phone=phone), desks=desks(slack=scene.slack))
    await take_in(scene.hub, *[answered(f"{n}", thread="C1:1", desk="slack", id=f"ts.{n}") for n in range(4)])
    await asyncio.gather(deliver(scene.hub), deliver(other))
    await asyncio.gather(take_in(scene.hub), take_in(other))
    await asyncio.gather(deliver(scene.hub), deliver(other))
    assert phone.noticed == [("ann", "")]


async def test_a_channel_without_a_template_only_holds(make_hub: Any) -> None:
    for phone in (Noticing(after=None), Phone(COUNTED)):
        scene = await shut(make_hub, phone)
        await scene.answer(f"{type(phone).__name__}")
        assert await notices(scene) == []


async def test_waiting_comes_to_an_end_that_agents_see(make_hub: Any) -> None:
    phone = Noticing(after=None)
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    held = await only(scene.hub.store, Delivery, target="phone")
    now = await scene.hub.store.sweeping.clock()
    assert 3_500_000 < held["due_ms"] - now <= 3_600_000
    await sweep.run(scene.hub)
    assert (await only(scene.hub.store, Delivery, target="phone"))["state"] == "held"
    await put(scene.hub.store, Delivery, {"target": "phone"}, due_ms=now - 1)
    await asyncio.gather(scene.hub.store.holds.run_out(), scene.hub.store.holds.run_out())
    await settle(scene.hub)
    call = await only(scene.hub.store, Delivery, target="phone")
    assert (call["state"], call["reason"].startswith("the customer has not come back")) == ("failed", True)
    assert await told(scene) == ["held", "failed"]
    assert scene.slack.marks[-1] == ("ts.one", "failed")
    await settle(scene.hub, said("I am back"))
    assert phone.texts == [], "it will not leave by itself"
    await settle(scene.hub, answered("", thread="C1:1", desk="slack", kind="resend", edit_of=call["id"]))
    assert phone.texts == ["one"]


async def test_an_act_ends_the_waiting(make_hub: Any) -> None:
    phone = Noticing(after=None)
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    await settle(scene.hub, happened("scanned"))
    assert (await only(scene.hub.store, Delivery, target="phone"))["state"] == "held", "which opens nothing"
    await settle(scene.hub, said("hi"))
    assert (await only(scene.hub.store, Delivery, target="phone"))["state"] == "sent"
    assert len(await rows(scene.hub.store, Conversation)) == 1


@pytest.mark.parametrize(
    ("event", "words"),
    [("unfollowed", "the customer does not follow this account any more"), ("blocked", "the customer has blocked this channel")],
)
async def test_who_leaves_is_waited_for_no_longer(make_hub: Any, event: Any, words: str) -> None:
    phone = Noticing(after=600.0)
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    await scene.answer("two")
    assert await notices(scene) == ["queued"]
    await settle(scene.hub, happened(event))
    calls = await rows(scene.hub.store, Delivery, target="phone", kind="send")
    assert [(call["state"], call["reason"]) for call in calls] == [
        ("failed", f"{words}: it has not left, and will not by itself")
    ] * 2
    assert await notices(scene) == ["cancelled"]
    assert await told(scene) == ["held", "held", "failed", "failed"]
    assert scene.slack.marks[-2:] == [("ts.one", "failed"), ("ts.two", "failed")]
    assert (await only(scene.hub.store, IdentityRow))["unreachable"] == words
    await settle(scene.hub, happened("followed"), said("I am back"))
    assert phone.texts == [], "it will not leave by itself"
    await settle(scene.hub, answered("", thread="C1:1", desk="slack", kind="resend", edit_of=calls[0]["id"]))
    assert phone.texts == ["one"]
    assert len(await rows(scene.hub.store, Conversation)) == 1, "and the history is the same"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", ["arrived", "bounced"])
async def test_what_became_of_a_notice_is_shown_when_the_platform_says_it(make_hub: Any, kind: Any, named: bool) -> None:
    phone = Noticing()
    scene = await shut(make_hub, phone)
    await scene.answer("one")
    (sent,) = await rows(scene.hub.store, Delivery, kind="notice")
    told_later = said("", id="e1").model_copy(
        update={
            "parts": (Event(kind=kind, data="" if kind == "arrived" else "switched off"),),
            "reply_to": ExternalId(sent["external_id"]) if named else None,
        }
    )
    await settle(scene.hub, told_later)
    await settle(scene.hub, told_later.model_copy(update={"id": ExternalId("e2"), "customer": ExternalId("nobody")}))
    await settle(scene.hub, told_later.model_copy(update={"id": ExternalId("e3"), "reply_to": ExternalId("of somebody else")}))
    states = [(one["state"], one["reason"]) for one in map(data_of, await rows(scene.hub.store, MessageRow, kind="status"))]
    expected = ("noticed", ARRIVED) if kind == "arrived" else ("failed", f"{BOUNCED}: switched off")
    assert states[2:] == [expected], "once, and nothing of what names another or nobody"
    assert [line.entry.data["reason"] for line in scene.slack.lines if line.entry.kind == "status"][-1] == expected[1]
    assert await notices(scene) == ["sent" if kind == "arrived" else "failed"]
    assert phone.texts == []
    assert [row["external_id"] for row in await rows(scene.hub.store, IdentityRow)] == ["ann"], "nobody is made up"
    assert (await only(scene.hub.store, Allowance))["calls_left"] == 0, "nobody acted"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("state", ["sending", "unknown"])
async def test_what_became_of_a_notice_may_be_told_before_its_own_outcome_is_recorded(
    make_hub: Any, state: str, named: bool
) -> None:
    """The platform's word waits for the recorder, and not for ever."""
    scene = await shut(make_hub, Noticing())
    await scene.answer("one")
    (sent,) = await rows(scene.hub.store, Delivery, kind="notice")
    unrecorded = {"state": state, "external_id": None, "due_ms": 2**50 if state == "unknown" else 0, "lease_ms": 2**50}
    await put(scene.hub.store, Delivery, {"kind": "notice"}, **unrecorded)
    event = Event(kind="bounced", data="switched off")
    about = ExternalId(sent["external_id"]) if named else None
    bounced = said("", id="e1").model_copy(update={"parts": (event,), "reply_to": about})
    await take_in(scene.hub, bounced)
    assert len(await rows(scene.hub.store, Inbox, state=0)) == 1
    await put(scene.hub.store, Delivery, {"kind": "notice"}, **{name: sent[name] for name in unrecorded})
    await put(scene.hub.store, Inbox, {"state": 0}, due_ms=0)
    await settle(scene.hub)
    assert await notices(scene) == ["failed"]
    assert (await told(scene))[2:] == ["failed"]
    await put(scene.hub.store, Delivery, {"kind": "notice"}, **unrecorded)
    await scene.hub.intake.keep([bounced.model_copy(update={"id": ExternalId("e2")})], 10.0)
    await put(scene.hub.store, Inbox, {"state": 0}, at=scene.hub.now() - timedelta(minutes=3))
    await take_in(scene.hub)
    assert await rows(scene.hub.store, Inbox, state=0) == []
    assert await notices(scene) == [state]
