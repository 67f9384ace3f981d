"""What strangers send: bodies that must be refused, bodies that may pass and must harm nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

JSON = {"content-type": "application/json"}
BIG = 3_000_000
"""Above every limit of a JSON body."""
DEEP = 100_000
BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]", 1)


@dataclass(frozen=True)
class Attack:
    """A body and the headers that it says of itself; `chunked` bodies don't say how long they are."""

    name: str
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    chunked: bool = False


NONSENSE = {
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"x":' * DEEP + b"1" + b"}" * DEEP,
    "too deep for us": b"[" * 60 + b"]" * 60,
    "a NUL byte": b'"a\0b"',
    "invalid UTF-8": b'"a\xffb"',
    "a surrogate in UTF-8": b'"a\xed\xa0\xbdb"',
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "9 999 digits": b"9" * 9999,
    "no value": b"",
    "a word": b"undefined",
}
"""Values that JSON does not have, or that nobody needs."""
STRANGE = {
    "30 digits": b"9" * 30,
    "-30 digits": b"-" + b"9" * 30,
    "400 digits": b"9" * 400,
    "1e999": b"1e999",
    "-0": b"-0",
    "2**64": b"18446744073709551616",
}
"""Values that JSON has and few programs expect."""


def spread(value: Any, planted: bytes) -> bytes:
    """A value's JSON with `"x": planted` in its innermost first object, and in the one around everything."""
    mark = "planted here"

    def within(node: Any, top: bool) -> Any:
        if isinstance(node, list):
            return [within(entry, False) for entry in node]
        if not isinstance(node, dict):
            return node
        inner = any(isinstance(entry, (dict, list)) for entry in node.values())
        return {name: within(entry, False) for name, entry in node.items()} | ({} if inner and not top else {"x": mark})

    return json.dumps(within(value, True)).encode().replace(json.dumps(mark).encode(), planted, 2)


