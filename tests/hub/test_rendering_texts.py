"""How `fit` cuts texts: every piece within the limit, no character lost, none cut in two."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import FileId, Media, Span, Text
from hub.splitting import Unit, cuts, measure
from tests.hub.fitting import TEXTS, UNITS, boundaries, fitted, limited, texts


class TestSplitting:
    @given(TEXTS, st.integers(4, 60), UNITS)
    @settings(max_examples=400)
    def test_keeps_every_character_and_the_limit(self, text: str, limit: int, unit: Unit) -> None:
        ends = cuts(text, limit, unit)
        pieces = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        assert "".join(pieces) == text
        assert all(0 < measure(piece, unit) <= limit for piece in pieces)
        sent = texts(fitted([Text(text=text)], limited(limit, unit)))
        assert sent == [piece for piece in pieces if not piece.isspace()]

    @given(TEXTS, st.integers(4, 60), UNITS)
    @settings(max_examples=400)
    def test_cuts_a_cluster_only_when_it_is_too_long_by_itself(self, text: str, limit: int, unit: Unit) -> None:
        allowed = boundaries(text)
        for match in regex.finditer(r"\X", text):
            if measure(match.group(), unit) > limit:
                allowed |= set(range(match.start(), match.end()))
        assert set(cuts(text, limit, unit)) <= allowed

    @given(TEXTS, st.integers(4, 60), UNITS)
    @settings(max_examples=200)
    def test_is_idempotent(self, text: str, limit: int, unit: Unit) -> None:
        can = limited(limit, unit, parts=frozenset({"text", "media"}), media=frozenset({"image"}), caption_limit=limit // 2)
        once = fitted([Media(kind="image", file=FileId("f")), Text(text=text), Text(text=text)], can)
        assert fitted([part for call in once for part in call], can) == once

    @given(TEXTS.filter(bool), st.integers(4, 60), UNITS, st.data())
    @settings(max_examples=200)
    def test_spans_stay_on_their_characters(self, text: str, limit: int, unit: Unit, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        part = Text(text=text, spans=(Span(kind="bold", start=start, end=end),))
        bold: set[int] = set()
        ends = cuts(text, limit, unit)
        shown = [(a, b) for a, b in zip([0, *ends], ends, strict=False) if not text[a:b].isspace()]
        for (a, _), call in zip(shown, fitted([part], limited(limit, unit)), strict=True):
            for piece in call:
                assert isinstance(piece, Text)
                for span in piece.spans:
                    assert 0 <= span.start < span.end <= len(piece.text)
                    bold |= set(range(a + span.start, a + span.end))
        assert bold == {n for n in range(start, end) if any(a <= n < b for a, b in shown)}

    @pytest.mark.parametrize(
        ("text", "limit", "expected"),
        [
            ("One line here.\n\nSecond paragraph follows", 24, ["One line here.\n\n", "Second paragraph follows"]),
            ("first line\nsecond line", 14, ["first line\n", "second line"]),
            ("It is so. And then more", 14, ["It is so. ", "And then more"]),
            ("今天天气很好。我们去公园吧！好吗", 10, ["今天天气很好。", "我们去公园吧！好吗"]),
            ("他说：“好。”然后走了", 8, ["他说：“好。”", "然后走了"]),
            ("alpha beta gamma", 12, ["alpha beta ", "gamma"]),
            ("看看https://x.example/abcdef", 12, ["看看https://x.", "example/abcd", "ef"]),
            ("Pi is 3.14159 more", 11, ["Pi is ", "3.14159 ", "more"]),
        ],
    )
    def test_prefers_the_places_where_people_pause(self, text: str, limit: int, expected: list[str]) -> None:
        assert texts(fitted([Text(text=text)], limited(limit))) == expected

    def test_counts_in_the_platforms_unit(self) -> None:
        assert [len(t) for t in texts(fitted([Text(text="😀" * 5)], limited(4, "utf16")))] == [2, 2, 1]
        assert [len(t) for t in texts(fitted([Text(text="中" * 5)], limited(6, "bytes")))] == [2, 2, 1]
        assert [len(t) for t in texts(fitted([Text(text="😀" * 5)], limited(4)))] == [4, 1]

    def test_a_cluster_longer_than_the_limit_is_the_only_thing_cut(self) -> None:
        assert texts(fitted([Text(text="ab" + "e" + "\u0301" * 9)], limited(6))) == ["ab", "e" + "\u0301" * 5, "\u0301" * 4]

    def test_lone_surrogates_do_not_break_it(self) -> None:
        assert "".join(texts(fitted([Text(text="\ud800" * 9)], limited(7, "bytes")))) == "\ud800" * 9

    def test_long_text_takes_linear_work(self) -> None:
        calls = fitted([Text(text="字。" * 100_000)], limited(2048, "bytes"))
        assert len(calls) == -(-600_000 // 2046)

    def test_white_pieces_and_empty_texts_make_no_call(self) -> None:
        assert fitted([Text(text=""), Text(text=" \n ")]) == []
        assert texts(fitted([Text(text="a" + " " * 20 + "b")], limited(5))) == ["a    ", " b"]
