"""Servers that people run themselves: models described by the server, and what each dialect is told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.upstreams.gpustack import GPUStackUpstream
from tests.upstreams.localai import LocalAIUpstream
from tests.upstreams.vllm import CONTEXT, VLLMUpstream
from tests.upstreams.xinference import XinferenceUpstream

from modelbay import (
    AsyncModelbay,
    InvokeBadRequestError,
    InvokeServerUnavailableError,
    ModelType,
    PromptMessageTool,
    SystemPromptMessage,
    ToolPromptMessage,
    UserPromptMessage,
)
from modelbay.sdk.testing import FakeUpstream

KEY = "test-key"
WEATHER = PromptMessageTool(name="weather", description="Tell it", parameters={"type": "object"})


def bay_for(provider: str, **credentials: Any) -> AsyncModelbay:
    return AsyncModelbay({provider: credentials}, environment=False)


def xinference_at(upstream: FakeUpstream, **more: Any) -> AsyncModelbay:
    return bay_for("xinference", server_url=upstream.url, api_key=KEY, **more)


def vllm_at(upstream: FakeUpstream, **more: Any) -> AsyncModelbay:
    return bay_for("vllm", endpoint_url=upstream.url, api_key=KEY, **more)


async def test_xinference_says_what_a_model_can_do() -> None:
    """Nobody has to copy facts into a form that the server tells for nothing."""
    async with XinferenceUpstream() as upstream, xinference_at(upstream) as bay:
        chat = await bay.llm("xinference/chat-uid").schema()
        eyes = await bay.llm("xinference/eyes-uid").schema()

    assert chat is not None
    assert eyes is not None
    assert (chat.property_of("context_size"), chat.property_of("mode")) == (32768, "chat")
    assert set(chat.features or []) == {"tool-call"}
    assert set(eyes.features or []) == {"vision", "agent-thought"}
    assert eyes.property_of("context_size") == 65536


async def test_xinference_is_not_asked_what_saved_credentials_say() -> None:
    """Other programs ask once and save the answer; a question a call would be waste."""
    told = {"context_length": 4096, "completion_type": "chat", "support_function_call": True}
    async with XinferenceUpstream() as upstream, xinference_at(upstream, **told) as bay:
        schema = await bay.llm("xinference/chat-uid").schema()
        await bay.llm("xinference/chat-uid").invoke("Hi")

    assert schema is not None
    assert "multi-tool-call" in (schema.features or [])
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"]


async def test_a_model_that_only_completes_is_called_where_it_can_answer() -> None:
    """A base model has no template of conversations; chat completions would be refused."""
    async with XinferenceUpstream() as upstream, xinference_at(upstream) as bay:
        schema = await bay.llm("xinference/base-uid").schema()
        await bay.llm("xinference/base-uid").invoke("Once upon a time")

    assert schema is not None
    assert schema.property_of("mode") == "completion"
    assert upstream.requests[-1].path == "/v1/completions"
    assert upstream.refused == []


async def test_xinference_lists_its_models_by_type_and_leaves_out_what_has_none() -> None:
    """A model that makes films is no language model."""
    async with XinferenceUpstream() as upstream, xinference_at(upstream) as bay:
        listed = {model.model: model for model in await bay.fetch_models("xinference")}

    assert {name: model.model_type.value for name, model in listed.items()} == {
        "chat-uid": "llm",
        "eyes-uid": "llm",
        "base-uid": "llm",
        "embed-uid": "text-embedding",
        "rank-uid": "rerank",
        "ear-uid": "speech2text",
        "mouth-uid": "tts",
    }
    assert listed["embed-uid"].property_of("context_size") == 8192


async def test_the_uid_and_not_the_name_is_what_xinference_is_called_by() -> None:
    """The form asks for both; the name is only for people."""
    async with XinferenceUpstream() as upstream, xinference_at(upstream, model_uid="embed-uid") as bay:
        result = await bay.embed("xinference/our-embeddings", ["one"])

    assert len(result.embeddings[0]) == 1024
    assert upstream.requests[-1].body["model"] == "embed-uid"
    assert upstream.requests[0].path == "/v1/models/embed-uid"


async def test_an_unknown_uid_is_told_in_the_servers_words() -> None:
    """A typing error in the form must be found by reading the message."""
    async with XinferenceUpstream() as upstream, xinference_at(upstream) as bay:
        with pytest.raises(InvokeBadRequestError, match="Model not found in the model list, uid: typo"):
            await bay.llm("xinference/typo").invoke("Hi")


@pytest.mark.parametrize("thinking", [True, False])
async def test_thinking_is_switched_under_both_names_that_xinference_knows(thinking: bool) -> None:
    """Templates read the one, newer engines the other."""
    async with XinferenceUpstream() as upstream, xinference_at(upstream) as bay:
        await bay.llm("xinference/eyes-uid").invoke("Hi", thinking=thinking)

    body = upstream.requests[-1].body
    assert (body["chat_template_kwargs"], body["thinking"]) == ({"enable_thinking": thinking}, thinking)


async def test_a_template_that_wants_one_system_message_first_gets_it() -> None:
    """The server says so of a model, and refuses the call otherwise."""
    messages = [
        SystemPromptMessage(content="Be brief."),
        UserPromptMessage(content="Hi"),
        SystemPromptMessage(content="In French."),
    ]
    async with XinferenceUpstream() as upstream, xinference_at(upstream) as bay:
        await bay.llm("xinference/eyes-uid").invoke(messages)

    roles = [message["role"] for message in upstream.requests[-1].body["messages"]]
    assert roles == ["system", "user"]


async def test_vllm_is_asked_how_long_its_context_is() -> None:
    """The server lists it with the model, and adapters beside their base."""
    async with VLLMUpstream() as upstream, vllm_at(upstream) as bay:
        schema = await bay.llm("vllm/served-lora").schema()
        listed = await bay.fetch_models("vllm")

    assert schema is not None
    assert schema.property_of("context_size") == CONTEXT
    assert "served-lora" in [model.model for model in listed]


@pytest.mark.parametrize(
    ("server", "names", "expected"),
    [
        ("vllm", "structured_outputs", {"structured_outputs": {"regex": "a+"}}),
        ("guided", "guided", {"guided_regex": "a+"}),
        ("sglang", "sglang", {"regex": "a+"}),
    ],
)
async def test_constraints_have_the_names_of_the_server(
    server: str, names: str, expected: dict[str, Any]
) -> None:
    """The names changed between versions; a wrong one is ignored or refused."""
    async with VLLMUpstream(server=server) as upstream, vllm_at(upstream, guided_decoding=names) as bay:
        await bay.llm("vllm/served").invoke("Hi", regex="a+")

    body = upstream.requests[-1].body
    assert upstream.refused == []
    assert {name: body.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("server", "names", "field"),
    [
        ("vllm", "structured_outputs", "reasoning"),
        ("guided", "guided", "reasoning_content"),
        ("sglang", "sglang", "reasoning_content"),
    ],
)
async def test_reasoning_goes_back_in_a_tool_loop_under_the_name_it_came_by(
    server: str, names: str, field: str
) -> None:
    """A model that thought before it called a tool goes on better when it knows why."""
    question = UserPromptMessage(content="weather?")
    async with VLLMUpstream(server=server) as upstream, vllm_at(upstream, guided_decoding=names) as bay:
        upstream.will_stream(
            reasoning=("Let me ", "look."), tool_calls=[{"name": "weather", "arguments": {}, "id": "call_1"}]
        )
        asked = await bay.llm("vllm/served").invoke([question], tools=[WEATHER])
        result = ToolPromptMessage(content="sunny", tool_call_id="call_1", name="weather")
        await bay.llm("vllm/served").invoke([question, asked.message, result], tools=[WEATHER])

    assert asked.message.reasoning_content == "Let me look."
    assert upstream.requests[-1].body["messages"][1][field] == "Let me look."


async def test_a_server_without_a_tool_parser_says_how_to_start_it() -> None:
    """The server's own words are the best help there is."""
    async with VLLMUpstream(tool_parser=False) as upstream, vllm_at(upstream) as bay:
        with pytest.raises(InvokeBadRequestError, match="--enable-auto-tool-choice"):
            await bay.llm("vllm/served").invoke("weather?", tools=[WEATHER])


