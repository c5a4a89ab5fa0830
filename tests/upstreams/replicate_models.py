"""The models of the fake of Replicate: what each takes, written as its version's OpenAPI schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
Kind = Literal["language", "vectors", "transcript", "speech"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model: what it does, its inputs, and whether it is run without a version."""

    kind: Kind
    inputs: Mapping[str, Mapping[str, Any]]
    official: bool = False
    description: str = ""

    def schema(self) -> dict[str, Any]:
        """Return the OpenAPI schema of its version; choices stand in schemas of their own."""
        properties = {
            name: {"x-order": order, "title": name.title()} | dict(schema)
            for order, (name, schema) in enumerate(self.inputs.items())
        }
        schemas = {"Input": {"type": "object", "properties": properties}, "Voice": _CHOICE, "Effort": _EFFORT}
        return {"openapi": "3.0.2", "components": {"schemas": schemas}}


_TEXT = {"type": "string"}
_FILE = {"type": "string", "format": "uri"}
_CHOICE = {"type": "string", "title": "voice", "enum": ["ada", "bo"]}
_EFFORT = {"type": "string", "title": "effort", "enum": ["low", "high"]}
_SAMPLING = {
    "temperature": {"type": "number", "minimum": 0, "maximum": 5, "default": 0.6, "description": "How free."},
    "top_p": {"type": "number", "minimum": 0, "maximum": 1},
    "top_k": {"type": "integer", "minimum": -1},
}

MODELS: Mapping[str, Model] = {
    "meta/llama-3-8b-instruct": Model(
        "language",
        {
            "prompt": _TEXT,
            "system_prompt": _TEXT,
            "max_tokens": {"type": "integer", "minimum": 1, "maximum": 8086},
            **_SAMPLING,
            "presence_penalty": {"type": "number"},
            "frequency_penalty": {"type": "number"},
            "stop_sequences": _TEXT,
        },
        official=True,
        description="An 8 billion parameter language model.",
    ),
    "acme/chatty": Model(
        "language",
        {
            "prompt": _TEXT,
            "image": _FILE,
            "max_new_tokens": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 512},
            **_SAMPLING,
            "effort": {"allOf": [{"$ref": "#/components/schemas/Effort"}], "default": "low"},
            "debug": {"type": "boolean", "default": False},
        },
    ),
    "acme/one-vector": Model("vectors", {"text": _TEXT}),
    "acme/many-vectors": Model(
        "vectors",
        {
            "texts": _TEXT,
            "batch_size": {"type": "integer"},
            "convert_to_numpy": {"type": "boolean"},
            "normalize_embeddings": {"type": "boolean"},
        },
    ),
    "acme/listener": Model("transcript", {"audio": _FILE, "language": _TEXT}),
    "acme/speaker": Model(
        "speech",
        {"text": _TEXT, "voice": {"allOf": [{"$ref": "#/components/schemas/Voice"}], "default": "ada"}},
    ),
}
