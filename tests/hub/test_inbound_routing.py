"""Inbound, the first answer: what the bot says, to whom routing gives a conversation, and when nobody gets it."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import orjson

from hub.bot import BotRules
from hub.model import Choice
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import data_of, desks, happened, only, put, rows, settle, take_in, text_of

BOT = BotRules.model_validate(
    {
        "greeting": {"en": "Welcome {name}!", "zh": "欢迎！"},
        "faq": [
            {"name": "hours", "keywords": ["open", "营业"], "answer": {"en": "From nine to six.", "zh": "九点到六点。"}},
            {"name": "refund", "keywords": ["refund"], "answer": "That is for a colleague.", "handover": True},
        ],
        "handover": "One moment, please.",
        "closed": "We are closed.",
        "fallback": ["Say it another way."],
    }
)


async def agent(store: Store, name: str, state: str = "present") -> str:
    """An agent who has just looked at the console."""
    agent_id = await store.agents.invite(f"{name.lower()}@example.com", name, "agent")
    await store.agents.be(agent_id, state)
    return agent_id


async def spoken(hub: Hub, **where: Any) -> list[tuple[str, str]]:
    """(who, what) of the messages in the order of the log."""
    return [(row["author_kind"], text_of(row)) for row in await rows(hub.store, Message, kind="message", **where)]


async def holders(hub: Hub) -> Counter[str]:
    return Counter(talk["agent_id"] for talk in await rows(hub.store, Conversation))


async def test_the_bot_greets_once_and_answers_what_it_knows(make_hub: Any) -> None:
    hub = await make_hub(bot=BOT)
    await settle(hub, said("hello"))
    await settle(hub, said("when are you open?"))
    assert await spoken(hub) == [
        ("customer", "hello"),
        ("bot", "Welcome !"),
        ("customer", "when are you open?"),
        ("bot", "From nine to six."),
    ]
    assert [text for _, text, _ in hub.connectors["phone"].sent] == ["Welcome !", "From nine to six."]
    talk = await only(hub.store, Conversation)
    assert talk["waiting_ms"] == 0, "who was answered does not wait"


async def test_the_bot_speaks_the_customers_language(make_hub: Any) -> None:
    hub = await make_hub(bot=BOT)
    await take_in(hub, said("几点营业", locale="zh-CN"))
    assert [text for who, text in await spoken(hub) if who == "bot"] == ["欢迎！ 九点到六点。"]


async def test_a_handover_gives_the_conversation_to_an_agent_and_silences_the_bot(make_hub: Any, store: Store) -> None:
    bo = await agent(store, "Bo")
    hub = await make_hub(bot=BOT, desks=desks(slack=FakeDesk()))
    await take_in(hub, said("hello"))
    assert (await only(store, Conversation))["agent_id"] == "", "the bot has it"
    await take_in(hub, said("a human, please"))
    talk = await only(store, Conversation)
    assert talk["agent_id"] == bo
    assert talk["waiting_ms"] > 0
    assert orjson.loads(talk["bot"])["silent"] is True
    assert (await spoken(hub))[-1] == ("bot", "One moment, please.")
    assert data_of(await only(store, Message, kind="assigned"))["name"] == "Bo"
    await take_in(hub, said("when are you open?"))
    assert (await spoken(hub))[-1] == ("customer", "when are you open?")


async def test_an_answer_may_hand_over(make_hub: Any, store: Store) -> None:
    bo = await agent(store, "Bo")
    hub = await make_hub(bot=BOT)
    await take_in(hub, said("I want a refund"))
    assert (await only(store, Conversation))["agent_id"] == bo


async def test_a_button_counts_as_its_answer(make_hub: Any) -> None:
    hub = await make_hub(bot=BOT)
    await take_in(hub, said("hello"), said("").model_copy(update={"parts": (Choice(id="faq:hours", text="Hours"),)}))
    assert (await spoken(hub))[-1] == ("bot", "From nine to six.")


async def test_an_agents_word_silences_the_bot(make_hub: Any, store: Store) -> None:
    hub = await make_hub(bot=BOT)
    await take_in(hub, said("hello"))
    talk = await only(store, Conversation)
    await take_in(hub, answered("I am here", conversation=talk["id"]))
    await take_in(hub, said("when are you open?"))
    assert [who for who, _ in await spoken(hub)] == ["customer", "bot", "agent", "customer"]


async def test_who_follows_is_greeted_and_desks_see_it_only_once_they_write(make_hub: Any) -> None:
    hub = await make_hub(bot=BOT, desks=desks(slack=FakeDesk()))
    await take_in(hub, happened("followed"))
    assert await spoken(hub) == [("bot", "Welcome !")]
    assert [call["target"] for call in await rows(hub.store, Delivery)] == ["phone"]
    await take_in(hub, happened("followed"))
    assert len(await spoken(hub)) == 1, "greeted once"
    await take_in(hub, said("when are you open?"))
    assert [text for who, text in await spoken(hub) if who == "bot"] == ["Welcome !", "From nine to six."]
    assert {call["target"] for call in await rows(hub.store, Delivery)} == {"phone", "slack"}


async def test_the_least_busy_gets_the_next_one_also_within_a_batch(make_hub: Any, store: Store) -> None:
    ids = [await agent(store, name) for name in ("Ann", "Bo", "Chen")]
    await agent(store, "Away", "away")
    hub = await make_hub(routing=RoutingRules(sticky=False))
    await take_in(hub, *(said("hi", customer=f"c{n}") for n in range(3)))
    await take_in(hub, *(said("hi", customer=f"d{n}") for n in range(6)))
    assert await holders(hub) == dict.fromkeys(ids, 3)


async def test_nobody_gets_more_than_they_can_take(make_hub: Any, store: Store) -> None:
    bo = await agent(store, "Bo")
    hub = await make_hub(routing=RoutingRules(capacity=2))
    await take_in(hub, *(said("hi", customer=f"c{n}") for n in range(3)))
    assert await holders(hub) == {bo: 2, "": 1}
    talks = await rows(store, Conversation, agent_id=bo)
    await take_in(hub, answered("", conversation=talks[0]["id"], kind="resolve"))
    await take_in(hub, said("hi", customer="d"))
    assert (await holders(hub))[bo] == 3, "one of them is settled, so there was room for one more"


async def test_round_robin_goes_round(make_hub: Any, store: Store) -> None:
    for name in ("Ann", "Bo"):
        await agent(store, name)
    hub = await make_hub(routing=RoutingRules(strategy="round_robin", capacity=50))
    for n in range(16):
        await take_in(hub, said("hi", customer=f"c{n}"))
    turns = [talk["agent_id"] for talk in await rows(store, Conversation)]
    assert all(one != other for one, other in itertools.pairwise(turns)), turns


async def test_a_team_gets_what_its_rule_names_and_its_desk_shows_it(make_hub: Any, store: Store) -> None:
    ann, bo = await agent(store, "Ann"), await agent(store, "Bo")
    rules = RoutingRules.model_validate(
        {
            "rules": [{"keywords": ["refund"], "team": "billing"}],
            "team": "support",
            "teams": {"billing": {"members": ["ann@example.com"], "desks": "money"}, "support": {"members": ["bo@example.com"]}},
            "desks": ["slack"],
        }
    )
    hub = await make_hub(routing=rules, desks=desks(slack=FakeDesk(), money=FakeDesk()))
    await take_in(hub, said("refund, please", customer="rita"))
    await take_in(hub, said("hello", customer="sam"))
    found = [(talk["team"], talk["agent_id"], talk["desks"]) for talk in await rows(store, Conversation)]
    assert found == [("billing", ann, "money"), ("support", bo, "slack")]


async def test_a_conversation_keeps_its_team_whatever_is_said_later(make_hub: Any, store: Store) -> None:
    rules = RoutingRules.model_validate(
        {"rules": [{"keywords": ["refund"], "team": "billing"}], "team": "support", "teams": {"billing": {}, "support": {}}}
    )
    hub = await make_hub(routing=rules)
    await take_in(hub, said("hello"))
    await take_in(hub, said("about a refund"))
    assert (await only(store, Conversation))["team"] == "support"


async def test_outside_of_business_hours_nobody_is_given_anything(make_hub: Any, store: Store) -> None:
    await agent(store, "Bo")
    rules = RoutingRules.model_validate({"hours": {"default": {"week": {}}}})
    hub = await make_hub(routing=rules, bot=BOT)
    await take_in(hub, said("I want a refund"))
    talk = await only(store, Conversation)
    assert talk["agent_id"] == ""
    assert talk["waiting_ms"] > 0, "it waits for the morning"
    assert "We are closed." in (await spoken(hub))[-1][1]


async def test_a_customer_comes_back_to_their_last_agent(make_hub: Any, store: Store) -> None:
    ann, bo = await agent(store, "Ann"), await agent(store, "Bo")
    hub = await make_hub()
    for n in range(4):
        await take_in(hub, said("hi", customer=f"busy{n}"))
    await take_in(hub, said("hi"))
    first = (await rows(store, Conversation))[-1]
    other = bo if first["agent_id"] == ann else ann
    await take_in(hub, answered("", conversation=first["id"], kind="assign", assignee=other))
    await take_in(hub, answered("", conversation=first["id"], kind="resolve"))
    await put(store, Conversation, {"id": first["id"]}, resolved_at=hub.now().replace(year=hub.now().year - 1))
    await take_in(hub, said("me again"))
    again = (await rows(store, Conversation))[-1]
    assert again["id"] != first["id"]
    assert again["agent_id"] == other
    assert data_of((await rows(store, Message, conversation_id=again["id"], kind="assigned"))[0])["reason"] == "sticky"


async def test_who_resumes_with_an_agent_who_left_gets_another(make_hub: Any, store: Store) -> None:
    bo = await agent(store, "Bo")
    hub = await make_hub()
    await take_in(hub, said("hi"))
    talk = await only(store, Conversation)
    assert talk["agent_id"] == bo
    await take_in(hub, answered("", conversation=talk["id"], kind="resolve"))
    await store.agents.be(bo, "away")
    chen = await agent(store, "Chen")
    await take_in(hub, said("one more thing"))
    assert (await only(store, Conversation))["agent_id"] == chen
    noted = [data_of(row) for row in await rows(store, Message, kind="changed")]
    assert noted == [{"what": "handed_over", "agent": bo, "name": "Bo"}], "whoever has it now reads who had it"


async def test_whoever_answers_first_has_the_conversation(make_hub: Any, store: Store) -> None:
    hub = await make_hub(desks=desks(slack=(desk := FakeDesk())))
    await settle(hub, said("hi"))
    await settle(hub, answered("I take this", thread=next(iter(desk.threads)), desk="slack"))
    assert (await only(store, Conversation))["agent_id"] == "agent1"
    assert data_of(await only(store, Message, kind="assigned"))["reason"] == "answered"
