"""Canned replies that agents have saved, on every database; and what of a text is one customer's."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.canned import CannedReplies, Known, personal, unnamed
from hub.saved import ready
from hub.store.saved import Saved
from hub.store.store import Store

ONE = Saved("Sent", "On its way", "en", "It is on its way, {name}", "slack:T1:U1 Anna")


async def put(store: Store, one: Saved, was: str = "") -> bool:
    return await store.db.transact(lambda connection: store.saved.put(connection, one, was))


async def test_what_is_saved_stands_beside_the_file_which_wins(store: Store) -> None:
    file = CannedReplies.model_validate({"replies": [{"name": "thanks", "text": "Thanks"}]})
    assert await ready(store, file) is file
    assert await put(store, ONE) and await put(store, replace(ONE, name="THANKS", text="Other"))
    found = await ready(store, file)
    assert [one.name for one in found.replies] == ["thanks", "Sent"]
    assert found.find("sent") and found.search("on its way", 5)[0].within("zh-CN") == ONE.text
    named = found.find("thanks")
    assert named is not None and named.within("") == "Thanks"


async def test_a_name_is_one_replys_case_apart(store: Store) -> None:
    assert await put(store, ONE)
    assert not await put(store, replace(ONE, name="SENT", text="Other"))
    assert await put(store, replace(ONE, name="SENT", text="Newer"), was="sent")
    assert await put(store, replace(ONE, name="退款"), was="sent")
    assert [(one.name, one.text) for one in await store.saved.all()] == [("退款", ONE.text)]
    dropped = [await store.db.transact(lambda connection: store.saved.drop(connection, "退款")) for _ in range(2)]
    assert dropped == [True, False] and await store.saved.all() == []


async def test_of_two_at_once_one_has_the_name(store: Store) -> None:
    """The other one hears so, and what its batch holds beside is kept."""
    assert await put(store, replace(ONE, name="before", text="Before"))
    both = asyncio.Barrier(2)

    async def work(n: int, was: str) -> bool:
        meet = [1]

        async def one(connection: AsyncConnection) -> bool:
            if meet and store.db.dialect != "sqlite":
                meet.clear()
                await connection.execute(select(1))
                await both.wait()
            kept = await store.saved.put(connection, replace(ONE, text=str(n)), was)
            await store.saved.put(connection, replace(ONE, name=f"beside{n}"))
            return kept

        return await store.db.transact(one)

    done = await asyncio.gather(work(0, ""), work(1, "before"))
    assert sorted(done, reverse=True) == [True, False]
    texts = {one.name: one.text for one in await store.saved.all()}
    assert texts.pop("beside0") and texts.pop("beside1")
    assert texts == ({"Sent": "0", "before": "Before"} if done[0] else {"Sent": "1"})


KNOWN = Known("张伟", "wei@example.com", "+86 138-1234-5678", "zh-CN")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("张伟您好，已发货", ["name"]),
        ("Ring 13812345678", ["phone"]),
        ("WEI@example.com has it", ["email"]),
        ("Password: hunter22!x", ["other"]),
        ("Nothing of anybody's", []),
    ],
)
def test_what_of_a_text_is_one_customers(text: str, found: list[str]) -> None:
    assert personal(text, KNOWN) == found
    assert "张伟" not in unnamed(text, KNOWN.name)


def test_a_name_is_a_word_of_its_own() -> None:
    assert unnamed("Ann, the annual plan of ANN", "Ann") == "{name}, the annual plan of {name}"
    assert unnamed("mei@example.com is Mei", "Mei") == "mei@example.com is {name}"
    assert unnamed("x", "x") == "x" and unnamed("nobody", "") == "nobody"
