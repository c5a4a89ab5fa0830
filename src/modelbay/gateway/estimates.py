"""What a call used, where the upstream does not say: counted here, and marked as an estimate."""

from __future__ import annotations

import asyncio

import orjson

from modelbay.entities import LLMUsage
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.tokens import count_messages, count_text
from modelbay.wires.serving import ChatFace
from modelbay.wires.usage import llm_usage


async def estimate(face: ChatFace | None, raw: bytes, answer: bytes | int, model: str) -> LLMUsage:
    """Return the usage of a call that passed through; on a thread, as the prompt may be long.

    Args:
        answer: The body of a whole answer, or the number of pieces of a stream: most pieces are one token.
    """
    return await asyncio.to_thread(_estimate, face, raw, answer, model)


def _estimate(face: ChatFace | None, raw: bytes, answer: bytes | int, model: str) -> LLMUsage:
    prompt = 0
    if face is None:
        prompt = count_text(raw.decode(errors="replace"), model).tokens
    else:
        try:
            ask = face.from_request(orjson.loads(raw))
            prompt = count_messages(ask.messages, ask.tools, model).tokens
        except (InvokeBadRequestError, orjson.JSONDecodeError):
            prompt = count_text(raw.decode(errors="replace"), model).tokens
    said = answer if isinstance(answer, int) else count_text(answer.decode(errors="replace"), model).tokens
    return llm_usage(prompt=prompt, completion=said).model_copy(update={"estimated": True})
