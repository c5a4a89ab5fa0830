"""Cut an answer into pieces as a tokenizer would: words with the space in front, long ones in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelbay.providers.sandbox.engines.words import CJK

__all__ = ["fragments", "pieces"]

_PIECE = re.compile(rf"\s*+(?:[{CJK}]{{1,2}}|[^\s{CJK}]{{1,8}})|\s+")
_FRAGMENT = 7


def pieces(text: str) -> Iterator[str]:
    """Yield pieces that join to exactly the text."""
    return (match[0] for match in _PIECE.finditer(text))


def fragments(json_text: str) -> Iterator[str]:
    """Yield fragments of arguments that join to exactly the text and are not JSON by themselves."""
    return (json_text[at : at + _FRAGMENT] for at in range(0, len(json_text), _FRAGMENT))
