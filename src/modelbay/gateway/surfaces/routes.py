"""Every operation that clients may call, with the module that serves it."""

from __future__ import annotations

from modelbay.entities import ModelType
from modelbay.gateway.routes import Route, Serve
from modelbay.gateway.surfaces import audio, chat, embeddings, models, moderations, rerank, responses
from modelbay.wires.anthropic.serving import ERRORS as ANTHROPIC
from modelbay.wires.cohere.serving import ERRORS as COHERE
from modelbay.wires.jina.serving import ERRORS as JINA
from modelbay.wires.openai.serving import ERRORS as OPENAI


def _openai(
    method: str, path: str, surface: str, serve: Serve, kind: ModelType | None = None, *, prefix: bool = False
) -> Route:
    surface = f"openai.{surface}"
    return Route(method, f"/v1/{path}", surface, serve, OPENAI, prefix=prefix, model_type=kind)


def _anthropic(path: str, surface: str, serve: Serve) -> Route:
    surface, header = f"anthropic.{surface}", b"request-id"
    return Route("POST", f"/v1/{path}", surface, serve, ANTHROPIC, id_header=header, model_type=ModelType.LLM)


def _cohere(path: str, surface: str, serve: Serve, kind: ModelType) -> Route:
    return Route("POST", path, f"cohere.{surface}", serve, COHERE, model_type=kind)


ALL = [
    _openai("POST", "chat/completions", "chat", chat.chat_completions, ModelType.LLM),
    _openai("POST", "completions", "completions", chat.completions, ModelType.LLM),
    _openai("POST", "responses", "responses", responses.create, ModelType.LLM),
    _openai("GET", "responses/", "responses", responses.one, prefix=True),
    _openai("DELETE", "responses/", "responses", responses.delete, prefix=True),
    _openai("POST", "embeddings", "embeddings", embeddings.embeddings, ModelType.TEXT_EMBEDDING),
    _openai("POST", "moderations", "moderations", moderations.moderations, ModelType.MODERATION),
    _openai("POST", "audio/transcriptions", "transcriptions", audio.transcriptions, ModelType.SPEECH2TEXT),
    _openai("POST", "audio/translations", "translations", audio.translations, ModelType.SPEECH2TEXT),
    _openai("POST", "audio/speech", "speech", audio.speech, ModelType.TTS),
    _openai("GET", "models", "models", models.list_models),
    _openai("GET", "models/", "models", models.one_model, prefix=True),
    _anthropic("messages", "messages", chat.messages),
    _anthropic("messages/count_tokens", "count_tokens", chat.count_tokens),
    Route("POST", "/v1/rerank", "jina.rerank", rerank.rerank_v1, JINA, model_type=ModelType.RERANK),
    _cohere("/v2/rerank", "rerank", rerank.rerank_v2, ModelType.RERANK),
    _cohere("/v2/embed", "embed", embeddings.cohere_embed, ModelType.TEXT_EMBEDDING),
]
