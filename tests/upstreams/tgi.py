"""A fake of text-generation-inference: one text continued, one event a token, and chat in OpenAI's dialect.

Source: TGI's OpenAPI file (2026-01-08), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Reply, Request, json_answer, sse
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler

from .conversation import Asked, reply_to, words_in
from .described import Body, DescribedUpstream, Rule, required

MODEL = "bigscience/bloom-560m"
MOST_INPUT, MOST_TOTAL, MOST_STOPS = 4096, 8192, 4
_ERROR_TYPES = {422: "validation", 424: "generation", 429: "overloaded", 500: "incomplete_generation"}


class TGIUpstream(DescribedUpstream):
    """A fake server of one model; the base of a client is `upstream.url`."""

    file = "tgi.openapi.json"
    schemas: ClassVar[Mapping[str, str]] = {
        "/generate": "GenerateRequest",
        "/generate_stream": "GenerateRequest",
    }

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /generate": self._generate,
            "POST /generate_stream": self._stream,
            "GET /info": lambda request: json_answer(INFO),
            "GET /health": lambda request: Answer(),
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (required("inputs"), _in_range)

    def fields(self, request: Request) -> Any:
        """Return the body without the schema in its grammar, which the description leaves open."""
        body = request.body
        grammar = _parameters(body).get("grammar") if isinstance(body, dict) else None
        if not isinstance(grammar, dict):
            return body
        return {**body, "parameters": {**body["parameters"], "grammar": {**grammar, "value": "schema"}}}

    def complain(self, request: Request) -> Complaint | None:
        """Check as usual; whatever is wrong with a body is 422 here."""
        found = super().complain(request)
        return found and replace(found, status=422)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"error": text, "error_type": kind}`."""
        return json_answer(_error(status, message), status)

    def error_event(self, message: str) -> bytes:
        """Write the error event of a stream."""
        return sse(_error(424, message))

    def _generate(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(_asked(request.body)))
        said: dict[str, Any] = {"generated_text": reply.text}
        if _parameters(request.body).get("details"):
            tokens = [_token(place, piece) for place, piece in enumerate(reply.pieces)]
            counts = {"generated_tokens": reply.tokens(0)["out"], "prefill": [], "tokens": tokens}
            said["details"] = counts | {"finish_reason": reply.finish_reason or "eos_token", "seed": None}
        return json_answer(said)

    def _stream(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(_asked(request.body)))
        return Answer(content_type=SSE, events=_events(reply, words_in(request.body["inputs"])))


def _events(reply: Reply, prompt: int) -> Iterator[bytes]:
    for place, piece in enumerate(reply.pieces):
        yield sse(_event(place, _token(place, piece)))
    if "end" in reply.without:
        return
    tokens = reply.tokens(prompt)
    details: dict[str, Any] = {"finish_reason": reply.finish_reason or "eos_token", "seed": None}
    details |= {"generated_tokens": tokens["out"], "input_length": tokens["in"]}
    last = _event(len(reply.pieces), _token(2, "</s>") | {"special": True})
    yield sse(last | {"generated_text": reply.text, "details": None if "usage" in reply.without else details})


def _event(place: int, token: dict[str, Any]) -> dict[str, Any]:
    return {"index": place + 1, "token": token, "generated_text": None, "details": None}


def _token(place: int, text: str) -> dict[str, Any]:
    return {"id": place, "text": text, "logprob": -0.5, "special": False}


def _parameters(body: Body) -> Mapping[str, Any]:
    return body.get("parameters") or {}


def _asked(body: Body) -> Asked:
    parameters = _parameters(body)
    return Asked(
        text=body["inputs"],
        schema=(parameters.get("grammar") or {}).get("value"),
        limit=parameters.get("max_new_tokens"),
        stop=parameters.get("stop") or (),
    )


def _in_range(body: Body) -> Complaint | None:
    """Check what the server checks beyond its description."""
    parameters = _parameters(body)
    if parameters.get("temperature") is not None and parameters["temperature"] <= 0:
        return _invalid("`temperature` must be strictly positive", "temperature")
    if parameters.get("top_p") is not None and not 0 < parameters["top_p"] < 1:
        return _invalid("`top_p` must be > 0.0 and < 1.0", "top_p")
    if parameters.get("top_k") is not None and parameters["top_k"] <= 0:
        return _invalid("`top_k` must be strictly positive", "top_k")
    if len(parameters.get("stop") or ()) > MOST_STOPS:
        return _invalid(f"`stop` supports up to {MOST_STOPS} stop sequences", "stop")
    return None


def _invalid(message: str, field: str) -> Complaint:
    return Complaint(f"Input validation error: {message}", f"parameters.{field}", "validation", 422)


def _error(status: int, message: str) -> dict[str, str]:
    return {"error": message, "error_type": _ERROR_TYPES.get(status, "validation")}


INFO = {
    "model_id": MODEL,
    "model_pipeline_tag": "text-generation",
    "max_concurrent_requests": 128,
    "max_best_of": 2,
    "max_stop_sequences": MOST_STOPS,
    "max_input_tokens": MOST_INPUT,
    "max_total_tokens": MOST_TOTAL,
    "validation_workers": 2,
    "max_client_batch_size": 4,
    "router": "text-generation-router",
    "version": "3.3.6-dev0",
}
