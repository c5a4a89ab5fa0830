"""The build's own promises: format, lint, types, layers, lock files, and what a wheel carries."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "modelbay"
BIN = Path(sys.executable).parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())

# Said a second time on purpose: the contract in pyproject.toml is what is being tested.
LAYERS = [
    ["cli"],
    ["library", "gateway", "console"],
    ["platform"],
    ["runtime", "store"],
    ["hosts", "catalog"],
    ["providers"],
    ["sdk"],
    ["wires"],
    ["entities"],
    ["errors"],
]
LOCKED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; .+?)?(?: --hash=sha256:[0-9a-f]{64})+")


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment, without colour or wrapping, so that its words can be compared."""
    plain = {"NO_COLOR": "1", "COLUMNS": "300", "PYTHONDONTWRITEBYTECODE": "1"}
    surroundings = {**os.environ, **plain, **environment}
    return subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False)


def assert_clean(result: subprocess.CompletedProcess[str]) -> None:
    """Fail with the tool's own report."""
    assert result.returncode == 0, f"\n{result.stdout}\n{result.stderr}"


def locked(name: str) -> dict[str, str]:
    """Read a lock file as name → version; nothing may stand there but entries with their hashes."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text().replace("\\\n", " ")
    entries = [LOCKED.fullmatch(re.sub(r"\s+", " ", line).strip()) for line in text.splitlines()]
    wrong = [line for line, entry in zip(text.splitlines(), entries, strict=True) if entry is None]
    assert not wrong, f"{name}.lock: not `name==version [; marker] --hash=…`: {wrong}"
    return {entry["name"]: entry["version"] for entry in entries if entry is not None}


def requirements(lines: list[Any]) -> list[Requirement]:
    """Parse requirement strings, leaving out the `include-group` tables of a dependency group."""
    return [Requirement(line) for line in lines if isinstance(line, str)]


def core_dependencies() -> list[Requirement]:
    """Read what an installation of the package brings with it."""
    return requirements(PROJECT["project"]["dependencies"])


def source_files() -> list[Path]:
    """List every file that belongs to the package."""
    return [path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_the_code_is_formatted() -> None:
    """A reviewer should never see a difference that is only layout."""
    assert_clean(run(BIN / "ruff", "format", "--check", "."))


def test_the_linter_finds_nothing() -> None:
    """What `make check` refuses, the build refuses."""
    assert_clean(run(BIN / "ruff", "check", "."))


def test_the_types_hold() -> None:
    """mypy in strict mode, over the code and its tests."""
    assert_clean(run(BIN / "mypy"))


def test_imports_point_down() -> None:
    """The layers are what lets one part be changed without reading the others."""
    assert_clean(run(BIN / "lint-imports", "--no-cache"))


def lint_imports_of(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the source of another checkout."""
    return run(BIN / "lint-imports", "--no-cache", cwd=checkout, PYTHONPATH=str(checkout / "src"))


def copy_with_all_layers(checkout: Path) -> Path:
    """Copy the source and its contracts, and add what does not exist yet: each layer, and two providers."""
    package = checkout / "src" / "modelbay"
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", checkout)
    for layer in [*(name for line in LAYERS[:-1] for name in line), "providers/left", "providers/right"]:
        (package / layer).mkdir(exist_ok=True)
        (package / layer / "__init__.py").touch()
    return package


