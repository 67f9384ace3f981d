"""What we ship: a configuration that runs with no account at all, and commented examples that can't rot."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import config
from config.load import load
from config.settings import HubSettings
from connectors.web_settings import WebSettings

SHIPPED = Path(config.__file__).parent
EXAMPLES = sorted(SHIPPED.glob("*/*.yaml.example"))
FILES = sorted([*SHIPPED.glob("*.yaml"), *SHIPPED.glob("*/*.yaml")])
NAMES = ("WECHAT", "MINIPROGRAM", "WECOM")
LENGTHS = {f"{name}_{what}": "x" * size for name in NAMES for what, size in (("TOKEN", 32), ("AES_KEY", 43))}
"""Secrets whose length the platform fixes."""
SEAL_KEY = "QUJD" * 10 + "QUI="


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped files in a folder of their own."""
    for path in FILES:
        target = tmp_path / path.relative_to(SHIPPED)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def test_it_runs_without_any_account(copied: Path) -> None:
    made = load(copied, {})
    assert set(made.channels) == {"web"}
    assert isinstance(made.channels[next(iter(made.channels))], WebSettings)
    assert made.desks == {}
    assert (made.hub.port, made.hub.redis, made.hub.environment) == (8000, None, "development")
    assert made.hub.database_url.startswith("sqlite:///")
    assert made.bot.greeting is not None
    assert {"zh", "*"} <= set(made.bot.greeting)
    assert len(made.bot.faq) == 2
    assert made.notices.unanswered is not None
    assert [one.name for one in made.canned.replies] == ["thanks", "bye"]


def test_each_of_them_says_what_it_is_for() -> None:
    assert FILES
    for path in [*FILES, *EXAMPLES]:
        assert path.read_text("utf-8").startswith("# "), f"{path.name} begins with no comment"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_loaded_as_it_stands(copied: Path, example: Path) -> None:
    text = example.read_text("utf-8")
    environment = dict.fromkeys(re.findall(r"\$\{(\w+)", text), "x" * 40) | LENGTHS
    with (copied / "hub.yaml").open("a", encoding="utf-8") as hub:
        hub.write(f"seal_keys: [{SEAL_KEY}]\npublic_url: https://help.example.com\n")
    name = example.name.removesuffix(".yaml.example")
    (copied / example.parent.name).mkdir(exist_ok=True)
    (copied / example.parent.name / f"{name}.yaml").write_text(text, "utf-8")
    made = load(copied, environment)
    assert name in {*made.channels, *made.desks}


@pytest.mark.parametrize("path", [p for p in FILES if p.parent == SHIPPED], ids=lambda path: path.name)
def test_what_is_commented_out_is_right_too(copied: Path, path: Path) -> None:
    """An admin takes the `#` of `#key:` away and it holds; `# Like this` is for reading."""
    lines = path.read_text("utf-8").splitlines()
    text = "\n".join(re.sub(r"^(\s*)#(?=\S|  )", r"\1", line) for line in lines)
    (copied / path.name).write_text(text + "\n", "utf-8")
    (copied / "channels" / "support-telegram.yaml").write_text("type: web\n", "utf-8")
    names = set(re.findall(r"\$\{(\w+)", text))
    values = {"FRONTDESK_SEAL_KEY": SEAL_KEY, "DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://a"} | {
        "NOTICE_URL": "ntfys://topic",
        "TRACKER_SECRET": f"whsec_{'eHh4' * 8}",
    }
    made = load(copied, {name: values.get(name, "x" * 20) for name in names})
    assert text != path.read_text("utf-8") or path.name in ("bot.yaml",)
    assert made.hub.port == 8000


def test_the_page_about_configuration_names_every_key_of_hub_yaml() -> None:
    page = (SHIPPED.parent / "docs" / "configuration.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) == set(HubSettings.model_fields)
    shipped = (SHIPPED / "hub.yaml").read_text("utf-8")
    assert [key for key in HubSettings.model_fields if key != "databases" and f"{key}:" not in shipped] == []
