"""Which provider the demo uses, and why."""

from __future__ import annotations

import os

import pytest
from tests.cli.commands import KEPT
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.catalog import Catalog
from modelbay.cli.choose import choose, sandbox
from modelbay.cli.demo.plan import plan
from modelbay.cli.errors import Mistake
from modelbay.cli.local_servers import PATIENCE, LocalServer, find_local
from modelbay.entities import ModelType
from modelbay.sdk.testing import FakeUpstream


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an environment without anybody's keys."""
    for name in [name for name in os.environ if name not in KEPT]:
        monkeypatch.delenv(name)


def ollama_at(url: str, patience: float = 30.0) -> LocalServer:
    """Return where a test's Ollama is."""
    return LocalServer("Ollama", "ollama", url, patience)


def compatible_at(url: str) -> LocalServer:
    """Return where a test's compatible server is."""
    return LocalServer("LM Studio", "openai_api_compatible", url, 30.0)


def test_a_key_in_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI's before others, and the reason names the variables, not their values."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    assert choose(servers=()).provider == "anthropic"

    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    choice = choose(servers=())

    assert (choice.provider, choice.reason) == ("openai", "OPENAI_API_KEY found in the environment")
    assert "secret" not in repr(choice)


def test_a_provider_without_language_models_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is no way to chat, and nothing is asked of it to find that out."""
    monkeypatch.setenv("JINA_API_KEY", "jina-secret")

    assert choose(servers=()).provider == "sandbox"


def test_the_cheapest_model_that_calls_tools_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo should not cost more than it must."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    name = choose(servers=()).models[ModelType.LLM]
    rows = [row for row in Catalog().models("llm", "openai") if not row.deprecated and row.price]
    chosen = next(row for row in rows if row.model == name)

    assert "tool-call" in chosen.features
    assert chosen.price is not None
    assert chosen.price.input <= min(row.price.input for row in rows if row.price)


def test_behind_another_address_the_servers_own_models_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """OPENAI_BASE_URL often leads to a server that has none of OpenAI's models."""
    with OpenAIUpstream(key="sk-right-key-123", compatible=True).in_thread() as upstream:
        upstream.models = ("qwen3-8b", "bge-m3", "whisper-large")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-right-key-123")
        monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
        choice = choose(servers=())

    assert choice.models == {
        ModelType.LLM: "qwen3-8b",
        ModelType.TEXT_EMBEDDING: "bge-m3",
        ModelType.SPEECH2TEXT: "whisper-large",
    }


def test_of_the_servers_models_the_one_we_know_and_would_choose_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy in front of OpenAI lists a hundred models, in no useful order."""
    with OpenAIUpstream(key="sk-right-key-123").in_thread() as upstream:
        upstream.models = ("gpt-5.5-pro", "gpt-4.1-mini", "text-embedding-3-large", "text-embedding-3-small")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-right-key-123")
        monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
        choice = choose(servers=())

    assert choice.models == {
        ModelType.LLM: "gpt-4.1-mini",
        ModelType.TEXT_EMBEDDING: "text-embedding-3-small",
    }


def test_an_ollama_that_answers_is_used_with_a_model_that_calls_tools() -> None:
    """The first model of the list may be one that cannot."""
    with OllamaUpstream().in_thread() as upstream:
        upstream.models = {"tinyllama:latest": ("completion",), **upstream.models}
        choice = choose(servers=[ollama_at(upstream.url)])
        with choice.open_bay() as bay:
            answer = bay.llm(choice.language_model).invoke("hello")

    assert choice.reason == f"Ollama answered at {upstream.url}"
    assert choice.models[ModelType.LLM] == "llama3.2:latest"
    assert choice.models[ModelType.TEXT_EMBEDDING] == "nomic-embed-text:latest"
    assert answer.text


def test_a_compatible_server_that_answers_is_used() -> None:
    """LM Studio, vLLM, LocalAI and llama.cpp all list their models in the same way."""
    with OpenAIUpstream(key=None, compatible=True).in_thread() as upstream:
        upstream.models = ("qwen3-8b",)
        choice = choose(servers=[compatible_at(upstream.base_url)])
        with choice.open_bay() as bay:
            answer = bay.llm(choice.language_model).invoke("hello")

    assert choice.language_model == "openai_api_compatible/qwen3-8b"
    assert answer.text


def test_what_answers_without_being_a_model_server_is_passed_over() -> None:
    """Port 8000 is where many a web server listens."""
    with FakeUpstream(key=None).in_thread() as upstream:
        upstream.will_answer(body=b"<html>hello</html>")
        assert find_local([compatible_at(f"{upstream.url}/v1")]) is None


def test_a_server_that_does_not_answer_in_time_is_passed_over() -> None:
    """Nobody waits for a port that accepts and says nothing."""
    with OllamaUpstream().in_thread() as upstream:
        upstream.latency = 30.0
        assert find_local([ollama_at(upstream.url, PATIENCE)]) is None


def test_the_first_in_the_list_wins_among_those_that_answer() -> None:
    """All are asked at once, and which is the quickest must not decide."""
    with OllamaUpstream().in_thread() as slow, OllamaUpstream().in_thread() as quick:
        slow.latency = 0.02
        found = find_local([ollama_at(slow.url), ollama_at(quick.url)])

    assert found is not None
    assert found.server.url == slow.url


def test_with_nothing_around_it_is_the_sandbox_and_says_so() -> None:
    """The first run of a newcomer without a key must show something, and be honest about it."""
    with OllamaUpstream().in_thread() as upstream:
        gone = upstream.url
    choice = choose(servers=[ollama_at(gone)])

    assert choice.provider == "sandbox"
    assert "no server answered" in choice.reason
    assert set(choice.models) == set(ModelType) - {ModelType.TEXT2IMG}


def test_what_was_asked_for_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment is no reason to ignore the option."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")

    assert choose("sandbox").provider == "sandbox"
    assert choose(model="sandbox/sandbox-thinker").language_model == "sandbox/sandbox-thinker"
    assert choose("openai", "gpt-4.1").language_model == "openai/gpt-4.1"
    with pytest.raises(Mistake, match="write provider/model"):
        choose(model="a-model-that-nobody-has", servers=())


def test_the_sandbox_stands_in_for_what_a_provider_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why; speech and its recogniser come from one hand."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    planned = plan(choose(servers=()), sandbox(Catalog()))

    assert planned[ModelType.LLM].model.startswith("anthropic/")
    assert planned[ModelType.LLM].why == ""
    assert planned[ModelType.TTS].model == "sandbox/sandbox-voice"
    assert "anthropic has no tts model" in planned[ModelType.TTS].why
