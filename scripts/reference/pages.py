"""The pages of the reference, by file name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any

from pydantic import BaseModel
from scripts.reference.coverage.page import dialects_page
from scripts.reference.declarations import declarations_page
from scripts.reference.docstrings import summary_of, to_markdown
from scripts.reference.entities import show_entity, show_enum
from scripts.reference.gateway import gateway_page
from scripts.reference.markdown import code, fence, page, table
from scripts.reference.platform import platform_page
from scripts.reference.provider_pages import provider_pages
from scripts.reference.providers import providers_page
from scripts.reference.public import documentation_of, public_names
from scripts.reference.python import show_class, show_function
from typer.main import get_command
from typer.testing import CliRunner

import modelbay
from modelbay import errors, wires
from modelbay.catalog import CatalogReport, ModelSummary, PriceSummary, ProviderSummary
from modelbay.cli.app import app
from modelbay.entities import ModelType
from modelbay.library import LLM
from modelbay.sdk.testing import faults
from modelbay.sdk.testing.conformance import ABILITIES, Subject, cases
from modelbay.sdk.tokens import TokenCount
from modelbay.wires.family import Family

_READY = """\
# Ready-made models

`from modelbay.sdk.wired import …`: what a provider gets whose YAML has a `wire` section. Derive from these to
change a detail of a known wire."""

_TWIN = """\
The asynchronous twin of `Modelbay`: the same methods, as coroutines; `stream` and `speak_stream` are
asynchronous iterators. `await bay.aclose()` or `async with` closes it."""


def pages() -> dict[str, str]:
    """Return every page of the reference by its file name."""
    found = {name: write() for name, (_, write) in _PAGES.items()}
    lines = "\n".join(f"- [{title}]({name})" for name, (title, _) in _PAGES.items())
    reference = page("Reference", "Written from the code. [Guides](..) come first.", lines)
    return {"README.md": reference} | found | provider_pages()


def library_page() -> str:
    """Return the page about the library."""
    names = [
        name for name in modelbay.__all__ if modelbay._HOME.get(name) not in ("entities", "errors", "library")
    ]
    others = [show_class(getattr(modelbay, name)) for name in names if name != "__version__"]
    rows = [TokenCount, ModelSummary, PriceSummary, ProviderSummary, CatalogReport]
    return page(
        "Library",
        "`from modelbay import …`. See also [Entities](entities.md) and [Errors](errors.md).",
        *(show_class(cls).replace("AsyncIterator", "Iterator") for cls in (modelbay.Modelbay, LLM)),
        "## AsyncModelbay\n\n" + _TWIN,
        *others,
        *(show_class(cls) for cls in rows),
        "## Names in `modelbay`",
        table(("name", "what it is"), [(code(name), _summary(name)) for name in modelbay.__all__]),
    )


def errors_page() -> str:
    """Return the page about errors."""
    found = public_names("modelbay.errors")
    classes = [value for value in found.values() if inspect.isclass(value)]
    ordered = sorted(classes, key=lambda cls: (len(cls.__mro__), cls.__name__))
    rows = [
        (_indented(cls), "yes" if cls.retryable else "", summary_of(cls))
        for cls in _as_tree(errors.ModelbayError, ordered)
    ]
    return page(
        "Errors",
        "One tree. `from modelbay import …` has the classes.",
        table(("class", "retryable", "meaning"), rows),
        show_class(errors.ModelbayError, skip=frozenset({"__str__"})),
        *(show_function(value) for value in found.values() if inspect.isfunction(value)),
    )


def _indented(cls: type) -> str:
    depth = len(cls.__mro__) - len(errors.ModelbayError.__mro__)
    return "&nbsp;" * 4 * depth + code(cls.__name__)


def _as_tree(root: type, classes: Iterable[type]) -> list[Any]:
    below = [cls for cls in classes if root in cls.__bases__]
    return [root, *(each for cls in below for each in _as_tree(cls, classes))]


def entities_page() -> str:
    """Return the page about entities."""
    found = public_names("modelbay.entities")
    return page(
        "Entities",
        "`from modelbay.entities import …`: pydantic models that keep the fields they do not know.",
        *(_entity(name, value) for name, value in found.items()),
    )


def _entity(name: str, value: Any) -> str:
    if inspect.isclass(value) and issubclass(value, Enum):
        return show_enum(value)
    if inspect.isclass(value) and issubclass(value, BaseModel):
        return show_entity(value)
    if inspect.isclass(value):
        return show_class(value)
    if inspect.isfunction(value):
        return show_function(value)
    return f"## {name}\n\n{documentation_of('modelbay.entities', name, value)}"


def sdk_page() -> str:
    """Return the page about the plugin kit."""
    found = public_names("modelbay.sdk")
    names = [name for name, value in found.items() if inspect.isclass(value) and value.__name__ == name]
    others = [name for name in found if name not in names]
    ready = {name: cls for name, cls in public_names("modelbay.sdk.wired").items() if inspect.isclass(cls)}
    return page(
        "Plugin kit",
        "`from modelbay.sdk import …`.",
        to_markdown(inspect.getdoc(importlib.import_module("modelbay.sdk")) or ""),
        *(show_class(found[name], private=True) for name in names),
        *(f"## {name}\n\n{documentation_of('modelbay.sdk', name, found[name])}" for name in others),
        _READY,
        *(show_class(cls) for cls in ready.values()),
    )


def testing_page() -> str:
    """Return the page about testing a provider."""
    found = public_names("modelbay.sdk.testing")
    return page(
        "Testing a provider",
        "`from modelbay.sdk.testing import …`; the suite is `modelbay.sdk.testing.conformance`.",
        "## Conformance cases\n\nEvery case runs against a fake upstream over a real socket.",
        table(("type", "case", "needs"), _cases()),
        f"Abilities: {', '.join(code(each) for each in sorted(ABILITIES))}.",
        show_class(Subject),
        *(show_class(value) for value in found.values() if inspect.isclass(value)),
        *(show_function(value) for value in found.values() if inspect.isfunction(value)),
        "## Faults\n\n`upstream.will_fail(faults.rate_limited(retry_after=2))`",
        *(show_function(value, 3) for value in vars(faults).values() if _is_fault(value)),
    )


def _is_fault(value: Any) -> bool:
    return inspect.isfunction(value) and value.__module__ == faults.__name__ and value.__name__[0] != "_"


def _cases() -> list[tuple[str, str, str]]:
    return [
        (kind.value, case.name, ", ".join(sorted(case.needs)))
        for kind in ModelType
        for case in cases()
        if case.model_type is kind
    ]


def wires_page() -> str:
    """Return the page about the wires: what each family speaks, and its options."""
    found = [
        importlib.import_module(f"modelbay.wires.{row.name}") for row in pkgutil.iter_modules(wires.__path__)
    ]
    families = [module for module in found if isinstance(getattr(module, "FAMILY", None), Family)]
    return page(
        "Wires",
        "The dialects that a provider may name under `wire`, and what a model's `wire` may say to each.",
        *(f"## {module.FAMILY.name}\n\n{inspect.getdoc(module)}" for module in families),
    )


def command_line_page() -> str:
    """Return the page about the command line."""
    groups = {(): "modelbay"} | {(name,): name for name in _commands()}
    blocks = [fence(_help(*words)) for words in groups]
    heads = ["## modelbay", *(f"## modelbay {' '.join(words)}" for words in groups if words)]
    return page("Command line", *(part for pair in zip(heads, blocks, strict=True) for part in pair))


def _commands() -> Iterator[str]:
    group: Any = get_command(app)
    for name, later in group.commands.items():
        yield name
        yield from (f"{name} {below}" for below in getattr(later.real(), "commands", ()))


def _help(*words: str) -> str:
    arguments = [part for word in words for part in word.split()]
    result = CliRunner().invoke(app, [*arguments, "--help"], prog_name="modelbay", env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return str(result.output)


def _summary(name: str) -> str:
    text = documentation_of("modelbay", name, getattr(modelbay, name))
    return " ".join(text.split("\n\n")[0].split())


_PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "library.md": ("Library: `Modelbay` and what it returns", library_page),
    "platform.md": ("Platform: workspaces, keys, credentials, budgets, usage", platform_page),
    "errors.md": ("Errors", errors_page),
    "entities.md": ("Entities: messages, results, usage, declarations", entities_page),
    "command-line.md": ("Command line", command_line_page),
    "providers.md": ("Providers, each with its models, prices and credentials", providers_page),
    "declarations.md": ("Declarations: every key of a plugin's YAML", declarations_page),
    "gateway.md": ("Gateway: operations, settings, limits, metrics", gateway_page),
    "wires.md": ("Wires and their options", wires_page),
    "dialects.md": ("Dialects that clients speak: what becomes of every field", dialects_page),
    "sdk.md": ("Plugin kit: base classes", sdk_page),
    "testing.md": ("Testing a provider: fakes, faults, conformance cases", testing_page),
}
