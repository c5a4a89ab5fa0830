"""The listing of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelFeature, ModelPropertyKey, ModelType
from modelbay.wires.cohere.address import to_url
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request

_PAGE = 1000  # the most that one page may hold
_TYPES = {"chat": ModelType.LLM, "embed": ModelType.TEXT_EMBEDDING, "rerank": ModelType.RERANK}
_FEATURES = {
    "tools": [ModelFeature.TOOL_CALL, ModelFeature.MULTI_TOOL_CALL, ModelFeature.STREAM_TOOL_CALL],
    "vision": [ModelFeature.VISION],
    "reasoning": [ModelFeature.AGENT_THOUGHT],
    "json_schema": [ModelFeature.STRUCTURED_OUTPUT],
}


class ModelsDialect:
    """Lists the models that a key may call."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request for the list."""
        url = f"{to_url(endpoint, 'v1/models')}?page_size={_PAGE}"
        return endpoint.request("GET", url, idempotent=True)

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models, one entity for each type that a model serves; other endpoints are left out."""
        rows = answer_object(body).get("models") or []
        return [
            _entity(row, model_type)
            for row in rows
            for endpoint, model_type in _TYPES.items()
            if row.get("name") and endpoint in (row.get("endpoints") or [])
        ]

    def to_next_request(self, endpoint: Endpoint, body: Any) -> Request | None:
        """Return the request for the page that follows; None after the last."""
        token = answer_object(body).get("next_page_token")
        if not isinstance(token, str) or not token:
            return None
        request = self.to_request(endpoint)
        return replace(request, url=f"{request.url}&page_token={quote(token, safe='')}")


def _entity(row: Mapping[str, Any], model_type: ModelType) -> AIModelEntity:
    properties: dict[ModelPropertyKey | str, Any] = {}
    if row.get("context_length"):
        properties[ModelPropertyKey.CONTEXT_SIZE] = int(row["context_length"])
    features: list[ModelFeature] = []
    if model_type == ModelType.LLM:
        properties[ModelPropertyKey.MODE] = "chat"
        features = [feature for name in row.get("features") or [] for feature in _FEATURES.get(name, [])]
    return AIModelEntity(
        model=row["name"],
        label=I18nObject(en_us=row["name"]),
        model_type=model_type,
        features=features,
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        model_properties=properties,
        deprecated=bool(row.get("is_deprecated")),
    )
