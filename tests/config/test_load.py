"""Reading the configuration: every mistake of every file at once, each at its line, and nothing that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.load import Faulty, folder_of, load
from connectors import CONNECTORS
from hub.errors import ConfigError
from tests.config.folders import folder_with, loaded, mistakes

AWAY = "move it away, or put .example behind its name"
UNREAD = f"no file of this name is read; a channel's goes to channels/, a desk's to desks/; else {AWAY}"
TYPES = ", ".join(sorted(CONNECTORS))
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
