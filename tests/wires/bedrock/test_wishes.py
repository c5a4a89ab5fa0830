"""How Converse is asked to think, to keep to a schema, to cache and to watch."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wires.bedrock.asking import CLAUDE, WEATHER, body

from modelbay.entities import SystemPromptMessage, TextPromptMessageContent, UserPromptMessage


@pytest.mark.parametrize(
    ("options", "parameters", "fields", "effort"),
    [
        (CLAUDE, {"thinking_budget": 2000}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, None),
        (CLAUDE, {"thinking": False}, {"thinking": {"type": "disabled"}}, None),
        (
            {"thinking": "adaptive"},
            {"reasoning_effort": "high"},
            {"thinking": {"type": "adaptive", "display": "summarized"}},
            "high",
        ),
        (
            {"effort_field": "reasoning_effort"},
            {"reasoning_effort": "low"},
            {"reasoning_effort": "low"},
            None,
        ),
        (
            {"effort_field": "a.b", "thinking_fields": {"on": {"a": {"type": "enabled"}}}},
            {"reasoning_effort": "low"},
            {"a": {"type": "enabled", "b": "low"}},
            None,
        ),
        (
            {"effort_field": "a.b", "thinking_fields": {"on": {"a": 1}, "off": {"a": {"type": "disabled"}}}},
            {"reasoning_effort": "none"},
            {"a": {"type": "disabled"}},
            None,
        ),
    ],
)
def test_each_model_is_asked_to_think_in_its_own_way(
    options: dict[str, Any], parameters: dict[str, Any], fields: dict[str, Any], effort: str | None
) -> None:
    """Which way it is stands in the model's options, not in code."""
    asked = body("Hi", options=options, parameters={"max_tokens": 8000, "temperature": 0.3, **parameters})
    assert asked["additionalModelRequestFields"] == fields
    assert (asked.get("outputConfig") or {}).get("effort") == effort
    with_budget = fields.get("thinking", {}).get("type") == "enabled"
    assert ("temperature" in asked["inferenceConfig"]) != with_budget


def test_a_schema_goes_as_text() -> None:
    """The API takes the schema as a string of JSON."""
    asked = body("Hi", parameters={"json_schema": '{"type": "object", "title": "x"}'})
    form = asked["outputConfig"]["textFormat"]
    assert form["structure"]["jsonSchema"]["schema"] == '{"type":"object","title":"x"}'


def test_cache_points_stand_after_the_beginning_and_after_the_last_turn() -> None:
    """Four are the most that the API takes: those of the caller count."""
    point = {"cachePoint": {"type": "default"}}
    asked = body(SystemPromptMessage(content="Be brief."), "Hello", parameters={"prompt_caching": True})
    assert asked["system"][-1] == point
    assert asked["messages"][-1]["content"][-1] == point
    hour = body("Hello", tools=[WEATHER], parameters={"prompt_caching": "1h"})
    assert hour["toolConfig"]["tools"][-1] == {"cachePoint": {"type": "default", "ttl": "1h"}}

    state = {"bedrock": {"cachePoint": {"type": "default"}}}
    own = UserPromptMessage(content=[TextPromptMessageContent(data="a", opaque_body=state)] * 4)
    full = body(own, "b", parameters={"prompt_caching": True})
    assert sum("cachePoint" in block for block in full["messages"][0]["content"]) == 4


def test_guardrail_metadata_tier_and_latency() -> None:
    """The logs of AWS take few characters in metadata: the user's id is brought into them."""
    asked = body(
        "Hi",
        parameters={"guardrail_id": "abc123", "service_tier": "flex", "latency": "optimized"},
        options={"request_metadata": True},
        user="名前 <x>",
    )
    assert asked["guardrailConfig"] == {"guardrailIdentifier": "abc123", "guardrailVersion": "DRAFT"}
    assert asked["requestMetadata"] == {"source": "modelbay", "user": "__ _x_"}
    assert (asked["serviceTier"], asked["performanceConfig"]) == ({"type": "flex"}, {"latency": "optimized"})


def test_a_schema_becomes_a_tool_where_the_model_knows_no_schemas() -> None:
    """Beside other tools the model chooses; without them it has to call this one."""
    call: dict[str, Any] = {
        "parameters": {"json_schema": '{"type": "object"}'},
        "options": {"schema_by_tool": True},
    }
    alone, beside = body("Hi", **call), body("Hi", tools=[WEATHER], **call)
    (tool,) = alone["toolConfig"]["tools"]
    assert tool["toolSpec"]["inputSchema"] == {"json": {"type": "object"}}
    assert alone["toolConfig"]["toolChoice"] == {"tool": {"name": tool["toolSpec"]["name"]}}
    assert "outputConfig" not in alone
    assert "toolChoice" not in beside["toolConfig"]
    assert len(beside["toolConfig"]["tools"]) == 2


def test_at_a_level_that_takes_nothing_beside_it_limits_and_sampling_are_left_out() -> None:
    """Nova refuses them at its highest level, and the rules' defaults have set them."""
    options = {"effort_field": "a.b", "thinking_fields": {"on": {"a": {}}}, "bare_efforts": ["high"]}
    given = {"max_tokens": 100, "temperature": 0.7, "top_p": 0.9, "top_k": 5}
    high = body("Hi", parameters=given | {"reasoning_effort": "high"}, options=options)
    low = body("Hi", parameters=given | {"reasoning_effort": "low"}, options=options)
    assert "inferenceConfig" not in high
    assert high["additionalModelRequestFields"] == {"a": {"b": "high"}}
    assert low["inferenceConfig"] == {"maxTokens": 100, "temperature": 0.7, "topP": 0.9}
