"""The shipped nginx.conf in front of `frontdesk up`: TLS, sockets, a file, and nothing of the operations for the world."""

from __future__ import annotations

import asyncio
import datetime
import re
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import async_playwright, expect

from tests.servers.installation import ROOT, free_port
from tests.stories.test_the_demo_page_and_the_console import answer, both_show, first_admin, up
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.faces import WITHIN, open_widget, write

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium"),
    pytest.mark.skipif(not NGINX, reason="there is no nginx"),
]


def certificate(folder: Path) -> None:
    """A certificate that nobody else knows."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, plain, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)


def written(folder: Path, hub: str, port: int, plain_port: int) -> Path:
    """The shipped file with ports and certificate of this machine, in the frame that a distribution's nginx.conf gives it."""
    shipped = (ROOT / "deploy/nginx.conf").read_text("utf-8")
    own = shipped.replace("server 127.0.0.1:8000", f"server {hub.removeprefix('http://')}")
    own = re.sub(r"listen (\[::\]:)?443 ssl http2;", lambda found: "" if found[1] else f"listen 127.0.0.1:{port} ssl http2;", own)
    own = re.sub(r"listen (\[::\]:)?80;", lambda found: "" if found[1] else f"listen 127.0.0.1:{plain_port};", own)
    own = re.sub(r"ssl_certificate +\S+;", f"ssl_certificate {folder}/cert.pem;", own)
    own = re.sub(r"ssl_certificate_key +\S+;", f"ssl_certificate_key {folder}/key.pem;", own)
    temporary = "".join(f"{one}_temp_path {folder}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{own}\n}}\n",
        "utf-8",
    )
    return conf


@asynccontextmanager
async def nginx(folder: Path, hub: str) -> AsyncIterator[str]:
    """nginx in front of a hub; its address."""
    port = free_port()
    certificate(folder)
    conf = written(folder, hub, port, free_port())
    process = await asyncio.create_subprocess_exec(
        str(NGINX), "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(conf)
    )
    try:
        async with asyncio.timeout(10):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
            assert process.returncode is None, (folder / "error.log").read_text("utf-8")
        writer.close()
        yield f"https://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 10)


@pytest.mark.timeout(120)
async def test_a_conversation_behind_the_shipped_nginx(tmp_path: Path) -> None:
    async with up(tmp_path) as (base, link, _), nginx(tmp_path / "nginx", base) as front, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(locale="en-GB", ignore_https_errors=True, reduced_motion="reduce")
        customer, agent = await context.new_page(), await (await browser.new_context(ignore_https_errors=True)).new_page()
        sockets: list[str] = []
        for page in (customer, agent):
            page.on("websocket", lambda socket: sockets.append(socket.url))
        await first_admin(agent, link.replace(base, front))
        await open_widget(customer, front)
        await write(customer, "Is this line safe?")
        await agent.locator("fd-list .rows a").first.click(timeout=WITHIN)
        await answer(agent, "It is: TLS ends at nginx.")
        await both_show(customer, agent, ["Is this line safe?", "It is: TLS ends at nginx."])
        assert {one.split("?")[0] for one in sockets} == {
            f"{front.replace('https', 'wss')}/chat/web/socket",
            f"{front.replace('https', 'wss')}/console/socket",
        }
        await customer.locator("frontdesk-widget input[type=file]").set_input_files(
            {"name": "big.txt", "mimeType": "text/plain", "buffer": b"0123456789" * 2_000_000}
        )
        await expect(agent.locator("fd-thread .file").last).to_contain_text("big.txt", timeout=3 * WITHIN)
        untrusting = ssl.create_default_context(cafile=str(tmp_path / "nginx" / "cert.pem"))
        untrusting.check_hostname = False
        async with httpx.AsyncClient(verify=untrusting) as http:
            assert (await http.get(f"{front}/metrics")).status_code == 404
            assert (await http.get(f"{front}/readyz")).status_code == 200
        await browser.close()
