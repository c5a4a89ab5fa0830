"""What a server says of the one model that it serves."""

from __future__ import annotations

from typing import Any

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelPropertyKey, ModelType
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request


class InfoDialect:
    """Reads `GET /info`."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request for the list, which has one model."""
        return endpoint.request("GET", endpoint.url("info"), idempotent=True)

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the one model."""
        return [self.to_model(str(answer_object(body)["model_id"]), body)]

    def to_show_request(self, model: str, endpoint: Endpoint) -> Request:
        """Return the request for what the server knows of its model."""
        return self.to_request(endpoint)

    @reads_answer
    def to_model(self, model: str, body: Any) -> AIModelEntity:
        """Return the model with its type and the limits of a request."""
        info = answer_object(body)
        ranks = "reranker" in info["model_type"] or "classifier" in info["model_type"]
        limits = {
            ModelPropertyKey.CONTEXT_SIZE: info.get("max_input_length"),
            ModelPropertyKey.MAX_CHUNKS: info.get("max_client_batch_size"),
        }
        return AIModelEntity(
            model=model,
            label=I18nObject(en_us=model),
            model_type=ModelType.RERANK if ranks else ModelType.TEXT_EMBEDDING,
            features=[],
            fetch_from=FetchFrom.FETCH_FROM_REMOTE,
            model_properties={name: int(value) for name, value in limits.items() if value is not None},
        )
