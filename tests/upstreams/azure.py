"""A fake of an Azure OpenAI resource, both of its APIs, with the token services beside it.

Source: the provider sheet of 2026-11-21. What a deployment answers is OpenAI's, so it is checked as there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import orjson

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler

from .conversation import text_of
from .openai import OpenAIUpstream

CLASSIC, V1 = "/openai/deployments/", "/openai/v1/"
BESIDE = {"/openai/responses": "/v1/responses", "/openai/models": "/v1/models"}
DEPLOYED = {
    "our-chat": "gpt-4.1-mini",
    "our-thinker": "gpt-5.4",
    "our-vectors": "text-embedding-3-small",
    "our-ears": "whisper-1",
    "our-voice": "tts-1",
}
RESPONSES_SINCE = "2025-03-01"
RESOURCE = "https://cognitiveservices.azure.com"
METHOD = {"tenant": "our-tenant", "client_id": "our-app", "client_secret": "our-secret"}
_SAFE = {
    name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")
}
_FILTERED = _SAFE | {"jailbreak": {"filtered": True, "detected": True}}
FORBIDDEN_WORD = "jailbreak"


class AzureUpstream(OpenAIUpstream):
    """A fake `https://<resource>.openai.azure.com`; the newer API is at `upstream.url + "/openai/v1"`.

    Attributes:
        deployments: The base model of each deployment.
        tokens: The tokens that were given and are still good.
        asked_for_tokens: The requests to the services that give them; they are not among the other requests.
    """

    request_id_header = "apim-request-id"

    def __init__(self, **options: Any) -> None:
        self.deployments = dict(DEPLOYED)
        self.tokens: set[str] = set()
        self.asked_for_tokens: list[Request] = []
        self._tokens = count(1)
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the two APIs, and the services that give tokens."""
        inner = super().routes()
        self._inner = {route.replace(" /v1/", " "): handler for route, handler in inner.items()}
        return {
            f"POST /{METHOD['tenant']}/oauth2/v2.0/token": self._entra,
            "GET /metadata/identity/oauth2/token": self._metadata,
            "GET /app/token": self._app_service,
            "POST /openai/deployments/{operation}": self._operate,
            "POST /openai/v1/{operation}": self._operate,
            "GET /openai/v1/models": inner["GET /v1/models"],
            "POST /openai/responses": self._operate,
            "GET /openai/models": inner["GET /v1/models"],
        }

    def unauthorised(self, request: Request) -> Answer | None:
        """Take the key in `api-key`, a token as a bearer, and by the newer API the key as one too."""
        if self.key is None or request.headers.get("api-key") == self.key:
            return None
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer in self.tokens or (bearer == self.key and request.path.startswith(V1)):
            return None
        return self.error(401, "Access denied due to invalid subscription key or wrong API endpoint.")

    def fields(self, request: Request) -> Any:
        """Return what was sent to the deployment, with the name of its model."""
        body = super().fields(request)
        return body if not isinstance(body, dict) else self._of_model(request, body)

    def complain(self, request: Request) -> Complaint | None:
        """Check version and deployment, then what OpenAI checks, then the content."""
        if request.method != "POST":
            return self._bad_version(request)
        return self._bad_version(request) or super().complain(self._as_openai(request)) or _harmful(request)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"error": {code, message}}`; a refusal by the filter says what it found."""
        error: dict[str, Any] = {"code": code or str(status), "message": message, "param": param}
        if code == "content_filter":
            inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": _FILTERED}
            error |= {"status": status, "innererror": inner}
        return json_answer({"error": error}, status)

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Any]:
        """Serve tokens apart from what is scripted; refuse deployments that are not there before all else."""
        if "/token" in request.path:
            self.asked_for_tokens.append(request)
            return self._answer(request), None
        if request.path.startswith(CLASSIC) and request.path.split("/")[3] not in self.deployments:
            self._arrived(request)
            said = "The API deployment for this resource does not exist."
            return self.error(404, said, code="DeploymentNotFound"), None
        return super().serve(request, used=used)

    def _operate(self, request: Request) -> Answer:
        inner = self._as_openai(request)
        operation = inner.path.removeprefix("/v1/")
        handler = self._inner.get(f"POST {operation}")
        if handler is None:
            return self.error(404, "Resource not found")
        answer = handler(inner)
        return _annotated(answer) if operation == "chat/completions" else answer

    def _as_openai(self, request: Request) -> Request:
        path = BESIDE.get(request.path) or "/v1/" + _operation(request.path)
        body = request.body
        raw = orjson.dumps(self._of_model(request, body)) if isinstance(body, dict) else request.raw
        return Request(request.method, path, request.headers, raw)

    def _of_model(self, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
        name = request.path.split("/")[3] if request.path.startswith(CLASSIC) else body.get("model")
        return {**body, "model": self.deployments.get(str(name), name)}

    def _bad_version(self, request: Request) -> Complaint | None:
        version = request.query.get("api-version")
        if request.path.startswith(V1):
            return Complaint("API version not supported", "api-version", "404", 404) if version else None
        if not request.path.startswith("/openai/"):
            return None
        since = RESPONSES_SINCE if request.path in BESIDE and "responses" in request.path else "2022"
        known = version is not None and version >= since
        return None if known else Complaint("Resource not found", None, "404", 404)

    def _entra(self, request: Request) -> Answer:
        asked = dict(parse_qsl(request.raw.decode()))
        wanted = {"grant_type": "client_credentials", "scope": f"{RESOURCE}/.default"}
        wanted |= {name: METHOD[name] for name in ("client_id", "client_secret")}
        if asked == wanted:
            return self._token({"expires_in": 3599})
        return json_answer(
            {"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"}, 401
        )

    def _metadata(self, request: Request) -> Answer:
        good = request.headers.get("metadata") == "true" and request.query.get("api-version") == "2018-02-01"
        if good and request.query.get("resource") == RESOURCE:
            return self._token({"expires_in": "86399", "resource": RESOURCE})
        return json_answer({"error": "invalid_request", "error_description": "Identity not found"}, 400)

    def _app_service(self, request: Request) -> Answer:
        good = request.headers.get("x-identity-header") == "app-secret"
        if good and request.query.get("api-version") == "2019-08-01":
            return self._token({"expires_on": "1795300000", "resource": RESOURCE})
        return json_answer({"statusCode": 401, "message": "No access"}, 401)

    def _token(self, more: Mapping[str, Any]) -> Answer:
        token = f"token-{next(self._tokens)}"
        self.tokens.add(token)
        return json_answer({"token_type": "Bearer", "access_token": token, **more})


def _operation(path: str) -> str:
    return path.removeprefix(V1) if path.startswith(V1) else path.split("/", 4)[4]


def _harmful(request: Request) -> Complaint | None:
    body = request.body
    said = [text_of(message.get("content")) for message in (body or {}).get("messages") or ()]
    if not any(FORBIDDEN_WORD in text for text in said):
        return None
    message = "The response was filtered due to the prompt triggering the content management policy."
    return Complaint(message, "prompt", "content_filter")


def _annotated(answer: Answer) -> Answer:
    """Add what the filter found: in a chunk of its own before the answer, and beside its words."""
    if answer.events is not None:
        return replace(answer, events=_annotated_events(answer.events))
    body = orjson.loads(answer.body)
    body["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    for choice in body["choices"]:
        choice["content_filter_results"] = _SAFE
    return json_answer(body)


def _annotated_events(events: Any) -> Iterator[bytes]:
    found = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    yield sse(
        {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": found}
    )
    for event in events:
        if b'"finish_reason":"' in event:
            # What was said is judged later than it is sent: a choice without a delta.
            choice = {"index": 0, "finish_reason": None, "content_filter_results": _SAFE}
            yield sse({"choices": [choice], "id": "", "model": "", "object": ""})
        yield event
