"""The sandbox as a newcomer meets it: one command, then a round on each channel in a real browser."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from config import cli_sandbox
from hub.errors import ConfigError
from tests.sandbox.__main__ import ready, sandbox
from tests.sandbox.page import STATIC
from tests.servers.installation import ROOT, free_port
from tests.widget.browser.conftest import CHROMIUM, FLAGS

pytestmark = pytest.mark.timeout(120)
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")


@asynccontextmanager
async def opened(width: int, url: str) -> AsyncIterator[Page]:
    """The page, whose errors and refusals by its strict policy fail the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": 860}, locale="en-GB")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        try:
            await page.goto(url)
            yield page
            assert not wrong
        finally:
            await browser.close()


async def writes(page: Page, field: str, text: str) -> None:
    await page.locator(f"[data-field={field}]").fill(text)
    await page.locator(f"[data-field={field}]").press("Enter")


async def narrow(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@needs_browser
@pytest.mark.browser
async def test_a_newcomer_plays_one_round_on_each_channel(tmp_path: Path) -> None:
    async with sandbox(tmp_path, 0, 0, "en") as (here, child, url):
        await ready(tmp_path, here, child)
        async with opened(1440, url) as page:
            await _telegram(page)
            await _wechat(page)
            assert (await Axe().run(page)).response["violations"] == []
            await page.set_viewport_size({"width": 360, "height": 740})
            await page.get_by_role("button", name="中文").click()
            await page.get_by_role("button", name="微信", exact=True).click()
            await expect(page.locator("[side=wechat] .bubble").last).to_be_visible()
            assert await narrow(page)
            await page.get_by_role("button", name="Slack", exact=True).click()
            await expect(page.locator("sandbox-slack .thread .message").last).to_be_visible()
            assert await narrow(page)


async def _telegram(page: Page) -> None:
    thread = page.locator("sandbox-slack .thread")
    await writes(page, "telegram", "I need a human: <b>my pot</b> *broke* <!channel>")
    await expect(thread.locator(".b-actions button", has_text="Claim")).to_be_visible()
    await expect(thread).to_contain_text("<b>my pot</b>")
    assert await thread.locator(".call.all").count() == 0, "what a customer writes calls nobody"
    await thread.locator("[data-action=fd_claim]").click()
    await expect(thread.locator("[data-action=fd_release]")).to_be_visible()
    await writes(page, "reply", "Hello Mei, a *new one* leaves today.")
    await expect(page.locator("[side=telegram] .bubble").last).to_contain_text("a new one leaves today.")
    await expect(thread.locator(".mark")).to_contain_text("✅")
    await writes(page, "reply", "!n fragile, pack it twice")
    await thread.locator("[data-action=fd_why]").click()
    await page.locator("dialog textarea").fill("sent a new one")
    await page.locator("dialog button[type=submit]").click()
    await expect(thread.locator("[data-action=reopen], [data-action=fd_reopen]")).to_be_visible()
    await expect(page.locator("[side=telegram]")).not_to_contain_text("fragile")


async def _wechat(page: Page) -> None:
    thread = page.locator("sandbox-slack .thread")
    await page.locator("[data-field=reply]").blur()
    await writes(page, "wechat", "转人工，我的茶壶碎了")
    await expect(thread).to_contain_text("转人工，我的茶壶碎了")
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "JPEG")
    file = {"name": "pot.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    await page.locator("[side=wechat] input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await expect(thread.locator("img")).to_be_visible()
    await thread.locator("[data-action=fd_canned]").click()
    await page.locator("dialog select").select_option("bye")
    await expect(page.locator("dialog textarea")).not_to_have_value("")
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await writes(page, "reply", "今天寄出新的茶壶。")
    await expect(page.locator("[side=wechat] .bubble").last).to_contain_text("今天寄出新的茶壶。")
    await writes(page, "command", "/frontdesk queue")
    await expect(page.locator("sandbox-slack .channel .alone")).to_be_visible()


async def test_the_page_takes_nothing_from_other_sites(tmp_path: Path) -> None:
    async with sandbox(tmp_path, 0, 0, "zh") as (_, child, url), httpx.AsyncClient(base_url=url) as http:
        child.send_signal(signal.SIGTERM)
        assert (await http.get("/", headers={"host": "evil.example"})).status_code == 400
        policy = (await http.get("/")).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        say = {"side": "telegram", "act": "say", "text": "hi"}
        assert (await http.post("/act", content=str(say), headers={"content-type": "text/plain"})).status_code == 415
        empty: list[dict[str, str]] = [{}]
        for wrong in (*empty, {"side": "x", "act": "y"}, {"side": "slack", "act": "reply", "by": "U9"}, {**say, "act": "fly"}):
            assert (await http.post("/act", json=wrong)).status_code == 400
        assert (await http.post("/act", json={**say, "text": "x" * 200_000})).status_code == 400
        nothing = {"content-type": "image/png"}
        assert (await http.post("/picture/telegram", content=b"MZ", headers=nothing)).status_code == 400
        assert (await http.get("/static/..%2f__main__.py")).status_code == 404
        assert (await http.get("/file/slack/F99")).status_code == 404


def test_its_scripts_parse_no_markup() -> None:
    text = "".join(path.read_text("utf-8") for path in STATIC.glob("*.js"))
    assert not [word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(") if word in text]


def test_without_a_checkout_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cli_sandbox, "PLAYGROUND", tmp_path / "gone.py")
    with pytest.raises(ConfigError, match="from a checkout: make sandbox"):
        cli_sandbox.sandbox()


@pytest.mark.parametrize("name", ["--port", "--page"])
async def test_a_port_that_is_taken_is_named(name: str) -> None:
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    taken = listening.sockets[0].getsockname()[1]
    ports = {"--port": free_port(), "--page": free_port(), name: taken}
    words = [str(word) for pair in ports.items() for word in pair]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "config", "sandbox", *words], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Port {taken} can't be used" in done.stderr and f"{name} {taken + 100}" in done.stderr
    listening.close()
