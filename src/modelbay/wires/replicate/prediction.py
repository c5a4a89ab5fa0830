"""Predictions: how they are created, asked for, streamed and cancelled, and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from modelbay.errors import InvokeBadRequestError, InvokeError, InvokeServerUnavailableError
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.replicate.problems import problem, problem_in
from modelbay.wires.replicate.schema import Inputs
from modelbay.wires.request import Request

_ENDED = frozenset({"succeeded", "failed", "canceled", "aborted"})
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction as it stands."""

    id: str
    status: str
    output: Any = None
    error: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    stream_url: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED

    def failure(self) -> InvokeError | None:
        """Return the error of one that ended without success."""
        if not self.ended or self.status == "succeeded":
            return None
        said = self.error or f"the prediction ended as {self.status!r} without a message"
        return InvokeServerUnavailableError(said, code=self.status, request_id=self.id)

    @property
    def text(self) -> str:
        """What a language model has said so far: it comes as pieces, or as one text.

        Raises:
            InvokeServerUnavailableError: It is something else.
        """
        pieces = self.output if isinstance(self.output, list) else [self.output]
        if not all(isinstance(piece, str | None) for piece in pieces):
            raise InvokeServerUnavailableError("the prediction's output is not text")
        return "".join(piece or "" for piece in pieces)


@reads_answer
def prediction_of(body: Any) -> Prediction:
    """Read a prediction; an error in its place raises it."""
    value = answer_object(body)
    if "id" not in value:
        raise problem_in(value)
    urls = value.get("urls") or {}
    return Prediction(
        id=str(value["id"]),
        status=str(value["status"]),
        output=value.get("output"),
        error=str(value.get("error") or ""),
        metrics=dict(value.get("metrics") or {}),
        stream_url=str(urls.get("stream") or ""),
    )


def check_name(model: str) -> str:
    """Return a model's name; InvokeBadRequestError if it is not `owner/name`."""
    if not _NAME.fullmatch(model) or ".." in model:
        raise InvokeBadRequestError(f"model {model!r} must be written as owner/name, with one slash")
    return model


def to_model_request(model: str, version: str, endpoint: Endpoint) -> Request:
    """Return the request for what is known of a model, or of one of its versions."""
    path = f"models/{check_name(model)}" + (f"/versions/{quote(version, safe='')}" if version else "")
    return endpoint.request("GET", endpoint.url(path), idempotent=True, to_error=problem)


def to_creation(
    model: str,
    inputs: Inputs,
    values: Mapping[str, Any],
    endpoint: Endpoint,
    *,
    stream: bool = False,
    wait: bool = False,
) -> Request:
    """Return the request that creates a prediction.

    Args:
        stream: Ask for an address at which the output is streamed.
        wait: Ask that the answer waits for the end, as long as the provider lets it (a minute).
    """
    body: dict[str, Any] = {"input": dict(values)}
    path = f"models/{check_name(model)}/predictions"
    if inputs.version:
        body, path = {"version": inputs.version, **body}, "predictions"
    if stream:
        body["stream"] = True
    headers = {"Prefer": "wait"} if wait else {}
    return endpoint.request("POST", endpoint.url(path), json=body, headers=headers, to_error=problem)


def to_question(prediction: Prediction, endpoint: Endpoint) -> Request:
    """Return the request for how a prediction stands."""
    url = endpoint.url(f"predictions/{quote(prediction.id, safe='')}")
    return endpoint.request("GET", url, idempotent=True, to_error=problem)


def to_cancelling(prediction: Prediction, endpoint: Endpoint) -> Request:
    """Return the request that cancels a prediction."""
    url = endpoint.url(f"predictions/{quote(prediction.id, safe='')}/cancel")
    return endpoint.request("POST", url, idempotent=True, to_error=problem)


def to_streaming(prediction: Prediction, endpoint: Endpoint) -> Request:
    """Return the request for a prediction's output as it comes.

    Its address is the provider's word: the key goes along only to the host that it was given for, or a
    neighbour of it.
    """
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    own = endpoint.headers if _is_neighbour(prediction.stream_url, endpoint.base_url) else {}
    return Request("GET", prediction.stream_url, {**own, **headers}, idempotent=True, to_error=problem)


def _is_neighbour(url: str, base: str) -> bool:
    """Whether both are the same host, or named under the same domain: `stream.` beside `api.`."""
    ours, theirs = urlsplit(base), urlsplit(url)
    if theirs.scheme != ours.scheme or not theirs.hostname or not ours.hostname:
        return False
    if theirs.hostname == ours.hostname:
        return True
    domains = {host.partition(".")[2] for host in (ours.hostname, theirs.hostname)}
    return len(domains) == 1 and re.fullmatch(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,}", domains.pop()) is not None
