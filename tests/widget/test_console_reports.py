"""Reports over HTTP: what may be asked, the file for spreadsheets, and who may see it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub.model import ExternalId
from hub.reporting import Report, gather
from hub.store.store import Store
from tests.fakes import answered
from tests.widget.consoles import House, house
from widget.console_reports import as_csv, harmless

REPORTS = "/console/api/reports"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_figures_and_the_conversations_behind_them(home: House) -> None:
    boss = await home.agent("ada@example.com", "supervisor", "Ada")
    talks = [await home.customer_says("Hello?", customer=ExternalId(f"c{n}")) for n in range(5)]
    await home.hub.intake.keep([answered("Hi", conversation=talks[0])], 5)
    await home.work()
    await gather(home.hub)
    found = (await boss.api.get(REPORTS)).json()
    assert (found["total"]["opened"], found["total"]["answered"], found["open"], found["behind"]) == (5, 1, 5, 0)
    assert (len(found["days"]), found["days"][-1]["day"], found["zone"]) == (30, datetime.now(UTC).date().isoformat(), "UTC")
    assert [(one["id"], one["opened"]) for one in found["channels"]] == [("phone", 5)]
    listed: list[str] = []
    cursor = ""
    while True:
        page = (
            await boss.api.get(f"{REPORTS}/conversations", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        listed += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert listed == talks[::-1]
    answered_ones = (await boss.api.get(f"{REPORTS}/conversations", params={"measure": "answered"})).json()["items"]
    assert [row["id"] for row in answered_ones] == talks[:1]
    narrowed = (await boss.api.get(REPORTS, params={"channel": "page"})).json()
    assert narrowed["total"]["opened"] == 0


async def test_what_can_not_be_asked_gets_a_clear_answer(home: House) -> None:
    boss = await home.agent("ada@example.com", "supervisor", "Ada")
    for wrong in (
        {"since": "yesterday"},
        {"since": "2026-13-01"},
        {"since": "20260101"},
        {"since": "2026-01-02", "until": "2026-01-01"},
        {"since": "2026-01-01", "until": "2026-12-31"},
        {"channel": "x" * 65},
        {"team": "\0"},
    ):
        for path in ("", "/conversations", "/csv"):
            given = await boss.api.get(REPORTS + path, params=wrong)
            assert (given.status_code, given.json()["error"]["code"]) == (422, "malformed"), (path, wrong)
    for wrong in ({"measure": "all"}, {"cursor": "1"}, {"cursor": "1." + "g" * 32}, {"cursor": "9" * 18 + "." + "0" * 32}):
        assert (await boss.api.get(f"{REPORTS}/conversations", params=wrong)).status_code == 422, wrong
    far = await boss.api.get(f"{REPORTS}/conversations", params={"cursor": "9" * 17 + "." + "0" * 32})
    assert far.status_code == 200
    agent = await home.agent()
    assert (await agent.api.get(REPORTS)).status_code == 403


async def test_the_file_holds_the_same_figures_and_no_formula(home: House) -> None:
    boss = await home.agent("ada@example.com", "admin", "Ada")
    evil = await home.agent("evil@example.com", "agent", '=HYPERLINK("https://evil.example","Ann")')
    talk = await home.customer_says("Hello?")
    given = await boss.api.post(f"/console/api/conversations/{talk}/assign", json={"id": "a1", "agent": evil.id})
    assert given.status_code == 201
    await home.work()
    await gather(home.hub)
    made = await boss.api.get(f"{REPORTS}/csv")
    assert made.headers["content-type"].startswith("text/csv")
    assert made.headers["content-disposition"].startswith('attachment; filename="frontdesk-')
    rows = list(csv.DictReader(io.StringIO(made.text.removeprefix("\ufeff"), newline="")))
    assert [row["opened"] for row in rows if row["by"] == "all"] == ["1"]
    (named,) = [row for row in rows if row["by"] == "agent"]
    assert named["name"] == '\'=HYPERLINK("https://evil.example","Ann")'
    (record,) = [one for one in (await boss.api.get("/console/api/audit")).json()["items"] if one["action"] == "report.export"]
    assert record["actor"] == boss.id


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u00a0=1",
        "|calc",
        "%0A=1",
    ],
)
def test_no_cell_begins_a_formula(cell: str) -> None:
    for name in (cell, f'{cell},"x"'):
        made = Report()
        made.channels[name].opened = 1
        made.teams[name].opened = 1
        made.agents["id"].opened = 1
        rows = list(csv.reader(io.StringIO(as_csv(made, [date(2026, 1, 1)], {"id": name}).removeprefix("\ufeff"), newline="")))
        texts = [row[1] for row in rows if row[0] in ("channel", "team", "agent")]
        assert len(texts) == 3
        for text in texts:
            assert text == harmless(name)
            assert text.startswith("'")


def test_plain_names_stay_as_they_are() -> None:
    assert [harmless(name) for name in ("Ann", "李伟", "a=b", "")] == ["Ann", "李伟", "a=b", ""]
