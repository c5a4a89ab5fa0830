"""Results of language models."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field, PositiveInt, field_validator, model_validator

from modelbay.entities.base import Entity
from modelbay.entities.messages import AssistantPromptMessage, PromptMessage, ToolCall
from modelbay.entities.usage import LLMUsage


class LLMMode(StrEnum):
    """How a model is prompted: with messages, or with one text to continue."""

    COMPLETION = "completion"
    CHAT = "chat"

    @classmethod
    def value_of(cls, value: str) -> LLMMode:
        """Return the mode of that name; ValueError if there is none."""
        return cls(value)


class FinishReason(StrEnum):
    """Why a model stopped, in one vocabulary for all providers."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


class LLMStructuredOutput(Entity):
    """The JSON object that a model was asked for."""

    structured_output: Mapping[str, Any] | None = None


class _Answer(Entity):
    """What a chunk and a whole result share. `prompt_messages` is stored empty: the caller has them.

    `notices` say what of the call was left out by rule; of a stream the last chunk has them.
    """

    model: str
    prompt_messages: list[PromptMessage] = Field(default_factory=list)
    system_fingerprint: str | None = None
    notices: list[str] = Field(default=[], exclude_if=lambda value: not value)

    @field_validator("prompt_messages", mode="before")
    @classmethod
    def _drop_prompt_messages(cls, _: Any) -> list[PromptMessage]:
        return []


class LLMResultChunkDelta(Entity):
    """What one chunk adds. Only the last chunk of a stream has `usage` and `finish_reason`."""

    index: int
    message: AssistantPromptMessage
    usage: LLMUsage | None = None
    finish_reason: str | None = None


class LLMResultChunk(_Answer):
    """One piece of a streamed answer."""

    delta: LLMResultChunkDelta

    @property
    def text(self) -> str:
        """The text that this chunk adds."""
        return self.delta.message.get_text_content()

    @property
    def reasoning(self) -> str:
        """The reasoning that this chunk adds."""
        return self.delta.message.reasoning_content or ""

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls, or pieces of them, that this chunk adds."""
        return self.delta.message.tool_calls

    @property
    def usage(self) -> LLMUsage | None:
        """The usage of the whole call, on the last chunk."""
        return self.delta.usage

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, on the last chunk."""
        return self.delta.finish_reason


class LLMResult(_Answer):
    """A whole answer."""

    message: AssistantPromptMessage
    usage: LLMUsage
    finish_reason: str | None = None

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.message.get_text_content()

    @property
    def reasoning(self) -> str:
        """The model's reasoning, where the provider shows it."""
        return self.message.reasoning_content or ""

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tools that the model wants called."""
        return self.message.tool_calls

    def to_llm_result_chunk(self) -> LLMResultChunk:
        """Return the whole answer as one chunk."""
        return LLMResultChunk(
            model=self.model,
            system_fingerprint=self.system_fingerprint,
            delta=LLMResultChunkDelta(
                index=0, message=self.message, usage=self.usage, finish_reason=self.finish_reason
            ),
        )


class LLMResultChunkWithStructuredOutput(LLMResultChunk, LLMStructuredOutput):
    """A chunk with the JSON object that was asked for."""


class LLMResultWithStructuredOutput(LLMResult, LLMStructuredOutput):
    """A whole answer with the JSON object that was asked for."""

    def to_llm_result_chunk_with_structured_output(self) -> LLMResultChunkWithStructuredOutput:
        """Return the whole answer as one chunk."""
        chunk = self.to_llm_result_chunk()
        return LLMResultChunkWithStructuredOutput(
            model=chunk.model,
            system_fingerprint=chunk.system_fingerprint,
            delta=chunk.delta,
            structured_output=self.structured_output,
        )


class LLMPollingStatus(StrEnum):
    """Where a call that is polled for stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class LLMPollingResult(Entity):
    """The state of a long call: running needs `plugin_state`, succeeded a `result`, failed an `error`."""

    status: LLMPollingStatus
    plugin_state: dict[str, Any] | None = None
    result: LLMResultWithStructuredOutput | LLMResult | None = None
    error: str | None = None
    next_check_after_seconds: PositiveInt | None = None
    expires_after_seconds: PositiveInt | None = None
    max_attempts: PositiveInt | None = None

    @model_validator(mode="after")
    def _has_what_its_status_needs(self) -> LLMPollingResult:
        needed = {
            LLMPollingStatus.RUNNING: ("plugin_state", self.plugin_state),
            LLMPollingStatus.SUCCEEDED: ("result", self.result),
            LLMPollingStatus.FAILED: ("error", self.error),
        }
        name, value = needed[self.status]
        if not value:
            raise ValueError(f"a polling result with status {self.status.value!r} needs {name!r}")
        return self


class LLMModelConfig(Entity):
    """Which model to call, and how."""

    provider: str
    model: str
    model_type: str = "llm"
    mode: str
    completion_params: dict[str, Any] = {}