@pytest.fixture(scope="module")
def report_of_planted_imports(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make every import that the layers forbid in a copy of the source; return what import-linter says."""
    checkout = tmp_path_factory.mktemp("checkout")
    package = copy_with_all_layers(checkout)
    for importer, imported in forbidden_imports():
        plant(package, importer, imported)
    result = lint_imports_of(checkout)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def forbidden_imports() -> Iterator[tuple[str, str]]:
    """Yield imports of the line above, of a neighbour on the same line, and of one provider by another."""
    for upper, lower in pairwise(LAYERS):
        yield from ((importer, imported) for importer in lower for imported in upper)
    for line in LAYERS:
        yield from combinations(line, 2)
    yield "providers.left", "providers.right"


def plant(package: Path, importer: str, imported: str) -> None:
    """Add an import to a module of its own, or to the layer itself where that is one file."""
    folder = package / importer.replace(".", "/")
    module = folder / "planted.py" if folder.is_dir() else folder.with_suffix(".py")
    with module.open("a") as source:
        source.write(f"\nimport modelbay.{imported}\n")


@pytest.mark.parametrize(("importer", "imported"), list(forbidden_imports()))
def test_an_import_against_the_layers_fails(
    report_of_planted_imports: str, importer: str, imported: str
) -> None:
    """A contract that nothing can break would be kept too, so each forbidden import is made once."""
    chain = rf"modelbay\.{re.escape(importer)}(\.planted)? -> modelbay\.{re.escape(imported)} \(l\."
    assert re.search(chain, report_of_planted_imports), report_of_planted_imports


def test_a_package_outside_the_layers_fails(tmp_path: Path) -> None:
    """A new package says which layer it is, or the layers would say nothing about it."""
    (copy_with_all_layers(tmp_path) / "sideways.py").touch()

    result = lint_imports_of(tmp_path)

    assert result.returncode == 1
    assert "modelbay.sideways" in result.stdout


@pytest.mark.parametrize("name", ["run", "dev", "uv"])
def test_a_lock_file_has_a_hash_on_every_entry(name: str) -> None:
    """Names, versions and hashes: whoever installs gets these bytes, from whichever registry they use."""
    assert locked(name)


def test_the_lock_files_answer_what_the_project_asks_for() -> None:
    """A dependency changed in pyproject.toml without `make lock` would be missing on the next machine."""
    groups = PROJECT["dependency-groups"]
    core = [*core_dependencies(), *requirements(groups["build"])]
    for name, wanted in {"run": core, "dev": [*core, *requirements(groups["dev"])]}.items():
        versions = locked(name)
        behind = [
            str(item)
            for item in wanted
            if not item.specifier.contains(versions.get(canonicalize_name(item.name), "0"), prereleases=True)
        ]
        assert not behind, f"{name}.lock: run `make lock` for {behind}"


def test_what_runs_is_tested_in_the_same_versions() -> None:
    """The tests would otherwise pass with a library that no user has."""
    assert locked("run").items() <= locked("dev").items()


def test_no_file_names_an_index_or_a_folder_of_one_machine() -> None:
    """Both work only where they were written. The expression is spelled so that it does not find itself."""
    index = r"index[-_]url[ =]+\S*:|[:]//[^ ]*/simple/"
    folder = r"(^|[^A-Za-z0-9_.~<>-])/(home|root|Users|work|opt)/[A-Za-z]|[A-Z]:\\Users\\"

    result = run("git", "grep", "--untracked", "-nIE", "-e", index, "-e", folder)

    assert (result.returncode, result.stdout) == (1, ""), result.stdout + result.stderr


def test_every_core_dependency_has_its_reason_written_down() -> None:
    """Each one is weight and risk for every user: a row `| name | why | weight |` in a decision note."""
    notes = "\n".join(note.read_text() for note in (ROOT / "docs" / "decisions").glob("*.md"))

    unexplained = [
        item.name
        for item in core_dependencies()
        if not re.search(rf"^\| *`?{item.name}`? *\|[^|]*\w", notes, re.MULTILINE)
    ]

    assert not unexplained


def test_the_package_imports_only_what_it_declares() -> None:
    """A library that only the development tools bring would be missing for a user."""
    declared = {canonicalize_name(item.name) for item in core_dependencies()}
    extras = PROJECT["project"]["optional-dependencies"].values()
    declared |= {canonicalize_name(item.name) for extra in extras for item in requirements(extra)}
    brought_by = packages_distributions()

    undeclared = {
        f"{path.relative_to(SOURCE)}: {name}"
        for path in SOURCE.rglob("*.py")
        for name in imported_packages(path) - sys.stdlib_module_names - {"modelbay", "pydantic_core"}
        if not declared & {canonicalize_name(item) for item in brought_by.get(name, [])}
    }

    assert not undeclared


def imported_packages(path: Path) -> set[str]:
    """Name the top-level packages that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def test_a_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    """Declarations, icons and vocabularies are data, and data is what packaging loses without a word."""
    assert_clean(run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path))
    [wheel] = tmp_path.glob("*.whl")

    carried = set(zipfile.ZipFile(wheel).namelist())

    assert {path.relative_to(ROOT / "src").as_posix() for path in source_files()} <= carried
    assert any(name.endswith("licenses/LICENSE") for name in carried)
