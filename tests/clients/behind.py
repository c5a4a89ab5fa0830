"""What the suites are tried against: providers behind the gateway, with what their models can do."""

from __future__ import annotations

from collections.abc import Mapping

from tests.clients.running import Behind

CHAT = frozenset({"chat", "stop", "tools", "schema"})
_OPENAI_MODELS = {
    "chat": "openai/gpt-4.1-mini",
    "completions": "openai/gpt-4.1-mini",
    "embeddings": "openai/text-embedding-3-small",
    "moderations": "openai/omni-moderation-latest",
    "speech": "openai/tts-1",
    "voice": "alloy",
    "transcriptions": "openai/whisper-1",
    "translations": "openai/whisper-1",
}
_SANDBOX_MODELS = {
    "chat": "sandbox/sandbox-chat",
    "completions": "sandbox/sandbox-chat",
    "embeddings": "sandbox/sandbox-embedding",
    "moderations": "sandbox/sandbox-moderation",
    "rerank": "sandbox/sandbox-rerank",
    "speech": "sandbox/sandbox-voice",
    "voice": "celesta",
    "transcriptions": "sandbox/sandbox-recogniser",
}
_COHERE_MODELS = {
    "chat": "cohere/command-a-plus-05-2026",
    "embeddings": "cohere/embed-v4.0",
    "rerank": "cohere/rerank-v4.0-pro",
}
_JINA_MODELS = {"embeddings": "jina/jina-embeddings-v3", "rerank": "jina/jina-reranker-v2-base-multilingual"}

PROVIDERS: Mapping[str, Behind] = {
    "openai": Behind("openai", _OPENAI_MODELS),
    "anthropic": Behind("anthropic", {"chat": "anthropic/claude-haiku-4-5"}),
    "cohere": Behind("cohere", _COHERE_MODELS),
    "jina": Behind("jina", _JINA_MODELS),
    "sandbox": Behind("", _SANDBOX_MODELS, say="/echo "),
}
