"""The console's calls, on a real server and real databases: what agents see and do, and what nobody may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import Undeliverable
from hub.model import ChannelName
from hub.outbound import Outbound
from hub.people import Member
from hub.ports import Window
from hub.routing import RoutingRules
from hub.store.store import Store
from tests.fakes import TEXT_ONLY, FakeConnector, answered
from tests.widget.consoles import House, house

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    rules = RoutingRules.model_validate({"strategy": "manual", "teams": {"sales": {}}})
    async with house(store, redis_url, prefix, tmp_path / "files", routing=rules) as own:
        yield own


async def test_a_question_is_listed_and_its_answer_reaches_the_log(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Where is my parcel?", customer="ann", channel="page")
    listed = (await bo.api.get(f"{API}/conversations", params={"view": "unassigned"})).json()
    (row,) = listed["items"]
    assert (row["id"], row["preview"], row["preview_by"], row["status"]) == (talk, "Where is my parcel?", "customer", "open")
    assert row["agent"] is None
    assert row["waiting_since"]
    assert listed["counts"] == {"mine": 0, "unassigned": 1, "all": 1, "snoozed": 0}
    assert (await bo.say(talk, "On its way.", base=row["last_n"])).status_code == 201
    await home.work()
    seen = (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()
    assert [(e["n"], e["k"], e["by"]["kind"]) for e in seen["items"]] == [
        (1, "message", "customer"),
        (2, "message", "agent"),
        (3, "assigned", "agent"),
    ]
    assert seen["items"][1]["d"]["parts"][0]["text"] == "On its way."
    assert seen["items"][1]["by"] == {"kind": "agent", "name": "Bo", "id": bo.id}
    listed = (await bo.api.get(f"{API}/conversations", params={"view": "mine"})).json()
    assert [r["id"] for r in listed["items"]] == [talk]
    assert listed["items"][0]["waiting_since"] is None
    assert listed["counts"] == {"mine": 1, "unassigned": 0, "all": 1, "snoozed": 0}


async def test_the_same_action_counts_once_and_another_under_its_id_is_refused(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", channel="page")
    for _ in range(3):
        assert (await bo.say(talk, "Hi!", id="same")).status_code == 201
    other = await bo.say(talk, "Something else", id="same")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    note = await bo.say(talk, "Hi!", id="same", kind="note")
    assert (note.status_code, note.json()["error"]["code"]) == (409, "conflict")
    await home.work()
    seen = (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"]
    assert [e["id"] for e in seen if e["by"]["kind"] == "agent" and e["k"] == "message"] == ["same"]


async def test_a_reply_that_a_colleague_overtook_is_refused_until_it_is_meant(home: House) -> None:
    bo, cy = await home.agent(), await home.agent("cy@example.com", name="Cy")
    talk = await home.customer_says("Hello?", channel="page")
    assert (await bo.say(talk, "Bo here", base=1)).status_code == 201
    await home.work()
    stale = await cy.say(talk, "Cy here", base=1, id="late")
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale")
    assert (await cy.say(talk, "only for us", kind="note", base=1)).status_code == 201
    assert (await bo.say(talk, "Bo again", base=1)).status_code == 201, "one's own replies are no collision"
    assert (await cy.say(talk, "Cy here", base=1, id="late", force=True)).status_code == 201
    await home.work()
    assert (await cy.say(talk, "Cy here", base=1, id="late")).status_code == 201, "a retry of what was kept is not stale"


async def test_resolve_reopen_and_assign_become_entries(home: House) -> None:
    bo, cy = await home.agent(), await home.agent("cy@example.com", name="Cy")
    talk = await home.customer_says("Hello?", channel="page")
    one = f"{API}/conversations/{talk}"
    assert (await bo.api.post(f"{one}/assign", json={"id": "a", "agent": cy.id})).status_code == 201
    await home.work()
    assert (await bo.api.get(one)).json()["agent"] == {"id": cy.id, "name": "Cy"}
    assert (await bo.api.post(f"{one}/assign", json={"id": "b", "team": "sales"})).status_code == 201
    assert (await bo.api.post(f"{one}/resolve", json={"id": "c"})).status_code == 201
    await home.work()
    resolved = (await bo.api.get(f"{API}/conversations", params={"view": "resolved"})).json()
    assert [(r["id"], r["team"], r["agent"]) for r in resolved["items"]] == [(talk, "sales", None)]
    assert resolved["counts"]["all"] == 0
    assert (await bo.api.post(f"{one}/reopen", json={"id": "d"})).status_code == 201
    await home.work()
    seen = (await bo.api.get(f"{one}/entries")).json()["items"]
    assert [e["k"] for e in seen] == ["message", "assigned", "assigned", "resolved", "reopened"]
    assert (seen[1]["d"]["data"]["agent"], seen[1]["d"]["data"]["name"]) == (cy.id, "Cy")


async def test_what_failed_is_shown_with_its_reason_and_sent_again(home: House) -> None:
    bo = await home.agent()
    phone = home.hub.connectors[ChannelName("phone")]
    assert isinstance(phone, FakeConnector)
    talk = await home.customer_says("Hello?", channel="phone")
    phone.fail = [Undeliverable("the customer has blocked us")]
    assert (await bo.say(talk, "Hi!", id="first")).status_code == 201

    outbound = Outbound(home.hub)

    async def carry() -> None:
        await home.work()
        for lane in range(home.hub.store.lanes):
            await outbound.run(lane)
        await home.work()

    await carry()
    detail = (await bo.api.get(f"{API}/conversations/{talk}")).json()
    ((entry, fate),) = detail["deliveries"].items()
    assert (fate["state"], fate["reason"]) == ("failed", "the customer has blocked us")
    page = (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()
    assert page["deliveries"] == detail["deliveries"]
    assert entry in {e["d"]["mid"] for e in page["items"]}
    assert (await bo.api.post(f"{API}/deliveries/{fate['delivery']}/resend", json={"id": "again"})).status_code == 201
    await carry()
    assert [text for _, text, _ in phone.sent] == ["Hi!"]
    detail = (await bo.api.get(f"{API}/conversations/{talk}")).json()
    assert detail["deliveries"][entry]["state"] == "sent"
    told = [e["d"] for e in (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"] if e["k"] == "status"]
    assert [(d["of"], d["data"]["state"]) for d in told] == [(entry, "failed"), (entry, "sent")]
    late = await bo.api.post(f"{API}/deliveries/{fate['delivery']}/resend", json={"id": "third"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "not_failed")


async def test_lists_go_on_by_cursor_and_never_by_offset(home: House) -> None:
    bo = await home.agent()
    talks = [await home.customer_says(f"question {n}", customer=f"c{n}", channel="page") for n in range(7)]
    first = (await bo.api.get(f"{API}/conversations", params={"limit": 3})).json()
    assert [r["id"] for r in first["items"]] == talks[:3:-1]
    again = await home.customer_says("me again", customer="c0", channel="page")
    second = (await bo.api.get(f"{API}/conversations", params={"limit": 3, "cursor": first["next"]})).json()
    assert [r["id"] for r in second["items"]] == [talks[3], talks[2], talks[1]], "what moved up shifts nothing"
    third = (await bo.api.get(f"{API}/conversations", params={"limit": 3, "cursor": second["next"] or 0})).json()
    assert (third["items"], second["next"], again) == ([], None, talks[0])


async def test_entries_go_back_by_position(home: House) -> None:
    bo = await home.agent()
    for n in range(7):
        talk = await home.customer_says(f"line {n}", channel="page")
    last = (await bo.api.get(f"{API}/conversations/{talk}/entries", params={"limit": 3})).json()
    assert ([e["n"] for e in last["items"]], last["next"]) == ([5, 6, 7], 5)
    before = (await bo.api.get(f"{API}/conversations/{talk}/entries", params={"limit": 5, "before": last["next"]})).json()
    assert ([e["n"] for e in before["items"]], before["next"]) == ([1, 2, 3, 4], None)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("parcel", True),
        ("PARCEL", True),
        ("Müller", True),
        ("100%", True),
        ("%", True),
        ("p_rcel", False),
        ("!", False),
        ("'; --", False),
    ],
)
async def test_search_takes_what_was_typed_as_it_is(home: House, words: str, found: bool) -> None:
    bo = await home.agent()
    await home.customer_says("A parcel, 100% lost", channel="page", profile={"name": "Eva Müller"})
    rows = (await bo.api.get(f"{API}/conversations", params={"q": words})).json()["items"]
    assert bool(rows) is found
    if found:
        assert rows[0]["customer"]["name"] == "Eva Müller"


async def test_how_far_one_has_read_never_goes_back(home: House) -> None:
    bo, cy = await home.agent(), await home.agent("cy@example.com")
    for n in range(4):
        talk = await home.customer_says(f"line {n}", channel="page")
    for n in (3, 1, 2):
        assert (await bo.api.post(f"{API}/conversations/{talk}/read", json={"n": n})).status_code == 200
    assert (await bo.api.get(f"{API}/conversations")).json()["items"][0]["read_n"] == 3
    assert (await cy.api.get(f"{API}/conversations")).json()["items"][0]["read_n"] == 0
    await bo.api.post(f"{API}/conversations/{talk}/read", json={"n": 99})
    assert (await bo.api.get(f"{API}/conversations")).json()["items"][0]["read_n"] == 4


async def test_what_is_beside_a_conversation(home: House) -> None:
    bo = await home.agent()
    first = await home.customer_says("the first matter", channel="page", profile={"name": "Eva", "email": "eva@example.com"})
    await bo.api.post(f"{API}/conversations/{first}/resolve", json={"id": "r"})
    await home.work()
    home.hub.reopen_within_s = 0.0
    second = await home.customer_says("the second matter", channel="page")
    detail = (await bo.api.get(f"{API}/conversations/{second}")).json()
    assert [(other["id"], other["status"]) for other in detail["history"]] == [(first, "resolved")]
    assert detail["identities"] == [{"channel": "page", "address": "ann"}]
    assert (detail["profile"]["name"], detail["profile"]["email"]) == ("Eva", "eva@example.com")
    assert detail["window"] is None


async def test_a_reply_window_says_until_when(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    narrow = FakeConnector(replace(TEXT_ONLY, window=Window(48 * 3600, 5)))
    places = {ChannelName("phone"): narrow}
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=places) as home:
        bo = await home.agent()
        talk = await home.customer_says("Hello?")
        window = (await bo.api.get(f"{API}/conversations/{talk}")).json()["window"]
        assert (window["open"], window["calls_left"], window["quota"]) == (True, 5, 5)
        assert window["until"] > home.hub.now().isoformat()


async def test_a_window_of_some_addresses_is_shown_at_these_alone(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    timed = FakeConnector(replace(TEXT_ONLY, window=Window(86_400, 0, mark="@")))
    async with house(store, redis_url, prefix, tmp_path / "files", connectors={ChannelName("phone"): timed}) as home:
        bo, free = await home.agent(), await home.customer_says("Hello?")
        assert (await bo.api.get(f"{API}/conversations/{free}")).json()["window"] is None
        through = await home.customer_says("Hello, shop?", customer="7@biz")
        window = (await bo.api.get(f"{API}/conversations/{through}")).json()["window"]
        assert (window["open"], window["quota"]) == (True, 0) and window["until"] > home.hub.now().isoformat()


async def test_files_travel_and_belong_to_who_brought_them(home: House) -> None:
    bo, cy = await home.agent(), await home.agent("cy@example.com")
    talk = await home.customer_says("A picture, please", channel="page")
    sent = await bo.api.post(f"{API}/files", files={"file": ("plan.txt", b"to the left", "text/plain")})
    assert sent.status_code == 201
    file = sent.json()["id"]
    assert (await cy.say(talk, "", files=[file])).status_code == 404
    assert (await bo.say(talk, "here", files=[file])).status_code == 201
    await home.work()
    media = (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"][1]["d"]["parts"][0]
    assert (media["type"], media["kind"], media["name"], media["size"]) == ("media", "file", "plan.txt", 11)
    assert f"/files/{file}?exp=" in media["url"]


async def test_parked_rows_are_shown_and_replayed_by_those_who_may(home: House) -> None:
    bo, lead = await home.agent(), await home.agent("lea@example.com", role="supervisor")
    await home.park("poison")
    assert (await bo.api.get(f"{API}/parked")).status_code == 403
    (item,) = (await lead.api.get(f"{API}/parked")).json()["items"]
    assert (item["error"], item["tries"]) == ("ValueError('no')", 3)
    assert "poison" in item["body"]
    assert (await lead.api.post(f"{API}/parked/{item['id']}/replay")).status_code == 202
    await home.work()
    assert (await lead.api.get(f"{API}/parked")).json()["items"] == []
    assert (await lead.api.get(f"{API}/conversations")).json()["counts"]["all"] == 1


async def test_an_agent_of_a_desk_has_a_name_in_the_list(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", channel="page")
    await home.hub.store.staff.introduce("office", "U7", Member("Dee", "dee@example.com"))
    reply = answered("from the desk", conversation=talk, desk="office").model_copy(update={"agent": "U7", "agent_name": ""})
    await home.hub.intake.keep([reply], 5)
    await home.work()
    assert (await bo.api.get(f"{API}/conversations")).json()["items"][0]["agent"] == {"id": "U7", "name": "Dee"}


async def test_many_agents_at_once(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", channel="page")
    given = await asyncio.gather(*(bo.say(talk, f"line {n}", id=f"line{n}") for n in range(40)))
    assert {one.status_code for one in given} == {201}
    await home.work()
    seen = (await bo.api.get(f"{API}/conversations/{talk}/entries", params={"limit": 100})).json()["items"]
    assert sorted(e["id"] for e in seen if e.get("id", "").startswith("line")) == sorted(f"line{n}" for n in range(40))
    assert [e["n"] for e in seen] == list(range(1, 43))
