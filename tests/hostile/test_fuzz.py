"""The document against the running application, by schemathesis; `python -m tests.hostile.fuzz` goes on for longer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.web_settings import WebSettings
from hub.model import ChannelName
from tests.databases import fresh_store
from tests.hostile.fuzz import faces, fuzz
from tests.widget.consoles import house

SECONDS = 30


@pytest.mark.timeout(150)
async def test_no_request_makes_it_fail_or_answer_outside_the_document(redis_url: str, prefix: str, tmp_path: Path) -> None:
    store = await fresh_store(tmp_path, lanes=1)
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=faces()) as home:
        home.hub.channels = {ChannelName("web"): WebSettings()}
        code, said = await fuzz(home, tmp_path, SECONDS, seed=1)
    await store.close()
    assert code == 0, said[-6000:]
    cases = re.search(r"(\d+) generated", said)
    assert cases is not None, said
    assert int(cases[1]) > 500
    assert re.search(r"Tested: [6-9]\d", said), said


@pytest.mark.timeout(150)
async def test_it_would_tell(redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails is a 500, and the run says so."""
    store = await fresh_store(tmp_path, lanes=1)

    async def broken(*_: object, **__: object) -> int:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(type(store.reports), "behind", broken)
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=faces()) as home:
        code, said = await fuzz(home, tmp_path, 10, seed=1)
    await store.close()
    assert code == 1
    assert "/console/api/reports" in said
