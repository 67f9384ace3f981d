"""Workspaces and accounts at desks in the console, by clicks in real Chromium: a code is confirmed, an installation begins."""

from __future__ import annotations

import re
from typing import cast

import pytest
from playwright.async_api import Browser, Page, expect

from hub.installing import Installing
from hub.linked import LinkCodes
from hub.model import DeskName, ExternalId
from hub.people import Member
from hub.ports import Desk
from hub.sealing import Sealer, key_of, new_key
from hub.store.agent_tables import DeskPerson
from hub.store.store import Store
from tests.hub.hubs import only
from tests.widget.browser.test_office import WITHIN, Place, accessible, own, page, place
from tests.widget.openapi_hub import Installable

__all__ = ["own", "page", "place"]
SLACK = DeskName("slack")


async def cem(person: ExternalId) -> Member:
    return Member("Cem <b>", "")


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_a_code_is_looked_at_and_confirmed(page: Page, place: Place, own: Store, lang: str) -> None:
    code = await LinkCodes(own)(SLACK, ExternalId("T1:U1"), cem)
    await place.enter(page, lang=lang)
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await page.evaluate(f"location.hash = '#/account?link={code}'")
    box = page.locator("fd-linking")
    await expect(box.locator("input")).to_have_value(code, timeout=WITHIN)
    await box.locator("input").press("Enter")
    await expect(box.locator("[role=status]")).to_contain_text("Cem <b> (T1:U1)" if lang == "en" else "Cem <b>（T1:U1）")
    await accessible(page)
    assert (await only(own, DeskPerson))["agent_id"] == ""
    await box.locator("[role=status] button").click()
    await expect(box.locator(".good")).to_be_visible(timeout=WITHIN)
    row = await only(own, DeskPerson)
    assert (row["agent_id"], row["by_hand"]) == (place.admin, True)
    await box.locator("input").press("Enter")
    await expect(box.locator(".problem")).not_to_be_empty(timeout=WITHIN)


async def test_an_admin_begins_an_installation(page: Page, browser: Browser, place: Place, own: Store) -> None:
    hub = place.home.hub
    hub.desks = {SLACK: cast(Desk, Installable())}
    hub.installs = Installing(own, Sealer([key_of(new_key())]))
    await hub.installs.keep(SLACK, await Installable().exchange("c", ""), "")
    await place.enter(page)
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await page.evaluate("location.hash = '#/people'")
    box = page.locator("fd-workspaces")
    await expect(box.locator("li")).to_contain_text("files do not arrive", timeout=WITHIN)
    await accessible(page)
    await page.route("**/connect/slack/install*", lambda route: route.fulfill(body="Slack"))
    await box.get_by_role("button", name="Connect a workspace").click()
    await expect(page).to_have_url(re.compile(r"/connect/slack/install\?ticket=[\w-]{40,}"), timeout=WITHIN)
