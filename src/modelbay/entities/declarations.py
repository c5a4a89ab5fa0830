"""What a plugin declares of its models."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from modelbay.entities.base import Entity
from modelbay.entities.i18n import I18nObject
from modelbay.entities.templates import PARAMETER_RULE_TEMPLATE, apply_template
from modelbay.entities.usage import Meter


class ModelType(StrEnum):
    """The six types of model; `TEXT2IMG` is declared by the format but has no interface."""

    LLM = "llm"
    TEXT_EMBEDDING = "text-embedding"
    RERANK = "rerank"
    SPEECH2TEXT = "speech2text"
    MODERATION = "moderation"
    TTS = "tts"
    TEXT2IMG = "text2img"

    @property
    def folder(self) -> str:
        """The name of the type in paths and in the `models` section of a provider's YAML."""
        return self.value.replace("-", "_")


class FetchFrom(StrEnum):
    """Where a model's declaration comes from."""

    PREDEFINED_MODEL = "predefined-model"
    CUSTOMIZABLE_MODEL = "customizable-model"
    FETCH_FROM_REMOTE = "fetch-from-remote"


class ConfigurateMethod(StrEnum):
    """How a provider's models are set up: declared, added one by one, or asked from the provider."""

    PREDEFINED_MODEL = "predefined-model"
    CUSTOMIZABLE_MODEL = "customizable-model"
    FETCH_FROM_REMOTE = "fetch-from-remote"


class ModelFeature(StrEnum):
    """What a model can do beyond its type."""

    TOOL_CALL = "tool-call"
    MULTI_TOOL_CALL = "multi-tool-call"
    AGENT_THOUGHT = "agent-thought"
    VISION = "vision"
    STREAM_TOOL_CALL = "stream-tool-call"
    DOCUMENT = "document"
    VIDEO = "video"
    AUDIO = "audio"
    STRUCTURED_OUTPUT = "structured-output"
    POLLING = "polling"


class ModelPropertyKey(StrEnum):
    """The facts about a model that the plugin format names; the last is an addition of Modelbay."""

    MODE = "mode"
    CONTEXT_SIZE = "context_size"
    MAX_CHUNKS = "max_chunks"
    FILE_UPLOAD_LIMIT = "file_upload_limit"
    SUPPORTED_FILE_EXTENSIONS = "supported_file_extensions"
    MAX_CHARACTERS_PER_CHUNK = "max_characters_per_chunk"
    DEFAULT_VOICE = "default_voice"
    VOICES = "voices"
    WORD_LIMIT = "word_limit"
    AUDIO_TYPE = "audio_type"
    MAX_WORKERS = "max_workers"
    MAX_TOKENS_PER_REQUEST = "max_tokens_per_request"


class ParameterType(StrEnum):
    """The type of a parameter's value."""

    FLOAT = "float"
    INT = "int"
    STRING = "string"
    BOOLEAN = "boolean"
    TEXT = "text"


class ParameterRule(Entity):
    """One parameter that a model takes, and which values it allows.

    A string stands for the template of that name.
    """

    name: str
    use_template: str | None = None
    label: I18nObject
    type: ParameterType
    help: I18nObject | None = None
    required: bool = False
    default: Any | None = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: list[str] = []

    @model_validator(mode="before")
    @classmethod
    def _fill_from_template(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"name": value, "use_template": value}
        if not isinstance(value, Mapping):
            return value
        rule = dict(value)
        if rule.get("use_template") in PARAMETER_RULE_TEMPLATE:
            rule = apply_template(rule)
        if not rule.get("label"):
            rule["label"] = {"en_US": str(rule.get("name", ""))}
        return rule


class PriceTier(Entity):
    """The prices of a call whose prompt has more than `above` tokens."""

    above: int
    input: Decimal
    output: Decimal | None = None
    cached: Decimal | None = None
    cache_write: Decimal | None = None


class PriceConfig(Entity):
    """Prices in `currency`: n meters cost n x price x `unit`, so prices per million have unit 0.000001.

    `cached` and `cache_write` price the input tokens read from and written to the provider's cache; without
    them these cost as much as `input`. `meter` says what is counted, for models that are not priced by token.
    `source` is where the prices were read, and `as_of` on which day.
    """

    input: Decimal
    output: Decimal | None = None
    unit: Decimal
    currency: str
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    tiers: list[PriceTier] = []
    meter: Meter = Meter.TOKEN
    source: str | None = Field(default=None, exclude_if=lambda value: value is None)
    as_of: str | None = Field(default=None, exclude_if=lambda value: value is None)

    @model_validator(mode="before")
    @classmethod
    def _read_foreign_cached(cls, value: Any) -> Any:
        """Ignore a `cached` that is not an amount: plugins in the wild use the key in their own ways."""
        if isinstance(value, Mapping) and isinstance(value.get("cached"), Mapping | list):
            return {name: item for name, item in value.items() if name != "cached"}
        return value


class ProviderModel(Entity):
    """A model as it appears in lists."""

    model: str
    label: I18nObject
    model_type: ModelType
    features: list[ModelFeature] | None = None
    fetch_from: FetchFrom = FetchFrom.PREDEFINED_MODEL
    model_properties: dict[ModelPropertyKey | str, Any] = {}
    deprecated: bool = False

    @model_validator(mode="before")
    @classmethod
    def _label_falls_back_to_the_name(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and not value.get("label"):
            return {**value, "label": {"en_US": str(value.get("model", ""))}}
        return value

    @property
    def support_structure_output(self) -> bool:
        """Whether the model answers with JSON for a schema."""
        return ModelFeature.STRUCTURED_OUTPUT in (self.features or [])


class AIModelEntity(ProviderModel):
    """All that is declared of a model.

    `wire` holds what the model's dialect must know to speak to it (which endpoint, which name a parameter
    has): data for the wire, never read elsewhere.
    """

    parameter_rules: list[ParameterRule] = []
    pricing: PriceConfig | None = None
    wire: dict[str, Any] = Field(default={}, exclude_if=lambda value: not value)

    def property_of(self, key: ModelPropertyKey | str) -> Any:
        """Return a model property, or None."""
        return self.model_properties.get(key)


class BaseModelConfig(Entity):
    """Which model."""

    provider: str
    model: str
    model_type: ModelType
