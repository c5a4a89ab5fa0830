"""Calls that take long: started once, then polled for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import LLMPollingResult, ModelFeature, PromptMessage, PromptMessageTool
from modelbay.sdk import threads
from modelbay.sdk.model import AIModel
from modelbay.sdk.rules import apply_rules


class PolledModel(AIModel):
    """The part of a language model that serves models with the feature `polling`.

    A plugin that has such models defines both `_start_polling` and `_check_polling`.
    """

    def _start_polling(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def _check_polling(
        self, model: str, credentials: dict[str, Any], plugin_state: dict[str, Any], user: str | None = None
    ) -> Any:
        raise NotImplementedError

    def supports_polling(self, model: str, credentials: Mapping[str, Any] | None = None) -> bool:
        """Whether the model is declared to be polled for and the plugin defines both polling methods."""
        schema = self.get_model_schema(model, credentials)
        declared = schema is not None and ModelFeature.POLLING in (schema.features or [])
        return declared and all(
            inspect.getattr_static(type(self), name) is not inspect.getattr_static(PolledModel, name)
            for name in ("_start_polling", "_check_polling")
        )

    async def start_polling(
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: Sequence[PromptMessage],
        model_parameters: Mapping[str, Any] | None = None,
        tools: Sequence[PromptMessageTool] | None = None,
        stop: Sequence[str] | None = None,
        user: str | None = None,
        *,
        json_schema: str | None = None,
    ) -> LLMPollingResult:
        """Start a call whose answer is polled for; NotImplementedError if the model is not polled."""
        await self.resolve(model, credentials)
        self._require_polling(model, credentials)
        schema = self.get_model_schema(model, credentials)
        checked = apply_rules(schema.parameter_rules if schema else [], model_parameters or {})
        return await self._poll(
            model,
            credentials,
            self._start_polling,
            list(prompt_messages),
            checked,
            list(tools) if tools else None,
            list(stop) if stop else None,
            False,
            user,
            json_schema=json_schema,
        )

    async def check_polling(
        self, model: str, credentials: dict[str, Any], plugin_state: dict[str, Any], user: str | None = None
    ) -> LLMPollingResult:
        """Ask how a call that was started stands; NotImplementedError if the model is not polled."""
        await self.resolve(model, credentials)
        self._require_polling(model, credentials)
        return await self._poll(model, credentials, self._check_polling, plugin_state, user)

    def _require_polling(self, model: str, credentials: Mapping[str, Any]) -> None:
        if not self.supports_polling(model, credentials):
            raise NotImplementedError(f"{model} does not answer by polling")

    async def _poll(
        self, model: str, credentials: dict[str, Any], method: Any, *args: Any, **kwargs: Any
    ) -> LLMPollingResult:
        with self.timing_context(), self._boundary(model, credentials):
            result = await threads.call(method, model, credentials, *args, **kwargs)
        return LLMPollingResult.model_validate(result)
