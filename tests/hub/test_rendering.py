"""What `fit` promises: every piece within the limit, no character cut or lost, nothing dropped, no empty call."""

from __future__ import annotations

import re
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import (
    PART_KINDS,
    Card,
    Choice,
    Choices,
    Contact,
    Event,
    FileId,
    Form,
    FormField,
    Location,
    Media,
    Option,
    Part,
    Span,
    Text,
    Unsupported,
)
from hub.ports import Capabilities
from hub.rendering import fit, plain, preview
from hub.splitting import Unit, cuts, measure

TEXT_ONLY = Capabilities()
RICH = Capabilities(
    parts=frozenset(PART_KINDS),
    media=frozenset({"image", "voice", "audio", "video", "file", "sticker"}),
    caption_limit=1024,
    options_limit=3,
)
CLUSTERS = [
    "👨‍👩‍👧‍👦", "🇨🇳", "🇺🇸", "각", "क्ष", "र्क्षि", "é", "ก็", "❤️‍🔥", "1️⃣", "👍🏽", "\r\n", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ẹ̀",
    "𠮷", "a", "中", "。", " ", "\n", "\n\n",
    ". ", "word ", "？”", "，",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(CLUSTERS), max_size=120).map("".join),
    st.text(max_size=200),
    st.text(alphabet="ab 。\n.́‍🇨👩", max_size=200),
)
UNITS = st.sampled_from(["chars", "utf16", "bytes"])


def link(file: FileId) -> str:
    return f"https://hub.example/files/{file}?sig=x"


def fitted(parts: list[Part], capabilities: Capabilities = TEXT_ONLY) -> list[tuple[Part, ...]]:
    return fit(parts, capabilities, link)


def texts(calls: list[tuple[Part, ...]]) -> list[str]:
    return [part.text for call in calls for part in call if isinstance(part, Text)]


def boundaries(text: str) -> set[int]:
    return {match.end() for match in regex.finditer(r"\X", text)} | {0}


def limited(limit: int, unit: Unit = "chars", **more: Any) -> Capabilities:
    return Capabilities(text_limit=limit, text_unit=unit, **more)


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


class TestMedia:
    def test_with_a_following_text_is_one_call(self) -> None:
        picture = Media(kind="image", file=FileId("f"))
        assert fitted([picture, Text(text="look"), Text(text="more")], RICH) == [
            (picture, Text(text="look")),
            (Text(text="more"),),
        ]
        assert fitted([Text(text="look"), picture], RICH) == [(Text(text="look"),), (picture,)]

    def test_a_text_too_long_for_a_caption_goes_alone(self) -> None:
        picture = Media(kind="image", file=FileId("f"))
        assert fitted([picture, Text(text="x" * 1025)], RICH) == [(picture,), (Text(text="x" * 1025),)]

    def test_a_sticker_carries_no_words(self) -> None:
        assert len(fitted([Media(kind="sticker", file=FileId("f")), Text(text="hi")], RICH)) == 2

    def test_too_big_becomes_a_link_with_name_and_size(self) -> None:
        can = Capabilities(parts=RICH.parts, media=RICH.media, media_limit=1000)
        [said] = texts(fitted([Media(kind="file", file=FileId("f1"), name="plan.pdf", size=2_500_000)], can))
        assert said == "[File: plan.pdf, 2.5 MB]\nhttps://hub.example/files/f1?sig=x"

    def test_an_unsupported_kind_leaves_as_the_nearest_or_as_a_link(self) -> None:
        can = Capabilities(parts=frozenset({"text", "media"}), media=frozenset({"image", "file"}))
        kinds = [call[0].kind for kind in ("sticker", "voice", "video") for call in fitted([_media(kind)], can)]  # type: ignore[union-attr]
        assert kinds == ["image", "file", "file"]
        assert texts(fitted([_media("voice")]))[0].startswith("[Voice message: 0:09]\nhttps://")

    def test_without_a_file_it_is_still_named(self) -> None:
        assert texts(fitted([Media(kind="video", remote="x")])) == ["[Video]"]


