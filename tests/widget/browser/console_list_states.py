"""States of the console's list, one after the other: who waits, what is looked for, views, and several that are marked."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.widget.browser.console_stage import Stage, States
from tests.widget.browser.faces import WITHIN

state = States()


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
