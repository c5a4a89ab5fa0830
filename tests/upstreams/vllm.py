"""A fake of a vLLM server, of an older one, and of SGLang.

Source: the provider sheet of 2026-11-21. What it leaves unverified is not a rule here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer

from . import openai_vectors as vectors
from .described import Body, Rule
from .openai import OpenAIUpstream

CONTEXT = 32768
SAMPLING = {"top_k", "min_p", "repetition_penalty", "min_tokens", "stop_token_ids", "ignore_eos", "priority"}
TEMPLATE = {"chat_template_kwargs", "continue_final_message", "add_special_tokens", "add_generation_prompt"}
CONSTRAINTS: Mapping[str, frozenset[str]] = {
    "vllm": frozenset({"structured_outputs", "json", "regex", "choice", "grammar"}),
    "guided": frozenset({"guided_json", "guided_regex", "guided_choice", "guided_grammar"}),
    "sglang": frozenset({"regex", "ebnf"}),
}
TEMPLATE_NAMES = {"enable_thinking", "thinking"}
RERANK_KEYS = frozenset({"model", "query", "documents", "top_n", "truncate_prompt_tokens"})


def known_rerank_keys(body: Body) -> Complaint | None:
    """Rerank is described by the sheet alone."""
    unknown = sorted(body.keys() - RERANK_KEYS)
    return Complaint(f"Unknown parameter: '{unknown[0]}'", unknown[0]) if unknown else None


def within_the_context(body: Body) -> Complaint | None:
    """An answer cannot be longer than the context."""
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or 0
    message = f"This model's maximum context length is {CONTEXT} tokens. However, you requested {asked}."
    return Complaint(message, "max_tokens") if asked > CONTEXT else None


def full_dimensions(body: Body) -> Complaint | None:
    """Only Matryoshka models can be shortened."""
    if body.get("dimensions") is None:
        return None
    message = f'Model "{body["model"]}" does not support matryoshka representation'
    return Complaint(message, "dimensions")


class VLLMUpstream(OpenAIUpstream):
    """A fake `http://localhost:8000`.

    Args:
        server: `vllm`, `guided` (before `structured_outputs`), or `sglang`.
        tool_parser: Whether it was started so that the model may choose to call tools.
    """

    def __init__(self, *, server: str = "vllm", tool_parser: bool = True, **options: Any) -> None:
        self.server, self.tool_parser = server, tool_parser
        extensions = SAMPLING | TEMPLATE | TEMPLATE_NAMES | CONSTRAINTS[server]
        key = "reasoning" if server == "vllm" else "reasoning_content"
        super().__init__(compatible=True, extensions=extensions, reasoning_key=key, **options)
        self.models = ("served", "served-lora", "embed", "rank", "whisper")
        self.dimensions = 1024

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        own: Mapping[str, Sequence[Rule]] = {
            "/v1/chat/completions": (self._may_choose, within_the_context),
            "/v1/embeddings": (full_dimensions,),
            "/v1/rerank": (known_rerank_keys,),
        }
        # A picture is embedded as a conversation, in place of `input`.
        shared = () if path == "/v1/embeddings" else super().rules(path)
        return (*shared, self._is_served, *own.get(path, ()))

    def complain(self, request: Request) -> Complaint | None:
        """Check all but the embedding of a conversation, which OpenAI's description does not know."""
        if request.path == "/v1/embeddings" and isinstance(request.body, dict) and "messages" in request.body:
            return self._is_served(request.body)
        return super().complain(request)

    def unauthorised(self, request: Request) -> Answer | None:
        """Return `{"error": "Unauthorized"}` for a request without the right key."""
        refused = super().unauthorised(request)
        return json_answer({"error": "Unauthorized"}, 401) if refused else None

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write the newer or the older shape of an error."""
        kinds = {400: "BadRequestError", 404: "NotFoundError"}
        kind = kinds.get(status, "InternalServerError")
        told: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": status}
        return json_answer(
            {"object": "error", **told} if self.server == "guided" else {"error": told}, status
        )

    def _is_served(self, body: Body) -> Complaint | None:
        name = body.get("model")
        return (
            None
            if name in self.models
            else Complaint(f"The model `{name}` does not exist.", "model", status=404)
        )

    def _may_choose(self, body: Body) -> Complaint | None:
        if self.tool_parser or not body.get("tools") or body.get("tool_choice", "auto") != "auto":
            return None
        return Complaint(
            '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
        )

    def _embed(self, request: Request) -> Answer:
        if "messages" not in request.body:
            return super()._embed(request)
        shown = str(request.body["messages"])
        return json_answer(vectors.embeddings({**request.body, "input": shown}, self.dimensions))

    def _list(self, request: Request) -> Answer:
        entry = {"object": "model", "created": 1, "owned_by": "vllm", "root": "org/model", "parent": None}
        entry |= {"max_model_len": CONTEXT, "permission": [{"id": "modelperm-1"}]}
        return json_answer({"object": "list", "data": [{"id": name, **entry} for name in self.models]})
