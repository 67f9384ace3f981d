"""A corpus of hostile texts in everything that may carry words, in both faces: shown as they are, and nothing comes of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from hub.model import Card, Choice, Contact, Form, FormField, Location, Media, Option, Part, Span, Text, Unsupported
from hub.signin import first_admin_link
from hub.text import clean
from tests.fakes import said
from tests.widget.browser.conftest import Site
from tests.widget.browser.faces import WITHIN, eventually, open_widget, write
from tests.widget.browser.living import living, only_talk
from tests.widget.consoles import PASSWORD, House

TEXTS: list[str] = json.loads((Path(__file__).parents[2] / "hostile" / "texts.json").read_text("utf-8"))
BATCH = 20
WATCH = """
window.wrong = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = (x) => wrong.push(`${name}: ${x}`);
addEventListener('securitypolicyviolation', (e) => wrong.push(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
"""
LOOK = r"""() => {
    const found = [];
    const NEVER = ['srcdoc', 'formaction', 'ping', 'background', 'action'];
    const SAFE = ['http:', 'https:', 'mailto:', 'tel:', 'blob:'];
    const OURS = new Set(`a article aside audio b bdi body br button canvas circle code dd details dialog div dl dt em
        fd-composer fd-details fd-list fd-thread fd-tools fieldset figure footer form frontdesk-widget h1 h2
        h3 head header hr html i img input kbd label legend li line link main mark menu meta nav ol optgroup
        option output p path picture polyline pre q rect s script section select small span strong style
        summary svg table tbody td text textarea th thead time title tr u ul video`.split(/\s+/));
    const walk = (root) => {
        for (const node of root.querySelectorAll('*')) {
            const tag = node.localName;
            if (!OURS.has(tag) && !tag.startsWith('fd-')) found.push(`<${tag}>`);
            if (tag === 'script' && !node.src.startsWith(location.origin)) found.push(`script ${node.src}`);
            for (const { name, value } of node.attributes) {
                if (name.startsWith('on') || NEVER.includes(name)) found.push(`${tag} ${name}`);
                if (!['href', 'src', 'xlink:href', 'poster', 'data', 'srcset', 'cite'].includes(name)) continue;
                const url = new URL(value, location.href);
                if (!SAFE.includes(url.protocol) || url.username) found.push(`${tag} ${name}=${value}`);
                const own = url.origin === location.origin || url.protocol === 'blob:';
                if (tag !== 'a' && !own) found.push(`${tag} ${name}=${value}`);
            }
            if (node.shadowRoot) walk(node.shadowRoot);
        }
    };
    walk(document);
    return [...window.wrong, ...found];
}"""
FURTHER = """async () => {
    const list = document.querySelector('fd-list .scroll');
    const end = list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
    list.scrollTop = end ? 0 : list.scrollTop + 300;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
"""A piece further down the list, and from its end to its beginning: more of it may have come."""
SHOWN = """(texts) => {
    const flat = (node) => [...node.childNodes].map((one) => one.nodeType === 3 ? one.data : flat(one)).join('') +
        (node.shadowRoot ? flat(node.shadowRoot) : '');
    const all = flat(document.body);
    return texts.filter((text) => !all.includes(text));
}"""


def parts_of(text: str) -> tuple[Part, ...]:
    """A text in every place of a message that holds words or addresses."""
    words = clean(text) or "x"
    option = Option(id="a", text=words, url=words)
    return (
        Text(text=words),
        Text(text=words, spans=(Span(kind="link", start=0, end=len(words), url=words), Span(kind="bold", start=0, end=2))),
        Media(kind="file", name=words, mime=words[:40]),
        Media(kind="image", name=words, alt=words),
        Contact(name=words, phone=words[:40], email=words[:80]),
        Location(latitude=1, longitude=2, title=words, address=words),
        Choice(id="c", text=words),
        Card(title=words, text=words, url=words, options=(option,)),
        Form(title=words, fields=(FormField(name="a", label=words, value=words, options=(option,)),), submitted=True),
        Unsupported(kind="odd", text=words),
    )


def batches() -> Iterator[list[str]]:
    for first in range(0, len(TEXTS), BATCH):
        yield TEXTS[first : first + BATCH]


class Watched:
    """A page that writes down every request to somebody else, and everything that runs or opens."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on(
            "request", lambda asked: None if asked.url.startswith((base, "blob:", "data:image")) else self.wrong.append(asked.url)
        )
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))
        page.on("popup", lambda other: self.wrong.append(f"window {other.url}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error {error}"))

    async def clean(self) -> list[str]:
        return [*self.wrong, *await self.page.evaluate(LOOK)]


async def keep(home: House, customer: str, texts: list[str], **more: Any) -> None:
    """Each text as a message of this customer."""
    messages = [said("", customer=customer, channel="web", **more).model_copy(update={"parts": parts_of(text)}) for text in texts]
    await home.hub.intake.keep(messages, 30)
    await home.work()


def test_the_corpus_is_large_and_each_text_is_there_once() -> None:
    assert len(TEXTS) >= 150
    assert len(set(TEXTS)) == len(TEXTS)


@pytest.mark.timeout(300)
async def test_in_the_widget(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await page.add_init_script(WATCH)
        watched = Watched(page, home.url)
        await open_widget(page, home.url)
        await write(page, "Hello")
        await expect(page.locator("frontdesk-widget .row.own .meta")).to_contain_text("Delivered", timeout=WITHIN)
        me = await page.evaluate("Frontdesk.element.opened.log.me")
        assert isinstance(me, str), me
        agent = await home.agent(name=TEXTS[0])
        talk = await only_talk(home, agent)
        for texts in batches():
            await keep(home, me, texts)
            for text in texts:
                await agent.say(talk["id"], text)
            await eventually(partial(shown, page, texts))
            assert await watched.clean() == []
        names = await page.locator("frontdesk-widget .file .name").all_inner_texts()
        assert not [
            name for name in names if any(0x202A <= ord(sign) <= 0x202E or 0x2066 <= ord(sign) <= 0x2069 for sign in name)
        ]
        assert await page.locator("frontdesk-widget .row").count() > 150


async def shown(page: Page, texts: list[str]) -> bool:
    """Whether every text stands on the page as it was written."""
    return not await page.evaluate(SHOWN, [clean(text).replace("\r", "") for text in texts if "\r" not in text])


@pytest.mark.timeout(300)
async def test_in_the_console(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await page.add_init_script(WATCH)
        watched = Watched(page, home.url)
        for n, texts in enumerate(batches()):
            odd = clean(texts[0])
            profile = {"name": odd[:100], "email": odd[:100], "page": odd[:300]}
            await keep(home, f"v{n}", texts, profile=profile)
        people = itertools.count(100)
        for text in TEXTS:
            message = said(text, customer=f"v{next(people)}", channel="web", profile={"name": clean(text)[:100]})
            await home.hub.intake.keep([message], 30)
        await home.work()
        await sign_up(page, home)
        await page.locator("fd-list .tabs button").filter(has_text="All").click()
        rows = page.locator("fd-list .rows a")
        await expect(rows.first).to_be_visible(timeout=WITHIN)
        seen: set[str] = set()

        async def all_seen() -> bool:
            seen.update(await rows.evaluate_all("all => all.map(a => a.href)"))
            await page.evaluate(FURTHER)
            assert await watched.clean() == []
            return len(seen) >= len(TEXTS)

        await eventually(all_seen, 60)
        for n, texts in enumerate(batches()):
            found = await home.hub.store.logs.identity("web", f"v{n}")
            assert found is not None
            talk = await home.hub.store.console.open_of(found.id)
            await page.goto(f"{home.url}/console/?lang=en#/c/{talk}")
            await eventually(partial(shown, page, texts))
            assert await watched.clean() == []
            await page.locator("fd-composer textarea").fill(texts[0])
            assert await watched.clean() == []


async def sign_up(page: Page, home: House) -> None:
    """Into the console as an agent whose own name is one of them."""
    link = await first_admin_link(home.hub.store, home.url)
    await page.goto(str(link))
    await page.locator("input[name=name]").fill("<img src=x onerror=alert(1)>")
    await page.locator("input[name=email]").fill("lin@example.com")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)


async def test_a_link_whose_words_are_another_address_says_where_it_leads(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/")
    pairs = [
        ("https://bank.example", "https://evil.example/login"),
        ("bank.example/login", "https://evil.example/"),
        ("https://bank.example", "https://bank.example/login"),
        ("bank.example", "https://www.bank.example/"),
        ("our prices", "https://bank.example/prices"),
        ("press", "https://bank.example@evil.example/"),
    ]
    drawn = await page.evaluate(
        """async (pairs) => {
            const { draw } = await import('/static/shared/rich.js');
            return pairs.map(([text, url]) => {
                const spans = [{ kind: 'link', start: 0, end: text.length, url }];
                const made = draw({ type: 'text', text, spans }, { words: {}, base: location.origin });
                return [made.textContent, made.querySelector('a')?.href ?? ''];
            });
        }""",
        pairs,
    )
    assert [text for text, _ in drawn] == [
        "https://bank.example (evil.example)",
        "bank.example/login (evil.example)",
        "https://bank.example",
        "bank.example",
        "our prices",
        "press",
    ]
    assert drawn[-1][1] == "", "a name before the host, as if it were one"
