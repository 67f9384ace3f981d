"""DeepL's API (https://developers.deepl.com/docs/api-reference/translate), and whatever speaks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.translators.asking import Asking, checked
from connectors.translators.settings import Service
from hub.errors import Undeliverable
from hub.translation import Translated

NAME = "DeepL"
TARGETS = {"en": "EN-US", "pt": "PT-PT", "zh": "ZH-HANS", "zh-Hant": "ZH-HANT"}
"""Targets that name a variant; a source never does."""


class DeepL:
    """POST /v2/translate with a list of texts."""

    def __init__(self, service: Service) -> None:
        self._service, self._asking = service, Asking(service, NAME)

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Translated:
        """As `Translator.translate`."""
        wanted = self._service.codes.get(target) or TARGETS.get(target) or target.upper()
        body: dict[str, Any] = {"text": list(texts), "target_lang": wanted, "split_sentences": "1", "preserve_formatting": True}
        body |= {"source_lang": source.split("-")[0].upper()} if source else {}
        headers = {"authorization": f"DeepL-Auth-Key {self._service.secret}"} if self._service.secret else {}
        answer = await self._asking.post("/v2/translate", body, headers)
        found = answer.get("translations") if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise Undeliverable(f"{NAME} answered other texts than it was asked for")
        languages = [str(one.get("detected_source_language") or "").lower() for one in found]
        said = checked(NAME, [one.get("text") for one in found], texts)
        return Translated(said, source or max(languages, key=languages.count, default="")[:16])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._asking.aclose()
