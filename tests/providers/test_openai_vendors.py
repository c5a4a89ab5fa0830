"""The hosted providers of OpenAI's dialect, where they differ from it and from each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from tests.upstreams.openai_vendors import VendorUpstream
from tests.upstreams.together import TogetherUpstream

from modelbay import (
    AsyncModelbay,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeRateLimitError,
    ModelType,
)
from modelbay.catalog import Catalog
from modelbay.entities import (
    AssistantPromptMessage,
    PromptMessageTool,
    ToolPromptMessage,
    UserPromptMessage,
    fold,
)
from modelbay.errors import CredentialsValidateFailedError
from modelbay.sdk.testing import faults
from modelbay.sdk.wired.endpoint import endpoint_of

TOOL = PromptMessageTool(name="get_weather", description="Look.", parameters={"type": "object"})
CALL = {"name": "get_weather", "arguments": {}}
Bay = tuple[AsyncModelbay, VendorUpstream]


@asynccontextmanager
async def vendor(name: str, *, key: str = "test-key", **more: str) -> AsyncIterator[Bay]:
    """Start a vendor's fake and a library that calls it."""
    field = "fireworks_api_key" if name == "fireworks" else "api_key"
    async with VendorUpstream(name) as upstream:
        credentials = {name: {field: key, "endpoint_url": upstream.base_url, **more}}
        async with AsyncModelbay(credentials, environment=False) as bay:
            yield bay, upstream


async def test_deepseek_leaves_sampling_out_only_while_it_thinks() -> None:
    """The API takes the parameters and ignores them, which a caller should not pay a surprise for."""
    async with vendor("deepseek") as (bay, upstream):
        upstream.will_stream("ok")
        upstream.will_stream("ok")
        model = bay.llm("deepseek/deepseek-v4-pro")
        await model.invoke("Hi", temperature=0.2, reasoning_effort="max", user="me")
        await model.invoke("Hi", temperature=0.2, thinking=False)
        thinking, plain = (request.body for request in upstream.requests)

    assert ("temperature" in thinking, thinking["reasoning_effort"], thinking["user_id"]) == (
        False,
        "max",
        "me",
    )
    assert (plain["temperature"], plain["thinking"]) == (0.2, {"type": "disabled"})


async def test_deepseek_gets_the_reasoning_of_the_turn_that_goes_on_and_no_other() -> None:
    """Inside a tool loop its absence is refused; afterwards it is only paid for."""
    async with vendor("deepseek") as (bay, upstream):
        model = bay.llm("deepseek/deepseek-v4-pro")
        upstream.will_stream(reasoning=["Look."], tool_calls=[CALL])
        question = UserPromptMessage(content="Weather?")
        called = (await model.invoke([question], tools=[TOOL])).message
        found = ToolPromptMessage(content="sunny", tool_call_id=called.tool_calls[0].id)
        upstream.will_stream("Sunny.")
        said = (await model.invoke([question, called, found], tools=[TOOL])).message
        upstream.will_stream("Bye.")
        await model.invoke([question, called, found, said, UserPromptMessage(content="Thanks")], tools=[TOOL])
        inside, after = (request.body["messages"][1] for request in list(upstream.requests)[1:])

        assert (inside["reasoning_content"], "reasoning_content" in after) == ("Look.", False)
        assert not upstream.refused


async def test_deepseek_goes_on_with_an_answer_below_beta() -> None:
    """Prefix completion is a feature of that place only."""
    async with vendor("deepseek") as (bay, upstream):
        upstream.will_stream("two")
        begun = [UserPromptMessage(content="Count"), AssistantPromptMessage(content="One, ")]
        assert (await bay.llm("deepseek/deepseek-v4-pro").invoke(begun)).text == "two"

        assert upstream.requests[-1].path == "/beta/chat/completions"


async def test_groq_says_that_its_flexible_tier_is_full_in_a_status_of_its_own() -> None:
    """498 is not known to anybody; waiting helps, a new key does not."""
    async with vendor("groq") as (bay, upstream):
        upstream.will_fail(faults.status(498, "capacity exceeded"))
        with pytest.raises(InvokeRateLimitError):
            await bay.llm("groq/openai/gpt-oss-120b").invoke("Hi")


async def test_groq_lists_what_is_served_no_longer() -> None:
    """A model that is not active cannot be called, but saved configurations name it."""
    async with vendor("groq") as (bay, _):
        models = {each.model: each for each in await bay.fetch_models("groq")}

    assert models["openai/gpt-oss-120b"].property_of("context_size") == 131072
    assert models["openai/gpt-oss-120b"].pricing is not None  # declared: the list has no prices
    assert models["retired/model"].deprecated


