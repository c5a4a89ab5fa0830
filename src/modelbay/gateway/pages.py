"""Pages for people beside the APIs: whoever puts the gateway together brings them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from modelbay.gateway.http.exchange import Exchange
from modelbay.gateway.http.head import lines


class Page(Protocol):
    """A file as it is answered; `tag` is its ETag."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """All that is said of it but its length."""
        ...

    @property
    def body(self) -> bytes:
        """Its content."""
        ...

    @property
    def tag(self) -> str:
        """Another whenever the content is."""
        ...


class Pages(Protocol):
    """Knows which page is where."""

    def find(self, path: str) -> Page | None:
        """Return what is at a path; None if nothing is."""
        ...


class NoPages:
    """A gateway for programs only."""

    def find(self, path: str) -> None:
        """Return nothing."""


def answer(exchange: Exchange, page: Page) -> None:
    """Send a page, or that the browser has it already."""
    known = page.tag in exchange.headers.get("if-none-match", "")
    exchange.respond(304 if known else 200, lines(page.headers), b"" if known else page.body)
