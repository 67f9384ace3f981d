"""Platforms are asked who customers are, once for each, whatever dies or is refused in between; one message is enough."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hub import proving
from hub.errors import Temporary, Undeliverable
from hub.model import ExternalId, Proved, identity_of
from hub.people import Trouble
from hub.store.link_tables import Claim
from hub.store.tables import Conversation, Identity
from tests.fakes import said
from tests.hub.hubs import Phone, channels, only, rows, take_in


class Knowing(Phone):
    """A channel whose platform knows people across its apps."""

    def __init__(self, people: dict[str, str], *, proves: bool = True) -> None:
        super().__init__()
        self.people, self.proves = people, proves
        self.refuse: list[Exception] = []
        self.asked: Counter[str] = Counter()

    async def proof(self, customer: ExternalId) -> Proved | None:
        self.asked[customer] += 1
        await asyncio.sleep(0.01)
        if self.refuse:
            raise self.refuse.pop(0)
        return Proved(unionid=self.people[customer]) if customer in self.people else None


async def customers(hub: Any) -> dict[str, str]:
    return {f"{row['channel']}:{row['external_id']}": row["customer_id"] for row in await rows(hub.store, Identity)}


async def test_one_message_each_makes_one_customer_and_nobody_is_asked_about_twice(make_hub: Any) -> None:
    one, two = Knowing({"ann": "u1"}), Knowing({"oAnn": "u1"})
    hub = await make_hub(connectors=channels(phone=one, shop=two))
    await take_in(hub, said("hi", customer="ann"), said("hi", customer="oAnn", channel="shop"), said("hi", customer="bob"))
    await proving.run(hub)
    found = await customers(hub)
    assert found["phone:ann"] == found["shop:oAnn"] != found["phone:bob"]
    again = await make_hub(connectors=channels(phone=one, shop=two))
    await take_in(again, said("more", customer="ann"), said("more", customer="bob"))
    await proving.run(again)
    assert one.asked == {"ann": 1, "bob": 1} and two.asked == {"oAnn": 1}, "another process knows what was answered"


async def test_two_jobs_at_one_time_ask_once(make_hub: Any) -> None:
    phone = Knowing({"ann": "u1"})
    hub = await make_hub(connectors=channels(phone=phone))
    await take_in(hub, *(said("hi", customer=who) for who in ("ann", "bob", "cy")))
    await asyncio.gather(*(proving.run(hub) for _ in range(3)))
    assert phone.asked == {"ann": 1, "bob": 1, "cy": 1} and not await hub.store.links.asks()


async def test_a_process_that_dies_before_it_asks_leaves_that_to_the_next(make_hub: Any) -> None:
    first = await make_hub(connectors=channels(phone=Knowing({})))
    await take_in(first, said("hi", customer="ann"))
    fresh = Knowing({"ann": "u1"})
    hub = await make_hub(connectors=channels(phone=fresh))
    assert await hub.store.links.asks()
    await proving.run(hub)
    assert fresh.asked == {"ann": 1} and not await hub.store.links.asks()
    [proof] = [row for row in await rows(hub.store, Claim) if row["kind"] == "unionid"]
    assert (proof["identity_id"], proof["value"], proof["state"]) == (identity_of("phone", "ann"), "u1", "held")


async def test_a_platform_that_cannot_answer_now_is_asked_later_and_a_refusal_is_an_answer(make_hub: Any) -> None:
    phone = Knowing({"ann": "u1"})
    hub = await make_hub(connectors=channels(phone=phone))
    await take_in(hub, said("hi", customer="ann"))
    unmended = Undeliverable("it may not ask", trouble=Trouble("48001", "it may not ask", "verify it"))
    for n, refusal in enumerate([Temporary("busy", retry_after=300), unmended], 1):
        phone.refuse = [refusal]
        await proving.run(hub)
        await proving.run(hub)
        assert phone.asked == {"ann": n}, "it wants to be left alone for a while"
        await hub.limits.free("phone:#proof")
    phone.refuse = [Undeliverable("no such follower")]
    await proving.run(hub)
    await proving.run(hub)
    assert phone.asked == {"ann": 3} and not await hub.store.links.asks()


async def test_what_was_asked_is_no_proof_and_other_channels_are_not_asked(make_hub: Any) -> None:
    phone, quiet = Knowing({}), Knowing({"cy": "u1"}, proves=False)
    hub = await make_hub(connectors=channels(phone=phone, shop=quiet))
    await take_in(hub, said("hi", customer="ann"), said("hi", customer="cy", channel="shop"))
    await proving.run(hub)
    assert not quiet.asked
    talk = (await rows(hub.store, Conversation))[0]
    assert (await hub.store.heading.of(talk["id"])).proved == ()
    assert (await only(hub.store, Claim))["kind"] == "asked"
