"""Azure OpenAI: the classic API by key, the newer one by key, and by an application's secret."""

from __future__ import annotations

from typing import Any

from tests.providers.arrangement import EMBEDDING, KEY, LLM, SPEECH2TEXT, TTS, Arrangement
from tests.upstreams.azure import METHOD, AzureUpstream

from modelbay.sdk.testing import FakeUpstream


def _credentials(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "openai_api_base": upstream.url,
        "openai_api_key": KEY,
        "openai_api_version": "2025-04-01-preview",
    }


def _v1(upstream: FakeUpstream) -> dict[str, Any]:
    return {"openai_api_base": f"{upstream.url}/openai/v1/", "openai_api_key": KEY, "auth_method": "api_key"}


def _principal(upstream: FakeUpstream) -> dict[str, Any]:
    return {
        "openai_api_base": upstream.url,
        "auth_method": "entra_id_service_principal",
        "azure_authority_host": upstream.url,
        "azure_tenant_id": METHOD["tenant"],
        "azure_client_id": METHOD["client_id"],
        "azure_client_secret": METHOD["client_secret"],
    }


def _based_on(credentials: Any, base: str) -> Any:
    return lambda upstream: {**credentials(upstream), "base_model_name": base}


# gpt-4.1 does not reason, and the filter's own events stand where no delta would be.
NO_REASONING = frozenset({"reasoning"})

ARRANGEMENTS = [
    Arrangement(
        "azure_openai",
        "azure_openai",
        AzureUpstream,
        _based_on(_credentials, "gpt-4.1-mini"),
        {LLM: "our-chat"},
        "openai_api_key",
        without=NO_REASONING,
    ),
    Arrangement(
        "azure_openai-responses",
        "azure_openai",
        AzureUpstream,
        _based_on(_credentials, "gpt-5.4"),
        {LLM: "our-thinker"},
        "openai_api_key",
        length_word="max_output_tokens",
    ),
    Arrangement(
        "azure_openai-v1",
        "azure_openai",
        AzureUpstream,
        _based_on(_v1, "gpt-4.1-mini"),
        {LLM: "our-chat"},
        "openai_api_key",
        without=NO_REASONING,
    ),
    Arrangement(
        "azure_openai-entra",
        "azure_openai",
        AzureUpstream,
        _based_on(_principal, "gpt-4.1-mini"),
        {LLM: "our-chat"},
        "azure_client_secret",
        without=NO_REASONING,
    ),
    *(
        Arrangement(
            f"azure_openai-{kind.folder}",
            "azure_openai",
            AzureUpstream,
            _based_on(_credentials, base),
            {kind: name},
            "openai_api_key",
        )
        for kind, name, base in (
            (EMBEDDING, "our-vectors", "text-embedding-3-small"),
            (SPEECH2TEXT, "our-ears", "whisper-1"),
            (TTS, "our-voice", "tts-1"),
        )
    ),
]
