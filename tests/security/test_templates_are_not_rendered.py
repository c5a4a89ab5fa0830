"""GHSA-46cm-pfwv-cgf8, CVE-2026-5760: what a caller writes is data; nothing in it is ever filled in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.security.conftest import KEY, openai
from tests.upstreams.openai import OpenAIUpstream

from modelbay import AsyncModelbay, TransportSettings
from modelbay.entities import ModelType, SystemPromptMessage, UserPromptMessage, WireDeclaration
from modelbay.sdk.code_block import ask_for_code_block
from modelbay.sdk.wired.custom import custom_schema
from modelbay.sdk.wired.endpoint import endpoint_of

DIRECT = TransportSettings(trust_env=False, retries=0)
TRICKS = [
    "{openai_api_key}",
    "{{openai_api_key}}",
    "{credentials[openai_api_key]} {0} {} {format!r:>10}",
    "{self.__class__.__mro__}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${OPENAI_API_KEY} $OPENAI_API_KEY %(api_key)s %s",
    "#{7*7} <%= 7*7 %> @(7*7)",
]


@pytest.mark.parametrize("text", TRICKS)
async def test_a_prompt_arrives_as_it_was_written(upstream: OpenAIUpstream, text: str) -> None:
    """In every place where a caller may write."""
    tool = {"name": "look", "description": text, "parameters": {"type": "object", "description": text}}
    messages = [{"role": "system", "content": text}, {"role": "user", "content": text, "name": "u"}]
    async with AsyncModelbay(openai(upstream), environment=False, transport=DIRECT) as bay:
        result = await bay.llm("openai/gpt-4.1-mini").invoke(messages, tools=[tool], user=text, stop=[text])
    body = upstream.requests[-1].body

    assert [message["content"] for message in body["messages"]] == [text, text]
    assert body["tools"][0]["function"]["description"] == text
    assert body["stop"] == [text]
    assert KEY not in upstream.requests[-1].raw.decode()
    assert KEY not in result.text


@given(text=st.text(max_size=40) | st.sampled_from(TRICKS))
def test_instructions_are_put_into_the_json_wrapper_as_they_are(text: str) -> None:
    """The wrapper's own template has braces; those of the caller are not its business."""
    system, user = ask_for_code_block(
        [SystemPromptMessage(content=text), UserPromptMessage(content=text)], "JSON"
    )

    assert f"<instructions>\n{text}\n</instructions>" in system.text
    assert user.text == f"{text}\n```JSON\n"


def test_a_credential_with_braces_is_not_filled_in_again() -> None:
    """A declared header names credentials; what a credential says names nothing."""
    wire = WireDeclaration.model_validate(
        {
            "family": "openai",
            "address": "http://x.example",
            "headers": {"X-Org": "{org}", "X-Both": "{org}-{team}", "X-None": "{missing}"},
        }
    )
    credentials = {"org": "{api_key}{team}", "team": "{org}", "api_key": KEY}
    headers = endpoint_of(wire, credentials).headers

    assert headers["X-Org"] == "{api_key}{team}"
    assert headers["X-Both"] == "{api_key}{team}-{org}"
    assert "X-None" not in headers


@pytest.mark.parametrize("pattern", ["{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{0}", "{__class__}"])
def test_a_declared_header_names_credentials_and_nothing_else(pattern: str) -> None:
    """Python's own format language reaches into objects; this is not it."""
    wire = WireDeclaration.model_validate(
        {"family": "openai", "address": "http://x.example", "headers": {"X-Odd": pattern}}
    )
    headers = endpoint_of(wire, {"a": "value", "api_key": KEY}).headers
    assert headers.get("X-Odd") in (None, pattern)


@pytest.mark.parametrize("value", TRICKS[:3])
def test_a_custom_models_form_is_not_filled_in_twice(value: str) -> None:
    """What a person types into the form is a value."""
    template: dict[str, Any] = {"model_properties": {"mode": "{mode}", "voices": "{voices|a,b}"}}
    credentials = {"mode": value, "voices": value, "openai_api_key": KEY, "display_name": value}
    schema = custom_schema("m", ModelType.TTS, template, credentials)

    assert schema.property_of("mode") == value
    assert schema.label.en_us == value
    assert KEY not in schema.model_dump_json()


def test_a_models_name_is_not_filled_in() -> None:
    """It is in labels, bodies and messages."""
    schema = custom_schema("{api_key}", ModelType.LLM, {"label": {"en_US": "x"}}, {"api_key": KEY})
    assert (schema.model, schema.label.en_us) == ("{api_key}", "{api_key}")
