"""What is Bedrock's own: three ways to authenticate, three hosts, profiles, thinking that comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.providers.arrangement import CATALOG, EMBEDDING, KEY, LLM, Arrangement
from tests.providers.arrangements.bedrock import ARRANGEMENTS
from tests.upstreams.bedrock import ACCESS_KEY, BedrockUpstream

from modelbay.entities import ModelType, ToolPromptMessage, UserPromptMessage, fold
from modelbay.errors import InvokeAuthorizationError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.wired.custom import custom_schema
from modelbay.sdk.wired.endpoint import endpoint_of, options_of
from modelbay.wires.settings import TransportSettings
from modelbay.wires.signing.aws_role import AwsKeys
from modelbay.wires.signing.aws_sigv4 import SigV4
from modelbay.wires.transport import Transport

SIGNED: Arrangement = ARRANGEMENTS[0]
CLAUDE = "anthropic.claude-sonnet-4-6"


def wire() -> Any:
    """Return the provider's wire."""
    return CATALOG.provider("bedrock").provider.wire


@pytest.mark.parametrize(
    ("model_type", "host"),
    [
        (ModelType.LLM, "https://bedrock-runtime.eu-west-3.amazonaws.com"),
        (ModelType.TEXT_EMBEDDING, "https://bedrock-runtime.eu-west-3.amazonaws.com"),
        (ModelType.RERANK, "https://bedrock-agent-runtime.eu-west-3.amazonaws.com"),
        (None, "https://bedrock.eu-west-3.amazonaws.com"),
    ],
)
def test_each_type_lives_at_its_own_host_of_the_region(model_type: ModelType | None, host: str) -> None:
    """Checks and lists are at the catalogue's; an endpoint URL takes the place of all."""
    credentials = {"auth_method": "API_Key", "bedrock_api_key": "k", "aws_region": "eu-west-3"}
    assert endpoint_of(wire(), credentials, model_type).base_url == host
    own = credentials | {"bedrock_endpoint_url": "https://vpce.example"}
    assert endpoint_of(wire(), own, model_type).base_url == "https://vpce.example"


KEYS = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret"}


@pytest.mark.parametrize(
    ("credentials", "keys"),
    [
        ({"auth_method": "Access_Secret_Key", **KEYS}, AwsKeys("AKID", "secret")),
        (
            {"auth_method": "Access_Secret_Key", **KEYS, "aws_session_token": "t"},
            AwsKeys("AKID", "secret", "t"),
        ),
        (KEYS, AwsKeys("AKID", "secret")),
        ({"auth_method": "IAM_Role", **KEYS}, None),
        ({}, None),
    ],
)
def test_the_chosen_way_signs_whatever_else_is_filled_in(
    credentials: dict[str, str], keys: AwsKeys | None
) -> None:
    """Forms keep what was typed before another way was chosen; older ones had no choice."""
    endpoint = endpoint_of(wire(), credentials)
    assert endpoint.signer == SigV4("bedrock", "us-east-1", keys)
    assert endpoint.headers == {}


def test_an_api_key_is_sent_with_its_call_and_nowhere_else() -> None:
    """In the process's environment, where others put it, it would serve every workspace."""
    endpoint = endpoint_of(wire(), {"auth_method": "API_Key", "bedrock_api_key": "k", **KEYS})
    assert (endpoint.signer, endpoint.headers) == (None, {"Authorization": "Bearer k"})


def test_a_missing_secret_is_not_replaced_by_the_role_of_the_machine() -> None:
    """Whoever may save credentials must not get the rights of the installation by leaving some out."""
    with pytest.raises(InvokeAuthorizationError, match="secret_key"):
        endpoint_of(wire(), {"auth_method": "Access_Secret_Key", "aws_access_key_id": "AKID"})


def test_every_region_of_the_form_knows_the_prefix_of_its_profiles() -> None:
    """A region without one would be called through the profiles of the United States."""
    form = CATALOG.provider("bedrock").provider.provider_credential_schema
    assert form
    field = next(field for field in form.credential_form_schemas if field.variable == "aws_region")
    for option in field.options or []:
        found = options_of(wire(), {}, {"aws_region": option.value})
        assert found["geography"], option.value
        assert found["region"] == option.value


async def test_credentials_are_proved_by_the_list_of_models() -> None:
    """It is free, and does not depend on which models the account may call."""
    async with SIGNED.subject() as subject:
        provider = _provider()
        await provider.validate_provider_credentials(subject.plain())
        assert [request.path for request in subject.upstream.requests] == ["/foundation-models"]