def refused(good: dict[str, Any]) -> Iterator[Attack]:
    """Made from a good body; nobody's platform or page sends any of these."""
    body = json.dumps(good).encode()
    inside = body[:-1]
    yield from (Attack(name, spread(good, value)) for name, value in NONSENSE.items())
    big = inside + b',"pad":"' + b"x" * BIG + b'"}'
    yield Attack("oversized", big)
    yield Attack("oversized, no length", big, chunked=True)
    yield Attack("never closed", b"[" * DEEP)
    for part in (1, 2, 3):
        yield Attack(f"truncated at {part}/4", body[: len(body) * part // 4])
    for name, other in {"array": [good], "text": "x", "number": 5, "null": None, "true": True}.items():
        yield Attack(f"wrong type: {name}", json.dumps(other).encode())
    yield Attack("empty", b"")
    yield Attack("blank", b" \r\n\t")
    yield Attack("NUL bytes", b"\0" * 100)
    yield Attack("UTF-16", json.dumps(good).encode("utf-16"))
    yield Attack("two values", body + body)
    yield Attack("gzip", gzip.compress(body), {**JSON, "content-encoding": "gzip"})
    yield Attack("a gzip bomb", BOMB, {**JSON, "content-encoding": "gzip"})
    yield Attack("an encoding that is none", body, {**JSON, "content-encoding": "x"})


def harmless(good: dict[str, Any]) -> Iterator[Attack]:
    """Strange, but it can be understood: taken or refused, and never a failure."""
    body = json.dumps(good).encode()
    inside = body[:-1]
    for name, bad in {
        "NUL": "\0",
        "a high surrogate": "\ud83d",
        "a low surrogate": "\udc00",
        "bidi": "\u202e",
        "LF": "\r\n",
    }.items():
        yield Attack(f"{name} in every text", json.dumps(_with(good, bad)).encode())
        yield Attack(f"{name} in a name", inside + f",{json.dumps(bad)}:1}}".encode())
    yield from (Attack(name, spread(good, value)) for name, value in STRANGE.items())
    yield Attack("every field twice", inside + b"," + body[1:])
    yield Attack("a byte order mark", b"\xef\xbb\xbf" + body)
    yield Attack("rights that nobody gave", inside + b',"role":"admin","id_":"x","__proto__":{},"customer":"x","verified":true}')
    for kind in ("text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "x" * 500, ""):
        yield Attack(f"the type {kind[:20]}", body, {"content-type": kind})
    oddities: tuple[Any, ...] = (None, True, -1, 1.5, 10**20, [], {}, [[]], "", "\0", "x" * 70_000)
    for strange in oddities:
        for name in good:
            yield Attack(f"{name} = {str(strange)[:10]}", json.dumps({**good, name: strange}).encode())


def _with(value: Any, bad: str) -> Any:
    """The same with `bad` in the middle of every text."""
    if isinstance(value, str):
        return value[: len(value) // 2] + bad + value[len(value) // 2 :]
    if isinstance(value, dict):
        return {key: _with(entry, bad) for key, entry in value.items()}
    return [_with(entry, bad) for entry in value] if isinstance(value, list) else value


def part(name: bytes = b"a.txt", *, field: bytes = b"file", more: bytes = b"", content: bytes = b"hi") -> bytes:
    """A multipart body with one file."""
    head = b'--x\r\nContent-Disposition: form-data; name="' + field + b'"; filename="' + name + b'"\r\n' + more
    return head + b"Content-Type: text/plain\r\n\r\n" + content + b"\r\n--x--\r\n"


FORM = {"content-type": "multipart/form-data; boundary=x"}


def refused_forms() -> Iterator[Attack]:
    """Uploads that hold no file, or more than one."""
    yield Attack("truncated", part()[:-20], FORM)
    yield Attack("no boundary", part(), {"content-type": "multipart/form-data"})
    yield Attack("another boundary", part(), {"content-type": "multipart/form-data; boundary=y"})
    yield Attack("JSON", b'{"file":"x"}')
    yield Attack("a form", b"file=x", {"content-type": "application/x-www-form-urlencoded"})
    yield Attack("empty", b"", FORM)
    yield Attack("no length", part(), FORM, chunked=True)
    yield Attack("compressed", gzip.compress(part()), {**FORM, "content-encoding": "gzip"})
    yield Attack("another field", part(field=b"x"), FORM)
    yield Attack("two files", part()[:-5] + b"\r\n" + part(field=b"b"), FORM)
    yield Attack("a text for a file", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhi\r\n--x--\r\n', FORM)
    yield Attack("a header without end", part(more=b"X: " + b"x" * 100_000 + b"\r\n"), FORM)
    yield Attack("a thousand headers", part(more=b"X: x\r\n" * 1000), FORM)
    yield Attack("a thousand fields", b"".join(part(field=b"a")[:-4] + b"\r\n" for _ in range(1000)), FORM)


NAMES = (
    b"../../../etc/passwd",
    b"..\\..\\x",
    b"%2e%2e%2fx",
    b"/etc/passwd",
    b"C:\\x",
    b"CON",
    b".",
    b"..",
    b"",
    b"a\0b",
    b"\x01\x1b[2J",
    b"\xe2\x80\xaegnp.exe",
    b"-rf;id",
    b"\xff\xfe",
    b"x" * 3000,
    b"a%00b",
    b"\xf0\x9f\x98\x80" * 200,
)
"""What files are called by people who mean no good."""
CHARSETS = ("unicode_escape", "utf-7", "undefined", "idna", "punycode", "rot13", "utf-16", "x" * 500)


def harmless_forms() -> Iterator[Attack]:
    """Files with strange names."""
    for name in NAMES:
        yield Attack(f"called {name[:12]!r}", part(name), FORM)
    for charset in CHARSETS:
        for name in (rb"a\ud800.txt", b"+2AA-.txt", b"\xff"):
            kind = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
            yield Attack(f"{name!r} in {charset[:20]}", part(name), kind)
