"""Every state of the console, by name, in both languages, light and dark, wide and narrow: no rule of axe is broken in any."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from hub.errors import Uncertain, Undeliverable
from hub.promises import Promises
from hub.store.store import Store
from hub.surveys import SurveyRules
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN
from tests.widget.browser.offices import Office, office, opened
from tests.widget.browser.test_budgets import broken
from tests.widget.browser.test_console_tools import png

PROMISES = Promises.model_validate({"targets": [{"channels": ["phone"], "first": "1s"}, {"first": "8m", "resolve": "2d"}]})
LOOKS: list[tuple[str, Literal["light", "dark"], int]] = [
    ("en", "light", 1440),
    ("zh-CN", "dark", 1440),
    ("zh-CN", "light", 360),
    ("en", "dark", 360),
]


@dataclass
class Stage:
    """An agent's page and the conversations around it."""

    work: Office
    page: Page
    lang: str
    phone: bool
    talks: dict[str, str] = field(default_factory=dict)

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector).first

    async def see(self, selector: str) -> None:
        await expect(self.at(selector)).to_be_visible(timeout=WITHIN)

    async def open(self, name: str) -> None:
        await opened(self.page, self.talks[name])

    async def list(self, view: int = 2) -> None:
        await self.page.evaluate("location.hash = ''")
        await self.page.locator("fd-list .tabs button").nth(view).click()

    async def key(self, key: str) -> None:
        await self.page.evaluate("document.activeElement?.blur()")
        await self.page.keyboard.press(key)

    async def say(self, text: str) -> None:
        await self.page.locator("fd-composer textarea").fill(text)
        await self.page.locator("fd-composer textarea").press("Enter")

    async def api(self, conversation: str, *steps: dict[str, Any]) -> None:
        """What a colleague does meanwhile."""
        bo = await self.work.home.agent(f"{secrets.token_hex(4)}@example.com", name="Bo")
        body = {"id": secrets.token_hex(4), "conversations": [self.talks[conversation]], "do": list(steps)}
        assert (await bo.api.post("/console/api/bulk", json=body)).status_code == 201


State = Callable[[Stage], Awaitable[None]]
STATES: dict[str, State] = {}


def state(name: str) -> Callable[[State], State]:
    """One state, in the order in which they are gone through; each leaves nothing open above the page."""

    def kept(run: State) -> State:
        assert name not in STATES
        STATES[name] = run
        return run

    return kept


@state("nobody wrote yet")
async def _nobody(stage: Stage) -> None:
    await stage.list()
    await stage.see("fd-list .nothing p")


@state("a list with everything that a row can say")
async def _rows(stage: Stage) -> None:
    says = stage.work.home.customer_says
    for name, channel in (("ann", "page"), ("ben", "phone"), ("cho", "wechat"), ("dee", "page")):
        facts: dict[str, Any] = {"name": name.title(), "email": f"{name}@example.com", "page": "https://shop.example.com/a"}
        facts |= {"attributes": {"plan": "pro", "site": "https://erp.example.com/1"}} if name == "ann" else {}
        stage.talks[name] = await says(f"你好, where is {name}'s A1024?", customer=name, channel=channel, profile=facts)
    await stage.api("ben", {"priority": "urgent"}, {"tag": ["VIP", "退款", "bug", "x"]}, {"assign": {"team": "billing"}})
    await stage.api("dee", {"priority": "high"}, {"assign": {"agent": "me"}}, {"note": "a note"})
    await stage.list()
    await expect(stage.page.locator("fd-list .rows li")).to_have_count(4, timeout=WITHIN)
    await stage.see("fd-list .chip.late")
    await stage.see("fd-list .chip.soon")


@state("nothing is open")
async def _blank(stage: Stage) -> None:
    if not stage.phone:
        await stage.see("fd-thread > .nothing")


@state("filters are asked for")
async def _filters(stage: Stage) -> None:
    await stage.page.locator("fd-list .find button").first.click()
    await stage.see("dialog select")


@state("a list that is narrowed")
async def _narrowed(stage: Stage) -> None:
    await stage.page.locator("fd-list .find button").first.click()
    await stage.page.locator("dialog select[name=channel]").select_option("page")
    await stage.page.locator("dialog .primary").click()
    await stage.see("fd-filters .chip.set")


