"""Under whose name a customer in WeChat sees an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.model import ChannelName
from hub.store.store import Store
from tests.connectors.wechat_accounts import account
from tests.fakes import FakeDesk, answered, fake_hub, said
from tests.hub.hubs import deliver, desks, settle, take_in
from tests.servers.wechat import wechat

ACCOUNTS = {"Anna@shop.example": "anna@example", "Bo": "bo@example"}


async def test_each_agent_answers_under_their_own_name(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    anna, bo, cy = [await store.agents.invite(f"{name.lower()}@shop.example", name, "agent") for name in ("Anna", "Bo", "Cy")]
    async with wechat() as server:
        server.acted("oAnn", "message")
        shop = account(server, kf_account="service@example", kf_accounts=ACCOUNTS)
        places: dict[str, Any] = {"connectors": {ChannelName("wechat"): shop}, "desks": desks(slack=FakeDesk())}
        async with fake_hub(store, redis_url, prefix, tmp_path / "files", **places) as hub:
            await settle(hub, said("hello", channel="wechat", customer="oAnn"))
            by = {"one": (anna, "Anna"), "two": (anna, "Anna"), "three": (bo, "Bo"), "four": (cy, "Cy")}
            for text, (agent, name) in by.items():
                reply = answered(text, thread="C1:1", desk="slack", id=f"ts.{text}")
                await take_in(hub, reply.model_copy(update={"agent": agent, "agent_name": name}))
            await deliver(hub)
            await settle(hub)
        await shop.aclose()
    told = [(one["customservice"]["kf_account"], one["text"]["content"]) for one in server.sent]
    assert told == [("anna@example", "one\ntwo"), ("bo@example", "three"), ("service@example", "four")]


def test_what_is_no_account_is_named() -> None:
    with pytest.raises(ValidationError, match="anna: 'Anna' is no 客服帐号"):
        account(kf_accounts={"anna": "Anna"})
