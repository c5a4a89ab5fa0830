"""A fake of Amazon Bedrock: the runtime, the catalogue and the agent runtime at one address.

Source: the service models of botocore 1.44.5 (November 2026), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from . import bedrock_converse as chat
from . import bedrock_rules as sheet
from .aws_shapes import complaint, shapes_of
from .bedrock_signature import is_signed
from .conversation import reply_to, words_in
from .described import SPECS, DescribedUpstream
from .made_up import ranking, vector

ACCESS_KEY = "AKIDEXAMPLE"
_SHAPES = {
    "converse": "ConverseRequest",
    "converse-stream": "ConverseStreamRequest",
    "count-tokens": "CountTokensRequest",
}
_NAMES = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
_PATIENCE = 300  # seconds by which a signature's date may be off


class BedrockUpstream(DescribedUpstream):
    """A fake `https://bedrock-runtime.us-east-1.amazonaws.com` and its siblings.

    It takes its key as a bearer token and as the secret of `ACCESS_KEY`.

    Attributes:
        clock: The time by which signatures are judged.
        session_token: What must come with a signature, if anything.
        models: What the catalogue lists; the same for `profiles`.
    """

    def __init__(self, **options: Any) -> None:
        self.clock: Callable[[], float] = time.time
        self.session_token: str | None = None
        self.models: list[dict[str, Any]] = []
        self.profiles: list[dict[str, Any]] = []
        super().__init__(**options)
        self._shapes = shapes_of(SPECS / "bedrock-runtime.service-2.json")
        self.described = self._shapes is not None

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /model/{id}": self._model,
            "POST /rerank": self._rerank,
            "GET /foundation-models": lambda _: json_answer({"modelSummaries": self.models}),
            "GET /inference-profiles": lambda _: json_answer({"inferenceProfileSummaries": self.profiles}),
        }

    def unauthorised(self, request: Request) -> Answer | None:
        """Refuse a wrong key, a wrong signature, and a right one of another time."""
        told = request.headers.get("authorization", "")
        if self.key is None or told == f"Bearer {self.key}":
            return None
        if not is_signed(request, {ACCESS_KEY: self.key}, "bedrock"):
            return self._forbidden("UnrecognizedClientException", "The security token included is invalid.")
        if self.session_token != request.headers.get("x-amz-security-token"):
            return self._forbidden("ExpiredTokenException", "The security token included has expired")
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.clock()))
        if abs(_seconds(stamp) - _seconds(request.headers["x-amz-date"])) > _PATIENCE:
            return self._forbidden("InvalidSignatureException", f"Signature expired: it is {stamp} now")
        return None

    def complain(self, request: Request) -> Complaint | None:
        """Check the body against the service model, then against the sheet."""
        if request.method != "POST":
            return None
        if not isinstance(request.body, dict):
            return Complaint("The request body could not be read as JSON.")
        model, action = _called(request)
        found = self._by_shape(action, request.body) or self._by_sheet(model, action, request.body)
        return Complaint(found) if found else None

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"message"}`; the exception's name is in a header."""
        name = _NAMES.get(status, "InternalServerException")
        return json_answer({"message": message}, status, {"x-amzn-errortype": f"{name}:http://x/"})

    def error_event(self, message: str) -> bytes:
        """Write the end of a stream that failed."""
        return chat.exception("modelStreamErrorException", message)

    def _forbidden(self, name: str, message: str) -> Answer:
        headers = {"x-amzn-errortype": name, "date": formatdate(self.clock(), usegmt=True)}
        return json_answer({"message": message}, 403, headers)

    def _by_shape(self, action: str, body: dict[str, Any]) -> str | None:
        name = _SHAPES.get(action)
        if self._shapes is None or name is None:
            return None
        return complaint(self._shapes, name, body)

    def _by_sheet(self, model: str, action: str, body: dict[str, Any]) -> str | None:
        if action == "/rerank":
            return sheet.rerank(body)
        if action == "invoke":
            return sheet.embedding(sheet.form_of(model), body)
        if action == "count-tokens":
            return sheet.converse(body["input"]["converse"])
        if sheet.PROFILE_ONLY.match(model):
            return f"Invocation of model ID {model} with on-demand throughput isn't supported."
        return sheet.converse(body)

    def _model(self, request: Request) -> Answer:
        model, action = _called(request)
        if action == "invoke":
            return self._embed(model, request.body)
        if action == "count-tokens":
            return json_answer({"inputTokens": words_in(request.body["input"]["converse"]["messages"])})
        if action not in _SHAPES:
            return self.error(404, f"Unknown operation {action}")
        reply = self.reply_for(request, lambda: reply_to(chat.asked(request.body)))
        return chat.answer(request.body, reply, stream=action == "converse-stream")

    def _embed(self, model: str, body: dict[str, Any]) -> Answer:
        form = sheet.form_of(model)
        if form == "titan":
            text = str(body.get("inputText") or body.get("inputImage"))
            size = body.get("dimensions") or 1024
            return json_answer({"embedding": vector(text, size), "inputTextTokenCount": words_in(text)})
        if form == "nova":
            asked = body["singleEmbeddingParams"]
            text = str((asked.get("text") or {}).get("value") or asked.get("image"))
            row = {"embeddingType": "TEXT", "embedding": vector(text, asked["embeddingDimension"])}
            return json_answer({"embeddings": [row]})
        texts = body.get("texts") or body["images"]
        rows = [vector(text, body.get("output_dimension") or 1024) for text in texts]
        return json_answer({"embeddings": {"float": rows} if body.get("embedding_types") else rows})

    def _rerank(self, request: Request) -> Answer:
        query = request.body["queries"][0]["textQuery"]["text"]
        sources = request.body["sources"]
        texts = [source["inlineDocumentSource"]["textDocument"]["text"] for source in sources]
        settings = request.body["rerankingConfiguration"]["bedrockRerankingConfiguration"]
        best = ranking(query, texts)[: settings["numberOfResults"]]
        return json_answer({"results": [{"index": place, "relevanceScore": score} for place, score in best]})


def _called(request: Request) -> tuple[str, str]:
    """Return the model and what is to be done with it."""
    if not request.path.startswith("/model/"):
        return "", request.path
    model, _, action = request.path.removeprefix("/model/").rpartition("/")
    return model, action


def _seconds(stamp: str) -> float:
    return time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
