"""Dead letters: what nobody can handle is put aside after three tries, shown, and tried again when somebody says so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config import dead_letters
from hub import customers, inbound
from hub.errors import Uncertain, Undeliverable
from hub.model import Media
from hub.model import Message as Said
from hub.runtime import Hub
from hub.store.agent_tables import Audit
from hub.store.inbox import DONE, PARKED, PENDING
from hub.store.store import Store
from hub.store.tables import Delivery, Inbox, Message
from tests.fakes import answered, said
from tests.hub.hubs import Scene, deliver, only, put, rows, settle, take_in, text_of
from tests.servers.warm import frontdesk

HUGE = "9" * 23


@pytest.fixture
def boom(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The handler crashes on the text `boom`; says how often."""
    crashes: list[str] = []
    handle = customers.customer_said

    async def crashing(hub: Hub, connection: Any, batch: Any, message: Said) -> None:
        await handle(hub, connection, batch, message)
        if "boom" in str(message.parts):
            crashes.append(message.id)
            raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(customers, "customer_said", crashing)
    return crashes


async def test_a_message_that_crashes_its_handler_is_parked_and_its_conversation_goes_on(hub: Hub, boom: list[str]) -> None:
    await take_in(hub, said("before"), said("boom", id="bad"), said("after"), said("somebody else", customer="bob"))
    assert boom == ["bad"] * 3, "three tries"
    parked = await only(hub.store, Inbox, state=PARKED)
    assert (parked["external_id"], parked["tries"]) == ("bad", 3)
    assert "ZeroDivisionError" in parked["error"]
    assert {text_of(entry) for entry in await rows(hub.store, Message)} == {"before", "after", "somebody else"}
    mine = [entry for entry in await rows(hub.store, Message) if entry["author_id"] == "ann"]
    assert [(entry["seq"], text_of(entry)) for entry in mine] == [(1, "before"), (2, "after")], "what it began was undone"
    assert (await hub.store.inbox.depth())[:2] == (0, 1)


async def test_two_bad_ones_in_one_batch_do_not_hide_each_other(hub: Hub, boom: list[str]) -> None:
    await take_in(hub, said("boom", id="a"), said("fine"), said("boom", id="b"))
    assert sorted(row["external_id"] for row in await rows(hub.store, Inbox, state=PARKED)) == ["a", "b"]
    assert [text_of(entry) for entry in await rows(hub.store, Message)] == ["fine"]


async def test_a_row_that_cannot_be_read_any_more_is_parked(hub: Hub) -> None:
    """Stored by another release, or damaged."""
    await hub.intake.keep([said("hello", id="bad"), said("fine")], 5.0)
    await put(hub.store, Inbox, {"external_id": "bad"}, body='{"what":"message","from":"the future"}')
    await take_in(hub)
    parked = await only(hub.store, Inbox, state=PARKED)
    assert "unreadable" in parked["error"]
    assert [text_of(entry) for entry in await rows(hub.store, Message)] == ["fine"]


async def test_what_the_database_refuses_to_hold_is_parked(hub: Hub) -> None:
    """The body was kept, yet what is made of it does not fit into a table: the lane must not stand still because of it."""
    huge = Media(kind="file", remote="doc:1", size=2**70)
    await hub.intake.keep([said("").model_copy(update={"parts": (huge,), "id": "bad"}), said("fine")], 5.0)
    lane = (await rows(hub.store, Inbox))[0]["lane"]
    for _ in range(4):
        with contextlib.suppress(Exception):
            await inbound.drain(hub, lane)
    assert {row["external_id"] == "bad": row["state"] for row in await rows(hub.store, Inbox)} == {True: PARKED, False: DONE}
    assert [text_of(entry) for entry in await rows(hub.store, Message)] == ["fine"]


