"""Every payload for Slack holds by the SDK's own validators and the platform's limits, with the longest of everything."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Literal

import pytest
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from agents_bridge.slack import asking, assigning, blocks, canned, heads, marking, resolving
from agents_bridge.slack.amending import CHANGED, changed
from agents_bridge.slack.digest import digest
from agents_bridge.slack.guard import held_blocks
from agents_bridge.slack.text import inert
from hub.canned import CannedReplies
from hub.model import FileId, Media, Text
from hub.people import Seen
from tests.agents_bridge.desks import NOON, MemoryFiles, card, desk_at, line, opened
from tests.servers.slack import SlackServer

Locale = Literal["en", "zh"]
CJK, EMOJI, MARKS = "汉字。" * 4000, "👩‍👩‍👧‍👦🏳️‍🌈" * 1500, '&<>*_~`"\\' * 2000
LONGEST = pytest.mark.parametrize("long", [CJK, EMOJI, MARKS, "<!channel>" * 1000], ids=["cjk", "emoji", "marks", "calls"])
LOCALES = pytest.mark.parametrize("locale", ["en", "zh"])
MESSAGE_BLOCKS, VIEW_BLOCKS, ALL_BLOCKS = 50, 100, 12_000
TEXT, METADATA, NAME = 40_000, 8000, 80


def valid(made: list[dict[str, Any]]) -> None:
    """Each block is one that the SDK knows, passes its validators, and comes back from it unchanged."""
    for one in made:
        block = Block.parse(one)
        assert block is not None, one["type"]
        _validated(block)
        assert _plain(block.to_dict()) == _plain(one)


def _validated(found: Any) -> None:
    """An object of the SDK's with everything in it."""
    if isinstance(found, JsonObject):
        found.validate_json()
        inside = [value for name, value in vars(found).items() if name != "logger"]
    else:
        inside = list(found.values()) if isinstance(found, dict) else list(found) if isinstance(found, list | tuple) else []
    for one in inside:
        _validated(one)


def _plain(tree: Any) -> Any:
    """Without what the SDK writes out and Slack takes as given."""
    if isinstance(tree, dict):
        usual = {"emoji": True, "optional": False, "verbatim": False, "dispatch_action": False}
        return {name: _plain(value) for name, value in tree.items() if value is not None and usual.get(name) is not value}
    return [_plain(one) for one in tree] if isinstance(tree, list) else tree


def valid_view(made: dict[str, Any]) -> None:
    """The same of a modal."""
    _validated(View(**made))
    valid(made["blocks"])
    assert len(made["blocks"]) <= VIEW_BLOCKS and len(made["private_metadata"]) <= 3000
    assert all(len(made[name]["text"]) <= 24 for name in ("title", "submit", "close") if name in made)


def message(made: list[dict[str, Any]]) -> None:
    valid(made)
    assert len(made) <= MESSAGE_BLOCKS
    assert len(json.dumps(made, ensure_ascii=False)) <= ALL_BLOCKS


def full(long: str, status: Any) -> Any:
    """A card of everything: 40 fields, 100 tags, names without end."""
    facts: dict[str, Any] = dict.fromkeys(("customer", "preview", "agent", "team", "locale", "resolved_by"), long)
    facts |= {"tags": [f"{n}{long[:40]}" for n in range(100)], "contact": {f"{n}{long}": long for n in range(40)}}
    facts |= {"attributes": {f"{n}{long}": long for n in range(40)}, "due_at": NOON, "due_kind": "resolve"}
    facts |= {"priority": 3, "snoozed_until": NOON, "waiting_since": NOON, "resolved_at": NOON, "calls_left": 5}
    console_url = "https://hub.example/" + "c" * 120
    return card(status=status, window_until=NOON + timedelta(days=2), console_url=console_url, **facts)


@LONGEST
@LOCALES
@pytest.mark.parametrize("status", ["open", "resolved"])
def test_a_card_of_everything(long: str, locale: Locale, status: str) -> None:
    text, made = blocks.card(full(long, status), locale)
    message(made)
    assert 0 < len(text) <= TEXT


@LONGEST
@LOCALES
def test_a_card_with_the_lines_that_travel_with_it(long: str, locale: Locale) -> None:
    avatar = "https://cdn.example/" + "a" * 2000
    said = long.encode()[: heads.BYTES].decode(errors="ignore")
    lines = [line(said[:90], author=long[:191], avatar=avatar, key=f"k{n}") for n in range(10)]
    lines += [line(said[:200], kind="note", by="agent", author=long[:191]), line(said, author=long[:191])]
    for some in (lines[-1:], lines[:-1], [lines[0], lines[-2], lines[1]]):
        made = heads.head(full(long, "open"), some, locale)
        message(made["blocks"])
        [attached] = made["attachments"]
        valid(attached["blocks"])
        assert len(attached["fallback"]) <= 150
        words = "".join(block["text"]["text"] for block in attached["blocks"] if block["type"] == "section")
        assert all(inert(next(p.text for p in one.parts if isinstance(p, Text))) in words for one in some)
    made = heads.head(full(long, "open"), [line(said[:900], author=long[:191])], locale)
    assert len(json.dumps([made["blocks"], made["attachments"]], ensure_ascii=False)) <= heads.TOGETHER


