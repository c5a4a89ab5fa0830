"""What decides how a model thinks and what it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.anthropic import AnthropicUpstream
from tests.wires.wire_checks import ENDPOINT, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic import MESSAGES
from modelbay.wires.family import ChatCall

MODELS = {"budget": "claude-sonnet-4-5", "adaptive": "claude-opus-5", "always": "claude-fable-5"}
SHOWN = {"type": "adaptive", "display": "summarized"}
MARK = {"type": "ephemeral"}


def body(mode: str, parameters: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the body sent, once the fake has found nothing wrong with it."""
    call = ChatCall(
        MODELS[mode],
        [UserPromptMessage(content="Hi")],
        {"max_tokens": 8000, **parameters},
        options={"thinking": mode, **options},
    )
    request = MESSAGES.to_request(call, ENDPOINT)
    assert refusal_of(AnthropicUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


@pytest.mark.parametrize(
    ("mode", "parameters", "thinking", "effort"),
    [
        ("budget", {}, None, None),
        ("budget", {"thinking": False, "thinking_budget": 1024}, {"type": "disabled"}, None),
        ("budget", {"thinking": True}, {"type": "enabled", "budget_tokens": 1024}, None),
        ("budget", {"thinking_budget": 2000}, {"type": "enabled", "budget_tokens": 2000}, None),
        ("budget", {"reasoning_effort": "medium"}, {"type": "enabled", "budget_tokens": 4096}, None),
        ("budget", {"reasoning_effort": "high"}, {"type": "enabled", "budget_tokens": 7999}, None),
        ("budget", {"reasoning_effort": "none"}, {"type": "disabled"}, None),
        ("adaptive", {}, None, None),
        ("adaptive", {"thinking": True}, SHOWN, None),
        ("adaptive", {"thinking": False}, {"type": "disabled"}, None),
        ("adaptive", {"thinking": False, "effort": "low"}, {"type": "disabled"}, "low"),
        ("adaptive", {"reasoning_effort": "xhigh"}, SHOWN, "xhigh"),
        ("adaptive", {"reasoning_effort": "minimal"}, SHOWN, "low"),
        (
            "adaptive",
            {"thinking": True, "thinking_display": "omitted"},
            {"type": "adaptive", "display": "omitted"},
            None,
        ),
        ("always", {}, None, None),
        ("always", {"thinking": True, "reasoning_effort": "max"}, SHOWN, "max"),
    ],
)
def test_parameters_become_what_the_model_understands(
    mode: str, parameters: dict[str, Any], thinking: dict[str, Any] | None, effort: str | None
) -> None:
    """Generations of models are told in different words; the caller knows one set."""
    sent = body(mode, parameters)

    assert sent.get("thinking") == thinking
    assert sent.get("output_config", {}).get("effort") == effort


@pytest.mark.parametrize(
    ("mode", "parameters", "named"),
    [
        ("budget", {"thinking_budget": 1000}, "thinking_budget: 1000"),
        ("budget", {"thinking_budget": 8000}, "thinking_budget: 8000"),
        ("budget", {"thinking": True, "max_tokens": 1024}, "thinking_budget: 1023"),
        ("adaptive", {"thinking_budget": 2000}, "thinking_budget"),
        ("always", {"thinking": False}, "thinking: .* always"),
        ("always", {"reasoning_effort": "none"}, "thinking: .* always"),
        ("none", {"thinking": True}, "thinking: .* does not think"),
        ("none", {"reasoning_effort": "low"}, "reasoning_effort"),
        ("sometimes", {}, "wire option thinking"),
    ],
)
def test_what_the_model_cannot_is_refused_by_name(mode: str, parameters: dict[str, Any], named: str) -> None:
    """The upstream would name a field that the caller never sent."""
    call = ChatCall("m", [], {"max_tokens": 8000, **parameters}, options={"thinking": mode})

    with pytest.raises(InvokeBadRequestError, match=named):
        MESSAGES.to_request(call, ENDPOINT)


def test_a_model_that_does_not_think_is_told_nothing() -> None:
    """A form sends `thinking: false` for every model."""
    call = ChatCall("m", [], {"max_tokens": 5, "thinking": False}, options={"thinking": "none"})

    assert "thinking" not in MESSAGES.to_request(call, ENDPOINT).json


def test_sampling_is_left_out_beside_a_budget() -> None:
    """The API refuses both together, and the rules fill sampling in by default."""
    sent = body("budget", {"thinking": True, "temperature": 0.2, "top_p": 0.5, "top_k": 3})

    assert not {"temperature", "top_p", "top_k"} & sent.keys()


def cached(*messages: Any, wish: Any = True, tools: Any = (), **fields: Any) -> dict[str, Any]:
    """Return the body sent with caching wished for."""
    call = ChatCall(
        MODELS["budget"],
        messages,
        {"max_tokens": 5, **fields.pop("parameters", {})},
        tools,
        options={"prompt_caching": wish},
    )
    request = MESSAGES.to_request(call, ENDPOINT)
    assert refusal_of(AnthropicUpstream(), request) is None
    sent: dict[str, Any] = request.json
    return sent


def marks(sent: dict[str, Any]) -> list[str]:
    """Return where breakpoints are."""
    found = [f"system {block['text']}" for block in sent.get("system", ()) if "cache_control" in block]
    found += [f"tool {tool['name']}" for tool in sent.get("tools", ()) if "cache_control" in tool]
    turns = [block for message in sent["messages"] for block in message["content"]]
    return found + [f"turn {block['text']}" for block in turns if "cache_control" in block]


def test_breakpoints_stand_at_the_system_prompt_and_the_last_user_turn() -> None:
    """What comes again in the next call ends there."""
    sent = cached(
        SystemPromptMessage(content="S"),
        UserPromptMessage(content="a"),
        AssistantPromptMessage(content="b"),
        UserPromptMessage(content="c"),
        wish="1h",
    )

    assert marks(sent) == ["system S", "turn c"]
    assert sent["system"][0]["cache_control"] == MARK | {"ttl": "1h"}


def test_without_a_system_prompt_the_tools_are_the_beginning() -> None:
    """The API reads tools first."""
    tools = [PromptMessageTool(name=name, parameters={}) for name in ("a", "b")]

    assert marks(cached(UserPromptMessage(content="c"), tools=tools)) == ["tool b", "turn c"]


def test_the_callers_breakpoints_stay_and_four_is_the_most() -> None:
    """The API refuses a fifth."""
    own = {"anthropic": {"cache_control": MARK}}
    parts = [TextPromptMessageContent(data=str(index), opaque_body=own) for index in range(3)]
    sent = cached(
        SystemPromptMessage(content="S"),
        UserPromptMessage(content=[*parts, TextPromptMessageContent(data="last")]),
    )

    assert marks(sent) == ["system S", "turn 0", "turn 1", "turn 2"]


def test_the_parameter_wins_over_the_option() -> None:
    """A caller may want one call not to be kept."""
    assert marks(cached(UserPromptMessage(content="c"), parameters={"prompt_caching": False})) == []
