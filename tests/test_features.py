"""The feature matrix is whole: every id once, proof for every "yes", and what is missing for every "partly"."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "features.md").read_text("utf-8")
CHAPTERS = {
    "CH": 13, "MK": 19, "LC": 11, "RT": 13, "SL": 21, "WC": 11, "WG": 15, "BT": 7, "NT": 4, "AP": 5,
    "AD": 7, "RP": 4, "OP": 5, "SE": 9, "RE": 6, "U": 43, "S": 15, "W": 16, "V": 14,
}  # fmt: skip
SECURITY = (*range(1, 26), *range(31, 99))
"""26 to 30 are free in the security list."""
IDS = [f"{name}{n}" for name, last in CHAPTERS.items() for n in range(1, last + 1)] + [f"SEC{n}" for n in SECURITY]
LONGEST = 130


def rows() -> list[tuple[str, str, str, list[str]]]:
    """(id, capability, word, tests) of every row that has an id."""
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and re.fullmatch(r"[A-Z]+[0-9]+", cells[0]):
            assert len(cells) == 4, line
            found.append((cells[0], cells[1], cells[2], cells[3].split()))
    return found


def test_every_id_has_one_row_in_order() -> None:
    assert [row[0] for row in rows()] == IDS


def test_yes_has_proof_partly_says_what_is_missing_and_no_claims_nothing() -> None:
    wrong = []
    for id, capability, word, tests in rows():
        missing = "(missing: " in capability
        fits = {"yes": bool(tests) and not missing, "partly": missing, "no": not tests}
        if not fits.get(word, False) or not capability or len(capability) > LONGEST:
            wrong.append(f"{id}: {word!r} {capability!r}")
    assert not wrong, "\n".join(wrong)


def test_every_proof_is_written_as_pytest_takes_it() -> None:
    wrong = [f"{row[0]}: {name}" for row in rows() for name in row[3] if not re.fullmatch(r"tests/[\w/]+\.py(::\w+)+", name)]
    assert not wrong, "\n".join(wrong)
