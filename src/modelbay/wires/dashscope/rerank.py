"""Reranking: the `results` shape inside `output`."""

from __future__ import annotations

from typing import Any

from modelbay.entities import CallUsage, Meter, MultiModalContent, MultiModalContentType, RerankResult
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.dashscope.embeddings import image_address
from modelbay.wires.dashscope.errors import raise_error_in, to_error
from modelbay.wires.family import Endpoint, RerankCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.openai.shapes import object_of
from modelbay.wires.request import Request
from modelbay.wires.rerank_shapes import results_shape
from modelbay.wires.usage import call_usage

PATH = "api/v1/services/rerank/text-rerank/text-rerank"


class Rerank:
    """Speaks of relevance; asks for no texts back, since the call has them."""

    name = "dashscope.rerank"
    takes = frozenset({"instruct"})

    def to_request(self, call: RerankCall, endpoint: Endpoint) -> Request:
        """Return the request."""
        multimodal = bool(call.options.get("multimodal"))
        held = {
            "query": _item(call.query, "query", multimodal),
            "documents": [
                _item(document, f"docs[{place}]", multimodal) for place, document in enumerate(call.docs)
            ],
        }
        said: dict[str, Any] = {"return_documents": False} | dict(call.parameters)
        if call.options.get("instruct"):
            said.setdefault("instruct", call.options["instruct"])
        if call.top_n is not None:
            said["top_n"] = call.top_n
        body = {"model": call.model, "input": held, "parameters": said}
        return endpoint.request("POST", endpoint.url(PATH), json=body, idempotent=True, to_error=to_error)

    @reads_answer
    def to_result(self, call: RerankCall, body: Any) -> RerankResult:
        """Return the documents, best first."""
        answer = answer_object(body)
        raise_error_in(answer)
        return results_shape(call, dict(object_of(answer.get("output"))), _usage(answer))


def _item(value: str | MultiModalContent, place: str, multimodal: bool) -> Any:
    is_image = not isinstance(value, str) and value.content_type == MultiModalContentType.IMAGE
    content = value if isinstance(value, str) else value.content
    if multimodal:
        return {"image": image_address(content)} if is_image else {"text": content}
    if is_image:
        raise InvokeBadRequestError(f"{place}: this model ranks text only, not an image")
    return content


def _usage(answer: dict[str, Any]) -> CallUsage | None:
    tokens = object_of(answer.get("usage")).get("total_tokens")
    return call_usage(tokens, Meter.TOKEN) if isinstance(tokens, int) else None
