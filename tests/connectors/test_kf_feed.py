"""A 微信客服 feed is read to its end, with the names, files, greetings and last words that belong to what customers say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from connectors.wechat.kf.connector import WeComKf
from hub.errors import Temporary, Undeliverable
from hub.model import Choice, Event, Media, Proved, Text
from hub.ports import IdempotencyKey, Identity
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.kf_company import ANN, KEY, company, read_all
from tests.servers.kf import KfServer, kf
from tests.servers.kf_callbacks import ACCOUNT


@pytest.fixture
async def server() -> AsyncIterator[KfServer]:
    async with kf() as running:
        yield running


@pytest.fixture
async def desk(server: KfServer, shelf: Shelf) -> AsyncIterator[WeComKf]:
    made = company(server, shelf)
    yield made
    await made.aclose()


async def test_a_feed_is_read_to_its_end_through_empty_pages(server: KfServer, desk: WeComKf) -> None:
    ids = [server.text("wmAnn", f"line {n}") for n in range(5)]
    server.page, server.empty_pages = 2, 2
    pages = await read_all(desk)
    assert [item.id for page in pages for item in page.items] == ids
    assert [len(page.items) for page in pages] == [0, 0, 2, 2, 1]
    assert server.places == ["", "cur0e1", "cur0e0", "cur2", "cur4"]
    server.text("wmAnn", "later")
    (page,) = await read_all(desk, pages[-1].place)
    assert ([item.parts for item in page.items], page.place) == ([(Text(text="later"),)], "cur6")


async def test_a_page_that_leads_nowhere_is_not_read_for_ever(server: KfServer, desk: WeComKf) -> None:
    server.stuck = True
    with pytest.raises(Temporary, match="not where"):
        await desk.page(ACCOUNT, "cur0", "")


async def test_a_callbacks_token_is_used_and_is_no_obstacle_once_it_is_over(server: KfServer, desk: WeComKf) -> None:
    server.text("wmAnn", "hi")
    ticket = (await company(now=datetime.now(NOW.tzinfo)).receive(server.ring())).news[0].ticket
    assert len((await desk.page(ACCOUNT, "", ticket)).items) == 1
    assert server.without_ticket == 0
    server.tickets[ticket] = 0
    assert len((await desk.page(ACCOUNT, "", ticket)).items) == 1
    assert server.without_ticket == 1


async def test_who_customers_are_comes_with_what_they_say(server: KfServer, desk: WeComKf) -> None:
    server.people["wmAnn"] = {"nickname": "安", "avatar": "https://wx.example/a.png", "gender": 2, "unionid": "u42"}
    for who in ("wmAnn", "wmBob", "wmAnn"):
        server.text(who, "hi")
    (page,) = await read_all(desk)
    ann, bob, again = page.items
    assert (ann.profile.name, ann.profile.avatar, ann.proved) == ("安", "https://wx.example/a.png", Proved(unionid="u42"))
    assert (bob.profile.name, bob.proved) == ("", None)
    assert again.profile == ann.profile
    await read_all(desk)
    assert server.calls["customer/batchget"] == 1, "each is asked for once"


async def test_more_customers_than_one_question_takes(server: KfServer, desk: WeComKf) -> None:
    for n in range(150):
        server.people[f"wm{n}"] = {"nickname": f"N{n}"}
        server.text(f"wm{n}", "hi")
    (page,) = await read_all(desk)
    assert [item.profile.name for item in page.items] == [f"N{n}" for n in range(150)]
    assert server.calls["customer/batchget"] == 2


async def test_messages_do_not_wait_for_names(server: KfServer, desk: WeComKf, monkeypatch: pytest.MonkeyPatch) -> None:
    server.text("wmAnn", "hi")
    posting = desk._api.post

    async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("batchget"):
            raise Temporary("WeCom cannot be reached")
        return await posting(path, body)

    monkeypatch.setattr(desk._api, "post", post)
    (page,) = await read_all(desk)
    assert [item.parts for item in page.items] == [(Text(text="hi"),)]


async def test_a_pressed_button_comes_back_with_its_id(server: KfServer, desk: WeComKf) -> None:
    server.say("wmAnn", "text", content="满意", menu_id="csat.1")
    (page,) = await read_all(desk)
    assert page.items[0].parts == (Choice(id="csat.1", text="满意"),)


async def test_somebody_who_opens_the_chat_is_greeted_by_the_code_once(server: KfServer, desk: WeComKf, shelf: Shelf) -> None:
    code = server.enters("wmAnn", scene_param="shop7")
    (page,) = await read_all(desk)
    (came,) = page.items
    assert (came.parts, came.ticket) == ((Event(kind="opened", data="shop7"), Event(kind="started")), code)
    at_the_door = Identity(ANN.channel, ANN.address, ticket=came.ticket)
    picture = shelf.put("a.png", "image/png", b"\x89PNG")
    for _ in range(2):
        await desk.send(at_the_door, [Media(kind="image", file=picture)], KEY)
    assert server.texts("wmAnn") == [f"📎 a.png\nhttps://hub.example/files/{picture}"], "a code takes words and buttons only"
    with pytest.raises(Undeliverable):
        await desk.send(at_the_door, [Text(text="once more")], IdempotencyKey("k2"))
    server.text("wmAnn", "hi")
    assert server.enters("wmAnn") == ""
    (page,) = await read_all(desk, page.place)
    assert page.items[-1].parts == (Event(kind="opened", data="oth"),)
    assert page.items[-1].ticket == ""


async def test_a_session_that_ends_has_one_last_word(server: KfServer) -> None:
    quiet, polite = company(server), company(server, ending="感谢您的咨询，再见！")
    code = server.ends("wmAnn")
    assert (await quiet.page(ACCOUNT, "", "")).after is None
    page = await polite.page(ACCOUNT, "", "")
    assert (page.items, page.unread) == ([], [])
    assert page.after is not None
    for _ in range(2):
        await page.after()
    assert server.texts() == ["感谢您的咨询，再见！"]
    assert code not in server.codes_given
    await quiet.aclose()
    await polite.aclose()


async def test_a_customers_file_is_fetched_while_wecom_has_it(server: KfServer, desk: WeComKf) -> None:
    fresh, old = server.keep(b"#!AMR\n", "audio/amr"), server.keep(b"x", "image/jpeg", age_s=4 * 86_400)
    assert b"".join([piece async for piece in desk.fetch(fresh)]) == b"#!AMR\n"
    with pytest.raises(Undeliverable, match="lost"):
        _ = [piece async for piece in desk.fetch(old)]
