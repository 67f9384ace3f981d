"""The door, one's own account, people and reports, by clicks in real Chromium against the real application."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from pyotp import TOTP

from hub.reporting import gather
from hub.roles import AccessRules
from hub.signin import hash_password
from hub.store.store import Store
from tests.databases import fresh_store
from tests.fakes import answered, said
from tests.hub.hubs import take_in
from tests.servers.oidc_provider import CLIENT, SECRET, oidc_provider
from tests.servers.oidc_provider import PASSWORD as THEIRS
from tests.widget.consoles import PASSWORD, House, house

WITHIN = 15_000


@dataclass
class Place:
    """An installation with one admin who has a password."""

    home: House
    admin: str

    async def enter(self, page: Page, email: str = "ada@example.com", code: str = "", lang: str = "en") -> None:
        await page.goto(f"{self.home.url}/console/?lang={lang}")
        await page.locator("input[name=email]").fill(email)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("input[name=password]").press("Enter")
        if code:
            await expect(page.locator("input[name=code]")).to_be_focused(timeout=WITHIN)
            await page.locator("input[name=code]").fill(code)
            await page.locator("input[name=code]").press("Enter")

    async def member(self, name: str, role: str = "agent") -> str:
        agents = self.home.hub.store.agents
        own = await agents.invite(f"{name.lower()}@example.com", name, role)
        await agents.set_password(own, await hash_password(PASSWORD), "")
        return own


@pytest_asyncio.fixture(loop_scope="session")
async def own(tmp_path: Path) -> AsyncIterator[Store]:
    store = await fresh_store(tmp_path, lanes=1)
    yield store
    await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def place(own: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with house(own, redis_url, prefix, tmp_path / "files") as home:
        home.hub.public_url = home.url
        made = Place(home, "")
        made.admin = await made.member("Ada", "admin")
        yield made


async def accessible(page: Page) -> None:
    """axe finds nothing; the strict policy keeps its script out of the page, so the page of the test lets it in."""
    found = await Axe().run(page)
    wrong = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found.response["violations"]]
    assert not wrong


BOTH = pytest.mark.parametrize("page", [1440, 360], ids=["desktop", "phone"], indirect=True)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    width = getattr(request, "param", 1440)
    look: Any = {"viewport": {"width": width, "height": 900}, "is_mobile": width == 360, "has_touch": width == 360}
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce", bypass_csp=True, **look)
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    await context.close()
    assert not wrong


def now_code(secret: str, back: int = 0) -> str:
    return TOTP(secret).at(datetime.now(UTC) - timedelta(seconds=30 * back))


@BOTH
async def test_a_second_factor_is_set_up_and_asked_for(page: Page, place: Place) -> None:
    await place.enter(page)
    await from_menu(page, "My account")
    await expect(page.locator("fd-account")).to_be_visible(timeout=WITHIN)
    factor = page.locator("fd-factor")
    await factor.locator("input[type=password]").fill(PASSWORD)
    await factor.get_by_role("button", name="Set up").click()
    await expect(factor.get_by_role("img", name="QR code for an authenticator app")).to_be_visible(timeout=WITHIN)
    await accessible(page)
    secret = (await factor.locator(".secret").inner_text()).replace(" ", "")
    await factor.get_by_label("Code from the app").fill("000000")
    await factor.get_by_role("button", name="Confirm").click()
    await expect(factor.get_by_role("alert")).to_contain_text("not right", timeout=WITHIN)
    await factor.get_by_label("Code from the app").fill(now_code(secret, 1))
    await factor.get_by_role("button", name="Confirm").click()
    await expect(factor.locator(".good")).to_contain_text("The second factor is on", timeout=WITHIN)
    codes = (await factor.locator(".secret").inner_text()).split()
    assert len(codes) == 10
    await factor.get_by_role("button", name="I have kept them").click()
    await expect(factor).to_contain_text("10 recovery codes are left", timeout=WITHIN)
    await sign_out(page)
    await place.enter(page, code="000000")
    await expect(page.locator(".problem")).to_contain_text("not right", timeout=WITHIN)
    await page.locator("input[name=code]").fill(now_code(secret))
    await page.locator("input[name=code]").press("Enter")
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await sign_out(page)
    await place.enter(page, code=codes[0])
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)


async def from_menu(page: Page, name: str) -> None:
    """Choose in the menu under one's name; on a telephone it is in the list alone."""
    await expect(page.locator(".account.up")).to_be_attached(timeout=WITHIN)
    if not await page.locator(".account:visible").count():
        await page.locator("fd-office header a").first.click()
    await page.locator(".account:visible").click(timeout=WITHIN)
    await page.get_by_role("menuitem", name=name).click()