def _media(kind: Any) -> Media:
    return Media(kind=kind, file=FileId("f"), seconds=9)


class TestRichParts:
    def test_choices_beyond_the_limit_become_numbers(self) -> None:
        options = tuple(Option(id=x, text=x.upper()) for x in "abcd")
        assert texts(fitted([Choices(text="Which?", options=options)], RICH)) == ["Which?\n1. A\n2. B\n3. C\n4. D"]
        few = Choices(text="Which?", options=options[:3])
        assert fitted([few], RICH) == [(few,)]

    def test_a_long_question_keeps_its_buttons_on_the_last_piece(self) -> None:
        can = Capabilities(parts=RICH.parts, options_limit=2, text_limit=10)
        calls = fitted([Choices(text="One two three four", options=(Option(id="a", text="A"),))], can)
        assert texts(calls[:-1]) == ["One two "]
        assert isinstance(calls[-1][0], Choices)
        assert calls[-1][0].text == "three four"

    def test_a_question_without_words_gets_some(self) -> None:
        [[question]] = fit([Choices(text="", options=(Option(id="a", text="A"),))], RICH, link, "zh")
        assert isinstance(question, Choices)
        assert question.text == "请选择："

    def test_a_card_comes_apart(self) -> None:
        card = Card(
            title="Tea", text="Green", url="https://s.example", image=_media("image"), options=(Option(id="b", text="Buy"),)
        )
        assert fitted([card], RICH) == [(card,)]
        buttons = Capabilities(
            parts=frozenset({"text", "media", "choices"}), media=frozenset({"image"}), options_limit=1, caption_limit=9
        )
        picture, question = fitted([card], buttons)
        assert picture == (card.image,)
        assert question == (Choices(text="Tea\nGreen\nhttps://s.example", options=card.options),)
        assert texts(fitted([card])) == [
            "[Picture: 0:09]\nhttps://hub.example/files/f?sig=x\nTea\nGreen\nhttps://s.example\n1. Buy"
        ]

    @pytest.mark.parametrize(
        ("part", "en", "zh"),
        [
            (
                Location(latitude=31.2304, longitude=121.4737, title="People's Square"),
                "Location: People's Square\n31.230400, 121.473700\nhttps://www.openstreetmap.org/?mlat=31.230400&mlon=121.473700",
                "位置：People's Square\n31.230400, 121.473700\nhttps://www.openstreetmap.org/?mlat=31.230400&mlon=121.473700",
            ),
            (Contact(name="Li Wei", phone="+86 10 1234"), "Contact: Li Wei, +86 10 1234", "名片：Li Wei，+86 10 1234"),
            (Choice(id="yes", text="Yes, please"), "Yes, please", "Yes, please"),
            (Choice(id="yes"), "Chose: yes", "选择了：yes"),
            (Event(kind="followed"), "[started following]", "[关注了]"),
            (Event(kind="scanned", data="shop-7"), "[scanned a code: shop-7]", "[扫描了二维码：shop-7]"),
            (
                Unsupported(kind="poll", text="Q?"),
                "[poll: This kind can't be shown here]\nQ?",
                "[poll：暂不支持显示此类内容]\nQ?",
            ),
            (
                Form(title="You", fields=(FormField(name="n", label="Name", required=True), FormField(name="m", label="Mail"))),
                "You\n1. Name (required)\n2. Mail",
                "You\n1. Name （必填）\n2. Mail",
            ),
            (
                Form(
                    fields=(
                        FormField(name="c", label="Colour", value="r", options=(Option(id="r", text="Red"),)),
                        FormField(name="n", label="N"),
                    ),
                    submitted=True,
                ),
                "Form\nColour: Red\nN: –",
                "表单\nColour：Red\nN：–",
            ),
        ],
    )
    def test_become_readable_text(self, part: Part, en: str, zh: str) -> None:
        assert texts(fitted([part])) == [en] == [plain([part])]
        assert texts(fit([part], TEXT_ONLY, link, "zh-CN")) == [zh] == [plain([part], "zh-CN")]
        assert fitted([part], RICH) == [(part,)]


