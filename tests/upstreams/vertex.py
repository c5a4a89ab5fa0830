"""A fake of Vertex AI: Google's models, Claude and Mistral by publisher, open models, and Google's tokens.

Source: the discovery document of revision 20261106, and the provider sheet of 2026-11-21. What other
publishers take is checked by the fakes of those families.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.describe import Specification
from modelbay.sdk.testing.faults import Fault
from modelbay.sdk.testing.upstream import Handler

from . import gemini_content as content
from .anthropic import AnthropicUpstream
from .conversation import reply_to, words_in
from .described import SPECS, Body, DescribedUpstream
from .gemini import error_body
from .gemini_rules import rules
from .made_up import vector
from .openai import OpenAIUpstream

PROJECT = "my-project"
CLAUDE_VERSION = "vertex-2023-10-16"
_PREFIX = "GoogleCloudAiplatformV1"
_FILE = "vertex-aiplatform-v1.discovery.json"
_PATH = re.compile(
    r"/v1/projects/([^/]+)/locations/([^/]+)/"
    r"(?:publishers/([^/]+)/models/(.+):(\w+)|endpoints/openapi/(.+))"
)
_ID = re.compile(r"[a-zA-Z0-9]{9}")
_TYPES = {
    "generateContent": "GenerateContentRequest",
    "streamGenerateContent": "GenerateContentRequest",
    "countTokens": "CountTokensRequest",
    "embedContent": "EmbedContentRequest",
    "predict": "PredictRequest",
}
_TOKEN_URI = "https://oauth2.googleapis.com/token"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
MOST_TEXTS = 250


def key_file(upstream: VertexUpstream, private_key: str) -> str:
    """Return a service account's key file whose tokens this fake gives, as base64."""
    said = {
        "type": "service_account",
        "private_key_id": "key-1",
        "private_key": private_key,
        "client_email": "caller@my-project.iam.gserviceaccount.com",
        "token_uri": f"{upstream.url}/token",
    }
    return base64.b64encode(orjson.dumps(said)).decode()


class VertexUpstream(DescribedUpstream):
    """A fake `https://aiplatform.googleapis.com` and of the server that gives tokens, at /token.

    `tokens` counts the tokens given; those before `oldest` are refused. `call_ids`: see the fake of Gemini.
    """

    file = _FILE
    known_extensions: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **options: Any) -> None:
        self.tokens = 0
        self.oldest = 1
        self.lifetime = 3599
        self.call_ids = False
        self._ids = count(1)
        self._messages = AnthropicUpstream(key=None)
        self._compatible = OpenAIUpstream(key=None, compatible=True)
        super().__init__(**options)
        self._specification = _discovery()
        self.described = self._specification is not None

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints; publisher, model and verb stand in the path."""
        return {"POST /v1/projects/{place}": self._do}

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Answer; tokens are given apart, so that faults and scripts are those of the models."""
        if request.path == "/token":
            return self._token(request), None
        return super().serve(request, used=used)

    def unauthorised(self, request: Request) -> Answer | None:
        """Ask for a token that this fake has given and still takes."""
        if self.key is None:
            return None
        name, _, number = request.headers.get("authorization", "").removeprefix("Bearer ").rpartition("-")
        if name == "token" and number.isdigit() and self.oldest <= int(number) <= self.tokens:
            return None
        return self.error(401, "Request had invalid authentication credentials.")

    def complain(self, request: Request) -> Complaint | None:
        """Check the body as its publisher does."""
        found = _PATH.fullmatch(request.path)
        body = request.body
        if found is None or found[1] != PROJECT or not isinstance(body, dict):
            return Complaint("The path, the project or the body is not valid.", None, None, 404)
        publisher, model, verb = found[3], found[4], found[5]
        if publisher == "google":
            return self._complain_of_google(model, verb, body)
        if publisher == "anthropic":
            return self._complain_of_claude(model, verb, body)
        return self._complain_of_open(publisher, model, verb, request)

    def _complain_of_google(self, model: str, verb: str, body: Body) -> Complaint | None:
        if verb not in _TYPES:
            return Complaint(f"There is no method {verb}.", None, None, 404)
        if self._specification is not None:
            complaint = self._specification.of(_PREFIX + _TYPES[verb]).complaint(body)
            if complaint is not None:
                return complaint
        if verb in {"predict", "embedContent"}:
            return _complain_of_instances(model, body)
        return next(filter(None, (rule(body) for rule in rules(verb, model))), None)

    def _complain_of_claude(self, model: str, verb: str, body: Body) -> Complaint | None:
        streamed = body.get("stream") is True
        if verb != ("streamRawPredict" if streamed else "rawPredict"):
            return Complaint(f"{verb} does not go with stream: {streamed}", "stream")
        if body.get("anthropic_version") != CLAUDE_VERSION:
            return Complaint(f"anthropic_version: must be {CLAUDE_VERSION}", "anthropic_version")
        counts = model == "count-tokens"
        if ("model" in body) != counts:
            return Complaint("model: the address names it", "model")
        own = {name: value for name, value in body.items() if name != "anthropic_version"}
        path = "/v1/messages/count_tokens" if counts else "/v1/messages"
        return self._messages.complain(
            _at(path, own if counts else {"model": model.partition("@")[0], **own})
        )

    def _complain_of_open(
        self, publisher: str | None, model: str, verb: str, request: Request
    ) -> Complaint | None:
        body = request.body
        complaint = self._compatible.complain(_at("/v1/chat/completions", body))
        if complaint is not None or publisher is None:
            return complaint
        if verb != ("streamRawPredict" if body.get("stream") else "rawPredict"):
            return Complaint(f"{verb} does not go with stream", "stream")
        for name in ("stream_options", "user", "seed", "max_completion_tokens"):
            if name in body:
                return Complaint(f"Extra inputs are not permitted: {name}", name, None, 422)
        ids = [call["id"] for message in body["messages"] for call in message.get("tool_calls") or ()]
        if not all(map(_ID.fullmatch, ids)):
            return Complaint("Tool call id must be a-z, A-Z, 0-9, with a length of 9.", "messages")
        return None

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write an error."""
        return json_answer(error_body(status, message), status)

    def error_event(self, message: str) -> bytes:
        """Write the error of a stream: a name and a type for Claude's readers, which others leave unread."""
        return sse({"type": "error", **error_body(503, message)}, "error")

    def _token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.raw.decode()).items()}
        header, claims, _ = form.get("assertion", "..").split(".")
        said = orjson.loads(_decoded(claims) or b"{}")
        good = form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        good = good and said.get("aud") in {f"{self.url}/token", _TOKEN_URI} and said.get("scope") == _SCOPE
        good = good and orjson.loads(_decoded(header)) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
        if not good or said["exp"] - said["iat"] > 3600 or self.key != said["iss"].partition("@")[0]:
            return json_answer({"error": "invalid_grant", "error_description": "Invalid JWT."}, 400)
        self.tokens += 1
        token = {"access_token": f"token-{self.tokens}", "expires_in": self.lifetime, "token_type": "Bearer"}
        return json_answer(token)

    def _do(self, request: Request) -> Answer:
        found = _PATH.fullmatch(request.path)
        assert found is not None
        publisher, model, verb = found[3], found[4], found[5]
        if publisher == "google":
            return self._google(request, model, verb)
        dialect: Any = self._messages if publisher == "anthropic" else self._compatible
        body = dict(request.body)
        body.pop("anthropic_version", None)
        path = "/v1/chat/completions"
        if publisher == "mistralai" and body.get("stream"):
            body["stream_options"] = {"include_usage": True}  # Mistral tells it unasked
        if publisher == "anthropic":
            path = "/v1/messages/count_tokens" if model == "count-tokens" else "/v1/messages"
            body = {"model": model.partition("@")[0], **body}
        dialect.reply_for = lambda asked, own: self.reply_for(request, own)
        answer: Answer = dialect.routes()[f"POST {path}"](_at(path, body))
        return replace(answer, headers={})

    def _google(self, request: Request, model: str, verb: str) -> Answer:
        body = request.body
        if verb == "countTokens":
            return json_answer({"totalTokens": words_in(body["contents"])})
        if verb == "embedContent":
            size = (body.get("embedContentConfig") or {}).get("outputDimensionality") or 3072
            tokens = {"usageMetadata": {"promptTokenCount": words_in(body["content"])}}
            return json_answer(
                {"embedding": {"values": vector(str(body["content"]["parts"]), size)}, **tokens}
            )
        if verb == "predict":
            return json_answer({"predictions": [_prediction(each, body) for each in body["instances"]]})
        if verb == "streamGenerateContent" and request.query.get("alt") != "sse":
            return self.error(400, "this fake streams with alt=sse only")
        reply = self.reply_for(request, lambda: reply_to(content.asked(body)))
        streamed, name = verb == "streamGenerateContent", f"response{next(self._ids)}"
        return content.answer(body, reply, name, streamed=streamed, model=model, ids=self.call_ids)


