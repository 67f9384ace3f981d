"""Customer channels, one module or package each: foreign payload ⇄ hub message. This dict is all there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.app_settings import AppSettings
from connectors.telegram.settings import TelegramSettings
from connectors.web_settings import WebSettings
from connectors.webhook_settings import WebhookSettings
from connectors.wechat.kf.settings import KfSettings
from connectors.wechat.settings import ProgramSettings, WeChatSettings
from hub.ports import Settings

if TYPE_CHECKING:
    from hub.ports import Connector


@dataclass(frozen=True, slots=True)
class ConnectorType:
    """What `type:` in a channel's YAML stands for. `load` imports the platform's SDK; reading settings never does."""

    settings: type[Settings]
    load: Callable[[], Callable[..., Connector]]


def _app() -> Any:
    from connectors.app import App

    return App


def _miniprogram() -> Any:
    from connectors.wechat.program import MiniProgram

    return MiniProgram


def _telegram() -> Any:
    from connectors.telegram.connector import Telegram

    return Telegram


def _web() -> Any:
    from connectors.web import Web

    return Web


def _webhook() -> Any:
    from connectors.webhook import Webhook

    return Webhook


def _wechat() -> Any:
    from connectors.wechat.official import WeChat

    return WeChat


def _wecom_kf() -> Any:
    from connectors.wechat.kf.connector import WeComKf

    return WeComKf


CONNECTORS: dict[str, ConnectorType] = {
    "app": ConnectorType(AppSettings, _app),
    "miniprogram": ConnectorType(ProgramSettings, _miniprogram),
    "telegram": ConnectorType(TelegramSettings, _telegram),
    "web": ConnectorType(WebSettings, _web),
    "webhook": ConnectorType(WebhookSettings, _webhook),
    "wechat": ConnectorType(WeChatSettings, _wechat),
    "wecom_kf": ConnectorType(KfSettings, _wecom_kf),
}
