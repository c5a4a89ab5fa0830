"""The public names of a package, and where their docstrings are."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from types import ModuleType
from typing import Any

from scripts.reference.docstrings import docstring_of, documented_names

PUBLIC = (
    "modelbay",
    "modelbay.errors",
    "modelbay.entities",
    "modelbay.sdk",
    "modelbay.sdk.testing",
    "modelbay.platform",
)


def public_names(package: str) -> dict[str, Any]:
    """Return what `__all__` of a package names."""
    module = importlib.import_module(package)
    return {name: _unwrapped(getattr(module, name)) for name in module.__all__}


def _unwrapped(value: Any) -> Any:
    """Return the function inside a decorator such as `cache`, anything else as it is."""
    return inspect.unwrap(value) if callable(value) else value


def documentation_of(package: str, name: str, value: Any) -> str:
    """Return the docstring of a public name; that of a constant or an alias stands below its assignment."""
    if inspect.isclass(value) or inspect.isfunction(value):
        alias = _constants(package).get(name) if value.__name__ != name else None
        return alias or docstring_of(value)
    if isinstance(value, ModuleType):
        return docstring_of(value)
    return _constants(package).get(name, "")


@cache
def _constants(package: str) -> dict[str, str]:
    module = importlib.import_module(package)
    found = documented_names(module)
    if package != "modelbay":
        for row in pkgutil.iter_modules(getattr(module, "__path__", [])):
            found |= documented_names(importlib.import_module(f"{package}.{row.name}"))
    return found
