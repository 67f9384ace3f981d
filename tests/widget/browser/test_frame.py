"""The chat as a page of its own and as a frame in somebody else's page: who may hold it, and what is said between them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, Frame, Page, Request, expect

from tests.widget.browser.faces import WITHIN, eventually, said, settled, write
from tests.widget.browser.living import living, only_talk
from tests.widget.browser.shops import SIZES, Shop, W, box_of, framed, is_sized, shop_and_hub
from tests.widget.browser.test_budgets import broken
from tests.widget.consoles import Agent

FRAME_1 = "sha384-4MjyxFayAOvzFCNAXXbnkDMYObrf7GA149sQpUk27x4TdNNGRLb0zXbcKj0bW0gP"
"""What pages have in `integrity`. Never changed: what must change is a frame-2.js."""


NO_WINDOWS_NO_SOCKETS = """
window.open = () => null;
window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({code: 1006})); } close() {} };
"""


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])
async def test_a_strict_page_holds_the_chat_in_a_frame(
    page: Page, tmp_path: Path, redis_url: str, prefix: str, size: tuple[int, int]
) -> None:
    async with shop_and_hub(tmp_path, redis_url, prefix) as (shop, home, hub):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))
        await page.goto(f"{shop.url}/tea?order=secret")
        frame = await framed(page)
        await eventually(lambda: is_sized(page, 96))
        assert await box_of(page) == [size[0] - 96, size[1] - 96, 96, 96], "closed, it covers no more than its button"
        await frame.locator(f"{W} .launcher").click()
        await expect(frame.locator(f"{W} textarea")).to_be_focused(timeout=WITHIN)
        full = [0, 0, *size]
        assert await box_of(page) == (full if size[0] == 360 else [size[0] - 482, size[1] - 760, 482, 760])
        await frame.locator(f"{W} textarea").fill("from a frame")
        await frame.locator(f"{W} textarea").press("Enter")
        await expect(frame.locator(f"{W} .row.own .meta")).to_contain_text("Delivered", timeout=WITHIN)
        agent = await home.agent()
        talk = await only_talk(home, agent)
        assert await broken(page) == []
        detail = (await agent.api.get(f"/console/api/conversations/{talk['id']}")).json()
        assert f"{shop.url}/tea" in str(detail["profile"]), "agents see the page around the frame, without its query"
        await frame.locator(f"{W} .head button").last.click()
        await eventually(lambda: is_sized(page, 96))
        await agent.say(talk["id"], "and an answer")
        await expect(frame.locator(f"{W} .badge")).to_have_text("1", timeout=WITHIN)
        other = {request.url.split("/static")[0] for request in asked if not request.frame.parent_frame}
        assert other - {f"{shop.url}/tea?order=secret", hub, f"{shop.url}/favicon.ico"} == set()


async def test_the_page_opens_closes_names_its_customer_and_hears_of_it(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with shop_and_hub(tmp_path, redis_url, prefix) as (shop, home, _hub):
        await page.goto(f"{shop.url}/tea")
        await page.evaluate("""() => {
            window.heard = [];
            for (const name of ['open', 'close', 'unread', 'message', 'denied']) {
                Frontdesk.on(name, (n) => heard.push(n == null ? name : `${name} ${n}`));
            }
            Frontdesk.open();
        }""")
        frame = await framed(page)
        await expect(frame.locator(f"{W} textarea")).to_be_focused(timeout=WITHIN)
        await frame.locator(f"{W} textarea").fill("Hello")
        await frame.locator(f"{W} textarea").press("Enter")
        await expect(frame.locator(f"{W} .row.own .meta")).to_contain_text("Delivered", timeout=WITHIN)
        agent = await home.agent()
        talk = await only_talk(home, agent)
        await page.evaluate("Frontdesk.close()")
        await eventually(lambda: is_sized(page, 96))
        await agent.say(talk["id"], "the agent's secret")
        await eventually(lambda: page.evaluate("heard.includes('unread 1')"))
        await page.evaluate("Frontdesk.identify({name: 'Ann Lee'})")
        await eventually(lambda: who_writes(agent, talk["id"], frame))
        await page.evaluate("Frontdesk.identify('not.signed.byus')")
        await eventually(lambda: page.evaluate("heard.includes('denied')"))
        heard = await page.evaluate("heard")
        assert [one for one in heard if one in ("open", "close")] == ["open", "close"]
        assert "secret" not in str(heard), "what is said stays in the frame"
        assert await page.evaluate("document.querySelector('iframe').contentDocument") is None


async def who_writes(agent: Agent, talk: str, frame: Frame) -> bool:
    """Whether agents see the name that the page around the chat has given; names travel with the next line."""
    await frame.evaluate("Frontdesk.element.opened.say({text: 'again'}, [{type: 'text', text: 'again'}])")
    await asyncio.sleep(0.5)
    return "Ann Lee" in (await agent.api.get(f"/console/api/conversations/{talk}")).text


async def test_nobody_else_may_frame_it_and_without_a_list_nobody_may(
    context: BrowserContext, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    page = await context.new_page()
    async with shop_and_hub(tmp_path, redis_url, prefix) as (shop, home, hub), Shop() as evil, httpx.AsyncClient() as ask:
        given = await ask.get(f"{hub}/w/web")
        assert f"frame-ancestors {shop.url};" in given.headers["content-security-policy"]
        evil.body = f'<iframe src="{hub}/w/web?corner=right"></iframe><script src="{hub}/static/embed/frame-1.js" async></script>'
        await page.goto(evil.url)
        await eventually(lambda: frames_refused(page, 2))
        # An allowed page inside of somebody else's is no way round: every page around it must be named.
        shop.body = f'<iframe src="{hub}/w/web"></iframe>'
        shop.policy = ""
        evil.body = f'<iframe src="{shop.url}/tea"></iframe>'
        await page.goto(evil.url)
        await eventually(lambda: frames_refused(page, 1))
        home.hub.channels = {name: one.model_copy(update={"origins": ()}) for name, one in home.hub.channels.items()}
        given = await ask.get(f"{hub}/w/web")
        assert "frame-ancestors 'none';" in given.headers["content-security-policy"]
        assert 'data-origins=""' in given.text


async def frames_refused(page: Page, count: int) -> bool:
    """Whether so many frames show the browser's own page of a refusal."""
    return sum(frame.url.startswith("chrome-error:") for frame in page.frames) == count