@state("a view is kept")
async def _keep(stage: Stage) -> None:
    await stage.page.locator("fd-filters .keep").click()
    await stage.see("dialog .tick")


@state("own views and those of the team")
async def _views(stage: Stage) -> None:
    for name, team in (("Mine", False), ("Team", True)):
        await stage.page.locator("fd-filters .keep").click()
        await stage.page.locator("dialog input[type=text]").fill(name)
        if team:
            await stage.page.locator("dialog .tick input").check()
        await stage.page.locator("dialog .primary").click()
        await expect(stage.page.locator("fd-filters .view").filter(has_text=name)).to_be_visible(timeout=WITHIN)
    await stage.page.locator("fd-filters .chip.set").first.click()


@state("conversations are marked")
async def _marked(stage: Stage) -> None:
    await stage.page.locator("fd-list .rows li").nth(1).click(modifiers=["Control"])
    await stage.see("fd-bulk b")


@state("acts for all that are marked")
async def _bulk_menu(stage: Stage) -> None:
    await stage.page.locator("fd-bulk button[aria-haspopup]").first.click()
    await stage.see(".menu")


@state("words are found in messages")
async def _found(stage: Stage) -> None:
    await stage.key("Escape")
    await stage.page.locator("fd-list input[type=search]").fill("A1024")
    await stage.see("fd-finder mark")


@state("nothing is found")
async def _not_found(stage: Stage) -> None:
    await stage.page.locator("fd-list input[type=search]").fill("nowhere at all")
    await expect(stage.page.locator("fd-finder [role=status]")).not_to_be_empty(timeout=WITHIN)
    await expect(stage.at("fd-list .nothing .icon")).to_be_attached(timeout=WITHIN)


@state("the agent's own menu")
async def _account(stage: Stage) -> None:
    await stage.page.locator("fd-list input[type=search]").fill("")
    await stage.page.locator(".account.down" if stage.phone else ".account.up").click()
    await stage.see(".menu")


@state("a conversation, and what is due")
async def _talk(stage: Stage) -> None:
    await stage.open("ann")
    await stage.see("fd-thread .clocks .due")


@state("the customer's panel")
async def _panel(stage: Stage) -> None:
    if stage.phone:
        await stage.page.locator("fd-thread .info").click()
    await stage.see("fd-details .attributes")


@state("customers are made one")
async def _merge(stage: Stage) -> None:
    await stage.page.locator("fd-details .merge").click()
    await stage.page.locator("dialog input[type=search]").fill("ben")
    await stage.see("dialog .pick")


@state("customers that are one")
async def _merged(stage: Stage) -> None:
    await stage.page.locator("fd-details .merge").click()
    await stage.page.locator("dialog input[type=search]").fill("dee")
    await stage.page.locator("dialog .pick").first.click()
    await stage.page.locator("dialog .primary").click()
    await stage.see("fd-details .merged")
    if stage.phone:
        await stage.page.locator("fd-details .back").click()


@state("conversations are made one matter")
async def _join(stage: Stage) -> None:
    await stage.key("m")
    await stage.see("dialog .pick")


@state("conversations that are one matter")
async def _joined(stage: Stage) -> None:
    await stage.key("m")
    await stage.page.locator("dialog .primary").click()
    await stage.see("fd-joined select")


@state("they are two again")
async def _apart(stage: Stage) -> None:
    await stage.at("fd-joined .part").click()
    await expect(stage.at("fd-joined")).to_be_hidden(timeout=WITHIN)


@state("a note is written")
async def _note(stage: Stage) -> None:
    await stage.key("n")
    await stage.page.keyboard.type("only us")
    await stage.see("fd-composer.noting")


@state("a note")
async def _noted(stage: Stage) -> None:
    await stage.page.keyboard.press("Enter")
    await stage.see("fd-thread .row.note")


@state("a reply that can be taken back")
async def _undo(stage: Stage) -> None:
    await stage.say("one moment")
    await stage.see("fd-thread .undo")


@state("one message is answered")
async def _quote(stage: Stage) -> None:
    await stage.page.locator("fd-thread .row.customer .answer").first.click()
    await stage.see("fd-composer .about")


@state("replies that are ready")
async def _canned(stage: Stage) -> None:
    await stage.page.locator("fd-composer textarea").fill("/")
    await stage.see("fd-canned li")


