"""Hides personal data and secrets in texts that leave the store: logs, notices, error reports.

Every kind is found by its form and, where it has one, by its checksum; what merely looks like it (an order number, a version, a
date) stays. Masking never lengthens a text, is the same when done twice, and takes time in proportion to the text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from hub.identifiers import bank_card, calling_code, iban_length, is_ipv4, is_ipv6, luhn, mod97, resident_id

SECRET = "[secret]"  # noqa: S105
ROUNDS = 4
"""Masking one thing may bring another to light, so it goes on until nothing changes, but never for longer than this."""


class Finding(NamedTuple):
    """Characters `start` to `end` of a text, and what is shown instead."""

    kind: str
    start: int
    end: int
    shown: str


_WIDE = re.compile("[\uff01-\uff5e\u3000]")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
# Between digits of an ASCII word or after "AB-", a number is a piece of something else.
_LEFT = r"(?<![0-9A-Za-z*])(?<![0-9A-Za-z][-_.#])"
_RIGHT = r"(?![0-9A-Za-z*])(?![-_.]\d)"


def mask(text: str) -> str:
    """The text with personal data and secrets hidden."""
    for _ in range(ROUNDS):
        found = find(text)
        if not found:
            return text
        pieces = []
        done = 0
        for finding in found:
            pieces += [text[done : finding.start], finding.shown]
            done = finding.end
        masked_text = "".join([*pieces, text[done:]])
        if masked_text == text:
            return text
        text = masked_text
    return text


def masked(value: Any) -> Any:
    """A log record or any other JSON-like value with every text in it masked; what is under a secret's name is hidden whole."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: SECRET if _is_secret(key) and entry else masked(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [masked(entry) for entry in value]
    return value


def _is_secret(key: object) -> bool:
    return isinstance(key, str) and _SECRET_KEY.search(key) is not None


def find(text: str) -> list[Finding]:
    """What would be masked, in order; of findings that overlap the surer kind wins."""
    folded = text.translate(_NARROW) if _WIDE.search(text) else text
    taken = bytearray(len(text))
    found = []
    for kind, detect in DETECTORS.items():
        for start, end, shown in detect(folded):
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\1" * (end - start)
                found.append(Finding(kind, start, end, shown if len(shown) <= end - start else "*" * (end - start)))
    return sorted(found, key=lambda finding: finding.start)


Found = Iterator[tuple[int, int, str]]

_TOKEN = re.compile(
    r"(?<![\w-])(?:"
    r"xox[abeoprs]-[\w-]{6,300}|xapp-[\w-]{6,300}|(?:sk|rk|pk)[-_](?:[\w-]{16,300})|gh[opsur]_\w{20,300}|github_pat_\w{20,300}"
    r"|glpat-[\w-]{16,100}|AKIA[0-9A-Z]{16}|LTAI[0-9A-Za-z]{12,30}|AIza[\w-]{30,100}|whsec_[\w+/=-]{10,200}"
    r"|eyJ[\w-]{5,3000}\.[\w-]{4,6000}\.[\w-]{0,2000}"
    r")",
    re.ASCII,
)
_BOT_TOKEN = re.compile(r"(?<![\d:])\d{6,12}:AA[\w-]{28,60}", re.ASCII)
_BEGIN_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}KEY-----")
_END_KEY = re.compile(r"-----END [A-Z0-9 ]{0,40}KEY-----")
_URL_LOGIN = re.compile(r"://([^\s/@:]{0,64}:[^\s/@]{1,128})@")
_NAMES = (
    r"(?=[pstac密口令])(?:(?<![A-Za-z])(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|client[_-]?secret|authorization)|密码|口令|密钥|令牌)"
)
_SECRET_KEY = re.compile(
    r"password|passwd|pwd|secret|token|api_?key|access_?key|private_?key|authorization|cookie", re.IGNORECASE
)
_ASSIGNED = re.compile(
    rf"{_NAMES}[\"'`]?\s{{0,3}}[:=]\s{{0,3}}[\"'`]?(?:(?:Bearer|Basic|Token|Bot)\s)?[!#-&(-+\--:<-_a-~]{{4,300}}",
    re.IGNORECASE,
)
_TOLD = re.compile(
    rf"{_NAMES}\s{{0,3}}(?:is|was|是|为)\s{{0,3}}[\"'`]?(?=[!-~]{{0,40}}[0-9!@#$%^&*_])[!#-&(-+\--:<-_a-~]{{4,300}}",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?<![A-Za-z])(?:Bearer|Basic) [\w.~+/=-]{12,3000}")