async def test_the_list_shows_models_with_what_is_declared_of_them() -> None:
    """The listing tells neither prices nor sizes."""
    async with SIGNED.subject() as subject:
        upstream = subject.upstream
        assert isinstance(upstream, BedrockUpstream)
        upstream.models = [
            {
                "modelId": CLAUDE,
                "outputModalities": ["TEXT"],
                "inferenceTypesSupported": ["INFERENCE_PROFILE"],
            }
        ]
        (model,) = await _provider().fetch_models(subject.plain())
        assert model.pricing
        assert model.wire["cross_region"] == "global"
        assert model.property_of("context_size") == 1_000_000


async def test_the_parameter_chooses_the_profile() -> None:
    """Each has its own price, and keeps the data in another part of the world."""
    async with SIGNED.subject() as subject:
        for choice in ("global", "geographic", None):
            parameters = {"cross-region": choice} if choice else {}
            await subject.ask(model_parameters=parameters)
        paths = [request.path for request in subject.upstream.requests]
        assert [path.split("/")[2].partition(".")[0] for path in paths] == ["global", "eu", "global"]
        subject.nothing_refused()


async def test_thinking_comes_back_signed_with_the_result_of_the_tool() -> None:
    """The provider refuses a turn that lost its reasoning."""
    async with SIGNED.subject() as subject:
        subject.upstream.will_stream(
            "Let me see.",
            reasoning=["I need ", "the weather."],
            tool_calls=[{"name": "weather", "arguments": {"city": "Rome"}}],
        )
        asked = UserPromptMessage(content="What is the weather?")
        instance = subject.model(LLM)
        answer = fold([chunk async for chunk in instance.stream(CLAUDE, subject.plain(), [asked])])
        result = ToolPromptMessage(content="sunny", tool_call_id=answer.message.tool_calls[0].id)
        await instance.invoke(subject.models[LLM], subject.plain(), [asked, answer.message, result])
        thought = subject.upstream.requests[-1].body["messages"][1]["content"][0]
        assert thought["reasoningContent"]["reasoningText"]["text"] == "I need the weather."
        subject.nothing_refused()


async def test_tokens_are_counted_by_the_provider_where_it_can() -> None:
    """Newer models are not known to the counting endpoint: ours counts for them."""
    async with SIGNED.subject() as subject:
        said = [UserPromptMessage(content="one two three")]
        counted = await subject.model(LLM).get_num_tokens(CLAUDE, subject.plain(), said)
        assert counted.exact
        assert subject.upstream.requests[-1].path == f"/model/{CLAUDE}/count-tokens"
        await subject.model(LLM).get_num_tokens("anthropic.claude-opus-5", subject.plain(), said)
        assert len(subject.upstream.requests) == 1


async def test_a_profile_of_ones_own_is_declared_like_its_base_and_called_by_its_id() -> None:
    """Its id says nothing of the model behind it."""
    own = {"inference_profile_id": "0j6r4a8fn6ze", "base_model": "cohere.embed-v4:0"}
    async with SIGNED.subject() as subject:
        subject.upstream.will_answer({"embeddings": {"float": [[0.5]]}}, path="/model/0j6r4a8fn6ze/invoke")
        instance = subject.model(EMBEDDING)
        upstream = subject.upstream
        upstream.complain = lambda request: None  # type: ignore[method-assign]  # it knows no profiles
        result = await instance.invoke("mine", subject.plain(**own), ["a"])
        assert result.embeddings == [[0.5]]
        assert upstream.requests[-1].body["output_dimension"] == 1536


def test_a_profile_without_a_base_has_the_context_of_its_form() -> None:
    """The namesake's form has nothing else to tell."""
    declared = custom_schema("mine", ModelType.LLM, wire().custom[ModelType.LLM], {"context_length": "9000"})
    assert declared.property_of("context_size") == 9000
    assert declared.pricing is None


async def test_the_user_is_told_to_the_logs_only_when_that_is_wanted() -> None:
    """Ids of users are personal data."""
    async with SIGNED.subject() as subject:
        for choice in ("disabled", "enabled"):
            credentials = subject.plain(enable_request_metadata=choice)
            instance = subject.model(LLM)
            await instance.invoke(CLAUDE, credentials, [UserPromptMessage(content="Hi")], user="u-1")
        told = [request.body.get("requestMetadata") for request in subject.upstream.requests]
        assert told == [None, {"source": "modelbay", "user": "u-1"}]


def _provider() -> Any:
    """Return the provider's own object."""
    plugin = CATALOG.provider("bedrock")
    code = ProviderCode(Path(plugin.folder), plugin.provider, tuple(plugin.models))
    return InProcessHost(Transport(TransportSettings(trust_env=False))).provider(code)


def test_the_fake_takes_the_key_of_the_arrangement() -> None:
    """Both ways of the arrangements lead to the same account."""
    assert SIGNED.credentials(BedrockUpstream())["aws_access_key_id"] == ACCESS_KEY
    assert BedrockUpstream().key == KEY
