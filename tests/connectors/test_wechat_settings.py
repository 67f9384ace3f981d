"""Mistakes in the settings of an Official Account are named, and production takes no plain mode."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.connectors.wechat_accounts import TEMPLATED, account


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aes_key": None}, "needs aes_key"),
        ({"aes_key": "short"}, "43 letters"),
        ({"token": "a b c"}, "letters and digits"),
        ({"app_id": "nothing"}, "app_id"),
        ({"mode": "open"}, "mode"),
        ({"notice": TEMPLATED | {"fields": {"thing1": "{who}"}}}, "stands for nothing"),
        ({"notice": TEMPLATED | {"timezone": "Nowhere"}}, "no time zone"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        account(None, **settings)


def test_plain_mode_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_ENV", "production")
    with pytest.raises(ValidationError, match="not for production"):
        account(None, mode="plain", aes_key=None)
