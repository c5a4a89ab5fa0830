"""A fake of OpenLLM up to 0.5: one model, its own API. Later servers are vLLM behind OpenAI's dialect.

Source: the provider sheet of 2026-11-21, which was read from `openllm-client` 0.5.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Reply, Request, json_answer, sse
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler

from .conversation import Asked, reply_to, words_in
from .described import Body, DescribedUpstream, Rule, required
from .made_up import vector

DIMENSIONS = 40
_KEYS = frozenset({"prompt", "stop", "llm_config"})
_SAMPLING = "temperature top_k top_p typical_p epsilon_cutoff eta_cutoff use_cache ignore_eos n"
_LENGTHS = "max_new_tokens min_length early_stopping length_penalty no_repeat_ngram_size skip_special_tokens"
_PENALTIES = (
    "repetition_penalty encoder_repetition_penalty presence_penalty frequency_penalty diversity_penalty"
)
_SEARCH = "num_beams num_beam_groups use_beam_search renormalize_logits remove_invalid_values"
_REPORTS = "num_return_sequences output_attentions output_hidden_states output_scores"
_CONFIG = frozenset(" ".join((_SAMPLING, _LENGTHS, _PENALTIES, _SEARCH, _REPORTS)).split())


class LegacyOpenLLMUpstream(DescribedUpstream):
    """A fake server of 0.5; the base of a client is `upstream.url`. It asks for a key if a test gives one."""

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints; there is no list of models."""
        return {
            "POST /v1/generate": self._generate,
            "POST /v1/generate_stream": self._stream,
            "POST /v1/embeddings": self._embed,
            "GET /v1/metadata": lambda request: json_answer(
                {"model_id": "facebook/opt-1.3b", "backend": "vllm"}
            ),
        }

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (required("prompt"), _known_keys)

    def complain(self, request: Request) -> Complaint | None:
        """Check a list of texts; everything else as usual."""
        if request.path != "/v1/embeddings":
            return super().complain(request)
        texts = request.body
        if isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts):
            return None
        return Complaint("The body must be a list of strings.", None)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"msg": text}`."""
        return json_answer({"msg": message}, status)

    def error_event(self, message: str) -> bytes:
        """Write the same as an event of a stream."""
        return sse({"msg": message})

    def _generate(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(_asked(request.body)))
        tokens = reply.tokens(words_in(request.body["prompt"]))
        said = _output(reply.text, tokens["out"], reply.finish_reason or "stop")
        return json_answer(_answer(request.body, tokens["in"], said, finished=True))

    def _stream(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(_asked(request.body)))
        return Answer(content_type=SSE, events=_events(request.body, reply))

    def _embed(self, request: Request) -> Answer:
        vectors = [vector(text, DIMENSIONS) for text in request.body]
        return json_answer([{"embeddings": vectors, "num_tokens": words_in(request.body)}])


def _events(body: Body, reply: Reply) -> Iterator[bytes]:
    tokens = reply.tokens(words_in(body["prompt"]))
    bare = "usage" in reply.without
    prompt, left = 0 if bare else tokens["in"], 0 if bare else tokens["out"]
    for piece in reply.pieces:
        yield sse(_answer(body, prompt, _output(piece, min(left, 1), None), finished=False))
        left -= min(left, 1)
    if "end" in reply.without:
        return
    yield sse(_answer(body, prompt, _output("", left, reply.finish_reason or "stop"), finished=True))
    yield sse("[DONE]")


def _answer(body: Body, prompt: int, output: dict[str, Any], *, finished: bool) -> dict[str, Any]:
    ids = list(range(prompt))
    told = {"prompt": body["prompt"], "prompt_token_ids": ids, "request_id": "openllm-1"}
    return told | {"finished": finished, "outputs": [output]}


def _output(text: str, tokens: int, reason: str | None) -> dict[str, Any]:
    ids = list(range(tokens))
    return {"index": 0, "text": text, "token_ids": ids, "finish_reason": reason, "cumulative_logprob": 0.0}


def _asked(body: Body) -> Asked:
    limit = (body.get("llm_config") or {}).get("max_new_tokens")
    return Asked(text=body["prompt"].rpartition("\n")[2], limit=limit, stop=body.get("stop") or ())


def _known_keys(body: Body) -> Complaint | None:
    config = body.get("llm_config") or {}
    unknown = next((name for name in [*(body.keys() - _KEYS), *(config.keys() - _CONFIG)]), None)
    return Complaint(f"Unknown parameter: '{unknown}'.", unknown) if unknown else None
