"""`POST /v1/completions`, as its clients speak it: one text to continue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from modelbay.entities import LLMResult, LLMResultChunk, UserPromptMessage
from modelbay.errors import ModelbayError
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.openai.serving.chat_answer import ending, of_the_answer, usage_body
from modelbay.wires.openai.serving.chat_parameters import (
    NEUTRAL as OF_CHAT,
)
from modelbay.wires.openai.serving.chat_parameters import (
    read_parameters,
    read_rest,
    read_stop,
    read_stream,
    whole,
    wish,
)
from modelbay.wires.openai.serving.frames import DONE, Frames, failure
from modelbay.wires.openai.serving.text_logprobs import text_logprobs
from modelbay.wires.places import Place
from modelbay.wires.serving import ChatAsk, Wishes

_OURS = ("n", "temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias")
_NEUTRAL = {**{name: OF_CHAT[name] for name in _OURS}, "best_of": 1, "echo": False, "suffix": ""}
_TEXT = (b'{"text":', b',"index":0,"logprobs":null,"finish_reason":null}')
_PLACE = Place("prompt", "prompt")
_dumps = orjson.dumps


class CompletionsFace:
    """Speaks of texts to continue: the prompt is a user's message."""

    dialect = "openai.completions"

    def from_request(self, body: Mapping[str, Any]) -> ChatAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        wishes = Wishes(dialect=self.dialect, neutral=_NEUTRAL)
        model, prompt = fields.required_text("model"), _prompt(fields.take("prompt"))
        read_parameters(wishes, fields)
        _read_logprobs(wishes, fields)
        stop, user = read_stop(fields), fields.text("user")
        stream, options = read_stream(wishes, fields)
        read_rest(wishes, fields)
        return ChatAsk(
            model=model,
            messages=[UserPromptMessage(content=prompt)],
            places=[_PLACE],
            wishes=wishes,
            stop=stop,
            stream=stream,
            user=user,
            options=options,
        )

    def from_result(self, ask: ChatAsk, result: LLMResult, answer_id: str) -> dict[str, Any]:
        """Return the body of a whole answer."""
        return {
            **_envelope(ask, answer_id, result.model),
            "choices": [_choice(result) | ending(result.finish_reason, legacy=False)],
            "usage": usage_body(result.usage),
            **of_the_answer(result),
        }

    def from_chunks(self, ask: ChatAsk, answer_id: str) -> TextWriter:
        """Return a writer for one streamed answer."""
        return TextWriter(ask, answer_id)


class TextWriter:
    """Writes one answer."""

    __slots__ = ("_answer_id", "_ask", "_frames")

    def __init__(self, ask: ChatAsk, answer_id: str) -> None:
        self._ask = ask
        self._answer_id = answer_id
        self._frames: Frames | None = None

    def write(self, chunk: LLMResultChunk) -> bytes:
        """Return what a chunk adds; the first call also returns what begins the answer."""
        frames = self._frames or self._begin(chunk)
        delta, text = chunk.delta, chunk.text
        if delta.usage is None and delta.finish_reason is None:
            if text and not delta.message.reasoning_content:
                return frames.before_text + _dumps(text) + frames.after_text
            return frames.choice(_choice(chunk)) if delta.message.reasoning_content else b""
        choice = _choice(chunk) | ending(delta.finish_reason, legacy=False)
        return frames.choice(choice, of_the_answer(chunk)) + frames.usage(delta.usage)

    def close(self) -> bytes:
        """Return what ends the answer, after the last chunk was written."""
        return DONE

    def fail(self, error: ModelbayError) -> bytes:
        """Return the dialect's error event and what ends the stream after it."""
        return failure(error)

    def _begin(self, chunk: LLMResultChunk) -> Frames:
        head = _envelope(self._ask, self._answer_id, chunk.model)
        self._frames = Frames(head, _TEXT, include_usage=bool(self._ask.options.get("include_usage")))
        return self._frames


def _prompt(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(prompt, str) for prompt in value):
        raise wrong("prompt", f"there are {len(value)} prompts; a call takes one, so send a call for each")
    if isinstance(value, list | int) and value:
        raise wrong("prompt", "token ids are not taken; send the text")
    raise wrong("prompt", "is required: give a string")


def _read_logprobs(wishes: Wishes, fields: Fields) -> None:
    """Read how many of the likeliest tokens to tell; one question here, two parameters elsewhere."""
    count = whole(fields, "logprobs")
    if count is not None:
        wish(wishes, "logprobs", value=True)
        wish(wishes, "top_logprobs", count, "logprobs")


def _envelope(ask: ChatAsk, answer_id: str, model: str) -> dict[str, Any]:
    created = ask.options.get("created", 0)
    return {"id": f"cmpl-{answer_id}", "object": "text_completion", "created": created, "model": model}


def _choice(answer: LLMResult | LLMResultChunk) -> dict[str, Any]:
    """Return the choice without its end; the reasoning of a model that reasons has no field in the API."""
    message = answer.message if isinstance(answer, LLMResult) else answer.delta.message
    logprobs = text_logprobs(message.unknown_fields.get("logprobs"))
    choice = {"text": answer.text, "index": 0, "logprobs": logprobs, "finish_reason": None}
    return choice | ({"reasoning_content": answer.reasoning} if answer.reasoning else {})


COMPLETIONS = CompletionsFace()
