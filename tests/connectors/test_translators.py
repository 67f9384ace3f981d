"""The services that translate, over real HTTP: what they are asked, what their answers and faults mean, and hostile answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.translators import TRANSLATORS, translator_of
from connectors.translators.settings import Service
from hub.errors import Temporary, Undeliverable
from hub.ports import Translator
from tests.servers.translation import TranslationServer, translation_server

TYPES = sorted(TRANSLATORS)


@asynccontextmanager
async def asking(kind: str, **more: Any) -> AsyncIterator[tuple[Translator, TranslationServer]]:
    async with translation_server(key="k3y") as server:
        facts = {"type": kind, "api_url": server.url, "key": "k3y", "model": "m", "timeout": 2.0, **more}
        own = translator_of(Service.model_validate(facts))
        try:
            yield own, server
        finally:
            await own.aclose()


@pytest.mark.parametrize("kind", TYPES)
async def test_texts_come_back_in_their_order_with_the_language_that_they_were(kind: str) -> None:
    async with asking(kind) as (own, server):
        made = await own.translate(["你好", "第二 ⟦0⟧ 行"], "", "en")
        assert made.texts == ("Hello", "[en] 第二 ⟦0⟧ 行")
        assert made.language == "zh"
        assert [asked[0] for asked in server.asked] == [["你好", "第二 ⟦0⟧ 行"]]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_language_that_is_known_is_said_to_the_service(kind: str) -> None:
    async with asking(kind) as (own, server):
        made = await own.translate(["Your order leaves today."], "en", "zh")
        assert made.texts == ("您的订单今天发出。",)
        assert made.language == "en"
        assert server.asked[0][1].lower() in ("en", "")


async def test_the_service_s_own_codes_are_used() -> None:
    async with asking("libretranslate", codes={"zh": "zh-Hans"}) as (own, server):
        await own.translate(["It is on its way."], "en", "zh")
        assert server.asked[0][2] == "zh-Hans"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("fault", ["refuse:503", "refuse:500", "limit:7", "accept_hang", "accept_reset", "garbage"])
async def test_what_later_may_mend_is_temporary(kind: str, fault: str) -> None:
    async with asking(kind, timeout=0.4) as (own, server):
        server.behaviour.next(fault)
        began = time.monotonic()
        with pytest.raises(Temporary) as told:
            await own.translate(["你好"], "", "en")
        assert time.monotonic() - began < 3
        assert told.value.retry_after == (7.0 if fault == "limit:7" else None)
        assert (await own.translate(["你好"], "", "en")).texts == ("Hello",), "and the next request finds it well"


@pytest.mark.parametrize("kind", TYPES)
async def test_a_refusal_says_why_in_the_service_s_words(kind: str) -> None:
    async with asking(kind, key="wrong") as (own, _):
        with pytest.raises(Undeliverable, match=r"answered 40[13]: \w+"):
            await own.translate(["你好"], "", "en")


HOSTILE: list[Any] = [
    [],
    {},
    None,
    7,
    "text",
    {"translatedText": None},
    {"translatedText": "one text for a list"},
    {"translatedText": ["one", "too many"]},
    {"translatedText": [7]},
    {"translatedText": [""]},
    {"translatedText": ["   \n"]},
    {"translatedText": ["x" * 100_000]},
    {"translations": "none"},
    {"translations": [None]},
    {"translations": [{"text": None}]},
    {"choices": []},
    {"choices": [{"message": {"content": "I can't help with that."}}]},
    {"choices": [{"message": {"content": "[]"}}]},
    {"choices": [{"message": {"content": '{"texts": ["a", "b"], "language": 7}'}}]},
]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("odd", HOSTILE, ids=lambda odd: repr(odd)[:40])
async def test_an_answer_of_another_shape_is_refused(kind: str, odd: Any) -> None:
    async with asking(kind) as (own, server):
        server.odd = [odd]
        with pytest.raises(Undeliverable):
            await own.translate(["你好"], "", "en")


@pytest.mark.parametrize("kind", TYPES)
async def test_an_answer_without_an_end_is_not_read_to_it(kind: str) -> None:
    async with asking(kind) as (own, server):
        server.odd = [b"x" * 5_000_000]
        with pytest.raises(Undeliverable, match="more than 1000 kB"):
            await own.translate(["你好"], "", "en")


async def test_what_a_database_can_t_hold_is_made_visible_and_markup_stays_text() -> None:
    async with asking("libretranslate") as (own, server):
        server.odd = [{"translatedText": ["<img src=x onerror=alert(1)>\x00"]}]
        made = await own.translate(["你好"], "", "en")
        assert made.texts == ("<img src=x onerror=alert(1)>␀",)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "libretranslate"}, "'api_url' is required"),
        ({"type": "deepl"}, "'key' is required"),
        ({"type": "openai", "key": "k"}, "'model' is required"),
        ({"type": "openai", "key": "k", "model": "m", "api_url": "api.example.com"}, "must begin with http"),
    ],
)
def test_what_a_service_lacks_is_told_with_what_to_write(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Service.model_validate(given)
