"""Every arrangement of the built-in providers: one module a provider (or a few that are much alike)."""

from __future__ import annotations

import importlib
import pkgutil

from tests.providers.arrangement import Arrangement

ARRANGEMENTS: list[Arrangement] = [
    arrangement
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    for arrangement in importlib.import_module(f"{__name__}.{module.name}").ARRANGEMENTS
]
