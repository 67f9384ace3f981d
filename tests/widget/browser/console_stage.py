"""Where every state of the console is shown: an agent's page, the conversations around it, and the states by name."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.widget.browser.faces import WITHIN
from tests.widget.browser.offices import Office, opened


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


class States(dict[str, State]):
    """States by name, in the order in which they are gone through; each leaves nothing open above the page."""

    def __call__(self, name: str) -> Callable[[State], State]:
        def kept(run: State) -> State:
            assert name not in self
            self[name] = run
            return run

        return kept
