"""The listing of models, rich enough to declare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from modelbay.entities import (
    AIModelEntity,
    FetchFrom,
    I18nObject,
    ModelFeature,
    ModelPropertyKey,
    ModelType,
    ParameterRule,
)
from modelbay.wires.family import Endpoint
from modelbay.wires.gemini.errors import to_error
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request

_PAGE = 1000  # the most that one page may hold
_TYPES = {
    "generateContent": ModelType.LLM,
    "embedContent": ModelType.TEXT_EMBEDDING,
    "batchEmbedContents": ModelType.TEXT_EMBEDDING,
}
_TOOLS = [ModelFeature.TOOL_CALL, ModelFeature.MULTI_TOOL_CALL, ModelFeature.STREAM_TOOL_CALL]


class ModelsDialect:
    """Lists the models that a key may call."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request for the list."""
        return self._page(endpoint, "")

    def to_next_request(self, endpoint: Endpoint, body: Any) -> Request | None:
        """Return the request for the page that follows one; None after the last."""
        token = answer_object(body).get("nextPageToken")
        return (
            self._page(endpoint, f"&pageToken={quote(token, safe='')}")
            if isinstance(token, str) and token
            else None
        )

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models that answer or embed, with their limits."""
        return list(_models(answer_object(body).get("models") or ()))

    def _page(self, endpoint: Endpoint, token: str) -> Request:
        url = endpoint.url(f"models?pageSize={_PAGE}{token}")
        return endpoint.request("GET", url, idempotent=True, to_error=to_error)


def _models(rows: Any) -> Iterator[AIModelEntity]:
    for row in rows:
        methods = row.get("supportedGenerationMethods") or row.get("supportedActions") or ()
        model_type = next((_TYPES[name] for name in methods if name in _TYPES), None)
        if model_type is not None:
            yield _model(row, model_type)


def _model(row: Mapping[str, Any], model_type: ModelType) -> AIModelEntity:
    name = row["name"].removeprefix("models/")
    is_chat = model_type is ModelType.LLM
    properties = {ModelPropertyKey.CONTEXT_SIZE: row.get("inputTokenLimit")}
    properties |= {ModelPropertyKey.MODE: "chat"} if is_chat else {}
    return AIModelEntity(
        model=name,
        label=I18nObject(en_us=row.get("displayName") or name),
        model_type=model_type,
        features=_features(row) if is_chat else [],
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        model_properties={key: value for key, value in properties.items() if value},
        parameter_rules=list(_rules(row)) if is_chat else [],
        wire=({} if row.get("thinking") else {"thinking": "none"}) if is_chat else {},
    )


def _features(row: Mapping[str, Any]) -> list[ModelFeature]:
    return [*_TOOLS, ModelFeature.AGENT_THOUGHT] if row.get("thinking") else _TOOLS


def _rules(row: Mapping[str, Any]) -> Iterator[ParameterRule]:
    if row.get("maxTemperature"):
        yield _rule("temperature", max=row["maxTemperature"], default=row.get("temperature"))
    if row.get("topP"):
        yield _rule("top_p", default=row["topP"])
    if row.get("topK"):
        yield ParameterRule.model_validate({"name": "top_k", "type": "int", "min": 1, "default": row["topK"]})
    if row.get("outputTokenLimit"):
        yield _rule("max_tokens", max=row["outputTokenLimit"], default=min(8192, row["outputTokenLimit"]))
    if row.get("thinking"):
        yield ParameterRule.model_validate({"name": "reasoning_effort", "type": "string"})


def _rule(name: str, **limits: Any) -> ParameterRule:
    return ParameterRule.model_validate({"name": name, "use_template": name, **limits})