_CODE_NAMES = (  # the first look, at what these words begin with, is what most text is done with: 2 ms for 100 kB and not 28
    r"(?=[验校动短安vscloap2])(?>\botp\b|\bcvv2?\b|\bcvc2?\b|验证码|校验码|动态码|动态密码|短信码|安全码|验证密码"
    r"|verification code|security code|confirmation code|login code|sign-in code|one[- ]time (?:code|password|passcode)"
    r"|auth(?:entication)? code|passcode|2fa code)"
)
_GAP = r"[\s:=\"'“”「」【】\[\]()#-]{0,4}"
_CODE_AFTER = re.compile(
    rf"{_CODE_NAMES}{_GAP}(?:(?:is|was|是|为){_GAP})?(?:[A-Z]-)?(?<!\d)\d{{3,8}}(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_CODE_BEFORE = re.compile(
    r"(?<![\dA-Za-z.])(?:[A-Z]-)?\d{4,8}\s{0,2}(?:is (?:your|the)|是(?:您|你)?的?|为(?:您|你)?的?|[(\[【「])"
    rf"[^\d\n]{{0,20}}?{_CODE_NAMES}",
    re.IGNORECASE,
)


_SECRET_PATTERNS = (
    (("码", "code", "otp", "cv", "动态", "one"), (_CODE_AFTER, _CODE_BEFORE)),
    (("pass", "pwd", "secret", "token", "key", "auth", "密", "口令", "令牌"), (_ASSIGNED, _TOLD)),
    (("bearer", "basic"), (_BEARER,)),
    (("-", "_", "akia", "ltai", "aiza", "eyj"), (_TOKEN,)),
    ((":aa",), (_BOT_TOKEN,)),
)
"""Words without which a pattern can't match, and the patterns: most texts are done after a few searches for a word."""


def _secrets(text: str) -> Found:
    yield from _keys(text)
    for match in _URL_LOGIN.finditer(text):
        yield *match.span(1), SECRET
    lower = text.lower()
    for hints, patterns in _SECRET_PATTERNS:
        if any(hint in lower for hint in hints):
            for pattern in patterns:
                for match in pattern.finditer(text):
                    yield *match.span(), SECRET


def _keys(text: str) -> Found:
    """Private keys in PEM form, to their end line or, when cut off, to the end of the text."""
    begin = _BEGIN_KEY.search(text)
    while begin:
        end = _END_KEY.search(text, begin.end())
        yield begin.start(), end.end() if end else len(text), SECRET
        begin = _BEGIN_KEY.search(text, end.end()) if end else None


_DOMAIN = re.compile(r"@((?:[A-Za-z0-9-]{1,63}\.){1,6}([A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59}))(?![A-Za-z0-9-])")
_LOCAL = string.ascii_letters + string.digits + "_.!#$%+^~-"
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "js", "css", "ts", "json", "html", "md", "txt", "service"})


def _emails(text: str) -> Found:
    for match in _DOMAIN.finditer(text):
        at = match.start()
        before = text[max(0, at - 64) : at]
        name = before[len(before.rstrip(_LOCAL)) :].lstrip(".")
        if not name or name == "git" or match[2].lower() in _FILES:
            continue
        keep = name[0] if len(name) > 1 else ""
        yield at - len(name), match.end(), f"{keep}{'*' * min(3, len(name) - len(keep))}@{match[1]}"


_IBAN = re.compile(_LEFT + r"([A-Z]{2}\d{2})(?=([A-Z0-9 ]{11,60}))")


def _ibans(text: str) -> Found:
    for match in _IBAN.finditer(text):
        wanted = iban_length(match[1][:2])
        letters = (match[1] + match[2].split("  ", 1)[0].replace(" ", ""))[:wanted]
        if not wanted or len(letters) < wanted or not mod97(letters):
            continue
        end = match.end()
        for letter in letters[4:]:
            end = text.index(letter, end) + 1
        if not text[end : end + 1].isalnum() or not text[end].isascii():
            yield match.start(), end, f"{letters[:4]}{'*' * (wanted - 8)}{letters[-4:]}"


_RESIDENT = re.compile(_LEFT + r"(\d{6}) ?(\d{8}) ?(\d{3}[\dXx])" + _RIGHT)


def _residents(text: str) -> Found:
    for match in _RESIDENT.finditer(text):
        digits = "".join(match.groups())
        if resident_id(digits):
            yield *match.span(), f"{digits[:6]}********{digits[-4:]}"


_CARD = re.compile(
    _LEFT
    + r"(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{6}[ -]?\d{10,13}|\d{4}(?:[ -]\d{4}){3})"
    + _RIGHT
)
_CARD_16 = re.compile(_LEFT + r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?!\d)")


