"""Links of a page that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def broken_links(page: Path) -> Iterator[str]:
    """Yield the relative links whose file or heading does not exist."""
    text = _CODE.sub("", page.read_text("utf-8"))
    for found in _LINK.finditer(text):
        link = found[1] or found[2]
        path, _, heading = link.partition("#")
        if "://" in link:
            continue
        target = page if not path else (page.parent / path).resolve()
        if not target.exists() or (heading and heading not in _anchors(target)):
            yield link


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made on most sites."""
    headings = _HEADING.findall(re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
