"""The command as a shell sees it: what it prints, and its exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors import CONNECTORS
from hub.store.migrate import migrate
from tests.config.folders import folder_with
from tests.servers import warm

ROOT = Path(__file__).parents[2]
TYPES = ", ".join(sorted(CONNECTORS))


def frontdesk(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return warm.frontdesk(*arguments, environment=known | environment)


def test_check_says_that_all_is_well(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"channels/shop.yaml": "type: web\n", "channels/web.yaml": "type: web\n"})
    done = frontdesk("check", "--config", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{folder}: no mistakes; channels shop (web), web; desks none\n"
    said = json.loads(frontdesk("check", "--json", FRONTDESK_CONFIG=str(folder)).stdout)
    assert said == {"ok": True, "folder": str(folder), "channels": {"shop": "web", "web": "web"}, "desks": {}}


def test_check_says_every_mistake(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"hub.yaml": "prot: 1\n", "channels/a.yaml": "type: wbe\n"})
    done = frontdesk("check", "--config", str(folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"{folder}/channels/a.yaml:1:1: type: must be one of {TYPES}; did you mean 'web'?",
        f"{folder}/hub.yaml:1:1: prot: unknown key 'prot'; did you mean 'port'?",
        "2 mistakes",
    ]
    told = json.loads(frontdesk("check", "--json", "--config", str(folder)).stdout)
    assert told["ok"] is False
    assert told["problems"][1] == {
        "file": f"{folder}/hub.yaml",
        "line": 1,
        "column": 1,
        "path": "prot",
        "message": "unknown key 'prot'; did you mean 'port'?",
    }


@pytest.mark.parametrize("arguments", [["check", "--config", "/no/such"], ["check", "--no-such-option"], ["no-such-command"]])
def test_what_can_t_be_done_at_all_is_two(arguments: list[str]) -> None:
    done = frontdesk(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", ["up", "web", "worker", "check", "schema", "config show", "agent add", "dlq list", "dlq replay"]
)
def test_every_command_shows_an_example(command: str) -> None:
    done = frontdesk(*command.split(), "--help")
    assert done.returncode == 0
    assert f"frontdesk {command.split()[0]}" in done.stdout


def test_schema_writes_files(tmp_path: Path) -> None:
    done = frontdesk("schema", str(tmp_path / "schemas"))
    assert done.returncode == 0
    assert sorted(done.stdout.split()) == sorted(str(path) for path in (tmp_path / "schemas").iterdir())


def test_config_show_masks(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"hub.yaml": "database: ${DATABASE_URL}\n"})
    done = frontdesk("config", "show", "--config", str(folder), DATABASE_URL="postgresql://hub:c4n4ry@db/hub")
    assert json.loads(done.stdout)["hub"]["database"] == "**********"
    assert "c4n4ry" not in done.stdout + done.stderr


def test_agents_and_dead_letters(tmp_path: Path) -> None:
    known = {"DATA": str(tmp_path / "data"), "FRONTDESK_CONFIG": str(folder_with(tmp_path / "c", {"hub.yaml": "port: 8123\n"}))}
    asyncio.run(migrate(f"sqlite:///{tmp_path / 'data' / 'frontdesk.db'}"))
    added = frontdesk("agent", "add", "ann@example.com", "--role", "admin", **known)
    assert added.stdout.startswith("http://127.0.0.1:8123/console/#"), added.stderr
    assert frontdesk("agent", "add", "bo@example.com", "--role", "king", **known).returncode == 2
    wrong = frontdesk("agent", "add", "notanemail", **known)
    assert (wrong.returncode, wrong.stderr) == (2, "notanemail is no e-mail address: give one such as ann@example.com\n")
    assert frontdesk("first-admin", **known).returncode == 0
    listed = frontdesk("dlq", "list", "--json", **known)
    assert (listed.returncode, json.loads(listed.stdout), listed.stderr) == (0, [], "")
    assert frontdesk("dlq", "show", "1", **known).returncode == 1
    assert not (tmp_path / "data" / "valkey").exists(), "a command leaves nothing behind that runs"


@pytest.mark.parametrize("command", ["dlq list", "first-admin", "agent add ann@example.com"])
def test_a_command_makes_no_installation_where_there_is_none(tmp_path: Path, command: str) -> None:
    done = frontdesk(*command.split(), "--data", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"there is no installation in {tmp_path / 'none'}: start one there, or say where it is with --data or DATA\n"
    )
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("program", ["up", "web", "worker"])
def test_a_data_folder_that_can_t_be_had_is_said_so(tmp_path: Path, program: str) -> None:
    (tmp_path / "file").write_text("")
    for place, why in (("/proc/nope", "No such file or directory"), (str(tmp_path / "file"), "it is a file")):
        done = frontdesk(program, DATA=place, PORT="0", REDIS_URL="redis://127.0.0.1:1")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"the data folder {place} can't be used: {why}; give another one with --data or DATA\n"


def test_schemas_that_can_t_be_written_are_said_so() -> None:
    done = frontdesk("schema", "/proc/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("/proc/x/")
    assert done.stderr.endswith("can't be written: No such file or directory; give another folder\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("check", 0),
        ("schema {folder}/schemas", 0),
        ("config show", 0),
        ("seal-key", 0),
        ("agent add anna@example.com --name Anna", 0),
        ("first-admin", 0),
        ("dlq list --json", 0),
        ("replies list --json", 0),
        ("slack manifest", 2),
        ("slack workspaces", 2),
        ("wechat code web x", 2),
    ],
)
def test_every_command_comes_up_in_a_python_of_its_own(tmp_path: Path, words: str, code: int) -> None:
    """Without what other commands have imported, and without a warning. (The others here are forks of a warm process.)"""
    folder = folder_with(tmp_path, {"channels/web.yaml": "type: web\n", "hub.yaml": ""})
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(migrate(f"sqlite:///{data}/frontdesk.db"))
    known = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    command = [sys.executable, "-W", "error", "-m", "config", *words.format(folder=folder).split()]
    environment = known | {"FRONTDESK_CONFIG": str(folder), "DATA": str(data), "DATABASE_URL": "", "REDIS_URL": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
