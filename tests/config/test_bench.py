"""The bench measures what it says: payloads that the hub understands, counts that notice a loss, no figure made up."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
import websockets.asyncio.server as ws
from slack_sdk.web.async_client import AsyncWebClient
from telegram import Bot
from typer.testing import CliRunner

from config.__main__ import app
from config.bench import payloads, processes
from config.bench.budgets import BY_NAME, FIGURES
from config.bench.hooks import share
from config.bench.measures import NAMES
from config.bench.place import BUSY, QUIET, files, sinks_running
from config.bench.report import Report
from config.bench.run import Options
from config.bench.servers import Servers, check, kept, worked_off
from config.bench.visitors import KEPT
from config.bench.wire import HttpLine, SocketLine, get, post
from config.cli_bench import ONLY
from config.load import load
from connectors.telegram.normalize import Source, messages_of
from hub.errors import ConfigError
from hub.model import ChannelName
from hub.store.database import Database
from hub.store.store import open_store
from tests.config.folders import folder_with
from widget.frames import refused

ROOT = Path(__file__).parents[2]
ASKED = (
    "accepted_per_s", "sustained_per_s", "p50_ms", "p99_ms", "cpu_s_per_1000", "idle_pss_mib", "idle_cpu_pct", "ready_s",
    "messages", "lost", "one_conn_per_s",
)  # fmt: skip


def test_an_update_is_one_message_under_the_id_that_is_looked_for() -> None:
    found = messages_of(Source(ChannelName("telegram"), lambda: datetime.now(UTC)), orjson.loads(payloads.update(3, 17, 42)))
    (message,) = found
    assert str(message.id) == payloads.external_id(3, 17, 42)
    assert message.customer == str(payloads.FIRST_CUSTOMER + 42)
    assert payloads.marked(message.model_dump_json().encode(), 3) == 17
    assert payloads.marked(message.model_dump_json().encode(), 4) is None


def test_ids_of_two_runs_never_meet() -> None:
    ids = {payloads.external_id(run, number, number % 7) for run in (1, 2, 3) for number in range(200)}
    assert len(ids) == 600


def test_the_throw_away_configuration_is_valid_and_slows_nobody_down(tmp_path: Path) -> None:
    made = load(folder_with(tmp_path, files(1, desk=True)), {})
    assert set(made.channels) == {BUSY, QUIET, "web"}
    assert set(made.desks) == {"slack"}
    assert made.hub.limits.requests_per_ip > 10**6
    assert made.routing.capacity > 10**6
    assert made.bot.channels == {QUIET: False}
    assert not load(folder_with(tmp_path / "other", files(1, desk=False)), {}).desks


@pytest.mark.parametrize(("name", "value", "reached"), [
    ("accepted_per_s", 3000, True), ("accepted_per_s", 2999, False), ("p99_ms", 40, True), ("p99_ms", 40.1, False),
    ("other_cores", 5, None),
])  # fmt: skip
def test_a_figure_is_held_to_its_budget(name: str, value: float, reached: bool | None) -> None:
    assert BY_NAME[name].reached(value) is reached


def test_what_was_not_measured_is_null_with_a_reason() -> None:
    report = Report("sqlite + valkey", 2)
    report.tell("p99_ms", None, "the agent was asleep")
    report.tell("accepted_per_s", 12.34567, "")
    told = report.as_json()
    assert set(told) >= {*ASKED, *(figure.name for figure in FIGURES)}
    assert told["p99_ms"] is None
    assert told["reasons"]["p99_ms"] == "the agent was asleep"
    assert told["reasons"]["ready_s"] == "not asked for"
    assert told["accepted_per_s"] == 12.346
    assert told["short"] == ["accepted_per_s"]


def test_the_table_shows_figure_budget_and_verdict(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    report = Report("sqlite + valkey", 2, lost=1, messages=9)
    report.tell("accepted_per_s", 1234)
    report.tell("ready_s", 1.5)
    report.tell("p99_ms", None, "[no] console")
    report.facts["cpu_s_per_1000_by"] = {"workers": 0.5, "postgres": 0.254}
    report.show()
    said = capsys.readouterr().out
    assert re.search(r"64 connections.*1 234 /s.*≥ 3 000.*≥ 4 000.*short", said)
    assert re.search(r"empty folder.*1\.50 s.*≤ 4.*≤ 2.*ok", said)
    assert re.search(r"p99.*–.*≤ 40.*none", said)
    assert "9 messages accepted, 1 lost" in said
    assert "p99_ms: [no] console" in said
    assert "workers 0.50 s, postgres 0.25 s" in said
    assert "Slack" not in said, "what was not asked for is not listed"


def test_shares_of_no_values_are_no_number() -> None:
    assert share([], 0.5) is None
    assert share([0.003, 0.001, 0.002], 0.5) == 2.0
    assert share([0.001 * n for n in range(1, 101)], 0.99) == 100.0


async def _rows(url: str, *statements: str) -> None:
    database = Database(url)
    async with database.write() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await database.close()


INBOX = (
    "INSERT INTO inbox (id, source, external_id, digest, bucket, lane, state, tries, due_ms, body, at) "
    "VALUES ('{own}', '{source}', '{external}', 'd', 0, 0, {state}, 0, 0, '{{}}', '2026-01-01 00:00:00')"
)
MESSAGE = (
    "INSERT INTO message (id, conversation_id, identity_id, seq, s, kind, author_kind, author_id, author_name, source, "
    "external_id, client_id, parts, data, late, at, stored_at) VALUES ('{own}', 'c', 'i', {s}, {s}, 'message', '{by}', '', '', "
    "'{source}', '{external}', '', '[]', '{{}}', {late}, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
)


async def test_a_message_that_the_database_lacks_is_lost_and_one_that_waits_is_not(database_url: str) -> None:
    await (await open_store(database_url, lanes=4)).close()
    late = "false" if "postgres" in database_url else "0"
    stored = ["telegram", "7.1"], ["web", "v.1"]
    await _rows(
        database_url,
        *(
            MESSAGE.format(own=f"m{n}", s=n + 1, by="customer", source=s, external=e, late=late)
            for n, (s, e) in enumerate(stored)
        ),
        MESSAGE.format(own="bot", s=9, by="bot", source="telegram", external="7.4", late=late),
        INBOX.format(own="a", source="telegram", external="7.1", state=1),
        INBOX.format(own="b", source="telegram", external="7.2", state=2),
    )
    assert await kept(database_url, {"telegram 7.1", "web v.1"}) == (2, 0, 0)
    found = await kept(database_url, {"telegram 7.1", "telegram 7.2", "telegram 7.3", "telegram 7.4", "web 7.1"})
    assert found == (5, 3, 1), "7.3 never came, 7.4 is what the bot said, and 7.1 came on another channel"
    assert await worked_off(database_url)
    await _rows(database_url, INBOX.format(own="c", source="telegram", external="7.5", state=0))
    assert not await worked_off(database_url, patience=0.2)


async def test_an_answer_in_pieces_is_put_together() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            body = await reader.readexactly(length)
            if b"/bye" in head:
                break
            answer = b"HTTP/1.1 202 Accepted\r\ncontent-type: x\r\nContent-Length: %d\r\n\r\n%s" % (length, body)
            for piece in (answer[:7], answer[7:30], answer[30:]):
                writer.write(piece)
                await asyncio.sleep(0.01)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        line = await HttpLine.open(server.sockets[0].getsockname()[1])
        assert await line.ask(post("/a", b'{"x":1}')) == (202, b'{"x":1}')
        assert await line.ask(post("/a", b"")) == (202, b"")
        with pytest.raises(ConnectionError):
            await line.ask(get("/bye"))
        with pytest.raises(ConnectionError):
            await line.ask(get("/again"))


async def test_a_socket_reads_frames_of_every_length_and_answers_pings() -> None:
    pings: list[float] = []
    texts = ["a", "b" * 200, "é" * 70_000]

    async def serve(connection: ws.ServerConnection) -> None:
        assert await connection.recv() == "x" * 300
        pings.append(await asyncio.wait_for(await connection.ping(), 5))
        for text in texts:
            await connection.send(text)
        await connection.close()

    heard: list[bytes] = []
    async with ws.serve(serve, "127.0.0.1", 0, compression=None) as server:
        line = await SocketLine.open(next(iter(server.sockets)).getsockname()[1], "/socket", heard.append)
        line.say(b"x" * 300)
        await asyncio.wait_for(line.gone.wait(), 10)
    assert [text.decode() for text in heard] == texts
    assert pings


async def test_a_handshake_that_is_refused_is_an_error() -> None:
    async with ws.serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=lambda c, _: c.respond(403, "no")) as server:
        with pytest.raises(ConnectionRefusedError, match="403"):
            await SocketLine.open(next(iter(server.sockets)).getsockname()[1], "/", lambda _: None)


def test_only_an_ok_counts_as_kept() -> None:
    found = KEPT.match(orjson.dumps({"t": "ok", "id": payloads.mark(3, 17)}))
    assert found is not None and found[1] == b"17"
    assert not KEPT.match(orjson.dumps(refused("busy", id=payloads.mark(3, 17))))


async def test_the_real_sdks_are_content_with_the_sinks() -> None:
    async with sinks_running() as port:
        async with Bot("1:bench", base_url=f"http://127.0.0.1:{port}/bot") as bot:
            sent = await bot.send_message(7_000_000_001, "Hi")
            assert sent.chat_id == 7_000_000_001
            assert await bot.set_webhook("https://x.example/hooks/telegram")
        slack = AsyncWebClient(token="xoxb-bench", base_url=f"http://127.0.0.1:{port}/api/")
        card = await slack.chat_postMessage(channel="C0BENCH", text="card")
        line = await slack.chat_postMessage(channel="C0BENCH", text="Hola b4x7z", thread_ts=str(card["ts"]))
        assert line["message"]["thread_ts"] == card["ts"] != line["ts"]
        await slack.chat_update(channel="C0BENCH", ts=str(card["ts"]), text="b4x8z")
        async with httpx.AsyncClient() as http:
            assert list((await http.get(f"http://127.0.0.1:{port}/seen")).json()) == ["4x7"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_what_processes_cost_is_read_from_the_system() -> None:
    me = os.getpid()
    before = processes.cpu_s([me])
    with subprocess.Popen([sys.executable, "-c", "sum(range(10**7)); input()"], stdin=subprocess.PIPE) as child:
        assert processes.tree(me) >= {me, child.pid}
        assert processes.name_of(child.pid).startswith("python")
        secrets_made = sum(len(secrets.token_bytes(1000)) for _ in range(60_000))
        after = processes.cpu_s([me, child.pid])
        one, both = processes.pss_mib([me]), processes.pss_mib([me, child.pid])
        child.communicate(b"\n")
    assert secrets_made
    assert 0.02 < (processes.spent(before, after) or 0) < 60
    assert one is not None and both is not None and 5 < one < both
    assert processes.spent(None, after) is None
    assert processes.pss_mib([child.pid]) is None
    assert (processes.open_files() or 0) > 0


@pytest.mark.parametrize("servers", [Servers("sqlite:///x.db"), Servers("oracle://x"), Servers("", "http://x")])
def test_servers_that_can_t_be_measured_on_are_refused(servers: Servers) -> None:
    with pytest.raises(ConfigError):
        check(servers)


@pytest.mark.parametrize("words", [["--only", "accepted,speed"], ["--seconds", "0"], ["--messages", "many"], ["--sockets", "1"]])
def test_bad_options_end_with_code_2(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["bench", *words])
    assert result.exit_code == 2
    assert words[0] in result.output
    if words[0] == "--only":
        assert "speed" in result.output and "sustained" in result.output


def test_a_lost_message_ends_with_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Options] = []

    async def measured(options: Options) -> Report:
        asked.append(options)
        return Report("sqlite + valkey", 2, messages=10, lost=len(options.only))

    monkeypatch.setattr("config.bench.run.bench_all", measured)
    assert CliRunner().invoke(app, ["bench", "--only", "accepted", "--json"]).exit_code == 1
    assert asked[0].only == ("accepted",)
    monkeypatch.setattr("config.bench.run.bench_all", lambda options: measured(Options((), Servers())))
    assert CliRunner().invoke(app, ["bench", "--json"]).exit_code == 0


def test_help_names_every_option_and_shows_an_example() -> None:
    said = CliRunner().invoke(app, ["bench", "--help"], env={"COLUMNS": "200"}).output
    assert all(option in said for option in ("--only", "--seconds", "--messages", "--sockets", "--database", "--redis", "--json"))
    assert "Example: frontdesk bench" in said
    assert ONLY.partition(": ")[2].split(", ") == list(NAMES)


def test_the_page_names_every_measurement_and_figure() -> None:
    page = (ROOT / "docs" / "bench.md").read_text("utf-8")
    assert [name for name in (*NAMES, *BY_NAME) if f"`{name}`" not in page] == []


@pytest.mark.parametrize(("count", "short"), [(2_000, []), (10_000, ["socket_kib"])])
def test_sockets_are_judged_only_by_as_many_as_their_budget_is_for(count: int, short: list[str]) -> None:
    report = Report("sqlite + valkey", 2, facts={"sockets": count})
    report.tell("socket_kib", 41.0)
    report.tell("sockets_cpu_pct", 1.0)
    assert report.as_json()["short"] == short
    assert report.reached(BY_NAME["sockets_cpu_pct"]) is (True if short else None)
