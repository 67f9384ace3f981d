"""What `fit` makes of files, buttons, cards and whatever else: no part is lost, and each leaves as the channel takes it."""

from __future__ import annotations

import re

import pytest
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
    Text,
    Unsupported,
)
from hub.ports import Capabilities
from hub.rendering import fit, plain, preview
from hub.splitting import measure
from tests.hub.fitting import RICH, TEXT_ONLY, TEXTS, UNITS, fitted, link, media_of, texts


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
        kinds = [call[0].kind for kind in ("sticker", "voice", "video") for call in fitted([media_of(kind)], can)]  # type: ignore[union-attr]
        assert kinds == ["image", "file", "file"]
        assert texts(fitted([media_of("voice")]))[0].startswith("[Voice message: 0:09]\nhttps://")

    def test_without_a_file_it_is_still_named(self) -> None:
        assert texts(fitted([Media(kind="video", remote="x")])) == ["[Video]"]


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
            title="Tea", text="Green", url="https://s.example", image=media_of("image"), options=(Option(id="b", text="Buy"),)
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
        image=st.none() | st.just(media_of("image")),
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
    assert preview([Text(text="a\n b"), media_of("image")]) == "a b [Picture: 0:09]"
    assert preview([Text(text="ab👨‍👩‍👧‍👦c")], limit=6) == "ab…"
    assert preview([Text(text="x" * 500)]) == "x" * 119 + "…"
