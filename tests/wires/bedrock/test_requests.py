"""What Converse is asked, judged by AWS's service model and the sheet."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.upstreams.bedrock import BedrockUpstream
from tests.wires.bedrock.asking import CLAUDE, DIALECT, WEATHER, body
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    AudioPromptMessageContent,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageContent,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    ToolPromptMessage,
    UserPromptMessage,
    VideoPromptMessageContent,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.bedrock import FAMILY, chat
from modelbay.wires.family import ChatCall, CountingDialect

DATA = base64.b64encode(b"the bytes of a file").decode()
USED: list[PromptMessage] = [
    UserPromptMessage(content="What is the weather?"),
    AssistantPromptMessage(
        content="",
        tool_calls=[
            ToolCall(id="t1", function=ToolCallFunction(name="weather", arguments='{"city": "Rome"}'))
        ],
    ),
    ToolPromptMessage(content="sunny", tool_call_id="t1"),
]


def blocks(*parts: PromptMessageContent) -> list[dict[str, Any]]:
    """Return the blocks of one turn of the user with a text at its end."""
    content = [*parts, TextPromptMessageContent(data="look")]
    found: list[dict[str, Any]] = body(UserPromptMessage(content=content))["messages"][0]["content"]
    return found[:-1]


def test_the_family_speaks_three_types() -> None:
    """The provider declares language, embedding and rerank models."""
    assert FAMILY.chat and FAMILY.embedding and FAMILY.rerank and FAMILY.models


def test_system_parameters_and_stops_go_to_their_places() -> None:
    """What Converse has no place for is the model's own field."""
    asked = body(
        SystemPromptMessage(content="Be brief."),
        "Hello",
        parameters={"temperature": 0.5, "top_p": 0.9, "max_tokens": 100, "top_k": 7, "seed": 3},
        stop=["END"],
    )
    assert asked["system"] == [{"text": "Be brief."}]
    assert asked["inferenceConfig"] == {
        "maxTokens": 100,
        "temperature": 0.5,
        "topP": 0.9,
        "stopSequences": ["END"],
    }
    assert asked["additionalModelRequestFields"] == {"top_k": 7, "seed": 3}


def test_a_model_without_a_system_prompt_hears_it_in_the_first_turn() -> None:
    """Converse refuses `system` for some older models."""
    asked = body(SystemPromptMessage(content="Be brief."), "Hello", options={"system": False})
    assert "system" not in asked
    assert asked["messages"][0]["content"] == [{"text": "Be brief."}, {"text": "Hello"}]


def test_turns_of_one_role_are_one_and_blank_text_is_left_out() -> None:
    """Converse refuses two turns of the user in a row, and text of white space."""
    asked = body("One", "  ", "Two", AssistantPromptMessage(content="Three"), "Four")
    assert [turn["role"] for turn in asked["messages"]] == ["user", "assistant", "user"]
    assert asked["messages"][0]["content"] == [{"text": "One"}, {"text": "Two"}]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (ImagePromptMessageContent(base64_data=DATA, mime_type="image/jpeg"), ("image", "jpeg")),
        (VideoPromptMessageContent(base64_data=DATA, mime_type="video/quicktime"), ("video", "mov")),
        (AudioPromptMessageContent(base64_data=DATA, mime_type="audio/mpeg"), ("audio", "mp3")),
        (DocumentPromptMessageContent(base64_data=DATA, mime_type="text/markdown"), ("document", "md")),
        (
            DocumentPromptMessageContent(base64_data=DATA, mime_type="application/vnd.ms-excel"),
            ("document", "xls"),
        ),
    ],
)
def test_files_go_as_bytes_with_the_providers_word_for_their_format(
    part: PromptMessageContent, expected: tuple[str, str]
) -> None:
    """The formats are an enumeration of the API, not MIME types."""
    kind, form = expected
    file = blocks(part)[0][kind]
    assert (file["format"], file["source"]) == (form, {"bytes": DATA})


def test_a_file_in_s3_goes_by_its_address() -> None:
    """Long videos do not fit a request."""
    part = VideoPromptMessageContent(url="s3://my-bucket/film.mp4", mime_type="video/mp4")
    assert blocks(part)[0]["video"]["source"] == {"s3Location": {"uri": "s3://my-bucket/film.mp4"}}


def test_documents_get_names_of_allowed_letters_no_two_the_same() -> None:
    """The API refuses dots and twins, and a name may not carry instructions."""
    parts = [
        DocumentPromptMessageContent(base64_data=DATA, mime_type="application/pdf", filename=name)
        for name in ("Bericht_März.2026.pdf", "a b.pdf", "a_b.pdf", "年报.pdf", "")
    ]
    names = [block["document"]["name"] for block in blocks(*parts)]
    assert names == ["Bericht M rz 2026", "a b", "a b 2", "document", "document 2"]


def test_a_file_of_an_unknown_format_is_refused_by_its_place() -> None:
    """The message has to say which of many files it is."""
    part = ImagePromptMessageContent(base64_data=DATA, mime_type="image/tiff")
    with pytest.raises(InvokeBadRequestError, match=r"messages\[0\]\.content\[0\].*image/tiff.*png"):
        blocks(part)


