"""Secrets in the configuration: by reference, never repeated in a mistake, and none in the YAML of production."""

from __future__ import annotations

from pathlib import Path

from tests.config.folders import loaded, mistakes

TELEGRAM = "type: telegram\ntoken: ${TOKEN}\nwebhook_secret: ${SECRET}\n"
GOOD = {"TOKEN": "123456:ABC-def", "SECRET": "s3cret-s3cret-s3cret"}


def test_a_channel_without_its_secret_does_not_start(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"channels/bot.yaml": TELEGRAM}, TOKEN=GOOD["TOKEN"]) == [
        "channels/bot.yaml:3:1: webhook_secret: the environment variable SECRET is not set"
    ]
    assert mistakes(tmp_path, {"channels/bot.yaml": TELEGRAM}, SECRET="", TOKEN=GOOD["TOKEN"]) != []
    said = mistakes(tmp_path, {"channels/bot.yaml": "type: telegram\ntoken: ${TOKEN}\n"}, **GOOD)
    assert len(said) == 1
    assert said[0].startswith("channels/bot.yaml:1:1: 'webhook_secret' is required: ")


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