async def test_gpustack_ranks_all_documents_unless_told_otherwise() -> None:
    """Three of a hundred, as the gateway's own default has it, would lose documents in silence."""
    docs = [f"document {number}" for number in range(7)]
    async with GPUStackUpstream() as upstream:
        credentials = {"endpoint_url": f"{upstream.url}/v1-openai", "api_key": KEY, "context_size": "512"}
        async with bay_for("gpustack", **credentials) as bay:
            result = await bay.rerank("gpustack/bge-reranker", "document 3", docs)

    assert len(result.docs) == 7
    assert (upstream.requests[-1].path, upstream.requests[-1].body["top_n"]) == ("/v1/rerank", 7)


@pytest.mark.parametrize(("mode", "sent"), [("extended", True), ("strict", False)])
async def test_gpustack_is_told_about_thinking_in_the_extended_mode_only(mode: str, sent: bool) -> None:
    """Some engines refuse the switch; in the strict mode nothing is sent that OpenAI does not know."""
    form = {"agent_thought_support": "not_supported", "compatibility_mode": mode}
    async with GPUStackUpstream() as upstream:
        credentials = {"endpoint_url": upstream.url, "api_key": KEY, **form}
        async with bay_for("gpustack", **credentials) as bay:
            await bay.llm("gpustack/qwen3").invoke("Hi")

    off = {"enable_thinking": False, "thinking": False}
    assert upstream.requests[-1].body.get("chat_template_kwargs") == (off if sent else None)


