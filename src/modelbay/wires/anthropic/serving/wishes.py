"""What a client asks beside its messages, by Modelbay's names."""

from __future__ import annotations

from typing import Any

from modelbay.entities import PromptMessageTool
from modelbay.wires.anthropic.serving.blocks import to_json_text
from modelbay.wires.anthropic.state import KEY
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.serving import Wishes

DIALECT = "anthropic.messages"
# By the client's names, values as parameters have them.
NEUTRAL = {
    "temperature": 1,
    "top_p": 1,
    "thinking": False,
    "thinking.display": "omitted",
    "tool_choice": "auto",
    "tool_choice.disable_parallel_tool_use": True,
    "service_tier": "auto",
    "speed": "standard",
    "mcp_servers": [],
}
_FIELDS = {
    "thinking_budget": "thinking.budget_tokens",
    "thinking_display": "thinking.display",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "reasoning_effort": "output_config.effort",
}
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def to_wishes(fields: Fields) -> tuple[Wishes, str | None]:
    """Return what is left of a request as wishes, and the user it is for."""
    wishes = Wishes(dialect=DIALECT, fields=dict(_FIELDS), neutral=NEUTRAL)
    for name in ("temperature", "top_p"):
        _put(wishes, name, fields.number(name))
    _put(wishes, "top_k", fields.whole("top_k", 0))
    _put(wishes, "service_tier", fields.text("service_tier"))
    _read_thinking(fields, wishes)
    _read_choice(fields, wishes)
    _read_output(fields, wishes)
    user = _read_user(fields, wishes)
    wishes.extras |= {name: value for name, value in fields.rest().items() if value is not None}
    if "cache_control" in wishes.extras:  # how to keep a prompt asks nothing of its answer
        wishes.neutral = {**wishes.neutral, "cache_control": wishes.extras["cache_control"]}
    return wishes, user


def to_tools(fields: Fields) -> tuple[list[PromptMessageTool], dict[str, str]]:
    """Return the tools, and by their place the types of those that are the API's own."""
    tools, own = [], {}
    for index, value in enumerate(fields.items("tools") or ()):
        place = f"tools[{index}]"
        tool = Fields(value, place)
        kind = tool.text("type") or "custom"
        if kind == "custom":
            tools.append(_custom(tool, place, value))
            continue
        own[place] = kind
        name = tool.text("name") or ""
        state = {KEY: {"type": kind} | {key: item for key, item in value.items() if key != "name"}}
        tools.append(PromptMessageTool(name=name, parameters={}, opaque_body=state))
    return tools, own


def _custom(tool: Fields, place: str, value: dict[str, Any]) -> PromptMessageTool:
    name, description = tool.required_text("name"), tool.text("description")
    schema, strict = tool.take("input_schema"), tool.flag("strict")
    if not isinstance(schema, dict):
        raise wrong(f"{place}.input_schema", "is required: give a JSON Schema of an object")
    state = tool.rest() | ({"type": "custom"} if value.get("type") else {})
    given: dict[str, Any] = {"description": description, "strict": strict}
    extras = {field: value for field, value in given.items() if value is not None}
    if state:
        extras["opaque_body"] = {KEY: state}
    return PromptMessageTool(name=name, parameters=schema, **extras)


def _put(wishes: Wishes, name: str, value: Any) -> None:
    if value is not None:
        wishes.parameters[name] = value


def _object(fields: Fields, name: str) -> Fields | None:
    value = fields.take(name)
    return None if value is None else Fields(value, name)


def _read_thinking(fields: Fields, wishes: Wishes) -> None:
    thinking = _object(fields, "thinking")
    if thinking is None:
        return
    whole = dict(thinking.rest())
    kind = thinking.required_text("type")
    if kind not in ("enabled", "adaptive", "disabled"):
        wishes.extras["thinking"] = whole
        return
    wishes.parameters["thinking"] = kind != "disabled"
    if kind == "enabled":
        budget = thinking.whole("budget_tokens", 0)
        if budget is None:
            raise wrong("thinking.budget_tokens", "is required beside the type 'enabled'")
        wishes.parameters["thinking_budget"] = budget
    _put(wishes, "thinking_display", thinking.text("display"))


def _read_choice(fields: Fields, wishes: Wishes) -> None:
    choice = _object(fields, "tool_choice")
    if choice is None:
        return
    kind = choice.one_of("type", (*_CHOICES, "tool"))
    if kind is None:
        raise wrong("tool_choice.type", "is required: give 'auto', 'any', 'tool' or 'none'")
    wishes.parameters["tool_choice"] = _CHOICES[kind] if kind in _CHOICES else choice.required_text("name")
    if choice.flag("disable_parallel_tool_use"):
        wishes.parameters["parallel_tool_calls"] = False


def _read_output(fields: Fields, wishes: Wishes) -> None:
    config = _object(fields, "output_config")
    if config is not None:
        _put(wishes, "reasoning_effort", config.text("effort"))
        _read_format(_object(config, "format"), "output_config.format", wishes)
        if config.rest():
            wishes.extras["output_config"] = config.rest()
    _read_format(_object(fields, "output_format"), "output_format", wishes)


def _read_format(wanted: Fields | None, place: str, wishes: Wishes) -> None:
    """Read the form of an answer; `output_format` is where it lay before `output_config` was."""
    if wanted is None:
        return
    kind, schema = wanted.rest().get("type"), wanted.rest().get("schema")
    if kind != "json_schema":
        raise wrong(f"{place}.type", "must be 'json_schema'")
    if not isinstance(schema, dict):
        raise wrong(f"{place}.schema", "is required: give a JSON Schema")
    text = to_json_text({"name": "answer", "schema": schema}, f"{place}.schema")
    wishes.parameters |= {"response_format": "json_schema", "json_schema": text}
    wishes.fields |= {"response_format": place, "json_schema": f"{place}.schema"}


def _read_user(fields: Fields, wishes: Wishes) -> str | None:
    metadata = _object(fields, "metadata")
    if metadata is None:
        return None
    user = metadata.text("user_id")
    if metadata.rest():
        wishes.extras["metadata"] = metadata.rest()
    return user or None