def test_tools_and_their_choice() -> None:
    """A schema without a type is an object's."""
    asked = body("Hi", tools=[WEATHER], parameters={"tool_choice": "required"})
    config = asked["toolConfig"]
    assert config["tools"][0]["toolSpec"]["inputSchema"]["json"]["required"] == ["city"]
    assert config["toolChoice"] == {"any": {}}
    named = body("Hi", tools=[WEATHER], parameters={"tool_choice": "weather"})
    assert named["toolConfig"]["toolChoice"] == {"tool": {"name": "weather"}}
    assert "toolConfig" not in body("Hi", tools=[WEATHER], parameters={"tool_choice": "none"})


def test_a_conversation_that_used_tools_has_them_defined_though_the_call_gives_none() -> None:
    """Converse refuses tool blocks without a definition; an agent's last call often has no tools."""
    asked = body(*USED)
    assert [tool["toolSpec"]["name"] for tool in asked["toolConfig"]["tools"]] == ["weather"]
    assert asked["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "t1", "content": [{"text": "sunny"}]}}
    ]


def test_claude_is_told_of_single_calls_and_of_none_in_its_own_field() -> None:
    """Converse has no word for either."""
    options = {"options": CLAUDE, "tools": [WEATHER]}
    single = body("Hi", parameters={"parallel_tool_calls": False}, **options)
    none = body(*USED, parameters={"tool_choice": "none"}, **options)
    assert single["additionalModelRequestFields"]["tool_choice"] == {
        "type": "auto",
        "disable_parallel_tool_use": True,
    }
    assert none["additionalModelRequestFields"]["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    ("name", "options", "asked", "called"),
    [
        ("amazon.nova-lite-v1:0", {}, None, "amazon.nova-lite-v1%3A0"),
        ("a.b", {"cross_region": "global"}, None, "global.a.b"),
        ("a.b", {"cross_region": "global"}, "disabled", "a.b"),
        ("a.b", {"geography": ["apac", "jp"], "profiles": ["jp"]}, "geographic", "jp.a.b"),
        ("a.b", {"geography": ["apac", "jp"]}, "geographic", "apac.a.b"),
        ("a.b", {"geography": ["apac", "jp"], "profiles": ["apac", "jp"]}, "japan", "jp.a.b"),
        ("a.b", {}, "geographic", "us.a.b"),
        ("eu.a.b", {"cross_region": "global"}, None, "eu.a.b"),
        ("0j6r4a8fn6ze", {"cross_region": "global"}, None, "0j6r4a8fn6ze"),
        ("arn:aws:b:eu::p/x.y", {"cross_region": "global"}, None, "arn%3Aaws%3Ab%3Aeu%3A%3Ap%2Fx.y"),
    ],
)
def test_the_profile_is_chosen_by_the_call_then_by_the_model(
    name: str, options: dict[str, Any], asked: str | None, called: str
) -> None:
    """The newest models have no on-demand throughput under their own id."""
    parameters = {"cross-region": asked} if asked else {}
    call = ChatCall(name, [UserPromptMessage(content="Hi")], parameters, options=options)
    assert DIALECT.to_request(call, ENDPOINT).url == f"http://upstream.example/model/{called}/converse"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """It stands in the path of a signed request."""
    with pytest.raises(InvokeBadRequestError, match="cannot stand in an address"):
        DIALECT.to_request(ChatCall(name, [UserPromptMessage(content="Hi")]), ENDPOINT)


@pytest.mark.parametrize(
    ("parameters", "options", "field"),
    [
        ({"n": 2}, {}, "n"),
        ({"thinking": True}, {}, "thinking"),
        ({"temperature": 0.2}, {"sampling": False}, "temperature"),
        ({"top_k": 3}, {"top_k_field": None}, "top_k"),
        ({"response_format": "json_object"}, {}, "response_format"),
        ({"cross-region": "moon"}, {}, "cross-region"),
        ({"tool_choice": "required"}, {}, "tool_choice"),
        ({"reasoning_effort": "low"}, {"thinking_fields": {"on": {}}}, "reasoning_effort"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    parameters: dict[str, Any], options: dict[str, Any], field: str
) -> None:
    """Nothing that was asked for is dropped in silence."""
    with pytest.raises(InvokeBadRequestError, match=f"^{field}: "):
        body("Hi", parameters=parameters, options=options)


def test_counting_asks_for_the_model_behind_a_profile() -> None:
    """CountTokens knows foundation models only, and only some of them."""
    counting = chat({"count": True})
    assert isinstance(counting, CountingDialect)
    assert not isinstance(DIALECT, CountingDialect)
    call = ChatCall("us.anthropic.x", [UserPromptMessage(content="Hi")], {"max_tokens": 5}, tools=[WEATHER])
    request = counting.to_count_request(call, ENDPOINT)
    assert request.url.endswith("/model/anthropic.x/count-tokens")
    assert request.json["input"]["converse"].keys() == {"messages", "toolConfig"}
    assert refusal_of(BedrockUpstream(), request) is None
    assert counting.to_count({"inputTokens": 7}) == 7
