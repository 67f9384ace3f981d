"""Mistakes in the settings of 微信客服 are named."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.connectors.kf_company import company


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aes_key": "short"}, "43 letters"),
        ({"token": "a b c"}, "letters and digits"),
        ({"corp_id": "nothing"}, "corp_id"),
        ({"accounts": ["no such id"]}, "no open_kfid"),
        ({"ending": "长" * 700}, "2048 bytes"),
        ({"api_url": "qyapi.weixin.qq.com"}, "must begin"),
        ({"mode": "plain"}, "mode"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        company(None, **settings)
