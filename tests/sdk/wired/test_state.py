"""State of an answer goes back to the provider that gave it, and to no other."""

from __future__ import annotations

from typing import Any

import pytest

from modelbay.entities import (
    AssistantPromptMessage,
    PromptMessage,
    TextPromptMessageContent,
    ToolCall,
    ToolCallFunction,
    UserPromptMessage,
)
from modelbay.sdk.wired.state import own_state_only, stamp

SIGNED = {"content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"}]}


def answer(state: Any, **more: Any) -> AssistantPromptMessage:
    return AssistantPromptMessage(content="Yes.", opaque_body=state, **more)


def given(by: str, state: dict[str, Any] | None = None) -> AssistantPromptMessage:
    """Return an answer as a provider of that name gave it."""
    message = answer(state or {"anthropic": SIGNED})
    stamp(message, by)
    return message


def test_state_goes_back_to_its_provider_untouched() -> None:
    """A signature that is not sent back unmodified is refused."""
    messages: list[PromptMessage] = [UserPromptMessage(content="Hi"), given("anthropic")]

    kept, notices = own_state_only(messages, "anthropic", "anthropic")

    assert kept is messages
    assert notices == []
    assert messages[1].opaque_body["anthropic"] == SIGNED  # type: ignore[attr-defined]


@pytest.mark.parametrize(("provider", "family"), [("minimax", "anthropic"), ("openai", "openai")])
def test_another_provider_is_not_shown_it_and_the_caller_is_told(provider: str, family: str) -> None:
    """Also one that speaks the same API: it has other keys to sign with."""
    messages = [UserPromptMessage(content="Hi"), given("anthropic")]

    kept, notices = own_state_only(messages, provider, family)

    assert notices == ["messages[1]: state of anthropic"]
    assert (kept[1].content, kept[1].opaque_body) == ("Yes.", None)  # type: ignore[attr-defined]
    assert messages[1].opaque_body is not None  # type: ignore[attr-defined]


def test_what_a_part_and_a_call_carry_goes_with_it() -> None:
    """Signatures lie on calls, citations on parts."""
    call = ToolCall(id="c", function=ToolCallFunction(name="f", arguments="{}"), signature="s")
    part = TextPromptMessageContent(data="Yes.", opaque_body={"anthropic": {"citations": [1]}})
    message = AssistantPromptMessage(content=[part], tool_calls=[call], opaque_body={"anthropic": SIGNED})
    stamp(message, "anthropic")

    kept, _ = own_state_only([message], "openai", "openai")

    assert "signature" not in str(kept[0].model_dump())
    assert "citations" not in str(kept[0].model_dump())
    assert kept[0].tool_calls[0].function.name == "f"  # type: ignore[attr-defined]


def test_marks_that_only_another_kind_of_api_reads_are_reported() -> None:
    """A cache breakpoint of Claude means nothing elsewhere: the caller pays for the whole prompt there."""
    marked = UserPromptMessage(content="Hi", opaque_body={"anthropic": {"cache_control": {}}})

    assert own_state_only([marked], "openai", "openai")[1] == ["messages[0]: state of anthropic"]
    assert own_state_only([marked], "minimax", "anthropic")[1] == []


def test_state_that_does_not_say_whose_it_is_goes_to_who_speaks_its_api() -> None:
    """A client of the same dialect brings it in the dialect's own fields, which do not name a provider."""
    native = answer({"anthropic": SIGNED})

    assert own_state_only([native], "anthropic", "anthropic")[1] == []
    assert own_state_only([answer({"openai.chat": {"x": 1}})], "groq", "openai")[1] == []


def test_a_stamp_is_written_once_and_only_on_state() -> None:
    """An answer that passes through two gateways is still the first provider's; plain answers stay plain."""
    message = given("anthropic")
    stamp(message, "another")
    plain = answer(None)
    stamp(plain, "anthropic")

    assert message.opaque_body["provider"] == {"name": "anthropic"}
    assert plain.opaque_body is None
