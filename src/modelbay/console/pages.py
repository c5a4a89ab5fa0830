"""Which file is at which path, and the headers that keep a browser from doing anything else with it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

_FOLDER: Final = Path(__file__).parent / "static"
_ASSETS: Final = "/assets/"
_PAGES: Final = ("/", "/setup", "/join", "/sign-in")
_SHELL: Final = "entrance.html"
_KINDS: Final = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Page(NamedTuple):
    """A file as it is answered. `tag` is another whenever the content is."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    tag: str


class Pages:
    """The files, read once: a release has no others while it runs."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._folder = folder
        self._known: dict[str, Page] = {}

    def find(self, path: str) -> Page | None:
        """Return what is at a path; None if nothing is."""
        name = self._name(path)
        if name is None:
            return None
        if name not in self._known:
            self._known[name] = _page(self._folder / name)
        return self._known[name]

    def _name(self, path: str) -> str | None:
        if path in _PAGES:
            return _SHELL
        if not path.startswith(_ASSETS):
            return None
        names = {each.name for each in self._folder.iterdir() if each.suffix in _KINDS}
        asset = path.removeprefix(_ASSETS)
        return asset if asset in names - {_SHELL} else None


def _page(file: Path) -> Page:
    body = file.read_bytes()
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    headers = (
        ("content-type", _KINDS[file.suffix]),
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-cache"),  # asked for again each time, and answered with 304
        ("etag", tag),
    )
    return Page(headers, body, tag)