@LONGEST
@LOCALES
def test_a_post_with_its_translations(long: str, locale: Locale) -> None:
    """In its own post and in a head: a changed text may be a tenth as long as a new one."""
    for count, most, by in ((1, 60, "long"), (1, 3500, "long"), (20, 150, "long"), (20, 150, "two")):
        authors = [long[:191] if by == "long" or n % 2 else "Bo" for n in range(count)]
        lines = [line(long[:most], author=name, translation=long, key=f"k{n}") for n, name in enumerate(authors)]
        lines = list(next(blocks.groups(lines, locale)).lines)
        made = changed(lines, locale, named=True)
        if made is None:
            alone = "\n".join(blocks.line(one, locale, named=True) for one in lines)
            assert heads.size(heads.sections(alone)) > 0.8 * heads.TOGETHER, "only what has no room below it"
            continue
        assert 0 < len(made["text"].encode()) <= CHANGED
        message(made.get("blocks", []))
        shown = "\n".join(block["text"]["text"] for block in made.get("blocks", [])) or made["text"]
        assert shown.count("🌐") >= count, "each has its own below it"
    said = long.encode()[: heads.BYTES].decode(errors="ignore")
    made = heads.head(full(long, "open"), [line(said, author=long[:191], translation=long)], locale)
    assert len(json.dumps([*made["blocks"], *made["attachments"]], ensure_ascii=False)) <= heads.TOGETHER


def test_a_long_text_is_not_cut_within_what_stands_for_one_character() -> None:
    for shift in range(6):
        text = "x" * shift + "&amp;" * 2000
        cut = [block["text"]["text"] for block in heads.sections(text)]
        assert "".join(cut) == text and all(one.endswith((";", "x")) and len(one) <= heads.SECTION for one in cut)


@LONGEST
@LOCALES
def test_lines_questions_and_lists(long: str, locale: Locale) -> None:
    data = {"state": "failed", "reason": long}
    told = [line(long, kind="status", by="system", delivery="d" * 300, data=data) for _ in range(blocks.BUTTONS_LIMIT)]
    for n, one in enumerate(told):
        object.__setattr__(one, "delivery", f"{n}{one.delivery}")
    message(blocks.status_blocks(told, locale))
    message(held_blocks(long[:300], "1700000000.000100", locale))
    seen = Seen(long, long, long, long, long, NOON, "https://hub.example/console/#c=1")
    assert len(asking.listed([seen] * 200, locale)) <= TEXT


@LONGEST
@LOCALES
def test_a_digest_of_ten(long: str, locale: Locale) -> None:
    url = "https://hub.example/" + "c" * 200
    text, made = digest([Seen(long, long, long, "", "", NOON, url)] * 10, locale)
    message(made)
    assert "10" in text and "<!channel>" not in str(made)


@LONGEST
@LOCALES
def test_every_modal(long: str, locale: Locale) -> None:
    replies = [{"name": f"r{n}", "title": long[:60], "text": long[:3500]} for n in range(120)]
    found = CannedReplies.model_validate({"replies": replies})
    facts = canned.facts_of(canned.card_value(long, "zh", long, long))
    views = [
        assigning.people_view("C0:1700000000.000100", [long, *(f"team{n}" for n in range(200))], locale),
        resolving.resolve_view("C0:1700000000.000100", locale, surveyed=True),
        canned.canned_view(found, "C0:1700000000.000100", facts, locale, "r1"),
        *(marking.marking_view(name, "C0:1700000000.000100", locale) for name in marking.FIELDS),
    ]
    for made in views:
        valid_view(made)
        assert all(made[name]["text"] for name in ("title", "submit", "close"))
    options = canned.options(found, "")
    assert len(options) <= 100
    assert all(len(one["text"]["text"]) <= 75 and len(one["value"]) <= 150 for one in options)


@LONGEST
async def test_what_really_leaves(slack: SlackServer, long: str) -> None:
    """Over HTTP: the card, twenty lines in one go, what failed, a file with a name without end."""
    files = MemoryFiles()
    async with desk_at(slack, files, rate=1000) as desk:
        thread = await opened(desk, customer=long, preview=long, tags=[long] * 100, contact={f"{n}": long for n in range(40)})
        picture = Media(kind="image", file=FileId(files.keep(f"{long[:200]}.png", b"\x89PNG")), name=long[:150], alt=long[:900])
        lines = [line(long[:3500], author=long[:300], key="k" * 40 + str(n)) for n in range(20)]
        lines += [line(long[:900], kind="note", by="agent"), line("", picture, author=long[:300])]
        failed = [line(long, kind="status", by="system", delivery=f"d{n}", data={"state": "failed"}) for n in range(6)]
        await desk.post(thread, lines + failed, lines[0].key)
    posts = [found for method, _, found in slack.calls if method == "chat.postMessage"]
    assert len(posts) > 3
    for one in posts:
        message(_tree(one.get("blocks")) or [])
        assert 0 < len(str(one["text"])) <= TEXT and len(str(one.get("username", ""))) <= NAME
        assert len(json.dumps(_tree(one["metadata"]))) <= METADATA
    keys = [key for one in posts for key in _tree(one["metadata"])["event_payload"]["keys"]]
    assert len(keys) == len(set(keys)) == 1 + len(lines) - 1 + len(failed)
    [held] = slack.workspace.files.values()
    assert held["content"] == b"\x89PNG" and len(held["title"]) <= 255


def _tree(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
