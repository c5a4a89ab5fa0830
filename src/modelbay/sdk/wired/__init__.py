"""Ready-made models on known wires: what a provider gets whose YAML has a `wire` section."""

from modelbay.entities import ModelType
from modelbay.sdk.model import AIModel
from modelbay.sdk.wired.embedding import WiredTextEmbeddingModel
from modelbay.sdk.wired.llm import WiredLargeLanguageModel
from modelbay.sdk.wired.moderation import WiredModerationModel
from modelbay.sdk.wired.provider import WiredProvider
from modelbay.sdk.wired.rerank import WiredRerankModel
from modelbay.sdk.wired.speech import WiredSpeech2TextModel, WiredTTSModel

WIRED_MODELS: dict[ModelType, type[AIModel]] = {
    ModelType.LLM: WiredLargeLanguageModel,
    ModelType.TEXT_EMBEDDING: WiredTextEmbeddingModel,
    ModelType.RERANK: WiredRerankModel,
    ModelType.MODERATION: WiredModerationModel,
    ModelType.SPEECH2TEXT: WiredSpeech2TextModel,
    ModelType.TTS: WiredTTSModel,
}

__all__ = [
    "WIRED_MODELS",
    "WiredLargeLanguageModel",
    "WiredModerationModel",
    "WiredProvider",
    "WiredRerankModel",
    "WiredSpeech2TextModel",
    "WiredTTSModel",
    "WiredTextEmbeddingModel",
]
