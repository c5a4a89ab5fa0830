"""The models that a server has, and what it says of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelFeature, ModelPropertyKey, ModelType
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request

_FEATURES = {
    "tools": [ModelFeature.TOOL_CALL, ModelFeature.MULTI_TOOL_CALL, ModelFeature.STREAM_TOOL_CALL],
    "vision": [ModelFeature.VISION],
    "thinking": [ModelFeature.AGENT_THOUGHT],
}


class ModelsDialect:
    """Lists the models at `/api/tags`; `/api/show` tells of each what it can."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request for the list."""
        return endpoint.request("GET", endpoint.url("api/tags"), idempotent=True)

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models by name, as language models: what they are only `to_model` knows."""
        rows = answer_object(body).get("models") or []
        return [_entity(row.get("model") or row["name"], ModelType.LLM, [], {}) for row in rows]

    def to_show_request(self, model: str, endpoint: Endpoint) -> Request:
        """Return the request for what the server knows of one model."""
        return endpoint.request("POST", endpoint.url("api/show"), json={"model": model}, idempotent=True)

    @reads_answer
    def to_model(self, model: str, body: Any) -> AIModelEntity:
        """Return a model with its type, features and context size.

        The context size is what the model was trained for. The server keeps far less unless a call asks
        for it (option `num_ctx`), and cuts a longer prompt without a word.
        """
        answer = answer_object(body)
        capabilities = answer.get("capabilities") or []
        info = answer.get("model_info") or {}
        properties: dict[ModelPropertyKey | str, Any] = {
            ModelPropertyKey.CONTEXT_SIZE: _of_architecture(info, "context_length")
        }
        if "embedding" in capabilities:
            properties["embedding_size"] = _of_architecture(info, "embedding_length")
            return _entity(model, ModelType.TEXT_EMBEDDING, [], properties)
        features = [feature for name in capabilities for feature in _FEATURES.get(name, [])]
        properties[ModelPropertyKey.MODE] = "chat"
        return _entity(model, ModelType.LLM, [*features, ModelFeature.STRUCTURED_OUTPUT], properties)


def _entity(
    model: str, model_type: ModelType, features: list[ModelFeature], properties: Mapping[Any, Any]
) -> AIModelEntity:
    return AIModelEntity(
        model=model,
        label=I18nObject(en_us=model),
        model_type=model_type,
        features=features,
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        model_properties={name: value for name, value in properties.items() if value is not None},
    )


def _of_architecture(info: Mapping[str, Any], name: str) -> int | None:
    """Return the fact of that name, which is filed under the architecture: `llama.context_length`."""
    architecture = info.get("general.architecture")
    if f"{architecture}.{name}" in info:
        return int(info[f"{architecture}.{name}"])
    return next((int(value) for key, value in info.items() if key.endswith(f".{name}")), None)
