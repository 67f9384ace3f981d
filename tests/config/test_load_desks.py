"""Desks in the configuration: places, teams, ids, and one app in several workspaces."""

from __future__ import annotations

from pathlib import Path

from tests.config.folders import mistakes


def test_a_desk_s_places_are_held_to_teams_channels_and_ids(tmp_path: Path) -> None:
    """Which Slack channel a team, one of our channels and what is urgent go to."""
    slack = "type: slack\nbot_token: x\nsigning_secret: 'abcdefgh'\nchannel: C1\n"
    places = "channels:\n  billing: G2\n  web: C3\n"
    files = {"routing.yaml": "teams:\n  billing: {}\n", "channels/web.yaml": "type: web\n"}
    assert mistakes(tmp_path, {**files, "desks/slack.yaml": f"{slack}{places}escalation: C4\n"}) == []
    wrong = f"{slack}channels:\n  biling: G2\n  shop: C3\n  web: support\nescalation: '#urgent'\n"
    assert mistakes(tmp_path, {**files, "desks/slack.yaml": wrong}) == [
        "desks/slack.yaml:6:3: channels.biling: no team or channel is named 'biling'; did you mean 'billing'?",
        "desks/slack.yaml:7:3: channels.shop: no team or channel is named 'shop'; there are billing, web",
        "desks/slack.yaml:8:3: channels.web: must be a text like ^[CG][A-Z0-9]+$",
        "desks/slack.yaml:9:1: escalation: must be a text like ^[CG][A-Z0-9]+$",
    ]


SEVERAL = """
type: slack_workspaces
client_id: "1.2"
client_secret: abcdefgh
signing_secret: abcdefgh
workspaces:
  T1:
    channel: C1
    escalation: C2
  T2:
    channels:
      billing: G3
"""
SEAL = "public_url: https://help.example.com\nseal_keys: [" + "QUJD" * 10 + "QUI=]\n"


def test_one_app_in_several_workspaces_is_held_to_ids_and_names(tmp_path: Path) -> None:
    files = {"hub.yaml": SEAL, "routing.yaml": "teams:\n  billing: {}\n", "desks/slack.yaml": SEVERAL}
    assert mistakes(tmp_path, files) == []
    wrong = SEVERAL.replace("C2", "'#urgent'").replace("G3", "support").replace("billing", "biling")
    assert mistakes(tmp_path, files | {"desks/slack.yaml": wrong}) == [
        "desks/slack.yaml:8:5: workspaces.T1.escalation: must be a text like ^[CG][A-Z0-9]+$",
        "desks/slack.yaml:11:7: workspaces.T2.channels.biling: must be a text like ^[CG][A-Z0-9]+$",
    ]
    unknown = SEVERAL.replace("T2:", "X2:").replace("billing", "biling")
    assert mistakes(tmp_path, files | {"desks/slack.yaml": unknown}) == [
        "desks/slack.yaml:9:3: workspaces.X2: can't be named so: names here are like ^T[A-Z0-9]+$",
    ]
    known = SEVERAL.replace("billing", "biling")
    assert mistakes(tmp_path, files | {"desks/slack.yaml": known}) == [
        "desks/slack.yaml:11:7: workspaces.T2.channels.biling: no team or channel is named 'biling'; did you mean 'billing'?",
    ]


def test_a_team_has_a_place_in_one_workspace_and_one_workspace_is_the_usual(tmp_path: Path) -> None:
    files = {"hub.yaml": SEAL, "routing.yaml": "teams:\n  billing: {}\n"}
    twice = SEVERAL.replace("    escalation: C2\n", "    channels: {billing: C5}\n")
    assert mistakes(tmp_path, files | {"desks/slack.yaml": twice}) == [
        "desks/slack.yaml:11:7: workspaces.T2.channels.billing: 'billing' has a place in T1 already; it can have one"
    ]
    both = SEVERAL.replace("    channels:\n      billing: G3\n", "    channel: C9\n")
    [said] = mistakes(tmp_path, files | {"desks/slack.yaml": both})
    assert "only one workspace can have the usual channel, and T1 and T2 have one" in said
    none = SEVERAL.replace("    channel: C1\n", "    channels: {}\n")
    [said] = mistakes(tmp_path, files | {"desks/slack.yaml": none})
    assert "give channel, or channels by team" in said


def test_tokens_that_are_kept_need_a_key_and_an_address(tmp_path: Path) -> None:
    files = {"routing.yaml": "teams:\n  billing: {}\n", "desks/slack.yaml": SEVERAL}
    assert mistakes(tmp_path, files) == [
        "desks/slack.yaml:1:1: is installed by way of our address: give hub.yaml a public_url",
        "desks/slack.yaml:1:1: keeps tokens in the database and needs a key that seals them: run `frontdesk seal-key`, "
        "and give the key to hub.yaml as seal_keys: ${FRONTDESK_SEAL_KEY}",
    ]
    short = {"hub.yaml": SEAL.replace("QUI=", "")}
    [said] = mistakes(tmp_path, files | short)
    assert said.startswith("hub.yaml:2:") and "32 random bytes in base64; `frontdesk seal-key` prints one" in said
