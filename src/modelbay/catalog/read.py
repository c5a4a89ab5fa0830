"""Read one plugin folder into a `Plugin`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelbay.catalog.documents import Document, DocumentError, read_document
from modelbay.catalog.find import MANIFEST, PluginFiles, scan
from modelbay.catalog.findings import DeclarationWarning, Place, WarningKind
from modelbay.catalog.plugin import PlainPlugin, Plugin
from modelbay.catalog.provider_file import tolerate_manifest, tolerate_provider
from modelbay.catalog.repair import UnusableError
from modelbay.catalog.sections import read_models
from modelbay.errors import DeclarationError


def read_plugin(folder: Path) -> Plugin:
    """Read a folder in the plugin format, tolerantly: what is odd becomes `warnings`.

    Raises:
        DeclarationError: There is no manifest or provider, or one of them cannot be used; the message names
            file, line, column and what to do.
    """
    return Plugin.from_plain(folder, read_plain(scan(folder)))


def read_plain(files: PluginFiles) -> PlainPlugin:
    """Read a plugin's files as plain data that the entities accept; see `read_plugin`."""
    found: list[DeclarationWarning] = []
    if MANIFEST not in files:
        raise DeclarationError(f"{files.folder}: there is no {MANIFEST}, so this is no plugin; add it.")
    manifest = _usable(files, MANIFEST, _mapping(files, MANIFEST), tolerate_manifest, found)
    path = _provider_path(files, manifest, found)
    document = _mapping(files, path)
    provider = _usable(files, path, document, tolerate_provider, found)
    models, positions = read_models(files, Place(found, path, document.line_of), document.data.get("models"))
    return PlainPlugin(files.checksum(), manifest, {**provider, "position": positions}, models, found)


def _mapping(files: PluginFiles, path: str) -> Document:
    try:
        document = read_document(files.content(path))
    except DocumentError as error:
        place = f", line {error.line}, column {error.column}" if error.line else ""
        raise DeclarationError(f"{files.folder / path}{place}: {error.message}") from error
    if not isinstance(document.data, dict):
        state = "is empty" if document.data is None else "is not a mapping"
        raise DeclarationError(f"{files.folder / path}, line 1, column 1: the file {state}; fill it in.")
    return document


def _usable(
    files: PluginFiles,
    path: str,
    document: Document,
    tolerate: Callable[[Document, Place], dict[str, Any]],
    found: list[DeclarationWarning],
) -> dict[str, Any]:
    place = Place(found, path, document.line_of)
    place.warn_of_repeated(document.repeated_keys)
    try:
        return tolerate(document, place)
    except UnusableError as error:
        line, column = document.mark_of(error.path)
        raise DeclarationError(f"{files.folder / path}, line {line}, column {column}: {error}.") from error


def _provider_path(files: PluginFiles, manifest: dict[str, Any], found: list[DeclarationWarning]) -> str:
    """Return the provider file that the manifest names; a plugin carries one provider."""
    declared = manifest.get("plugins", {}).get("models") or []
    if not declared:
        raise DeclarationError(
            f"{files.folder / MANIFEST}: `plugins.models` names no provider file; add the path of one."
        )
    path = declared[0].removeprefix("./")
    if path not in files:
        raise DeclarationError(
            f"{files.folder / MANIFEST}: the provider file {path} does not exist in the plugin; "
            "add it or correct `plugins.models`."
        )
    if len(declared) > 1:
        message = f"a plugin carries one provider: {', '.join(declared[1:])} is not read."
        Place(found, MANIFEST).warn(WarningKind.FILES, message)
    return str(path)