@state("a file and a card go with the reply")
async def _held(stage: Stage) -> None:
    await stage.page.locator("fd-composer textarea").fill("")
    await stage.page.locator("fd-composer input[type=file]").set_input_files(png("tea.png"))
    await stage.see("fd-composer .held")


@state("a picture")
async def _picture(stage: Stage) -> None:
    await stage.say("like this")
    await stage.see("fd-thread a.picture")


@state("a picture, large")
async def _large(stage: Stage) -> None:
    await stage.page.locator("fd-thread a.picture").click()
    await stage.see("dialog.lightbox img")


@state("a card is made")
async def _card(stage: Stage) -> None:
    await stage.page.locator("fd-composer .foot button[aria-haspopup]").click()
    await stage.page.locator(".menu button").first.click()
    await stage.see("dialog .pairs")


@state("a form is made")
async def _form(stage: Stage) -> None:
    await stage.page.locator("fd-composer .foot button[aria-haspopup]").click()
    await stage.page.locator(".menu button").last.click()
    await stage.see("dialog .question")


@state("to whom it goes")
async def _assign(stage: Stage) -> None:
    await stage.page.locator("fd-thread .head .assign").click()
    await stage.see(".menu")


@state("until when it sleeps")
async def _snooze(stage: Stage) -> None:
    if not stage.phone:
        await stage.page.locator("fd-thread .head .snooze").click()
        await stage.see(".menu")


@state("what else can be done")
async def _more(stage: Stage) -> None:
    await stage.page.locator("fd-thread .head .more").click()
    await stage.see(".menu")


def _sheet(key: str, selector: str) -> State:
    async def run(stage: Stage) -> None:
        await stage.key(key)
        await stage.see(selector)

    return run


state("tags")(_sheet("l", "dialog .offers button"))
state("handing over")(_sheet("t", "dialog .pick"))
state("all keys")(_sheet("?", "dialog dl"))
state("commands")(_sheet("Control+k", ".palette li"))


@state("no such command")
async def _no_command(stage: Stage) -> None:
    await stage.key("Control+k")
    await stage.page.keyboard.type("no such thing at all")
    await expect(stage.page.locator(".palette .none")).not_to_be_empty()


def _named(words: dict[str, str], selector: str) -> State:
    """A sheet that commands open."""

    async def run(stage: Stage) -> None:
        await stage.key("Control+k")
        await stage.page.keyboard.type(words[stage.lang])
        await stage.page.keyboard.press("Enter")
        await stage.see(selector)

    return run


state("another time")(_named({"en": "Another time", "zh-CN": "其他时间"}, "dialog input[type=datetime-local]"))
state("blocking")(_named({"en": "Block the customer", "zh-CN": "拉黑客户"}, "dialog form input"))
state("how many one takes")(_named({"en": "Conversations at most", "zh-CN": "接待上限"}, "dialog input[type=number]"))


@state("colleagues and the customer are there")
async def _company(stage: Stage) -> None:
    by = {"kind": "agent", "name": "Bo", "id": "b" * 32}
    fact = {"t": "eph", "c": stage.talks["ann"], "console": True, "on": True, "by": by}
    await stage.work.home.hub.live.poke(ephemeral=[{**fact, "k": "view"}, {**fact, "k": "typing"}])
    await expect(stage.at("fd-thread .bar")).not_to_be_empty(timeout=WITHIN)


@state("a colleague was faster")
async def _stale(stage: Stage) -> None:
    await stage.page.locator("fd-composer textarea").press_sequentially("mine")
    await stage.api("ann", {"reply": "was faster"})
    await expect(stage.page.locator("fd-thread .row.agent").filter(has_text="was faster")).to_be_visible(timeout=WITHIN)
    await stage.page.locator("fd-composer textarea").press("Enter")
    await stage.see("fd-thread .meta.unknown")


@state("the line is cut")
async def _offline(stage: Stage) -> None:
    await stage.page.context.set_offline(True)
    await stage.page.evaluate("dispatchEvent(new Event('offline'))")
    await expect(stage.at("fd-thread .bar")).not_to_be_empty(timeout=WITHIN)


@state("resolved, and asked what it was like")
async def _resolved(stage: Stage) -> None:
    await stage.page.context.set_offline(False)
    await stage.key("e")
    await stage.see("fd-thread .head .second svg")
    await expect(stage.page.locator("fd-thread .line").last).to_be_visible(timeout=WITHIN)


