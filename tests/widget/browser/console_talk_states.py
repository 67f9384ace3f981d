"""States of a conversation in the console, one after the other: panel, composer, menus, and all that can become of it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from hub.errors import Uncertain, Undeliverable
from tests.widget.browser.console_stage import Stage, State, States
from tests.widget.browser.faces import WITHIN
from tests.widget.browser.test_console_tools import png

state = States()


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
state("how many one takes")(_named({"en": "Conversation limit", "zh-CN": "接待上限"}, "dialog input[type=number]"))


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
    await expect(stage.page.locator("fd-thread .row").filter(has_text="★☆☆☆☆")).to_be_visible(timeout=WITHIN)


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
