"""Counting a conversation: OpenAI's published rules for messages and tools, estimates for all else.

Source: https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb
(read 2026-11). It is published for gpt-3.5-turbo, gpt-4, gpt-4o and gpt-4o-mini; a count for another model
follows the same rules and is not marked exact.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    ImagePromptMessageContent,
    MultiModalPromptMessageContent,
    PromptMessage,
    PromptMessageTool,
    TextPromptMessageContent,
)
from modelbay.sdk.tokens.estimate import estimate_file
from modelbay.sdk.tokens.families import bare_model_name
from modelbay.sdk.tokens.images import count_image
from modelbay.sdk.tokens.text import count_text
from modelbay.sdk.tokens.token_count import ESTIMATE, TokenCount

_PUBLISHED_FOR = re.compile(r"gpt-(3\.5-turbo|35-turbo|4(-|$)|4o(-mini)?(-\d|$))")
_REPLY = 3  # every answer starts with <|start|>assistant<|message|>
_PROPERTIES, _PROPERTY, _CHOICES, _CHOICE, _TOOLS_END = 3, 3, -3, 3, 12


@dataclass(frozen=True)
class _Rules:
    """What a model adds to the text of messages and tools."""

    per_message: int
    per_name: int
    per_tool: int
    published: bool


def _rules_for(model: str) -> _Rules:
    bare = bare_model_name(model)
    if bare == "gpt-3.5-turbo-0301":  # the only one whose name replaces the role
        return _Rules(per_message=4, per_name=-1, per_tool=10, published=True)
    per_tool = 10 if re.match(r"gpt-(3\.5|35|4(-|$))", bare) else 7
    return _Rules(3, 1, per_tool, published=_PUBLISHED_FOR.match(bare) is not None)


def count_messages(
    messages: Sequence[PromptMessage], tools: Sequence[PromptMessageTool] | None, model: str
) -> TokenCount:
    """Count what a model reads when it is sent these messages and tools.

    Exact for text messages, flat tools and images of known size, sent to the models that the rules are
    published for. Tool calls and results, nested parameters of tools, sound, video and documents make it an
    estimate.
    """
    rules = _rules_for(model)
    start = TokenCount(_REPLY, rules.published, ESTIMATE)
    counts = [count for message in messages for count in _message_counts(message, model, rules)]
    return sum([*counts, *_tool_counts(tools or (), model, rules)], start)


async def count_messages_async(
    messages: Sequence[PromptMessage], tools: Sequence[PromptMessageTool] | None, model: str
) -> TokenCount:
    """Count like `count_messages`, on a worker thread."""
    return await asyncio.to_thread(count_messages, messages, tools, model)


def _message_counts(message: PromptMessage, model: str, rules: _Rules) -> Iterator[TokenCount]:
    yield _fixed(rules.per_message)
    yield count_text(message.role.value, model)
    if message.name:
        yield _fixed(rules.per_name)
        yield count_text(message.name, model)
    yield from _content_counts(message, model)
    if isinstance(message, AssistantPromptMessage):
        for call in message.tool_calls:
            yield _fixed(rules.per_message, exact=False)
            yield count_text(call.function.name, model)
            yield count_text(call.function.arguments, model)
    if message.role.value == "tool":
        yield _fixed(0, exact=False)  # how a result is written for the model is not published


def _content_counts(message: PromptMessage, model: str) -> Iterator[TokenCount]:
    if isinstance(message.content, str):
        yield count_text(message.content, model)
        return
    for part in message.content or []:
        if isinstance(part, TextPromptMessageContent):
            yield count_text(part.data, model)
        elif isinstance(part, ImagePromptMessageContent):
            yield count_image(part, model)
        elif isinstance(part, MultiModalPromptMessageContent):
            yield _fixed(estimate_file(part), exact=False)


def _tool_counts(tools: Sequence[PromptMessageTool], model: str, rules: _Rules) -> Iterator[TokenCount]:
    for tool in tools:
        yield _fixed(rules.per_tool)
        yield _line(model, tool.name, tool.description)
        yield from _property_counts(tool.parameters, model)
    if tools:
        yield _fixed(_TOOLS_END)


def _property_counts(schema: Mapping[str, Any], model: str) -> Iterator[TokenCount]:
    """Count the properties of an object's schema; what the rules do not mention counts as its JSON text."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return
    yield _fixed(_PROPERTIES)
    for name, value in properties.items():
        yield _fixed(_PROPERTY)
        yield from _one_property(name, value if isinstance(value, Mapping) else {}, model)


def _one_property(name: str, schema: Mapping[str, Any], model: str) -> Iterator[TokenCount]:
    kind, description = schema.get("type"), schema.get("description")
    yield _line(model, name, kind if isinstance(kind, str) else "", description or "")
    choices = schema.get("enum")
    if isinstance(choices, list):
        yield _fixed(_CHOICES)
        for choice in choices:
            yield _fixed(_CHOICE, exact=isinstance(choice, str)) + count_text(str(choice), model)
    yield from _property_counts(schema, model)
    rest = {key: schema[key] for key in schema.keys() - {"type", "description", "enum", "properties"}}
    if rest:
        yield _fixed(0, exact=False) + count_text(json.dumps(rest, ensure_ascii=False, default=str), model)
    if not isinstance(kind, str) or kind in {"object", "array"} or not description:
        yield _fixed(0, exact=False)  # the rules are published for plain properties with a description


def _line(model: str, *words: object) -> TokenCount:
    """Count a line as the rules write it: joined by colons, without the full stop of the last word."""
    return count_text(":".join(map(str, words)).removesuffix("."), model)


def _fixed(tokens: int, *, exact: bool = True) -> TokenCount:
    return TokenCount(tokens, exact, ESTIMATE)
