"""The Web API as a desk uses it: one session for everything, and none of the SDK's own repeats, which would post twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from agents_bridge.slack.errors import translated
from agents_bridge.slack.settings import SlackSettings
from hub.errors import Temporary

APART, AFTER = 0.95, 0.91
"""Of the pace's own distance: between the beginnings of two posts, and from an answer, before which Slack has counted the post,
to the next. Keeping all of it would add every delay to those before."""
PATIENCE_S = 3.0
AS_WRITTEN: Mapping[str, Any] = {"parse": "none", "link_names": False}
"""Nothing that people write is looked up: without this a changed text is parsed as if a member had typed it (docs.slack.dev,
chat.update), and names become pings. Tokens of ours, such as <@U…>, work nevertheless."""
FOLDED: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False}
"""Nor is what they link to shown."""


class Slack:
    """One workspace's calls. Made when first used, because aiohttp wants a running loop."""

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None
        self._own: tuple[str, str] | None = None
        self._next: dict[str, float] = {}
        """When the next post may begin, by Slack channel (monotonic seconds)."""
        self._address = ""
        self.proxy: str | None = settings.proxy or None

    @property
    def session(self) -> aiohttp.ClientSession:
        """For what is not a method: uploads and downloads."""
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=self._settings.timeout, connect=min(5.0, self._settings.timeout))
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        return self._session

    @property
    def web(self) -> AsyncWebClient:
        """The SDK's client. It takes a proxy from the environment by itself; only the settings' one is meant."""
        if self._web is None or self._web.session is not self.session:
            self._web = AsyncWebClient(
                token=self._settings.bot_token.get_secret_value(),
                base_url=self._settings.api_url,
                timeout=max(1, round(self._settings.timeout)),
                session=self.session,
                trust_env_in_session=False,
                retry_handlers=[],
            )
            self._web.proxy = self.proxy
        return self._web

    async def post(self, channel: str, **what: Any) -> AsyncSlackResponse:
        """Post to a Slack channel at its pace."""
        async with self._spaced(channel):
            return await self.web.chat_postMessage(channel=channel, **FOLDED, **AS_WRITTEN, **what)

    async def update(self, channel: str, ts: str, **what: Any) -> AsyncSlackResponse:
        """Change a post."""
        return await self.web.chat_update(channel=channel, ts=ts, **AS_WRITTEN, **what)

    async def whisper(self, channel: str, person: str, **what: Any) -> AsyncSlackResponse:
        """A line that one member sees."""
        return await self.web.chat_postEphemeral(channel=channel, user=person, **AS_WRITTEN, **what)

    @asynccontextmanager
    async def _spaced(self, channel: str) -> AsyncIterator[None]:
        """Around a post to this Slack channel, which begins far enough after the one before. The hub's pace counts when calls are
        claimed; what takes longer for one and shorter for the next would bring them together again."""
        until = time.monotonic() + PATIENCE_S
        while (wait := self._next.get(channel, 0.0) - time.monotonic()) > 0:
            if time.monotonic() + wait > until:
                raise Temporary("other posts to this Slack channel go first", retry_after=1.0, paused=True)
            await asyncio.sleep(wait)
        self._next[channel] = time.monotonic() + APART / self._settings.rate
        try:
            yield
        finally:
            self._next[channel] = max(self._next[channel], time.monotonic() + AFTER / self._settings.rate)

    async def own(self) -> tuple[str, str]:
        """(team, this app's own member), as Slack says; asked once."""
        if self._own is None:
            with translated("auth.test", posts=False):
                answer = await self.web.auth_test()
                self._own = str(answer["team_id"]), str(answer["user_id"])
                self._address = str(answer["url"])
        return self._own

    async def address(self) -> str:
        """The workspace's own address, with a slash at its end: messages' links begin with it."""
        await self.own()
        return self._address

    @property
    def token(self) -> str:
        """For downloads."""
        return self._settings.bot_token.get_secret_value()

    async def aclose(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
