"""What a translating service must not see or change: properties over many texts, with services that do their worst."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.shelter import Glossary, Sheltered, shelter
from hub.tongues import could_be, named, same, tongue

TERMS = Glossary([{"en": "tea caddy", "zh": "茶叶罐"}, {"*": "Frontdesk"}])
NONE = Glossary()
KEPT = [
    "https://shop.example.com/o/1029?x=1&y=2",
    "www.example.org/a_b",
    "ann.lee+shop@example.co.uk",
    "13812345678",
    "+86 138 1234 5678",
    "4111 1111 1111 1111",
    "AB-1234",
    "SF1029384756",
    "¥1,299.00",
    "2026-11-28",
    "14:30",
]
WORDS = ["where is", "my parcel", "订单", "还没到", "and", "\n", " ", "。", ", ", "⟦0⟧", "⟦", "⟧ 7 ⟦"]


def wild(n: int) -> str:
    """A text of words and of what must be kept, in an order that follows from `n`."""
    made = []
    while n:
        n, at = divmod(n, len(KEPT) + len(WORDS))
        made.append(([*KEPT, *WORDS])[at])
    return " ".join(made)


def carried(found: Sheltered, prank: int) -> str:
    """A text's way through a service that may be honest, or lose, double or twist marks."""
    marked = found.marked
    said = {
        0: lambda: marked.upper(),
        1: lambda: re.sub(r"⟦(\d+)⟧", r"⟦ \1 ⟧", marked),
        2: lambda: re.sub(r"⟦\d+⟧", "", marked),
        3: lambda: marked + marked,
        4: lambda: re.sub(r"⟦(\d+)⟧", "(\\1)", marked),
        5: lambda: "<b>" + marked + "</b>⟦99⟧",
    }[prank]()
    whole = found.restored(said)
    return whole if whole is not None else found.joined([piece.upper() for piece in found.pieces])


@given(st.integers(min_value=0, max_value=10**14), st.integers(min_value=0, max_value=5))
def test_what_is_kept_comes_back_whatever_a_service_does(n: int, prank: int) -> None:
    text = wild(n)
    found = shelter(text, "zh", NONE)
    assert "".join(f"{piece}{kept}" for piece, kept in zip(found.pieces, (*found.kept, ""), strict=True)) == text
    came = carried(found, prank)
    for one in KEPT:
        digits = one.removeprefix("¥")
        assert came.count(digits) >= text.count(digits), (text, came)


@given(st.text(max_size=200))
def test_an_honest_service_brings_any_text_back_as_it_was(text: str) -> None:
    found = shelter(text, "en", NONE)
    assert found.restored(found.marked) == text
    assert found.joined(found.pieces).strip() == text.strip()


@pytest.mark.parametrize("kept", KEPT)
def test_none_of_it_reaches_the_service(kept: str) -> None:
    found = shelter(f"我的 {kept} 在哪里？", "en", NONE)
    assert found.worded
    assert not re.search(r"\d", re.sub(r"⟦\d+⟧", "", found.marked)), found.marked
    assert "@" not in found.marked
    assert "example" not in found.marked


def test_a_term_has_its_fixed_word_in_each_language_and_a_name_stays() -> None:
    to_zh = shelter("The Tea Caddy of Frontdesk, not teacaddys", "zh", TERMS)
    assert to_zh.kept == ("茶叶罐", "Frontdesk")
    assert to_zh.restored("⟦1⟧ 的 ⟦0⟧") == "Frontdesk 的 茶叶罐"
    assert shelter("我要这个茶叶罐", "en", TERMS).kept == ("tea caddy",)
    assert shelter("the frontdesks", "zh", TERMS).kept == (), "a word within another is none"
    assert shelter("tea caddy", "fr", TERMS).kept == (), "a language without a word for it translates it"


@pytest.mark.parametrize("text", ["", "12345", "👍👍", "https://example.com/a", "⟦0⟧", "!!! 14:30"])
def test_what_has_no_words_is_not_worth_asking(text: str) -> None:
    assert not shelter(text, "zh", NONE).worded


def test_the_full_stop_after_a_link_is_none_of_it() -> None:
    found = shelter("See https://example.com/a. Then write.", "zh", NONE)
    assert found.kept == ("https://example.com/a",)
    chinese = shelter("请看https://example.com/a。谢谢", "en", NONE)
    assert chinese.kept == ("https://example.com/a",)


def test_languages_by_their_codes() -> None:
    assert [tongue(one) for one in ("zh-CN", "zh_TW", "en-US", "pt-BR", "")] == ["zh", "zh-Hant", "en", "pt", ""]
    assert same("zh-TW", "zh-CN")
    assert same("en", "en-GB")
    assert not same("en", "")
    assert could_be("我想退 iPhone", "zh")
    assert not could_be("我想退货", "en")
    assert could_be("I want 茶", "en")
    assert not could_be("Где мой заказ", "en")
    assert (named("zh", "en"), named("en", "zh-CN"), named("xx", "en")) == ("Chinese", "英语", "xx")
