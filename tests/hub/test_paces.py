"""A pace of its own for some of a channel's customers: what the platform counts together waits together, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.telegram.settings import TelegramSettings
from hub.model import ExternalId
from hub.ports import Pace, SupportsPaces
from hub.store.tables import Conversation, Identity
from tests.conftest import until
from tests.connectors.conftest import bot_of
from tests.fakes import answered, said
from tests.hub.hubs import Phone, channels, deliver, rows, sender, take_in


class Grouped(Phone):
    """A channel whose groups take two calls in a long while."""

    def pace_of(self, address: ExternalId) -> tuple[str, Pace] | None:
        return (address.split("/")[0], Pace(0.001, 2)) if address.startswith("-") else None


async def test_a_groups_topics_share_its_pace_and_nobody_else_waits(make_hub: Any) -> None:
    phone = Grouped()
    hub = await make_hub(connectors=channels(phone=phone))
    people = ["-1/7", "-1/8", "-1/9", "-2", "ann", "bob", "cem"]
    await take_in(hub, *(said("hi", customer=who) for who in people))
    whose = {row["id"]: row["external_id"] for row in await rows(hub.store, Identity)}
    talks = {whose[row["identity_id"]]: row["id"] for row in await rows(hub.store, Conversation)}
    await take_in(hub, *(answered(f"to {who}", conversation=talks[who]) for who in people))
    async with sender(hub) as one, sender(hub) as two:
        await asyncio.gather(deliver(hub, one, 0.3), deliver(hub, two, 0.3))
        await until(lambda: len(phone.texts) == 6, 10)
        await asyncio.sleep(0.3)
    assert len(phone.texts) == 6, "two of the three topics, counted for both processes together"
    assert {"to -2", "to ann", "to bob", "to cem"} <= set(phone.texts)


@pytest.mark.parametrize("minute", [2, 3, 20, 60])
def test_no_minute_has_more_than_telegram_takes_in_a_group(minute: int) -> None:
    asked = {"token": "1:x", "webhook_secret": "s" * 16, "per_group_minute": minute}
    pace = TelegramSettings.model_validate(asked).group_pace()
    due, sent = 0.0, []
    for tenth in range(3000):
        now = tenth / 10
        while max(due, now) - now <= (pace.burst - 1) / pace.rate + 1e-9:
            due = max(due, now) + 1 / pace.rate
            sent.append(now)
    assert max(sum(begin <= at < begin + 60 for at in sent) for begin in sent) <= minute
    assert len([at for at in sent if at >= 60]) >= 240 / 60 * (minute - max(1, minute // 4)) - 1, "and it is used"


def test_a_group_and_its_topics_are_counted_together_and_people_by_themselves() -> None:
    bot = bot_of(None)
    assert isinstance(bot, SupportsPaces)
    group = bot.pace_of(ExternalId("-1001234567890"))
    assert group is not None
    assert group[0] == "group -1001234567890"
    assert bot.pace_of(ExternalId("-1001234567890/5")) == group
    assert bot.pace_of(ExternalId("7")) is None
    assert bot.pace_of(ExternalId("7@bc_1")) is None
