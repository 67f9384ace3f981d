"""LibreTranslate's API (https://docs.libretranslate.com/api/operations/translate/): on a machine of one's own it needs no key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.translators.asking import Asking, checked
from connectors.translators.settings import Service
from hub.translation import Translated

NAME = "LibreTranslate"


class LibreTranslate:
    """POST /translate with a list of texts."""

    def __init__(self, service: Service) -> None:
        self._asking, self._secret = Asking(service, NAME), service.secret

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Translated:
        """As `Translator.translate`."""
        code = self._asking.code
        body: dict[str, Any] = {"q": list(texts), "source": code(source) if source else "auto", "target": code(target)}
        body |= {"format": "text"} | ({"api_key": self._secret} if self._secret else {})
        answer = await self._asking.post("/translate", body, {})
        found = answer.get("translatedText") if isinstance(answer, dict) else None
        texts_made = checked(NAME, found, texts)
        return Translated(texts_made, source or _detected(answer.get("detectedLanguage")))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._asking.aclose()


def _detected(found: Any) -> str:
    """One language for all, or one for each text: that of the surest."""
    each = [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
    language = max(each, key=_confidence, default={}).get("language")
    return language[:16] if isinstance(language, str) else ""


def _confidence(found: dict[str, Any]) -> float:
    said = found.get("confidence")
    return float(said) if isinstance(said, int | float) else 0.0