async def test_openrouter_gets_typed_reasoning_back_as_it_was() -> None:
    """It is signed: a changed or missing piece ends the tool loop."""
    details = [{"type": "reasoning.text", "text": "Look out.", "signature": "signed", "index": 0}]
    async with vendor("openrouter") as (bay, upstream):
        model = bay.llm("openrouter/anthropic/claude-sonnet-5")
        upstream.will_stream(reasoning=["Look ", "out."], tool_calls=[CALL])
        question = UserPromptMessage(content="Weather?")
        called = [chunk async for chunk in model.stream([question], tools=[TOOL], reasoning_effort="high")]
        whole = fold(called)
        upstream.will_stream("Sunny.")
        found = ToolPromptMessage(content="sunny", tool_call_id=whole.tool_calls[0].id)
        await model.invoke([question, whole.message, found], tools=[TOOL])
        first, second = (request.body for request in upstream.requests)

        assert whole.reasoning == "Look out."
        assert first["reasoning"] == {"effort": "high"}
        assert second["messages"][1]["reasoning_details"] == details
        assert not upstream.refused


async def test_openrouter_lists_models_with_the_prices_of_the_day_and_embeddings_beside_them() -> None:
    """Prices are per token there, and embeddings have a list of their own."""
    async with vendor("openrouter") as (bay, _):
        seer, embed = await bay.fetch_models("openrouter")

    assert seer.pricing is not None
    assert (seer.pricing.input * seer.pricing.unit, seer.pricing.cache_write) == (
        Decimal("0.000003"),
        Decimal("3.75"),
    )
    assert {"vision", "document", "tool-call", "agent-thought", "structured-output"} <= set(
        seer.features or []
    )
    assert (embed.model_type, embed.property_of("mode")) == (ModelType.TEXT_EMBEDDING, None)


async def test_xai_tells_of_a_wrong_key_as_of_a_bad_request() -> None:
    """Only the words say that it is the key, and the caller must not look for the fault in the call."""
    async with vendor("x", key="wrong-key-0123456789") as (bay, _):
        with pytest.raises(InvokeAuthorizationError, match="Incorrect API key"):
            await bay.llm("x/grok-4.20").invoke("Hi")


async def test_xai_bills_reasoning_beside_the_answer() -> None:
    """Its completion tokens leave the reasoning out, its total does not."""
    usage = {"prompt_tokens": 37, "completion_tokens": 297, "total_tokens": 567}
    usage["completion_tokens_details"] = {"reasoning_tokens": 233}  # type: ignore[assignment]
    async with vendor("x") as (bay, upstream):
        upstream.will_stream("ok", usage=usage)
        counted = (await bay.llm("x/grok-4.20").invoke("Hi")).usage

    assert (counted.prompt_tokens, counted.completion_tokens) == (37, 530)
    assert counted.completion_price == Decimal("0.001325")  # 530 x 2.50 per million


async def test_xai_models_that_reason_are_cut_here_and_the_others_there() -> None:
    """A model that reasons refuses stop sequences."""
    async with vendor("x") as (bay, upstream):
        for _ in range(2):
            upstream.will_stream("one ", "STOP ", "two")
        reasons = await bay.llm("x/grok-4.20").invoke("Hi", stop=["STOP"])
        await bay.llm("x/grok-4.20-non-reasoning").invoke("Hi", stop=["STOP"])
        first, second = (request.body for request in upstream.requests)

    assert (reasons.text.strip(), "stop" in first, second["stop"]) == ("one", False, ["STOP"])


async def test_xai_searches_by_the_responses_api_which_some_models_have_alone() -> None:
    """Tools that run at the provider are switched on by a parameter."""
    async with vendor("x") as (bay, upstream):
        upstream.will_stream("found")
        await bay.llm("x/grok-4.20-multi-agent").invoke("News?", web_search=True)
        request = upstream.requests[-1]

    assert request.path == "/v1/responses"
    assert request.body["tools"] == [{"type": "web_search"}]
    assert request.body["include"] == ["reasoning.encrypted_content"]


async def test_together_lists_its_models_in_a_bare_array() -> None:
    """Each says its type; a model that paints is no language model."""
    async with TogetherUpstream() as upstream:
        credentials = {"togetherai": {"api_key": "test-key", "endpoint_url": upstream.base_url}}
        async with AsyncModelbay(credentials, environment=False) as bay:
            kinds = {each.model: each.model_type for each in await bay.fetch_models("togetherai")}

    assert kinds["vendor/chat"] is ModelType.LLM
    assert kinds["vendor/embed"] is ModelType.TEXT_EMBEDDING
    assert kinds["vendor/rank"] is ModelType.RERANK
    assert kinds["vendor/paint"] is ModelType.TEXT2IMG


