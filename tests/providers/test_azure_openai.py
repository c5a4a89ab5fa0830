"""Azure OpenAI: deployments and versions, three ways to be let in, and what its filter says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.upstreams.azure import FORBIDDEN_WORD, METHOD, AzureUpstream

from modelbay import (
    AsyncModelbay,
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
)

KEY = "test-key"
CHAT = "azure_openai/our-chat"
VERSION = "2025-04-01-preview"


@pytest.fixture
async def azure() -> AsyncIterator[AzureUpstream]:
    async with AzureUpstream() as upstream:
        yield upstream


def bay_for(upstream: AzureUpstream, **changed: Any) -> AsyncModelbay:
    credentials = {"openai_api_base": upstream.url, "openai_api_key": KEY, "base_model_name": "gpt-4.1-mini"}
    return AsyncModelbay({"azure_openai": {**credentials, **changed}}, environment=False)


def principal(upstream: AzureUpstream) -> dict[str, Any]:
    return {
        "auth_method": "entra_id_service_principal",
        "openai_api_key": "",
        "azure_authority_host": upstream.url,
        "azure_tenant_id": METHOD["tenant"],
        "azure_client_id": METHOD["client_id"],
        "azure_client_secret": METHOD["client_secret"],
    }


async def test_a_deployment_is_called_at_its_own_path_with_a_version(azure: AzureUpstream) -> None:
    """Saved credentials have no `auth_method` and may have no version."""
    async with bay_for(azure) as bay:
        await bay.llm(CHAT).invoke("Hi")
    async with bay_for(azure, openai_api_version="2024-10-21") as bay:
        await bay.llm(CHAT).invoke("Hi")

    first, second = azure.requests
    assert first.path == second.path == "/openai/deployments/our-chat/chat/completions"
    assert (first.query, second.query) == ({"api-version": VERSION}, {"api-version": "2024-10-21"})
    assert first.headers["api-key"] == KEY
    assert "authorization" not in first.headers


@pytest.mark.parametrize("ending", ["/openai/v1", "/openai/v1/"])
async def test_the_newer_api_is_recognised_by_its_address_and_has_no_versions(
    azure: AzureUpstream, ending: str
) -> None:
    """A version chosen earlier may still be in the form."""
    base = azure.url + ending
    async with bay_for(azure, openai_api_base=base, openai_api_version="2024-10-21") as bay:
        await bay.llm(CHAT).invoke("Hi")

    (request,) = azure.requests
    assert (request.path, request.query) == ("/openai/v1/chat/completions", {})
    assert request.body["model"] == "our-chat"


async def test_responses_belong_to_no_deployment(azure: AzureUpstream) -> None:
    """Their path is the resource's; the deployment is named in the body."""
    async with bay_for(azure, base_model_name="gpt-5.4") as bay:
        await bay.llm("azure_openai/our-thinker").invoke("Hi")

    (request,) = azure.requests
    assert (request.path, request.query) == ("/openai/responses", {"api-version": VERSION})
    assert request.body["model"] == "our-thinker"


async def test_the_base_model_says_what_a_deployment_can_do_and_costs(azure: AzureUpstream) -> None:
    """Nobody could know it from a name that somebody made up."""
    azure.will_stream("ok", usage={"in": 1000, "out": 500})
    async with bay_for(azure) as bay:
        schema = await bay.llm(CHAT).schema()
        usage = (await bay.llm(CHAT).invoke("Hi")).usage

    assert schema is not None
    assert (schema.model, schema.property_of("context_size")) == ("our-chat", 1047576)
    assert usage.total_price == Decimal("0.0012")  # 1000 x 0.40 + 500 x 1.60, per million


async def test_a_base_model_that_no_table_has_any_more_can_still_be_called(azure: AzureUpstream) -> None:
    """The form offers it, and saved credentials name it."""
    azure.deployments["our-old"] = "o3"
    async with bay_for(azure, base_model_name="o3") as bay:
        result = await bay.llm("azure_openai/our-old").invoke("Hi", max_tokens=64)

    assert azure.requests[0].body["max_completion_tokens"] == 64
    assert result.usage.total_price is None


async def test_a_deployment_that_is_called_like_its_base_needs_no_form(azure: AzureUpstream) -> None:
    """Most people take the name that the portal suggests."""
    azure.deployments["gpt-4.1"] = "gpt-4.1"
    async with bay_for(azure, base_model_name="") as bay:
        schema = await bay.llm("azure_openai/gpt-4.1").schema()
        await bay.llm("azure_openai/gpt-4.1").invoke("Hi")

    assert schema is not None
    assert schema.pricing is not None


