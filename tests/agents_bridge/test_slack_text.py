"""Text both ways: nothing a customer writes pings or formats, what agents write arrives as meant, notes stay notes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents_bridge.slack.text import escaped, inert, note_of, plain, short
from config.matrix import channels as every_channel
from hub.model import Text
from hub.rendering import fit

ALPHABET = st.sampled_from(
    [*"ab1 \n*_~`<>&|!@#:;/.-", "<!channel>", "<@U1>", "@here", "```", "你好", "😀", "\u200b", "http://x.y"]
)
WRITTEN = st.lists(ALPHABET, max_size=30).map("".join) | st.text(max_size=60)
TURNS = "[\u202a-\u202e\u2066-\u2069]"
SHOWN = re.compile(
    r"```.+?```|`[^`\n]+`"
    r"|(?<![A-Za-z0-9*])\*[^\s*][^*\n]*\*(?![A-Za-z0-9*])"
    r"|(?<![A-Za-z0-9_])_[^\s_][^_\n]*_(?![A-Za-z0-9_])"
    r"|(?<![A-Za-z0-9~])~[^\s~][^~\n]*~(?![A-Za-z0-9~])"
    r"|^\s*&gt;",
    re.DOTALL | re.MULTILINE,
)
"""What Slack would show formatted."""
CALLS = re.compile(r"<[^>]*>|@(here|channel|everyone)(?![A-Za-z0-9])", re.IGNORECASE)


@settings(deadline=None)
@given(WRITTEN)
def test_no_customer_text_pings_or_links(text: str) -> None:
    assert not CALLS.search(escaped(text))
    assert not CALLS.search(inert(text))
    assert "<" not in escaped(text) and ">" not in escaped(text)


@settings(deadline=None)
@given(WRITTEN)
def test_no_customer_text_formats(text: str) -> None:
    assert not SHOWN.search(inert(text))


@settings(deadline=None)
@given(WRITTEN)
def test_what_is_escaped_reads_the_same(text: str) -> None:
    wanted = re.sub("[*_~`\u200b]|" + TURNS, "", re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text))
    wanted = re.sub(":(?=[a-z0-9_+'-]+:)", ";", wanted)
    assert plain(escaped(wanted)).text.replace("\u200b", "") == wanted


@settings(deadline=None)
@given(WRITTEN)
def test_no_customer_text_turns_what_stands_beside_it(text: str) -> None:
    for shown in (escaped(text), inert(text)):
        assert not re.search(f"{TURNS}|[\r\x0b\x0c\x85\u2028\u2029]", shown)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["http://a.b", "https://paypal.example", "|", "<", ">", "&lt;", "label", " "]), max_size=12))
def test_no_customer_text_hides_an_address_behind_words(pieces: list[str]) -> None:
    """Slack makes links of `<address|words>` alone; a bare address shows itself."""
    for shown in (escaped("".join(pieces)), inert("".join(pieces))):
        assert not re.search(r"<[^>]*>", shown)


def test_an_order_number_and_an_address_can_be_copied() -> None:
    assert escaped("order *A_1_2* of anna@example.com") == "order *A_1_2* of anna@example.com"
    assert inert("order A_1_2, 5*3, anna@example.com") == "order A_1_2, 5*3, anna@example.com"


@settings(deadline=None)
@given(st.text(max_size=80) | WRITTEN)
def test_spans_lie_inside_the_text(text: str) -> None:
    found = plain(text)
    assert all(0 <= span.start < span.end <= len(found.text) for span in found.spans)
    for one in found.spans:
        for other in found.spans:
            assert not (one.start < other.start < one.end < other.end), "spans must nest"


@pytest.mark.parametrize(
    ("mrkdwn", "text", "spans"),
    [
        ("plain", "plain", []),
        ("a &amp; b &lt;c&gt;", "a & b <c>", []),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;", []),
        ("*bold* and _it_ and ~no~", "bold and it and no", [("bold", "bold"), ("italic", "it"), ("strike", "no")]),
        ("*_both_*", "both", [("bold", "both"), ("italic", "both")]),
        ("`a*b*c` *d*", "a*b*c d", [("code", "a*b*c"), ("bold", "d")]),
        ("```\nx &lt; y\n```", "x < y", [("pre", "x < y")]),
        ("snake_case_name 5*3*2 ~5", "snake_case_name 5*3*2 ~5", []),
        ("*\u4f60\u597d*", "你好", [("bold", "你好")]),
        ("&lt;*x*&gt;", "<x>", [("bold", "x")]),
        ("<@U1|anna>: hi <@U2>", "@anna: hi @colleague", [("mention", "@anna"), ("mention", "@colleague")]),
        ("<!here> <!channel>", "@here @channel", []),
        ("<#C1|general>", "#general", []),
        ("<https://shop.example/a_b_c>", "https://shop.example/a_b_c", []),
        ("<https://shop.example|our *shop*>", "our *shop* (https://shop.example)", [("link", "our *shop*")]),
        ("<http://shop.example|shop.example>", "shop.example", [("link", "shop.example")]),
        ("<mailto:a@b.example|a@b.example>", "a@b.example", []),
        ("<not a token>", "<not a token>", []),
        ("*a _b* c_", "a _b c_", [("bold", "a _b")]),
        (":tada: *:wave:* :own_emoji: 10:30:45", "🎉 👋 :own_emoji: 10:30:45", [("bold", "👋")]),
        (":wave::skin-tone-3::tada:", "👋🏼🎉", []),
        (":point_up::skin-tone-2: :flag-cn: :heart:", "☝🏻 🇨🇳 ❤️", []),
        ("`:tada:` a:tada:b", ":tada: a:tada:b", [("code", ":tada:")]),
        ("• one\n• two\n    ◦ three\n1. four", "• one\n• two\n    ◦ three\n1. four", []),
    ],
)
def test_what_an_agent_wrote(mrkdwn: str, text: str, spans: list[tuple[str, str]]) -> None:
    found = plain(mrkdwn)
    assert found.text == text
    assert [(span.kind, found.text[span.start : span.end]) for span in found.spans] == spans


PREFIXES = [
    "!n ",
    "!N ",
    "!n: ",
    "!note ",
    "！n ",
    "//",
    "// ",
    "／／",
    ";;",
    "；；",
    "note ",
    "Note: ",
    "note：",
    "private:",
    "PRIVATE: ",
    "备注：",
]
UNSEEN = ["", " ", "\n", "\t", "\u200b", "\ufeff", "\u3000", "*", "_", "~", "`"]


@settings(deadline=None)
@given(st.sampled_from(PREFIXES), st.sampled_from(UNSEEN), st.text(max_size=40))
def test_notes_are_notes_whatever_surrounds_the_prefix(prefix: str, before: str, rest: str) -> None:
    if before and before in "*_~`":
        written = f"{before}{prefix.strip()} x{before} {rest.replace(before, '')}"
    else:
        written = before + prefix + rest
    assert note_of(plain(written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")).text) is not None


@settings(deadline=None)
@given(st.from_regex(r"\s{0,2}[!！][A-Za-z\u4e00-\u9fff][\w-]{0,12}( .{0,20})?", fullmatch=True))
def test_an_unknown_command_is_never_a_reply(written: str) -> None:
    assert note_of(written) is not None


@pytest.mark.parametrize(
    "text", ["On its way", "Noted, thanks", "https://a.example//b", "Great!", "! ok", "5!", "privately: yes", "nothing"]
)
def test_replies_are_replies(text: str) -> None:
    assert note_of(text) is None


def test_what_a_note_says() -> None:
    assert note_of("!n call her") == ("call her", "")
    assert note_of("//call her") == ("call her", "")
    assert note_of("!asign @bo") == ("!asign @bo", "!asign")


def test_short_is_one_line_of_what_can_be_seen() -> None:
    assert short("a\n b\u202e\x07c", 10) == "a b c"
    assert short("x" * 20, 10) == "x" * 9 + "…"


def _piece() -> st.SearchStrategy[tuple[str, str]]:
    """What an agent may write, and the words that must be read everywhere."""
    word = st.text("abcXYZ019你好", min_size=1, max_size=8)
    made = [
        word.map(lambda w: (w, w)),
        word.map(lambda w: (f"*{w}*", w)),
        word.map(lambda w: (f"_{w}_", w)),
        word.map(lambda w: (f"`{w} *x* :tada:`", f"{w} *x* :tada:")),
        word.map(lambda w: (f"```\n{w} &lt;b&gt;\n```", f"{w} <b>")),
        word.map(lambda w: (f"<https://shop.example/{w}|{w}>", f"https://shop.example/{w}")),
        word.map(lambda w: (f"<@U1ANNA|{w}>", f"@{w}")),
        word.map(lambda w: (f"• {w}", f"• {w}")),
        word.map(lambda w: (f"&amp;{w}&lt;", f"&{w}<")),
        st.sampled_from(
            [(":tada:", "🎉"), ("<!here>", "@here"), ("<#C1|general>", "#general"), ("<mailto:a@b.c|a@b.c>", "a@b.c")]
        ),
    ]
    return st.one_of(made)


CHANNELS = every_channel()


@settings(deadline=None)
@given(st.lists(_piece(), min_size=1, max_size=6), st.sampled_from(sorted(CHANNELS)))
def test_what_agents_write_is_read_on_every_channel(pieces: list[tuple[str, str]], name: str) -> None:
    """Words, addresses, code, lists and signs arrive in their order, in one call or in more."""
    written = plain("\n".join(mrkdwn for mrkdwn, _ in pieces))
    at = 0
    for _, wanted in pieces:
        at = written.text.index(wanted, at) + len(wanted)
    assert "&lt;" not in written.text and "<@" not in written.text
    sent = [part for call in fit([written], CHANNELS[name], lambda file: "") for part in call]
    assert all(isinstance(part, Text) for part in sent)
    texts = [part.text for part in sent if isinstance(part, Text)]
    assert re.sub(r"\s", "", "".join(texts)) == re.sub(r"\s", "", written.text)
    for part in sent:
        assert isinstance(part, Text)
        assert all(0 <= span.start < span.end <= len(part.text) for span in part.spans)