async def test_moonshot_refuses_what_a_model_chooses_itself_before_it_is_sent() -> None:
    """Newer models answer any temperature with an error; older ones take up to 1."""
    async with vendor("moonshot") as (bay, upstream):
        with pytest.raises(InvokeBadRequestError, match="temperature"):
            await bay.llm("moonshot/kimi-k3").invoke("Hi", temperature=0.3)
        upstream.will_stream("ok")
        await bay.llm("moonshot/kimi-k2-0905-preview").invoke("Hi", temperature=0.3)

        assert [request.body["temperature"] for request in upstream.requests] == [0.3]


async def test_moonshot_without_balance_is_no_rate_limit() -> None:
    """The status says wait, the type says pay: asking again would not help."""
    told = b'{"error": {"type": "exceeded_current_quota_error", "message": "no balance"}}'
    async with vendor("moonshot") as (bay, upstream):
        upstream.will_fail(faults.Fault(name="no balance", status=429, body=told), times=9)
        with pytest.raises(InvokeAuthorizationError, match="no balance"):
            await bay.llm("moonshot/kimi-k3").invoke("Hi")

        assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("provider", "credentials", "base"),
    [
        ("moonshot", {}, "https://api.moonshot.cn/v1"),
        ("moonshot", {"region": "international"}, "https://api.moonshot.ai/v1"),
        ("moonshot", {"region": "international", "endpoint_url": "https://p.test"}, "https://p.test/v1"),
        ("siliconflow", {"use_international_endpoint": "false"}, "https://api.siliconflow.cn/v1"),
        ("siliconflow", {"use_international_endpoint": "true"}, "https://api.siliconflow.com/v1"),
        ("groq", {"endpoint_url": "https://api.groq.com"}, "https://api.groq.com/openai/v1"),
        ("deepseek", {"endpoint_url": "https://api.deepseek.com/v1"}, "https://api.deepseek.com/v1"),
    ],
)
def test_a_region_is_an_address(provider: str, credentials: dict[str, str], base: str) -> None:
    """Keys of one region do not work in the other; an address that was saved wins."""
    wire = Catalog().provider(provider).provider.wire

    assert wire is not None
    assert endpoint_of(wire, {"api_key": "k", **credentials}).base_url == base


async def test_siliconflow_lists_each_type_apart() -> None:
    """Its entries are names: only the question says what they are."""
    async with vendor("siliconflow") as (bay, _):
        kinds = {each.model: each.model_type for each in await bay.fetch_models("siliconflow")}

    assert kinds == {
        "zai-org/GLM-5.2": ModelType.LLM,
        "BAAI/bge-m3": ModelType.TEXT_EMBEDDING,
        "BAAI/bge-reranker-v2-m3": ModelType.RERANK,
        "FunAudioLLM/SenseVoiceSmall": ModelType.SPEECH2TEXT,
        "FunAudioLLM/CosyVoice2-0.5B": ModelType.TTS,
    }


async def test_siliconflow_switches_thinking_in_its_own_words() -> None:
    """A budget without thinking would be refused."""
    async with vendor("siliconflow") as (bay, upstream):
        upstream.will_stream("ok")
        upstream.will_stream("ok")
        model = bay.llm("siliconflow/Qwen/Qwen3-32B")
        await model.invoke("Hi", thinking=True, thinking_budget=512)
        await model.invoke("Hi", thinking=False, thinking_budget=512)
        on, off = (request.body for request in upstream.requests)

    assert (on["enable_thinking"], on["thinking_budget"]) == (True, 512)
    assert (off["enable_thinking"], "thinking_budget" in off) == (False, False)


async def test_fireworks_streams_long_answers_only() -> None:
    """A whole answer is asked for as a stream and put together."""
    async with vendor("fireworks") as (bay, upstream):
        upstream.will_stream("Hel", "lo", usage={"in": 9, "out": 2})
        result = await bay.llm("fireworks/accounts/fireworks/models/glm-5p3").invoke("Hi")

    assert (result.text, result.usage.completion_tokens) == ("Hello", 2)
    assert upstream.requests[-1].body["stream"] is True


@pytest.mark.parametrize(
    "name", ["deepseek", "groq", "openrouter", "x", "moonshot", "siliconflow", "fireworks"]
)
async def test_a_wrong_key_does_not_pass_the_check(name: str) -> None:
    """The check asks for something that needs the key, and costs nothing."""
    async with vendor(name, key="wrong-key-0123456789") as (bay, upstream):
        with pytest.raises(CredentialsValidateFailedError):
            await bay.validate_credentials(name)
        assert [request.method for request in upstream.requests] == ["GET"]
