"""The reference is what the code says, and the code says something about each public name."""

from __future__ import annotations

import subprocess
import sys

import pytest
from scripts.build_reference import ROOT, differing, wanted
from scripts.reference.public import PUBLIC, documentation_of, public_names

from modelbay.entities import WireDeclaration


def test_the_reference_is_what_the_code_says() -> None:
    """Docs that are written by hand rot; these are made again: python -m scripts.build_reference."""
    stale = [str(path.relative_to(ROOT)) for path in differing(wanted())]
    assert not stale, f"run `python -m scripts.build_reference`; out of date: {', '.join(stale)}"


def test_the_reference_does_not_depend_on_chance() -> None:
    """Sets have another order under another hash seed; the check above would fail at random."""
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.build_reference", "--check"],
        cwd=ROOT,
        env={"PATH": "", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_name_is_documented(package: str) -> None:
    """What people may import must say what it is."""
    silent = [
        name for name, value in public_names(package).items() if not documentation_of(package, name, value)
    ]
    assert not silent


def test_keys_of_a_declaration_are_in_the_reference() -> None:
    """A key that is not described might as well not exist."""
    page = (ROOT / "docs" / "reference" / "declarations.md").read_text("utf-8")
    assert all(f"| `{key}` |" in page for key in WireDeclaration.model_fields)
