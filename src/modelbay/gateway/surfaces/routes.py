"""Every operation that clients may call, with the module that serves it."""

from __future__ import annotations

from modelbay.gateway.routes import Route, Serve
from modelbay.gateway.surfaces import audio, chat, embeddings, models, moderations, rerank, responses
from modelbay.wires.anthropic.serving import ERRORS as ANTHROPIC
from modelbay.wires.cohere.serving import ERRORS as COHERE
from modelbay.wires.jina.serving import ERRORS as JINA
from modelbay.wires.openai.serving import ERRORS as OPENAI


def _openai(method: str, path: str, surface: str, serve: Serve, *, prefix: bool = False) -> Route:
    return Route(method, f"/v1/{path}", f"openai.{surface}", serve, OPENAI, prefix=prefix)


def _anthropic(path: str, surface: str, serve: Serve) -> Route:
    return Route("POST", f"/v1/{path}", f"anthropic.{surface}", serve, ANTHROPIC, id_header=b"request-id")


def _cohere(path: str, surface: str, serve: Serve) -> Route:
    return Route("POST", path, f"cohere.{surface}", serve, COHERE)


ALL = [
    _openai("POST", "chat/completions", "chat", chat.chat_completions),
    _openai("POST", "completions", "completions", chat.completions),
    _openai("POST", "responses", "responses", responses.create),
    _openai("GET", "responses/", "responses", responses.one, prefix=True),
    _openai("DELETE", "responses/", "responses", responses.delete, prefix=True),
    _openai("POST", "embeddings", "embeddings", embeddings.embeddings),
    _openai("POST", "moderations", "moderations", moderations.moderations),
    _openai("POST", "audio/transcriptions", "transcriptions", audio.transcriptions),
    _openai("POST", "audio/translations", "translations", audio.translations),
    _openai("POST", "audio/speech", "speech", audio.speech),
    _openai("GET", "models", "models", models.list_models),
    _openai("GET", "models/", "models", models.one_model, prefix=True),
    _anthropic("messages", "messages", chat.messages),
    _anthropic("messages/count_tokens", "count_tokens", chat.count_tokens),
    Route("POST", "/v1/rerank", "jina.rerank", rerank.rerank_v1, JINA),
    _cohere("/v2/rerank", "rerank", rerank.rerank_v2),
    _cohere("/v2/embed", "embed", embeddings.cohere_embed),
]
