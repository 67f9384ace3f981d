"""`frontdesk replies`: what is in the file and what agents have saved, and how a saved one is deleted."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

from hub.store.saved import Saved
from hub.store.store import open_store
from tests.config.test_cli import frontdesk

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


def test_replies_are_listed_shown_and_deleted(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        where = {"FRONTDESK_CONFIG": str(tmp_path), "DATA": str(tmp_path / "data"), "DATABASE_URL": ""}
        return frontdesk("replies", *words, **where)

    (tmp_path / "hub.yaml").write_text("")
    (tmp_path / "replies.yaml").write_text("replies: [{name: thanks, title: Thanks, text: {en: 'Thank you', zh: 谢谢}}]\n")
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
    assert run("show", "none").returncode == 1
    assert run("remove", "SENT").returncode == 0
    again = run("remove", "sent")
    assert again.returncode == 1 and "replies.yaml" in again.stdout + again.stderr
    assert "canned.forgotten SENT" in asyncio.run(saved(tmp_path))
    assert [one["name"] for one in json.loads(run("list", "--json").stdout)] == ["thanks"]
