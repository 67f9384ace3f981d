"""Mistakes in the settings of a Mini Program are named, and production takes no plain mode."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.connectors.programs import NOTICE, plain, program


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aes_key": None}, "needs aes_key"),
        ({"token": "a b c"}, "letters and digits"),
        ({"passive_s": 3}, "passive_s"),
        ({"notice": NOTICE | {"state": "beta"}}, "state"),
        ({"notice": NOTICE | {"kind": "template"}}, "kind"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        program(None, **settings)


def test_plain_mode_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_ENV", "production")
    with pytest.raises(ValidationError, match="not for production"):
        plain()
