"""The dialects of OpenAI's clients."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.gateway.client import Answer
from tests.gateway.spoken import CITY, PDF, PNG, Said, streamed

_CHAT_IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
_CHAT_FILE = {
    "type": "file",
    "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
}
_RESPONSES_IMAGE = {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"}
_RESPONSES_FILE = {
    "type": "input_file",
    "filename": "a.pdf",
    "file_data": f"data:application/pdf;base64,{PDF}",
}


class Chat:
    """`POST /v1/chat/completions`."""

    path, surface = "/v1/chat/completions", "openai.chat"
    file, schema, event = (
        "openai.openapi.json",
        "CreateChatCompletionResponse",
        "CreateChatCompletionStreamResponse",
    )
    stopped, called, cut = "stop", "tool_calls", "length"

    def ask(self, model: str, text: str, **wishes: Any) -> dict[str, Any]:
        """Return a request."""
        content: Any = text
        if parts := [
            each for name, each in (("image", _CHAT_IMAGE), ("document", _CHAT_FILE)) if wishes.get(name)
        ]:
            content = [{"type": "text", "text": text}, *parts]
        body = {"model": model, "messages": [{"role": "user", "content": content}], **streamed(wishes)}
        if wishes.get("stream"):
            body["stream_options"] = {"include_usage": True}
        if wishes.get("tools"):
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": "weather", "description": "Tell it.", "parameters": CITY},
                }
            ]
        if wishes.get("schema"):
            named = {"name": "answer", "schema": CITY, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        renamed = {"effort": "reasoning_effort", "limit": "max_tokens", "stop": "stop"}
        return body | {ours: wishes[name] for name, ours in renamed.items() if name in wishes}

    def again(self, body: dict[str, Any], answer: Any, results: Sequence[str]) -> dict[str, Any]:
        """Return the next request: the answer as it is, then results of its calls or a new turn."""
        message = answer["choices"][0]["message"]
        turns = [
            {"role": "tool", "tool_call_id": call["id"], "content": result}
            for call, result in zip(message.get("tool_calls") or (), results, strict=False)
        ] or [{"role": "user", "content": results[0]}]
        return {**body, "messages": [*body["messages"], message, *turns]}

    def read(self, body: Any) -> Said:
        """Read a whole answer."""
        choice, used = body["choices"][0], body["usage"]
        message = choice["message"]
        calls = [each["function"] for each in message.get("tool_calls") or ()]
        return Said(
            message.get("content") or "",
            message.get("reasoning_content") or "",
            [(call["name"], json.loads(call["arguments"])) for call in calls],
            choice["finish_reason"],
            (used["prompt_tokens"], used["completion_tokens"]),
        )

    def whole(self, answer: Answer) -> Any:
        """Return a streamed answer as the whole one that a client makes of it."""
        *events, end = answer.events
        assert end == "[DONE]"
        message: dict[str, Any] = {"role": "assistant", "content": None}
        finish = usage = None
        for event in events:
            usage = event.get("usage") or usage
            for choice in event["choices"]:
                finish = choice["finish_reason"] or finish
                _add(message, choice["delta"])
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {**events[0], "choices": [choice], "usage": usage}


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    """Add a delta as clients do: texts join, calls join by their index, what else comes is kept."""
    for name, value in delta.items():
        if name == "tool_calls":
            calls = message.setdefault("tool_calls", [])
            for fragment in value:
                index = fragment["index"]
                if index == len(calls):
                    calls.append({name: each for name, each in fragment.items() if name != "index"})
                else:
                    calls[index]["function"]["arguments"] += fragment["function"]["arguments"]
        elif name != "role" and isinstance(value, str):
            message[name] = (message.get(name) or "") + value
        elif value is not None and name != "role":
            message[name] = value


class Completions(Chat):
    """`POST /v1/completions`: a text to continue."""

    path, surface = "/v1/completions", "openai.completions"
    schema, event = "CreateCompletionResponse", ""  # its chunks are not described

    def ask(self, model: str, text: str, **wishes: Any) -> dict[str, Any]:
        """Return a request."""
        body = super().ask(model, text, **wishes)
        del body["messages"]
        return {**body, "prompt": text}

    def read(self, body: Any) -> Said:
        """Read a whole answer."""
        choice, used = body["choices"][0], body["usage"]
        tokens = used["prompt_tokens"], used["completion_tokens"]
        return Said(choice["text"], finish=choice["finish_reason"], tokens=tokens)

    def whole(self, answer: Answer) -> Any:
        """Return a streamed answer as a whole one."""
        *events, end = answer.events
        assert end == "[DONE]"
        choices = [choice for event in events for choice in event["choices"]]
        text, last = "".join(choice["text"] for choice in choices), choices[-1]
        return {**events[0], "choices": [{**last, "text": text}], "usage": events[-1]["usage"]}


class Responses:
    """`POST /v1/responses`."""

    path, surface = "/v1/responses", "openai.responses"
    file, schema, event = "openai.openapi.json", "Response", "ResponseStreamEvent"
    stopped, called, cut = "completed", "completed", "incomplete"

    def ask(self, model: str, text: str, **wishes: Any) -> dict[str, Any]:
        """Return a request."""
        content = [{"type": "input_text", "text": text}]
        content += [
            each
            for name, each in (("image", _RESPONSES_IMAGE), ("document", _RESPONSES_FILE))
            if wishes.get(name)
        ]
        body = {
            "model": model,
            "input": [{"role": "user", "content": content}],
            "store": False,
            **streamed(wishes),
        }
        if wishes.get("tools"):
            tool = {
                "type": "function",
                "name": "weather",
                "description": "Tell it.",
                "parameters": CITY,
                "strict": False,
            }
            body["tools"] = [tool]
        if wishes.get("schema"):
            body["text"] = {
                "format": {"type": "json_schema", "name": "answer", "schema": CITY, "strict": True}
            }
        if "effort" in wishes:
            body |= {"reasoning": {"effort": wishes["effort"], "summary": "auto"}}
            body |= {"include": ["reasoning.encrypted_content"]}
        renamed = {"limit": "max_output_tokens", "stop": "stop"}
        return body | {ours: wishes[name] for name, ours in renamed.items() if name in wishes}

    def again(self, body: dict[str, Any], answer: Any, results: Sequence[str]) -> dict[str, Any]:
        """Return the next request."""
        calls = [item for item in answer["output"] if item["type"] == "function_call"]
        turns: list[Any] = [
            {"type": "function_call_output", "call_id": call["call_id"], "output": result}
            for call, result in zip(calls, results, strict=False)
        ] or [{"role": "user", "content": results[0]}]
        return {**body, "input": [*body["input"], *answer["output"], *turns]}

    def read(self, body: Any) -> Said:
        """Read a whole answer."""
        said, used = Said(finish=body["status"]), body["usage"]
        for item in body["output"]:
            if item["type"] == "message":
                said.text += "".join(part.get("text", "") for part in item["content"])
            elif item["type"] == "reasoning":
                said.reasoning += "".join(
                    part["text"] for part in item["summary"] or item.get("content") or ()
                )
            else:
                said.calls.append((item["name"], json.loads(item["arguments"])))
        said.tokens = used["input_tokens"], used["output_tokens"]
        return said

    def whole(self, answer: Answer) -> Any:
        """Return what the last event of a stream holds: the whole answer."""
        *events, last = answer.events
        assert [event["sequence_number"] for event in [*events, last]] == list(range(len(events) + 1))
        return last["response"]
