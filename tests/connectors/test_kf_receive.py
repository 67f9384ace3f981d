"""What a feed of 微信客服 holds, one file for each condition, and what becomes of each, and what every channel must bear."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from connectors.wechat.kf.reading import read
from hub.errors import Malformed, Rejected
from hub.model import ChannelName, Text
from hub.store.inbox import row_of
from tests.connectors.conftest import NOW
from tests.connectors.fuzz import mutant
from tests.connectors.kf_company import STAMP, company, read_all
from tests.connectors.test_telegram_receive import within
from tests.contract import at, mutations, paths, storable
from tests.servers.kf import kf
from tests.servers.kf_callbacks import ACCOUNT, callback, event_xml

FOLDER = Path(__file__).parents[1] / "payloads" / "wecom_kf"
PAYLOADS: dict[str, Any] = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


async def test_every_payload_becomes_what_its_file_says() -> None:
    """All of them in one feed, over HTTP: none holds up the others."""
    async with kf() as server:
        for name, payload in PAYLOADS.items():
            server.feeds[name] = [payload["msg"]]
        desk = company(server)
        for name, payload in PAYLOADS.items():
            expected = json.loads(json.dumps(payload["expect"]).replace('"NOW"', json.dumps(NOW.isoformat()[:19] + "Z")))
            page = await desk.page(name, "cur0", "")
            found = [json.loads(item.model_dump_json()) for item in page.items]
            assert within(expected, found), f"{name}: {json.dumps(found, indent=1, ensure_ascii=False)}"
            assert len(page.unread) == payload.get("unread", 0), name
            for unread in page.unread:
                assert unread.why, name
                with pytest.raises(Malformed, match="wecom: "):
                    desk.reread(unread.raw)
                assert row_of(unread, 1)["raw"], name
            bounces = payload.get("bounces", [])
            assert len(page.bounces) == len(bounces), name
            for bounce, told in zip(page.bounces, bounces, strict=True):
                assert (bounce.sent, bounce.unreachable) == (told["sent"], told["unreachable"]), name
                assert told["why"] in bounce.reason, name
            for item in page.items:
                storable(item)
        await desk.aclose()


def test_there_is_a_payload_for_each_kind_and_event() -> None:
    kinds = {payload["msg"].get("msgtype") for payload in PAYLOADS.values() if isinstance(payload["msg"], dict)}
    events = {
        payload["msg"].get("event", {}).get("event_type") for payload in PAYLOADS.values() if isinstance(payload["msg"], dict)
    }
    assert kinds >= {
        "text", "image", "voice", "video", "file", "location", "link", "business_card", "miniprogram", "msgmenu",
        "channels", "channels_shop_product", "channels_shop_order", "merged_msg", "event",
    }  # fmt: skip
    assert events >= {
        "enter_session", "msg_send_fail", "servicer_status_change", "session_status_change", "user_recall_msg",
        "servicer_recall_msg", "reject_customer_msg_switch_change",
    }  # fmt: skip
    assert len({json.dumps(payload["msg"]) for payload in PAYLOADS.values()}) == len(PAYLOADS) >= 70


async def test_a_page_with_strange_messages_brings_all_the_others() -> None:
    async with kf() as server:
        server.text("wmAnn", "before")
        server.feeds[ACCOUNT] += [payload["msg"] for payload in PAYLOADS.values()]
        server.text("wmAnn", "after")
        desk = company(server)
        (page,) = await read_all(desk, "cur0")
        await desk.aclose()
    assert [page.items[n].parts for n in (0, -1)] == [(Text(text="before"),), (Text(text="after"),)]
    assert len(page.items) == 2 + sum(len(payload["expect"]) for payload in PAYLOADS.values())


async def test_damaged_pages_bring_what_the_store_takes_and_nothing_else() -> None:
    """Any answer that is JSON: a worker must neither stop nor read the same page for ever."""
    chance, pool = random.Random(5), [payload["msg"] for payload in PAYLOADS.values() if isinstance(payload["msg"], dict)]
    async with kf() as server:
        desk = company(server)
        for _ in range(300):
            try:
                server.feeds[ACCOUNT] = [json.loads(mutant(chance, pool)) for _ in range(5)]
                json.dumps(server.feeds[ACCOUNT], ensure_ascii=False).encode()
            except ValueError:
                continue
            page = await desk.page(ACCOUNT, "cur0", "")
            for item in page.items:
                storable(item)
                row_of(item, 1)
            for unread in page.unread:
                row_of(unread, 1)["raw"].encode()
                assert 0 < len(unread.id) <= 191
        await desk.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"errcode": 0, "msg_list": None, "next_cursor": "c1"},
        {"errcode": 0, "msg_list": {"x": 1}, "next_cursor": None, "has_more": "1"},
        {"errcode": 0, "msg_list": [None, [], 7, "x"], "next_cursor": "c1", "has_more": 0},
    ],
)
async def test_an_answer_of_another_form_is_a_page_of_nothing_or_parked(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = company()

    async def post(path: str, body: Any) -> Any:
        return answer

    monkeypatch.setattr(desk._api, "post", post)
    page = await desk.page(ACCOUNT, "c0", "")
    assert (page.items, page.more) == ([], False)
    assert page.place in ("c0", "c1")
    assert len(page.unread) == (4 if answer.get("msg_list") == [None, [], 7, "x"] else 0)


WHOLE = ["text", "image", "location", "link", "msgmenu", "merged_msg", "shop_product", "enter_session_welcome", "user_recall",
         "send_fail_4", "session_ended", "rejects_messages"]  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_wrong_or_missing_in_a_message_is_never_an_error(name: str) -> None:
    """As the contract of hooks asks: everything strange in every place, and every place left out. Whoever reads the same message
    twice gives it the same id."""
    good: dict[str, Any] = PAYLOADS[name]["msg"]
    changed = [one for _, one in mutations(good)]
    for path in paths(good):
        less = copy.deepcopy(good)
        del at(less, path[:-1])[path[-1]]
        changed.append(less)
        if isinstance(at(good, path), str):
            bad = copy.deepcopy(good)
            at(bad, path[:-1])[path[-1]] += "a\0b\ud83d"
            changed.append(bad)
    for one in changed:
        done, again = [read(ChannelName("kf"), ACCOUNT, [copy.deepcopy(one)], {}, lambda: NOW) for _ in range(2)]
        for item in done.items:
            storable(item)
            assert 0 < len(item.id) <= 191
            assert len(item.customer) <= 191
        assert [item.id for item in done.items] == [item.id for item in again.items]
        for unread in done.unread:
            row_of(unread, 1)["raw"].encode()
            assert 0 < len(unread.id) <= 191
        for bounce in done.bounces:
            bounce.sent.encode()


async def test_damaged_callbacks_ring_or_are_refused_and_nothing_else() -> None:
    chance = random.Random(4)
    for _ in range(400):
        body = list(event_xml("ENC1"))
        for _ in range(chance.randrange(1, 6)):
            body[chance.randrange(len(body))] = chance.choice(["<", ">", "\0", "", "9" * 40, "<x/>", "&", "]]>", "😀"])
        try:
            receipt = await company().receive(callback("".join(body), STAMP))
        except (Malformed, Rejected):
            continue
        for news in receipt.news:
            assert 0 < len(news.feed) <= 64
            assert "\0" not in news.feed + news.ticket


async def test_what_was_kept_unread_is_read_once_a_release_knows_it() -> None:
    told = PAYLOADS["text"]["msg"]
    (item,) = company().reread({"open_kfid": ACCOUNT, **told})
    assert (item.id, item.customer) == (told["msgid"], f"{ACCOUNT}/{told['external_userid']}")
    with pytest.raises(Malformed, match="no kf account"):
        company().reread({name: value for name, value in told.items() if name != "open_kfid"})
