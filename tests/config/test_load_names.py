"""Names in the configuration must be of something that is there and fits, and translation of what is translated."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.model import ChannelName
from tests.config.folders import loaded, mistakes

TELEGRAM = "type: telegram\ntoken: ${TOKEN}\nwebhook_secret: ${SECRET}\n"
GOOD = {"TOKEN": "123456:ABC-def", "SECRET": "s3cret-s3cret-s3cret"}


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