@state("rated")
async def _rated(stage: Stage) -> None:
    await stage.work.home.hub.intake.keep([_four(stage)], 5)
    await stage.see("fd-thread .stars")


def _four(stage: Stage) -> Any:
    from tests.fakes import said

    return said("4", customer="ann", channel="page")


@state("the list of what is resolved")
async def _done(stage: Stage) -> None:
    await stage.list(4)
    await stage.see("fd-list .chip.rated")


@state("not delivered")
async def _failed(stage: Stage) -> None:
    await stage.open("ben")
    stage.work.phone.fail = [Undeliverable("Forbidden: bot was blocked (blocked)")]
    await stage.say("There?")
    await stage.see("fd-thread .meta.failed")


@state("nobody knows whether it was delivered")
async def _unknown(stage: Stage) -> None:
    stage.work.phone.fail = [Uncertain("no answer in time")]
    await stage.say("And now?")
    await stage.see("fd-thread .meta.unknown")


@state("asleep and blocked")
async def _asleep(stage: Stage) -> None:
    await stage.key("Control+k")
    await stage.page.keyboard.type({"en": "Until the customer writes", "zh-CN": "直到客户"}[stage.lang])
    await stage.page.keyboard.press("Enter")
    await expect(stage.page.locator("fd-thread .line").last).to_be_visible(timeout=WITHIN)
    await stage.list(3)
    await expect(stage.page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)


@state("what the channel still takes")
async def _window(stage: Stage) -> None:
    await stage.open("cho")
    await expect(stage.at("fd-thread .limit")).not_to_be_empty(timeout=WITHIN)


def _room(name: str, ready: str) -> State:
    async def run(stage: Stage) -> None:
        await stage.page.evaluate("name => { location.hash = `/${name}` }", name)
        await stage.see(ready)

    return run


state("one's own account")(_room("account", "fd-account li"))
state("people")(_room("people", "fd-people li"))
state("reports")(_room("reports", "fd-reports .tile"))


@state("the door")
async def _door(stage: Stage) -> None:
    await stage.page.context.clear_cookies()
    await stage.page.goto(f"{stage.work.home.url}/console/?lang={stage.lang}")
    await stage.page.reload()
    await stage.see("input[name=password]")


@state("the door, shut")
async def _shut(stage: Stage) -> None:
    await stage.page.locator("input[name=email]").fill("nobody@example.com")
    await stage.page.locator("input[name=password]").fill("not the password")
    await stage.page.locator("button[type=submit]").click()
    await expect(stage.page.locator("[role=alert]")).not_to_be_empty(timeout=WITHIN)


@state("a link that makes an agent")
async def _setup(stage: Stage) -> None:
    await stage.page.goto(f"{stage.work.home.url}/console/?lang={stage.lang}#setup=abc")
    await stage.page.reload()
    await stage.see("input[name=name]")


@pytest_asyncio.fixture(loop_scope="session")
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = await fresh_store(tmp_path, lanes=1)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def work(store: Store, browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    rules = {"promises": PROMISES, "survey": SurveyRules(enabled=True)}
    async with office(store, browser, redis_url, prefix, tmp_path / "files", **rules) as made:
        yield made


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("lang", "scheme", "width"), LOOKS, ids=[f"{a}-{b}-{c}" for a, b, c in LOOKS])
async def test_axe_finds_nothing_in_any_state(work: Office, lang: str, scheme: Literal["light", "dark"], width: int) -> None:
    look: dict[str, Any] = {"viewport": {"width": width, "height": 780}, "color_scheme": scheme}
    page = await work.page_of(lang=lang, role="admin", **look)
    stage = Stage(work, page, lang, phone=width < 600)
    wrong: dict[str, list[str]] = {}
    for name, come in STATES.items():
        print(name, flush=True)
        try:
            await come(stage)
        except AssertionError as exc:
            raise AssertionError(f"{name}: {exc}") from exc
        if found := await broken(page):
            wrong[name] = found
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{name}: wider than the page"
        while await page.locator("dialog[open], .menu").count():
            await page.keyboard.press("Escape")
            await page.wait_for_timeout(50)
    assert wrong == {}
