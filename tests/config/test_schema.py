"""JSON Schemas for editors: they take what we ship and refuse what the loader refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import config
from config.load import load
from config.schema import models, schemas, shown
from tests.config.folders import loaded

SHIPPED = Path(config.__file__).parent
validator_for = pytest.importorskip("jsonschema_rs").validator_for


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text("utf-8")) or {}


@pytest.mark.parametrize("name", ["hub", "routing", "bot", "notices", "replies", "access", "sla"])
def test_shipped_files_fit_their_schemas(name: str) -> None:
    validator_for(schemas()[name]).validate(read(SHIPPED / f"{name}.yaml"))


def test_channels_desks_and_their_examples_fit() -> None:
    made = schemas()
    for path in (*SHIPPED.glob("*/*.yaml"), *SHIPPED.glob("*/*.yaml.example")):
        values = read(path)
        validator_for(made[f"{path.parent.name[:-1]}-{values['type']}"]).validate(values)


def test_they_refuse_unknown_keys_and_wrong_types_but_no_references() -> None:
    hub = validator_for(schemas()["hub"])
    assert not hub.is_valid({"prot": 1})
    assert not hub.is_valid({"port": "many"})
    assert not hub.is_valid({"environment": "staging"})
    assert hub.is_valid({"port": "${PORT:-8000}", "environment": "${ENVIRONMENT}", "database": "${DATABASE_URL}"})
    assert not validator_for(schemas()["channel-telegram"]).is_valid({"token": "x", "webhook_secret": "x" * 16})


def test_there_is_one_for_every_kind_of_file() -> None:
    assert set(schemas()) == set(models()) >= {"hub", "routing", "bot", "notices", "channel-web", "desk-slack"}


def test_what_is_shown_holds_no_secret(tmp_path: Path) -> None:
    canary = "c4n4ry-c4n4ry-c4n4ry"
    made = loaded(
        tmp_path,
        {
            "hub.yaml": f"database: postgresql://hub:{canary}@db/hub\nredis: redis://:{canary}@r\nmetrics: {{token: {canary}}}\n",
            "channels/a.yaml": f"type: telegram\ntoken: {canary}\nwebhook_secret: {canary}\n",
            "desks/b.yaml": f"type: slack\nbot_token: {canary}\nsigning_secret: {canary}\nchannel: C1\n",
            "notices.yaml": f"unanswered: {{apprise: ['tgram://{canary}/1']}}\n"
            f"smtp: {{host: a, sender: b@c.de, password: {canary}}}\n",
        },
    )
    assert canary not in json.dumps(shown(made))
    assert canary not in repr(made)


def test_all_that_holds_is_shown() -> None:
    made = shown(load(SHIPPED, {}))
    assert made["hub"]["port"] == 8000
    assert made["channels"]["web"]["type"] == "web"
    assert made["routing"]["strategy"] == "least_busy"
