"""A fake of Baidu Qianfan: the second version in OpenAI's dialect, the first, and where tokens are given.

Source: the provider sheet of 2026-11-21.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from modelbay.sdk.testing import Answer, Complaint, Reply, Request, json_answer, sse
from modelbay.sdk.testing.faults import Fault
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler

from . import openai_vectors as vectors
from .conversation import Asked, reply_to, words_in
from .described import Body, Rule, required
from .openai import OpenAIUpstream
from .openai_rules import answered_tools, some_messages

KEY = "bce-v3/ALTAK-test/0123456789"
CLIENT, SECRET = "an-old-api-key", "an-old-secret"
ACCESS_KEY, ACCESS_SECRET = "ALTAKtest", "a-secret-access-key"
TOKENS = ("/oauth/2.0/token", "/v1/BCE-BEARER/token")
V1 = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
CODES_V1 = {400: 336003, 401: 110, 403: 6, 404: 3, 422: 336003, 429: 18}
CODES_V2 = {400: "invalid_argument", 401: "invalid_iam_token", 429: "rpm_rate_limit_exceeded"}
LIMITS = {"embedding-v1": 16, "bge-large-zh": 16, "bge-large-en": 16, "tao-8k": 1}


class WenxinUpstream(OpenAIUpstream):
    """A fake of `qianfan.baidubce.com`, `aip.baidubce.com` and `iam.bj.baidubce.com` in one."""

    schemas: Mapping[str, str] = {}  # type: ignore[misc]  # its own sheet, not OpenAI's description

    def __init__(self, **options: Any) -> None:
        options.setdefault("key", KEY)
        self.given = 0  # tokens
        self.asked: list[Request] = []  # for tokens; kept apart, as no fault is meant for them
        self._first = False  # whether the request at hand is for the first version
        super().__init__(compatible=True, **options)
        self.models = ("ernie-5.1", "ernie-4.5-turbo-128k")

    @property
    def base_url(self) -> str:
        """What a client of the second version is given as its base."""
        return f"{self.url}/v2"

    @property
    def first_url(self) -> str:
        """What a client of the first version is given as its base."""
        return f"{self.url}{V1}"

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return dict(super().routes()) | {
            "POST /first/chat/{model}": self._old_chat,
            "POST /first/embeddings/{model}": lambda request: json_answer(_embedded(request.body)),
            "POST /first/reranker/{model}": lambda request: json_answer(_ranked(request)),
        }

    def serve(self, request: Request, *, used: bool) -> tuple[Answer, Fault | None]:
        """Serve the second version under the paths of OpenAI's dialect, the first under `/first`."""
        if request.path in TOKENS:
            self.asked.append(request)
            return self._token(request), None
        self._first = request.path.startswith(V1)
        if self._first:
            request.path = "/first" + request.path.removeprefix(V1)
        elif request.path.startswith("/v2/"):
            request.path = "/v1/" + request.path.removeprefix("/v2/")
        else:
            request.path = f"/elsewhere{request.path}"
        return super().serve(request, used=used)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return RULES.get("/".join(path.split("/")[:3]) if self._first else path, ())

    def unauthorised(self, request: Request) -> Answer | None:
        """Ask for a key or a token that was given here."""
        if self._first:
            good = request.query.get("access_token", "").startswith("24.token-")
            return None if good else self.error(401, "Access token invalid or no longer valid")
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if given == self.key or given.startswith("bce-v3/temporary-"):
            return None
        return self.error(401, "the iam token is invalid", code="invalid_iam_token")

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{error_code, error_msg}` with status 200 in the first version, else an error object."""
        if self._first:
            return json_answer({"error_code": CODES_V1.get(status, 1), "error_msg": message, "id": "as-1"})
        found = {"code": CODES_V2.get(status, "internal_error"), "message": message, "type": "error"}
        return json_answer({"error": found, "id": "as-1"}, status)

    def error_event(self, message: str) -> bytes:
        """Write an error as an event of a stream."""
        if self._first:
            return sse({"error_code": 1, "error_msg": message})
        return sse({"error": {"code": "internal_error", "message": message, "type": "error"}})

    def _failing(self, request: Request, fault: Fault) -> Answer:
        """Fail as told; what stands before the service has statuses in the first version too."""
        answer = super()._failing(request, fault)
        return replace(answer, status=fault.status) if fault.status else answer

    def _old_chat(self, request: Request) -> Answer:
        body = request.body
        reply = self.reply_for(request, lambda: reply_to(_asked(body)))
        used = reply.tokens(words_in(body["messages"]))
        if body.get("stream"):
            return Answer(content_type=SSE, events=_old_stream(reply, used))
        return json_answer(_old_event(reply, reply.text, used, last=True, place=0))

    def _token(self, request: Request) -> Answer:
        return self._oauth_token(request.query) if request.method == "POST" else self._bearer_token(request)

    def _oauth_token(self, asked: Mapping[str, str]) -> Answer:
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT, SECRET):
            return json_answer({"error": "invalid_client", "error_description": "unknown client id"}, 401)
        self.given += 1
        return json_answer({"access_token": f"24.token-{self.given}", "expires_in": 2_592_000})

    def _bearer_token(self, request: Request) -> Answer:
        if not _is_signed(request):
            return json_answer({"code": "SignatureDoesNotMatch", "message": "the signature is wrong"}, 403)
        self.given += 1
        return json_answer({"token": f"bce-v3/temporary-{self.given}", "status": "enable"})


def _is_signed(request: Request) -> bool:
    prefix, _, rest = request.headers.get("authorization", "").partition("/host;x-bce-date/")
    version, access_key, date, _ = (*prefix.split("/"), "", "", "", "")[:4]
    host, told = (
        quote(request.headers["host"], safe=""),
        quote(request.headers.get("x-bce-date", ""), safe=""),
    )
    query = "&".join(sorted(f"{name}={quote(value)}" for name, value in request.query.items()))
    canonical = f"GET\n{request.path}\n{query}\nhost:{host}\nx-bce-date:{told}"
    right = _hex(_hex(ACCESS_SECRET, prefix), canonical)
    same = date == request.headers.get("x-bce-date")
    return (version, access_key, rest) == ("bce-auth-v1", ACCESS_KEY, right) and same


def _hex(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _asked(body: Body) -> Asked:
    last = body["messages"][-1]
    tools = {function["name"]: function.get("parameters") for function in body.get("functions") or ()}
    result = last["content"] if last["role"] == "function" else None
    return Asked(text=last["content"], tools=tools, tool_result=result, limit=body.get("max_output_tokens"))


def _old_stream(reply: Reply, used: dict[str, int]) -> Iterator[bytes]:
    for place, piece in enumerate(reply.pieces):
        yield sse(_old_event(reply, piece, used, last=False, place=place))
    if "end" not in reply.without:
        yield sse(_old_event(reply, "", used, last=True, place=len(reply.pieces)))


def _old_event(reply: Reply, text: str, used: dict[str, int], *, last: bool, place: int) -> dict[str, Any]:
    event: dict[str, Any] = {"id": "as-1", "object": "chat.completion", "sentence_id": place, "result": text}
    event |= {"is_end": last, "is_truncated": False, "need_clear_history": False}
    if last:
        event["finish_reason"] = reply.finish_reason or ("function_call" if reply.tool_calls else "normal")
    if last and reply.tool_calls:
        call = reply.tool_calls[0]
        event["function_call"] = {"name": call.name, "arguments": call.arguments}
    if "usage" not in reply.without:
        counts = {"prompt_tokens": used["in"], "completion_tokens": used["out"]}
        event["usage"] = counts | {"total_tokens": used["in"] + used["out"]}
    return event


def _embedded(body: Body) -> dict[str, Any]:
    return vectors.embeddings({"model": "v1", **body}, 1024)


def _ranked(request: Request) -> dict[str, Any]:
    answer = vectors.rerank({"model": "v1", **request.body})
    documents = request.body["documents"]
    rows = [row | {"document": documents[row["index"]]} for row in answer["results"]]
    return answer | {"results": rows}


def _bad(message: str, param: str) -> Complaint:
    return Complaint(message, param, "invalid_argument")


def _good_temperature(body: Body) -> Complaint | None:
    """The temperature is above 0 and at most 1."""
    value = body.get("temperature")
    return None if value is None or 0 < value <= 1 else _bad("temperature must be in (0, 1.0]", "temperature")


def _alternating(body: Body) -> Complaint | None:
    """Users do not speak twice in a row, instructions come first, and the model is not the last to speak."""
    roles = [message["role"] for message in body["messages"]]
    pairs = pairwise(roles)
    if any(one == other == "user" for one, other in pairs) or roles[-1] not in {"user", "tool", "function"}:
        return _bad("messages: user and assistant must alternate", "messages")
    return _bad("messages: system must be first", "messages") if "system" in roles[1:] else None


def _old_roles(body: Body) -> Complaint | None:
    """Instructions have a field of their own in the first version."""
    roles = {message["role"] for message in body["messages"]}
    return None if roles <= {"user", "assistant", "function"} else _bad("messages: unknown role", "messages")


def _few_texts(body: Body) -> Complaint | None:
    """Each model takes so many texts at once."""
    most = LIMITS.get(body.get("model", ""), 16)
    return _bad(f"input: at most {most} texts", "input") if len(body["input"]) > most else None


RULES: Mapping[str, Sequence[Rule]] = {
    "/v1/chat/completions": (
        *(required("model", "messages"), some_messages, answered_tools, _good_temperature, _alternating),
    ),
    "/v1/embeddings": (required("model", "input"), _few_texts),
    "/v1/rerank": (required("model", "query", "documents"),),
    "/first/chat": (required("messages"), some_messages, _good_temperature, _alternating, _old_roles),
    "/first/embeddings": (required("input"), _few_texts),
    "/first/reranker": (required("query", "documents"),),
}