async def sign_out(page: Page) -> None:
    await from_menu(page, "Sign out")
    await expect(page.locator("input[name=email]")).to_be_visible(timeout=WITHIN)


async def test_signing_out_leaves_nothing_about_anybody_in_the_browser(page: Page, place: Place) -> None:
    talk = await place.home.customer_says("secret plans")
    await place.enter(page)
    await page.goto(f"{place.home.url}/console/?lang=en#/c/{talk}")
    await page.locator("fd-composer textarea").fill("a draft about secret plans")
    kept = "() => JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"
    await expect(page.locator("fd-thread")).to_contain_text("secret plans", timeout=WITHIN)
    await page.evaluate("() => localStorage.setItem('frontdesk theme', '\"dark\"')")
    await sign_out(page)
    left = await page.evaluate(kept)
    assert "secret" not in left
    assert "example.com" not in left
    assert set(await page.evaluate("() => Object.keys(localStorage)")) <= {"frontdesk theme", "frontdesk language"}


async def test_a_role_that_needs_a_second_factor_sets_it_up_first(page: Page, place: Place) -> None:
    place.home.hub.access = AccessRules.model_validate({"second_factor": "all"})
    await place.enter(page)
    await expect(page.locator(".needed")).to_contain_text("Your role needs a second factor", timeout=WITHIN)
    await accessible(page)
    await page.locator("fd-factor input[type=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Set up").click()
    await expect(page.locator(".qr")).to_be_visible(timeout=WITHIN)
    secret = (await page.locator(".secret").inner_text()).replace(" ", "")
    await page.get_by_label("Code from the app").fill(now_code(secret))
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_role("button", name="I have kept them").click(timeout=WITHIN)
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)


