"""Tool calls in the messages of a client of chat completions, the legacy function calls among them."""

from __future__ import annotations

from typing import Any

from modelbay.entities import ToolCall, ToolCallFunction
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.json_text import to_json
from modelbay.wires.openai.custom_calls import CUSTOM, arguments_of_text


def json_text(value: Any, place: str) -> str:
    """Return a client's value as JSON text; what was read may still be too deep or too long to be written."""
    try:
        return to_json(value)
    except TypeError as error:
        raise wrong(place, f"cannot be written as JSON ({error})") from None


def read_calls(fields: Fields, place: str) -> list[ToolCall]:
    """Return the calls of a message; a function call without an id gets `call_<place>`."""
    calls = [
        _call(call, f"{place}.tool_calls[{n}]") for n, call in enumerate(fields.items("tool_calls") or ())
    ]
    legacy = fields.take("function_call")
    if legacy is not None:
        function = _function(Fields(legacy, f"{place}.function_call"))
        calls.append(ToolCall(id=f"call_{place[len('messages[') : -1]}", function=function))
    return calls


def _call(value: Any, place: str) -> ToolCall:
    fields = Fields(value, place)
    call_id, kind = fields.required_text("id"), fields.text("type") or "function"
    fields.take("index")
    if kind == CUSTOM:
        return _custom_call(fields, call_id, place)
    if kind != "function":
        raise wrong(f"{place}.type", "must be 'function' or 'custom'")
    function = _function(Fields(fields.take("function"), f"{place}.function"))
    return ToolCall(id=call_id, function=function, **_free(fields))


def _custom_call(fields: Fields, call_id: str, place: str) -> ToolCall:
    """Return a call of a tool that takes free text; upstreams of other dialects see it as an argument."""
    custom = Fields(fields.take("custom"), f"{place}.custom")
    name, text = custom.required_text("name"), custom.text("input") or ""
    function = ToolCallFunction(name=name, arguments=arguments_of_text(text))
    return ToolCall(id=call_id, type=CUSTOM, function=function)


def _function(fields: Fields) -> ToolCallFunction:
    name, arguments = fields.required_text("name"), fields.take("arguments")
    place = fields.name("arguments")
    if arguments is not None and not isinstance(arguments, str):
        if not isinstance(arguments, dict):
            raise wrong(place, "must be a string that holds a JSON object")
        arguments = json_text(arguments, place)
    return ToolCallFunction(name=name, arguments=arguments or "", **_free(fields))


def _free(fields: Fields) -> dict[str, Any]:
    """Return what is left: provider state on the call, such as a signature."""
    return {name: value for name, value in fields.rest().items() if value is not None}
