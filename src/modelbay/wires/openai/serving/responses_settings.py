"""What a client of the responses API asks beyond the content of its call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.asked import HINT, Fields, wrong
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.serving.responses_checks import checked
from modelbay.wires.serving import Wishes

DIALECT = "openai.responses"
_MOST_METADATA = 16
_NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_WHOLE = {"max_output_tokens": "max_tokens", "top_logprobs": "top_logprobs", "top_k": "top_k", "seed": "seed"}
_LOGPROBS = "message.output_text.logprobs"
_ENCRYPTED = "reasoning.encrypted_content"


NEUTRAL: Mapping[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "top_logprobs": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "text.format": "text",
    "text.verbosity": "medium",
    "reasoning.summary": "auto",  # what a model shows of its reasoning is told in any case
    "reasoning.mode": "standard",
    "reasoning.context": "auto",
    "truncation": "disabled",
    "service_tier": "auto",
    # Hints, whatever they say: they make a call cheaper or traceable, and change nothing in its answer.
    "prompt_cache_key": HINT,
    "prompt_cache_retention": HINT,
    "prompt_cache_options": HINT,
    "user": HINT,
}
_ECHOED: Mapping[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "metadata": {},
    "tool_choice": "auto",
}
_ECHOED_IF_GIVEN = ("user", "prompt", "prompt_cache_retention")


def read_settings(fields: Fields) -> Wishes:
    """Return what is asked, without tools; what the gateway itself fulfils is checked only."""
    wishes = Wishes(dialect=DIALECT, neutral=NEUTRAL)
    for name in _NUMBERS:
        _wish(wishes, name, fields.number(name))
    for name, ours in _WHOLE.items():
        _wish(wishes, ours, fields.whole(name, least=-(2**63) if name == "seed" else 0), name)
    _wish(wishes, "service_tier", fields.text("service_tier"))
    _read_include(wishes, fields)
    _read_reasoning(wishes, fields.take("reasoning"))
    _read_text(wishes, fields.take("text"))
    _check_ours(fields)
    return wishes


def read_rest(wishes: Wishes, fields: Fields) -> None:
    """Add to the wishes what nobody has taken."""
    for name, value in fields.rest().items():
        if "." in name:
            raise wrong(name, "there is no such field")
        if value is not None:
            wishes.extras[name] = value


def echo_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a request that has been read, as a response repeats them."""
    echo = {name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()}
    echo |= {name: body[name] for name in _ECHOED_IF_GIVEN if body.get(name) is not None}
    echo["reasoning"] = {"effort": None, "summary": None, **(body.get("reasoning") or {})}
    echo["text"] = {
        "format": {"type": "text"},
        **{k: v for k, v in (body.get("text") or {}).items() if v is not None},
    }
    echo["tools"] = [_echoed_tool(tool) for tool in body.get("tools") or ()]
    return echo


def _wish(wishes: Wishes, ours: str, value: Any, field: str = "") -> None:
    if value is None:
        return
    wishes.parameters[ours] = value
    if field and field != ours:
        wishes.fields[ours] = field


def _read_include(wishes: Wishes, fields: Fields) -> None:
    """Encrypted reasoning is in every answer that has any: whoever keeps no answers needs it."""
    asked = fields.texts("include") or []
    if _LOGPROBS in asked:
        _wish(wishes, "logprobs", True, "include")
    if others := [name for name in asked if name not in (_LOGPROBS, _ENCRYPTED)]:
        _wish(wishes, "include", others)


def _read_reasoning(wishes: Wishes, value: Any) -> None:
    if value is None:
        return
    fields = Fields(value, "reasoning")
    _wish(wishes, "reasoning_effort", fields.text("effort"), "reasoning.effort")
    older = fields.text("generate_summary")
    _wish(wishes, "reasoning_summary", fields.text("summary") or older, "reasoning.summary")
    _keep_rest(wishes, fields)


def _read_text(wishes: Wishes, value: Any) -> None:
    if value is None:
        return
    fields = Fields(value, "text")
    _wish(wishes, "verbosity", fields.text("verbosity"), "text.verbosity")
    _read_format(wishes, fields.take("format"))
    _keep_rest(wishes, fields)


def _read_format(wishes: Wishes, value: Any) -> None:
    if value is None:
        return
    fields = Fields(value, "text.format")
    kind = fields.one_of("type", ("text", "json_object", "json_schema"))
    if kind is None:
        raise wrong("text.format.type", "is required: say what form the answer has, such as 'text'")
    _wish(wishes, "response_format", kind, "text.format")
    if kind != "json_schema":
        return
    schema: dict[str, Any] = {"name": fields.required_text("name")}
    schema["schema"] = checked(fields.take("schema"), "an object", "text.format.schema")
    more = {"strict": fields.flag("strict"), "description": fields.text("description")}
    schema |= {name: given for name, given in more.items() if given is not None}
    _wish(wishes, "json_schema", to_json(schema), "text.format")


def _keep_rest(wishes: Wishes, fields: Fields) -> None:
    """Keep the rest of an object; dots lead into objects, so no field of theirs has one."""
    for name, value in fields.rest().items():
        if "." in name:
            raise wrong(fields.name(name), "there is no such field")
        if value is not None:
            wishes.extras[fields.name(name)] = value


def _check_ours(fields: Fields) -> None:
    """Take the fields that the gateway itself fulfils: it keeps answers and upstreams do not."""
    fields.flag("store")
    fields.text("previous_response_id")
    if fields.flag("background"):
        raise wrong("background", "answers are not made in the background here; leave it out, or stream")
    if fields.take("conversation") is not None:
        raise wrong("conversation", "conversations are not kept here; use previous_response_id")
    options = fields.take("stream_options")
    if options is not None:
        Fields(options, "stream_options").flag("include_obfuscation")
    _check_metadata(fields.take("metadata"))


def _check_metadata(metadata: Any) -> None:
    for name, value in checked({} if metadata is None else metadata, "an object", "metadata").items():
        checked(value, "a string", f"metadata.{name}")
    if metadata and len(metadata) > _MOST_METADATA:
        raise InvokeBadRequestError(
            f"metadata: there are {len(metadata)} entries; {_MOST_METADATA} are the most"
        )


def _echoed_tool(tool: dict[str, Any]) -> dict[str, Any]:
    if tool.get("type") != "function":
        return tool
    return {"description": None, "parameters": None, "strict": None, **tool}
