"""Keeps from a translating service what it must not see or change, and puts it back: addresses, numbers, personal data, terms.

Each such piece leaves as a mark, ⟦0⟧, ⟦1⟧ and so on. A service that loses or doubles a mark is asked for the pieces between them
instead, so that what was kept comes back whatever the service does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from hub.masking import find
from hub.tongues import tongue, worded

_KEPT = regex.compile(
    r"(?:https?://|www\.)[^\s<>\"'“”‘’（）()【】《》，。；！？、]+"  # links, before whatever Chinese stands around them
    r"|[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail addresses
    r"|[A-Z]{1,8}[-_#]?\d[A-Za-z0-9_-]*"  # codes: AB-1234, SF1029
    r"|\p{Nd}+(?:[.,:/-]\p{Nd}+)*"  # numbers, dates, prices, times
    r"|[⟦⟧]+",  # what our own marks are made of
    regex.ASCII,
)
_MARK = regex.compile(r"⟦\s{0,3}(\d{1,5})\s{0,3}⟧")
_FOREIGN = regex.compile(r"[⟦⟧]")


@dataclass(frozen=True, slots=True)
class Sheltered:
    """A text for a service: `pieces` are what may be translated, `kept[n]` what follows `pieces[n]` and comes back unchanged."""

    pieces: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def marked(self) -> str:
        """The text as it leaves, a mark in the place of each kept piece."""
        return "".join(f"{piece}⟦{n}⟧" for n, piece in enumerate(self.pieces[:-1])) + self.pieces[-1]

    @property
    def worded(self) -> bool:
        """Whether there is anything to translate."""
        return any(worded(piece) for piece in self.pieces)

    def restored(self, translated: str) -> str | None:
        """The translation with everything put back; None when a mark is missing, doubled or foreign."""
        found = [int(mark[1]) for mark in _MARK.finditer(translated)]
        if sorted(found) != list(range(len(self.kept))):
            return None
        if _FOREIGN.search(_MARK.sub("", translated)):
            return None
        return str(_MARK.sub(lambda mark: self.kept[int(mark[1])], translated))

    def joined(self, translated: Sequence[str]) -> str:
        """Of pieces that were translated one by one. A piece without words stays as it was, and so do the blanks at edges."""
        made = [_like(piece, said) for piece, said in zip(self.pieces, translated, strict=True)]
        return "".join(f"{piece}{kept}" for piece, kept in zip(made, (*self.kept, ""), strict=True))


def _like(piece: str, said: str) -> str:
    if not worded(piece):
        return piece
    core = _FOREIGN.sub("", said).strip()
    return f"{piece[: len(piece) - len(piece.lstrip())]}{core}{piece[len(piece.rstrip()) :]}"


class Glossary:
    """Terms with a fixed word in each language. `terms` are mappings language → word; `*` is every language that is not named."""

    def __init__(self, terms: Sequence[Mapping[str, str]] = ()) -> None:
        self._by_word: dict[str, Mapping[str, str]] = {}
        for term in terms:
            for word in term.values():
                self._by_word.setdefault(word.casefold(), term)
        words = sorted(self._by_word, key=len, reverse=True)
        self._pattern = regex.compile("|".join(map(_alone, words)), regex.IGNORECASE) if words else None

    def finds(self, text: str, language: str) -> list[tuple[int, int, str]]:
        """(start, end, the word of `language`) of each term in a text."""
        if self._pattern is None:
            return []
        found = []
        for match in self._pattern.finditer(text):
            word = self._word(match[0], language)
            if word is not None:
                found.append((match.start(), match.end(), word))
        return found

    def _word(self, written: str, language: str) -> str | None:
        term = self._by_word.get(written.casefold())
        if term is None:
            return None
        own = {tongue(key) if key != "*" else "*": word for key, word in term.items()}
        wanted = tongue(language)
        return own.get(wanted) or own.get(wanted.split("-")[0]) or own.get("*")


def _alone(word: str) -> str:
    """A word of a script with blanks stands alone; Chinese matches anywhere."""
    left = r"(?<![A-Za-z0-9])" if word[:1].isascii() and word[:1].isalnum() else ""
    right = r"(?![A-Za-z0-9])" if word[-1:].isascii() and word[-1:].isalnum() else ""
    return f"{left}{regex.escape(word)}{right}"


def shelter(text: str, language: str, glossary: Glossary) -> Sheltered:
    """What of a text goes to the service when it is translated into `language`, and what stays here."""
    found = [(match.start(), _end(match), "") for match in _KEPT.finditer(text)]
    personal = [(one.start, one.end, "") for one in find(text)]
    taken = bytearray(len(text))
    chosen: list[tuple[int, int, str]] = []
    for start, end, word in (*personal, *_links_first(found, text), *glossary.finds(text, language)):
        if start < end and not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            chosen.append((start, end, word or text[start:end]))
    pieces, kept, at = [], [], 0
    for start, end, word in sorted(chosen):
        pieces.append(text[at:start])
        kept.append(word)
        at = end
    return Sheltered((*pieces, text[at:]), tuple(kept))


def _links_first(found: Sequence[tuple[int, int, str]], text: str) -> list[tuple[int, int, str]]:
    return sorted(found, key=lambda one: (not text[one[0] : one[1]].startswith(("http", "www")), one[0]))


def _end(match: regex.Match[str]) -> int:
    """Where a kept piece ends: the full stop of a sentence is none of a link's."""
    said = match[0]
    return int(match.start()) + len(said.rstrip(".,;:!?")) if said.startswith(("http", "www")) else int(match.end())
