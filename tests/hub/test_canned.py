"""Texts that are ready: the right language, every variable filled once, nothing of a customer's read as a variable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.canned import CannedReplies, fill
from hub.model import Text

READY = CannedReplies.model_validate({"replies": [{"name": "Hi", "text": {"zh": "你好 {name}", "*": "Hello {name}, {agent}"}}]})


def test_the_customers_language_decides() -> None:
    facts = {"name": "Mei", "agent": "Anna"}
    assert READY.said("hi", (), "zh-CN", facts) == (Text(text="你好 Mei"),)
    assert READY.said("HI", (), "de", facts) == (Text(text="Hello Mei, Anna"),)
    assert READY.said("gone", (Text(text="as {agent} wrote"),), "", facts) == (Text(text="as Anna wrote"),)


@given(st.text())
def test_what_a_fact_says_is_never_a_variable(name: str) -> None:
    once = fill("{name}", {"name": name})
    assert fill(once, {"agent": "Anna", "name": "never"}) == once and len(once) <= 191
    assert fill("{name} {agent}", {"name": "{agent}"}) == "agent {agent}"
