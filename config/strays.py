"""What lies in a configuration's folder and is read by nobody: each file and folder is a mistake, with what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from pathlib import Path

from config.problems import near

KINDS = ("channels", "desks")
KEPT = (
    ".*", "README*", "*.example", "*.env", "*~", "#*#", "*.bak", "*.orig", "*.rej", "*.sw[op]", "*.tmp", "*.dpkg-*", "*.rpmnew",
    "*.rpmsave",
)  # fmt: skip
"""Names of what may lie beside the configuration: hidden files, notes, examples, systemd's variables, what editors and packages
leave."""
OURS = Path(__file__).parent
OURS_BESIDE = ("*.py", "__pycache__", "bench")
"""The folder that we ship is a Python package too."""
AWAY = "move it away, or put .example behind its name"


def yaml_files(folder: Path) -> list[Path]:
    """The files of a folder that are read, in the order of their names; an editor's hidden copies are not."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def strays(folder: Path, known: Collection[str], used: Collection[Path]) -> Iterator[tuple[str, str]]:
    """Names below the folder, and what is wrong with each. `known` are the files that are read at the top, `used` other places
    that the configuration names."""
    kept = (*KEPT, *OURS_BESIDE) if folder.resolve() == OURS.resolve() else KEPT
    own = {place.resolve() for place in (folder, *(folder / kind for kind in KINDS))}
    places = {place for path in used for place in (path.resolve(), path.parent.resolve())} - own
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, name) for name in kept) or path.resolve() in places:
            continue
        if path.is_dir():
            yield from _in_a_kind(path, places) if path.name in KINDS else _folder(path)
        elif path.name not in known:
            yield path.name, _file(path, known)


def _folder(path: Path) -> Iterator[tuple[str, str]]:
    if path.name != "schemas":  # as `frontdesk schema` writes it
        yield path.name, f"no folder of this name is read{near(path.name, KINDS)}; {AWAY}"


def _file(path: Path, known: Collection[str]) -> str:
    if path.name in KINDS:
        return "must be a folder"
    hint = near(path.stem, [Path(name).stem for name in known], 0.7) if path.suffix in (".yaml", ".yml") else ""
    if hint:
        return f"no file of this name is read{hint} (.yaml)"
    return f"no file of this name is read; a channel's goes to channels/, a desk's to desks/; else {AWAY}"


def _in_a_kind(folder: Path, places: Collection[Path]) -> Iterator[tuple[str, str]]:
    """What is no file of a channel or desk beside those that are."""
    for path in sorted(folder.iterdir()):
        name = f"{folder.name}/{path.name}"
        if any(fnmatch(path.name, kept) for kept in KEPT) or path.resolve() in places:
            continue
        if path.is_dir():
            yield name, f"folders are not read here; put its files into {folder.name}/ itself, or move it away"
        elif path.suffix != ".yaml":
            fitting = path.suffix == ".yml"
            yield name, f"is not read; name it {path.stem}.yaml" if fitting else f"is not read; {AWAY}"
