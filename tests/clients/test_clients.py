"""Programs that people already have work against the gateway, unmodified, whatever provider is behind it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.clients.behind import CHAT, PROVIDERS
from tests.clients.environments import Environments
from tests.clients.running import SUITES, Gateway, Trial, run

_VECTORS = frozenset({"embeddings", "dimensions"})
_SOUNDS = frozenset({"speech", "transcriptions", "translations"})
_ITEMS = frozenset({"responses", "responses-tools", "responses-schema", "stored"})
_ALL_OF_OPENAI = frozenset({"chat", "completions", "moderations"}) | _ITEMS | _VECTORS | _SOUNDS
_SANDBOX = (
    frozenset({"chat", "completions", "moderations", "embeddings", "speech", "transcriptions"}) | _ITEMS
)
_WRONG = frozenset({"errors", "faults"})
_DIALECTS = frozenset({"openai", "openai-responses", "anthropic"})
_PICTURES = frozenset({"images"})


def _is(*abilities: str) -> frozenset[str]:
    return frozenset(abilities)


def _openai() -> list[Trial]:
    """Chat completions and the rest of OpenAI's API, in front of everybody."""
    chat, other, errors = "openai_chat.py", "openai_other.py", "openai_errors.py"
    return [
        Trial("clients", chat, "openai", CHAT | _PICTURES),
        Trial("clients", chat, "openai", CHAT | _PICTURES, "responses"),
        Trial("clients", chat, "openai", CHAT | _PICTURES, "translated"),
        Trial("clients", chat, "anthropic", CHAT | _PICTURES),
        Trial("clients", chat, "cohere", CHAT | _PICTURES),
        Trial("clients", chat, "sandbox", CHAT),
        Trial("clients-llamaindex", chat, "openai", CHAT | _PICTURES),
        Trial("clients", other, "openai", _ALL_OF_OPENAI),
        Trial("clients", other, "openai", _ALL_OF_OPENAI, "responses"),
        Trial("clients", other, "anthropic", _ITEMS | _is("chat")),
        Trial("clients", other, "cohere", _ITEMS | _is("chat", "embeddings", "dimensions")),
        Trial("clients", other, "jina", _VECTORS),
        Trial("clients", other, "sandbox", _SANDBOX),
        Trial("clients", errors, "openai", _WRONG | _is("param")),
        Trial("clients", errors, "openai", _WRONG | _is("param"), "translated"),
        Trial("clients", errors, "anthropic", _WRONG | _is("param")),
    ]


def _anthropic() -> list[Trial]:
    """Anthropic's messages, in front of everybody."""
    messages, errors = "anthropic_messages.py", "anthropic_errors.py"
    every = CHAT | _is("threads", "counting")
    own = every | _is("images", "documents", "thinking")
    return [
        Trial("clients", messages, "anthropic", own),
        Trial("clients", messages, "anthropic", own, "translated"),
        Trial("clients", messages, "openai", every | _PICTURES),
        Trial("clients", messages, "openai", every | _PICTURES, "responses"),
        Trial("clients", messages, "cohere", every | _PICTURES),
        Trial("clients", messages, "sandbox", every),
        Trial("clients", errors, "anthropic", _WRONG),
        Trial("clients", errors, "openai", _WRONG),
    ]


def _cohere() -> list[Trial]:
    """Cohere's vectors and rerank."""
    both = _is("embeddings", "rerank", "errors")
    return [
        Trial("clients", "cohere_v2.py", "cohere", both | _is("faults")),
        Trial("clients", "cohere_v2.py", "jina", both | _is("faults")),
        Trial("clients", "cohere_v2.py", "sandbox", both),
    ]


def _frameworks() -> list[Trial]:
    """What is built upon the SDKs."""
    chain, agents, llama = "langchain_models.py", "pydantic_ai_agents.py", "llamaindex_models.py"
    return [
        Trial("clients", chain, "openai", _DIALECTS | _is("embeddings")),
        Trial("clients", chain, "openai", _is("openai-responses"), "responses"),
        Trial("clients", chain, "anthropic", _DIALECTS),
        Trial("clients", agents, "openai", _DIALECTS),
        Trial("clients", agents, "openai", _DIALECTS, "responses"),
        Trial("clients", agents, "anthropic", _DIALECTS),
        Trial("clients-llamaindex", llama, "openai", _is("chat", "tools", "embeddings", "errors")),
        Trial("clients", "llm_command.py", "openai", _is("chat", "tools", "schema", "errors")),
    ]


def _javascript() -> list[Trial]:
    """The packages from npm."""
    openai = _is("chat", "tools", "schema", "responses", "errors", "faults")
    anthropic = _is("chat", "tools", "counting", "errors", "faults")
    vercel = _DIALECTS | _is("openai-compatible")
    return [
        Trial("npm", "openai_sdk.mjs", "openai", openai | _is("embeddings", "speech")),
        Trial("npm", "openai_sdk.mjs", "anthropic", openai),
        Trial("npm", "anthropic_sdk.mjs", "anthropic", anthropic | _is("thinking")),
        Trial("npm", "anthropic_sdk.mjs", "openai", anthropic),
        Trial("npm", "vercel_ai_sdk.mjs", "openai", vercel | _is("embeddings")),
        Trial("npm", "vercel_ai_sdk.mjs", "openai", _is("openai-responses"), "responses"),
        Trial("npm", "vercel_ai_sdk.mjs", "anthropic", vercel),
    ]


TRIALS = [*_openai(), *_anthropic(), *_cohere(), *_frameworks(), *_javascript()]


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_a_client_works_unmodified(
    trial: Trial, environments: Environments, gateways: Callable[[str], Gateway], tmp_path: Path
) -> None:
    """A base URL and a key are all that a client is given; each suite holds what its users rely on."""
    if trial.environment == "npm" and shutil.which("node") is None:
        pytest.skip("there is no node on this machine")
    home = environments.place(trial.environment)

    behind = PROVIDERS[trial.behind]
    ran = run(trial, home, gateways(trial.gateway), behind, tmp_path)

    ran.check(trial.abilities)


def test_every_suite_is_tried() -> None:
    """A suite that no trial names would look like proof and be none."""
    suites = {file.name for file in SUITES.iterdir() if file.suffix in {".py", ".mjs"}}

    assert {trial.suite for trial in TRIALS} == suites - {"conftest.py", "suite.mjs"}
