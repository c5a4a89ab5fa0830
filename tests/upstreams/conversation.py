"""What a fake model says when nothing is scripted: an echo that calls tools and keeps to schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from modelbay.sdk.testing.reply import Reply, to_tool_call


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of the model, in no dialect.

    Attributes:
        forced: The tool that must be called; an empty name means any; None leaves the choice to the model.
        tool_result: The result of a tool, when that is what came last.
        length_word: How this family says that the answer was cut at `limit` tokens.
    """

    text: str = ""
    tools: Mapping[str, Any] = field(default_factory=dict)
    forced: str | None = None
    tool_result: str | None = None
    schema: Any = None
    reasoning: bool = False
    limit: int | None = None
    length_word: str = "length"
    stop: Sequence[str] = ()


def reply_to(asked: Asked) -> Reply:
    """Answer by the most telling thing asked for: a forced tool, a schema, a tool's result, else an echo."""
    reply = _said(asked)
    return replace(reply, reasoning=("Let me ", "think.")) if asked.reasoning else reply


def text_of(content: Any) -> str:
    """Return the text of a message, whether it is written as text or as parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict)).strip()


def words_in(value: Any) -> int:
    """Count the words of a whole request: the prompt tokens of a fake."""
    return max(1, len(re.findall(rb"\w+", orjson.dumps(value))))


def example_of(schema: Any, text: str) -> Any:
    """Make up a value that fits a JSON Schema; strings are the text that was asked."""
    if not isinstance(schema, dict):
        return text
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            return example_of(schema[union][0], text)
    return _example_of_type(schema, text)


def _example_of_type(schema: Mapping[str, Any], text: str) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    number = re.search(r"-?\d+", text)
    values: dict[str, Any] = {"integer": int(number.group()) if number else 1, "boolean": True, "null": None}
    values["number"] = float(values["integer"])
    if kind == "object":
        return {name: example_of(inner, text) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(schema.get("items", {}), text)]
    return values.get(kind, text)


def _said(asked: Asked) -> Reply:
    name = _tool(asked)
    if name is not None:
        call = {"name": name, "arguments": example_of(asked.tools[name] or {"type": "object"}, asked.text)}
        return Reply(tool_calls=(to_tool_call(call, 0),))
    if asked.schema is not None:
        return _limited(asked, orjson.dumps(example_of(asked.schema, asked.text)).decode())
    if asked.tool_result is not None:
        return _limited(asked, f"The tool says: {asked.tool_result}")
    return _limited(asked, asked.text or "Hello.")


def _tool(asked: Asked) -> str | None:
    if asked.tool_result is not None or not asked.tools:
        return None
    if asked.forced is not None:
        return asked.forced if asked.forced in asked.tools else next(iter(asked.tools))
    return next((name for name in asked.tools if name in asked.text), None)


def _limited(asked: Asked, text: str) -> Reply:
    for word in asked.stop:
        text = text.partition(word)[0]
    pieces = tuple(re.findall(r"\s*\S+\s*?", text))
    if asked.limit is not None and len(pieces) > asked.limit:
        return Reply(pieces[: asked.limit], finish_reason=asked.length_word)
    return Reply(pieces)
