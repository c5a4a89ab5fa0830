"""Which plugins there are, and what they declare."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelbay.catalog.cache import Cache
from modelbay.catalog.find import builtin_folder
from modelbay.catalog.findings import DeclarationWarning, WarningKind
from modelbay.catalog.index import Entry, load_index, load_plain, load_plugin
from modelbay.catalog.summaries import (
    CatalogReport,
    ModelSummary,
    ProviderSummary,
    model_summaries,
    provider_summary,
)
from modelbay.errors import DeclarationError, InvokeBadRequestError

if TYPE_CHECKING:
    from modelbay.catalog.plugin import Plugin
    from modelbay.entities import ModelProviderConfiguration


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What the folders held when they were looked at."""

    entries: dict[str, Entry]
    providers: list[ProviderSummary]
    models: list[ModelSummary]
    by_name: dict[str, list[ModelSummary]]
    broken: dict[Path, str]
    warnings: list[DeclarationWarning]


class Catalog:
    """The plugins that come with Modelbay and those in further folders.

    Nothing is read before it is asked for. What was read once is kept until `refresh`, so that a lookup costs
    nothing; the first question looks at the folders. Safe to share among threads.
    """

    def __init__(self, folders: Iterable[Path | str] = (), *, builtin: bool = True) -> None:
        """Create a catalog.

        Args:
            folders: Plugin folders, or folders that hold some. The built-in plugins come before them.
            builtin: Whether the built-in plugins are part of the catalog.
        """
        self._folders = [Path(folder).expanduser().absolute() for folder in folders]
        self._builtin = builtin
        self._lock = threading.RLock()
        self._snapshot: _Snapshot | None = None
        self._plugins: dict[str, Plugin] = {}
        self._declared: dict[str, ModelProviderConfiguration] = {}

    def providers(self) -> list[ProviderSummary]:
        """Return all providers: the built-in ones by name, then those of each folder by name."""
        return list(self._look().providers)

    def models(self, type: str | None = None, provider: str | None = None) -> list[ModelSummary]:  # noqa: A002
        """Return the declared models, of one type or provider if given, in display order."""
        return [
            model
            for model in self._look().models
            if (type is None or model.type == type) and (provider is None or model.provider == provider)
        ]

    def find_model(self, name: str, type: str | None = None) -> list[ModelSummary]:  # noqa: A002
        """Return every provider's model of that name."""
        found = self._look().by_name.get(name, [])
        return [model for model in found if type is None or model.type == type]

    def provider(self, name: str) -> Plugin:
        """Return one provider's plugin in full; only this one is read.

        Raises:
            InvokeBadRequestError: There is no provider of that name.
            DeclarationError: Its plugin can no longer be read.
        """
        with self._lock:
            if name not in self._plugins:
                self._plugins[name] = load_plugin(self._entry(name), Cache.open())
            return self._plugins[name]

    def declared(self, name: str) -> ModelProviderConfiguration:
        """Return what one provider declares, without its models: for who asks all providers something.

        Raises:
            InvokeBadRequestError: There is no provider of that name.
            DeclarationError: Its plugin can no longer be read.
        """
        with self._lock:
            if name not in self._declared:
                self._declared[name] = load_plain(self._entry(name), Cache.open()).declared()
            return self._declared[name]

    def is_builtin(self, name: str) -> bool:
        """Whether a provider's plugin came with Modelbay; InvokeBadRequestError if there is none."""
        return Path(self._entry(name).folder).parent == builtin_folder()

    def report(self) -> CatalogReport:
        """Count plugins, models and warnings; name the folders that could not be read."""
        return CatalogReport.of(self.providers(), dict(self._look().broken))

    @property
    def warnings(self) -> list[DeclarationWarning]:
        """What is odd about the folders together; what is odd in a plugin is in `Plugin.warnings`."""
        return list(self._look().warnings)

    def refresh(self) -> None:
        """Forget what was read: the next question looks at the folders again."""
        with self._lock:
            self._snapshot = None
            self._plugins.clear()
            self._declared.clear()

    def _look(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            with self._lock:
                snapshot = self._snapshot = self._snapshot or self._take_snapshot()
        return snapshot

    def _take_snapshot(self) -> _Snapshot:
        roots = [builtin_folder(), *self._folders] if self._builtin else self._folders
        snapshot = _Snapshot({}, [], [], {}, {}, [])
        for entry in load_index(roots, Cache.open()):
            _add(snapshot, entry)
        return snapshot

    def _entry(self, name: str) -> Entry:
        snapshot = self._look()
        if name in snapshot.entries:
            return snapshot.entries[name]
        for folder, error in snapshot.broken.items():
            if folder.name == name:
                raise DeclarationError(error, provider=name)
        raise InvokeBadRequestError(f"There is no provider {name!r}.{_similar(name, snapshot.entries)}")


def _add(snapshot: _Snapshot, entry: Entry) -> None:
    folder = Path(entry.folder)
    if entry.row is None:
        snapshot.broken[folder] = entry.error
        return
    provider = provider_summary(entry.row, folder)
    if provider.provider in snapshot.entries:
        first = snapshot.entries[provider.provider].folder
        message = f"the provider {provider.provider} is also in {first}, which counts; rename or remove one."
        snapshot.warnings.append(DeclarationWarning(WarningKind.REPEATED_PROVIDER, message, entry.folder))
        return
    snapshot.entries[provider.provider] = entry
    snapshot.providers.append(provider)
    for model in model_summaries(entry.row):
        snapshot.models.append(model)
        snapshot.by_name.setdefault(model.model, []).append(model)


def _similar(name: str, names: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415 - start-up time: for a mistake only

    close = difflib.get_close_matches(name, names, n=3)
    return f" Did you mean {' or '.join(close)}?" if close else " `modelbay providers` lists them."
