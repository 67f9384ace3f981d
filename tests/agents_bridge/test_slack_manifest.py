"""The Slack app: its manifest, and the scopes that it must have been given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from structlog.testing import capture_logs
from typer.testing import CliRunner

from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.manifest import SCOPES, lacking, manifest
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.settings import SlackSettings, WorkspacesSettings
from agents_bridge.slack.thread_words import NAMES
from config.__main__ import app
from hub.errors import ConfigError
from tests.agents_bridge.desks import desk_at, settings
from tests.servers.slack import SlackServer

PAGE = Path(__file__).parents[2] / "docs" / "slack.md"
SHIPPED = Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml"


def run(folder: Path, *more: str) -> str:
    found = CliRunner().invoke(app, ["slack", "manifest", "--config", str(folder), *more])
    if found.exception is not None:
        raise found.exception
    return found.stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRONTDESK_CONFIG", "")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    (tmp_path / "desks").mkdir()
    (tmp_path / "hub.yaml").write_text("public_url: https://help.example.com/\n")
    (tmp_path / "desks" / "team.yaml").write_text("type: slack\nbot_token: ${NOT_YET}\nsocket_mode: true\n")
    return tmp_path


def test_the_manifest_names_this_installations_address_before_there_are_tokens(folder: Path) -> None:
    found = json.loads(run(folder, "--json"))
    assert found == manifest("https://help.example.com/hooks/slack")
    assert found["settings"]["interactivity"]["request_url"] == "https://help.example.com/hooks/slack"
    assert YAML(typ="safe").load(run(folder)) == found
    other = json.loads(run(folder, "--json", "--url", "https://desk.example.org"))
    assert other["features"]["slash_commands"][0]["url"] == "https://desk.example.org/hooks/slack"


def test_a_desk_in_socket_mode_has_a_manifest_without_addresses(folder: Path) -> None:
    for found in (run(folder, "--json", "--desk", "team"), run(folder, "--json", "--socket-mode")):
        assert json.loads(found)["settings"]["socket_mode_enabled"] is True and "https://" not in found


def test_without_a_public_address_the_command_says_what_to_give(folder: Path) -> None:
    (folder / "hub.yaml").write_text("")
    with pytest.raises(ConfigError, match="--url"):
        run(folder)


def test_the_shipped_manifest_is_the_one_that_the_command_prints() -> None:
    shipped = YAML(typ="safe").load(SHIPPED.read_text())
    assert shipped == manifest("https://hub.example.com/hooks/slack")


async def test_a_missing_scope_is_named_at_start_with_what_does_not_work(slack: SlackServer, desk: SlackDesk) -> None:
    assert await desk.check_scopes() == {}
    slack.scopes.remove("files:read")
    with capture_logs() as logs:
        await desk.announce("https://help.example.com/hooks/slack")
    [said] = [one for one in logs if one["event"] == "slack.scope_missing"]
    assert (said["scope"], said["log_level"]) == ("files:read", "error")
    assert "do not reach customers" in said["so"] and "install" in said["mend"]
    slack.scopes.remove("chat:write.customize")
    async with desk_at(slack, customize=False) as plain:
        assert set(await plain.check_scopes()) == {"files:read"}


def test_nothing_is_said_where_slack_does_not_name_scopes() -> None:
    assert lacking("", settings()) == {}
    assert set(lacking("chat:write, commands", settings())) == set(SCOPES) - {"chat:write", "commands"}


def test_the_page_names_every_scope_shortcut_word_and_setting() -> None:
    page, made = PAGE.read_text(), manifest("https://x.example/hooks/slack")["features"]
    assert [scope for scope, why in SCOPES.items() if f"| `{scope}` | {why} |" not in page] == []
    shortcuts = [one["name"] for one in made["shortcuts"]]
    assert [name for name in shortcuts if f"**{name}**" not in page] == []
    for locale in ("en", "zh"):
        assert [name for name in shortcuts if f"*{name}*" not in SAYINGS[locale]["help"]] == []
    english = {word for word in NAMES if word.isascii()} - {"close", "done", "open", "take", "unassign", "priority", "tags"}
    english -= {"unmerge", "canned", "translate"}
    assert [word for word in sorted(english) if f"!{word}" not in page] == []
    assert {NAMES[word] for word in english} == set(NAMES.values()), "only other spellings are left out"
    for word in ("queue", "me", "find", "new", "status", "available", "away", "agent", "link", "help"):
        assert f"/frontdesk {word}" in page and f"/frontdesk {word}" in SAYINGS["en"]["slash"], word
    named = {*SlackSettings.model_fields, *WorkspacesSettings.model_fields} - {"type", "continue_in"}
    assert [name for name in sorted(named) if f"`{name}" not in page and f"\n{name}:" not in page] == []
