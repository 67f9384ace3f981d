"""Albums and reactions as both faces work them out from their logs, in real Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from connectors.telegram.errors import REASONS
from connectors.telegram.errors import refusal as undeliverable
from hub.outcomes import refusal
from tests.widget.browser.conftest import Site

ROOT = Path(__file__).parents[3]


def ev(n: int, kind: str, parts: list[dict[str, Any]], **d: Any) -> dict[str, Any]:
    """An entry of a customer."""
    by = {"kind": "customer", "name": "Ana", "id": "c"}
    return {
        "t": "ev",
        "s": n,
        "c": "t1",
        "n": n,
        "k": kind,
        "by": by,
        "at": "2026-03-01T09:30:00+00:00",
        "d": {"mid": f"m{n}", "parts": parts, **d},
    }


def picture(name: str) -> dict[str, Any]:
    return {"type": "media", "kind": "image", "name": name}


def reacted(signs: str) -> dict[str, Any]:
    return {"type": "event", "kind": "reacted", "data": signs}


LOG = [
    ev(1, "message", [picture("a")], album="g"),
    ev(2, "message", [picture("b"), {"type": "text", "text": "all of these"}], album="g"),
    ev(3, "message", [picture("c")], album="g"),
    ev(4, "message", [picture("d")], album="h"),
    ev(5, "edit", [picture("b"), {"type": "text", "text": "both of these"}], of="m2"),
    ev(6, "delete", [], of="m1"),
    ev(7, "event", [reacted("👍")], reply="m3"),
    ev(8, "event", [reacted("🔥")], reply="m4"),
    ev(9, "event", [reacted("")], reply="m4"),
    ev(10, "message", [{"type": "text", "text": "that one"}]),
    ev(11, "message", [{"type": "text", "text": "I mean"}], reply="m10"),
]
SHOWN = """async ([path, name, log]) => {
  const module = await import(path);
  const sender = { of: () => [], kept: [] };
  const inbox = { detail: { id: 't1', deliveries: {} }, entries: log, sender, me: {}, customerRead: 0 };
  const its = { entries: log, confirmed: [], outbox: { all: () => [] }, agentRead: 0 };
  const core = { host: { setting: {} }, log: its, cfg: {}, uploads: new Map(), lang: 'en' };
  const made = name === 'shownOf' ? module.shownOf(inbox, 'en') : module.itemsOf(core, { sent: 'Sent', deleted: 'gone' });
  return made.filter((one) => one.kind === 'said').map(({ parts, signs, quoted, edited, gone }) => ({
    parts: parts.map((part) => part.name ?? part.text), signs: signs ?? '',
    quoted: quoted ?? '', edited: Boolean(edited), gone: Boolean(gone),
  }));
}"""
EXPECTED = [
    {"parts": ["b", "both of these", "c"], "signs": "👍", "quoted": "", "edited": True, "gone": False},
    {"parts": ["d"], "signs": "", "quoted": "", "edited": False, "gone": False},
    {"parts": ["that one"], "signs": "", "quoted": "", "edited": False, "gone": False},
    {"parts": ["I mean"], "signs": "", "quoted": "that one", "edited": False, "gone": False},
]


async def test_the_console_shows_an_album_as_one_and_signs_on_it(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/")
    assert await page.evaluate(SHOWN, ["/static/console/entries.js", "shownOf", LOG]) == EXPECTED


async def test_the_widget_shows_signs_on_what_they_stand_on(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/")
    found = await page.evaluate(SHOWN, ["/static/widget/items.js", "itemsOf", LOG])
    assert [one["signs"] for one in found] == ["", "", "👍", "", "", ""]
    assert [one["gone"] for one in found] == [True, False, False, False, False, False]


LOOKS = """async (parts) => {
  const { draw } = await import('/static/shared/rich.js');
  const words = { sticker: 'Sticker', file: 'File' };
  return parts.map((part) => draw(part, { words, base: location.origin })).map((one) => ({
    tag: one.tagName, text: one.textContent, href: one.href ?? '', alt: one.querySelector('img')?.alt ?? '',
    icon: Boolean(one.querySelector('svg')),
  }));
}"""


async def test_places_cards_and_stickers_are_shown_as_such(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/")
    sticker = {"type": "media", "kind": "sticker", "name": "sticker.webp", "alt": "😺", "url": f"{site.base}/files/none"}
    parts = [
        {"type": "location", "latitude": 52.5, "longitude": 13.4, "title": "Gate", "address": "Street 1"},
        {"type": "location", "latitude": 52.5, "longitude": 13.4},
        {"type": "contact", "name": "Max", "phone": "+4930123456"},
        sticker,
        {**sticker, "url": ""},
    ]
    gate, point, card, picture, still = await page.evaluate(LOOKS, parts)
    assert (gate["tag"], gate["text"], gate["icon"]) == ("A", "GateStreet 1", True)
    assert "mlat=52.5&mlon=13.4" in gate["href"]
    assert point["text"] == "52.50000, 13.40000"
    assert (card["text"], card["icon"]) == ("Max+4930123456", True)
    assert (picture["alt"], still["text"]) == ("😺", "😺"), "by its emoji, where there is no picture"


async def test_refusals_are_explained_in_the_agents_language(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/?lang=zh")
    asked = """async (reasons) => {
      const { explain, loadWords } = await import('/static/console/words.js');
      await loadWords();
      return reasons.map(explain);
    }"""
    reasons = [
        refusal(undeliverable("Forbidden: bot was blocked by the user")),
        "quota used up (45047)",
        "no route (to host)",
        "",
    ]
    assert await page.evaluate(asked, reasons) == ["客户已屏蔽本账号", *reasons[1:]]


def test_every_name_of_a_refusal_has_a_sentence_in_both_languages() -> None:
    folder = ROOT / "widget" / "static" / "console" / "texts"
    for language in ("en", "zh-CN"):
        texts = json.loads((folder / f"{language}.json").read_text("utf-8"))
        names = {code for _, code, _ in REASONS} - {"not_modified"}
        assert names == {key.removeprefix("refused.") for key in texts if key.startswith("refused.")}
