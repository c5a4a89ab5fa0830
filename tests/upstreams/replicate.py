"""A fake of Replicate: predictions that are created, streamed or asked for, and cancelled.

Source: the official SDK's types (2.0.0b4), and the provider sheet of 2026-11-21.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import orjson

from modelbay.sdk.testing import Answer, Complaint, Reply, Request, json_answer, sse
from modelbay.sdk.testing.faults import Fault
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler

from .conversation import Asked, reply_to, words_in
from .described import DescribedUpstream
from .made_up import heard, vector, wav
from .replicate_models import MODELS, VERSION, Model

CREATED = "2026-11-21T00:00:00Z"
DIMENSIONS = 32
_PROBLEM = "application/problem+json"


@dataclass(slots=True)
class _Run:
    """One prediction; `shown` counts how much of its output was given out to those who asked."""

    id: str
    model: str
    body: Mapping[str, Any]
    reply: Reply
    output: Any = None
    streams: bool = False
    status: str = "starting"
    error: str | None = None
    shown: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)


class ReplicateUpstream(DescribedUpstream):
    """A fake `https://api.replicate.com`; the base of a client is `upstream.url + "/v1"`.

    Args:
        streams: Whether the language models stream; else their output is asked for.
    """

    file = "replicate.schemas.json"

    def __init__(self, *, streams: bool = True, **options: Any) -> None:
        self.streams = streams
        self.models: dict[str, Model] = dict(MODELS)
        self.will_end_as: tuple[str, str] | None = None  # status and error of the predictions to come
        self.cancelled: list[str] = []
        self._runs: dict[str, _Run] = {}
        self._files: dict[str, bytes] = {}
        self._ids = count(1)
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "GET /v1/account": lambda request: json_answer({"type": "user", "username": "somebody"}),
            "GET /v1/collections/language-models": self._collection,
            "GET /v1/models/{model}": self._model,
            "POST /v1/models/{model}": self._create,
            "POST /v1/predictions": self._create,
            "POST /v1/predictions/{id}": self._cancel,
            "GET /v1/predictions/{id}": self._ask,
            "GET /streams/{id}": self._stream,
            "POST /v1/files": self._upload,
            "GET /files/{name}": self._file,
        }

    def unauthorised(self, request: Request) -> Answer | None:
        """Files are public by their address, as long as it lasts."""
        return None if request.path.startswith("/files/") else super().unauthorised(request)

    def complain(self, request: Request) -> Complaint | None:
        """Check a creation by the published types, and its inputs by the model's own schema."""
        if request.method != "POST" or not request.path.endswith("/predictions"):
            return None
        body = request.body
        if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
            return Complaint("- input is required", "input", status=422)
        return self._undescribed(request) or self._untaken(request)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write a problem, as RFC 7807 has it."""
        problem = {"title": "It did not work", "detail": message, "status": status}
        return replace(json_answer(problem, status), content_type=_PROBLEM)

    def error_event(self, message: str) -> bytes:
        """Write the error event of a stream."""
        return sse({"detail": message}, "error")

    def next_fault(self, request: Request, *, used: bool) -> Fault | None:
        """Faults inside a stream wait for the stream: it is the third request of a call."""
        due = self._faults.peek(request.path)
        if due is not None and self.streams and _is_of_streams(due) and "/streams/" not in request.path:
            return None
        return super().next_fault(request, used=used)

    def _undescribed(self, request: Request) -> Complaint | None:
        if self._specification is None:
            return None
        body = {**request.body, "input": "checked by the model"}
        name = "PredictionCreateParams"
        if request.path != "/v1/predictions":
            owner, _, model = self._name(request).partition("/")
            body, name = {**body, "model_owner": owner, "model_name": model}, "ModelPredictionCreateParams"
        return self._specification.of(name).complaint(body, extensions=self.extensions)

    def _untaken(self, request: Request) -> Complaint | None:
        name = self._name(request)
        model = self.models.get(name)
        if model is None:
            return Complaint("The specified version does not exist", "version", status=422)
        if request.path != "/v1/predictions" and not model.official:
            return Complaint("The requested resource could not be found.", None, status=404)
        for key, value in request.body["input"].items():
            if key not in model.inputs:
                return Complaint(f"- input: Additional property {key} is not allowed", key, status=422)
            if not _fits(value, model.inputs[key]):
                return Complaint(f"- input.{key}: Invalid type", key, status=422)
        return None

    def _name(self, request: Request) -> str:
        """Return the model of a creation: by its path, or by its version, of which each has its own."""
        if request.path != "/v1/predictions":
            return "/".join(request.path.split("/")[3:5])
        return next((name for name in self.models if version_of(name) == request.body.get("version")), "")

    def _create(self, request: Request) -> Answer:
        name = self._name(request)
        run = self._made(name, request)
        self._runs[run.id] = run
        if request.headers.get("prefer") == "wait":
            self._end(run)
        return json_answer(self._told(run), 201)

    def _made(self, name: str, request: Request) -> _Run:
        model, body = self.models[name], request.body
        number = f"p{next(self._ids):024d}"
        if model.kind != "language":
            return _Run(number, name, body, Reply(), self._output(model, body["input"]))
        reply = self.reply_for(request, lambda: reply_to(_asked(body["input"])))
        streams = self.streams and bool(body.get("stream"))
        tokens = reply.tokens(words_in(body["input"]))
        metrics = {"input_token_count": tokens["in"], "output_token_count": tokens["out"]}
        return _Run(number, name, body, reply, list(reply.pieces), streams, metrics=metrics)

    def _output(self, model: Model, given: Mapping[str, Any]) -> Any:
        if model.kind == "transcript":
            return {"transcription": heard(self._sound(given["audio"])), "segments": []}
        if model.kind == "speech":
            self._files["speech.wav"] = wav(given["text"])
            return f"{self.url}/files/speech.wav"
        if "texts" in given:
            return [vector(text, DIMENSIONS) for text in orjson.loads(given["texts"])]
        return [{"embedding": [str(number) for number in vector(given["text"], DIMENSIONS)]}]

    def _sound(self, uri: str) -> bytes:
        if uri.startswith("data:"):
            return base64.b64decode(uri.partition(",")[2])
        return self._files[uri.rpartition("/")[2]]

    def _ask(self, request: Request) -> Answer:
        run = self._runs.get(request.path.rpartition("/")[2])
        if run is None:
            return self.error(404, "The requested resource could not be found.")
        if run.status in ("starting", "processing"):
            self._advance(run)
        return json_answer(self._told(run, without=self._without))

    def _advance(self, run: _Run) -> None:
        run.shown += 1
        run.status = "processing"
        if run.streams or not isinstance(run.output, list) or run.shown > len(run.output):
            self._end(run)

    def _end(self, run: _Run) -> None:
        run.status, run.error = self.will_end_as or ("succeeded", None)

    def _told(self, run: _Run, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        done = run.status == "succeeded"
        partly = isinstance(run.output, list) and self.models[run.model].kind == "language"
        where = f"{self.url}/v1/predictions/{run.id}"
        urls = {"get": where, "cancel": f"{where}/cancel", "web": f"https://replicate.com/p/{run.id}"}
        urls |= {"stream": f"{self.url}/streams/{run.id}"} if run.streams else {}
        bare = "usage" in run.reply.without | without
        return {
            "id": run.id,
            "model": run.model,
            "version": version_of(run.model),
            "status": run.status,
            "input": run.body["input"],
            "output": run.output if done else run.output[: run.shown] if partly and run.shown else None,
            "logs": "",
            "error": run.error,
            "metrics": {"predict_time": 0.5} | ({} if bare else run.metrics) if done else {},
            "data_removed": False,
            "created_at": CREATED,
            "urls": urls,
        }

    def _stream(self, request: Request) -> Answer:
        run = self._runs[request.path.rpartition("/")[2]]
        if request.headers.get("accept") != "text/event-stream":
            return self.error(406, "Not acceptable")
        run.reply = replace(run.reply, without=run.reply.without | self._without)
        return Answer(content_type=SSE, events=self._events(run))

    def _events(self, run: _Run) -> Iterator[bytes]:
        for place, piece in enumerate(run.reply.pieces):
            lines = b"".join(b"data: %b\n" % line.encode() for line in piece.split("\n"))
            yield b"event: output\nid: %d:0\n%b\n" % (place, lines)
        self._end(run)
        if "end" not in run.reply.without:
            yield sse({} if run.status == "succeeded" else {"reason": "error"}, "done")

    def _cancel(self, request: Request) -> Answer:
        run = self._runs[request.path.split("/")[3]]
        self.cancelled.append(run.id)
        run.status = "canceled"
        return json_answer(self._told(run))

    def _model(self, request: Request) -> Answer:
        _, _, _, owner, name, *rest = request.path.split("/")
        model = self.models.get(f"{owner}/{name}")
        version = version_of(f"{owner}/{name}")
        if model is None or (rest and rest != ["versions", version]):
            return self.error(404, "The requested resource could not be found.")
        told = {"id": version, "cog_version": "0.9", "created_at": CREATED, "openapi_schema": model.schema()}
        return json_answer(told if rest else self._described(f"{owner}/{name}", told))

    def _described(self, name: str, version: dict[str, Any]) -> dict[str, Any]:
        owner, _, short = name.partition("/")
        model = self.models[name]
        about = {
            "description": model.description or "A model.",
            "is_official": model.official,
            "run_count": 1,
        }
        return {"owner": owner, "name": short, "visibility": "public", "latest_version": version, **about}

    def _collection(self, request: Request) -> Answer:
        rows = [
            self._described(name, {"id": version_of(name), "openapi_schema": model.schema()})
            for name, model in self.models.items()
            if model.kind == "language"
        ]
        return json_answer({"name": "Language models", "slug": "language-models", "models": rows})

    def _upload(self, request: Request) -> Answer:
        (part,) = request.parts
        name = f"f{next(self._ids)}-{part.filename}"
        self._files[name] = part.data
        urls = {"get": f"{self.url}/files/{name}"}
        return json_answer({"id": name, "name": part.filename, "size": len(part.data), "urls": urls}, 201)

    def _file(self, request: Request) -> Answer:
        return Answer(body=self._files[request.path.rpartition("/")[2]], content_type="audio/wav")


def version_of(name: str) -> str:
    """Return the id of a model's only version."""
    return f"{sum(name.encode()):04x}{VERSION[4:]}"


def _is_of_streams(fault: Fault) -> bool:
    return fault.error_after is not None or bool(fault.without) or bool(fault.cut and fault.cut.after)


def _asked(given: Mapping[str, Any]) -> Asked:
    stop = given.get("stop_sequences") or ""
    limit = given.get("max_tokens", given.get("max_new_tokens"))
    return Asked(text=given["prompt"], limit=limit, stop=stop.split(",") if stop else ())


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds: Mapping[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "array": (list,),
    }
    return isinstance(value, kinds.get(str(schema.get("type")), (object,)))
