"""Sealed secrets: opened by our keys alone, for what they were sealed for alone, and a key can be replaced."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.installs import Unsealable
from hub.sealing import Sealer, key_of, new_key

OLD, NEW = key_of(new_key()), key_of(new_key())


@given(st.text(max_size=300), st.text(max_size=80))
def test_what_is_sealed_opens_again_and_shows_nothing(secret: str, about: str) -> None:
    sealed = Sealer([OLD]).seal(secret, about)
    assert Sealer([OLD]).open(sealed, about) == secret
    assert len(secret) < 8 or secret not in sealed
    assert Sealer([OLD]).seal(secret, about) != sealed, "the same secret looks different each time"


def test_another_key_another_purpose_and_a_changed_text_open_nothing() -> None:
    sealer = Sealer([OLD])
    sealed = sealer.seal("xoxb-1", "T1")
    with pytest.raises(Unsealable, match="another key"):
        Sealer([NEW]).open(sealed, "T1")
    with pytest.raises(Unsealable, match="something else"):
        sealer.open(sealed, "T2")
    version, name, body = sealed.split(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    for place in (0, len(raw) // 2, len(raw) - 1):
        changed = bytes(raw[:place]) + bytes([raw[place] ^ 1]) + bytes(raw[place + 1 :])
        with pytest.raises(Unsealable):
            sealer.open(f"{version}.{name}.{base64.urlsafe_b64encode(changed).decode()}", "T1")
    for other in ("", "x", "s1", f"s0.{name}.{body}", f"{version}.{name}.", f"{version}.{name}.é"):
        with pytest.raises(Unsealable):
            sealer.open(other, "T1")


def test_with_two_keys_the_old_one_opens_and_the_new_one_seals() -> None:
    both, before = Sealer([NEW, OLD]), Sealer([OLD]).seal("xoxb-1", "T1")
    assert both.open(before, "T1") == "xoxb-1" and not both.is_fresh(before)
    after = both.seal("xoxb-1", "T1")
    assert both.is_fresh(after) and Sealer([NEW]).open(after, "T1") == "xoxb-1"


@pytest.mark.parametrize("wrong", ["", "x", "a" * 44, "QUJD" * 10, "QUJD" * 11, "é" * 44])
def test_a_key_is_32_bytes_in_base64(wrong: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        key_of(wrong)


def test_both_alphabets_of_base64_will_do() -> None:
    raw = bytes([251, 255]) * 16
    assert key_of(base64.b64encode(raw).decode()) == key_of(base64.urlsafe_b64encode(raw).decode()) == raw
