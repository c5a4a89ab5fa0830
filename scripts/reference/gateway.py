"""What the gateway serves, and what it can be told."""

from __future__ import annotations

from pydantic.fields import FieldInfo
from scripts.reference.markdown import code, page, table
from scripts.reference.python import show_class

from modelbay.gateway.http.settings import ServerSettings
from modelbay.gateway.metrics import Metrics
from modelbay.gateway.routes import Route
from modelbay.gateway.settings import FILE, Limits
from modelbay.gateway.settings_file import SettingsFile
from modelbay.gateway.surfaces.routes import ALL


def gateway_page() -> str:
    """Return the page about the gateway."""
    return page(
        "Gateway",
        "What it serves, and what it can be told. [The guide](../gateway.md) comes first.",
        "## Operations",
        table(("method", "path", "surface"), [_operation(route) for route in ALL]),
        f"## {FILE}\n\nIn the data directory; read at the start.",
        table(("key", "what it is"), [(code(name), field.description or "") for name, field in _fields()]),
        show_class(Limits),
        "## Limits of connections\n\nThese hold before a request reaches a route.",
        show_class(ServerSettings),
        "## Metrics",
        table(("name", "what it counts"), [(code(name), text) for name, text in Metrics().described()]),
    )


def _operation(route: Route) -> tuple[str, str, str]:
    path = route.path + ("{id}" if route.prefix else "")
    return route.method, code(path), code(route.surface)


def _fields() -> list[tuple[str, FieldInfo]]:
    return list(SettingsFile.model_fields.items())
