"""The plugin kit: all that the author of a provider imports.

A provider whose dialect is known needs none of it: its YAML names the wire. Otherwise derive from
`ModelProvider` and from the base class of each model type, define `_invoke` and `validate_credentials`, and
raise the errors of `modelbay.errors`.
"""

from modelbay.sdk.embedding import TextEmbeddingModel
from modelbay.sdk.llm import LargeLanguageModel
from modelbay.sdk.model import AIModel, TimingContextRaceConditionError
from modelbay.sdk.moderation import ModerationModel
from modelbay.sdk.provider import ModelFactory, ModelProvider
from modelbay.sdk.rerank import RerankModel
from modelbay.sdk.speech2text import AudioFile, Speech2TextModel
from modelbay.sdk.tts import Text2SpeechModel, TTSModel
from modelbay.wires.failures import in_body, to_error
from modelbay.wires.request import Event, Part, Reply, Request, Timeouts
from modelbay.wires.usage import call_usage, embedding_usage, llm_usage

__all__ = [
    "AIModel",
    "AudioFile",
    "Event",
    "LargeLanguageModel",
    "ModelFactory",
    "ModelProvider",
    "ModerationModel",
    "Part",
    "Reply",
    "Request",
    "RerankModel",
    "Speech2TextModel",
    "TTSModel",
    "Text2SpeechModel",
    "TextEmbeddingModel",
    "Timeouts",
    "TimingContextRaceConditionError",
    "call_usage",
    "embedding_usage",
    "in_body",
    "llm_usage",
    "to_error",
]
