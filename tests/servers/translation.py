"""A small server that behaves like LibreTranslate, DeepL and a model behind chat completions, their faults and pranks included.

Shapes: https://docs.libretranslate.com/api/operations/translate/, https://developers.deepl.com/docs/api-reference/translate and
https://platform.openai.com/docs/api-reference/chat. It translates by turning words around, so that a test sees that it was asked.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.behaviour import Act, Behaviour
from tests.servers.serving import cut, serving

KNOWN = {
    "你好": ("zh", {"en": "Hello"}),
    "我的订单在哪里？": ("zh", {"en": "Where is my order?"}),
    "Your order leaves today.": ("en", {"zh": "您的订单今天发出。"}),
    "It is on its way.": ("en", {"zh": "已经在路上了。"}),
}
"""Sentences that it knows; of all others it says `[en] …`, with the words as they were."""
Prank = Callable[[str], str]


@dataclass
class TranslationServer:
    """All three services at one address. `asked` are the requests that were taken: (texts, source, target). `prank` is done to
    each translation; `odd` are whole bodies that go first."""

    url: str = ""
    key: str = ""
    asked: list[tuple[list[str], str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    behaviour: Behaviour = field(default_factory=Behaviour)
    prank: Prank = str
    odd: list[Any] = field(default_factory=list)
    hang: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def texts(self) -> list[str]:
        """Everything that it ever saw."""
        return [text for texts, _, _ in self.asked for text in texts]

    def translated(self, text: str, target: str) -> str:
        """What becomes of one text."""
        known = KNOWN.get(text)
        return self.prank(known[1].get(target, text) if known else f"[{target}] {text}")

    @staticmethod
    def detected(text: str) -> str:
        """What it takes a text for: by its letters."""
        return "zh" if re.search(r"[\u4e00-\u9fff]", text) else "de" if re.search("[äöüß]", text) else "en"

    async def libre(self, request: Request) -> Response:
        """POST /translate"""
        body = await request.json()
        if self.key and body.get("api_key") != self.key:
            return JSONResponse({"error": "Invalid API key"}, 403)
        texts, target = body["q"], body["target"]

        def answer() -> Any:
            found: dict[str, Any] = {"translatedText": [self.translated(text, target) for text in texts]}
            if body["source"] == "auto":
                found["detectedLanguage"] = [{"confidence": 90, "language": self.detected(text)} for text in texts]
            return found

        return await self._act(request, texts, body["source"], target, answer)

    async def deepl(self, request: Request) -> Response:
        """POST /v2/translate"""
        if request.headers.get("authorization") != f"DeepL-Auth-Key {self.key}":
            return JSONResponse({"message": "Forbidden"}, 403)
        body = await request.json()
        texts, target = body["text"], body["target_lang"].split("-")[0].lower()

        def answer() -> Any:
            made = [(self.detected(text).upper(), self.translated(text, target)) for text in texts]
            return {"translations": [{"detected_source_language": language, "text": said} for language, said in made]}

        return await self._act(request, texts, body.get("source_lang", ""), target, answer)

    async def chat(self, request: Request) -> Response:
        """POST /chat/completions"""
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"error": {"message": "Incorrect API key provided"}}, 401)
        body = await request.json()
        found = re.search(r"into [A-Za-z ]+ \((\S+)\)", body["messages"][0]["content"])
        texts, target = json.loads(body["messages"][1]["content"]), found[1] if found else ""

        def answer() -> Any:
            said = {"language": self.detected(texts[0]), "texts": [self.translated(text, target) for text in texts]}
            return {"choices": [{"message": {"role": "assistant", "content": json.dumps(said, ensure_ascii=False)}}]}

        return await self._act(request, texts, "", target, answer)

    async def _act(self, request: Request, texts: list[str], source: str, target: str, answer: Callable[[], Any]) -> Response:
        act = self.behaviour.draw()
        if not act.accepts:
            return _refused(act)
        self.asked.append((texts, source, target))
        self.headers.append(dict(request.headers))
        if self.odd:
            odd = self.odd.pop(0)
            return Response(odd, media_type="text/html") if isinstance(odd, bytes) else JSONResponse(odd)
        if act.kind == "slow":
            await asyncio.sleep(act.value)
        if act.kind == "accept_hang":
            await self.hang.wait()
        if act.kind == "accept_reset":
            cut(request.scope)
        if act.kind == "garbage":
            return Response("<html>502 Bad Gateway</html>", media_type="text/html")
        return JSONResponse(answer())


def _refused(act: Act) -> Response:
    if act.kind == "limit":
        return JSONResponse({"error": "Slowdown"}, 429, {"retry-after": str(int(act.value))})
    if act.kind == "revoked":
        return JSONResponse({"error": "Invalid API key"}, 403)
    return JSONResponse({"error": "Cannot translate text"}, int(act.value))


@asynccontextmanager
async def translation_server(key: str = "") -> AsyncIterator[TranslationServer]:
    """All three services, running."""
    own = TranslationServer(key=key)
    routes = [
        Route("/translate", own.libre, methods=["POST"]),
        Route("/v2/translate", own.deepl, methods=["POST"]),
        Route("/chat/completions", own.chat, methods=["POST"]),
    ]
    async with serving(Starlette(routes=routes)) as url:
        own.url = url
        try:
            yield own
        finally:
            own.hang.set()