async def test_an_applications_secret_becomes_one_token_for_all_calls(azure: AzureUpstream) -> None:
    """Fifty calls at once would be fifty requests to a service that limits them."""
    async with bay_for(azure, **principal(azure)) as bay:
        await asyncio.gather(*(bay.llm(CHAT).invoke("Hi") for _ in range(50)))

    assert len(azure.asked_for_tokens) == 1
    assert {request.headers["authorization"] for request in azure.requests} == {"Bearer token-1"}
    assert all("api-key" not in request.headers for request in azure.requests)


async def test_a_token_that_was_withdrawn_is_renewed_once(azure: AzureUpstream) -> None:
    """A token can end before its time."""
    async with bay_for(azure, **principal(azure)) as bay:
        await bay.llm(CHAT).invoke("Hi")
        azure.tokens.clear()
        await bay.llm(CHAT).invoke("Hi")

    assert len(azure.asked_for_tokens) == 2


async def test_a_wrong_client_secret_is_told_in_the_directorys_words(azure: AzureUpstream) -> None:
    """It says which of the three values is wrong."""
    async with bay_for(azure, **{**principal(azure), "azure_client_secret": "other"}) as bay:
        with pytest.raises(InvokeAuthorizationError, match="AADSTS7000215"):
            await bay.llm(CHAT).invoke("Hi")

    assert not azure.requests


async def test_a_machine_with_an_identity_needs_no_secret(
    azure: AzureUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token comes from the service that Azure puts beside an app."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/app/token")
    monkeypatch.setenv("IDENTITY_HEADER", "app-secret")
    async with bay_for(azure, auth_method="entra_id_managed_identity", openai_api_key="") as bay:
        await bay.llm(CHAT).invoke("Hi")

    assert azure.requests[0].headers["authorization"] == "Bearer token-1"


@pytest.mark.parametrize("stream", [True, False])
async def test_what_the_filter_found_comes_with_the_answer(azure: AzureUpstream, stream: bool) -> None:
    """Whoever shows the answer may have to show that too; it comes in events that have no words."""
    azure.will_stream("Hel", "lo")
    async with bay_for(azure) as bay:
        if stream:
            chunks = [chunk async for chunk in bay.llm(CHAT).stream("Hi")]
            message = chunks[-1].delta.message
            text = "".join(chunk.delta.message.text for chunk in chunks)
        else:
            result = await bay.llm(CHAT).invoke("Hi")
            message, text = result.message, result.text

    kept = message.unknown_fields
    assert text == "Hello"
    assert kept["content_filter_results"]["hate"] == {"filtered": False, "severity": "safe"}
    assert kept["prompt_filter_results"][0]["prompt_index"] == 0


async def test_a_prompt_that_the_filter_refuses_is_a_bad_request_that_says_why(azure: AzureUpstream) -> None:
    """The category is in an inner error that nobody would look for."""
    async with bay_for(azure) as bay:
        with pytest.raises(InvokeBadRequestError, match=r"filtered.*\(filtered: jailbreak\)") as caught:
            await bay.llm(CHAT).invoke(f"This is a {FORBIDDEN_WORD}")

    assert caught.value.code == "content_filter"
    assert caught.value.request_id == "req_000001"


async def test_a_deployment_that_is_not_there_is_told_so(azure: AzureUpstream) -> None:
    """A slip in the name is the commonest mistake."""
    async with bay_for(azure) as bay:
        with pytest.raises(InvokeBadRequestError, match="deployment for this resource does not exist"):
            await bay.llm("azure_openai/nobody-made-it").invoke("Hi")


@pytest.mark.parametrize("base", ["", "/openai/v1"])
async def test_credentials_are_proved_by_the_list_of_models_of_either_api(
    azure: AzureUpstream, base: str
) -> None:
    """It costs nothing, but proves no deployment: for that one can be named."""
    credentials = {"openai_api_base": azure.url + base, "auth_method": "api_key", "openai_api_key": KEY}
    async with AsyncModelbay(environment=False) as bay:
        await bay.validate_credentials("azure_openai", credentials)
        await bay.validate_credentials("azure_openai", {**credentials, "validate_model": "our-chat"})
        with pytest.raises(CredentialsValidateFailedError, match="invalid subscription key"):
            await bay.validate_credentials("azure_openai", {**credentials, "openai_api_key": "other"})

    assert azure.requests[0].path == f"{base or '/openai'}/models"
    assert azure.requests[1].path.endswith("/chat/completions")


async def test_a_name_cannot_lead_to_another_place_of_the_resource(azure: AzureUpstream) -> None:
    """A deployment's name stands in the path of the address."""
    async with bay_for(azure) as bay:
        with pytest.raises(InvokeBadRequestError, match="cannot stand in an address"):
            await bay.llm("azure_openai/../../files").invoke("Hi")

    assert not azure.requests
