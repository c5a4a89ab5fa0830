"""The compiled index: the light rows of all plugins of some folders, kept between runs.

Two kinds of files, because they are read on different occasions: one index with the rows of all plugins, read
whole by who lists models; and one file per plugin with its full declarations, read by who calls a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelbay.catalog.cache import Cache, file_name
from modelbay.catalog.find import PluginFiles, plugin_folders, scan
from modelbay.catalog.plugin import PlainPlugin, Plugin
from modelbay.catalog.summaries import to_row
from modelbay.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of one plugin folder: `row`, or why there is none.

    `fingerprint` is of the files' places, sizes and times, `checksum` of their contents. An entry made while
    a file was fresh cannot rely on times: `settled` is false, and the next run compares contents.
    """

    folder: str
    fingerprint: str
    checksum: str
    settled: bool
    row: dict[str, Any] | None
    error: str = ""


def load_index(roots: Sequence[Path], cache: Cache) -> list[Entry]:
    """Return an entry for every plugin folder below the roots; only what changed since is parsed."""
    name = file_name("index", *map(str, roots))
    before = {row["folder"]: Entry(**row) for row in cache.read(name) or []}
    folders = dict.fromkeys(plugin_folders(roots))
    entries = [_entry(folder, before.get(str(folder)), cache) for folder in folders]
    if entries != list(before.values()):
        cache.write(name, [asdict(entry) for entry in entries])
        gone = before.keys() - {entry.folder for entry in entries}
        cache.remove(file_name("plugin", folder) for folder in gone)
    return entries


def load_plugin(entry: Entry, cache: Cache) -> Plugin:
    """Return a plugin in full: compiled if nothing changed, else read from its folder.

    Raises:
        DeclarationError: The folder cannot be read as a plugin.
    """
    return Plugin.from_plain(Path(entry.folder), load_plain(entry, cache))


def load_plain(entry: Entry, cache: Cache) -> PlainPlugin:
    """Return a plugin as plain data: compiled if nothing changed, else read from its folder.

    Raises:
        DeclarationError: The folder cannot be read as a plugin.
    """
    compiled = cache.read(file_name("plugin", entry.folder))
    if compiled and compiled["checksum"] == entry.checksum:
        return PlainPlugin.from_json(compiled)
    return _compile(scan(Path(entry.folder)), cache)


def _entry(folder: Path, before: Entry | None, cache: Cache) -> Entry:
    try:
        files = scan(folder)
    except DeclarationError as error:
        return Entry(str(folder), "", "", settled=False, row=None, error=error.description)
    fingerprint, settled = files.fingerprint(), not files.is_fresh()
    if before and before.settled and before.fingerprint == fingerprint:
        return before
    checksum = files.checksum()
    if before and before.checksum == checksum:
        return Entry(before.folder, fingerprint, checksum, settled, before.row, before.error)
    try:
        row, error_text = to_row(Plugin.from_plain(files.folder, _compile(files, cache))), ""
    except DeclarationError as error:
        row, error_text = None, error.description
    return Entry(str(folder), fingerprint, checksum, settled, row, error_text)


def _compile(files: PluginFiles, cache: Cache) -> PlainPlugin:
    from modelbay.catalog.read import read_plain  # noqa: PLC0415 - YAML and entities, for what changed only

    plain = read_plain(files)
    cache.write(file_name("plugin", str(files.folder)), plain.to_json())
    return plain
