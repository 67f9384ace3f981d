"""Services that translate, one module each: plain texts ⇄ a foreign API. This dict is all there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from connectors.translators.chat import Chat
from connectors.translators.deepl import DeepL
from connectors.translators.libretranslate import LibreTranslate
from connectors.translators.settings import Service

if TYPE_CHECKING:
    from hub.ports import Translator

TRANSLATORS: dict[str, Callable[[Service], Translator]] = {"libretranslate": LibreTranslate, "deepl": DeepL, "openai": Chat}


def translator_of(service: Service) -> Translator:
    """The service that an admin has named."""
    return TRANSLATORS[service.type](service)
