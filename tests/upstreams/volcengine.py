"""A fake of Volcengine Ark: OpenAI's dialect below `/api/v3`, and the control plane that gives keys.

Source: the provider sheet of 2026-11-21; chat is checked against OpenAI's published description.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.upstream import Handler

from .described import Body, Rule, required
from .openai import OpenAIUpstream

ENDPOINT = "ep-20260101-abcde"
KNOWN = (ENDPOINT, "doubao-seed-2-1-pro-260915", "doubao-embedding-large-text-250515")
ACCESS_KEY = "AKLTexample"
_CHAT = "/api/v3/chat/completions"


class ArkUpstream(OpenAIUpstream):
    """A fake `https://ark.cn-beijing.volces.com`; its `base_url` is `upstream.url + "/api/v3"`.

    Attributes:
        keys: The temporary keys that were given and are still good.
        asked_for_keys: The requests for them; they are not among the other requests.
    """

    schemas: ClassVar[Mapping[str, str]] = {_CHAT: "CreateChatCompletionRequest"}
    request_id_header = "x-request-id"

    def __init__(self, **options: Any) -> None:
        self.keys: set[str] = set()
        self.asked_for_keys: list[Request] = []
        self._given = count(1)
        super().__init__(compatible=True, extensions=("thinking", "caching"), **options)

    @property
    def base_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.url}/api/v3"

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        inner = super().routes()
        return {
            f"POST {_CHAT}": inner["POST /v1/chat/completions"],
            "POST /api/v3/embeddings": inner["POST /v1/embeddings"],
        }

    def unauthorised(self, request: Request) -> Answer | None:
        """Take the API key, and temporary ones."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer == self.key or bearer in self.keys:
            return None
        return self.error(401, "The API key doesn't exist.", code="AuthenticationError")

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (required("model"), _known, _one_limit)

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Any]:
        """Serve keys apart from what is scripted."""
        if request.query.get("Action") == "GetApiKey":
            self.asked_for_keys.append(request)
            return self._key_for(request), None
        return super().serve(request, used=used)

    def _key_for(self, request: Request) -> Answer:
        signed = request.headers.get("authorization", "")
        digest = hashlib.sha256(request.raw).hexdigest()
        good = signed.startswith(f"HMAC-SHA256 Credential={ACCESS_KEY}/")
        if not good or request.headers.get("x-content-sha256") != digest:
            error = {"Code": "SignatureDoesNotMatch", "Message": "The signature is not the one we made."}
            return json_answer({"ResponseMetadata": {"Error": error}}, 403)
        key = f"temporary-{next(self._given)}"
        self.keys.add(key)
        return json_answer({"ResponseMetadata": {}, "Result": {"ApiKey": key, "ExpiredTime": 4_000_000_000}})


def _known(body: Body) -> Complaint | None:
    """Endpoints and full names are known, names of families are not."""
    if body["model"] in KNOWN:
        return None
    said = f"The model or endpoint {body['model']} does not exist or you do not have access to it."
    return Complaint(said, "model", "InvalidEndpointOrModel.NotFound", 404)


def _one_limit(body: Body) -> Complaint | None:
    """The limit of the answer, and that of answer and thoughts, exclude each other."""
    if body.get("max_tokens") is None or body.get("max_completion_tokens") is None:
        return None
    return Complaint("max_tokens and max_completion_tokens exclude each other", "max_tokens")
