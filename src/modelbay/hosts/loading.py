"""Finding the classes in a plugin's Python files."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType

from modelbay import providers
from modelbay.entities import ModelType
from modelbay.errors import DeclarationError
from modelbay.hosts.host import ProviderCode
from modelbay.sdk import (
    AIModel,
    LargeLanguageModel,
    ModelProvider,
    ModerationModel,
    RerankModel,
    Speech2TextModel,
    TextEmbeddingModel,
    TTSModel,
)
from modelbay.sdk.wired import WIRED_MODELS, WiredProvider

_BASES: tuple[type[AIModel], ...] = (
    LargeLanguageModel,
    TextEmbeddingModel,
    RerankModel,
    Speech2TextModel,
    TTSModel,
    ModerationModel,
)
_FOREIGN = "modelbay_plugins"


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """The classes that a plugin brings, or gets from its wire."""

    provider_class: type[ModelProvider]
    model_classes: dict[ModelType, type[AIModel]]


def load(code: ProviderCode) -> LoadedPlugin:
    """Import the plugin's Python files and find its classes.

    A type that the plugin has no class for gets the ready-made one, if the provider declares a wire.

    Raises:
        DeclarationError: A file cannot be imported, or a class that must be there is not.
    """
    package = _package_of(code.folder)
    sources = code.provider.python
    classes: dict[ModelType, type[AIModel]] = {}
    if code.provider.wire is not None:
        classes = {kind: WIRED_MODELS[kind] for kind in code.provider.supported_model_types}
    for source in sources.model_sources:
        classes |= _model_classes(_module(package, code.folder, source))
    if sources.provider_source:
        return LoadedPlugin(_provider_class(_module(package, code.folder, sources.provider_source)), classes)
    if code.provider.wire is None:
        raise DeclarationError(
            f"{code.folder}: the provider YAML has neither `extra.python.provider_source` nor `wire`"
        )
    return LoadedPlugin(WiredProvider, classes)


def _package_of(folder: Path) -> str:
    """Return the name of the package that the folder's files are imported under: one for each plugin."""
    built_in = Path(providers.__path__[0])
    if folder.parent.resolve() == built_in.resolve():
        return f"{providers.__name__}.{folder.name}"
    place = str(folder.resolve())
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]  # `my-plugin` and `my_plugin` are two
    name = f"{_FOREIGN}.{re.sub(r'[^0-9a-zA-Z_]', '_', folder.name)}_{digest}"
    for package, path in ((_FOREIGN, []), (name, [str(folder)])):
        if package not in sys.modules:
            module = types.ModuleType(package)
            module.__path__ = path
            sys.modules[package] = module
    return name


def _module(package: str, folder: Path, source: str) -> ModuleType:
    path = PurePosixPath(source)
    if path.suffix != ".py" or path.is_absolute() or ".." in path.parts:
        raise DeclarationError(f"{folder}: {source!r} is not a Python file inside the plugin")
    if not (folder / path).is_file():
        raise DeclarationError(f"{folder}: there is no file {source!r}; the provider YAML names it")
    try:
        return importlib.import_module(".".join((package, *path.with_suffix("").parts)))
    except (Exception, SystemExit) as error:
        raise DeclarationError(f"{folder / path}: {type(error).__name__}: {error}") from error


def _provider_class(module: ModuleType) -> type[ModelProvider]:
    found = [
        kind
        for kind in _classes(module)
        if issubclass(kind, ModelProvider) and kind not in (ModelProvider, WiredProvider)
    ]
    if len(found) != 1:
        raise DeclarationError(
            f"{module.__file__}: found {len(found)} subclasses of ModelProvider; there must be exactly one"
        )
    return found[0]


def _model_classes(module: ModuleType) -> dict[ModelType, type[AIModel]]:
    """Return the model class of each type; of several the last in the file counts, as plugins expect."""
    return {
        kind.model_type: kind
        for kind in _classes(module)
        if issubclass(kind, _BASES) and kind not in _BASES and kind not in WIRED_MODELS.values()
    }


def _classes(module: ModuleType) -> Iterable[type]:
    return [value for value in vars(module).values() if isinstance(value, type)]
