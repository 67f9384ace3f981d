"""Makes what was said fit a platform: what it can't carry becomes readable text, what is too long becomes several calls.

Nothing is dropped silently, and no call is ever empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.model import Card, Choices, Media, Part, Text
from hub.ports import Capabilities
from hub.splitting import measure, split, visible
from hub.wording import Link, plain, preview, say, words

__all__ = ["fit", "plain", "preview"]

STAND_INS = {
    "sticker": ("sticker", "image", "file"),
    "voice": ("voice", "audio", "file"),
    "image": ("image", "file"),
    "audio": ("audio", "file"),
    "video": ("video", "file"),
    "file": ("file",),
}
"""As what a media may leave, best first."""


def fit(parts: Sequence[Part], capabilities: Capabilities, link: Link, locale: str = "en") -> list[tuple[Part, ...]]:
    """The platform calls that carry `parts`, in order. `link` gives the signed address of a file that can't travel itself;
    `locale` is the language of the words that stand in for what can't be shown."""
    fitter = _Fitter(capabilities, link, locale)
    calls: list[tuple[Part, ...]] = []
    for part in parts:
        for piece in fitter.pieces(part):
            if calls and (fitter.is_caption(calls[-1], piece) or fitter.is_of_album(calls[-1], piece)):
                calls[-1] = (*calls[-1], piece)
            else:
                calls.append((piece,))
    return calls


def linked(parts: Sequence[Part], capabilities: Capabilities) -> list[str]:
    """The names of the files among `parts` of which `fit` makes a link."""
    fitter = _Fitter(capabilities, str, "en")
    return [part.name for part in parts if isinstance(part, Media) and part.file and not fitter._carried(part)]


@dataclass(frozen=True, slots=True)
class _Fitter:
    can: Capabilities
    link: Link
    locale: str

    def pieces(self, part: Part) -> Iterator[Part]:
        """What becomes of one part, each piece small enough for a call of its own."""
        match part:
            case Text():
                yield from self._split(part)
            case Media():
                carried = self._carried(part)
                yield from [carried] if carried else self._said(part)
            case Choices():
                yield from self._choices(part)
            case Card():
                yield from self._card(part)
            case _:
                yield from [part] if part.type in self.can.parts else self._said(part)

    def is_caption(self, call: tuple[Part, ...], piece: Part) -> bool:
        """Whether a text may travel with the media before it; a sticker never carries words."""
        if not self.can.caption_limit or not isinstance(piece, Text):
            return False
        fits = self._length(piece.text) <= self.can.caption_limit
        return fits and all(isinstance(media, Media) and media.kind != "sticker" for media in call)

    def is_of_album(self, call: tuple[Part, ...], piece: Part) -> bool:
        """Whether a file may travel with the files before it."""
        kinds = {part.kind for part in (*call, piece) if isinstance(part, Media)}
        whole = len(call) < self.can.album and all(isinstance(part, Media) for part in (*call, piece))
        return whole and any(kinds <= together for together in self.can.albums)

    def _length(self, text: str) -> int:
        return measure(text, self.can.text_unit)

    def _split(self, part: Text) -> list[Text]:
        return split(part, self.can.text_limit, self.can.text_unit)

    def _said(self, part: Part) -> list[Text]:
        return self._split(Text(text=say(part, self.locale, self.link)))

    def _carried(self, part: Media) -> Media | None:
        """The media as it can leave, None when it can't."""
        if "media" not in self.can.parts or (part.size or 0) > self.can.media_limit:
            return None
        kind = next((kind for kind in STAND_INS[part.kind] if kind in self.can.media), None)
        if kind is None or kind == part.kind:
            return part if kind else None
        return part.model_copy(update={"kind": kind})

    def _choices(self, part: Choices) -> Iterator[Part]:
        if "choices" not in self.can.parts or not 0 < len(part.options) <= self.can.options_limit:
            yield from self._said(part)
            return
        *before, last = self._split(Text(text=part.text if visible(part.text) else words(self.locale)["choose"]))
        yield from before
        yield part if last.text == part.text else part.model_copy(update={"text": last.text})

    def _card(self, part: Card) -> Iterator[Part]:
        """A card as it is; else its picture, and the rest as text or as a text with buttons."""
        pieces = [part.title, part.text, part.url]
        image = self._carried(part.image) if part.image else None
        short = self._length("\n".join(pieces)) <= self.can.text_limit
        if "card" in self.can.parts and short and image == part.image and len(part.options) <= self.can.options_limit:
            yield part
            return
        if image is not None:
            yield image
        elif part.image is not None:
            pieces.insert(0, say(part.image, self.locale, self.link))
        yield from self._choices(Choices(text="\n".join(filter(visible, pieces)), options=part.options))
