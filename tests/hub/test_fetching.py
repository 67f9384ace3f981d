"""Files of customers are copied although a hint was lost or the platform failed at first, and what never comes is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub import fetching, files, sweep
from hub.errors import Temporary, Undeliverable
from hub.files import FileStore
from hub.model import Media
from hub.runtime import Hub
from hub.store.tables import File, Message
from tests.fakes import said
from tests.hub.hubs import Phone, channels, data_of, only, put, rows, take_in, text_of


class Album(Phone):
    """A channel that hands out files, after it has failed."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[Exception] = []
        self.asked = 0

    async def fetch(self, remote: str) -> AsyncIterator[bytes]:
        self.asked += 1
        if self.broken:
            raise self.broken.pop(0)
        yield f"content of {remote}".encode()


async def hub_with(make_hub: Any, phone: Album) -> Hub:
    hub: Hub = await make_hub(connectors=channels(phone=phone))
    hub.files = FileStore(hub.files._folder, hub.store.files, {"phone": phone}, hub.store.secret, hub.public_url)
    return hub


def sent(**more: Any) -> Any:
    return said("").model_copy(update={"parts": (Media(kind="file", remote="doc:1", name="bill.pdf", **more),)})


async def hinted(hub: Hub) -> list[str]:
    """The files whose jobs wait in Redis."""
    waiting = await hub.jobs.redis.zrange(hub.jobs.queue("slow"), 0, -1)
    return [name.decode().rsplit(":", 1)[1] for name in waiting if b":fetch:" in name]


async def forget(hub: Hub) -> None:
    if keys := await hub.jobs.redis.keys(f"*{hub.jobs.prefix}*"):
        await hub.jobs.redis.delete(*keys)


async def test_a_file_whose_hint_was_lost_is_copied(make_hub: Any) -> None:
    hub = await hub_with(make_hub, Album())
    await take_in(hub, sent())
    file = (await only(hub.store, File))["id"]
    assert await hinted(hub) == [file]
    await forget(hub)  # all of Redis is lost between the commit and the job
    await sweep.run(hub)
    assert await hinted(hub) == [file]
    await fetching.fetch(hub, file)
    assert (await only(hub.store, File))["state"] == "stored"
    assert hub.files.path(file).read_bytes() == b"content of doc:1"
    await forget(hub)
    await sweep.run(hub)
    assert await hinted(hub) == [], "once"


async def test_a_platform_that_fails_at_first_is_asked_again_after_growing_pauses(make_hub: Any) -> None:
    phone = Album()
    phone.broken = [Temporary("500"), Temporary("500")]
    hub = await hub_with(make_hub, phone)
    await take_in(hub, sent())
    file = (await only(hub.store, File))["id"]
    pauses = []
    for _ in range(2):
        before = await hub.store.sweeping.clock()
        await fetching.fetch(hub, file)
        row = await only(hub.store, File)
        assert (row["state"], row["error"]) == ("remote", "500")
        pauses.append(round((row["due_ms"] - before) / 1000))
        await forget(hub)
        await sweep.run(hub)
        assert await hinted(hub) == [], "not due yet"
        await put(hub.store, File, {}, due_ms=1)
        await sweep.run(hub)
        assert await hinted(hub) == [file]
    assert pauses == [2, 8]
    await fetching.fetch(hub, file)
    assert (await only(hub.store, File))["state"] == "stored"


@pytest.mark.parametrize("end", ["gone for good", "tried for hours", "hangs for hours"])
async def test_what_never_comes_is_told_in_its_conversation_once(make_hub: Any, end: str) -> None:
    phone = Album()
    why = {"gone for good": "above 20 MB", "tried for hours": "500", "hangs for hours": "TimeoutError"}[end]
    phone.broken = [Undeliverable("above 20 MB")] if end == "gone for good" else [Temporary("500")] * 100
    if end == "hangs for hours":
        phone.broken = [TimeoutError()] * 100
    hub = await hub_with(make_hub, phone)
    await take_in(hub, sent())
    file = (await only(hub.store, File))["id"]
    for _ in range(files.TRIES + 3):
        await fetching.fetch(hub, file)
    row = await only(hub.store, File)
    assert row["state"] == "lost"
    assert phone.asked == (1 if end == "gone for good" else files.TRIES)
    await take_in(hub)
    note = await only(hub.store, Message, kind="note")
    assert "bill.pdf" in text_of(note)
    assert why in text_of(note)
    assert (note["author_kind"], "mention" in data_of(note)) == ("system", False), "nobody is called for it"
    await put(hub.store, File, {}, due_ms=0)
    await sweep.run(hub)
    assert len(await rows(hub.store, File, state="lost")) == 1


async def test_a_try_that_drips_for_ever_ends_and_counts(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping(Album):
        async def fetch(self, remote: str) -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)

    monkeypatch.setattr(files, "FETCH_S", 0.2)
    hub = await hub_with(make_hub, Dripping())
    await take_in(hub, sent())
    await fetching.fetch(hub, (await only(hub.store, File))["id"])
    row = await only(hub.store, File)
    assert (row["state"], row["tries"], row["error"]) == ("remote", 1, "TimeoutError")
