"""Everything that is built of blocks stays within Slack's limits, whatever it is filled with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Literal

import pytest

from agents_bridge.slack import assigning, blocks, marking, resolving
from agents_bridge.slack.guard import VALUE_LIMIT, held_blocks
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.words import WORDS
from tests.agents_bridge.desks import NOON, card, line

Locale = Literal["en", "zh"]
LONG = ("汉字" * 3000, "👩‍👩‍👧‍👦" * 3000, "&<>*_~`" * 1500, "<!channel>" * 1000, '"\\\n' * 2000, "x")
LIMITS = {
    "section": 3000,
    "button": 75,
    "value": 2000,
    "action_id": 255,
    "elements": 25,
    "context": 10,
    "blocks": 50,
    "all": 13_000,
}
"""docs.slack.dev, Block Kit; all blocks together: slackapi/bolt-js#2509."""


def pieces(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a tree of blocks."""
    if isinstance(tree, dict):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from pieces(inner)


def check(made: list[dict[str, Any]]) -> None:
    assert len(made) <= LIMITS["blocks"] and len(json.dumps(made, ensure_ascii=False)) <= LIMITS["all"]
    for one in pieces(made):
        if one.get("type") == "section" and "text" in one:
            assert 0 < len(one["text"]["text"]) <= LIMITS["section"]
        assert len(one.get("fields") or ()) <= 10 and all(0 < len(field["text"]) <= 2000 for field in one.get("fields") or ())
        assert len(one.get("elements") or ()) <= (LIMITS["context"] if one.get("type") == "context" else LIMITS["elements"])
        if one.get("type") == "button":
            assert len(one["text"]["text"]) <= LIMITS["button"] and len(one.get("value", "")) <= LIMITS["value"]
        assert len(one.get("action_id", "")) <= LIMITS["action_id"]
        if one.get("type") == "overflow":
            assert len(one["options"]) <= 5 and all(len(option["text"]["text"]) <= 75 for option in one["options"])
        names = [button["action_id"] for button in one.get("elements") or () if "action_id" in button]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("long", LONG, ids=["cjk", "emoji", "escapes", "pings", "quotes", "short"])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_builder_stays_within_the_limits(long: str, locale: Locale) -> None:
    facts = {"customer": long, "preview": long, "agent": long, "team": long, "locale": long, "resolved_by": long}
    contact = {f"{n}{long}": long for n in range(30)}
    meter: dict[str, Any] = {
        "tags": [long] * 20,
        "priority": 3,
        "snoozed_until": "written",
        "waiting_since": NOON,
        "window_until": NOON + timedelta(hours=48),
        "calls_left": 5,
    }
    for status in ("open", "resolved"):
        check(blocks.card(card(status=status, contact=contact, **facts, **meter), locale)[1])
    check(blocks.card(card(agent=""), locale)[1])
    told = [
        line(long, kind="status", by="system", delivery="d" * 64, data={"state": "failed"}) for _ in range(blocks.BUTTONS_LIMIT)
    ]
    check(blocks.status_blocks(told, locale))
    check(held_blocks(long, "1700000000.000100", locale))
    for view in (
        assigning.people_view("C0:1", [long, *(f"team{n}" for n in range(200))], locale),
        resolving.resolve_view("C0:1", locale, surveyed=True),
        *(marking.marking_view(name, "C0:1", locale) for name in marking.FIELDS),
    ):
        assert all(len(view[name]["text"]) <= 24 for name in ("title", "submit", "close"))
        assert len(view["private_metadata"]) <= 3000 and len(view["blocks"]) <= 100
        options = [option for one in pieces(view) for option in one.get("options") or ()]
        assert len(options) <= 100
        assert all(0 < len(one["text"]["text"]) <= 75 and len(one["value"]) <= 150 for one in options)


def test_a_button_carries_a_held_line_whole_or_not_at_all() -> None:
    [_, actions] = held_blocks("<@U2BO> " + "汉" * 1900, "1700000000.000100", "en")
    assert len(actions["elements"][0]["value"]) <= VALUE_LIMIT
    assert json.loads(actions["elements"][0]["value"])["text"].endswith("汉")
    assert held_blocks("汉" * 2000, "1700000000.000100", "en") == []


def test_both_languages_say_the_same_things() -> None:
    for words in (WORDS, SAYINGS):
        assert set(words["en"]) == set(words["zh"])


def test_the_card_shows_until_when_and_how_often_the_channel_takes_answers() -> None:
    shown = str(blocks.card(card(window_until=NOON, calls_left=3), "en")[1])
    assert f"takes answers until <!date^{int(NOON.timestamp())}^" in shown and "3 left" in shown
    assert "left" not in str(blocks.card(card(), "en")[1])