@BOTH
async def test_an_admin_invites_gives_roles_and_switches_off(page: Page, browser: Browser, place: Place) -> None:
    await place.enter(page)
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await page.goto(f"{place.home.url}/console/?lang=en#/people")
    people = page.locator("fd-people")
    await people.get_by_label("E-mail address").fill("bo@example.com")
    await people.get_by_label("Name", exact=True).fill("Bo")
    await people.get_by_role("button", name="Create invitation").click()
    link = await people.locator(".secret").inner_text(timeout=WITHIN)
    await expect(people.locator(".people")).to_contain_text("bo@example.com", timeout=WITHIN)
    await accessible(page)
    context = await browser.new_context(locale="en-GB", bypass_csp=True)
    bo = await context.new_page()
    await bo.goto(link)
    await bo.locator("input[name=name]").fill("Bo B.")
    await bo.locator("input[name=email]").fill("bo@example.com")
    await bo.locator("input[name=password]").fill(PASSWORD)
    await bo.locator("input[name=password]").press("Enter")
    await expect(bo.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await people.get_by_label("Role: Bo").select_option("viewer")
    await expect(page.locator(".passing")).to_contain_text("Changed", timeout=WITHIN)
    assert {one.name: one.role for one in await place.home.hub.store.agents.everyone()} == {"Ada": "admin", "Bo B.": "viewer"}
    await people.get_by_role("button", name="Switch off: Bo").click()
    await expect(bo.locator("input[name=email]")).to_be_visible(timeout=WITHIN)
    await expect(people.get_by_role("button", name="Switch on: Bo")).to_be_visible(timeout=WITHIN)
    await context.close()


@BOTH
async def test_sessions_and_tokens_are_listed_and_ended(page: Page, browser: Browser, place: Place) -> None:
    await place.enter(page)
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    context = await browser.new_context(locale="en-GB", user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    other = await context.new_page()
    await place.enter(other)
    await expect(other.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await page.goto(f"{place.home.url}/console/?lang=en#/account")
    await page.get_by_role("button", name="End: Firefox 140, Windows").click(timeout=WITHIN)
    await expect(other.locator("input[name=email]")).to_be_visible(timeout=WITHIN)
    await context.close()
    await page.locator("fd-account").get_by_label("Name", exact=True).fill("till")
    await page.get_by_label("See conversations").check()
    await page.get_by_role("button", name="Create token").click()
    await expect(page.locator("fd-account .once .secret")).to_have_text(re.compile(r".{40,}"), timeout=WITHIN)
    await page.get_by_role("button", name="Revoke: till").click(timeout=WITHIN)
    await expect(page.locator("fd-account")).to_contain_text("No tokens.", timeout=WITHIN)


@BOTH
async def test_single_sign_on_by_the_button(page: Page, place: Place) -> None:
    with oidc_provider() as provider:
        provider.register(f"{place.home.url}/console/api/oidc/back")
        provider.add("ada", "ada@example.com")
        provider.verified(True)
        told = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET, "algorithms": ["RS512"], "name": "Example"}
        place.home.hub.access = AccessRules.model_validate({"oidc": told})
        await page.goto(f"{place.home.url}/console/?lang=en")
        await page.get_by_role("link", name="Continue with Example").click(timeout=WITHIN)
        await page.locator("input[name=login]").fill("ada")
        await page.locator("input[name=login]").press("Enter")
        await page.locator("input[name=password]").fill(THEIRS)
        await page.locator("input[name=password]").press("Enter")
        await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
        assert page.url.endswith("/console/")
        await place.home.hub.store.agents.invite("second@example.com", "Second", "admin")
        await place.home.hub.store.agents.change(place.admin, disabled=True)
        await expect(page.locator("input[name=email]")).to_be_visible(timeout=WITHIN)
        await page.get_by_role("link", name="Continue with Example").click(timeout=WITHIN)
        await expect(page.locator(".problem")).to_contain_text("switched off", timeout=WITHIN)


async def busy_days(place: Place) -> list[str]:
    """Thirty conversations of three days, some answered, some resolved."""
    hub, start = place.home.hub, datetime.now(UTC)
    found: list[str] = []
    for n in range(12):
        at = start - timedelta(days=n % 3, hours=2)
        hub.now = lambda at=at: at  # type: ignore[misc]
        await take_in(hub, said("Hello?", customer=f"c{n}", channel="phone" if n % 2 else "page"))
        people = await hub.store.logs.identity("phone" if n % 2 else "page", f"c{n}")
        assert people is not None
        talk = await hub.store.console.open_of(people.id) or ""
        found.append(talk)
        hub.now = lambda at=at, n=n: at + timedelta(minutes=3 + n)  # type: ignore[misc]
        if n % 4:
            await take_in(hub, answered("Hi", conversation=talk))
        if n % 3 == 0:
            await take_in(hub, answered("", conversation=talk, kind="resolve"))
    hub.now = lambda: datetime.now(UTC)
    await gather(hub)
    return found


@BOTH
async def test_each_number_of_a_report_opens_its_conversations(page: Page, place: Place) -> None:
    await busy_days(place)
    await place.enter(page)
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    await page.goto(f"{place.home.url}/console/?lang=en#/reports")
    opened = page.locator(".tile").filter(has_text="New conversations")
    await expect(opened.locator("b")).to_have_text("12", timeout=WITHIN)
    assert await page.locator("fd-chart svg").count() == 2
    assert await page.locator("fd-chart").first.locator("rect.s0").count() == 30
    await accessible(page)
    await page.get_by_role("button", name=re.compile("phone, Resolved", re.IGNORECASE)).click()
    sheet = page.locator("dialog.wide-sheet")
    await expect(sheet.locator("li a")).to_have_count(2, timeout=WITHIN)
    await sheet.locator("li a").first.click()
    await expect(page.locator("fd-thread .head")).to_contain_text("Reopen", timeout=WITHIN)
