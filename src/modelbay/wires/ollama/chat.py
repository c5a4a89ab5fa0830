"""Conversations at `/api/chat`, and texts to continue at `/api/generate`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import LLMResult, PromptMessage, PromptMessageRole, PromptMessageTool, fold
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, ChunkReader, Endpoint, Framing, Options
from modelbay.wires.json_text import answer_object
from modelbay.wires.ollama.conversation import images_of, to_messages
from modelbay.wires.ollama.parameters import to_fields
from modelbay.wires.ollama.stream import LineReader
from modelbay.wires.request import Request

_SYSTEM = (PromptMessageRole.SYSTEM, PromptMessageRole.DEVELOPER)


class ChatDialect:
    """Speaks of conversations at `/api/chat`."""

    name = "ollama.chat"
    framing: Framing = "ndjson"
    path = "api/chat"

    def to_request(self, call: ChatCall, endpoint: Endpoint) -> Request:
        """Return the request; InvokeBadRequestError, naming it, for what the API cannot do."""
        body = to_fields(call) | self._prompt(call)
        return endpoint.request("POST", endpoint.url(self.path), json=body)

    def needs_bytes(self, options: Options) -> frozenset[str]:
        """Return the kinds of files that are sent as bytes: the server fetches nothing."""
        return frozenset({"image"})

    def to_result(self, call: ChatCall, body: Any) -> LLMResult:
        """Return the whole answer, which has the form of a stream's only line."""
        reader = LineReader(call)
        chunks = [*reader.read_line(answer_object(body)), *reader.close()]
        return fold(chunks)

    def to_chunks(self, call: ChatCall) -> ChunkReader:
        """Return a reader for one streamed answer."""
        return LineReader(call)

    def _prompt(self, call: ChatCall) -> dict[str, Any]:
        tools = call.tools if call.parameters.get("tool_choice") != "none" else ()
        prompt: dict[str, Any] = {"messages": to_messages(call.messages)}
        return prompt | ({"tools": [_to_tool(tool) for tool in tools]} if tools else {})


class GenerateDialect(ChatDialect):
    """Speaks of texts to continue at `/api/generate`; it knows no tools."""

    path = "api/generate"

    def _prompt(self, call: ChatCall) -> dict[str, Any]:
        if call.tools:
            raise InvokeBadRequestError("tools: a model in completion mode takes none")
        system = "\n\n".join(message.text for message in call.messages if message.role in _SYSTEM)
        spoken = [message for message in call.messages if message.role not in _SYSTEM]
        images = [
            image
            for index, message in enumerate(call.messages)
            for image in images_of(message, f"messages[{index}]")
        ]
        prompt = {"prompt": _text(spoken), "system": system, "images": images}
        return {name: value for name, value in prompt.items() if value or name == "prompt"}


def _text(messages: list[PromptMessage]) -> str:
    """Return the turns as one text; a completion model knows no turns."""
    return "\n\n".join(message.text for message in messages if message.text)


def _to_tool(tool: PromptMessageTool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
