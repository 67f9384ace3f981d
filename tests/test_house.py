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
    "abilities", "answers", "bot", "canned", "capabilities", "errors", "facts", "hours", "identifiers", "keywords", "masking",
    "model", "notices", "origins", "packing", "people", "ports", "profile", "pushes", "rendering", "roles", "routing",
    "splitting", "surveys", "text", "transcripts", "turns", "waiting", "wording", "workbench",
}  # fmt: skip
EDGES = {"failpoints", "files", "pictures", "jobs", "journal", "limits", "live", "metrics", "store", "voices"}
USE_CASES = {
    "acts",
    "batch",
    "calls",
    "continuing",
    "customers",
    "factors",
    "fetching",
