"""Words that admins list, found in what customers write, in scripts with and without spaces between words.

Case, width and blanks do not matter (NFKC). A word of a script with spaces must stand alone ("art" is not in "start"); Chinese,
Japanese, Thai and their like match anywhere. `refund*` matches each word that begins so; `=人工` only when it is all there is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator

LOOKED_AT = 2000
"""Characters of a message in which words are looked for."""

_MARKS = " .,!?~。，！？～、"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u2e80-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def fold(text: str) -> str:
    """The text as words are compared: NFKC, without case and invisible characters, one blank between words."""
    looked_at = text[:LOOKED_AT]
    if not looked_at.isascii():
        looked_at = unicodedata.normalize("NFKC", _INVISIBLE.sub("", looked_at))
    return " ".join(looked_at.casefold().split())


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


def _as_words(value: object) -> object:
    if not isinstance(listed := _as_list(value), list | tuple):
        return listed
    words = [str(word) if isinstance(word, int | float) and not isinstance(word, bool) else word for word in listed]
    for word in words:
        if isinstance(word, str) and not fold(word.strip("=*")):
            raise ValueError("an empty word would match everything")
    return words


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
"""One name or a list of names."""
Words = Annotated[tuple[str, ...], BeforeValidator(_as_words, json_schema_input_type=str | list[str])]
"""One keyword or a list of keywords."""


class Keywords:
    """A list of words, made ready for many messages."""

    __slots__ = ("_anywhere", "_bounded", "_whole")

    def __init__(self, words: Iterable[str]) -> None:
        self._whole: set[str] = set()
        self._anywhere: list[str] = []
        self._bounded: list[tuple[str, re.Pattern[str]]] = []
        for word in words:
            self._add(word.strip())

    def _add(self, word: str) -> None:
        if word.startswith("="):
            self._whole.add(fold(word[1:]))
            return
        plain = fold(word.removesuffix("*"))
        left = "" if not _needs_edge(plain[0]) else r"(?:(?<=[^\w])|(?<=" + _UNSPACED.pattern + r")|^)"
        right = "" if word.endswith("*") or not _needs_edge(plain[-1]) else r"(?=[^\w]|" + _UNSPACED.pattern + r"|$)"
        if left or right:
            self._bounded.append((plain, re.compile(left + re.escape(plain) + right)))
        else:
            self._anywhere.append(plain)

    def __bool__(self) -> bool:
        return bool(self._whole or self._anywhere or self._bounded)

    def any_in(self, folded: str) -> bool:
        """Whether one of the words is in a text that `fold` made."""
        for word in self._anywhere:
            if word in folded:
                return True
        for word, pattern in self._bounded:
            if word in folded and pattern.search(folded):
                return True
        return bool(self._whole) and folded.strip(_MARKS) in self._whole

    def all_in(self, folded: str) -> bool:
        """Whether every one of the words is in a text that `fold` made."""
        for word in self._anywhere:
            if word not in folded:
                return False
        for word, pattern in self._bounded:
            if word not in folded or not pattern.search(folded):
                return False
        return not self._whole or self._whole == {folded.strip(_MARKS)}


def _needs_edge(character: str) -> bool:
    return (character.isalnum() or character == "_") and not _UNSPACED.match(character)