async def test_gpustack_lists_models_by_their_categories_with_their_context() -> None:
    """The gateway tells both when it is asked for what it knows beside the names."""
    async with (
        GPUStackUpstream() as upstream,
        bay_for("gpustack", endpoint_url=upstream.url, api_key=KEY) as bay,
    ):
        listed = {model.model: model for model in await bay.fetch_models("gpustack")}

    assert upstream.requests[-1].query == {"with_meta": "true"}
    assert listed["bge-reranker"].model_type is ModelType.RERANK
    assert listed["whisper"].model_type is ModelType.SPEECH2TEXT
    assert listed["qwen3"].property_of("context_size") == 32768


async def test_a_model_without_an_instance_is_unavailable_and_not_unknown() -> None:
    """The call may succeed once an instance runs; with another name it never will."""
    async with (
        GPUStackUpstream() as upstream,
        bay_for("gpustack", endpoint_url=upstream.url, api_key=KEY) as bay,
    ):
        upstream.stopped.add("qwen3")
        with pytest.raises(InvokeServerUnavailableError, match="No running instances"):
            await bay.llm("gpustack/qwen3").invoke("Hi")


async def test_localai_lists_what_its_models_can_do() -> None:
    """Its plain list has names only; the one with abilities decides types."""
    async with LocalAIUpstream() as upstream, bay_for("localai", server_url=upstream.url) as bay:
        listed = {model.model: model for model in await bay.fetch_models("localai")}

    assert {name: model.model_type.value for name, model in listed.items()} == {
        "llama": "llm",
        "base": "llm",
        "bert": "text-embedding",
        "ranker": "rerank",
        "whisper": "speech2text",
        "piper": "tts",
        "painter": "text2img",
    }
    assert set(listed["llama"].features or []) == {"tool-call", "vision", "agent-thought"}
    assert listed["base"].property_of("mode") == "completion"


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
async def test_a_saved_address_fits_with_and_without_its_version(ending: str) -> None:
    """People paste what they have; the servers' own documents show both."""
    async with LocalAIUpstream() as upstream, bay_for("localai", server_url=upstream.url + ending) as bay:
        await bay.llm("localai/llama").invoke("Hi")

    assert upstream.requests[-1].path == "/v1/chat/completions"


async def test_a_base_model_of_localai_completes() -> None:
    """The form's name for it is that of the namesake."""
    async with (
        LocalAIUpstream() as upstream,
        bay_for("localai", server_url=upstream.url, completion_type="completion") as bay,
    ):
        await bay.llm("localai/base").invoke("Once")

    assert upstream.requests[-1].path == "/v1/completions"