async def test_a_database_that_is_away_is_nobodys_fault(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionResetError

    await hub.intake.keep([said("hello")], 5.0)
    lane = (await only(hub.store, Inbox))["lane"]
    with monkeypatch.context() as broken:
        broken.setattr(customers, "customer_said", away)
        for _ in range(5):
            with pytest.raises(ConnectionResetError):
                await inbound.drain(hub, lane)
    assert ((await only(hub.store, Inbox))["state"], (await only(hub.store, Inbox))["tries"]) == (PENDING, 0)
    await take_in(hub)
    assert len(await rows(hub.store, Message)) == 1


async def test_replay_is_the_same_row_with_new_tries(hub: Hub, boom: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    await take_in(hub, said("boom", id="bad"), said("after"))
    parked = await only(hub.store, Inbox, state=PARKED)
    assert await hub.store.inbox.replay([parked["n"], 10**6]) == [parked["lane"]]
    await take_in(hub)
    assert len(boom) == 6, "not mended yet: three more tries, and aside again"
    monkeypatch.undo()
    await hub.store.inbox.replay([parked["n"]])
    await take_in(hub)
    assert (await only(hub.store, Inbox, n=parked["n"]))["state"] == DONE
    assert [text_of(entry) for entry in await rows(hub.store, Message)] == ["after", "boom"], "late, and not lost"
    assert await hub.store.inbox.replay([parked["n"]]) == [], "what is done is not done twice"


async def test_a_replayed_call_keeps_its_row_and_its_key(scene: Scene) -> None:
    scene.phone.fail = [Undeliverable("too old")]
    await scene.answer("first")
    scene.phone.fail = [Uncertain("no answer")]
    await scene.answer("second")
    before = await rows(scene.hub.store, Delivery, target="phone")
    assert [row["state"] for row in before] == ["failed", "unknown"]
    assert await scene.hub.store.deliveries.replay([row["id"] for row in before]) == [before[0]["lane"]]
    await settle(scene.hub)
    after = await rows(scene.hub.store, Delivery, target="phone")
    assert [(row["id"], row["idem_key"], row["state"]) for row in after] == [(r["id"], r["idem_key"], "sent") for r in before]
    assert scene.phone.texts == ["first", "second"]
    assert await scene.hub.store.deliveries.replay([row["id"] for row in after]) == []


async def test_dead_calls_are_listed_newest_first_by_a_cursor(scene: Scene) -> None:
    for n in range(5):
        scene.phone.fail = [Undeliverable(f"reason {n}")]
        await scene.answer(f"{n}")
    deliveries = scene.hub.store.deliveries
    first = await deliveries.list_dead("failed", None, None, 2)
    rest = await deliveries.list_dead("failed", "phone", first[-1]["id"], 10)
    assert [row["reason"] for row in (*first, *rest)] == [f"reason {n}" for n in (4, 3, 2, 1, 0)]
    assert await deliveries.list_dead("failed", "slack", None, 10) == []
    assert (await deliveries.states())[("phone", "failed")] == 5
    whole = await deliveries.row(first[0]["id"])
    assert whole is not None
    assert [(tried["n"], tried["outcome"]) for tried in whole["attempts"]] == [(1, "failed")]
    assert await deliveries.row("nothing") is None


class Shell:
    """The command `frontdesk dlq` on a store, in a process of its own."""

    def __init__(self, store: Store, redis_url: str, folder: Path) -> None:
        self.prefix = f"fd{store.epoch[-10:]}"
        self._folder = folder
        folder.mkdir()
        (folder / "hub.yaml").write_text("database: ${DATABASE_URL}\nredis: ${REDIS_URL}\n")
        known = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        url = store.db.url.set(drivername=store.db.url.get_backend_name()).render_as_string(hide_password=False)
        self._environment = known | {"DATABASE_URL": url, "REDIS_URL": redis_url, "DATA": str(folder / "data")}

    async def dlq(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        words = ("dlq", *arguments, "--config", str(self._folder))
        return await asyncio.to_thread(frontdesk, *words, environment=self._environment)


@pytest.fixture
async def shell(store: Store, hub: Hub, redis_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    made = Shell(store, redis_url, tmp_path / "shell")
    yield made
    keys = await hub.jobs.redis.keys(f"*{made.prefix}*")
    if keys:
        await hub.jobs.redis.delete(*keys)


@pytest.mark.timeout(240)
async def test_the_command_lists_shows_and_replays_what_was_parked(hub: Hub, boom: list[str], shell: Shell) -> None:
    await take_in(hub, said("boom", id="m1"), said("boom", id="m2"))
    old, new = (str(row["n"]) for row in await rows(hub.store, Inbox))
    listed = await shell.dlq("list", "--json")
    assert listed.returncode == 0, listed.stderr
    told = json.loads(listed.stdout)
    assert [(row["id"], row["about"]) for row in told] == [(new, "phone"), (old, "phone")]
    assert all("ZeroDivisionError" in row["reason"] for row in told)
    assert [row["n"] for row in await hub.store.inbox.parked(before=int(new), most=10)] == [int(old)]
    shown = json.loads((await shell.dlq("show", old)).stdout)
    assert (shown["external_id"], shown["tries"], json.loads(shown["body"])["customer"]) == ("m1", 3, "ann")
    assert "would replay 1 parked" in (await shell.dlq("replay", old, "--dry-run")).stdout
    assert (await only(hub.store, Inbox, external_id="m1"))["state"] == PARKED
    assert "replayed 1 parked and 0 deliveries" in (await shell.dlq("replay", old)).stdout
    assert {row["external_id"]: row["state"] for row in await rows(hub.store, Inbox)} == {"m1": PENDING, "m2": PARKED}
    assert await hub.jobs.redis.zcard(f"{shell.prefix}:in") == 1, "the worker hears of it"
    assert [(row["actor"], row["action"]) for row in await rows(hub.store, Audit)] == [("command line", "replay")]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_the_command_lists_shows_and_replays_deliveries(scene: Scene, shell: Shell) -> None:
    scene.phone.fail = [Uncertain("no answer")]
    await scene.answer()
    call = await scene.call()
    (told,) = json.loads((await shell.dlq("list", "--state", "unknown", "--json")).stdout)
    assert (told["id"], told["about"]) == (call["id"], "send to phone")
    assert json.loads((await shell.dlq("list", "--state", "failed", "--json")).stdout) == []
    assert json.loads((await shell.dlq("show", call["id"])).stdout)["attempts"][0]["outcome"] == "unknown"
    assert "replayed 0 parked and 1 deliveries" in (await shell.dlq("replay", call["id"])).stdout
    await deliver(scene.hub)
    again = await scene.call()
    assert (again["state"], again["idem_key"], again["attempt"]) == ("sent", call["idem_key"], 2)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_the_command_says_what_is_wrong(shell: Shell) -> None:
    assert (await shell.dlq("show", "4711")).returncode == 1
    wrong = await shell.dlq("list", "--state", "dead")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "parked, failed or unknown" in wrong.stderr
    gone = await shell.dlq("replay", "4711", "abc", HUGE, "0" * 32)
    assert (gone.returncode, gone.stdout) == (1, "replayed 0 parked and 0 deliveries\n")
    assert gone.stderr.splitlines() == [f"there is no {id}" for id in ("4711", "abc", HUGE, "0" * 32)]
    huge = await shell.dlq("show", HUGE)
    assert (huge.returncode, huge.stderr) == (1, f"there is no {HUGE}\n")
    for arguments, told in (
        (["list", "--before", "abc"], "--before abc: must be the last id of the page before, as `list --state parked`"),
        (["list", "--before", "17", "--state", "failed"], "--before 17: must be the last id"),
        (["list", "--since", "noon"], "--since noon: must be a time such as"),
        (["replay"], "say which: ids as"),
        (["replay", "4711", "--state", "parked"], "say which: ids as"),
        (["replay", "--target", "phone"], "say which: ids as"),
    ):
        wrong = await shell.dlq(*arguments)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert wrong.stderr.startswith(told)


@pytest.mark.timeout(240)
async def test_all_of_a_kind_are_chosen_by_target_and_age_and_paced(hub: Hub, boom: list[str], shell: Shell) -> None:
    await take_in(hub, *(said("boom", id=f"m{n}") for n in range(4)))
    await put(hub.store, Inbox, {"external_id": "m0"}, at=datetime.now(UTC) - timedelta(days=3))
    await put(hub.store, Inbox, {"external_id": "m3"}, source="tablet")
    told = json.loads((await shell.dlq("list", "--target", "phone", "--since", "24h", "--json")).stdout)
    assert [row["about"] for row in told] == ["phone", "phone"]
    assert json.loads((await shell.dlq("list", "--target", "nobody", "--json")).stdout) == []
    chosen = ("--state", "parked", "--target", "phone", "--since", "24h")
    assert (await shell.dlq("replay", *chosen, "--dry-run")).stdout == "would replay 2 parked and 0 deliveries\n"
    done = await shell.dlq("replay", *chosen, "--rate", "1")
    assert (done.returncode, done.stdout) == (0, "replayed 2 parked and 0 deliveries\n")
    states = {row["external_id"]: row["state"] for row in await rows(hub.store, Inbox)}
    assert states == {"m0": PARKED, "m1": PENDING, "m2": PENDING, "m3": PARKED}
    assert [row["detail"] for row in await rows(hub.store, Audit)] == ["parked phone 24h"]


async def test_a_replay_of_many_keeps_its_pace(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[object] = []

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[Hub]:
        yield hub

    async def again(_: Hub, ids: list[str]) -> dict[int, str]:
        went.append(ids)
        return {}

    async def all_of(*_: object) -> list[str]:
        return ["1", "2", "3", "4", "5"]

    async def sleep(seconds: float) -> None:
        went.append(seconds)

    monkeypatch.setattr(dead_letters, "open_hub", opened)
    monkeypatch.setattr(dead_letters, "_again", again)
    monkeypatch.setattr(dead_letters, "_all", all_of)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    await dead_letters.replay([], dead_letters.Chosen("parked"), dry_run=False, rate=2)
    assert [one for one in went if one != 0] == [["1", "2"], 1.0, ["3", "4"], 1.0, ["5"]]


async def test_a_resend_in_the_console_and_a_replay_at_once_send_once(scene: Scene) -> None:
    scene.phone.fail = [Undeliverable("too old")]
    await scene.answer()
    call = await scene.call()
    resend = answered("", conversation=call["conversation_id"], kind="resend", edit_of=call["id"])
    await asyncio.gather(scene.hub.store.deliveries.replay([call["id"]]), take_in(scene.hub, resend))
    await settle(scene.hub)
    assert scene.phone.texts == ["hi"]
