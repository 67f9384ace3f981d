"""The page of what goes over which channel: current, true of what really arrives, and true of what really leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.matrix import PAGE, SAMPLES, channels, leaves, page
from hub.capabilities import Capabilities

PAYLOADS = Path(__file__).parents[1] / "payloads"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "make it anew: python -m config.matrix > docs/matrix.md"


@pytest.mark.parametrize("channel", ["telegram", "wecom_kf"])
def test_what_payloads_bring_is_what_the_channel_says_it_brings(channel: str) -> None:
    brought: set[str] = set()
    for path in sorted((PAYLOADS / channel).glob("*.json")):
        expected = json.loads(path.read_text("utf-8"))["expect"]
        for message in expected if isinstance(expected, list) else ():
            brought |= {part["kind"] if part["type"] == "media" else part["type"] for part in message.get("parts", ())}
    assert brought - {"unsupported"} == channels()[channel].brings


def test_nothing_that_can_be_said_is_refused() -> None:
    """Agents never write into the void: what a channel cannot show leaves as words or as a link."""
    for name, can in channels().items():
        assert not [kind for kind, part in SAMPLES.items() if leaves(part, can) == "refused"], name


@pytest.mark.parametrize(
    ("can", "kind", "said"),
    [
        (Capabilities(), "text", "as is"),
        (Capabilities(), "image", "link"),
        (Capabilities(), "location", "converted"),
        (Capabilities(parts=frozenset({"text", "media"}), media=frozenset({"file"})), "image", "converted"),
        (Capabilities(parts=frozenset({"text", "media"}), media=frozenset({"image"})), "image", "as is"),
        (Capabilities(parts=frozenset({"text", "media"}), media=frozenset({"image"})), "file", "link"),
        (Capabilities(parts=frozenset({"text", "choices"}), options_limit=2), "choices", "as is"),
        (Capabilities(parts=frozenset({"text", "choices"}), options_limit=1), "choices", "converted"),
    ],
)
def test_the_words_of_the_page(can: Capabilities, kind: str, said: str) -> None:
    assert leaves(SAMPLES[kind], can) == said
