"""`frontdesk wechat code` against a WeChat: what it prints, what WeChat is asked, and its exit codes."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.config.folders import folder_with
from tests.config.test_cli import frontdesk
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN

CHANNEL = f"type: wechat\napp_id: {APP_ID}\nsecret: {SECRET}\ntoken: {TOKEN}\naes_key: {AES_KEY}\napi_url: "


async def asked(server: WeChatServer, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(frontdesk, "wechat", "code", *more, "--config", str(folder))


async def test_a_code_is_made_for_days_or_for_ever(tmp_path: Path) -> None:
    async with wechat() as server:
        folder = folder_with(tmp_path, {"channels/shop.yaml": CHANNEL + server.url, "channels/web.yaml": "type: web\n"})
        done = await asked(server, folder, "shop", "shop7", "--days", "7", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        told, [made] = json.loads(done.stdout), server.made_codes
        assert made == {
            "action_name": "QR_STR_SCENE",
            "expire_seconds": 604_800,
            "action_info": {"scene": {"scene_str": "shop7"}},
        }
        assert told["picture"] == "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQ1%2B%2F%3D%3D"
        assert (told["scene"], told["holds"]) == ("shop7", "http://weixin.qq.com/q/1")
        assert timedelta(days=6, hours=23) < datetime.fromisoformat(told["until"]) - datetime.now(UTC) <= timedelta(days=7)
        server.tokens.spoil()
        done = await asked(server, folder, "shop", "窗口 1", "--forever")
        assert done.returncode == 0 and "scene 窗口 1, good for ever" in done.stdout
        assert server.made_codes[1]["action_name"] == "QR_LIMIT_STR_SCENE" and "expire_seconds" not in server.made_codes[1]


async def test_what_goes_wrong_is_said_with_an_exit_code(tmp_path: Path) -> None:
    async with wechat() as server:
        folder = folder_with(tmp_path, {"channels/shop.yaml": CHANNEL + server.url, "channels/web.yaml": "type: web\n"})
        server.codes = [48001]
        done = await asked(server, folder, "shop", "shop7")
        assert done.returncode == 1 and "must be verified" in done.stderr and not done.stdout
        for more, words in (
            (("shop", "x" * 65), "1 to 64 characters"),
            (("shop", "x", "--days", "31"), "1 to 30 days"),
            (("web", "x"), "type wechat"),
            (("nowhere", "x"), "no channels/nowhere.yaml"),
        ):
            done = await asked(server, folder, *more)
            assert done.returncode == 2 and words in done.stderr
        assert server.made_codes == []
    done = await asked(server, folder, "shop", "shop7")
    assert done.returncode == 1 and "cannot be reached" in done.stderr
