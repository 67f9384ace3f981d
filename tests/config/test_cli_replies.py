"""`frontdesk replies`: what is in the file and what agents have saved, and how a saved one is deleted."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from config.__main__ import app
from hub.store.saved import Saved
from hub.store.store import open_store

SAVED = [
    Saved("sent", "On its way", "zh", "{name}，已发货", "slack:T1:U1 Anna"),
    Saved("Thanks", "", "*", "hidden by the file", "slack:T1:U1 Anna"),
]


async def saved(folder: Path) -> list[str]:
    """Save them as agents do; what the audit log says."""
    store = await open_store(f"sqlite:///{folder}/data/frontdesk.db")
    try:
        if not await store.saved.all():
            for one in SAVED:
                async with store.db.write() as connection:
                    assert await store.saved.put(connection, one)
        return [f"{one['action']} {one['object']}" for one in await store.agents.records(before=None, most=5)]
    finally:
        await store.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["replies", *words])


def test_replies_are_listed_shown_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hub.yaml").write_text("")
    (tmp_path / "replies.yaml").write_text("replies: [{name: thanks, title: Thanks, text: {en: 'Thank you', zh: 谢谢}}]\n")
    monkeypatch.setenv("FRONTDESK_CONFIG", str(tmp_path))
    monkeypatch.setenv("DATA", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "data").mkdir()
    asyncio.run(saved(tmp_path))
    found = json.loads(run("list", "--json").stdout)
    assert [(one["name"], one["source"], one["by"]) for one in found] == [
        ("thanks", "file", ""),
        ("sent", "saved", "slack:T1:U1 Anna"),
    ]
    assert "sent  saved  On its way  slack:T1:U1 Anna" in run("list").stdout
    assert run("show", "THANKS").stdout == "[en]\nThank you\n[zh]\n谢谢\n"
    assert json.loads(run("show", "sent", "--json").stdout)["text"] == {"zh": "{name}，已发货"}
    assert run("show", "none").exit_code == 1
    assert run("remove", "SENT").exit_code == 0
    again = run("remove", "sent")
    assert again.exit_code == 1 and "replies.yaml" in again.output
    assert "canned.forgotten SENT" in asyncio.run(saved(tmp_path))
    assert [one["name"] for one in json.loads(run("list", "--json").stdout)] == ["thanks"]
