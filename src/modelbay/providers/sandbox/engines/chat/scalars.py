"""Make strings, numbers and booleans for a JSON Schema out of what a message says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from modelbay.providers.sandbox.engines.chat.material import Material, name_words
from modelbay.providers.sandbox.engines.chat.patterns import text_for_pattern

__all__ = ["Json", "make_boolean", "make_number", "make_string"]

# A JSON value. Mapping stands for objects, so that schemas need not be copied.
Json = None | bool | int | float | str | list["Json"] | Mapping[str, "Json"]

_FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    "date": (re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\b"), "2026-01-01"),
    "date-time": (
        re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T[01]\d:[0-5]\d:[0-5]\d(?:Z|[+-]0\d:00)"),
        "2026-01-01T12:00:00Z",
    ),
    "time": (re.compile(r"\b[01]\d:[0-5]\d:[0-5]\dZ"), "12:00:00Z"),
    "duration": (re.compile(r"\bP\d+[DWMY]\b"), "P1D"),
    "email": (
        re.compile(r"\b[\w.+-]{1,64}@(?:[a-z\d-]{1,63}\.){1,8}[a-z]{2,24}\b", re.IGNORECASE),
        "someone@example.com",
    ),
    "uri": (
        re.compile(r"\bhttps?://[^\s\"'<>|\\^`{}\[\]]*[^\s\"'<>|\\^`{}\[\].,!?]", re.ASCII),
        "https://example.com",
    ),
    "hostname": (re.compile(r"\b(?:[a-z\d]{1,63}\.){1,8}[a-z]{2,24}\b"), "example.com"),
    "ipv4": (re.compile(r"\b(?:1?\d?\d\.){3}1?\d?\d\b"), "192.0.2.1"),
    "ipv6": (re.compile(r"\b2001:db8::[\da-f]{1,4}\b"), "2001:db8::1"),
    "uuid": (
        re.compile(r"\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b"),
        "00000000-0000-4000-8000-000000000001",
    ),
}
_WHOLE_MESSAGE = frozenset(
    ("text", "query", "question", "prompt", "content", "message", "input", "answer", "summary")
)
_NEGATION = re.compile(r"\b(?:no|not|without|don't|never|disable|off|false)\b", re.IGNORECASE)
_FILLER = "."
_LONGEST = 100_000  # characters a schema may demand of the sandbox


def make_string(schema: Mapping[str, Json], name: str, material: Material) -> str:
    """Return a string of the wanted format and length: named, quoted or else taken from the message."""
    known = _FORMATS.get(str(schema.get("format")))
    if known:
        return material.search(known[0]) or known[1]
    least, most = _bound(schema, "minLength", 0), _bound(schema, "maxLength", math.inf)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (made := text_for_pattern(pattern)) is not None:
        return made
    return _sized(_text(schema, name, material), least, most)


def _bound(schema: Mapping[str, Json], key: str, default: float) -> float:
    value = schema.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _text(schema: Mapping[str, Json], name: str, material: Material) -> str:
    named = material.named(name)
    if named is not None:
        return named
    if name.lower() in _WHOLE_MESSAGE and not material.quotes:
        return material.message
    found = material.next_text(lambda text: text.lower() != name.lower())
    if found is not None:
        return found
    for example in _examples(schema):
        return example
    own = name_words(name)
    return next((word for word in material.plain_words() if not name_words(word) <= own), "sample")


def _examples(schema: Mapping[str, Json]) -> Iterator[str]:
    examples = schema.get("examples")
    for value in (schema.get("default"), *(examples if isinstance(examples, list) else ())):
        if isinstance(value, str):
            yield value


def _sized(text: str, least: float, most: float) -> str:
    return text.ljust(min(int(least), _LONGEST), _FILLER)[: None if most == math.inf else int(most)]


def make_number(schema: Mapping[str, Json], name: str, material: Material, *, whole: bool) -> float | int:
    """Return a number in bounds: the named one, else the first of the message that fits, else one near 1."""
    low, high = _range(schema)
    step = schema.get("multipleOf")
    step = float(step) if isinstance(step, int | float) and step > 0 else (1.0 if whole else 0.0)
    if whole and not step.is_integer():
        step = 1.0

    def fits(value: float) -> bool:
        return low <= value <= high and (
            not step or math.isclose(value / step, _rounded(value / step), abs_tol=1e-9)
        )

    named = _as_number(material.named(name))
    found = named if named is not None and fits(named) else material.next_number(fits)
    if found is None:
        found = _near(low, high, step)
    return int(found) if found.is_integer() else found


def _range(schema: Mapping[str, Json]) -> tuple[float, float]:
    """Return the bounds; an exclusive one is moved in by a little (or by one, which integers need)."""
    low, high = _bound(schema, "minimum", -math.inf), _bound(schema, "maximum", math.inf)
    above, below = _bound(schema, "exclusiveMinimum", -math.inf), _bound(schema, "exclusiveMaximum", math.inf)
    return max(low, math.nextafter(above, math.inf)), min(high, math.nextafter(below, -math.inf))


def _near(low: float, high: float, step: float) -> float:
    """Return the multiple of `step` in the bounds that is nearest to 1, or to a bound."""
    start = min(max(1.0, low), high)
    if not step or not math.isfinite(start / step):
        return start
    up, down = math.ceil(start / step) * step, math.floor(start / step) * step
    return up if up <= high else down


def _rounded(value: float) -> float:
    return round(value) if math.isfinite(value) else value


def _as_number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def make_boolean(name: str, material: Material) -> bool:
    """Return whether the message names the property and does not negate it just before."""
    named = material.named(name)
    if named is not None:
        return not _NEGATION.fullmatch(named)
    if not material.mentions(name):
        return False
    spoken = next(iter(re.findall(r"[^\W_]+", name)), name)
    before = material.message.lower().partition(spoken.lower())[0]
    return not _NEGATION.search(before[-20:])
