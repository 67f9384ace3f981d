"""What agents keep for themselves and lay hands on at once: drafts, views, capacity, macros, bulk acts, quotes, who looks on."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prometheus_client import REGISTRY

from hub.canned import CannedReplies
from hub.facts import MessageFacts
from hub.routing import Present, RoutingRules, route
from hub.store.saved import Saved
from hub.store.store import Store
from hub.workbench import Workbench
from tests.widget.consoles import Agent, House, house

API = "/console/api"
CANNED = CannedReplies.model_validate(
    {
        "replies": [
            {"name": "thanks", "title": "Thanks", "text": {"zh": "{name}您好，我是{agent}", "*": "Hello {name}, {agent} here"}}
        ]
    }
)
BENCH = Workbench.model_validate(
    {
        "undo": 5,
        "tags": {"VIP": "amber"},
        "macros": [{"name": "close", "title": "Close", "do": [{"canned": "thanks"}, {"tag": ["done"]}, "resolve"]}],
        "links": [
            {"title": {"zh": "订单", "*": "Orders"}, "url": "https://erp.example.com/c/{name}?at={channel}"},
            {"title": "Mail", "url": "https://mail.example.com/?q={email}"},
        ],
    }
)


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    rules = RoutingRules.model_validate({"strategy": "manual", "teams": {"billing": {}}})
    more: dict[str, Any] = {"canned": CANNED, "workbench": BENCH, "routing": rules}
    async with house(store, redis_url, prefix, tmp_path / "files", **more) as own:
        yield own


async def entries(agent: Agent, talk: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await agent.api.get(f"{API}/conversations/{talk}/entries")).json()["items"]
    return items


async def test_a_draft_is_kept_for_its_agent_alone_and_other_browsers_are_told(home: House) -> None:
    bo, li = await home.agent(), await home.agent("li@example.com", name="Li")
    talk = await home.customer_says("Hello?", customer="ann")
    one = f"{API}/conversations/{talk}"
    async with home.socket(bo) as mine, home.socket(li) as theirs:
        await mine.next("welcome")
        await theirs.next("welcome")
        assert (await bo.api.put(f"{one}/draft", json={"text": "半句话", "by": "tab1"})).json() == {
            "kind": "reply",
            "text": "半句话",
            "rev": 1,
        }
        told = await mine.next("eph")
        assert (told["k"], told["c"], told["rev"], told["tab"]) == ("draft", talk, 1, "tab1")
        await mine.send({"t": "view", "c": talk})
        seen = await theirs.next("eph")
        assert (seen["k"], seen["by"]["name"], seen["on"]) == ("view", "Bo", True), "a draft was none of theirs"
    assert (await bo.api.get(one)).json()["draft"]["text"] == "半句话"
    assert (await li.api.get(f"{one}/draft")).json() == {"kind": "reply", "text": "", "rev": 0}
    assert (await bo.api.get(f"{API}/me/drafts")).json() == {"items": [talk]}
    assert (await bo.api.put(f"{one}/draft", json={"text": ""})).json()["rev"] == 2
    assert (await bo.api.get(f"{API}/me/drafts")).json() == {"items": []}
    assert (await bo.api.put(f"{one}/draft", json={"text": "x", "kind": "poem"})).status_code == 400


async def test_a_reply_that_is_ready_is_filled_for_the_customer(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("你好", customer="ann", locale="zh-CN", profile={"name": "{agent}梅"})
    found = (await bo.api.get(f"{API}/conversations/{talk}/canned", params={"q": "tha"})).json()
    assert found == {"items": [{"name": "thanks", "title": "Thanks", "text": "agent梅您好，我是Bo"}]}
    one = Saved("sent", "", "zh", "{name}，已发货", "slack:T1:U1 Anna")
    assert await home.hub.store.db.transact(lambda connection: home.hub.store.saved.put(connection, one))
    saved = (await bo.api.get(f"{API}/conversations/{talk}/canned", params={"q": "发货"})).json()
    assert saved == {"items": [{"name": "sent", "title": "sent", "text": "agent梅，已发货"}]}
    links = (await bo.api.get(f"{API}/conversations/{talk}")).json()["links"]
    assert [link["url"] for link in links] == ["https://erp.example.com/c/%7Bagent%7D%E6%A2%85?at=phone"], "no address, no link"


async def test_a_macro_is_done_to_all_that_are_marked_once_and_with_a_result_for_each(home: House) -> None:
    bo = await home.agent()
    talks = [await home.customer_says("Hello?", customer=name, profile={"name": name}) for name in ("ann", "ben")]
    asked = {"id": "m1", "conversations": [*talks, "f" * 32, "nonsense"], "macro": "close"}
    for _ in range(2):
        made = await bo.api.post(f"{API}/bulk", json=asked)
        assert made.status_code == 201
        assert [one["code"] for one in made.json()["items"]] == ["", "", "unknown", "unknown"]
        await home.work()
    for talk, name in zip(talks, ("ann", "ben"), strict=True):
        shown = await entries(bo, talk)
        assert [one["d"]["text"] for one in shown if one["k"] == "message"][1:] == [f"Hello {name}, Bo here"]
        assert [one["k"] for one in shown][-2:] == ["changed", "resolved"]
    rows = (await bo.api.get(f"{API}/conversations", params={"view": "resolved"})).json()["items"]
    assert {row["id"] for row in rows} == set(talks) and all(row["tags"] == ["done"] for row in rows)


async def test_bulk_acts_are_each_of_the_acts_and_refuse_what_there_is_not(home: House) -> None:
    bo, li = await home.agent(), await home.agent("li@example.com", name="Li")
    talks = [await home.customer_says("Hello?", customer=name) for name in ("ann", "ben", "cho")]

    async def do(number: int, *steps: Any, expect: int = 201) -> str:
        made = await bo.api.post(f"{API}/bulk", json={"id": f"b{number}", "conversations": talks, "do": list(steps)})
        assert made.status_code == expect, made.text
        await home.work()
        return made.text

    await do(
        1,
        {"assign": {"agent": "li@example.com", "team": "billing", "reason": "知道此事"}},
        {"priority": "urgent"},
        {"note": "see"},
    )
    await do(2, {"tag": ["a", "b"]}, {"untag": ["a"]}, {"snooze": "2h"})
    for talk in talks:
        row = (await bo.api.get(f"{API}/conversations/{talk}")).json()
        assert (row["agent"]["id"], row["team"], row["priority"], row["tags"], row["snoozed"]) == (
            li.id,
            "billing",
            3,
            ["b"],
            True,
        )
    await do(3, "wake", {"sleep": "written"}, {"wake": True})
    assert not (await bo.api.get(f"{API}/conversations/{talks[0]}")).json()["snoozed"]
    assert "exactly one" in await do(4, {"tag": ["a"], "resolve": True}, expect=400)
    assert "do.0.tag" in await do(5, {"tag": ["two words"]}, expect=400)
    await do(6, {"assign": {"agent": "nobody@example.com"}}, expect=404)
    await do(7, {"canned": "none"}, expect=404)
    viewer = await home.agent("vi@example.com", role="viewer")
    refused = await viewer.api.post(f"{API}/bulk", json={"id": "v", "conversations": talks, "do": [{"resolve": True}]})
    assert refused.status_code == 403


async def test_a_reply_names_the_message_that_it_answers(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Which one?", customer="ann", channel="page")
    first = (await entries(bo, talk))[0]["d"]["mid"]
    assert (await bo.say(talk, "The blue one.", reply_to=first)).status_code == 201
    assert (await bo.say(talk, "Never.", reply_to="not an id")).status_code == 404
    await home.work()
    assert [one["d"].get("reply") for one in await entries(bo, talk) if one["k"] == "message"] == [None, first]


async def test_views_of_ones_own_are_kept_and_held_to_what_lists_know(home: House) -> None:
    bo, li = await home.agent(), await home.agent("li@example.com", name="Li")
    view = {"name": "退款", "view": "all", "q": "", "channel": "page", "team": "", "tag": "退款", "priority": 3}
    assert (await bo.api.put(f"{API}/me/views", json={"items": [view]})).json() == {"items": [view]}
    assert (await bo.api.get(f"{API}/me/views")).json() == {"items": [view]}
    assert (await li.api.get(f"{API}/me/views")).json() == {"items": []}
    for wrong in ({"name": " "}, {"name": "x", "view": "none"}, {"name": "x", "priority": 9}, {"name": "x" * 41}, "x"):
        assert (await bo.api.put(f"{API}/me/views", json={"items": [wrong]})).status_code == 400
    assert (await bo.api.put(f"{API}/me/views", json={"items": []})).json() == {"items": []}


async def test_views_of_the_whole_team_are_kept_by_those_who_may(home: House) -> None:
    bo, li = await home.agent(), await home.agent("li@example.com", role="supervisor", name="Li")
    view = {"name": "退款", "view": "all", "q": "", "channel": "", "team": "", "tag": "退款", "priority": None}
    refused = await bo.api.put(f"{API}/views", json={"items": [view]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "role")
    assert (await li.api.put(f"{API}/views", json={"items": [view]})).json() == {"items": [view]}
    assert (await bo.api.get(f"{API}/views")).json() == {"items": [view]}
    assert (await li.api.get(f"{API}/me/views")).json() == {"items": []}, "everybody's are nobody's own"
    assert (await li.api.put(f"{API}/views", json={"items": [{"name": ""}]})).status_code == 400


async def test_a_card_takes_a_picture_that_its_agent_has_uploaded_and_no_other(home: House) -> None:
    bo, li = await home.agent(), await home.agent("li@example.com", name="Li")
    talk = await home.customer_says("Hello?", channel="page")
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(drawn, "PNG")
    png = drawn.getvalue()
    own = (await bo.api.post(f"{API}/files", files={"file": ("a.png", png, "image/png")})).json()["id"]
    text = (await bo.api.post(f"{API}/files", files={"file": ("a.txt", b"words", "text/plain")})).json()["id"]
    assert (await li.say(talk, "", cards=[{"title": "Tea", "image": own}])).status_code == 404
    assert (await bo.say(talk, "", cards=[{"title": "Tea", "image": text}])).status_code == 400
    for wrong in ("tea", ["tea"], [{"title": "x"}] * 11, [{"image": own}]):
        assert (await bo.say(talk, "", cards=wrong)).status_code == 400
    assert (await bo.say(talk, "", cards=[{"title": "Tea", "image": own}])).status_code == 201
    await home.work()
    items = (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"]
    (card,) = [part for item in items for part in item["d"].get("parts", []) if part["type"] == "card"]
    assert (card["title"], card["image"]["file"]) == ("Tea", own)


async def test_bulk_acts_and_searches_are_counted(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", channel="page")

    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    kept, asked = (
        counted("frontdesk_bulk_conversations_total", outcome="kept"),
        counted("frontdesk_search_seconds_count", within="messages"),
    )
    body = {"id": "b1", "conversations": [talk, "0" * 32], "do": ["resolve"]}
    await bo.api.post(f"{API}/bulk", json=body)
    await bo.api.get(f"{API}/search", params={"q": "hello"})
    assert counted("frontdesk_bulk_conversations_total", outcome="kept") == kept + 1
    assert counted("frontdesk_search_seconds_count", within="messages") == asked + 1


async def test_customers_are_found_to_be_made_one(home: House) -> None:
    bo = await home.agent()
    await home.customer_says("Hello?", customer="ann-7", profile={"name": "Ann 100%"})
    await home.customer_says("Hello?", customer="ben", channel="page", profile={"name": "Ben"})

    async def names(words: str) -> list[str]:
        found = (await bo.api.get(f"{API}/customers", params={"q": words})).json()["items"]
        return [one["name"] for one in found]

    assert await names("ann 1") == await names("100%") == await names("ann-7") == ["Ann 100%"]
    assert await names("%") == ["Ann 100%"] and await names("_") == [] and await names("") == []


async def test_an_agents_own_limit_is_never_above_the_rules(home: House) -> None:
    rules = RoutingRules.model_validate({"capacity": 4})
    for most, load, given in ((2, 1, True), (2, 2, False), (9, 4, False), (0, 3, True)):
        there = [Present("a1", "bo@example.com", "Bo", load, 0, most)]
        assert (route(MessageFacts(channel="page"), there, rules, datetime.now(UTC), "s").agent is not None) == given
    bo = await home.agent()
    assert (await bo.api.put(f"{API}/me/capacity", json={"most": 2})).status_code == 200
    assert [one.capacity for one in await home.hub.store.staff.all()] == [2]
    assert (await bo.api.get(f"{API}/workbench")).json()["busy"] == [{"agent": bo.id, "open": 0, "most": 2}]
