"""The customer protocol where both ways of speaking it must agree, and docs/protocol.md held to what the code says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from hub.live import Live
from hub.model import PART_KINDS, Entry
from hub.store.store import Store
from tests.widget import spoken
from tests.widget.consoles import House, Line
from tests.widget.customers import customer, say, web_house

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
PUBLIC = ("answers", "app", "chat", "pages", "visitors", "talk")
"""The modules whose refusals customers can meet."""


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


@pytest.mark.parametrize("wrong", [{"since": "x"}, {"since": -1}, {"tok": 5}, {"page": ["x"]}, {"lang": "x" * 100}])
async def test_a_hello_that_is_malformed_is_fatal(home: House, wrong: dict[str, Any]) -> None:
    """Never "come back": the page would send the same again for ever."""
    ann = await customer(home)
    async with connect(home.url.replace("http", "ws") + "/chat/web/socket", compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": ann.token, "since": 0, **wrong})
        assert await line.next("bye") == {"t": "bye", "code": 4400, "retry": False}
        with pytest.raises(ConnectionClosedError):
            await ws.recv()
    assert ws.close_code == 4400


async def test_a_poll_from_beyond_the_end_of_the_log_is_told_to_load_it_anew(home: House) -> None:
    """As after a database was put back from a backup: what comes next would have a place that the page thinks it knows."""
    ann = await customer(home)
    await ann.poll(say("a", "Hello?"))
    await home.work()
    welcome, *entries = await ann.poll(since=77)
    assert (welcome["t"], welcome["resumed"], welcome["from"], welcome["head"]) == ("welcome", False, 1, 2)
    assert [(entry["t"], entry["s"]) for entry in entries] == [("ev", 1), ("ev", 2)]
    assert await ann.poll(since=2) == []


async def test_what_may_be_lost_looks_the_same_on_both_ways(home: House) -> None:
    ann, bo = await customer(home), await home.agent()
    await ann.poll(say("a", "Hello?"))
    await home.work()
    (entry, _) = await ann.poll()
    polled = asyncio.create_task(ann.poll(since=2, wait=10))
    async with home.socket(bo) as console, connect(home.url.replace("http", "ws") + "/chat/web/socket") as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": ann.token, "epoch": ann.epoch, "since": 2})
        await line.next("welcome")
        await console.next("welcome")
        await asyncio.sleep(0.3)
        await console.send({"t": "typing", "c": entry["c"], "on": True})
        typing = {"t": "eph", "k": "typing", "c": entry["c"], "on": True, "by": {"kind": "agent", "name": "Bo"}}
        assert await line.next("eph") == typing
        assert await polled == [typing]


async def test_a_lost_poke_costs_a_delay_and_no_message(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(self: Live, **_: Any) -> None:
        return None

    ann = await customer(home)
    async with connect(home.url.replace("http", "ws") + "/chat/web/socket", compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": ann.token, "epoch": ann.epoch, "since": 0})
        await line.next("welcome")
        monkeypatch.setattr(Live, "poke", lost)
        await line.send(say("a", "Hello?"))
        await line.next("ok")
        await home.work()
        entry = await line.next("ev", seconds=10)
    assert (entry["s"], entry["id"], entry["d"]["text"]) == (1, "a", "Hello?")
    assert orjson.dumps(entry)


async def test_a_file_that_never_ends_is_given_up_with_a_clear_answer(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widget.chat.UPLOAD_S", 0.3)
    ann = await customer(home)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(home.url.rpartition(":")[2]))
    head = f"POST /chat/web/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.token}\r\nContent-Length: 1000\r\n"
    body = "--x\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n"
    writer.write(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n{body}".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert answer.startswith(b"HTTP/1.1 408")
    assert orjson.loads(await reader.readuntil(b"}}"))["error"]["code"] == "slow"
    writer.close()
    await writer.wait_closed()


CONSOLES = {"view", "draft", "views", "delivered"}
"""Kinds of passing facts that only consoles hear of."""


def tables() -> list[tuple[str, list[list[str]]]]:
    """The page's tables: the head of the first column, and the rows as lists of cells."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        found.append((rows[0][0], rows[2:]))
    return found


def column(head: str) -> set[str]:
    """All words in the first column of the tables with this head."""
    cells = [row[0] for name, rows in tables() if name == head for row in rows]
    return {word for cell in cells for word in re.split(r"[`, ]+", cell) if word}


def test_the_page_names_every_frame_and_no_other() -> None:
    first, second = (({row[0].strip("`") for row in rows}) for name, rows in tables() if name == "`t`")
    assert first == spoken.taken("talk")
    assert second == spoken.sent()
    ephemeral = next(row for row in tables()[2][1] if row[0] == "`eph`")[2]
    assert all(f"`{kind}`" in ephemeral for kind in spoken.sent("k") - CONSOLES)
    assert all(f"`{kind}`" in PAGE for kind in CONSOLES)


def test_the_page_names_every_kind_of_entry_and_part() -> None:
    shown = set(get_args(Entry.model_fields["kind"].annotation)) - {"note", "assigned", "status", "changed"}
    paragraph = next(line for line in PAGE.splitlines() if line.startswith("Kinds of entries"))
    assert shown == set(re.findall(r"`(\w+)`", paragraph)) - {"k", "d"}
    parts = next(line for line in PAGE.splitlines() if line.startswith("Parts have"))
    assert set(PART_KINDS) == set(re.findall(r"`(\w+)`", parts)) - {"type", "url"}


def test_the_page_names_every_code_and_no_other() -> None:
    assert column("`no` code") == spoken.frame_refusals("talk")
    assert column("HTTP code") == {code for _, code in spoken.refusals(*PUBLIC)}
    assert column("code") == {str(code) for code in spoken.close_codes().values()}


def test_the_page_gives_every_code_its_status() -> None:
    said = {
        (row[1], word) for name, rows in tables() if name == "HTTP code" for row in rows for word in re.findall(r"\w+", row[0])
    }
    statuses = {word: status for status, word in said}
    wrong = [(status, code) for status, code in spoken.refusals(*PUBLIC) if status and statuses[code] not in (str(status), "any")]
    assert wrong == [(413, "malformed")], "only hooks say that a body is both"


async def test_the_exchange_on_the_page_is_what_happens(home: House) -> None:
    """Each command of the page, with the frames that the page shows below it."""
    script = re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert script is not None
    steps = re.findall(r"curl -s \$HUB(\S+) -d '(.*?)'(?:\); .*)?\n((?:# .*\n)+)", script[1])
    assert len(steps) == 6
    ann = await customer(home)
    for path, body, shown in steps:
        given = body.replace("'$TOK'", ann.token).replace("'$EPOCH'", ann.epoch)
        answer = await ann.api.post(path, content=given, timeout=30)
        assert answer.status_code == 200, (given, answer.text)
        if path.endswith("/session"):
            assert set(re.findall(r'"(\w+)":', shown)) == set(answer.json())
        else:
            frames = answer.json()["down"]
            assert [frame["t"] for frame in frames] == re.findall(r'"t":"(\w+)"', shown.split("\n# The ")[0])
            texts = [frame["d"]["text"] for frame in frames if frame["t"] == "ev"]
            assert all(orjson.dumps(text).decode()[1:-1] in shown for text in texts)
        await home.work()
