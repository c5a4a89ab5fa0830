"""What people naturally pass, turned into what the engine takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from modelbay.entities import PromptMessage, PromptMessageTool, ensure_prompt_message
from modelbay.errors import InvokeBadRequestError

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
Message = PromptMessage | Mapping[str, Any] | str
Prompt = str | Message | Iterable[Message]
Tool = PromptMessageTool | Mapping[str, Any]
Audio = bytes | bytearray | memoryview | str | Path | IO[bytes]
ResponseFormat = str | type[BaseModel] | Mapping[str, Any]


def to_messages(prompt: Prompt) -> list[PromptMessage]:
    """Return messages; a string is a user's message.

    Raises:
        InvokeBadRequestError: A message cannot be read; names its place and field.
    """
    given = [prompt] if isinstance(prompt, str | Mapping | PromptMessage) else _listed(prompt, "messages")
    if not given:
        raise InvokeBadRequestError("messages are empty: give at least one")
    return [_to_message(place, message) for place, message in enumerate(given)]


def to_texts(texts: Iterable[str], name: str) -> list[str]:
    """Return the texts; InvokeBadRequestError, naming the place, if one of them is not text."""
    given = _listed(texts, name)
    for place, text in enumerate(given):
        if not isinstance(text, str):
            raise InvokeBadRequestError(f"{name}[{place}] is {type(text).__name__}, but must be a text")
    return given


def _listed(values: Iterable[T], name: str) -> list[T]:
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        return list(values)
    raise InvokeBadRequestError(f"{name}: give a list, not {type(values).__name__}")


def to_choice(kind: type[Choice], value: Choice | str, name: str) -> Choice:
    """Return one of an enum's values; InvokeBadRequestError, naming them, if it is none."""
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        raise InvokeBadRequestError(f"{name} is {value!r}, but must be one of {known}") from None


def _to_message(place: int, message: Message) -> PromptMessage:
    try:
        return ensure_prompt_message(message)
    except (ValidationError, AttributeError) as error:
        raise InvokeBadRequestError(f"messages[{place}]{_first_fault(error)}") from None


def to_tools(tools: Sequence[Tool] | None) -> list[PromptMessageTool] | None:
    """Return tools; OpenAI's envelope `{"type": "function", "function": {...}}` is accepted too."""
    if tools is None:
        return None
    return [_to_tool(place, tool) for place, tool in enumerate(_listed(tools, "tools"))]


def _to_tool(place: int, tool: Tool) -> PromptMessageTool:
    if isinstance(tool, PromptMessageTool):
        return tool
    if not isinstance(tool, Mapping):
        kind = type(tool).__name__
        raise InvokeBadRequestError(
            f"tools[{place}] is {kind}, but must be a mapping with name and parameters"
        )
    inner = tool.get("function")
    try:
        return PromptMessageTool.model_validate(inner if isinstance(inner, Mapping) else tool)
    except ValidationError as error:
        raise InvokeBadRequestError(f"tools[{place}]{_first_fault(error)}") from None


def _first_fault(error: ValidationError | AttributeError) -> str:
    if isinstance(error, AttributeError):
        return ": give a message, a mapping with role and content, or a string"
    # The deepest: what a text or a list could have been, the list's own faults tell better.
    fault = max(error.errors(include_url=False, include_input=False), key=lambda fault: len(fault["loc"]))
    steps = [step for step in fault["loc"] if not (isinstance(step, str) and "[" in step)]
    place = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    return f"{place}: {fault['msg']}"


def to_audio(audio: Audio) -> bytes:
    """Return the bytes of an audio file given as bytes, path or open file."""
    if isinstance(audio, bytes | bytearray | memoryview):
        return bytes(audio)
    if isinstance(audio, str | Path):
        try:
            return Path(audio).read_bytes()
        except OSError as error:
            raise InvokeBadRequestError(f"cannot read {str(audio)!r}: {error.strerror}") from None
    return audio.read()


def to_parameters(parameters: Mapping[str, Any], response_format: ResponseFormat | None) -> dict[str, Any]:
    """Return the parameters, with a pydantic class or a JSON Schema as the format that is asked for."""
    if response_format is None:
        return dict(parameters)
    if isinstance(response_format, str):
        return {**parameters, "response_format": response_format}
    name = "answer"
    if isinstance(response_format, Mapping):
        schema = dict(response_format)
        name = str(schema.get("title") or name)
    else:
        schema = TypeAdapter(response_format).json_schema()
        name = response_format.__name__
    wanted = {"name": name, "schema": schema}
    return {**parameters, "response_format": "json_schema", "json_schema": json.dumps(wanted)}
