"""Reading the configuration: every mistake of every file at once, each at its line, with what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.load import Faulty, folder_of, load
from connectors import CONNECTORS
from hub.errors import ConfigError
from hub.model import ChannelName
from tests.config.folders import folder_with, loaded, mistakes

AWAY = "move it away, or put .example behind its name"
UNREAD = f"no file of this name is read; a channel's goes to channels/, a desk's to desks/; else {AWAY}"
TYPES = ", ".join(sorted(CONNECTORS))
TELEGRAM = "type: telegram\ntoken: ${TOKEN}\nwebhook_secret: ${SECRET}\n"
GOOD = {"TOKEN": "123456:ABC-def", "SECRET": "s3cret-s3cret-s3cret"}


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "hub.yaml": "prot: 80\nport: many\nlimits:\n  requests_per_ip: -1\n",
        "routing.yaml": "strategy: least_buzy\ncapacity: 0\nrules:\n  - team: billling\n    keywords: x\nteams:\n  billing: {}\n",
        "bot.yaml": "faq:\n  - name: hours\n    keywrods: [a]\n",
        "notices.yaml": "unanswered:\n  after: soon\n",
        "replies.yaml": "replies:\n  - name: hello you\n    text: Hello {nme}\n",
        "console.yaml": "undo: 60\nmacros:\n  - {name: m, title: M, do: [canned: bye, assign: {team: billin}]}\n",
        "channels/shop.yaml": "type: telegarm\n",
        "channels/web.yaml": "type: web\naccent: blue\norigins:\n",
        "desks/slack.yaml": "type: slack\nbot_token: ${SLACK}\nsigning_secret: 12345678\n",
    }
    assert mistakes(tmp_path, files) == [
        "bot.yaml:2:5: faq.0: 'answer' is required",
        "bot.yaml:3:5: faq.0.keywrods: unknown key 'keywrods'; did you mean 'keywords'?",
        f"channels/shop.yaml:1:1: type: must be one of {TYPES}; did you mean 'telegram'?",
        "channels/web.yaml:2:1: accent: must be a text like ^#[0-9a-fA-F]{6}$",
        "channels/web.yaml:3:1: origins: has no value; must be a list",
        "console.yaml:1:1: undo: must be a whole number from 0 to 10",
        "console.yaml:3:30: macros.0.do.0.canned: no reply of replies.yaml is named 'bye'; there are hello you",
        "console.yaml:3:52: macros.0.do.1.assign.team: no team is named 'billin'; did you mean 'billing'?",
        "desks/slack.yaml:1:1: 'channel' is required: the id of the Slack channel for conversations, C…",
        "desks/slack.yaml:2:1: bot_token: the environment variable SLACK is not set",
        "desks/slack.yaml:3:1: signing_secret: must be a text of at least 8 characters; put it in quotes",
        "hub.yaml:1:1: prot: unknown key 'prot'; did you mean 'port'?",
        "hub.yaml:2:1: port: must be a whole number from 0 to 65535",
        "hub.yaml:4:3: limits.requests_per_ip: must be a whole number above 0",
        "notices.yaml:2:3: unanswered.after: “soon” is not a time; write 90, 90s, 5m or 1h",
        "replies.yaml:2:5: replies.0.name: must be a text like ^[\\w-]{1,64}$",
        "replies.yaml:3:5: replies.0.text: {nme} is no variable; there are {agent}, {channel}, {name}, {team}",
        "routing.yaml:1:1: strategy: must be one of weighted, least_busy, round_robin, manual; did you mean 'least_busy'?",
        "routing.yaml:2:1: capacity: must be a whole number from 1",
        "routing.yaml:4:5: rules.0.team: no team is named 'billling'; did you mean 'billing'?",
    ]


def test_a_misspelled_key_is_told_although_its_variable_is_not_set(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"channels/tg.yaml": "type: telegram\ntokn: ${NOWHERE}\nwebhook_secret: ${SECRET}\n"}, **GOOD) == [
        "channels/tg.yaml:1:1: 'token' is required: the bot's token, as ${TELEGRAM_TOKEN}",
        "channels/tg.yaml:2:1: tokn: the environment variable NOWHERE is not set",
        "channels/tg.yaml:2:1: tokn: unknown key 'tokn'; did you mean 'token'?",
    ]


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1,\nb: 2\n", "hub.yaml:3:1: expected ',' or ']', but got '<stream end>', while parsing a flow sequence"),
        ("\tport: 1\n", "hub.yaml:1:1: found character '\\t' that cannot start any token, while scanning for the next token"),
        ("port: 1\nhost: x\nport: 2\n", "hub.yaml:3:1: port: is given twice, first in line 1"),
        ("limits:\n  sockets_per_ip: 1\n  sockets_per_ip: 1\n",
         "hub.yaml:3:3: limits.sockets_per_ip: is given twice, first in line 2"),
        ("- port\n", "hub.yaml:1:1: must be a mapping"),
        ("just words\n", "hub.yaml:1:1: must be a mapping"),
        ("port: !secret 3\n", "hub.yaml:1:1: port: this value is not understood; put it in quotes"),
        ("port: \x07\n", "hub.yaml:1:1: this is not a text in UTF-8 without control characters"),
        ("a: &a [*a]\n", "hub.yaml:1:4: a.0.0: this is too deep, or contains itself"),
        ("---\nport: 1\n---\nport: 2\n", "hub.yaml:3:1: but found another document, expected a single document in the stream"),
        ("public_url: help.example.com\n", "hub.yaml:1:1: public_url: must begin with http:// or https://"),
        ("database: oracle://x\n",
         "hub.yaml:1:1: database: must be an address that begins with one of postgresql://, postgres://, mysql://, mariadb://, sqlite://"),
        ("log_level: off\n", "hub.yaml:1:1: log_level: must be one of debug, info, warning, error"),
        ("databases:\n  - {url: 'sqlite:///a', buckets: 0-511}\n  - {url: 'sqlite:///b', buckets: 512-1023}\n",
         "hub.yaml:1:1: databases: this release keeps all buckets (0-1023) in one database; give one entry"),
    ],
)  # fmt: skip
def test_one_mistake(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes(tmp_path, {"hub.yaml": text})


def test_a_file_that_is_not_utf8_names_itself(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_bytes(b"host: \xff\xfe\n")
    assert mistakes(tmp_path, {}) == ["hub.yaml:1:1: this is not a text in UTF-8 without control characters"]


def test_an_empty_folder_is_an_installation_of_defaults(tmp_path: Path) -> None:
    made = loaded(tmp_path, {})
    assert (made.hub.port, made.hub.host, made.channels, made.desks) == (8000, "127.0.0.1", {}, {})
    assert made.hub.database_url == f"sqlite:///{Path('data').resolve()}/frontdesk.db"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    made = loaded(
        tmp_path,
        {"hub.yaml": "port: 1\nhost: a\ndata: a\nenvironment: development\n"},
        PORT="9000",
        HOST="0.0.0.0",
        DATA="/srv/frontdesk",
        DATABASE_URL="postgresql://a:b@c/d",
        REDIS_URL="redis://e",
        PUBLIC_URL="https://help.example.com/",
        FRONTDESK_ENV="production",
    ).hub
    assert (made.port, made.host, str(made.data), made.environment) == (9000, "0.0.0.0", "/srv/frontdesk", "production")
    assert (made.database_url, made.own_url) == ("postgresql://a:b@c/d", "https://help.example.com")
    assert made.redis is not None
    assert made.redis.get_secret_value() == "redis://e"


@pytest.mark.parametrize("files", [{}, {"hub.yaml": "port: 8000\n"}])
def test_a_mistake_in_a_variable_is_the_variable_s(tmp_path: Path, files: dict[str, str]) -> None:
    assert mistakes(tmp_path, files, PORT="http", FRONTDESK_ENV="staging") == [
        "environment: FRONTDESK_ENV: must be one of development, production",
        "environment: PORT: must be a whole number from 0 to 65535",
    ]


def test_a_channel_without_its_secret_does_not_start(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"channels/bot.yaml": TELEGRAM}, TOKEN=GOOD["TOKEN"]) == [
        "channels/bot.yaml:3:1: webhook_secret: the environment variable SECRET is not set"
    ]
    assert mistakes(tmp_path, {"channels/bot.yaml": TELEGRAM}, SECRET="", TOKEN=GOOD["TOKEN"]) != []
    said = mistakes(tmp_path, {"channels/bot.yaml": "type: telegram\ntoken: ${TOKEN}\n"}, **GOOD)
    assert len(said) == 1
    assert said[0].startswith("channels/bot.yaml:1:1: 'webhook_secret' is required: ")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, ["5:7: identity.keys.0.secret: the environment variable APP_KEY is not set"]),
        ({"APP_KEY": "short"}, ["4:7: identity.keys.0: HS256 needs a `secret` of at least 32 bytes, and no `public_key`"]),
    ],
)
def test_one_slip_in_a_list_is_one_mistake(tmp_path: Path, environment: dict[str, str], said: list[str]) -> None:
    """Nothing is said of what is only wrong because one of its parts is: "must be a list" stood above a list."""
    text = "type: app\nidentity:\n  keys:\n    - algorithm: HS256\n      secret: ${APP_KEY}\n"
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "app.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, environment)
    assert [line.partition("app.yaml:")[2] for line in str(caught.value).splitlines()] == said


def test_references(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("123:abc\n")
    made = loaded(
        tmp_path,
        {
            "hub.yaml": "host: ${A:-0.0.0.0}\npublic_url: https://${B}.example.com\nredis: ${C:-}\nport: ${P:-81}\n",
            "channels/a.yaml": f"type: telegram\ntoken: file:{tmp_path}/token\nwebhook_secret: ${{SECRET}}\n",
            "channels/b.yaml": "type: telegram\ntoken: file:../token\nwebhook_secret: ${SECRET}\n",
            "channels/web.yaml": "type: web\ntitle: {en: 'Write $${NAME} here'}\n",
        },
        B="help",
        SECRET=GOOD["SECRET"],
    )
    assert (made.hub.host, made.hub.public_url, made.hub.redis, made.hub.port) == (
        "0.0.0.0", "https://help.example.com", None, 81,
    )  # fmt: skip
    a, b, web = (made.channels[name].model_dump() for name in sorted(made.channels))
    assert a["token"].get_secret_value() == b["token"].get_secret_value() == "123:abc"
    assert web["title"] == {"en": "Write ${NAME} here"}


def test_a_secret_s_file_that_is_not_there(tmp_path: Path) -> None:
    said = mistakes(tmp_path, {"channels/a.yaml": "type: telegram\ntoken: file:/no/such\nwebhook_secret: ${SECRET}\n"}, **GOOD)
    assert said == ["channels/a.yaml:2:1: token: the secret's file can't be read: No such file or directory"]


def test_no_mistake_repeats_a_secret(tmp_path: Path) -> None:
    canary = "c4n4ry c4n4ry c4n4ry"
    (tmp_path / "secret").write_text(canary)
    for written in ("${CANARY}", f"file:{tmp_path}/secret", canary, f'"{canary}"', f"{{a: {canary}}}", f"[{canary}]"):
        files = {
            "hub.yaml": f"database: {written}\nredis: {written}\nport: {written}\nmetrics: {written}\n",
            "notices.yaml": f"unanswered: {{after: {written}}}\n",
            "channels/a.yaml": f"type: telegram\ntoken: {written}\ntoken: {written}\nwebhook_secret: {written}\n"
            f"polling: {written}\n",
            "desks/b.yaml": f"type: slack\nbot_token: {written}\nsigning_secret: {written}\nchannel: {written}\n",
        }
        said = mistakes(tmp_path, files, CANARY=canary)
        assert len(said) > 4
        secret_lines = [line for line in said if canary in line and "unanswered.after" not in line]
        assert secret_lines == []
        if written.startswith(("$", "file:")):
            assert not any(canary in line for line in said)


def test_production_takes_no_secret_from_the_yaml(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("123:abc")
    own.chmod(0o600)
    everybody_s = tmp_path / "everybody-s"
    everybody_s.write_text("123:abc")
    everybody_s.chmod(0o644)
    secret = "webhook_secret: ${SECRET}\n"
    files = {
        "hub.yaml": "environment: production\npublic_url: https://help.example.com\n"
        "database: postgresql://hub:s3cret@db/hub\nredis: redis://127.0.0.1/1\n",
        "channels/a.yaml": f"type: telegram\ntoken: 123:abc\n{secret}",
        "channels/b.yaml": f"type: telegram\ntoken: file:{own}\n{secret}",
        "channels/c.yaml": f"type: telegram\ntoken: file:{everybody_s}\n{secret}",
        "notices.yaml": "unanswered:\n  apprise: ['ntfys://topic', '${NOTICE}']\n",
    }
    assert mistakes(tmp_path, files, NOTICE="ntfys://x", **GOOD) == [
        "channels/a.yaml:2:1: token: in production a secret is not written here: use ${NAME} or file:/path",
        "channels/c.yaml:2:1: token: the secret's file is open to everybody: chmod 600 it",
        "hub.yaml:3:1: database: in production a secret is not written here: use ${NAME} or file:/path",
        "notices.yaml:2:13: unanswered.apprise.0: in production a secret is not written here: use ${NAME} or file:/path",
    ]
    assert mistakes(tmp_path, files, NOTICE="ntfys://x", FRONTDESK_ENV="development", **GOOD) == []


def test_production_needs_a_public_address(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"hub.yaml": "environment: production\n"}) == [
        "hub.yaml:1:1: production needs public_url, as https://help.example.com: cookies and signed links depend on it"
    ]


def test_names_must_exist(tmp_path: Path) -> None:
    files = {
        "routing.yaml": """
            team: suport
            desks: [slakc]
            hours:
              shop: {}
            teams:
              support: {hours: shopp, desks: nowhere}
            rules:
              - {team: support, channels: [webb, web]}
              - {team: support, desks: slack}
            """,
        "bot.yaml": """
            channels: {wbe: false}
            greeting: {text: Hello, choices: [{text: Hours, faq: hour}]}
            faq:
              - {name: hours, keywords: [open], answer: From nine.}
              - {name: hours, keywords: [close], answer: At six.}
            """,
        "notices.yaml": "unanswered: {teams: [support, sales]}\n",
        "channels/web.yaml": "type: web\n",
        "desks/slack.yaml": "type: slack\nbot_token: x\nsigning_secret: 'abcdefgh'\nchannel: C1\n",
    }
    assert mistakes(tmp_path, files) == [
        "bot.yaml:1:12: channels.wbe: no channel is named 'wbe'; did you mean 'web'?",
        "bot.yaml:2:49: greeting.choices.0.faq: no entry of faq is named 'hour'; did you mean 'hours'?",
        "bot.yaml:4:6: faq.0.name: two entries are named 'hours'",
        "bot.yaml:5:6: faq.1.name: two entries are named 'hours'",
        "notices.yaml:1:31: unanswered.teams.1: no team is named 'sales'; there are support",
        "routing.yaml:1:1: team: no team is named 'suport'; did you mean 'support'?",
        "routing.yaml:2:9: desks.0: no desk is named 'slakc'; did you mean 'slack'?",
        "routing.yaml:6:13: teams.support.hours: no opening hours is named 'shopp'; did you mean 'shop'?",
        "routing.yaml:6:27: teams.support.desks: no desk is named 'nowhere'; there are slack",
        "routing.yaml:8:32: rules.0.channels.0: no channel is named 'webb'; did you mean 'web'?",
    ]


def test_what_a_rule_file_says_on_its_own_is_still_checked(tmp_path: Path) -> None:
    files = {
        "notices.yaml": "left: {after: 5m}\n",
        "routing.yaml": "hours:\n  shop: {timezone: Asia/Shanghia, week: {mon: 9-18}}\n",
    }
    assert mistakes(tmp_path, files) == [
        "notices.yaml:1:1: `left` sends e-mail: give `smtp` too",
        "routing.yaml:2:10: hours.shop.timezone: “Asia/Shanghia” is not a time zone; "
        "write one such as Asia/Shanghai or Europe/Berlin",
        "routing.yaml:2:35: hours.shop.week: “9-18” is not a shift; write 09:00-18:00, all day, or closed",
    ]


def test_names_of_files(tmp_path: Path) -> None:
    files = {
        "channels/Web.yaml": "type: web\n",
        "channels/console.yaml": "type: web\n",
        "channels/same.yaml": "type: web\n",
        "channels/old.yml": "type: web\n",
        "desks/same.yaml": "type: slack\nbot_token: x\nsigning_secret: 'abcdefgh'\nchannel: C1\n",
        "notice.yaml": "{}\n",
        "unrelated.yaml": "{}\n",
    }
    assert mistakes(tmp_path, files) == [
        "channels/Web.yaml:1:1: 'Web' can't be a name: use a-z, 0-9 and -, but not console, deliveries, router",
        "channels/console.yaml:1:1: 'console' can't be a name: use a-z, 0-9 and -, but not console, deliveries, router",
        "channels/old.yml:1:1: is not read; name it old.yaml",
        "desks/same.yaml:1:1: a channel is named 'same' too; every name is given once",
        "notice.yaml:1:1: no file of this name is read; did you mean 'notices'? (.yaml)",
        f"unrelated.yaml:1:1: {UNREAD}",
    ]


def test_what_nobody_reads_is_a_mistake(tmp_path: Path) -> None:
    files = {
        "channels": "",
        "desk/slack.yaml": "type: slack\n",
        "desks/old/slack.yaml": "type: slack\n",
        "desks/slack.yaml.off": "type: slack\n",
        "replies/en.txt": "hello",
        "token": "secret",
    }
    assert mistakes(tmp_path, files) == [
        "channels:1:1: must be a folder",
        f"desk:1:1: no folder of this name is read; did you mean 'desks'?; {AWAY}",
        "desks/old:1:1: folders are not read here; put its files into desks/ itself, or move it away",
        f"desks/slack.yaml.off:1:1: is not read; {AWAY}",
        f"replies:1:1: no folder of this name is read; {AWAY}",
        f"token:1:1: {UNREAD}",
    ]


def test_what_may_lie_beside_the_configuration(tmp_path: Path) -> None:
    files = {
        ".git/config": "",
        ".hub.yaml.swp": "",
        "README.md": "",
        "channels/.#shop.yaml": "",
        "channels/shop.yaml": "type: telegram\ntoken: file:../secrets/telegram\nwebhook_secret: file:./hook.secret\n",
        "channels/hook.secret": "abcdefghijklmnopqrstuvwxyz012345",
        "channels/shop.yaml~": "",
        "channels/web.yaml.example": "type: web\n",
        "hub.yaml": "",
        "hub.yaml.bak": "",
        "routing.yaml.dpkg-old": "",
        "schemas/hub.json": "{}",
        "secrets.env": "A=b\n",
        "secrets/telegram": "123456:abcdefghijklmnopqrstuvwxyz012345678",
        "secrets/unused": "",
        "state/frontdesk.db": "",
    }
    assert mistakes(tmp_path, files, DATA=str(tmp_path / "state")) == []


def test_failpoints_keep_production_from_starting(tmp_path: Path) -> None:
    files = {"hub.yaml": "environment: production\npublic_url: https://help.example.com\n"}
    said = "environment: FRONTDESK_FAILPOINTS: is for fault runs; take it away, production does not start with it"
    assert mistakes(tmp_path, files, FRONTDESK_FAILPOINTS="send.response=exit") == [said]
    assert mistakes(tmp_path, files) == []
    assert mistakes(tmp_path, {"hub.yaml": "environment: development\n"}, FRONTDESK_FAILPOINTS="send.response=exit") == []


def test_null_where_null_means_something(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"bot.yaml": "handover: null\n"}).bot.handover is None
    assert loaded(tmp_path, {"bot.yaml": "enabled: true\n"}).bot.handover is not None


def test_a_type_is_required(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"channels/a.yaml": "title: {}\n", "channels/b.yaml": "", "channels/c.yaml": "- x\n"}) == [
        f"channels/a.yaml:1:1: 'type' is required: one of {TYPES}",
        f"channels/b.yaml:1:1: 'type' is required: one of {TYPES}",
        f"channels/c.yaml:1:1: must be a mapping with type: one of {TYPES}",
    ]


def test_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRONTDESK_CONFIG", raising=False)
    packaged = folder_of()
    assert (packaged / "channels" / "web.yaml").is_file()
    folder_with(tmp_path / "config", {"hub.yaml": "port: 1\n"})
    assert folder_of() == Path("config")
    monkeypatch.setenv("FRONTDESK_CONFIG", "/elsewhere")
    assert folder_of() == Path("/elsewhere")
    assert folder_of(tmp_path) == tmp_path
    with pytest.raises(ConfigError, match="there is no such folder"):
        load()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=40))
def test_any_file_is_read_or_told_to_be_wrong(tmp_path: Path, content: str | bytes) -> None:
    channels = tmp_path / "channels"
    channels.mkdir(exist_ok=True)
    for path in (tmp_path / "hub.yaml", channels / "a.yaml"):
        path.write_bytes(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
    with pytest.raises(Faulty):  # `a.yaml` has no type at least
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"channels/bot.yaml": f"{TELEGRAM}continue_in: web\n", "channels/web.yaml": "type: web\n"}, []),
        (
            {"channels/bot.yaml": f"{TELEGRAM}continue_in: wep\n", "channels/web.yaml": "type: web\n"},
            ["channels/bot.yaml:1:1: 'continue_in' must name a web chat: web"],
        ),
        (
            {"channels/bot.yaml": f"{TELEGRAM}continue_in: bot\n"},
            ["channels/bot.yaml:1:1: 'continue_in' must name a web chat: there is none"],
        ),
        (
            {"channels/web.yaml": "type: web\ncontinue_in: web\n"},
            ["channels/web.yaml:1:1: 'continue_in' is for channels whose platform may take no more answers"],
        ),
    ],
)
def test_where_a_conversation_goes_on_must_be_a_web_chat(tmp_path: Path, files: dict[str, str], told: list[str]) -> None:
    if told:
        assert mistakes(tmp_path, files, **GOOD) == told
    else:
        assert loaded(tmp_path, files, **GOOD).channels[ChannelName("bot")].continue_in == "web"


def test_what_is_wrong_with_translation_is_told_at_its_line(tmp_path: Path) -> None:
    files = {
        "routing.yaml": "teams:\n  berlin: {}\n",
        "translation.yaml": "enabled: true\nagents: English!\nteams: {berlim: de}\ndesks: {slak: ja}\nchannels: {wechta: false}\n"
        "hold: soon\nlate: never\nglossary:\n  - {en: caddy}\nservice:\n  type: libretranslat\n",
        "channels/web.yaml": "type: web\n",
    }
    assert mistakes(tmp_path, files) == [
        "translation.yaml:2:1: agents: must be a text like ^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$",
        "translation.yaml:3:9: teams.berlim: no team is named 'berlim'; did you mean 'berlin'?",
        "translation.yaml:4:9: desks.slak: no desk is named 'slak'",
        "translation.yaml:5:12: channels.wechta: no channel is named 'wechta'; there are web",
        "translation.yaml:6:1: hold: “soon” is not a time; write 90, 90s, 5m or 1h",
        "translation.yaml:7:1: late: must be one of send, ask",
        "translation.yaml:8:1: glossary: each term needs a word in at least two languages, as {en: tea caddy, zh: 茶叶罐}",
        "translation.yaml:11:3: service.type: must be one of libretranslate, deepl, openai; did you mean 'libretranslate'?",
    ]
    assert mistakes(tmp_path, {"translation.yaml": "enabled: true\n"})[0].endswith(
        "'service' is required: name the service that translates, or set enabled: false"
    )