async def test_messages_of_anybody_else_are_no_messages(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with shop_and_hub(tmp_path, redis_url, prefix) as (shop, _home, hub), Shop() as evil:
        evil.body = """<script>
            const lie = {frontdesk: 1, url: 'https://evil.example/', who: 'x', open: true, width: 600, height: 900};
            const say = (window, t) => window.postMessage({...lie, t}, '*');
            setInterval(() => { for (const t of ['ready', 'size', 'unread', 'page', 'open', 'identify']) {
              say(parent, t);
              for (let n = 0; n < parent.frames.length; n++) say(parent.frames[n], t);
            } }, 20);
        </script>"""
        shop.embeds(hub)
        shop.policy = shop.policy.replace("frame-src", f"frame-src {evil.url}")
        shop.body = f'<iframe id="evil" src="{evil.url}"></iframe>{shop.body}'
        await page.goto(shop.url)
        frame = await framed(page)
        await page.evaluate(
            "window.heard = []; for (const name of ['unread', 'open']) Frontdesk.on(name, (n) => heard.push(name))"
        )
        await asyncio.sleep(1.5)
        assert await page.evaluate("heard") == []
        chat = page.locator("iframe:not(#evil)")
        box = await chat.bounding_box()
        assert box
        assert (box["width"], box["height"]) == (96, 96)
        assert await frame.locator(f"{W} .launcher").get_attribute("aria-expanded") == "false"
        assert await frame.evaluate("Frontdesk.element.setting.here()") == f"{shop.url}/"
        assert await frame.evaluate("Frontdesk.element.setting.identity") == ""


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])
async def test_a_page_of_its_own(page: Page, tmp_path: Path, redis_url: str, prefix: str, size: tuple[int, int]) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.goto(f"{home.url}/w/web?lang=en")
        await expect(page.locator(f"{W} textarea")).to_be_focused(timeout=WITHIN)
        assert await page.title() == "Chat with us"
        await write(page, "from a link")
        await eventually(lambda: settled(page))
        assert (await said(page, True)) == ["from a link"]
        assert await page.evaluate("document.documentElement.scrollWidth") == size[0]
        assert await broken(page) == []
        unknown = await page.goto(f"{home.url}/w/nosuch")
        assert unknown is not None
        assert unknown.status == 404


