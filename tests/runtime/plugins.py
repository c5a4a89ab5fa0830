"""A whole plugin, written for one test: manifest, provider, models and Python."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

MANIFEST = """
version: 1.2.3
type: plugin
author: acme
name: acme
label: {en_US: Acme}
description: {en_US: Models of Acme.}
icon: icon.svg
created_at: 2024-07-12T08:03:44.658609186Z
plugins: {models: [provider/acme.yaml]}
"""

PROVIDER_YAML = """
provider: acme
label: {en_US: Acme}
supported_model_types: [llm, text-embedding]
configurate_methods: [predefined-model, customizable-model]
provider_credential_schema:
  credential_form_schemas:
    - {variable: api_key, label: {en_US: Key}, type: secret-input, required: true}
    - {variable: region, label: {en_US: Region}, type: text-input, required: false}
environment: {api_key: [ACME_KEY, ACME_OLD_KEY], region: ACME_REGION}
models:
  llm: {predefined: ["models/llm/*.yaml"]}
  text_embedding: {predefined: ["models/text_embedding/*.yaml"]}
extra: {python: {provider_source: provider/acme.py, model_sources: [models/llm/llm.py]}}
"""

MODELS = """
models:
  - {model: chat, model_type: llm, parameter_rules: [temperature]}
  - {model: org/chat-2:free, model_type: llm}
"""

EMBEDDINGS = """
models: [{model: vectors, model_type: text-embedding}]
"""

PROVIDER = """
from modelbay.sdk import ModelProvider

class AcmeProvider(ModelProvider):
    def validate_provider_credentials(self, credentials):
        key = credentials["api_key"]
        credentials["api_key"] = "changed"
        if key != "good":
            raise ValueError(f"the key {key} is unknown")

    async def fetch_models(self, credentials):
        raise ConnectionResetError(f"no answer for {credentials['api_key']}")
"""

LLM = """
import asyncio, threading
from modelbay.entities import AssistantPromptMessage, LLMResultChunk, LLMResultChunkDelta
from modelbay.sdk import LargeLanguageModel
from modelbay.wires.usage import llm_usage

def piece(text, last=False):
    message = AssistantPromptMessage(content=text)
    usage = llm_usage(prompt=1, completion=1) if last else None
    delta = LLMResultChunkDelta(index=0, message=message, usage=usage, finish_reason="stop" if last else None)
    return LLMResultChunk(model="chat", delta=delta)

class AcmeLLM(LargeLanguageModel):
    gate = threading.Event()
    ended = threading.Event()
    begun = threading.Event()

    def validate_credentials(self, model, credentials):
        raise ValueError(f"the key {credentials['api_key']} is unknown")

    def get_num_tokens(self, model, credentials, prompt_messages, tools=None):
        if credentials.get("api_key") == "uncountable":
            raise ValueError("cannot count for uncountable")
        return 5

    def _invoke(self, model, credentials, prompt_messages, *rest):
        said = prompt_messages[-1].text
        words = said.split()
        if words[0] == "key":
            return iter([piece(credentials["api_key"], True)])
        if words[0] == "wait":
            return self.waiting()
        if words[0] == "block":
            return self.blocking()
        if words[0] == "many":
            return self.many(int(words[1]))
        return iter([piece(model + ": "), piece(said), piece("", True)])

    def many(self, count):
        try:
            for number in range(count):
                yield piece(f"{number} ")
            yield piece("", True)
        finally:
            type(self).ended.set()

    async def waiting(self):
        try:
            yield piece("before ")
            type(self).begun.set()
            await asyncio.Event().wait()
        finally:
            type(self).ended.set()

    def blocking(self):
        try:
            yield piece("before ")
            type(self).begun.set()
            type(self).gate.wait(30)
            yield piece("after", True)
        finally:
            type(self).ended.set()
"""


def write_plugin(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write the plugin `acme` into the folder `acme` below `folder`; `files` replace or add to its files."""
    plain = {
        "manifest.yaml": MANIFEST,
        "provider/acme.yaml": PROVIDER_YAML,
        "provider/acme.py": PROVIDER,
        "models/llm/models.yaml": MODELS,
        "models/llm/llm.py": LLM,
        "models/text_embedding/models.yaml": EMBEDDINGS,
    }
    for path, content in (plain | (files or {})).items():
        target = folder / "acme" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(content), encoding="utf-8")
    return folder / "acme"
