"""Two conversations of one customer as one matter: where lines and answers go, what each sees, and how they part again."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from hub.errors import Conflict, Undeliverable
from hub.model import ExternalId
from hub.store.agent_tables import Audit
from hub.store.tables import Conversation, Delivery, Message, Thread
from tests.fakes import FakeConnector, answered, said
from tests.hub.hubs import EDITABLE, Phone, channels, data_of, put, rows, settle, take_in, text_of
from tests.hub.merged_talks import PULLED, Two, two_of


@pytest.fixture
async def two(make_hub: Any) -> Two:
    return await two_of(make_hub)


async def test_what_was_said_stays_and_what_comes_is_seen_in_the_one_that_goes_on(two: Two) -> None:
    before = await two.log_of(two.other)
    await two.merge()
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"), said("on the phone"))
    assert (await two.log_of(two.other))[: len(before)] == before
    assert ("message", "on the other line") in await two.log_of(two.other)
    assert ("message", "on the other line") not in await two.log_of(two.head), "no entry is copied"
    assert await two.seen(two.head) == [
        ("", "message", "where is my parcel?"),
        ("line", "message", "on the other line"),
        ("", "message", "on the phone"),
    ]
    head, other = await two.talk(two.head), await two.talk(two.other)
    assert (other["status"], other["merged_into"], head["joins"]) == ("merged", two.head, True)
    assert head["preview"] == "on the phone"
    assert head["waiting_ms"] > 0
    await two.whole()


async def test_an_answer_goes_where_the_customer_wrote_last_and_never_to_two(two: Two) -> None:
    await two.merge()
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"))
    await settle(two.hub, answered("we look into it", conversation=two.head))
    assert (two.line.texts, two.phone.texts) == (["we look into it"], [])
    assert (await two.talk(two.head))["waiting_ms"] == (await two.talk(two.other))["waiting_ms"] == 0
    assert (await two.talk(two.head))["agent_id"] == "agent1"
    await settle(two.hub, said("on the phone"))
    await settle(two.hub, answered("found it", conversation=two.head))
    assert (two.line.texts, two.phone.texts) == (["we look into it"], ["found it"])
    await settle(two.hub, answered("and there too", conversation=two.head, data={"to": two.other}))
    assert (two.line.texts, two.phone.texts) == (["we look into it", "and there too"], ["found it"])
    await two.whole()


async def test_an_answer_to_a_line_goes_where_that_line_came_from(two: Two) -> None:
    await two.merge()
    (line,) = [row for row in await rows(two.hub.store, Message, kind="message") if text_of(row) == "it is me again"]
    await settle(two.hub, said("on the phone"), answered("about that", conversation=two.head, reply_to=line["id"]))
    assert (two.line.texts, two.phone.texts) == (["> it is me again\nabout that"], [])


async def test_customers_see_their_own_channel_alone(make_hub: Any) -> None:
    hub = await make_hub(connectors=channels(phone=Phone(EDITABLE), page=FakeConnector(PULLED)))
    await settle(hub, said("by phone"), said("on the page", channel="page", customer="v1"))
    head, other = await rows(hub.store, Conversation)
    await hub.store.links.link(head["customer_id"], other["customer_id"], "Bo", "")
    await settle(hub, answered("", kind="merge", conversation=head["id"], data={"other": other["id"]}))
    for n in range(3):
        await settle(hub, said(f"phone {n}"), answered(f"to phone {n}", conversation=head["id"]))
        await settle(hub, said(f"page {n}", channel="page", customer="v1"), answered(f"to page {n}", conversation=head["id"]))
    found = await hub.store.logs.after(other["identity_id"], 0)
    texts = ["".join(getattr(part, "text", "") for part in one.parts) for one in found]
    assert texts == ["on the page", *itertools.chain(*((f"page {n}", f"to page {n}") for n in range(3)))]
    assert [one.cs for one in found] == list(range(1, 8)), "the customer resumes by a log without gaps"
    assert {one.conversation for one in found} == {other["id"]}, "and hears of no other conversation"


async def test_threads_show_the_way_and_one_of_them_goes_on(two: Two) -> None:
    first, second = list(two.desk.threads)
    await two.merge()
    near = {(one.entry.data["what"], one.near) for one in two.desk.lines if one.entry.kind == "changed"}
    assert near == {("merged", first), ("merged", second)}
    assert two.desk.cards[-1].status in ("merged", "open")
    assert {card.status for card in two.desk.cards if card.conversation == two.other} == {"open", "merged"}
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"))
    line = two.desk.lines[-1]
    assert (line.via, two.desk.threads[first][-1]) == ("line", "on the other line")
    assert "on the other line" not in two.desk.threads[second]
    await settle(two.hub, answered("from the old thread", thread=second, desk="slack"))
    assert two.line.texts == ["from the old thread"], "whoever writes there has chosen that channel"
    assert two.desk.threads[first][-1] == "from the old thread", "and the thread that goes on shows it"
    await settle(two.hub, answered("", kind="resolve", thread=second, desk="slack"))
    assert (await two.talk(two.head))["status"] == "resolved", "what is done there is done about the matter"


async def test_edits_and_undo_find_the_channel_that_they_are_about(two: Two) -> None:
    await two.merge()
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"))
    await settle(two.hub, answered("wrnog", conversation=two.head, id="r-wrong"))
    await settle(two.hub, said("on the phone"))
    await settle(two.hub, answered("right", conversation=two.head, kind="edit", edit_of="r-wrong"))
    assert [change[0] for change in two.line.changes] == ["edit"]
    assert two.phone.changes == []
    await take_in(two.hub, answered("oops", conversation=two.head, id="r-oops", data={"to": two.other}))
    await take_in(two.hub, answered("", conversation=two.head, kind="undo", edit_of="r-oops"))
    await settle(two.hub)
    assert two.line.texts == ["wrnog"]
    await two.whole()


async def test_a_failed_answer_is_shown_and_sent_again_where_it_was_meant(two: Two) -> None:
    await two.merge()
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"))
    two.line.fail.append(Undeliverable("no such number"))
    await settle(two.hub, answered("hello?", conversation=two.head))
    (call,) = await rows(two.hub.store, Delivery, state="failed")
    assert call["conversation_id"] == two.other
    assert two.desk.threads[next(iter(two.desk.threads))][-1] == "no such number"
    await settle(two.hub, answered("", kind="resend", conversation=two.head, edit_of=call["id"]))
    assert two.line.texts == ["hello?"]


async def test_parted_they_go_on_apart(two: Two) -> None:
    await two.merge()
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"))
    await two.part()
    head, other = await two.talk(two.head), await two.talk(two.other)
    assert (other["status"], other["merged_into"], other["open_key"]) == ("open", None, other["identity_id"])
    assert (head["joins"], head["preview"]) == (False, "where is my parcel?")
    assert other["waiting_ms"] > 0
    await settle(two.hub, said("still here", channel="line", customer="ann2"), answered("hello phone", conversation=two.head))
    assert two.phone.texts == ["hello phone"]
    assert two.line.texts == []
    assert [text for _, _, text in await two.seen(two.other)] == ["it is me again", "on the other line", "still here"]
    assert [text for _, _, text in await two.seen(two.head)] == ["where is my parcel?", "on the other line", "hello phone"]
    await two.merge()
    assert (await two.talk(two.other))["merged_into"] == two.head, "and they can be merged again"
    await two.whole()


async def test_who_lets_go_what_was_kept_before_they_were_parted_hears_that_it_does_not_leave(two: Two) -> None:
    """The question stands in the thread of the one, and what was kept in the log of the other."""
    await two.merge()
    (thread,) = [row["external_id"] for row in await rows(two.hub.store, Thread, conversation_id=two.head)]
    await settle(two.hub, said("on the other line", channel="line", customer="ann2"))
    await settle(two.hub, answered("helo", thread=thread, desk="slack", id="ts1"))
    await settle(two.hub, answered("hello", thread=thread, desk="slack", id="e1", kind="edit", edit_of=ExternalId("ts1")))
    await two.part()
    await settle(two.hub, answered("", thread=thread, desk="slack", id="e1:sent", data={"note": "e1"}))
    assert (two.line.texts, two.phone.texts) == (["helo"], [])
    told = [data_of(row) for row in await rows(two.hub.store, Delivery, kind="mark") if "about" in data_of(row)]
    assert [(one["person"], one["about"]) for one in told] == [("agent1", "no_note")]


async def test_what_is_resolved_is_resolved_for_both_and_opens_again_from_either(two: Two) -> None:
    await two.merge()
    await settle(two.hub, answered("", kind="resolve", conversation=two.head))
    assert (await two.talk(two.other))["open_key"] is None
    await settle(two.hub, said("one more thing", channel="line", customer="ann2"))
    head = await two.talk(two.head)
    assert (head["status"], head["waiting_ms"] > 0) == ("open", True)
    assert ("line", "message", "one more thing") in await two.seen(two.head)
    assert len(await rows(two.hub.store, Conversation)) == 2
    await settle(two.hub, answered("gladly", conversation=two.head))
    assert two.line.texts == ["gladly"]
    await two.whole()


async def test_long_after_the_end_a_new_matter_begins(make_hub: Any) -> None:
    two = await two_of(make_hub)
    await two.merge()
    await settle(two.hub, answered("", kind="resolve", conversation=two.head))
    await put(two.hub.store, Conversation, {"id": two.head}, resolved_at=two.hub.now().replace(year=2020))
    await settle(two.hub, said("something else", channel="line", customer="ann2"))
    fresh = (await rows(two.hub.store, Conversation))[-1]
    assert fresh["id"] not in (two.head, two.other)
    assert (fresh["status"], fresh["preview"]) == ("open", "something else")
    await two.part()
    assert (await two.talk(two.other))["status"] == "resolved", "their channel has another one open"


@pytest.mark.parametrize(
    ("why", "prepare"),
    [("strangers", "unlinked"), ("settled", "resolved"), ("same", "itself"), ("merged", "merged"), ("gone", "nothing")],
)
async def test_what_can_not_be_merged_says_why(make_hub: Any, why: str, prepare: str) -> None:
    two = await two_of(make_hub, linked=prepare != "unlinked")
    if prepare == "resolved":
        await settle(two.hub, answered("", kind="resolve", conversation=two.head))
    if prepare == "merged":
        await two.merge()
    other = {"itself": two.head, "nothing": "0" * 32}.get(prepare, two.other)
    before = await rows(two.hub.store, Message)
    await two.merge(other=other)
    assert await rows(two.hub.store, Message) == before
    (refused,) = await rows(two.hub.store, Audit, action="conversation.not_merged")
    assert refused["detail"] == f"merge: {why}"


async def test_a_conversation_with_others_in_it_is_merged_into_none(two: Two) -> None:
    await two.merge()
    await settle(two.hub, said("third", channel="page", customer="v1"))
    third = (await rows(two.hub.store, Conversation))[-1]
    await two.hub.store.links.link((await two.talk(two.head))["customer_id"], third["customer_id"], "Bo", "")
    await two.merge(head=third["id"], other=two.head)
    (refused,) = await rows(two.hub.store, Audit, action="conversation.not_merged")
    assert refused["detail"] == "merge: has_merged"
    await two.merge(other=third["id"])
    await settle(two.hub, said("from the page", channel="page", customer="v1"))
    assert (await two.seen(two.head))[-1] == ("page", "message", "from the page")
    await two.part(data={"other": two.other})
    assert (await two.talk(two.other))["status"] == "open"
    assert (await two.talk(two.head))["joins"]


async def test_customers_of_merged_conversations_are_not_parted_before_these(two: Two) -> None:
    await two.merge()
    customer = (await two.talk(two.head))["customer_id"]
    (link,) = [one.id for one in (await two.hub.store.persons.whole(customer, "")).links]  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="merged"):
        await two.hub.store.links.undo(link, "Bo", "")
    await two.part()
    await two.hub.store.links.undo(link, "Bo", "")


async def test_whoever_may_not_answer_merges_nothing_and_it_is_on_the_audit(two: Two) -> None:
    await two.merge()
    await two.part(data={"reason": "sisters"})
    acts = [
        (row["action"], row["object"], row["detail"])
        for row in await rows(two.hub.store, Audit)
        if "conversation" in row["action"]
    ]
    assert acts == [("conversation.merged", two.head, two.other), ("conversation.parted", two.head, f"{two.other} sisters")]


async def test_what_was_merged_is_nobodys_wait_and_in_no_list(two: Two) -> None:
    await two.merge()
    store = two.hub.store
    assert [row.id for row in await store.console.conversations("agent1", "all")] == [two.head]
    assert [row.id for row in await store.console.conversations("agent1", "resolved")] == []
    assert {one.conversation_id for one in await store.sweeping.unanswered(-1000)} == {two.head}
    into, merged = await store.merging.beside(two.head)
    assert (into, [one.id for one in merged]) == (None, [two.other])
    assert (await store.merging.beside(two.other))[0] == two.head
