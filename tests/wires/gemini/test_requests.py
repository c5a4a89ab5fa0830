"""Requests of `generateContent`: what each of Modelbay's names becomes, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.gemini import GeminiUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
    VideoPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.gemini import GENERATE

BUDGET, LEVEL = "gemini-2.5-flash", "gemini-3-flash-preview"
USER = UserPromptMessage(content="Hi")
WEATHER = PromptMessageTool(name="weather", description="Tell it.", parameters={"properties": {}})
OPTIONS: dict[str, dict[str, Any]] = {
    BUDGET: {"thinking": "budget", "schema_with_tools": False},
    "gemini-2.5-pro": {"thinking": "budget_always"},
    LEVEL: {"thinking": "level", "thought_signatures": True},
    "gemini-3.1-pro-preview": {"thinking": "level_always", "thought_signatures": True},
    "gemini-3.7-flash": {"sampling": False},
    "gemma-4-31b-it": {"thinking": "none"},
}


def body(*messages: PromptMessage, model: str = BUDGET, **fields: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    options = {**OPTIONS[model], **fields.pop("options", {})}
    request = GENERATE.to_request(
        ChatCall(model, messages or (USER,), options=options, **fields),
        Endpoint(f"{ENDPOINT.base_url}/v1beta"),
    )
    assert refusal_of(GeminiUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


@pytest.mark.parametrize(
    ("stream", "verb"), [(False, "generateContent"), (True, "streamGenerateContent?alt=sse")]
)
def test_the_smallest_request(stream: bool, verb: str) -> None:
    """Without `alt=sse` a stream would be one long JSON array."""
    request = GENERATE.to_request(ChatCall(BUDGET, [USER], stream=stream), Endpoint("http://h/v1beta"))

    assert (request.method, request.url) == ("POST", f"http://h/v1beta/models/{BUDGET}:{verb}")
    assert request.json == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("tunedModels/mine-1", "tunedModels/mine-1"),
        ("models/gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("a b?c", "models/a%20b%3Fc"),
    ],
)
def test_a_model_is_named_by_its_kind(model: str, path: str) -> None:
    """A name is part of the address, and must not lead to another one."""
    request = GENERATE.to_request(ChatCall(model, [USER]), Endpoint("http://h"))

    assert request.url == f"http://h/{path}:generateContent"


def test_names_that_differ() -> None:
    """Everything else passes under its own name, in camel case."""
    parameters = {"temperature": 0.5, "top_p": 0.9, "top_k": 5, "max_tokens": 9, "seed": 1}
    sent = body(
        parameters={**parameters, "presence_penalty": 0.1, "media_resolution": "low", "service_tier": "flex"},
        stop=["END"],
        user="u1",
    )

    assert sent["serviceTier"] == "flex"
    assert sent["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 5,
        "maxOutputTokens": 9,
        "seed": 1,
        "presencePenalty": 0.1,
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
        "stopSequences": ["END"],
    }


@pytest.mark.parametrize(
    ("model", "parameters", "wanted"),
    [
        (BUDGET, {}, None),
        (BUDGET, {"thinking": True}, {"thinkingBudget": -1, "includeThoughts": True}),
        (BUDGET, {"thinking": False}, {"thinkingBudget": 0}),
        (BUDGET, {"reasoning_effort": "none"}, {"thinkingBudget": 0}),
        (BUDGET, {"thinking_budget": 0}, {"thinkingBudget": 0}),
        (BUDGET, {"reasoning_effort": "low"}, {"thinkingBudget": 1024, "includeThoughts": True}),
        (
            BUDGET,
            {"thinking_budget": 500, "include_thoughts": False},
            {"thinkingBudget": 500, "includeThoughts": False},
        ),
        (LEVEL, {"thinking": True}, {"includeThoughts": True}),
        (LEVEL, {"thinking": False}, {"thinkingLevel": "MINIMAL"}),
        (LEVEL, {"reasoning_effort": "high"}, {"thinkingLevel": "HIGH", "includeThoughts": True}),
        (LEVEL, {"reasoning_effort": "max"}, {"thinkingLevel": "XHIGH", "includeThoughts": True}),
        (LEVEL, {"include_thoughts": True}, {"includeThoughts": True}),
        ("gemma-4-31b-it", {"thinking": False}, None),
    ],
)
def test_thinking(model: str, parameters: dict[str, Any], wanted: Any) -> None:
    """Older models take a budget, newer ones a level, and none takes both."""
    sent = body(model=model, parameters=parameters)

    assert sent.get("generationConfig", {}).get("thinkingConfig") == wanted


@pytest.mark.parametrize(
    ("model", "fields", "named"),
    [
        (BUDGET, {"parameters": {"n": 2}}, "n: "),
        ("gemini-2.5-pro", {"parameters": {"thinking": False}}, "thinking: this model always thinks"),
        (
            "gemini-3.1-pro-preview",
            {"parameters": {"reasoning_effort": "none"}},
            "thinking: this model always",
        ),
        (LEVEL, {"parameters": {"thinking_budget": 9}}, "thinking_budget: this model takes no budget"),
        (
            "gemma-4-31b-it",
            {"parameters": {"reasoning_effort": "low"}},
            "reasoning_effort: this model does not",
        ),
        ("gemini-3.7-flash", {"parameters": {"top_p": 0.5}}, "top_p: this model does not take it"),
        (BUDGET, {"parameters": {"grounding": True}, "tools": [WEATHER]}, "grounding: "),
        (BUDGET, {"parameters": {"url_context": True, "code_execution": True}}, "code_execution: "),
        (
            BUDGET,
            {"parameters": {"tool_choice": "required"}},
            "tool_choice: 'required' needs at least one tool",
        ),
        (BUDGET, {"parameters": {"parallel_tool_calls": False}, "tools": [WEATHER]}, "parallel_tool_calls: "),
        (BUDGET, {"parameters": {"response_format": "json_object"}, "tools": [WEATHER]}, "response_format: "),
        (BUDGET, {"extras": {"contents": []}}, "contents: is told by the call itself"),
        (BUDGET, {"options": {"thinking": "much"}}, "wire option thinking: 'much'"),
    ],
)
def test_what_cannot_be_said_is_refused_by_its_name(model: str, fields: dict[str, Any], named: str) -> None:
    """The API would answer without a field, or do something else."""
    with pytest.raises(InvokeBadRequestError, match=f"^{named}"):
        body(model=model, **fields)


def test_a_default_of_sampling_is_left_out_where_none_is_taken() -> None:
    """Clients that always send the default temperature mean nothing by it."""
    assert "generationConfig" not in body(model="gemini-3.7-flash", parameters={"temperature": 1})


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"response_format": "text"}, {}),
        ({"response_format": "json_object"}, {"responseMimeType": "application/json"}),
        (
            {"json_schema": '{"type": "object"}'},
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
        ),
    ],
)
def test_answer_formats(parameters: dict[str, Any], wanted: Any) -> None:
    """A schema goes as JSON Schema, not in the API's own subset."""
    assert body(parameters=parameters).get("generationConfig", {}) == wanted


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("weather", {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_tools_and_their_choice(choice: str, wanted: Any) -> None:
    """A tool by its name is a set of one."""
    sent = body(tools=[WEATHER], parameters={"tool_choice": choice})

    schema = {"type": "object", "properties": {}}
    declared = {"name": "weather", "description": "Tell it.", "parametersJsonSchema": schema}
    assert sent["tools"] == [{"functionDeclarations": [declared]}]
    assert sent["toolConfig"] == {"functionCallingConfig": wanted}


def test_the_apis_own_tools_are_parameters() -> None:
    """Each is a tool of its own."""
    assert body(parameters={"grounding": True, "url_context": True})["tools"] == [
        {"googleSearch": {}},
        {"urlContext": {}},
    ]


def test_turns_alternate_and_instructions_stand_apart() -> None:
    """The API refuses two turns of one role, and knows no role for the system."""
    sent = body(
        SystemPromptMessage(content="Be brief."),
        USER,
        UserPromptMessage(content="Again"),
        SystemPromptMessage(content="Be kind."),
        AssistantPromptMessage(content="Yes."),
        UserPromptMessage(content=""),
        UserPromptMessage(content="So?"),
    )

    assert sent["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]}
    assert sent["contents"] == [
        {"role": "user", "parts": [{"text": "Hi"}, {"text": "Again"}]},
        {"role": "model", "parts": [{"text": "Yes."}]},
        {"role": "user", "parts": [{"text": "So?"}]},
    ]


def test_results_are_named_objects_and_come_first() -> None:
    """The API goes by the function's name; an id counts only if it gave it itself."""
    calls = [
        ToolCall(id=f"c{number}", function=ToolCallFunction(name="weather", arguments='{"city": "Oslo"}'))
        for number in (1, 2, 3)
    ]
    image = ImagePromptMessageContent(mime_type="image/png", base64_data="AA==")
    sent = body(
        USER,
        AssistantPromptMessage(content="", tool_calls=calls),
        ToolPromptMessage(tool_call_id="c1", content='{"rain": true}'),
        UserPromptMessage(content="And?"),
        ToolPromptMessage(tool_call_id="c2", content=[TextPromptMessageContent(data="dry"), image]),
        ToolPromptMessage(tool_call_id="c3", content="boom", is_error=True),
        model=LEVEL,
        tools=[WEATHER],
    )

    called = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}
    assert sent["contents"][1]["parts"] == [
        {**called, "thoughtSignature": "skip_thought_signature_validator"},
        called,
        called,
    ]
    said = {"name": "weather", "response": {"output": "dry"}}
    files = {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}
    assert sent["contents"][2]["parts"] == [
        {"functionResponse": {"name": "weather", "response": {"rain": True}}},
        {"functionResponse": {**said, **files}},
        {"functionResponse": {"name": "weather", "response": {"error": "boom"}}},
        {"text": "And?"},
    ]


def test_a_result_of_no_call_is_refused() -> None:
    """Its function's name is not known."""
    with pytest.raises(InvokeBadRequestError, match=r"^messages\[1\]\.tool_call_id: "):
        body(USER, ToolPromptMessage(tool_call_id="c9", content="x"))


def test_files_by_their_bytes_or_their_address() -> None:
    """The type is needed for both; an address may tell it. What is added to a part cannot replace it."""
    state = {"gemini": {"videoMetadata": {"fps": 2}, "text": "other", "fileData": {}}}
    url = "https://generativelanguage.googleapis.com/v1beta/files/abc"
    sent = body(
        UserPromptMessage(
            content=[
                ImagePromptMessageContent(base64_data="iVBORw0KGgo="),
                VideoPromptMessageContent(url=url, mime_type="video/mp4", opaque_body=state),
                DocumentPromptMessageContent(url=f"{url}.pdf?x=1"),
            ]
        )
    )

    assert sent["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": url}, "videoMetadata": {"fps": 2}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": f"{url}.pdf?x=1"}},
    ]


def test_a_file_of_unknown_type_is_refused() -> None:
    """The API would say that the whole request is not valid."""
    part = DocumentPromptMessageContent(url="https://h.example/file")
    with pytest.raises(InvokeBadRequestError, match=r"^messages\[0\]\.content\[0\]\.mime_type: "):
        body(UserPromptMessage(content=[part]))


@pytest.mark.parametrize("count", ["wrapped", "plain"])
def test_counting_asks_for_the_whole_call(count: str) -> None:
    """Tools and instructions are tokens too; each of the two APIs wants it written in its way."""
    call = ChatCall(
        BUDGET,
        [SystemPromptMessage(content="Be"), USER],
        tools=[WEATHER],
        options={"count": count, "labels": {"a": "b"}},
    )
    request = GENERATE.to_count_request(call, Endpoint("http://h/v1beta"))

    counted = request.json.get("generateContentRequest", request.json)
    assert request.url.endswith(f"/models/{BUDGET}:countTokens")
    assert request.idempotent
    assert {"contents", "systemInstruction", "tools"} <= set(counted)
    assert "labels" not in counted
    assert counted.get("model") == (f"models/{BUDGET}" if count == "wrapped" else None)
    assert GENERATE.to_count({"totalTokens": 7}) == 7
