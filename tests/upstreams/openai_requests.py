"""Requests to OpenAI for the tests of its fake: good ones, and bad ones with the field at fault."""

from __future__ import annotations

from typing import Any

USER = [{"role": "user", "content": "Hi there"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
PNG = "data:image/png;base64,iVBORw0KGgo="
CHAT = "/v1/chat/completions"


def chat(model: str = "gpt-4.1-mini", **fields: Any) -> tuple[str, dict[str, Any]]:
    """Make a chat request."""
    return CHAT, {"model": model, "messages": USER, **fields}


GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": (CHAT, {"model": "gpt-4.1-mini", "messages": USER, "temperature": 0.5, "max_tokens": 9}),
    "reasoning": (
        CHAT,
        {"model": "gpt-5.4", "messages": USER, "max_completion_tokens": 9, "reasoning_effort": "low"},
    ),
    "sampling without reasoning": (
        CHAT,
        {"model": "gpt-5.4", "messages": USER, "temperature": 0.2, "reasoning_effort": "none"},
    ),
    "image, file and audio": (
        CHAT,
        {
            "model": "gpt-audio",
            "messages": [
                {"role": "system", "content": "Be brief"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What?"},
                        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                        {
                            "type": "file",
                            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,"},
                        },
                        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                    ],
                },
            ],
        },
    ),
    "tool loop": (
        CHAT,
        {
            "model": "gpt-4o",
            "tools": [TOOL],
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
            "messages": [
                *USER,
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
            ],
        },
    ),
    "schema": (
        CHAT,
        {
            "model": "gpt-4o",
            "messages": USER,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": False},
            },
        },
    ),
    "completion": ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Once", "max_tokens": 3}),
    "embedding": ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a"], "dimensions": 8}),
    "moderation": ("/v1/moderations", {"model": "omni-moderation-latest", "input": ["I hate you", "hello"]}),
    "responses": (
        "/v1/responses",
        {
            "model": "gpt-5.4",
            "instructions": "Be brief",
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "Hi"},
                        {"type": "input_image", "image_url": PNG, "detail": "auto"},
                    ],
                },
                {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
            ],
            "tools": [
                {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}
            ],
            "reasoning": {"effort": "low", "summary": "auto"},
            "max_output_tokens": 16,
            "store": False,
            "include": ["reasoning.encrypted_content"],
        },
    ),
    "speech": (
        "/v1/audio/speech",
        {"model": "tts-1", "input": "Hi", "voice": "alloy", "response_format": "wav"},
    ),
}
BAD: dict[str, tuple[tuple[str, dict[str, Any]], str]] = {
    "typo": (chat(temprature=1), "temprature"),
    "typo inside a message": (
        chat(messages=[{"role": "user", "content": "Hi", "nmae": "x"}]),
        "messages.0.nmae",
    ),
    "typo inside a tool": (chat(tools=[{**TOOL, "fn": 1}]), "tools.0.fn"),
    "wrong type": (chat(temperature="hot"), "temperature"),
    "out of range": (chat(temperature=3), "temperature"),
    "unknown role": (chat(messages=[{"role": "robot", "content": "Hi"}]), "messages.0.role"),
    "max_tokens of a reasoning model": (chat("gpt-5.4", max_tokens=5), "max_tokens"),
    "sampling of a reasoning model": (chat("o3", temperature=0.1), "temperature"),
    "stop of a reasoning model": (chat("gpt-5", stop=["x"]), "stop"),
    "effort of another model": (chat("gpt-5", reasoning_effort="none"), "reasoning_effort"),
    "effort without reasoning": (chat("gpt-4o", reasoning_effort="low"), "reasoning_effort"),
    "tools while reasoning": (chat("gpt-5.5", tools=[TOOL], reasoning_effort="high"), "reasoning_effort"),
    "metadata without store": (chat(metadata={"a": "b"}), "metadata"),
    "stream options without stream": (chat(stream_options={"include_usage": True}), "stream_options"),
    "no messages": (chat(messages=[]), "messages"),
    "unanswered call": (
        chat(messages=[*USER, {"role": "assistant", "tool_calls": [CALL]}, *USER]),
        "messages.2.role",
    ),
    "answer without call": (
        chat(messages=[*USER, {"role": "tool", "tool_call_id": "c9", "content": "x"}]),
        "messages.1.role",
    ),
    "five stops": (chat(stop=["a", "b", "c", "d", "e"]), "stop"),
    "too little output": (
        ("/v1/responses", {"model": "gpt-5", "input": "Hi", "max_output_tokens": 5}),
        "max_output_tokens",
    ),
    "stop in responses": (("/v1/responses", {"model": "gpt-4o", "input": "Hi", "stop": "x"}), "stop"),
    "empty text": (("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", ""]}), "input.1"),
    "dimensions of ada": (
        ("/v1/embeddings", {"model": "text-embedding-ada-002", "input": "a", "dimensions": 8}),
        "dimensions",
    ),
    "new voice of an old model": (
        ("/v1/audio/speech", {"model": "tts-1", "input": "Hi", "voice": "verse"}),
        "voice",
    ),
    "long speech": (("/v1/audio/speech", {"model": "tts-1", "input": "x" * 4097, "voice": "alloy"}), "input"),
}
BY_DESCRIPTION = {
    "typo",
    "typo inside a message",
    "typo inside a tool",
    "wrong type",
    "out of range",
    "unknown role",
}
BY_DESCRIPTION |= {"five stops", "stop in responses", "long speech"}
