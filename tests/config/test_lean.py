"""What long-lived processes do without, and that nothing is missing because of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROOT = Path(__file__).parents[2]
SHIPPED = """
from config import lean, shared, supervise
import sys
from importlib import import_module
from pathlib import Path
from config.load import load
installation = load(Path("config"), {})
shared.import_store(installation.hub.database_url)
shared.import_places(installation)
for module in ("widget", "workers"):
    import_module(f"{module}.__main__")
"""
UNWANTED = (
    "rich",
    "pygments",
    "watchfiles",
    "cryptography.hazmat",
    "joserfc",
    "authlib",
    "slack_sdk",
    "telegram",
    "wechatpy",
    "alembic",
)


def run(code: str, *words: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_as_shipped_nothing_is_there_that_nobody_needs() -> None:
    found = f"print(*[name for name in {UNWANTED} if sys.modules.get(name)])"
    assert not run(SHIPPED + found), "tens of MiB on the smallest machine"


def test_who_needs_it_has_all_of_cryptography() -> None:
    """Secrets are proved by PyJWT, public keys with cryptography, in one process."""
    pair = ec.generate_private_key(ec.SECP256R1())
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    claims = {"sub": "anna", "aud": "web", "exp": 2**31}
    by_secret = jwt.encode(claims, "s" * 32, "HS256")
    by_pair = jwt.encode(claims, pair, "ES256")
    code = SHIPPED + (
        "from connectors.identity_settings import IdentitySettings\n"
        "from widget.identities import read_identity\n"
        "_, public, *tokens = sys.argv\n"
        "keys = [{'secret': 's' * 32}, {'algorithm': 'ES256', 'public_key': public}]\n"
        "settings = IdentitySettings.model_validate({'keys': keys})\n"
        "print(*[read_identity(settings, 'web', token).address for token in tokens])\n"
        "from hub import sealing\n"
    )
    assert run(code, public, by_secret, by_pair) == "u:anna u:anna"
