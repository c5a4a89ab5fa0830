"""Writing speech down by a model that hears: the recording is the user's message."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Any

import orjson

from modelbay.entities import CallUsage, Meter, Speech2TextResult
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.dashscope.chat import MULTIMODAL
from modelbay.wires.dashscope.errors import raise_error_in, to_error
from modelbay.wires.family import Endpoint, TranscriptionCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.openai.reading import content_of
from modelbay.wires.openai.shapes import object_of, objects_of
from modelbay.wires.request import Request
from modelbay.wires.usage import call_usage

_OPTIONS = ("language", "enable_itn", "enable_lid")
_SECONDS = Decimal(60)


class Recognition:
    """Speaks of recordings, sent as data URIs."""

    name = "dashscope.recognition"
    takes = frozenset({"language", "prompt", "enable_itn", "enable_lid"})

    def to_request(self, call: TranscriptionCall, endpoint: Endpoint) -> Request:
        """Return the request; a prompt is what the recording is about, or words that occur in it."""
        audio = f"data:{call.mime_type};base64,{b64encode(call.audio).decode()}"
        messages = [{"role": "user", "content": [{"audio": audio}]}]
        if prompt := call.parameters.get("prompt"):
            messages.insert(0, {"role": "system", "content": [{"text": str(prompt)}]})
        said: dict[str, Any] = {"result_format": "message"}
        wishes = dict(call.options.get("asr_options") or {})
        wishes |= {name: call.parameters[name] for name in _OPTIONS if call.parameters.get(name) is not None}
        if wishes:
            said["asr_options"] = wishes
        body = {"model": call.model, "input": {"messages": messages}, "parameters": said}
        url = endpoint.url(MULTIMODAL)
        return endpoint.request("POST", url, json=body, idempotent=True, to_error=to_error)

    @reads_answer
    def to_result(self, call: TranscriptionCall, body: bytes) -> Speech2TextResult:
        """Return what was said, with the language that was heard."""
        answer = _answer_in(body)
        raise_error_in(answer)
        choices = objects_of(object_of(answer.get("output")).get("choices"))
        if not choices:
            raise InvokeServerUnavailableError("the provider's answer has no 'output.choices'")
        message = object_of(choices[0].get("message"))
        heard = objects_of(message.get("annotations"))
        languages = {"language": heard[0]["language"]} if heard and heard[0].get("language") else {}
        text = content_of(message.get("content"))[0].strip()
        return Speech2TextResult(result=text, usage=usage_of(answer.get("usage")), **languages)


def usage_of(usage: Any) -> CallUsage | None:
    """Return the minutes that the provider counted, under either of the names for its seconds."""
    counted = object_of(usage)
    seconds = counted.get("seconds", counted.get("duration"))
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return call_usage(Decimal(str(seconds)) / _SECONDS, Meter.MINUTE)


def _answer_in(body: bytes) -> dict[str, Any]:
    try:
        return answer_object(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise InvokeServerUnavailableError("the provider's answer is not JSON") from None
