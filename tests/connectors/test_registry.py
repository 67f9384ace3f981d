"""The dict of all channel types: what admins write is read without any platform's SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from connectors import CONNECTORS, ConnectorType
from connectors.telegram.settings import TelegramSettings
from hub.model import ChannelName
from hub.ports import Capabilities, Kit, Settings
from tests.connectors.conftest import NOW, Shelf

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "config" / "channels").glob("*.yaml*"))
WHSEC = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
WECHAT = {"app_id": "wx0123456789abcdef", "secret": "s" * 32, "token": "Word4242", "aes_key": "a" * 43}
GIVEN: dict[str, dict[str, Any]] = {
    "app": {"identity": {"keys": [{"secret": "s" * 32}]}},
    "miniprogram": WECHAT,
    "telegram": {"token": "1:x", "webhook_secret": "s" * 16},
    "wechat": WECHAT,
    "wecom_kf": {"corp_id": "ww0123456789abcdef", "secret": "s" * 32, "token": "Word4242", "aes_key": "a" * 43},
    "webhook": {
        "inbound": {"paths": {"id": "id", "customer": "from", "text": "text"}, "unsigned": True},
        "outbound": {"url": "https://crm.example", "secret": WHSEC},
    },
}
"""What each type cannot do without."""


def test_reading_settings_imports_no_sdk() -> None:
    code = (
        "import sys; from connectors import CONNECTORS; [t.settings.model_json_schema() for t in CONNECTORS.values()];"
        "print(*{m.split('.')[0] for m in sys.modules} & {'telegram', 'httpx', 'slack_sdk', 'wechatpy', 'aiohttp'}, end='')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("name", "kind"), CONNECTORS.items(), ids=list(CONNECTORS))
async def test_every_type_is_whole(name: str, kind: ConnectorType) -> None:
    settings = kind.settings.model_validate({"type": name, **GIVEN.get(name, {})})
    assert issubclass(kind.settings, Settings)
    connector = kind.load()(ChannelName("one"), settings, Kit(files=Shelf(), public_url="", now=lambda: NOW))
    assert isinstance(connector.capabilities, Capabilities)
    assert connector.Settings is kind.settings
    await connector.aclose()


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_every_example_is_taken_as_it_stands(path: Path) -> None:
    written = YAML(typ="safe").load(path.read_text("utf-8"))
    kind = CONNECTORS[written["type"]]
    kind.settings.model_validate({**written, **GIVEN.get(written["type"], {})})
    mentioned = path.read_text("utf-8")
    for name, field in kind.settings.model_fields.items():
        assert not field.is_required() or f"\n{name}:" in mentioned, f"{name} is required and not in the example"


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": "https://api.telegram.org/bot1:x"},
        {"token": "1:x "},
        {"webhook_secret": "short"},
        {"webhook_secret": "no spaces are allowed"},
        {"webhook_secret": "s" * 257},
        {"api_url": "api.telegram.org"},
        {"timeout": 0},
        {"tokn": "1:x"},
    ],
    ids=str,
)
def test_mistakes_in_a_bots_settings_are_told(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TelegramSettings.model_validate({**GIVEN["telegram"], **wrong})


@pytest.mark.parametrize("missing", ["token", "webhook_secret"])
def test_a_bot_without_its_secret_does_not_start(missing: str) -> None:
    with pytest.raises(ValidationError):
        TelegramSettings.model_validate({key: value for key, value in GIVEN["telegram"].items() if key != missing})


def test_secrets_are_shown_nowhere() -> None:
    settings = TelegramSettings.model_validate({"token": "1:hidden", "webhook_secret": "hidden-hidden-hidden"})
    assert "hidden" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
