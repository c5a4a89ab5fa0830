"""Fakes of the hosted providers that speak OpenAI's dialect, each with the fields and habits of its sheet.

Source: the provider sheets of 2026-11-21, and for Together its published description. What a sheet leaves
unverified is not a rule here. What these vendors share is OpenAI's own description; a row says what a vendor
takes besides, what it refuses of it, and how it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler

from . import openai_vectors as vectors
from . import openai_vendor_rules as sheet
from .described import Body, Rule
from .openai import OpenAIUpstream

CHAT = "/v1/chat/completions"
Told = Callable[[int, str, str | None, str | None], Any]


@dataclass(frozen=True)
class Vendor:
    """What one vendor does in its own way.

    Attributes:
        base: Its path before the endpoints, where OpenAI has `/v1`.
        also: Other such paths that lead to the same.
        takes: Keys that it takes besides those of OpenAI.
        refuses: Keys of OpenAI that it does not take.
        rules: What else it refuses, by endpoint.
        error: The body of an error.
        models: What it lists, by path.
        key_status, key_message: What a wrong key is answered with.
    """

    base: str
    models: Mapping[str, Any]
    also: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    reasoning_key: str = "reasoning_content"
    quirks: frozenset[str] = frozenset()
    error: Told = sheet.openai_error
    key_status: int = 401
    key_message: str = "Incorrect API key provided."


VENDORS: Mapping[str, Vendor] = {
    "deepseek": Vendor(
        base="",
        also=("/v1", "/beta"),
        models={"/models": {"object": "list", "data": sheet.named("deepseek-v4-flash", "deepseek-v4-pro")}},
        takes=frozenset({"reasoning_content", "thinking", "user_id", "prefix"}),
        refuses=frozenset({"user", "n", "max_completion_tokens", "parallel_tool_calls"}),
        rules={CHAT: (sheet.thinks_with_its_reasoning, sheet.no_logprobs_while_thinking, sheet.alternates)},
        quirks=frozenset({"comments"}),
    ),
    "groq": Vendor(
        base="/openai/v1",
        models={"/models": {"object": "list", "data": sheet.GROQ_MODELS}},
        takes=frozenset({"reasoning_format", "include_reasoning", "top_k"}),
        refuses=frozenset({"logprobs", "top_logprobs", "logit_bias", "name", "modalities"}),
        rules={CHAT: (sheet.one_way_to_reason,), "/v1/audio/speech": (sheet.short_wav,)},
        reasoning_key="reasoning",
        quirks=frozenset({"x-groq"}),
    ),
    "openrouter": Vendor(
        base="/api/v1",
        models={
            "/models": {"data": sheet.OPENROUTER_MODELS},
            "/embeddings/models": {"data": sheet.OPENROUTER_EMBEDDINGS},
            "/key": {"data": {"label": "sk-or-v1-…", "limit": None, "usage": 0, "is_free_tier": False}},
        },
        takes=sheet.OPENROUTER_KEYS,
        rules={CHAT: (sheet.effort_or_budget, sheet.signed_reasoning)},
        reasoning_key="reasoning",
        quirks=frozenset({"comments", "reasoning-details"}),
        error=sheet.openrouter_error,
    ),
    "x": Vendor(
        base="/v1",
        models={
            "/models": {"data": sheet.named("grok-4.7")},
            "/language-models": {"models": sheet.XAI_MODELS},
            "/api-key": {"redacted_api_key": "xai-…", "name": "mine", "api_key_blocked": False},
        },
        takes=frozenset({"reasoning_content", "search_parameters", "deferred"}),
        rules={CHAT: (sheet.grok_reasons, sheet.chats)},
        error=sheet.flat_error,
        key_status=400,
    ),
    "moonshot": Vendor(
        base="/v1",
        models={"/models": {"object": "list", "data": sheet.MOONSHOT_MODELS}},
        takes=frozenset({"reasoning_content", "thinking", "partial", "video_url"}),
        rules={
            CHAT: (sheet.kimi_samples, sheet.thinks_with_its_reasoning, sheet.inline_images, sheet.few_stops)
        },
        quirks=frozenset({"usage-in-choice"}),
        error=sheet.moonshot_error,
    ),
    "siliconflow": Vendor(
        base="/v1",
        models={"/models": sheet.siliconflow_models},
        takes=sheet.SILICONFLOW_KEYS,
        refuses=frozenset({"user", "max_completion_tokens", "store"}),
        rules={CHAT: (sheet.thinks_enough, sheet.four_stops), "/v1/embeddings": (sheet.few_inputs,)},
        quirks=frozenset({"usage-on-every-chunk"}),
        error=sheet.siliconflow_error,
        key_message="Invalid token",
    ),
    "fireworks": Vendor(
        base="/inference/v1",
        models={"/models": {"object": "list", "data": sheet.FIREWORKS_MODELS}},
        takes=sheet.FIREWORKS_KEYS,
        error=sheet.fireworks_error,
    ),
}


class VendorUpstream(OpenAIUpstream):
    """A fake of one of `VENDORS`; its base is `upstream.base_url`."""

    def __init__(self, name: str, **options: Any) -> None:
        self.vendor = VENDORS[name]
        vendor = self.vendor
        super().__init__(compatible=True, reasoning_key=vendor.reasoning_key, quirks=vendor.quirks, **options)
        # Only what the vendor takes itself, not all that some compatible server takes.
        self.extensions = vendor.takes | frozenset(options.get("extensions", ()))
        self.dimensions = 1024

    @property
    def base_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.url}{self.vendor.base}"

    def routes(self) -> Mapping[str, Handler]:
        """Map OpenAI's endpoints, and the vendor's lists, below each of its paths."""
        found = {route: handler for route, handler in super().routes().items() if "/v1/models" not in route}
        found |= {f"GET /v1{path}": self._told(answer) for path, answer in self.vendor.models.items()}
        bases = (self.vendor.base, *self.vendor.also)
        return {route.replace("/v1", base, 1): each for base in bases for route, each in found.items()}

    def unauthorised(self, request: Request) -> Answer | None:
        """Return the vendor's refusal of a request without the right key."""
        if super().unauthorised(request) is None:
            return None
        return self.error(self.vendor.key_status, self.vendor.key_message, code="invalid_api_key")

    def complain(self, request: Request) -> Complaint | None:
        """Check the request as the one that OpenAI would get, then by the vendor's own rules."""
        path = self._usual(request.path)
        if request.method != "POST":
            return None
        if refused := sheet.key_of(self.fields(request), self.vendor.refuses):
            return Complaint(f"property '{refused}' is unsupported", refused)
        if path == "/v1/rerank":
            return sheet.known_rerank_keys(request.body)
        return super().complain(_at(request, path)) or self._of_the_place(request)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the rules of the dialect and the vendor's."""
        return (*super().rules(path), *self.vendor.rules.get(path, ()))

    def fields(self, request: Request) -> Any:
        """Return the body; a form as a value."""
        return super().fields(_at(request, self._usual(request.path)))

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write an error in the vendor's shape."""
        return json_answer(self.vendor.error(status, message, code, param), status)

    def error_event(self, message: str) -> bytes:
        """Write the vendor's error as an event of a stream."""
        return sse(self.vendor.error(500, message, None, None))

    def _usual(self, path: str) -> str:
        """Return the path that OpenAI has for it; a path that is one already stays."""
        bases = sorted((self.vendor.base, *self.vendor.also), key=len, reverse=True)
        base = next((each for each in bases if path.startswith(f"{each}/")), None)
        return path if base is None else f"/v1{path.removeprefix(base)}"

    def _of_the_place(self, request: Request) -> Complaint | None:
        """Refuse an answer that was begun at a place that does not go on with it."""
        last = (request.body or {}).get("messages", [{}])[-1] if isinstance(request.body, dict) else {}
        if last.get("prefix") and not request.path.startswith("/beta/"):
            return Complaint("prefix completion is a feature of /beta", "messages")
        return None

    def _told(self, answer: Any) -> Handler:
        return lambda request: json_answer(answer(request) if callable(answer) else answer)

    def _rerank(self, request: Request) -> Answer:
        told: Body = vectors.rerank(request.body)
        used = told["usage"]["total_tokens"]
        meta = {"tokens": {"input_tokens": used, "output_tokens": 0}}
        return json_answer({"id": "rerank-1", "results": told["results"], "meta": meta})


def _at(request: Request, path: str) -> Request:
    return Request(request.method, path, request.headers, request.raw)
