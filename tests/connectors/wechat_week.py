"""Seven days of many customers' callbacks and of answers to them, on a clock of its own: what the meter lets go WeChat must take,
and what it holds WeChat must refuse.

    python -m tests.connectors.wechat_week [--customers 40] [--days 7] [--seed 1]

The callbacks are sealed XML through the connector, the answers real calls to the test server, which keeps WeChat's quota by
itself. Prints one line of JSON; ends with 1 when the two disagree even once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime

from connectors.wechat.official import WeChat
from connectors.wechat.settings import WeChatSettings
from hub.capabilities import scene_of
from hub.errors import WindowClosed
from hub.model import ChannelName, ExternalId, Message, Text, identity_of, new_id
from hub.ports import IdempotencyKey, Identity, Kit
from hub.store.calls import Call
from hub.store.store import Store, open_store
from hub.store.windows import Act, admit
from tests.connectors.conftest import Shelf
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN, callback

BEGIN = 1_700_000_000.0
DAY_S = 86_400.0
PAUSES = (0.5, 5.0, 20.0, 45.0, 59.0, 61.0, 600.0, 3600.0, 8 * 3600.0, 47.9 * 3600, 48.1 * 3600)
"""Seconds between two things that happen to one customer: around each limit that there is."""
ACTS = {
    "message": "<MsgType>text</MsgType><Content>hi</Content><MsgId>{id}</MsgId>",
    "menu": "<MsgType>event</MsgType><Event>CLICK</Event><EventKey>k{id}</EventKey>",
    "follow": "<MsgType>event</MsgType><Event>subscribe</Event><EventKey></EventKey>",
    "place": "<MsgType>event</MsgType><Event>location_select</Event><EventKey>p{id}</EventKey>"
    "<SendLocationInfo><Location_X>23.1</Location_X><Location_Y>113.3</Location_Y></SendLocationInfo>",
    "scan": "<MsgType>event</MsgType><Event>SCAN</Event><EventKey>s{id}</EventKey>",
}


class Week:
    """The connector, the meter and the server, on one simulated clock."""

    def __init__(self, store: Store, server: WeChatServer) -> None:
        self.now, self.store, self.server = BEGIN, store, server
        server.clock = lambda: self.now
        asked = {"app_id": APP_ID, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "api_url": server.url}
        kit = Kit(files=Shelf(), public_url="", now=lambda: datetime.fromtimestamp(self.now, UTC))
        self.shop = WeChat(ChannelName("oa"), WeChatSettings.model_validate(asked), kit)
        self.counted: Counter[str] = Counter()

    async def act(self, who: str, kind: str) -> None:
        """A customer does something, and WeChat tells us."""
        self.server.acted(who, kind)
        self.counted[kind] += 1
        head = f"<FromUserName>{who}</FromUserName><ToUserName>gh</ToUserName><CreateTime>{int(self.now)}</CreateTime>"
        body = f"<xml>{head}{ACTS[kind].format(id=sum(self.counted.values()))}</xml>"
        (item,) = (await self.shop.receive(callback(body, self.now))).items
        assert isinstance(item, Message)
        window = self.shop.capabilities.window
        assert window is not None
        scene = scene_of(item.parts, window)
        seconds, calls = window.of(scene) or (0.0, 0)
        if not item.opens:
            return
        at = int(self.now * 1000)
        act = Act(identity_of("oa", who), new_id(), 0, scene, at, seconds, calls)
        async with self.store.db.write() as connection:
            await self.store.windows.acted(connection, [act], at)

    async def answer(self, who: str) -> None:
        """An agent answers: the meter decides, and WeChat is asked whether it was right."""
        would = self.server.refusal(who)
        async with self.store.db.write() as connection:
            go, _ = await admit(connection, [[_call(who)]], [], {"oa": self.shop.capabilities}, int(self.now * 1000))
        if not go:
            self.counted["held" if would else "held_though_open"] += 1
            return
        try:
            await self.shop.send(Identity(ChannelName("oa"), ExternalId(who)), [Text(text="hi")], IdempotencyKey(new_id()))
            self.counted["sent"] += 1
        except WindowClosed:
            self.counted["refused_by_wechat"] += 1


def _call(who: str) -> Call:
    return Call(
        id=new_id(), key=new_id(), attempt=1, tries=0, rank=1, kind="send", target="oa", stream="oa", parts="[]", data="{}",
        at=datetime.now(UTC), conversation={"id": new_id()}, entry=None, thread="",
        place="", agent="", identity={"id": identity_of("oa", who), "external_id": who},
    )  # fmt: skip


async def week(customers: int, days: float, seed: int) -> dict[str, int]:
    """What happened, counted."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(f"sqlite:///{folder}/week.db", lanes=1)
        async with wechat() as server:
            simulated = Week(store, server)
            due = [(BEGIN + chance.random() * DAY_S, f"o{n}") for n in range(customers)]
            while due:
                due.sort()
                simulated.now, who = due.pop(0)
                if who not in server.allowed or chance.random() < 0.25:
                    await simulated.act(who, chance.choice(("message", "message", "menu", "follow", "scan", "place")))
                else:
                    await simulated.answer(who)
                after = simulated.now + chance.choice(PAUSES)
                if after < BEGIN + days * DAY_S:
                    due.append((after, who))
            await simulated.shop.aclose()
            assert simulated.counted["sent"] == len(server.sent)
        await store.close()
    return dict(simulated.counted)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=40)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = asyncio.run(week(asked.customers, asked.days, asked.seed))
    wrong = found.get("refused_by_wechat", 0) + found.get("held_though_open", 0)
    print(json.dumps({"days": asked.days, "customers": asked.customers, **dict(sorted(found.items())), "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
