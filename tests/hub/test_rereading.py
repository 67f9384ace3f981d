"""What could not be read is read once more when somebody asks: made into messages where that works now, else it stays parked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from connectors.telegram import connector as telegram
from connectors.telegram import receipts
from connectors.telegram.connector import Telegram
from connectors.telegram.settings import TelegramSettings
from hub import rereading
from hub.errors import Malformed
from hub.model import ChannelName, ExternalId, Message
from hub.ports import Kit, Unread
from hub.store.inbox import DONE, PARKED, refused_row, row_of
from hub.store.tables import Inbox
from hub.store.tables import Message as MessageRow
from tests.connectors.conftest import NOW, SECRET, Shelf
from tests.fakes import FakeConnector, said
from tests.hub.hubs import channels, only, rows, take_in, text_of


class Learning(FakeConnector):
    """Understands `{"says": …}` once it has `learned`."""

    learned = False

    def reread(self, raw: Mapping[str, Any]) -> Sequence[Message]:
        if not self.learned:
            raise Malformed("no idea what that is")
        return [said(str(raw["says"]), id="m1"), said("and more", id="m2")]


async def parked_at(hub: Any, **more: Any) -> int:
    one = Unread(ChannelName("phone"), ExternalId("u1"), {"says": "hello"}, "not as documented", **more)
    assert await hub.intake.keep([one], 5.0) == ["new"]
    await take_in(hub)
    n: int = (await only(hub.store, Inbox, state=PARKED))["n"]
    return n


async def test_what_nobody_can_read_is_parked_at_once_with_its_reason(hub: Any) -> None:
    await take_in(hub, said("before"))
    await hub.intake.keep([said("with it"), Unread(ChannelName("phone"), ExternalId("u1"), {"says": "?"}, "no kind")], 5.0)
    await take_in(hub)
    parked = await only(hub.store, Inbox, state=PARKED)
    assert (parked["error"], parked["tries"]) == ("no kind", 1), "in the words of who could not read it"
    assert [text_of(row) for row in await rows(hub.store, MessageRow)] == ["before", "with it"]


async def test_what_can_be_read_now_becomes_messages_once(make_hub: Any) -> None:
    phone = Learning()
    hub = await make_hub(connectors=channels(phone=phone))
    n = await parked_at(hub)
    assert await rereading.replay(hub, [n]) == {n: "no idea what that is"}
    await take_in(hub)
    assert (await only(hub.store, Inbox, n=n))["state"] == PARKED, "still there, for the next try"
    phone.learned = True
    for _ in range(2):
        assert await rereading.replay(hub, [n]) == {}
        await take_in(hub)
    assert (await only(hub.store, Inbox, n=n))["state"] == DONE
    assert [text_of(row) for row in await rows(hub.store, MessageRow)] == ["hello", "and more"]


async def test_the_account_that_brought_it_counts_for_what_it_becomes(make_hub: Any) -> None:
    """Another bot's row: its message must not be taken for the first bot's message with the same number."""
    phone = Learning()
    phone.learned = True
    hub = await make_hub(connectors=channels(phone=phone))
    await take_in(hub, said("mine", id="m1", account="111"))
    n = await parked_at(hub, account="222")
    assert await rereading.replay(hub, [n]) == {}
    assert [row["external_id"] for row in await rows(hub.store, Inbox)] == ["m1", "222:u1", "222:m1", "222:m2"]


async def test_a_channel_that_cannot_read_again_says_so(hub: Any) -> None:
    n = await parked_at(hub)
    assert "can't read" in (await rereading.replay(hub, [n]))[n]
    assert (await only(hub.store, Inbox, n=n))["state"] == PARKED


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_telegram_reads_its_own_again(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update nested so deep that this release does not look into it; a later one does."""
    settings = TelegramSettings.model_validate({"token": "111:secret_of_this_bot", "webhook_secret": SECRET})
    bot = Telegram(ChannelName("phone"), settings, Kit(Shelf(), "https://hub.example", lambda: NOW))
    hub = await make_hub(connectors={ChannelName("phone"): bot})
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    said_deep = {"message_id": 5, "from": chat, "chat": chat, "date": 1767225600, "text": "hello", "unheard_of": deep}
    receipt = receipts.readable(bot._source, {"update_id": 9, "message": said_deep})
    await hub.intake.keep(receipt.unread, 5.0)
    await take_in(hub)
    n = (await only(hub.store, Inbox, state=PARKED))["n"]
    assert "too deep" in (await rereading.replay(hub, [n]))[n]
    monkeypatch.setattr(telegram, "checked", lambda update: update)
    assert await rereading.replay(hub, [n]) == {}
    await take_in(hub)
    assert text_of(await only(hub.store, MessageRow)) == "hello"


async def test_what_the_database_refused_stays_to_be_looked_at(make_hub: Any) -> None:
    """Read again it would be refused again, under the very id of the row that shows it."""
    phone = Learning()
    phone.learned = True
    hub = await make_hub(connectors=channels(phone=phone))
    row = refused_row(row_of(said("hello", id="m9"), hub.store.lanes), "it would not fit")
    await hub.store.inbox.keep([row])
    await take_in(hub)
    n = (await only(hub.store, Inbox, state=PARKED))["n"]
    assert "looked at" in (await rereading.replay(hub, [n]))[n]
    assert (await only(hub.store, Inbox))["state"] == PARKED
