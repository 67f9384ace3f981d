"""Characters that no store takes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hub.text import clean, clean_tree

ANY = st.text(st.characters(exclude_categories=()))


def test_nul_and_lone_surrogates_are_seen() -> None:
    assert clean("a\0b\ud800c\udfff😀") == "a␀b�c�😀"


@given(ANY)
def test_whatever_comes_can_be_stored_and_keeps_its_length(text: str) -> None:
    made = clean(text)
    made.encode()
    assert "\0" not in made
    assert len(made) == len(text)
    assert clean(made) == made


def test_what_is_fine_stays_the_same_object() -> None:
    text = "hello 你好"
    assert clean(text) is text


def test_trees_are_cleaned_in_keys_and_values() -> None:
    dirty = json.loads('{"a\\u0000": ["\\ud83d", 1, null, {"b": "\\udc00", "c": true}], "d": 1.5}')
    assert clean_tree(dirty) == {"a␀": ["�", 1, None, {"b": "�", "c": True}], "d": 1.5}
