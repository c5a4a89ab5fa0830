"""The listing of models, rich enough to declare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelFeature, ModelPropertyKey, ModelType
from modelbay.wires.anthropic.address import to_headers, to_url
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request

_PAGE = 1000  # the most that one page may hold
_TOOLS = [ModelFeature.TOOL_CALL, ModelFeature.MULTI_TOOL_CALL, ModelFeature.STREAM_TOOL_CALL]
_FEATURES = {
    "thinking": ModelFeature.AGENT_THOUGHT,
    "image_input": ModelFeature.VISION,
    "pdf_input": ModelFeature.DOCUMENT,
    "structured_outputs": ModelFeature.STRUCTURED_OUTPUT,
}


class ModelsDialect:
    """Lists the models that a key may call."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request for the list."""
        url = f"{to_url(endpoint, 'v1/models')}?limit={_PAGE}"
        return endpoint.request("GET", url, headers=to_headers(endpoint, {}), idempotent=True)

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models with context size, features and the options that this family needs of them."""
        return [_model(row) for row in answer_object(body).get("data") or []]

    def to_next_request(self, endpoint: Endpoint, body: Any) -> Request | None:
        """Return the request for the page that follows; None after the last."""
        answer = answer_object(body)
        last = answer.get("last_id")
        if not answer.get("has_more") or not isinstance(last, str):
            return None
        request = self.to_request(endpoint)
        return replace(request, url=f"{request.url}&after_id={quote(last, safe='')}")


def _model(row: Mapping[str, Any]) -> AIModelEntity:
    capabilities = row.get("capabilities") or {}
    supported = [feature for name, feature in _FEATURES.items() if _supports(capabilities, name)]
    properties = {ModelPropertyKey.MODE: "chat", ModelPropertyKey.CONTEXT_SIZE: row.get("max_input_tokens")}
    return AIModelEntity(
        model=row["id"],
        label=I18nObject(en_us=row.get("display_name") or row["id"]),
        model_type=ModelType.LLM,
        features=[*_TOOLS, *supported],
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        model_properties={name: value for name, value in properties.items() if value},
        deprecated=row.get("lifecycle", "active") != "active",
        wire=_wire(row, capabilities),
    )


def _wire(row: Mapping[str, Any], capabilities: Mapping[str, Any]) -> dict[str, Any]:
    options = {"thinking": _thinking(capabilities), "max_tokens": row.get("max_tokens")}
    return {name: value for name, value in options.items() if value}


def _thinking(capabilities: Mapping[str, Any]) -> str | None:
    """Return the option `thinking`; None where the listing does not say."""
    if "thinking" not in capabilities:
        return None
    types = (capabilities["thinking"] or {}).get("types") or {}
    if _supports(types, "adaptive"):
        return "adaptive" if _supports(types, "disabled") else "always"
    return "budget" if _supports(types, "enabled") else "none"


def _supports(capabilities: Mapping[str, Any], name: str) -> bool:
    return bool((capabilities.get(name) or {}).get("supported"))
