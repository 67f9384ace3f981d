"""Characters that no store takes."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.text import clean, clean_tree, loads, single

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


TREE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(TREE, st.booleans())
def test_a_body_in_which_every_name_stands_once_is_taken(tree: object, ascii_only: bool) -> None:
    body = json.dumps(tree, ensure_ascii=ascii_only).encode(errors="replace")
    assert single(body, json.loads(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a" :1,"a": 2}',
        b'{"b":{"a":1,"a":1}}',
        b'[{"a":"x:y"},{"a":1,"a":":"}]',
        b'{"a":"\\u003a","a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"t":"\\u003A\\u003A","a":1,"a":2,"c":3}',
    ],
)
def test_the_same_name_twice_in_one_object_is_seen(body: bytes) -> None:
    assert not single(body, orjson.loads(body))
    with pytest.raises(ValueError, match="twice"):
        loads(body.decode())
