"""Where the standing providers are called, and what the forms make of custom models."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.providers.reading import custom, model, rule, wire_of

from modelbay.entities import ModelType
from modelbay.sdk.wired.endpoint import endpoint_of, options_of


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ({}, "https://api.openai.com/v1/models"),
        ({"openai_api_base": "https://eu.api.openai.com"}, "https://eu.api.openai.com/v1/models"),
        ({"openai_api_base": "http://localhost:9/v1/"}, "http://localhost:9/v1/models"),
    ],
)
def test_openai_is_called_below_its_version(given: dict[str, str], called: str) -> None:
    """Saved addresses come with and without it."""
    endpoint = endpoint_of(wire_of("openai"), {"openai_api_key": "k", "openai_organization": "o", **given})

    assert endpoint.url("models") == called
    assert endpoint.headers == {"Authorization": "Bearer k", "OpenAI-Organization": "o"}


@pytest.mark.parametrize(
    ("name", "protocol", "api"),
    [
        ("gpt-4.1", None, "chat"),
        ("gpt-4.1", "responses", "responses"),
        ("gpt-5.6", None, "responses"),
        ("gpt-5.6", "chat", "chat"),
        ("gpt-5.5-pro", "chat", "responses"),
        ("gpt-audio-1.5", "responses", "chat"),
    ],
)
def test_the_protocol_is_the_credentials_unless_the_model_has_only_one(
    name: str, protocol: str | None, api: str
) -> None:
    """Without a choice, models are called by the API on which all they can do works."""
    credentials = {"api_protocol": protocol} if protocol else {}
    options = options_of(wire_of("openai"), model("openai", name).wire, credentials)

    assert (options.get("only_api") or options.get("api", "chat")) == api


def test_claude_is_called_with_the_version_that_its_api_demands() -> None:
    """The check of credentials is no dialect's request, so the header has to be in the declaration."""
    wire = wire_of("anthropic")
    endpoint = endpoint_of(wire, {"anthropic_api_key": "k", "anthropic_api_url": "https://proxy.example/v1/"})

    assert endpoint.url(wire.check.split()[1]) == "https://proxy.example/v1/models?limit=1"
    assert endpoint.headers == {"x-api-key": "k", "anthropic-version": "2023-06-01"}


# custom models


SWITCHES = {
    "endpoint_url": "http://localhost:8000/v1",
    "mode": "chat",
    "context_size": "32768",
    "max_tokens_to_sample": "8192",
    "function_calling_type": "tool_call",
    "stream_function_calling": "supported",
    "vision_support": "support",
    "structured_output_support": "supported",
    "agent_thought_support": "supported",
    "compatibility_mode": "extended",
}


def test_the_switches_of_a_compatible_server_become_features_and_rules() -> None:
    """Nothing is guessed: what the form does not say, the model cannot do."""
    full = custom("openai_api_compatible", ModelType.LLM, SWITCHES)
    bare = custom("openai_api_compatible", ModelType.LLM, {"mode": "completion", "context_size": "2048"})

    assert {str(feature) for feature in full.features or []} == {
        *("tool-call", "multi-tool-call", "stream-tool-call", "vision", "structured-output", "agent-thought")
    }
    assert full.model_properties == {"mode": "chat", "context_size": 32768}
    limit = rule(full, "max_tokens")
    assert limit
    assert limit.max == 8192
    assert {"thinking", "reasoning_effort", "json_schema"} <= {each.name for each in full.parameter_rules}
    assert (bare.features, bare.model_properties) == ([], {"mode": "completion", "context_size": 2048})
    assert not {"thinking", "reasoning_effort", "json_schema"} & {each.name for each in bare.parameter_rules}


@pytest.mark.parametrize(
    ("thought", "mode", "forced"),
    [
        ("only_thinking_supported", "extended", True),
        ("not_supported", "extended", False),
        ("supported", "extended", None),
        ("not_supported", "strict", None),
    ],
)
def test_a_model_that_thinks_always_or_never_is_told_so_only_in_extended_mode(
    thought: str, mode: str, forced: bool | None
) -> None:
    """A strict server refuses the switch; a hybrid model thinks unless it is told not to."""
    declared = custom(
        "openai_api_compatible",
        ModelType.LLM,
        {**SWITCHES, "agent_thought_support": thought, "compatibility_mode": mode},
    )
    switch = rule(declared, "thinking")

    assert (switch.default if switch and switch.required else None) == forced
    assert (switch is None) == (mode == "strict")


def test_the_switches_of_a_compatible_server_become_wire_options() -> None:
    """Each names a field that some servers refuse and others need."""
    credentials = {
        **SWITCHES,
        "token_param_name": "max_completion_tokens",
        "stream_include_usage": "disabled",
        "user_identity_support": "no_support",
        "stream_mode_auth": "use",
        "web_search_support": "tool_simple",
    }
    options = options_of(wire_of("openai_api_compatible"), {}, credentials)

    assert options["tool_style"] == "tool"
    assert options["max_tokens_field"] == "max_completion_tokens"
    assert options["stream_usage"] is False
    assert options["user_field"] == "none"
    assert options["check_by_streaming"] is True
    assert options["extra_tools"] == [{"type": "web_search"}]
    assert options["encoding_format"] == "none"
    assert options["thinking"]["disabled"]["enable_thinking"] is False


def test_prices_of_older_set_ups_are_kept_and_half_a_price_is_none() -> None:
    """Older forms asked for four amounts; a price without its unit would bill nonsense."""
    old = {"input_price": "0.002", "output_price": "4", "unit": "0.001", "currency": "USD"}

    priced = custom("openai_api_compatible", ModelType.LLM, {**SWITCHES, **old}).pricing
    half = custom("openai_api_compatible", ModelType.LLM, {**SWITCHES, "input_price": "0.002"}).pricing

    assert priced is not None
    assert (priced.input, priced.output, priced.unit) == (Decimal("0.002"), Decimal(4), Decimal("0.001"))
    assert half is None


def test_voices_between_commas_become_voices_of_which_the_first_is_the_default() -> None:
    """The form has one field for all of them."""
    declared = custom("openai_api_compatible", ModelType.TTS, {"voices": "nova, alloy"})

    assert [voice["mode"] for voice in declared.property_of("voices")] == ["nova", "alloy"]
    assert declared.property_of("default_voice") == "nova"


def test_the_language_of_recordings_goes_into_the_request() -> None:
    """Compatible servers recognise far better when told what is spoken."""
    declared = custom("openai_api_compatible", ModelType.SPEECH2TEXT, {"language": "ja"})

    assert declared.wire == {"extra_body": {"language": "ja"}}


def test_a_model_of_ollama_is_served_with_the_context_that_its_form_says() -> None:
    """Left to itself the server keeps a few thousand tokens and cuts the rest without a word."""
    credentials = {"mode": "chat", "context_size": "16384", "max_tokens": "2048", "vision_support": "true"}
    declared = custom("ollama", ModelType.LLM, credentials)
    limit = rule(declared, "max_tokens")

    assert declared.wire == {"num_ctx": 16384}
    assert limit
    assert limit.max == 2048
    assert [str(feature) for feature in declared.features or []] == ["vision", "structured-output"]
    assert declared.pricing is None
