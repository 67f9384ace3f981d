"""One YAML file: its values with ${ENV} and file: put in, and where each of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.problems import Problem, sentence

_REFERENCE = re.compile(r"\$(?:\$(?=\{)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")
_FILE = re.compile(r"file:(?=/|\.{1,2}/|~/)")
_TEXTS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
DEEPEST = 40
MOUNTED = ("/run/secrets/", "/var/run/secrets/")
"""Where containers get their secrets; their modes are not ours to set."""
PASSWORDLESS = re.compile(r"(?:postgres(?:ql)?|mysql|mariadb|rediss?|unix)(?:\+\w+)?://(?:[^:/@]*@)?[^@]*")
"""A database's URL without a password is no secret."""

Key = str | int
Steps = tuple[Key, ...]


class Nothing:
    """Stands for a value that is nothing but an empty reference: the key then counts as not given."""


NOTHING = Nothing()


class Source:
    """A file that was read. `problems` collects what is wrong with it."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.referenced: set[Steps] = set()
        """Where a value came from the environment or from a file of its own."""
        self._environment = environment
        self._yaml = YAML(typ="safe", pure=True)
        self._faulty: set[Steps] = set()
        self._secrets: set[str] = set()
        self.files: dict[Steps, Path] = {}
        """The files that values came from."""
        self.readable = True
        self._root = self._read() if path.is_file() else None
        found = self._value(self._root, ()) if self._root is not None else {}
        self.values: Any = {} if found is None or found is NOTHING else found

    def _read(self) -> Node | None:
        try:
            node: Node | None = self._yaml.compose(self.path.read_text("utf-8"))
            return node
        except MarkedYAMLError as exc:
            mark = exc.problem_mark or exc.context_mark
            message = ", ".join(filter(None, (exc.problem, exc.context))) or "this is not YAML"
            self._add((), message, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
        except (YAMLError, UnicodeDecodeError):
            self._add((), "this is not a text in UTF-8 without control characters", 1, 1)
        except RecursionError:
            self._add((), "this is too deep", 1, 1)
        except OSError as exc:
            self._add((), f"can't be read: {exc.strerror}", 1, 1)
        self.readable = False
        return None

    def _add(self, path: Sequence[Key], message: str, line: int, column: int) -> None:
        self.problems.append(Problem(str(self.path), line, column, ".".join(map(str, path)), message))

    def fault(self, path: Sequence[Key], message: str) -> None:
        """Note a mistake at a path of keys and indexes; a second one about the same value is not noted."""
        if any(tuple(path[:n]) in self._faulty for n in range(min(1, len(path)), len(path) + 1)):
            return
        self._faulty.add(tuple(path))
        known, line, column = self.place(path)
        self._add(known, message, line, column)

    def place(self, path: Sequence[Key]) -> tuple[Steps, int, int]:
        """The part of a path that exists, and the line and column where it stands."""
        node, mark, known = self._root, self._root.start_mark if self._root is not None else None, 0
        for step in path:
            below = dict(self._steps(node)).get(step) if node is not None else None
            if below is None:
                break
            (mark, node), known = below, known + 1
        return tuple(path[:known]), mark.line + 1 if mark else 1, mark.column + 1 if mark else 1

    @staticmethod
    def _steps(node: Node) -> Iterator[tuple[Key, tuple[Any, Node]]]:
        """Keys or indexes of a node, where they stand, and what is below."""
        if isinstance(node, MappingNode):
            for key, value in node.value:
                yield str(key.value) if isinstance(key, ScalarNode) else "?", (key.start_mark, value)
        elif isinstance(node, SequenceNode):
            for n, value in enumerate(node.value):
                yield n, (value.start_mark, value)

    def _value(self, node: Node, path: Steps) -> Any:
        if len(path) > DEEPEST:
            self._add(path[:3], "this is too deep, or contains itself", node.start_mark.line + 1, node.start_mark.column + 1)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            found = [self._value(value, (*path, n)) for n, (_, value) in self._steps(node)]
            return [value for value in found if value is not NOTHING]
        if node.tag in _TEXTS:
            return self._expanded(str(node.value), path)
        try:
            return self._yaml.constructor.construct_object(node)
        except (YAMLError, ValueError):
            self.fault(path, "this value is not understood; put it in quotes")
            return None

    def _mapping(self, node: MappingNode, path: Steps) -> dict[str, Any]:
        made: dict[str, Any] = {}
        first: dict[Key, int] = {}
        for key, (mark, below) in self._steps(node):
            if key in first:
                self._add((*path, key), f"is given twice, first in line {first[key]}", mark.line + 1, mark.column + 1)
                continue
            first[key] = mark.line + 1
            value = self._value(below, (*path, key))
            if value is not NOTHING:
                made[str(key)] = value
        return made

    def _expanded(self, text: str, path: Steps) -> Any:
        """Put in ${NAME}, ${NAME:-default} and file:/path; $${ stands for ${ itself."""
        if _FILE.match(text):
            return self._from_file(Path(text[5:]).expanduser(), path)

        def value(found: re.Match[str]) -> str:
            name, default = found[1], found[2]
            if name is None:
                return "$"
            given = self._environment.get(name)
            if not given and default is None:
                self.fault(path, f"the environment variable {name} is not set")
            self.referenced.add(path)
            if given and len(given) > 3:
                self._secrets.add(given)
            return given or default or ""

        made = _REFERENCE.sub(value, text)
        return NOTHING if not made and text and path not in self._faulty else made

    def _from_file(self, file: Path, path: Steps) -> str:
        self.referenced.add(path)
        place = file if file.is_absolute() else self.path.parent / file
        try:
            made = place.read_text("utf-8").strip()
        except OSError as exc:
            self.fault(path, f"the secret's file can't be read: {exc.strerror}")
            return ""
        except UnicodeDecodeError:
            self.fault(path, "the secret's file is not a text")
            return ""
        self.files[path] = place
        if len(made) > 3:
            self._secrets.add(made)
        return made

    def validated(self, model: type[BaseModel], variables: Mapping[str, str]) -> Any:
        """The values as `model`, or None. Keys that environment variables gave are told as theirs."""
        if not self.readable:
            return None
        try:
            return model.model_validate(self.values)
        except ValidationError as exc:
            found = exc.errors(include_url=False)
            wrong = {_steps_of(error) for error in found} | self._faulty
            for error in found:
                if any(_within(path, _steps_of(error)) for path in wrong):
                    continue  # a whole that is wrong because one of its parts is
                if error["type"] == "extra_forbidden":
                    self._faulty.discard(_steps_of(error))  # a key that nobody knows is told, whatever is wrong with its value
                said = self._masked(sentence(error, model, error.get("input")))
                key = str(error["loc"][0]) if error["loc"] else ""
                if key in variables:
                    self.problems.append(Problem("environment", 0, 0, variables[key], said))
                elif key or not self.problems:  # a check of the whole file may repeat what was found at its line
                    self.fault(_steps_of(error), said)
            return None

    def _masked(self, message: str) -> str:
        """A check's own sentence may repeat what it found."""
        for secret in self._secrets:
            message = message.replace(f"“{secret}”", "“…”")
        return message

    def check_secrets(self, made: BaseModel) -> None:
        """In production a secret comes from the environment or from a file of its own, never from the YAML."""
        for path, secret in _secrets(made, ()):
            text = secret.get_secret_value()
            if text and path not in self.referenced and not PASSWORDLESS.fullmatch(text) and self.place(path)[0] == path:
                self.fault(path, "in production a secret is not written here: use ${NAME} or file:/path")
        for path, file in self.files.items():
            if file.stat().st_mode & 0o007 and not str(file).startswith(MOUNTED):
                self.fault(path, "the secret's file is open to everybody: chmod 600 it")


def _steps_of(error: Any) -> Steps:
    """A path as the file has it; what is missing or unknown stands under the mapping that lacks or holds it."""
    return tuple(step for step in error["loc"] if not (isinstance(step, str) and step.startswith(("function-", "[key]"))))


def _within(path: Steps, whole: Steps) -> bool:
    """Whether a path leads to a part of something."""
    return len(path) > len(whole) and path[: len(whole)] == whole


def _secrets(value: object, path: Steps) -> Iterator[tuple[Steps, SecretStr]]:
    if isinstance(value, SecretStr):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _secrets(below, (*path, str(key)))
    elif isinstance(value, tuple | list):
        for n, below in enumerate(value):
            yield from _secrets(below, (*path, n))