async def test_in_wechat_s_browser_without_sockets_or_windows(
    context: BrowserContext, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    """Its pages open no second window, and its networks swallow WebSockets."""
    browser = context.browser
    assert browser is not None
    agent_of = (
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36"
    )
    own = await browser.new_context(
        user_agent=f"{agent_of} MicroMessenger/8.0.50 WeChat/arm64 NetType/WIFI Language/zh_CN", locale="zh-CN",
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True,
    )  # fmt: skip
    page = await own.new_page()
    await page.add_init_script(NO_WINDOWS_NO_SOCKETS)
    async with living(tmp_path, redis_url, prefix) as home:
        await page.goto(f"{home.url}/w/web")
        field = page.locator(f"{W} textarea")
        await expect(field).to_be_visible(timeout=WITHIN)
        assert await page.title() == "在线客服"
        await write(page, "微信里的问题")
        await expect(page.locator(f"{W} .row.own .meta")).to_contain_text("已送达", timeout=WITHIN)
        agent = await home.agent()
        talk = await only_talk(home, agent)
        await agent.say(talk["id"], "收到")
        await expect(page.locator(f"{W} .row:not(.own)").last).to_contain_text("收到", timeout=WITHIN)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        # A shop's page inside of WeChat whose modules do not come: the page of its own opens in the same window.
        await page.route("**/static/widget/core.js*", lambda route: route.abort())
        await page.goto(f"{home.url}/demo?lang=zh-CN")
        await page.locator(f"{W} .launcher").tap()
        await page.wait_for_url("**/w/web", timeout=WITHIN)
    await own.close()


@pytest.mark.parametrize("what", ["**/static/widget/core.js*", "**/static/shared/line.js*", "**/texts/en.json"])
async def test_what_cannot_be_loaded_leads_to_the_page_of_its_own(
    context: BrowserContext, page: Page, tmp_path: Path, redis_url: str, prefix: str, what: str
) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await page.goto(f"{home.url}/demo?lang=en")
        await page.route(what, lambda route: route.abort())
        async with context.expect_page(timeout=WITHIN) as opened:
            await page.locator(f"{W} .launcher").click()
        there = await opened.value
        await expect(there.locator(f"{W} textarea")).to_be_visible(timeout=WITHIN)
        assert there.url == f"{home.url}/w/web"
        await there.route(what, lambda route: route.abort())
        await there.reload()
        await expect(there.locator("p")).to_contain_text("could not be opened", timeout=WITHIN)


async def test_the_frame_s_script_keeps_its_hash(tmp_path: Path, redis_url: str, prefix: str, page: Page) -> None:
    async with shop_and_hub(tmp_path, redis_url, prefix) as (shop, _home, hub):
        async with httpx.AsyncClient() as ask:
            sent = (await ask.get(f"{hub}/static/embed/frame-1.js")).content
        found = "sha384-" + base64.b64encode(hashlib.sha384(sent).digest()).decode()
        assert found == FRAME_1
        assert found in (Path(__file__).parents[3] / "docs" / "widget.md").read_text("utf-8")
        shop.embeds(hub, f'integrity="{found}" crossorigin="anonymous"')
        await page.goto(shop.url)
        await framed(page)
        shop.embeds(hub, f'integrity="{found[:-4]}AAAA" crossorigin="anonymous"')
        await page.goto(shop.url)
        await page.wait_for_load_state("networkidle")
        assert await page.locator("iframe").count() == 0
        # A copy on the page's own site needs nothing of ours but the frame.
        shop.copy = sent
        shop.policy = f"default-src 'none'; script-src 'self'; frame-src {hub}"
        shop.body = f'<script src="/copy.js" data-hub="{hub}" data-lang="en" async></script>'
        await page.goto(shop.url)
        await framed(page)
