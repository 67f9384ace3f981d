"""Notices of an Official Account, by template or by subscription: when they leave, and what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.wechat.official import WeChat
from hub.errors import Undeliverable
from hub.model import Event
from hub.ports import IdempotencyKey
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.wechat_accounts import ANN, KEY, TEMPLATED, account, received, xml
from tests.servers.wechat import TEMPLATE, WeChatServer, wechat


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        running.acted("oAnn", "message")
        yield running


@pytest.fixture
async def shop(server: WeChatServer, shelf: Shelf) -> AsyncIterator[WeChat]:
    made = account(server, shelf)
    yield made
    await made.aclose()


async def test_a_notice_that_wechat_has_had_has_arrived(server: WeChatServer) -> None:
    told = account(server, notice=TEMPLATED)
    server.codes = [45065]
    assert str(await told.notice(ANN, "", KEY)) == str(KEY)
    await told.aclose()


async def test_a_template_message_says_that_an_answer_waits(server: WeChatServer, shop: WeChat) -> None:
    with pytest.raises(Undeliverable, match="no template"):
        await shop.notice(ANN, "", KEY)
    assert (shop.notice_after_s, account(notice=TEMPLATED).notice_after_s) == (None, 300)
    told = account(server, notice=TEMPLATED)
    for key in ("k1", "k1", "k2"):
        await told.notice(ANN, "https://hub.example/w/site#talk=x", IdempotencyKey(key))
    await told.aclose()
    assert len(server.notices) == 2, "WeChat knows the key"
    body = server.notices[0][1]
    assert len(body.pop("client_msg_id")) == 32
    time = NOW.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
    assert body == {
        "touser": "oAnn",
        "template_id": TEMPLATE,
        "url": "https://hub.example/w/site#talk=x",
        "data": {"thing1": {"value": "您咨询的问题有新回复"}, "time2": {"value": time}},
    }
    assert server.sent == [], "it is no answer"


async def test_a_subscription_notice_spends_one_consent(server: WeChatServer) -> None:
    told = account(server, notice=TEMPLATED | {"kind": "subscription"})
    server.consents["oAnn"] = 1
    await told.notice(ANN, "https://hub.example/w/site", KEY)
    assert server.notices[0][1]["page"] == "https://hub.example/w/site"
    with pytest.raises(Undeliverable, match="has not agreed"):
        await told.notice(ANN, "", KEY)
    await told.aclose()
    assert (len(server.notices), server.consents["oAnn"]) == (1, 0)


def finished(status: str) -> str:
    return f"<Event>TEMPLATESENDJOBFINISH</Event><MsgID>42</MsgID>{status and f'<Status>{status}</Status>'}"


def told_of(*entries: tuple[str, str]) -> str:
    listed = "".join(
        f"<List><TemplateId>{template}</TemplateId><MsgID>7</MsgID><ErrorStatus>{status}</ErrorStatus></List>"
        for template, status in entries
    )
    return f"<Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent>{listed}</SubscribeMsgSentEvent>"


TOLD_LATER = [
    ("template", finished("success"), "arrived", "", "42"),
    ("template", finished("failed:user block"), "bounced", "switched off", "42"),
    ("template", finished("failed: system failed"), "bounced", "could not bring", "42"),
    ("template", finished(""), "bounced", "does not say", "42"),
    ("subscription", told_of((TEMPLATE, "success")), "arrived", "", None),
    ("subscription", told_of(("other", "success"), (TEMPLATE, "reject")), "bounced", "reject", None),
]


@pytest.mark.parametrize(("kind", "more", "fate", "words", "about"), TOLD_LATER)
async def test_what_became_of_a_notice_is_no_message_of_the_customers(
    kind: str, more: str, fate: str, words: str, about: str | None
) -> None:
    message = await received(xml("event", more), notice=TEMPLATED | {"kind": kind})
    assert message is not None
    (event,) = message.parts
    assert isinstance(event, Event)
    assert (event.kind, message.reply_to, message.customer) == (fate, about, "oAnn")
    assert words in event.data
    again = await received(xml("event", more), notice=TEMPLATED | {"kind": kind})
    assert again is not None
    assert again.id == message.id
    assert await received(xml("event", more)) is None, "where nobody sends notices, it is somebody else's"
    other = await received(xml("event", more), notice=TEMPLATED | {"kind": kind, "template_id": "another"})
    assert (other is None) == (kind == "subscription"), "of another template"


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"template_id": "other"}, "template_id"), ({"fields": {"thing1": "长" * 21}}, "notice.fields")],
)
async def test_a_template_that_is_set_up_wrongly_is_named(server: WeChatServer, changed: dict[str, Any], words: str) -> None:
    told = account(server, notice=TEMPLATED | changed)
    with pytest.raises(Undeliverable, match=words):
        await told.notice(ANN, "", KEY)
    await told.aclose()
