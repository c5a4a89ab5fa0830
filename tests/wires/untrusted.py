"""Conversations that carry any state, and the wires that it may reach."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from modelbay.entities import (
    AssistantPromptMessage,
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.wires.family import ChatCall, Endpoint, family
from modelbay.wires.http1.encode import encode_body
from modelbay.wires.request import Request

ENDPOINT = Endpoint("http://upstream.example", {"authorization": "Bearer secret-key"})
_SAID = ("messages", "input", "prompt", "system", "tools", "contents", "systemInstruction", "toolConfig")
WIRES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("openai", {"replay": ["reasoning_details", "audio", "content"]}),
    "chat, older": (
        "openai",
        {"content": "text", "merge_roles": True, "merge_system": True, "skip_empty": True},
    ),
    "responses": ("openai", {"api": "responses"}),
    "completions": ("openai", {"api": "completions"}),
    "anthropic": ("anthropic", {"prompt_caching": True, "system_turns": True}),
    "cohere": ("cohere", {}),
    "ollama": ("ollama", {}),
    "gemini": ("gemini", {"thought_signatures": True}),
    "bedrock": ("bedrock", {}),
    "dashscope": ("dashscope", {"multimodal": True}),
    "minimax": ("minimax", {}),
}
FAMILIES = ("openai", "openai.chat", "anthropic", "cohere", "ollama", "gemini", "bedrock", "dashscope")
NAMES = (
    *("type", "text", "content", "output", "item", "role", "source", "data", "url", "id", "name", "input"),
    *("tool_plan", "citations", "cache_control", "thinking", "signature", "strict", "image_url", "refusal"),
    *("audio", "reasoning_details", "file_id", "model", "stream", "messages", "tool_calls", "tool_use_id"),
    *("encrypted_content", "call_id", "function", "arguments", "custom", "headers", "max_tokens", "x"),
)
TYPES = (
    *("text", "tool_use", "thinking", "message", "function_call", "item_reference", "image", "document"),
    *("tool_result", "web_search_20250305", "custom", "reasoning", "image_url", "custom_tool_call_output"),
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", " ", "a", "c1", "assistant", "system", "Yes.", "Hi", "a\r\nX-Evil: 1"])
)


def _typed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    named = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)
    return st.builds(lambda fields, kind: {**fields, "type": kind}, named, st.sampled_from(TYPES) | _LEAVES)


def _objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3) | _typed(values)


JSON: st.SearchStrategy[Any] = st.recursive(_LEAVES, _objects, max_leaves=5)
FIELDS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)
# What families keep is mostly lists of blocks: like them, and then not quite.
_BLOCKS = st.lists(_typed(JSON), max_size=3) | JSON
_LISTS = st.dictionaries(st.sampled_from(["content", "output", "citations", "audio"]), _BLOCKS, min_size=1)
_ITEM = FIELDS.map(lambda fields: {"item": fields})
_OWN = _LISTS | _ITEM | _typed(JSON) | st.builds(lambda lists, fields: {**fields, **lists}, _LISTS, FIELDS)
STATES = st.dictionaries(st.sampled_from(FAMILIES), _OWN, min_size=1, max_size=3) | JSON


def call(
    *,
    said: Any = None,
    part: Any = None,
    answer: Any = None,
    result: Any = None,
    tool: Any = None,
    **more: Any,
) -> ChatCall:
    """Return a call whose entities have this state; `more` are unknown fields of the tool call."""
    free = {name: value for name, value in more.items() if name not in ToolCall.model_fields}
    function = ToolCallFunction(name="look", arguments='{"at": 1}')
    messages: list[PromptMessage] = [
        _stated(SystemPromptMessage(content="Be kind."), said),
        UserPromptMessage(
            content=[
                TextPromptMessageContent(data="Hi", opaque_body=part),
                ImagePromptMessageContent(
                    base64_data="iVBORw0KGgo=", mime_type="image/png", opaque_body=part
                ),
            ]
        ),
        AssistantPromptMessage(
            content="Yes.", tool_calls=[ToolCall(id="c1", function=function, **free)], opaque_body=answer
        ),
        _stated(ToolPromptMessage(content="It is.", tool_call_id="c1"), result),
        _stated(UserPromptMessage(content="Well?"), said),
    ]
    tools = [_stated(PromptMessageTool(name="look", parameters={"type": "object"}), tool)]
    return ChatCall("small", messages, {"max_tokens": 9}, tools=tools)


def without_files(asked: ChatCall) -> ChatCall:
    """Return a call that an upstream without tools and images takes."""
    texts = [message.get_text_content() for message in asked.messages]
    said = [
        UserPromptMessage(
            content=[
                TextPromptMessageContent(data=text, opaque_body=message.unknown_fields.get("opaque_body"))
            ]
        )
        for message, text in zip(asked.messages, texts, strict=True)
    ]
    return ChatCall("small", said, asked.parameters)


def sent(wire: str, asked: ChatCall) -> Request:
    """Return the request for a call, having written its body as the transport would."""
    name, options = WIRES[wire]
    chat = family(name).chat
    assert chat is not None
    if wire == "completions" and asked.tools:
        asked = without_files(asked)
    given = ChatCall(
        asked.model, asked.messages, asked.parameters, asked.tools, options=options, extras=asked.extras
    )
    request = chat(options).to_request(given, ENDPOINT)
    encode_body(request)
    return request


def frame(request: Request) -> tuple[Any, ...]:
    """Return what a request is but for what its messages say."""
    turns = request.json.get("messages") or request.json.get("input") or []
    roles = (
        [turn.get("role") for turn in turns]
        if isinstance(turns, list) and "input" not in request.json
        else []
    )
    body = {name: value for name, value in request.json.items() if name not in _SAID}
    if isinstance(body.get("parameters"), dict):
        body["parameters"] = {name: value for name, value in body["parameters"].items() if name not in _SAID}
    return request.method, request.url, dict(request.headers), body, roles


def model_of(request: Request) -> str:
    """Return the model that a request is for: it stands in the body, or in the address."""
    return str(request.json.get("model") or re.findall(r"/(?:models?)/(\w+)", request.url)[0])


def _stated(entity: Any, state: Any) -> Any:
    return type(entity)(**{**entity.__dict__, "opaque_body": state}) if state is not None else entity
