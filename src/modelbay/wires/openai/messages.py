"""The messages of a chat completions request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    PromptMessage,
    PromptMessageRole,
    TextPromptMessageContent,
    ToolPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.carried import beside, state_under
from modelbay.wires.family import ChatCall
from modelbay.wires.openai.parameters import reasoning_effort
from modelbay.wires.openai.parts import CHAT_STATE, own_state, to_content
from modelbay.wires.openai.tools import CallIds, calls_of
from modelbay.wires.think_tags import CLOSE, OPEN, without_think_block

_INSTRUCTIONS = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)
_IN_PLACE_OF_CONTENT = frozenset({"refusal", "audio"})
_NO_REASONING = " "  # servers that insist on reasoning take a blank for some, but not an empty text
INLINE = "inline"  # a `reasoning_field` that sends earlier reasoning between think tags in the text
PARTS = "parts"  # one that sends it as a part of the content, before the text


def to_messages(call: ChatCall) -> list[dict[str, Any]]:
    """Return the conversation as the upstream wants it; a part that it cannot take is refused by name."""
    written = _Writer(call).write()
    if call.options.get("merge_system"):
        written = _system_first(written)
    if call.options.get("merge_roles"):
        written = _merged(written)
    if prefilled(call):
        written[-1] = {**written[-1], call.options["prefill"]["field"]: True}
    return written


def prefilled(call: ChatCall) -> bool:
    """Whether the conversation ends with the beginning of the answer, and the model is to go on with it."""
    last = call.messages[-1] if call.options.get("prefill") and call.messages else None
    return isinstance(last, AssistantPromptMessage) and bool(last.content) and not last.tool_calls


def tool_loop_start(messages: Sequence[PromptMessage]) -> int:
    """Return the place of the last user message: the answers after it belong to the turn still going on."""
    places = [place for place, message in enumerate(messages) if message.role == PromptMessageRole.USER]
    return places[-1] if places else -1


class _Writer:
    """Writes one conversation."""

    def __init__(self, call: ChatCall) -> None:
        self._call = call
        self._options = call.options
        self._style = call.options.get("tool_style", "tool")
        self._ids = CallIds(call.options)
        self._names: dict[str, str] = {}
        self._loop = -1 if call.options.get("reasoning_replay") == "all" else tool_loop_start(call.messages)

    def write(self) -> list[dict[str, Any]]:
        written = [self._message(place, message) for place, message in enumerate(self._call.messages)]
        if self._options.get("skip_empty"):
            return [
                message for message in written if set(message) - {"role", "content"} or message["content"]
            ]
        return written

    def _message(self, place: int, message: PromptMessage) -> dict[str, Any]:
        where = f"messages[{place}]"
        if isinstance(message, AssistantPromptMessage):
            written = self._assistant(message, where, replay=place > self._loop)
        elif isinstance(message, ToolPromptMessage):
            written = self._tool_result(message, where)
        else:
            written = {
                "role": self._role(message),
                "content": to_content(message.content, where, self._options),
            }
        if message.name and self._options.get("names", True) and not isinstance(message, ToolPromptMessage):
            written["name"] = message.name
        return _with_kept(written, state_under(CHAT_STATE, getattr(message, "opaque_body", None)))

    def _role(self, message: PromptMessage) -> str:
        if message.role in _INSTRUCTIONS:
            return str(self._options.get("system_role", "system"))
        return message.role.value

    def _assistant(self, message: AssistantPromptMessage, where: str, *, replay: bool) -> dict[str, Any]:
        field = self._options.get("reasoning_field")
        content = self._said(message, where, inline=field == INLINE)
        written: dict[str, Any] = {"role": "assistant", "content": content}
        if message.tool_calls:
            self._write_calls(written, message, where)
        reasoning = message.reasoning_content or (_NO_REASONING if self._lacks_reasoning(message) else "")
        if reasoning and field and replay:
            self._write_reasoning(written, field, reasoning)
        state = own_state(message.opaque_body)
        return beside(
            written, {name: state[name] for name in self._options.get("replay", ()) if name in state}
        )

    def _lacks_reasoning(self, message: AssistantPromptMessage) -> bool:
        """Whether a tool call came without reasoning, of another model, that may not go back without any."""
        wanted = bool(message.tool_calls) and self._options.get("reasoning_required", False)
        return wanted and reasoning_effort(self._call) != "none"

    def _said(self, message: AssistantPromptMessage, where: str, *, inline: bool) -> Any:
        content = message.content
        if isinstance(content, list) and any(isinstance(part, TextPromptMessageContent) for part in content):
            # Spoken answers come with their words: the words are what can be sent back.
            content = [part for part in content if not isinstance(part, AudioPromptMessageContent)]
        if isinstance(content, str) and not inline:
            content = without_think_block(content)
        said = to_content(content, where, self._options) if content else ""
        if not said and message.tool_calls:
            return "" if self._options.get("empty_content") == "text" else None
        return said

    def _write_calls(self, written: dict[str, Any], message: AssistantPromptMessage, where: str) -> None:
        self._names |= {call.id: call.function.name for call in message.tool_calls}
        calls = calls_of(message, self._ids)
        if self._style == "tool":
            written["tool_calls"] = calls
        elif self._style == "function" and len(calls) == 1:
            written["function_call"] = calls[0]["function"]
        else:
            raise InvokeBadRequestError(
                f"{where}.tool_calls: this model cannot be told of {len(calls)} tool calls"
            )

    def _write_reasoning(self, written: dict[str, Any], field: str, reasoning: str) -> None:
        if field == PARTS:
            thought = {"type": "thinking", "thinking": [{"type": "text", "text": reasoning}]}
            written["content"] = [thought, *_as_parts(written["content"] or "")]
        elif field != INLINE:
            written[field] = reasoning
        elif not isinstance(written["content"], list):
            written["content"] = f"{OPEN}\n{reasoning}\n{CLOSE}\n\n{written['content'] or ''}"

    def _tool_result(self, message: ToolPromptMessage, where: str) -> dict[str, Any]:
        content = to_content(message.content, where, self._options)
        if isinstance(content, list) and any(part["type"] != "text" for part in content):
            raise InvokeBadRequestError(f"{where}: the result of a tool can only be text here")
        if self._style == "tool":
            return {"role": "tool", "tool_call_id": self._ids(message.tool_call_id), "content": content}
        if self._style == "none":
            raise InvokeBadRequestError(f"{where}: this model is set up not to take tools and their results")
        name = self._names.get(message.tool_call_id) or message.name or message.tool_call_id
        return {"role": "function", "name": name, "content": content}


def _with_kept(written: dict[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with the fields of a client of this dialect; words may lie in one of them instead."""
    if "content" in kept and kept["content"] is None and _IN_PLACE_OF_CONTENT.intersection(kept):
        written["content"] = None
    return beside(written, kept)


def _system_first(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with all instructions joined into one at the beginning."""
    system = [message for message in written if message["role"] in ("system", "developer")]
    rest = [message for message in written if message["role"] not in ("system", "developer")]
    return [*_merged([{**message, "role": system[0]["role"]} for message in system]), *rest]


def _merged(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with neighbours of the same role joined; tool calls and results stay apart."""
    merged: list[dict[str, Any]] = []
    for message in written:
        last = merged[-1] if merged else None
        if last is None or last["role"] != message["role"] or not (_plain(last) and _plain(message)):
            merged.append(message)
            continue
        merged[-1] = {**last, "content": _joined(last["content"], message["content"])}
    return merged


def _plain(message: Mapping[str, Any]) -> bool:
    return message["role"] not in ("tool", "function") and set(message) == {"role", "content"}


def _joined(first: str | list[Any], second: str | list[Any]) -> str | list[Any]:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}" if first and second else first + second
    return [*_as_parts(first), *_as_parts(second)]


def _as_parts(content: str | list[Any]) -> list[Any]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []
