"""What the tests of faces share: any JSON, and published descriptions as judges of what is written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from tests.upstreams.described import specification

from modelbay.errors import InvokeBadRequestError
from modelbay.runtime.fitting import fit
from modelbay.wires.serving import Wishes

NUMBERS = st.integers() | st.floats(allow_nan=False)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ANSWER_ID = "0123456789abcdef"


def any_body(names: Sequence[str], good: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Make bodies of anything: some with these names, some good but for a field or two, some no objects."""
    fields = st.dictionaries(st.sampled_from([*names, "other"]), JSON, max_size=5)
    return JSON | fields | fields.map(lambda changed: {**good, **changed})


def refused_or_read(read: Callable[[Any], Any], body: Any) -> None:
    """Read a body, and fit what it asks to models that take all of it or nothing; refused it may be."""
    with contextlib.suppress(InvokeBadRequestError):
        ask = read(body)
        told(ask.wishes, frozenset(), same_dialect=True)
        told(ask.wishes, frozenset(), drop=True)
        told(ask.wishes, frozenset())


def complaint(file: str, name: str, value: object) -> str | None:
    """Return what a published description says against a value, None if nothing or if it is not there."""
    described = specification(file)
    found = described.of(name).complaint(value) if described else None
    return found.message if found else None


def told(wishes: Wishes, takes: frozenset[str], *, same_dialect: bool = False, drop: bool = False) -> Any:
    """Return what a model without rules is told that takes these names."""
    return fit((), wishes, same_dialect=same_dialect, takes=takes.__contains__, drop=drop)
