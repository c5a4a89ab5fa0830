"""The shared templates of parameter rules (plugin format, `use_template`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class DefaultParameterName(StrEnum):
    """The parameters that have a template."""

    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    TOP_K = "top_k"
    PRESENCE_PENALTY = "presence_penalty"
    FREQUENCY_PENALTY = "frequency_penalty"
    MAX_TOKENS = "max_tokens"
    RESPONSE_FORMAT = "response_format"
    JSON_SCHEMA = "json_schema"

    @classmethod
    def value_of(cls, value: str) -> DefaultParameterName:
        """Return the template of that name; ValueError if there is none."""
        return cls(value)


def _number(
    kind: str, label: tuple[str, str], text: tuple[str, str], default: float, low: float, high: float
) -> dict[str, Any]:
    return {
        "label": {"en_US": label[0], "zh_Hans": label[1]},
        "type": kind,
        "help": {"en_US": text[0], "zh_Hans": text[1]},
        "required": False,
        "default": default,
        "min": low,
        "max": high,
        "precision": 2 if kind == "float" else 0,
    }


PARAMETER_RULE_TEMPLATE: dict[DefaultParameterName, dict[str, Any]] = {
    DefaultParameterName.TEMPERATURE: _number(
        "float",
        ("Temperature", "温度"),
        (
            "How freely the model chooses its words: 0 is the most predictable.",
            "模型用词的随机程度：0 最稳定。",
        ),
        0.0,
        0.0,
        1.0,
    ),
    DefaultParameterName.TOP_P: _number(
        "float",
        ("Top P", "Top P"),
        (
            "Choose only among the likeliest words whose probabilities add up to this value.",
            "仅在累计概率达到该值的候选词中选择。",
        ),
        1.0,
        0.0,
        1.0,
    ),
    DefaultParameterName.TOP_K: _number(
        "int",
        ("Top K", "Top K"),
        ("Choose only among this many of the likeliest words.", "仅在概率最高的若干候选词中选择。"),
        50,
        1,
        100,
    ),
    DefaultParameterName.PRESENCE_PENALTY: _number(
        "float",
        ("Presence Penalty", "存在惩罚"),
        ("Make words that have already occurred less likely.", "降低已出现词语再次出现的概率。"),
        0.0,
        0.0,
        1.0,
    ),
    DefaultParameterName.FREQUENCY_PENALTY: _number(
        "float",
        ("Frequency Penalty", "频率惩罚"),
        ("Make words less likely the more often they have occurred.", "词语出现越频繁，再次出现的概率越低。"),
        0.0,
        0.0,
        1.0,
    ),
    DefaultParameterName.MAX_TOKENS: _number(
        "int",
        ("Max Tokens", "最大标记"),
        ("The most tokens the answer may have.", "回答的最大标记数。"),
        64,
        1,
        2048,
    ),
    DefaultParameterName.RESPONSE_FORMAT: {
        "label": {"en_US": "Response Format", "zh_Hans": "回复格式"},
        "type": "string",
        "help": {
            "en_US": "Ask for an answer in this format.",
            "zh_Hans": "要求以该格式回答。",
        },
        "required": False,
        "options": ["JSON", "XML"],
    },
    DefaultParameterName.JSON_SCHEMA: {
        "label": {"en_US": "JSON Schema"},
        "type": "text",
        "help": {
            "en_US": "The JSON Schema that the answer must satisfy.",
            "zh_Hans": "回答必须满足的 JSON Schema。",
        },
        "required": False,
    },
}
"""What `use_template` fills in, by the template's name."""


def apply_template(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the rule with its template's keys filled in; the rule's own keys win, even when null.

    A template of an unknown name is ignored, as the plugin format has it.
    """
    name = rule.get("use_template")
    if name not in PARAMETER_RULE_TEMPLATE:
        return rule
    return {**PARAMETER_RULE_TEMPLATE[DefaultParameterName(name)], **rule}
