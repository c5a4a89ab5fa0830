"""Providers: what their plugins declare, the forms of their credentials, and their icons."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from modelbay.catalog import ProviderSummary
from modelbay.catalog.plugin import Plugin
from modelbay.entities.i18n import I18nObject
from modelbay.gateway.api.fields import PageQuery, Query
from modelbay.gateway.api.forms.providers import ProviderDeclaration, ProviderPage, answer_of, declaration_of
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.targets import plugin_of
from modelbay.platform.environment import variables_of
from modelbay.platform.people.refusals import not_found

_FOLDER: Final = "_assets"
_LARGEST: Final = 2**20  # bytes of an icon
_KINDS: Final = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
# An SVG is a document: opened by itself it must run nothing, whoever has made the plugin.
_HARMLESS: Final = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")


class IconQuery(Query):
    """Which icon."""

    size: Literal["small", "large"] = Field("small", description="The size; without a large one, the small.")
    theme: Literal["light", "dark"] = Field("light", description="For which background, if there are two.")
    language: Annotated[str, Field(max_length=20)] = Field(
        "en_US", description="For which language, such as `zh_Hans`, if there are several."
    )


async def list_providers(request: Request[None, PageQuery]) -> Reply:
    """List providers."""
    rows = await asyncio.to_thread(request.services.catalog.providers)
    kept, following = cut_list(request, rows, lambda row: row.provider)
    return Reply(ProviderPage(items=[answer_of(row) for row in kept], next=following))


async def describe(request: Request[None, None]) -> Reply:
    """Return what a provider declares, with its forms."""
    row, plugin = await _found(request)
    variables = {name: list(found) for name, found in variables_of(plugin.provider).items()}
    return Reply(declaration_of(row, plugin, variables))


async def icon(request: Request[None, IconQuery]) -> Reply:
    """Return a provider's icon."""
    _, plugin = await _found(request)
    found = await asyncio.to_thread(_icon, plugin, request.query)
    if found is None:
        raise not_found("provider", "it has no icon that can be shown")
    kind, content = found
    headers = (_HARMLESS, ("content-type", kind), ("cache-control", "private, max-age=3600"))
    return Reply(content=content, headers=headers)


async def _found(request: Request[Any, Any]) -> tuple[ProviderSummary, Plugin]:
    name = request.params["provider"]
    rows = await asyncio.to_thread(request.services.catalog.providers)
    row = next((row for row in rows if row.provider == name), None)
    if row is None:
        raise not_found("provider", f"there is no provider {name[:60]!r}; GET /api/providers lists them")
    return row, await plugin_of(request.services, name)


def _icon(plugin: Plugin, query: IconQuery) -> tuple[str, bytes] | None:
    """Return the media type and the bytes of an icon; None if there is none that may be shown."""
    declared, dark = plugin.provider, query.theme == "dark"
    named: list[I18nObject | str | None] = [
        declared.icon_large_dark if dark and query.size == "large" else None,
        declared.icon_small_dark if dark else None,
        declared.icon_large if query.size == "large" else None,
        declared.icon_small or declared.icon_large,
        plugin.manifest.icon,
    ]
    for each in named:
        text = each.to_dict().get(query.language, each.en_us) if isinstance(each, I18nObject) else each
        found = _file(plugin.folder / _FOLDER, text) if text else None
        if found is not None:
            return found
    return None


def _file(folder: Path, name: str) -> tuple[str, bytes] | None:
    """Return an image of a plugin's own folder, and of nowhere else."""
    path = (folder / name).resolve()
    kind = _KINDS.get(path.suffix.lower())
    if kind is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    return (kind, path.read_bytes()) if path.stat().st_size <= _LARGEST else None


OPERATIONS: Final = [
    Operation(
        id="listProviders",
        method="GET",
        path="/api/providers",
        action="provider.read",
        summary="List the providers that there are plugins for.",
        serve=list_providers,
        query=PageQuery,
        answer=ProviderPage,
    ),
    Operation(
        id="describeProvider",
        method="GET",
        path="/api/providers/{provider}",
        action="provider.read",
        summary="Return what a provider declares, with the forms of its credentials.",
        serve=describe,
        answer=ProviderDeclaration,
    ),
    Operation(
        id="getProviderIcon",
        method="GET",
        path="/api/providers/{provider}/icon",
        action="provider.read",
        summary="Return a provider's icon.",
        serve=icon,
        query=IconQuery,
        media="image/*",
    ),
]