PARTS = st.one_of(
    st.builds(Text, text=TEXTS),
    st.builds(
        Media,
        kind=st.sampled_from(["image", "voice", "audio", "video", "file", "sticker"]),
        file=st.none() | st.just(FileId("f")),
        name=st.text(max_size=9),
        size=st.none() | st.integers(0, 10**9),
        alt=st.text(max_size=9),
    ),
    st.builds(Contact, name=st.text(max_size=9)),
    st.builds(Choice, id=st.text(max_size=9), text=st.text(max_size=9)),
    st.builds(Location, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180)),
    st.builds(
        Choices,
        text=TEXTS,
        options=st.lists(st.builds(Option, id=st.text(max_size=3), text=st.text(max_size=9)), max_size=5).map(tuple),
    ),
    st.builds(
        Card,
        title=TEXTS,
        image=st.none() | st.just(_media("image")),
        options=st.lists(st.builds(Option, id=st.just("o"), text=st.text(max_size=9)), max_size=5).map(tuple),
    ),
    st.builds(Event, kind=st.sampled_from(["followed", "deleted"])),
    st.builds(Unsupported, kind=st.text(max_size=9)),
)
ABILITIES = st.builds(
    Capabilities,
    parts=st.frozensets(st.sampled_from(PART_KINDS)).map(lambda kinds: kinds | {"text"}),
    media=st.frozensets(st.sampled_from(["image", "voice", "file"])),
    text_limit=st.integers(4, 80),
    text_unit=UNITS,
    caption_limit=st.sampled_from([0, 3, 40]),
    media_limit=st.just(1_000_000),
    options_limit=st.integers(0, 4),
)


class TestEverything:
    @given(st.lists(PARTS, max_size=6), ABILITIES)
    @settings(max_examples=500)
    def test_every_call_is_something_that_the_platform_takes(self, parts: list[Part], can: Capabilities) -> None:
        calls = fitted(parts, can)
        for call in calls:
            assert call
            assert len(call) == 1 or (len(call) == 2 and isinstance(call[0], Media) and isinstance(call[1], Text))
            for part in call:
                assert part.type in can.parts
                if isinstance(part, Text):
                    assert part.text.strip()
                    assert measure(part.text, can.text_unit) <= (can.text_limit if len(call) == 1 else can.caption_limit)
                elif isinstance(part, Media):
                    assert part.kind in can.media
                    assert (part.size or 0) <= can.media_limit
                elif isinstance(part, Choices):
                    assert 0 < len(part.options) <= can.options_limit
                    assert 0 < measure(part.text, can.text_unit) <= can.text_limit
        assert fitted([part for call in calls for part in call], can) == calls

    @given(PARTS, ABILITIES)
    @settings(max_examples=300)
    def test_nothing_with_something_to_see_disappears(self, part: Part, can: Capabilities) -> None:
        said = plain([part])
        calls = fitted([part], can)
        assert bool(calls) == bool(said) or part.type in can.parts
        if all(isinstance(p, Text) for call in calls for p in call):
            seen = "".join(texts(calls))
            assert set(re.sub(r"\s", "", said)) <= set(re.sub(r"\s", "", seen))


def test_preview_is_one_line_and_cuts_between_characters() -> None:
    assert preview([Text(text="a\n b"), _media("image")]) == "a b [Picture: 0:09]"
    assert preview([Text(text="ab👨‍👩‍👧‍👦c")], limit=6) == "ab…"
    assert preview([Text(text="x" * 500)]) == "x" * 119 + "…"
