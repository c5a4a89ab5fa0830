"""Which model counts with which encoding.

Source: https://github.com/openai/tiktoken/blob/main/tiktoken/model.py (version 0.14.0); families published
later than that use o200k_base, as all of OpenAI's chat models since gpt-4o do.
"""

from __future__ import annotations

import re

from modelbay.sdk.tokens.encodings import Encoding, load_encoding

# The first expression that matches from the start of the bare name decides.
_FAMILIES = {
    "o200k_base": (
        r"gpt-(4o|4\.1|4\.5|oss|[5-9]|audio|realtime|transcribe)",
        r"o[1-9](-|$)",
        r"chatgpt-|chat-latest|codex-|computer-use-",
    ),
    "cl100k_base": (
        r"gpt-4(-|$)|gpt-3\.5|gpt-35",
        r"text-embedding-(3-|ada-002)",
        r"(davinci|babbage)-002",
    ),
    "p50k_base": (r"text-davinci-(002|003|edit)|code-(davinci|cushman)|(davinci|cushman)-codex",),
    "r50k_base": (
        r"gpt-?2(-|$)",
        r"(davinci|curie|babbage|ada)$",
        r"text-(davinci|curie|babbage|ada)-001|(text|code)-(similarity|search)-",
    ),
}
_RULES = [(name, re.compile(rule)) for name, rules in _FAMILIES.items() for rule in rules]


def bare_model_name(model: str) -> str:
    """Take off what names no model: `openai/` before it, `ft:` around it (`ft:gpt-4o-mini:acme::7p4l`)."""
    name = model.strip().lower().removeprefix("openai/")
    return name.removeprefix("ft:").partition(":")[0] if name.startswith("ft:") else name


def encoding_name_for_model(model: str) -> str | None:
    """Return the name of the encoding that a model counts with; None if none is published."""
    bare = bare_model_name(model)
    return next((name for name, rule in _RULES if rule.match(bare)), None)


def encoding_for_model(model: str) -> Encoding | None:
    """Return the encoding that a model counts with, loading it; None if none is published for the model."""
    name = encoding_name_for_model(model)
    return None if name is None else load_encoding(name)
