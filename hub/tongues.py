"""Languages as codes: which are the same, which scripts they are written in, and what people call them."""

from __future__ import annotations

import regex

TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
_SCRIPTS = {
    "zh": r"\p{Han}",
    "ja": r"\p{Han}|\p{Hiragana}|\p{Katakana}",
    "ko": r"\p{Hangul}",
    "th": r"\p{Thai}",
    "ar": r"\p{Arabic}",
    "fa": r"\p{Arabic}",
    "he": r"\p{Hebrew}",
    "el": r"\p{Greek}",
    "hi": r"\p{Devanagari}",
    "ru": r"\p{Cyrillic}",
    "uk": r"\p{Cyrillic}",
    "bg": r"\p{Cyrillic}",
}
_LETTER = regex.compile(r"\p{L}")
_IN = {name: regex.compile(script) for name, script in _SCRIPTS.items()}
_LATIN = regex.compile(r"\p{Latin}")
NAMES = {
    "en": {
        "zh": "Chinese", "zh-Hant": "Chinese (traditional)", "en": "English", "ja": "Japanese", "ko": "Korean", "de": "German",
        "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "ru": "Russian", "ar": "Arabic", "th": "Thai",
        "vi": "Vietnamese", "id": "Indonesian", "nl": "Dutch", "tr": "Turkish", "pl": "Polish",
    },
    "zh": {
        "zh": "中文", "zh-Hant": "繁体中文", "en": "英语", "ja": "日语", "ko": "韩语", "de": "德语", "fr": "法语",
        "es": "西班牙语", "pt": "葡萄牙语", "it": "意大利语", "ru": "俄语", "ar": "阿拉伯语", "th": "泰语",
        "vi": "越南语", "id": "印尼语", "nl": "荷兰语", "tr": "土耳其语", "pl": "波兰语",
    },
}  # fmt: skip
"""What people call languages; a code that is not here stands for itself."""


def tongue(locale: str) -> str:
    """The language of a locale: `zh` of zh-CN, `zh-Hant` of zh-TW, `en` of en_US; empty of nothing."""
    wanted = locale.strip().replace("_", "-").lower()
    if wanted.startswith(TRADITIONAL):
        return "zh-Hant"
    return wanted.split("-")[0][:16]


def same(one: str, other: str) -> bool:
    """Whether who reads one language reads the other. Both ways of writing Chinese count as one: services can't tell them apart
    in a short line."""
    return bool(one and other) and tongue(one).split("-")[0] == tongue(other).split("-")[0]


def worded(text: str) -> bool:
    """Whether there is anything in a text that could be said in another language."""
    return _LETTER.search(text) is not None


def could_be(text: str, language: str) -> bool:
    """Whether a text is written in a language's script: not whether it is that language. Latin letters may stand among others, as
    names do, and are told from them by their number."""
    base = tongue(language).split("-")[0]
    letters = len(_LETTER.findall(text))
    if not letters:
        return True
    own = len(_IN.get(base, _LATIN).findall(text))
    return own * 3 >= letters


def named(code: str, locale: str) -> str:
    """What people who read `locale` call a language."""
    words = NAMES["zh" if locale.lower().startswith("zh") else "en"]
    return words.get(tongue(code), code)
