"""Messages: both spellings, provider state, unknown fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from modelbay.entities import (
    AssistantPromptMessage,
    DocumentPromptMessageContent,
    ImagePromptMessageContent,
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    ToolPromptMessage,
    UserPromptMessage,
    ensure_prompt_message,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(state=JSON, extra=JSON, text=st.text())
def test_provider_state_and_unknown_fields_survive_a_round_trip(
    state: object, extra: object, text: str
) -> None:
    """A reasoning signature that is lost on the way makes the provider refuse the next turn."""
    given_message = {"role": "assistant", "content": text, "opaque_body": state, "x_citations": extra}

    message = AssistantPromptMessage.model_validate(given_message)
    again = AssistantPromptMessage.model_validate_json(message.model_dump_json())

    assert again == message
    assert again.opaque_body == state
    assert again.unknown_fields == {"x_citations": extra}


@pytest.mark.parametrize(
    ("role", "kind", "more"),
    [
        ("user", UserPromptMessage, {}),
        ("system", SystemPromptMessage, {}),
        ("assistant", AssistantPromptMessage, {}),
        ("tool", ToolPromptMessage, {"tool_call_id": "call_1"}),
    ],
)
def test_a_mapping_becomes_the_message_of_its_role(
    role: str, kind: type[PromptMessage], more: dict[str, str]
) -> None:
    """Requests arrive as JSON, and plugins test with isinstance."""
    assert type(ensure_prompt_message({"role": role, "content": "hi", **more})) is kind


def test_a_tool_message_without_its_call_is_refused() -> None:
    """No provider can place a tool's result without the id of the call."""
    with pytest.raises(ValidationError, match="tool_call_id"):
        ensure_prompt_message({"role": "tool", "content": "42"})


def test_parts_given_as_mappings_become_parts_of_their_type() -> None:
    """Plugins and JSON clients both send lists of parts."""
    message = UserPromptMessage.model_validate(
        {
            "content": [
                {"type": "text", "data": "What is this?"},
                {
                    "type": "image",
                    "url": "https://example.com/a.png",
                    "format": "png",
                    "mime_type": "image/png",
                },
                {"type": "document", "base64_data": "QQ==", "format": "pdf", "mime_type": "application/pdf"},
            ]
        }
    )

    assert isinstance(message.content, list)
    assert [type(part) for part in message.content] == [
        TextPromptMessageContent,
        ImagePromptMessageContent,
        DocumentPromptMessageContent,
    ]
    assert message.text == "What is this?"


def test_an_unknown_part_is_refused_by_its_type() -> None:
    """A part that would silently vanish changes the question."""
    with pytest.raises(ValidationError, match="hologram"):
        UserPromptMessage.model_validate({"content": [{"type": "hologram", "data": "x"}]})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("https://example.com/a.png", {"url": "https://example.com/a.png"}),
        ("data:image/png;base64,QUJD", {"base64_data": "QUJD", "mime_type": "image/png", "format": "png"}),
        ("QUJD", {"base64_data": "QUJD"}),
    ],
)
def test_the_specifications_single_data_field_is_understood(data: str, expected: dict[str, str]) -> None:
    """The specification has `data`; today's plugins have address and bytes apart."""
    image = ImagePromptMessageContent.model_validate({"data": data})

    assert {name: getattr(image, name) for name in expected} == expected


def test_data_reads_as_address_or_data_uri() -> None:
    """Plugins written for either format read `.data`."""
    by_url = ImagePromptMessageContent(url="https://example.com/a.png", format="png", mime_type="image/png")
    by_bytes = ImagePromptMessageContent(base64_data="QUJD", format="png", mime_type="image/png")

    assert by_url.data == "https://example.com/a.png"
    assert by_bytes.data == "data:image/png;base64,QUJD"
    assert by_bytes.decoded() == b"ABC"


def test_null_fields_of_a_streamed_tool_call_read_as_empty() -> None:
    """Upstreams send null for what comes in a later piece."""
    call = AssistantPromptMessage.ToolCall.model_validate(
        {"id": None, "type": None, "function": {"name": None, "arguments": None}}
    )

    assert (call.id, call.type, call.function.name, call.function.arguments) == ("", "", "", "")


def test_the_contracts_nested_names_are_there() -> None:
    """Plugins build tool calls through the names nested in the assistant message."""
    function = AssistantPromptMessage.ToolCall.ToolCallFunction(name="f", arguments="{}")
    call = AssistantPromptMessage.ToolCall(id="1", type="function", function=function)

    assert ImagePromptMessageContent.DETAIL.HIGH.value == "high"
    assert AssistantPromptMessage(content="", tool_calls=[call]).tool_calls == [call]


def test_a_tool_needs_a_name() -> None:
    """An unnamed tool cannot be called."""
    with pytest.raises(ValidationError, match="name"):
        PromptMessageTool.model_validate({"description": "d", "parameters": {}})