def _cards(text: str) -> Found:
    for pattern in (_CARD, _CARD_16):
        for match in pattern.finditer(text):
            digits = match[0].replace(" ", "").replace("-", "")
            if bank_card(digits) and luhn(digits):
                yield *match.span(), f"{digits[:4]}{'*' * (len(digits) - 8)}{digits[-4:]}"


_MOBILE = re.compile(_LEFT + r"(?:(?:\+|00)?86[ -]?)?(1[3-9]\d)[ .-]?(\d{4})[ .-]?(\d{4})" + _RIGHT)
_PLUS = re.compile(r"(?<![0-9A-Za-z+*])\+ ?\d[\d ().\-/]{5,24}\d(?![\d*])")
_NATIONAL = re.compile(
    _LEFT + r"(?:\(0\d{2,3}\) ?[2-8]\d{6,7}|0\d{2,3}-[2-8]\d{2,3}[ -]?\d{4}"
    r"|\([2-9]\d{2}\) ?[2-9]\d{2}[-. ]\d{4}|(?![48]00)[2-9]\d{2}-[2-9]\d{2}-\d{4})" + _RIGHT
)


def _phones(text: str) -> Found:
    for match in _MOBILE.finditer(text):
        yield *match.span(), f"{match[1]}****{match[3]}"
    for match in _PLUS.finditer(text):
        end, digits = _phone_end(match[0])
        code = calling_code(digits)
        if code and 8 <= len(digits) <= 15 and (code != "1" or len(digits) == 11):
            stars = "*" * min(6, end - len(code) - 3)
            yield match.start(), match.start() + end, f"+{code}{stars}{digits[-2:]}"
    for match in _NATIONAL.finditer(text):
        hidden = re.sub(r"\d", "*", match[0][:-2])
        yield *match.span(), hidden + match[0][-2:]


def _phone_end(candidate: str) -> tuple[int, str]:
    """The candidate's length without groups beyond the 15 digits that a number may have, and its digits."""
    while sum(map(str.isdigit, candidate)) > 15:
        shorter = candidate.rstrip("0123456789").rstrip(" ().-/")
        if not shorter or shorter == candidate:
            break
        candidate = shorter
    return len(candidate), "".join(filter(str.isdigit, candidate.replace("(0)", "")))


_IPV4 = re.compile(r"(?<![\w.*])(?<![A-Za-z]/)((?:\d{1,3}\.){3})\d{1,3}(?![\w*]|\.\d)", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.*])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,40}(?![\w:*]|\.\w)", re.ASCII)
_NOT_AN_IP = re.compile(
    r"(?=[vbrsc版第§])(?:\bv|\bver|version|build|release|section|chapter|版本号?|第|§)[ :.]{0,2}\Z", re.IGNORECASE
)


def _addresses(text: str) -> Found:
    for match in _IPV4.finditer(text):
        if is_ipv4(match[0]) and not _NOT_AN_IP.search(text[max(0, match.start() - 12) : match.start()]):
            yield *match.span(), f"{match[1]}*"
    for match in _IPV6.finditer(text):
        if is_ipv6(match[0]):
            first = match[0].split("::")[0].split(":")[:2]
            yield *match.span(), f"{':'.join(first)}::*"


_PASSPORT = re.compile(
    r"(?:passport|护照|通行证)[^\n]{0,24}?(?<![0-9A-Za-z])([A-Z]{1,2}\d{7,8}|\d{9})(?![0-9A-Za-z])", re.IGNORECASE
)
_SSN = re.compile(r"(?:\bssn\b|social security|社会安全号)[^\n\d]{0,24}+(?<!-)(\d{3}-\d{2}-)(\d{4})(?![\d-])", re.IGNORECASE)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·•]?(?=[A-Z]{0,5}\d)"
    r"([A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳])(?![0-9A-Za-z*])"
)


def _papers(text: str) -> Found:
    for match in _PASSPORT.finditer(text):
        number = match[1]
        yield *match.span(1), f"{number[0]}{'*' * (len(number) - 4)}{number[-3:]}"
    for match in _SSN.finditer(text):
        yield match.start(1), match.end(2), f"***-**-{match[2]}"
    for match in _PLATE.finditer(text):
        number = match[1]
        yield *match.span(), text[match.start() : match.start(1)] + "*" * (len(number) - 2) + number[-2:]


DETECTORS: dict[str, Callable[[str], Found]] = {
    "secret": _secrets,
    "email": _emails,
    "resident": _residents,
    "iban": _ibans,
    "card": _cards,
    "paper": _papers,
    "phone": _phones,
    "ip": _addresses,
}
"""The surest kinds first."""
