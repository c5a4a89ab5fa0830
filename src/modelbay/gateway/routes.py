"""What the gateway serves: one route object for each method and path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelbay.entities import ModelType
from modelbay.wires.serving import ErrorFace

if TYPE_CHECKING:
    from modelbay.gateway.call import Call

Serve = Callable[["Call", str], Awaitable[None]]
"""Serves a call; the text is what the path names beyond the route, "" if nothing."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. A `prefix` route is served what the path names beyond it, such as a model.

    `model_type` is what its models are; None if it calls none.
    """

    method: str
    path: str
    surface: str
    serve: Serve
    errors: ErrorFace
    prefix: bool = False
    id_header: bytes = b"x-request-id"
    model_type: ModelType | None = None


class Router:
    """Finds the route of a request. A path is compared as it was sent: nothing is decoded or normalised."""

    def __init__(self, routes: list[Route]) -> None:
        self._exact = {(route.method, route.path): route for route in routes if not route.prefix}
        self._prefixes = [route for route in routes if route.prefix]
        self.routes = tuple(routes)

    def find(self, method: str, path: str) -> tuple[Route, str] | None:
        """Return the route and what the path names beyond it; None if nothing is served there."""
        found = self._exact.get((method, path))
        if found is not None:
            return found, ""
        for route in self._prefixes:
            if route.method == method and path.startswith(route.path) and len(path) > len(route.path):
                return route, path[len(route.path) :]
        return None

    def methods(self, path: str) -> list[str]:
        """Return the methods that a path is served by."""
        return sorted({route.method for route in self.routes if self.find(route.method, path)})
