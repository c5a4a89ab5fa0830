"""What importing Modelbay loads: counted in a fresh interpreter, never timed."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import pytest

# Where a name is imported from decides what a program pays at its start, used or not.
THIRD_PARTY_OF_THE_LIBRARY = [
    "annotated_types",
    "orjson",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
]


@cache
def loaded_by(statement: str) -> frozenset[str]:
    """Return the modules that a statement adds to those of a bare interpreter."""
    code = (
        "import json, sys; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return frozenset(json.loads(done.stdout))


def third_party(modules: frozenset[str]) -> list[str]:
    """Return the top-level packages that are neither ours nor the standard library's."""
    own = {"modelbay", *sys.stdlib_module_names}
    tops = {module.partition(".")[0] for module in modules}
    return sorted(top for top in tops - own if not top.startswith("_sysconfigdata"))


def test_importing_the_package_loads_nothing_of_others() -> None:
    """A program may import Modelbay for a rare path; until then it pays for a dictionary of names."""
    loaded = loaded_by("import modelbay")

    assert third_party(loaded) == []
    assert [module for module in loaded if module.startswith("modelbay.")] == []


def test_importing_the_platform_loads_nothing_of_others() -> None:
    """A program that reads usage must not pay for the vault; and plugins import the package by the way."""
    loaded = loaded_by("import modelbay.platform")

    assert third_party(loaded) == []
    assert [module for module in loaded if module.startswith("modelbay.")] == ["modelbay.platform"]
    assert not loaded & {"asyncio", "ssl", "sqlite3"}


def test_importing_the_package_starts_no_heavy_part_of_the_standard_library() -> None:
    """An event loop, TLS or an HTTP client costs more than all of the package's own start."""
    assert not loaded_by("import modelbay") & {"asyncio", "ssl", "http.client", "urllib.request", "email"}


def test_an_error_class_comes_without_the_entities() -> None:
    """`except InvokeError` around somebody else's call needs no validation library."""
    assert third_party(loaded_by("from modelbay import InvokeError")) == []


def test_the_library_loads_what_is_pinned_here() -> None:
    """A new package on this list slows every program that uses the library: add one knowingly."""
    assert third_party(loaded_by("from modelbay import Modelbay")) == THIRD_PARTY_OF_THE_LIBRARY


@pytest.mark.parametrize("statement", ["import modelbay.sdk", "from modelbay import Modelbay"])
@pytest.mark.parametrize("unused", ["tiktoken", "yaml", "rich", "typer", "regex", "jsonschema", "pytest"])
def test_what_only_some_calls_need_is_not_loaded(statement: str, unused: str) -> None:
    """Vocabularies are for who counts, YAML for who changed a declaration, the terminal for the commands."""
    assert unused not in loaded_by(statement)


@pytest.mark.parametrize("statement", ["import modelbay.sdk", "from modelbay import Modelbay"])
def test_no_provider_and_no_dialect_is_loaded_before_its_first_call(statement: str) -> None:
    """With sixty plugins installed, a program pays for the one that it calls."""
    parts = [module.split(".") for module in loaded_by(statement)]
    families = {"openai", "anthropic", "ollama", "cohere", "jina"}

    assert [part for part in parts if part[:2] == ["modelbay", "providers"] and len(part) > 2] == []
    assert [part for part in parts if part[:2] == ["modelbay", "wires"] and families & set(part[2:])] == []


def test_making_a_client_loads_no_plugin() -> None:
    """Plugins are looked for at the first question about them."""
    made = loaded_by("from modelbay import Modelbay; Modelbay().close()")

    assert not made & {"yaml", "modelbay.catalog.read"}
    assert [module for module in made if module.startswith("modelbay.providers.")] == []


def test_every_public_name_can_be_imported() -> None:
    """The names come lazily, so a wrong entry would show at a user's first use."""
    assert loaded_by("import modelbay; [getattr(modelbay, name) for name in modelbay.__all__]")
    assert loaded_by("import modelbay.platform as it; [getattr(it, name) for name in it.__all__]")


def test_a_gateway_starts_without_what_only_some_installations_have() -> None:
    """YAML and what its files may say, single sign-on, the library: what is imported stays in memory."""
    loaded = loaded_by(
        "from pathlib import Path\n"
        "import modelbay.cli.choose, modelbay.cli.serve, modelbay.cli.welcome, modelbay.gateway.app\n"
        "from modelbay.gateway.settings import GatewaySettings\n"
        "from modelbay.platform.limits.hosted import Hosted\n"
        "GatewaySettings.read(Path('/nowhere')), Hosted.read(Path('/nowhere'))"
    )
    rare = {
        "modelbay.cli.local_servers",
        "modelbay.gateway.settings_file",
        "modelbay.library",
        "modelbay.platform.people.oidc.settings",
        "rich",
        "yaml",
    }

    assert not loaded & rare
    assert "modelbay.runtime.engine" in loaded
