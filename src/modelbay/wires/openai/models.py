"""Lists of models, with as much as each server says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelFeature, ModelType, PriceConfig
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import Endpoint
from modelbay.wires.openai.upstream_errors import raise_error_in
from modelbay.wires.request import Request

_CONTEXT_FIELDS = (
    *("max_model_len", "context_length", "context_window", "max_context_length"),
    *("loaded_context_length", "context_size", "max_input_tokens", "n_ctx_train", "n_ctx"),
)
_INNER = ("top_provider", "meta", "limits")  # objects of an entry in which servers keep its sizes
_TYPES = {
    "embedding": ModelType.TEXT_EMBEDDING,
    "embeddings": ModelType.TEXT_EMBEDDING,
    "text-embedding": ModelType.TEXT_EMBEDDING,
    "rerank": ModelType.RERANK,
    "reranker": ModelType.RERANK,
    "moderation": ModelType.MODERATION,
    "transcribe": ModelType.SPEECH2TEXT,
    "transcript": ModelType.SPEECH2TEXT,
    "transcription": ModelType.SPEECH2TEXT,
    "audio2text": ModelType.SPEECH2TEXT,
    "speech_to_text": ModelType.SPEECH2TEXT,
    "speech2text": ModelType.SPEECH2TEXT,
    "tts": ModelType.TTS,
    "text_to_speech": ModelType.TTS,
    "text2audio": ModelType.TTS,
    "text-to-audio": ModelType.TTS,
    **dict.fromkeys(("chattts", "cosyvoice", "fishaudio"), ModelType.TTS),  # families of models that speak
    "image": ModelType.TEXT2IMG,
    "text2img": ModelType.TEXT2IMG,
}
_FEATURES = {
    "image": ModelFeature.VISION,
    "vision": ModelFeature.VISION,
    "vlm": ModelFeature.VISION,
    "supports_image_in": ModelFeature.VISION,
    "supports_image_input": ModelFeature.VISION,
    "supports_video_in": ModelFeature.VIDEO,
    "supports_tools": ModelFeature.TOOL_CALL,
    "audio": ModelFeature.AUDIO,
    "video": ModelFeature.VIDEO,
    "file": ModelFeature.DOCUMENT,
    "tools": ModelFeature.TOOL_CALL,
    "tool_use": ModelFeature.TOOL_CALL,
    "function_calling": ModelFeature.TOOL_CALL,
    "structured_outputs": ModelFeature.STRUCTURED_OUTPUT,
    "reasoning": ModelFeature.AGENT_THOUGHT,
    "reasoning_effort": ModelFeature.AGENT_THOUGHT,
    "supports_reasoning": ModelFeature.AGENT_THOUGHT,
    "thinking": ModelFeature.AGENT_THOUGHT,
    "hybrid": ModelFeature.AGENT_THOUGHT,
}
_CONVERSES = frozenset({"chat", "completion_chat", "chat_completion"})
_COMPLETES = frozenset({"completion", "generate"})
_OF_NO_TYPE = frozenset({"video", "flexible", "vad", "detection", "sound_generation"})
_MILLION = Decimal(1_000_000)
_PER_TOKEN = ("prompt", "completion", "input_cache_read", "input_cache_write")
_PER_MILLION = ("input", "output", "cached_input")


class Models:
    """`GET /models`; servers that describe a single model do so below it, or in the list only."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request."""
        return endpoint.request("GET", endpoint.url("models"), idempotent=True)

    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models by the server's order; one of which no type is said is a language model."""
        return [_model(entry) for entry in _entries(body) if entry.get("id") and not _is_of_no_type(entry)]

    def to_show_request(self, model: str, endpoint: Endpoint) -> Request:
        """Return the request for what the server knows of one model."""
        return endpoint.request("GET", endpoint.url(f"models/{quote(model, safe='')}"), idempotent=True)

    def to_model(self, model: str, body: Any) -> AIModelEntity:
        """Return what an answer says of one model: an answer about it, or a list in which it stands.

        Of a model that stands not in the list nothing is said: some servers know it by another name there.
        """
        if isinstance(body, Mapping) and not {"data", "models", "error"} & body.keys():
            return _model({**body, "id": model})
        found = next((entry for entry in _entries(body) if entry.get("id") == model), {})
        return _model({**found, "id": model})


def _entries(body: Any) -> list[Mapping[str, Any]]:
    if isinstance(body, Mapping):
        raise_error_in(body)
        body = body.get("data", body.get("models"))
    if not isinstance(body, list):
        raise InvokeServerUnavailableError("the provider's answer has no list of models")
    return [entry for entry in body if isinstance(entry, Mapping)]


