"""What a call can use at most, told before it is made: limits that must never be overshot hold this much."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from modelbay.entities import (
    AIModelEntity,
    Meter,
    ModelPropertyKey,
    ModelType,
    ParameterRule,
    PriceConfig,
)
from modelbay.sdk.prices import rates_for

_MOST_TOKENS: Final = ("max_completion_tokens", "max_output_tokens", "max_tokens", "max_tokens_to_sample")
_TIMES: Final = ("n", "best_of")
_TEMPLATE: Final = 512  # tokens that a model's own template adds to a conversation, tools beside
_TOOLS: Final = 1024  # … and what providers write before tools for them
_AUDIO: Final = Decimal(30_000)  # bytes of a minute, as small as speech is ever packed (4 kbit/s)
_DOCUMENTS: Final = 100  # that one search holds
_LONG: Final = 500  # bytes of a document, which may be tokens, from which on it counts as several


_OPAQUE: Final = tuple(
    f'"{name}'.encode()
    for name in ("image", "input_image", "input_audio", "input_file", "file", "document", "video", "web_")
)
"""How JSON begins that names a picture, a sound, a file, or a search whose results are read."""
_TOOLED: Final = (b'"tools"', b'"functions"')
_HIDDEN: Final = re.compile(rb"\\u00(?:[46][1-9a-fA-F]|[57][0-9aA]|5[fF])")
"""A letter that is written as an escape, which nobody does who has nothing to hide."""


class Size(NamedTuple):
    """What is known of a call's input without understanding it.

    `size` is in bytes: no text has more tokens or characters than bytes. `items` are its texts or documents.
    `opaque` is input whose bytes say nothing of its tokens, such as a picture by its address.
    """

    size: int
    items: int = 1
    tools: bool = False
    opaque: bool = False


def size_of(raw: bytes) -> Size:
    """Return the size of a JSON body, with what to know of it that is not in its length."""
    hidden = _HIDDEN.search(raw) is not None
    return Size(
        len(raw),
        tools=hidden or any(mark in raw for mark in _TOOLED),
        opaque=hidden or any(mark in raw for mark in _OPAQUE),
    )


class WorstCase(NamedTuple):
    """The most that a call can use; None where nothing bounds it."""

    tokens: int | None
    price: Decimal | None
    currency: str


def worst_case(
    schema: AIModelEntity | None,
    pricing: PriceConfig | None,
    model_type: ModelType,
    size: Size,
    parameters: Mapping[str, Any],
) -> WorstCase:
    """Return the most that a call of a model can use.

    Args:
        pricing: What it costs; the price is not known without.
        parameters: What the client has set, by the names of any dialect.
    """
    currency = pricing.currency if pricing else ""
    if model_type is not ModelType.LLM:
        quantity = _quantity(pricing.meter if pricing else Meter.TOKEN, size)
        price = quantity * pricing.input * pricing.unit if pricing else None
        return WorstCase(size.size if pricing is None or pricing.meter is Meter.TOKEN else 0, price, currency)
    prompt, completion = _prompt(schema, size), _completion(schema, parameters)
    if prompt is None or completion is None:
        return WorstCase(None, None, currency)
    return WorstCase(prompt + completion, _price(pricing, prompt, completion), currency)


def _prompt(schema: AIModelEntity | None, size: Size) -> int | None:
    context = _context(schema)
    if size.opaque:
        return context
    bound = size.size + _TEMPLATE + (_TOOLS if size.tools else 0)
    return bound if context is None else min(bound, context)


def _completion(schema: AIModelEntity | None, parameters: Mapping[str, Any]) -> int | None:
    """Return the tokens of the longest answers that the client asked for, or that the model can give."""
    times = max((int(parameters[name]) for name in _TIMES if _is_count(parameters.get(name))), default=1)
    rules = [rule for rule in schema.parameter_rules if _bounds(rule)] if schema else []
    # What no rule names the model may not heed; where there are no rules, it is taken at its word.
    names = [rule.name for rule in rules] or _MOST_TOKENS
    asked = [int(parameters[name]) for name in names if _is_count(parameters.get(name))]
    most = max(asked) if asked else _longest(schema, rules)
    return None if most is None else most * times


def _bounds(rule: ParameterRule) -> bool:
    return rule.name in _MOST_TOKENS or rule.use_template == "max_tokens"


def _longest(schema: AIModelEntity | None, rules: Sequence[ParameterRule]) -> int | None:
    bounds = [int(rule.max) for rule in rules if rule.max is not None]
    return max(bounds) if bounds else _context(schema)


def _context(schema: AIModelEntity | None) -> int | None:
    found = schema.property_of(ModelPropertyKey.CONTEXT_SIZE) if schema else None
    return int(found) if found else None


def _price(pricing: PriceConfig | None, prompt: int, completion: int) -> Decimal | None:
    """Return the price of tokens, each at the dearest rate that it may be charged by."""
    if pricing is None:
        return None
    tiers = [rates_for(pricing, 0), *(rates_for(pricing, tier.above + 1) for tier in pricing.tiers)]
    paid = [
        rate for each in tiers for rate in (each.input, each.cached, each.cache_write) if rate is not None
    ]
    said = [each.output for each in tiers if each.output is not None]
    if len(said) < len(tiers):
        return None  # what it says has a price that nobody knows
    return (prompt * max(paid) + completion * max(said)) * pricing.unit


def _quantity(meter: Meter, size: Size) -> Decimal:
    if meter is Meter.MINUTE:
        return Decimal(size.size) / _AUDIO
    if meter is Meter.SEARCH:
        documents = size.items + size.size // _LONG
        return Decimal(-(-max(documents, 1) // _DOCUMENTS))
    return Decimal(max(size.items, 1) if meter is Meter.CALL else size.size)


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 1
