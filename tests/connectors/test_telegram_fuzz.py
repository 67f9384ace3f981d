"""Telegram's formatting there and back, over every kind of text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.telegram.calls import entities
from connectors.telegram.parts import parts_of
from hub.model import Span, Text

KINDS = st.sampled_from(["bold", "italic", "underline", "strike", "code", "pre", "quote", "spoiler", "link"])
TEXTS = st.text(st.sampled_from("a é你😀👩‍🚀\n𝒳"), min_size=1, max_size=30)


@st.composite
def formatted(draw: st.DrawFn) -> Text:
    """A text with spans that nest and overlap as they like."""
    text = draw(TEXTS)
    spans = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        kind = draw(KINDS)
        address = "https://a.example" if kind == "link" else ""
        spans.append(Span.model_validate({"kind": kind, "start": start, "end": end, "url": address}))
    return Text(text=text, spans=tuple(spans))


@given(formatted())
@settings(max_examples=300, deadline=None)
def test_formatting_survives_the_way_there_and_back(text: Text) -> None:
    sent = [entity.to_dict() for entity in entities(text) or ()]
    units = text.text.encode("utf-16-le")
    for entity, span in zip(sent, text.spans, strict=True):
        cut = units[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2]
        assert cut.decode("utf-16-le") == text.text[span.start : span.end]
    assert list(parts_of({"text": text.text, "entities": sent})) == [text]


@given(TEXTS, st.integers(-3, 70), st.integers(-3, 70))
@settings(max_examples=300, deadline=None)
def test_offsets_that_cut_a_character_are_left_out(text: str, offset: int, length: int) -> None:
    (part,) = parts_of({"text": text, "entities": [{"type": "bold", "offset": offset, "length": length}]})
    assert isinstance(part, Text)
    for span in part.spans:
        assert text[span.start : span.end].encode("utf-16-le") == text.encode("utf-16-le")[offset * 2 : (offset + length) * 2]