def _model(entry: Mapping[str, Any]) -> AIModelEntity:
    name, context = str(entry["id"]), _context_size(entry)
    kind = _type(entry)
    properties: dict[str, Any] = {"context_size": context} if context else {}
    if kind == ModelType.LLM:
        properties["mode"] = "completion" if _only_completes(entry) else "chat"
    return AIModelEntity(
        model=name,
        label=I18nObject(en_us=str(entry.get("display_name") or entry.get("name") or name)),
        model_type=kind,
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        features=_features(entry) or None,
        model_properties=properties,
        pricing=_pricing(entry.get("pricing")),
        deprecated=entry.get("active") is False or bool(entry.get("deprecation")),
        wire=_wire(name, entry),
    )


def _wire(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a model is called; a fine-tuned one, `ft:<base>:<organisation>::<id>`, like its base."""
    prefix, _, rest = name.partition(":")
    options: dict[str, Any] = {"base_model": rest.partition(":")[0]} if prefix == "ft" and rest else {}
    if _only_completes(entry):
        options["api"] = "completions"
    if entry.get("strict_system_first") is True:
        options["merge_system"] = True
    return options


def _context_size(entry: Mapping[str, Any]) -> int | None:
    places = [entry, *(entry[name] for name in _INNER if isinstance(entry.get(name), Mapping))]
    names = _CONTEXT_FIELDS if _type(entry) == ModelType.LLM else (*_CONTEXT_FIELDS, "max_tokens")
    sizes = (place.get(name) for place in places for name in names)
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)


def _type(entry: Mapping[str, Any]) -> ModelType:
    said = list(_words(entry, "type", "model_type", "task", "categories"))
    words = [*said, *_ability_words(entry), *_output_words(entry), *_words(entry, "model_family")]
    # Of sound without a word about its direction, servers mean that it is written down.
    otherwise = ModelType.SPEECH2TEXT if entry.get("model_type") == "audio" else ModelType.LLM
    return next((_TYPES[word] for word in words if word in _TYPES), otherwise)


def _abilities(entry: Mapping[str, Any]) -> set[str]:
    return set(_words(entry, "model_ability", "capabilities"))


def _ability_words(entry: Mapping[str, Any]) -> list[str]:
    """Return what a model can do that has no conversations; images may go in as well as out."""
    abilities = _abilities(entry)
    return [] if abilities & (_CONVERSES | _COMPLETES) else sorted(abilities - {"image"})


def _only_completes(entry: Mapping[str, Any]) -> bool:
    abilities = _abilities(entry)
    return bool(abilities & _COMPLETES) and not abilities & _CONVERSES


def _is_of_no_type(entry: Mapping[str, Any]) -> bool:
    """Whether a model is of a kind that has no type here: it makes videos, or finds who speaks."""
    abilities = _abilities(entry)
    named = _OF_NO_TYPE & set(_words(entry, "model_type"))
    return bool(named) or (bool(abilities) and abilities <= _OF_NO_TYPE)


def _output_words(entry: Mapping[str, Any]) -> list[str]:
    """Return what comes out of a model from which no text comes."""
    outputs = list(_words(entry, "output_modalities"))
    return [] if "text" in outputs else outputs


def _features(entry: Mapping[str, Any]) -> list[ModelFeature]:
    names = ("type", "capabilities", "model_ability", "supported_parameters", "features", "input_modalities")
    said = _words(entry, *names)
    flags = [name for name in _FEATURES if entry.get(name) is True]
    return list(dict.fromkeys(_FEATURES[word] for word in (*said, *flags) if word in _FEATURES))


def _words(entry: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield the words in fields that are a word, a list of words, or an object of switches."""
    architecture = entry.get("architecture")
    for place in (entry, architecture if isinstance(architecture, Mapping) else {}):
        for name in names:
            value = place.get(name)
            if isinstance(value, str):
                yield value.lower()
            elif isinstance(value, list):
                yield from (word.lower() for word in value if isinstance(word, str))
            elif isinstance(value, Mapping):
                yield from (str(word).lower() for word, set_ in value.items() if set_)


def _pricing(pricing: Any) -> PriceConfig | None:
    """Return prices in dollars: `prompt` and `completion` are per token, `input` and `output` per million."""
    if not isinstance(pricing, Mapping):
        return None
    per_token = "prompt" in pricing
    names = _PER_TOKEN if per_token else _PER_MILLION
    prices = [_decimal(pricing.get(name), _MILLION if per_token else Decimal(1)) for name in names]
    if prices[0] is None:
        return None
    known = dict(zip(("input", "output", "cached", "cache_write"), prices, strict=False))
    return PriceConfig(**known, unit=1 / _MILLION, currency="USD")


def _decimal(value: Any, factor: Decimal) -> Decimal | None:
    try:
        price = Decimal(str(value)) * factor if value is not None else None
    except InvalidOperation:
        return None
    return price if price is not None and price.is_finite() and price >= 0 else None
