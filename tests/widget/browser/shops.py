"""A shop's page that holds the chat in a frame, and where that frame is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Frame, Page

from tests.widget.browser.faces import eventually
from tests.widget.browser.living import living
from tests.widget.consoles import House

W = "frontdesk-widget"
SIZES = [(1280, 800), (360, 740)]


class Shop:
    """A page of somebody else, with a policy of its own."""

    def __init__(self) -> None:
        self.body = ""
        self.policy = ""
        self.copy = b""
        """What it has at /copy.js."""

    async def __aenter__(self) -> Shop:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if b"/copy.js" in asked:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\nconnection: close\r\n\r\n" + self.copy)
            writer.close()
            return
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\n"
        head += f"content-security-policy: {self.policy}\r\n" if self.policy else ""
        title = "<meta name=viewport content=width=device-width><title>A shop</title>"
        writer.write(f"{head}\r\n<!doctype html><html lang=en>{title}<body>{self.body}".encode())
        writer.close()

    def embeds(self, hub: str, more: str = "") -> None:
        """The tag, on a page that lets the frame's script and nothing else in."""
        self.policy = (
            f"default-src 'none'; script-src {hub}; frame-src {hub}; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        tag = f'src="{hub}/static/embed/frame-1.js" data-channel="web" data-lang="en" {more}'
        self.body = f"<main><h1>Tea</h1></main><script {tag} async></script>"


@asynccontextmanager
async def shop_and_hub(folder: Path, redis_url: str, prefix: str, **web: Any) -> AsyncIterator[tuple[Shop, House, str]]:
    """A shop that the chat's file names, and the hub as that page sees it: at another site."""
    async with Shop() as shop, living(folder, redis_url, prefix, web={"origins": (shop.url,), **web}) as home:
        hub = home.url.replace("127.0.0.1", "localhost")
        shop.embeds(hub)
        yield shop, home, hub


async def framed(page: Page) -> Frame:
    """The chat's frame, once its button is drawn."""

    async def there() -> Frame | None:
        found = next((one for one in page.frames if "/w/web" in one.url), None)
        return found if found and await found.locator(f"{W} .launcher").count() else None

    found: Frame = await eventually(there)
    return found


async def box_of(page: Page) -> list[int]:
    box = await page.locator("iframe").bounding_box()
    assert box
    return [round(box[side]) for side in ("x", "y", "width", "height")]


async def is_sized(page: Page, height: int) -> bool:
    return (await box_of(page))[3] == height
