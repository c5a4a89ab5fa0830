"""A fake of OpenAI's API and of servers compatible with it.

Source: the published OpenAPI file (2026-08-21), and what is known of the service beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer, sse
from modelbay.sdk.testing.upstream import Handler

from . import openai_audio as audio
from . import openai_chat as chat
from . import openai_responses as responses
from . import openai_rules as sheet
from . import openai_vectors as vectors
from .conversation import reply_to, words_in
from .described import Body, DescribedUpstream, Rule
from .openai_chat import Style

COMPATIBLE_KEYS = frozenset(
    {
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "top_k",
        "min_p",
        "repetition_penalty",
        "chat_template_kwargs",
        "thinking",
        "enable_thinking",
        "reasoning_format",
        "web_search",
    }
)
MODELS = (
    "gpt-4.1-mini",
    "gpt-4o",
    "gpt-5.4",
    "o3",
    "text-embedding-3-small",
    "omni-moderation-latest",
    "tts-1",
)


class OpenAIUpstream(DescribedUpstream):
    """A fake `https://api.openai.com`; its `base_url` is `upstream.url + "/v1"`.

    Args:
        compatible: Only speak the dialect: no rules about OpenAI's models; extra keys, rerank.
        reasoning_key: The key in which reasoning comes on chat completions.
        quirks: Habits of other servers; see `openai_chat.QUIRKS`.
    """

    file = "openai.openapi.json"
    schemas: ClassVar[Mapping[str, str]] = {
        "/v1/chat/completions": "CreateChatCompletionRequest",
        "/v1/completions": "CreateCompletionRequest",
        "/v1/responses": "CreateResponse",
        "/v1/responses/input_tokens": "TokenCountsBody",
        "/v1/embeddings": "CreateEmbeddingRequest",
        "/v1/moderations": "CreateModerationRequest",
        "/v1/audio/speech": "CreateSpeechRequest",
        "/v1/audio/transcriptions": "CreateTranscriptionRequest",
        "/v1/audio/translations": "CreateTranslationRequest",
    }
    request_id_header = "x-request-id"

    def __init__(
        self,
        *,
        compatible: bool = False,
        extensions: Iterable[str] = (),
        reasoning_key: str = "reasoning_content",
        quirks: Iterable[str] = (),
        **options: Any,
    ) -> None:
        self.compatible = compatible
        self.models: Sequence[str] = MODELS
        self.dimensions: int | None = None  # of every vector; None: as the model's
        self.transcript: str | None = None  # what is heard; None: what the sound carries
        self.style = Style(reasoning_key, frozenset(quirks))
        self._ids = count(1)
        super().__init__(extensions={*extensions, *(COMPATIBLE_KEYS if compatible else ())}, **options)

    @property
    def base_url(self) -> str:
        """What a client is given as its base."""
        return f"{self.url}/v1"

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            "POST /v1/chat/completions": self._chat,
            "POST /v1/completions": self._completion,
            "POST /v1/responses": self._response,
            "POST /v1/responses/input_tokens": self._input_tokens,
            "POST /v1/embeddings": self._embed,
            "POST /v1/moderations": lambda request: json_answer(vectors.moderation(request.body)),
            "POST /v1/audio/speech": lambda request: audio.speech(request.body),
            "POST /v1/audio/transcriptions": self._transcribe,
            "POST /v1/audio/translations": self._transcribe,
            "GET /v1/models": self._list,
            "GET /v1/models/{model}": self._model,
        } | ({"POST /v1/rerank": self._rerank} if self.compatible else {})

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules; a compatible server knows only those of the dialect."""
        return sheet.DIALECT.get(path, ()) if self.compatible else sheet.RULES.get(path, ())

    def fields(self, request: Request) -> Any:
        """Return the body; the form of a transcription is made a value, field by field."""
        return audio.form(request) if request.path in audio.FORMS else request.body

    def complain(self, request: Request) -> Complaint | None:
        """Check the size of a sound, then what every request is checked for."""
        if request.path in audio.FORMS and len(request.raw) > sheet.LARGEST_SOUND and not self.compatible:
            return Complaint(
                f"Maximum content size limit ({sheet.LARGEST_SOUND}) exceeded", "file", None, 413
            )
        return super().complain(request)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{"error": {message, type, param, code}}`."""
        return json_answer({"error": _error(status, message, code, param)}, status)

    def error_event(self, message: str) -> bytes:
        """Write the error object as an event of a chat stream."""
        return sse({"error": _error(500, message, "server_error", None)})

    def _chat(self, request: Request) -> Answer:
        body: Body = request.body
        reply = self.reply_for(request, lambda: reply_to(chat.asked(body)))
        return chat.answer(body, reply, f"chatcmpl-{next(self._ids)}", self.style)

    def _completion(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(chat.asked_to_complete(request.body)))
        return chat.completion(request.body, reply, f"cmpl-{next(self._ids)}")

    def _response(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(responses.asked(request.body)))
        return responses.answer(request.body, reply, f"resp_{next(self._ids)}")

    def _input_tokens(self, request: Request) -> Answer:
        return json_answer({"object": "response.input_tokens", "input_tokens": words_in(request.body)})

    def _embed(self, request: Request) -> Answer:
        return json_answer(vectors.embeddings(request.body, self.dimensions))

    def _rerank(self, request: Request) -> Answer:
        return json_answer(vectors.rerank(request.body))

    def _transcribe(self, request: Request) -> Answer:
        return audio.transcription(audio.form(request), request, self.transcript)

    def _list(self, request: Request) -> Answer:
        return json_answer({"object": "list", "data": [_entry(name) for name in self.models]})

    def _model(self, request: Request) -> Answer:
        name = request.path.removeprefix("/v1/models/")
        if name in self.models:
            return json_answer(_entry(name))
        return self.error(404, f"The model '{name}' does not exist", code="model_not_found", param="model")


def _entry(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": chat.CREATED, "owned_by": "openai"}


def _error(status: int, message: str, code: str | None, param: str | None) -> dict[str, Any]:
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    codes = {429: "rate_limit_exceeded"}
    return {"message": message, "type": kind, "param": param, "code": code or codes.get(status)}