def _complain_of_instances(model: str, body: Body) -> Complaint | None:
    instances = body.get("instances") or (() if "instances" in body else (body,))
    most = 1 if model.startswith(("gemini-", "multimodal")) else MOST_TEXTS
    if not 0 < len(instances) <= most:
        return Complaint(f"{len(instances)} instance(s) is not in the range of 1 to {most}", "instances")
    known = {"content", "task_type", "title", "embedContentConfig"}
    known = {"text", "image", "video"} if model.startswith("multimodal") else known
    unknown = {name for each in instances for name in each} - known
    return Complaint(f"Unknown name {min(unknown)!r}", min(unknown)) if unknown else None


def _prediction(instance: Body, body: Body) -> dict[str, Any]:
    parameters = body.get("parameters") or {}
    if "content" not in instance:
        kind = "textEmbedding" if "text" in instance else "imageEmbedding"
        return {kind: vector(str(instance), parameters.get("dimension") or 1408)}
    statistics = {"token_count": words_in(instance["content"]), "truncated": False}
    values = vector(instance["content"], parameters.get("outputDimensionality") or 768)
    return {"embeddings": {"values": values, "statistics": statistics}}


def _at(path: str, body: Any) -> Request:
    """Return a request as the fake of another family would see it."""
    return Request("POST", path, {"anthropic-version": "2023-06-01"}, orjson.dumps(body))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def _discovery() -> Specification | None:
    """Read the discovery document as JSON Schema: it names references and formats in its own way."""
    try:
        import jsonschema  # noqa: F401 - only asked whether it is there
    except ImportError:
        return None
    if not (SPECS / _FILE).is_file():
        return None
    schemas = orjson.loads((SPECS / _FILE).read_bytes())["schemas"]
    return Specification({"components": {"schemas": {name: _schema(each) for name, each in schemas.items()}}})


def _schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and isinstance(node["$ref"], str):
        return {"$ref": f"#/components/schemas/{node['$ref']}"}
    if node.get("type") == "any":
        return {}
    kept = ("type", "items", "enum", "additionalProperties")
    schema = {name: _schema(node[name]) for name in kept if name in node}
    if isinstance(node.get("properties"), dict):
        schema["properties"] = {name: _schema(each) for name, each in node["properties"].items()}
    return schema
