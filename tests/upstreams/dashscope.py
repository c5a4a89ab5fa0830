"""A fake of DashScope: generation, vectors, relevance, speech over HTTP and over a websocket.

Source: the provider sheet of 2026-11-21; no description is published.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.http import SSE
from modelbay.sdk.testing.upstream import Handler, Refusal

from . import dashscope_chat as chat
from . import dashscope_rules as sheet
from .conversation import reply_to, words_in
from .dashscope_tasks import TaskTalk
from .described import Body, DescribedUpstream, Rule
from .made_up import heard, ranking, sound, vector
from .openai import OpenAIUpstream
from .talking import Said, TalkingUpstream, talking

MODELS = ("qwen-plus", "qwen3.7-plus", "qwen3-32b", "text-embedding-v4", "qwen3-tts-flash")
COMPATIBLE_KEYS = ("enable_search", "search_options", "thinking_budget", "preserve_thinking")
_CODES = {401: "InvalidApiKey", 403: "AccessDenied", 404: "ModelNotFound", 429: "Throttling.RateQuota"}
_PCM_PIECE = 960  # 20 ms


class DashScopeUpstream(TalkingUpstream, DescribedUpstream):
    """A fake `https://dashscope.aliyuncs.com`; the base of a client is `upstream.url`, without a path.

    Attributes:
        speaks_by_address: Speech comes as an address only, as older answers did.
    """

    def __init__(self, **options: Any) -> None:
        self.speaks_by_address = False
        self.models: Sequence[str] = MODELS
        self._ids = count(1)
        super().__init__(**options)

    def routes(self) -> Mapping[str, Handler]:
        """Map the endpoints."""
        return {
            f"POST {sheet.TEXT}": self._chat,
            f"POST {sheet.MULTIMODAL}": self._multimodal,
            f"POST {sheet.EMBED}": self._embed,
            f"POST {sheet.EMBED_MULTIMODAL}": self._embed,
            f"POST {sheet.RERANK}": self._rerank,
            "GET /compatible-mode/v1/models": self._list,
            "GET /api-ws/v1/inference": self._talk,
            "GET /files/{name}": self._file,
        }

    def unauthorised(self, request: Request) -> Answer | None:
        """Refuse a wrong key, and any key where files lie that are open to all."""
        if request.path.startswith("/files/"):
            given = "authorization" in request.headers
            return self.error(400, "Only one auth mechanism allowed") if given else None
        return super().unauthorised(request)

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return sheet.RULES.get(path, ())

    def complain(self, request: Request) -> Complaint | None:
        """Check speech by rules of its own, and what only streams for being streamed."""
        if request.path == sheet.MULTIMODAL and "text" in sheet.held(request.body or {}):
            return next(filter(None, (rule(request.body) for rule in sheet.SPEAK)), None)
        return super().complain(request) or self._unstreamed(request)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write `{code, message, request_id}`."""
        return json_answer(self._error(status, message, code), status)

    def error_event(self, message: str) -> bytes:
        """Write the error event of a stream."""
        return chat.event(9, self._error(500, message, None), "error", 500)

    def _error(self, status: int, message: str, code: str | None) -> dict[str, Any]:
        word = _CODES.get(status, "InternalError" if status >= 500 else "InvalidParameter")
        known = code if code and code[0].isupper() else word
        return {"code": known, "message": message, "request_id": f"request-{next(self._ids)}"}

    def _unstreamed(self, request: Request) -> Complaint | None:
        if request.path not in (sheet.TEXT, sheet.MULTIMODAL) or _is_streamed(request):
            return None
        if sheet.said(request.body).get("enable_thinking"):
            return sheet.wrong("enable_thinking must be set to false for non-streaming calls")
        if sheet.ONLY_STREAMED.search(request.body["model"]):
            return sheet.wrong("This model only support stream mode")
        return None

    def _chat(self, request: Request) -> Answer:
        reply = self.reply_for(request, lambda: reply_to(chat.asked(request.body)))
        name, lists = f"request-{next(self._ids)}", request.path == sheet.MULTIMODAL
        return chat.answer(request.body, reply, name, stream=_is_streamed(request), lists=lists)

    def _multimodal(self, request: Request) -> Answer:
        if "text" in sheet.held(request.body):
            return self._speech(request.body)
        if "asr" in request.body["model"]:
            return self._transcript(request.body)
        return self._chat(request)

    def _speech(self, body: Body) -> Answer:
        """Answer with samples in pieces and the address of the file, or with the address alone."""
        address = f"{self.url}/files/{next(self._ids)}.wav"
        return Answer(content_type=SSE, events=self._speech_events(bytes(4800), address))

    def _speech_events(self, samples: bytes, address: str) -> Iterator[bytes]:
        pieces = [samples[start : start + _PCM_PIECE] for start in range(0, len(samples), _PCM_PIECE)]
        for number, piece in enumerate([] if self.speaks_by_address else pieces, 1):
            audio = {"data": b64encode(piece).decode(), "id": "audio-1"}
            yield chat.event(number, {"output": {"finish_reason": "null", "audio": audio}})
        audio = {"data": "", "url": address, "id": "audio-1"}
        usage = {"characters": 1}
        yield chat.event(99, {"output": {"finish_reason": "stop", "audio": audio}, "usage": usage})

    def _file(self, request: Request) -> Answer:
        return Answer(body=sound("a file", "wav"), content_type="audio/wav")

    def _transcript(self, body: Body) -> Answer:
        uri = sheet.held(body)["messages"][-1]["content"][0]["audio"]
        text = heard(b64decode(uri.partition("base64,")[2]))
        message = {"role": "assistant", "content": [{"text": text}], "annotations": [{"language": "en"}]}
        output = {"choices": [{"finish_reason": "stop", "message": message}]}
        return json_answer({"request_id": "r", "output": output, "usage": {"seconds": 3}})

    def _embed(self, request: Request) -> Answer:
        held, size = sheet.held(request.body), sheet.said(request.body).get("dimension") or 1024
        items = held.get("texts") or [str(content) for content in held["contents"]]
        place = "text_index" if "texts" in held else "index"
        rows = [{place: index, "embedding": vector(text, size)} for index, text in enumerate(items)]
        usage = {"total_tokens": words_in(items)}
        return json_answer({"request_id": "r", "output": {"embeddings": rows[::-1]}, "usage": usage})

    def _rerank(self, request: Request) -> Answer:
        held = sheet.held(request.body)
        documents = [str(document) for document in held["documents"]]
        best = ranking(str(held["query"]), documents)[: sheet.said(request.body).get("top_n")]
        rows = [{"index": index, "relevance_score": score} for index, score in best]
        usage = {"total_tokens": words_in(documents)}
        return json_answer({"request_id": "r", "output": {"results": rows}, "usage": usage})

    def _list(self, request: Request) -> Answer:
        return json_answer(
            {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
        )

    def _talk(self, request: Request) -> Answer:
        talk = TaskTalk(lambda wrong: self.refused.append(Refusal(request, sheet.wrong(wrong))))

        def hear(message: Said) -> Iterator[Said]:
            if isinstance(message, str):  # for tests to look at, beside the upgrade
                request.raw += message.encode()
            return talk.hear(message)

        return talking(hear)


class DashScopeCompatibleUpstream(OpenAIUpstream):
    """The same host's way of speaking OpenAI's dialect, below `compatible-mode`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(compatible=True, extensions=COMPATIBLE_KEYS, **options)

    def serve(self, request: Request, *, used: bool) -> Any:
        """Answer what lies below `compatible-mode` only."""
        if not request.path.startswith("/compatible-mode/"):
            return self.error(404, f"no such path: {request.path}"), None
        request.path = request.path.removeprefix("/compatible-mode")
        return super().serve(request, used=used)


def _is_streamed(request: Request) -> bool:
    return request.headers.get("x-dashscope-sse") == "enable"
