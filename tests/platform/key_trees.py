"""Trees of keys for tests: random scopes, and all that a key can be used for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from typing import Final

from hypothesis import strategies as st

from modelbay.entities import ModelType
from modelbay.platform.authoriser import caller_of
from modelbay.platform.key_scopes import SURFACES, Scopes
from modelbay.platform.lineages import DEEPEST, is_open
from modelbay.runtime.scopes import Scope, parse_address
from modelbay.store import Database
from modelbay.store import keys as queries

MODELS: Final = ("openai/gpt-4.1", "openai/gpt-4.1-mini", "openai/tts-1", "anthropic/claude", "fast")
TYPES: Final = tuple(each.value for each in ModelType if each is not ModelType.TEXT2IMG)
ADDRESSES: Final = ("10.0.0.1", "10.0.0.200", "10.9.0.1", "192.0.2.7", "2001:db8::1", "unix")
NETWORKS: Final = (
    *("10.0.0.0/8", "10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/25", "192.0.2.7/32", "0.0.0.0/0"),
    *("2001:db8::/32", "2001:db8::/33", "2001:db8:8000::/33", "::/0"),
)
_PATTERNS: Final = ("*", "openai/*", "openai/gpt-4.1*", "openai/gpt-4.1", "*/*", "[!o]*", "?*", "fast", "f*")
_SURFACES: Final = ("*", "openai.*", "openai.chat", "anthropic.*", "*.rerank", "api", "open*", "openai.[cs]*")


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=3)


scopes: Final = st.builds(
    Scopes, models=_some(_PATTERNS), types=_some(TYPES), surfaces=_some(_SURFACES), networks=_some(NETWORKS)
)


Use = tuple[str, str, str, str]
"""Something that a key can be used for: a surface, a type of model, a model, an address."""


def lines(database: Database, workspace: str, now: float) -> Iterator[tuple[list[Scope], bool, list[str]]]:
    """Yield each key of a workspace: what it opens, whether it is open, and the ids of its lineage."""
    for row in queries.listed(database, workspace):
        lineage = queries.lineage(database, row.hash, most=DEEPEST)
        caller = caller_of(lineage)
        yield list(caller.scopes), is_open(lineage, now), list(caller.lineage)


def opened(scopes: Sequence[Scope]) -> Set[Use]:
    """Return all that some scopes open together."""
    return _opened(tuple(scopes))


@lru_cache(maxsize=10_000)
def _opened(scopes: tuple[Scope, ...]) -> Set[Use]:
    each = (
        [name for name in SURFACES if all(scope.opens_surface(name) for scope in scopes)],
        [name for name in TYPES if all(scope.opens_type(name) for scope in scopes)],
        [name for name in MODELS if all(scope.opens_model(name) for scope in scopes)],
        [name for name in ADDRESSES if all(scope.opens_address(parse_address(name)) for scope in scopes)],
    )
    return frozenset(itertools.product(*each))
