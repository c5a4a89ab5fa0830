"""A fake of a LocalAI server.

Source: the published Swagger file (2026-08-22), and the provider sheet of 2026-11-21. The file is made of
comments in the server's code: where it is known to say too little, `known_extensions` and `_mended` say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import orjson

from modelbay.sdk.testing import Answer, Complaint, Request, json_answer
from modelbay.sdk.testing.describe import Specification

from .described import SPECS, Body, Rule
from .openai import OpenAIUpstream

CAPABILITIES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "llama": {
        "capabilities": ["chat", "completion", "tools", "vision", "thinking"],
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
    },
    "base": {"capabilities": ["completion"], "output_modalities": ["text"]},
    "bert": {"capabilities": ["embeddings"], "output_modalities": []},
    "ranker": {"capabilities": ["rerank"], "output_modalities": []},
    "whisper": {"capabilities": ["transcript"], "input_modalities": ["audio"], "output_modalities": ["text"]},
    "piper": {"capabilities": ["tts"], "output_modalities": ["audio"]},
    "painter": {"capabilities": ["image"], "output_modalities": ["image"]},
    "silero": {"capabilities": ["vad"], "output_modalities": []},
}


@cache
def _specification() -> Specification | None:
    """Read the file as a newer description would be read; None when it or `jsonschema` is not there."""
    path = SPECS / "localai.swagger.json"
    try:
        import jsonschema  # noqa: F401 - only asked whether it is there
    except ImportError:
        return None
    if not path.is_file():
        return None
    text = path.read_bytes().replace(b"#/definitions/", b"#/components/schemas/")
    return Specification({"components": {"schemas": _mended(orjson.loads(text)["definitions"])}})


def _mended(types: dict[str, Any]) -> dict[str, Any]:
    """Correct what comments could not say: one type serves all endpoints, and requires a file."""
    del types["schema.OpenAIRequest"]["required"]
    types["schema.OpenAIRequest"]["properties"]["logprobs"] = {}  # a switch, and once a number
    return types


class LocalAIUpstream(OpenAIUpstream):
    """A fake `http://localhost:8080`; a client is given `upstream.url`, with or without `/v1`."""

    file = ""  # not OpenAI's
    schemas: ClassVar[Mapping[str, str]] = {
        "/v1/chat/completions": "schema.OpenAIRequest",
        "/v1/completions": "schema.OpenAIRequest",
        "/v1/embeddings": "schema.OpenAIRequest",
        "/v1/rerank": "schema.JINARerankRequest",
        "/v1/audio/speech": "schema.TTSRequest",
        "/v1/moderations": "schema.ModerationRequest",
    }

    def __init__(self, *, key: str | None = None, **options: Any) -> None:
        self.capabilities = dict(CAPABILITIES)
        super().__init__(compatible=True, key=key, quirks=("whole-tool-call",), **options)
        self.models = tuple(self.capabilities)
        self._specification = _specification()
        self.described = self._specification is not None
        self.dimensions = 384

    def routes(self) -> Mapping[str, Any]:
        """Map the endpoints."""
        return {**super().routes(), "GET /v1/models/capabilities": self._able}

    def rules(self, path: str) -> Sequence[Rule]:
        """Return the sheet's rules."""
        return (*super().rules(path), self._configured)

    def error(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> Answer:
        """Write OpenAI's envelope with a number as its code."""
        return json_answer({"error": {"code": status, "message": message, "type": ""}}, status)

    def _configured(self, body: Body) -> Complaint | None:
        name = body.get("model")
        return None if name in self.models else Complaint(f"model '{name}' not found", "model", status=404)

    def _able(self, request: Request) -> Answer:
        data = [{"id": name, "object": "model", **able} for name, able in self.capabilities.items()]
        return json_answer({"object": "list", "data": data})
