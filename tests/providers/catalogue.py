"""The built-in providers' tables beside the catalogue of models that was gathered from elsewhere.

The catalogue (`specs/model-catalog.json` beside the checkout) has two sources: `litellm`, with prices in USD
by the token and days of deprecation, and `dify`, with prices by the million. What we leave out and where we
differ is data: `catalogue.yaml`, in which every pattern has its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from modelbay.catalog import read_plugin
from modelbay.entities import AIModelEntity, ModelType

PROVIDERS = Path(__file__).parents[2] / "src/modelbay/providers"
CATALOGUE = Path(__file__).parents[2] / "../shared/specs/model-catalog.json"
EXCEPTIONS = Path(__file__).with_name("catalogue.yaml")
TODAY = "2026-11-21"  # the day on which the tables were made: what ended before is not asked for

MODES = {
    "chat": ModelType.LLM,
    "completion": ModelType.LLM,
    "responses": ModelType.LLM,
    "embedding": ModelType.TEXT_EMBEDDING,
    "rerank": ModelType.RERANK,
    "audio_transcription": ModelType.SPEECH2TEXT,
    "audio_speech": ModelType.TTS,
    "moderation": ModelType.MODERATION,
}

# Of two groups with the same model, the price of the first counts.
GROUPS = {
    "anthropic": ["anthropic"],
    "azure_openai": ["azure", "azure_text"],
    "bedrock": ["bedrock_converse", "bedrock"],
    "cohere": ["cohere_chat", "cohere"],
    "deepseek": ["deepseek"],
    "fireworks": ["fireworks_ai", "fireworks_ai-embedding-models"],
    "gemini": ["gemini"],
    "groq": ["groq"],
    "jina": ["jina_ai"],
    "minimax": ["minimax"],
    "mistralai": ["mistral", "codestral"],
    "moonshot": ["moonshot"],
    "nvidia": ["nvidia_nim"],
    "ollama": ["ollama"],
    "openai": ["openai", "text-completion-openai"],
    "replicate": ["replicate"],
    "togetherai": ["together_ai"],
    "tongyi": ["dashscope", "qwencloud", "qwen_ai_platform"],
    "vertex_ai": [
        "vertex_ai-language-models",
        "vertex_ai",
        "vertex_ai-embedding-models",
        *(
            f"vertex_ai-{vendor}_models"
            for vendor in ("anthropic", "mistral", "deepseek", "llama", "minimax")
        ),
        *(f"vertex_ai-{vendor}_models" for vendor in ("moonshot", "zai", "openai", "qwen")),
    ],
    "volcengine_maas": ["volcengine"],
    "voyage": ["voyage"],
    "x": ["xai"],
    "zhipuai": ["zai", "bigmodel"],
}
PREFIX = re.compile(
    r"^(anthropic|azure|bedrock|cohere|deepseek|fireworks_ai|gemini|groq|jina_ai|minimax|mistral|codestral|moonshot"
    r"|nvidia_nim|ollama|replicate|text-completion-openai|together_ai|dashscope|qwencloud|qwen_ai_platform"
    r"|vertex_ai|volcengine|voyage|xai|zai|bigmodel)/"
)


@dataclass(frozen=True)
class Entry:
    """A model in the catalogue; `name` is what the provider calls it."""

    source: str
    name: str
    model_type: ModelType
    facts: dict[str, Any]

    @property
    def ended(self) -> bool:
        """Whether its source says that nobody can or should call the model any more."""
        return bool(self.facts.get("deprecated")) or self.facts.get("deprecation_date", TODAY) < TODAY


@cache
def catalogue() -> dict[str, Any]:
    """Return the catalogue with its numbers as they are written."""
    document: dict[str, Any] = json.loads(CATALOGUE.read_text(encoding="utf-8"), parse_float=Decimal)
    return {source: document[source]["entries"] for source in ("litellm", "dify")}


@cache
def all_exceptions() -> dict[str, dict[str, dict[str, str]]]:
    """Return what is left out or differs: provider, kind, pattern of a name, reason."""
    document: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))
    return document


@cache
def exceptions(provider: str, kind: str) -> list[re.Pattern[str]]:
    """Return the names that are left out (`absent`) or differ (`price`, `context`, `ability`)."""
    return [re.compile(pattern) for pattern in all_exceptions().get(provider, {}).get(kind, {})]


@cache
def declared(provider: str) -> dict[tuple[str, ModelType], AIModelEntity]:
    """Return the models of a built-in provider by name and type."""
    return {(each.model, each.model_type): each for each in read_plugin(PROVIDERS / provider).models}


def providers() -> list[str]:
    """Return the built-in providers that the catalogue knows."""
    known = {*GROUPS, *(catalogue()["dify"] if CATALOGUE.is_file() else ())}
    return sorted(name for name in known if (PROVIDERS / name / "manifest.yaml").is_file())


@cache
def entries(provider: str) -> list[Entry]:
    """Return a provider's models in the catalogue, those of litellm first."""
    found = [
        Entry("litellm", PREFIX.sub("", key, count=1), MODES[facts["mode"]], facts)
        for group in GROUPS.get(provider, [])
        for key, facts in catalogue()["litellm"][group].items()
    ]
    return found + [
        Entry("dify", key.partition("#")[0], ModelType(facts["type"]), facts)
        for key, facts in catalogue()["dify"].get(provider, {}).items()
    ]


@cache
def ended(provider: str) -> set[tuple[str, ModelType]]:
    """Return what a provider has ended, by the word of litellm."""
    return {(e.name, e.model_type) for e in entries(provider) if e.source == "litellm" and e.ended}


@cache
def offers(provider: str, source: str) -> list[tuple[AIModelEntity, list[Entry]]]:
    """Return the declared models with what a source says of each.

    That is one entry, the first of those that can be called, or all of them if only regions have the model.
    """
    exact: dict[tuple[str, ModelType], list[Entry]] = {}
    regional: dict[tuple[str, ModelType], list[Entry]] = {}
    for each in (entry for entry in entries(provider) if entry.source == source):
        exact.setdefault((each.name, each.model_type), []).append(each)
        for base in bases(provider, each.name):
            regional.setdefault((base, each.model_type), []).append(each)
    found = [
        (model, sorted(exact.get(key, []), key=lambda entry: entry.ended)[:1] or regional.get(key, []))
        for key, model in declared(provider).items()
    ]
    return [(model, callable_) for model, all_ in found if (callable_ := [e for e in all_ if not e.ended])]


def bases(provider: str, name: str) -> Iterator[str]:
    """Yield what a name is a region's name of."""
    for pattern in exceptions(provider, "absent"):
        match = pattern.fullmatch(name)
        if match and match.groupdict().get("base"):
            yield match["base"]


def missing(provider: str) -> list[tuple[str, ModelType]]:
    """Return what the catalogue has and a provider's tables lack, whatever the exceptions say."""
    wanted = {(e.name, e.model_type): e.source for e in reversed(entries(provider)) if not e.ended}
    return [
        key
        for key, source in wanted.items()
        if key not in declared(provider) and not (source == "dify" and key in ended(provider))
    ]


def is_left_out(provider: str, name: str, model_type: ModelType) -> bool:
    """Tell whether a rule leaves a model out, or has a `base` that is declared, ended or left out itself."""
    matches = [match for pattern in exceptions(provider, "absent") if (match := pattern.fullmatch(name))]
    if any("base" not in match.groupdict() for match in matches):
        return True
    return any(
        (base, model_type) in declared(provider)
        or (base, model_type) in ended(provider)
        or is_left_out(provider, base, model_type)
        for base in bases(provider, name)
    )
