"""Moderation models."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modelbay.entities import CallUsage, Meter, ModelPropertyKey, ModelType, ModerationResult
from modelbay.errors import InvokeError, InvokeServerUnavailableError
from modelbay.sdk import prices, threads
from modelbay.sdk.calls import each
from modelbay.sdk.model import AIModel
from modelbay.sdk.sentences import split_into_parts
from modelbay.wires.usage import call_usage

Judgement = ModerationResult | bool


class ModerationModel(AIModel):
    """Base of moderation models. A plugin defines `_invoke` for a text of a size that its upstream takes.

    An upstream that fails raises: a moderation that could not be made never says "safe".
    """

    model_type: ClassVar[ModelType] = ModelType.MODERATION
    requests_at_once: ClassVar[int] = 4

    @abstractmethod
    def _invoke(self, model: str, credentials: dict[str, Any], text: str, user: str | None = None) -> Any:
        """Return whether the text is harmful: True, False or a `ModerationResult`; may be async."""

    async def _judge(
        self, model: str, credentials: dict[str, Any], parts: Sequence[str], user: str | None
    ) -> list[Judgement]:
        """Return one judgement a part; override where the upstream takes several in one request."""

        async def judge(part: str) -> Judgement:
            judgement = await threads.call(self._invoke, model, dict(credentials), part, user)
            if not isinstance(judgement, ModerationResult | bool):
                raise InvokeError(
                    f"the plugin answered with {type(judgement).__name__}, not with a judgement"
                )
            return judgement

        return await each(parts, judge, at_once=self.requests_at_once)

    async def invoke(
        self, model: str, credentials: dict[str, Any], text: str, user: str | None = None
    ) -> ModerationResult:
        """Judge a text of any length: harmful if any part of it is.

        Raises:
            InvokeError: A part could not be judged.
        """
        boundary = self._boundary(model, credentials)
        with self.timing_context():
            try:
                await self.resolve(model, credentials)
                limit = self._property(model, credentials, ModelPropertyKey.MAX_CHARACTERS_PER_CHUNK)
                parts = (split_into_parts(text, int(limit)) if limit else []) or [text]
                judgements = await self._judge(model, credentials, parts, user)
                if len(judgements) != len(parts):
                    count = f"{len(judgements)} judgements for {len(parts)} parts"
                    raise InvokeServerUnavailableError(f"the provider answered with {count}")
                return self._joined(model, credentials, text, judgements)
            except Exception as error:  # noqa: BLE001 - the boundary: whatever a plugin raises is mapped
                raise boundary.map(error) from boundary.cause_of(error)

    def _joined(
        self, model: str, credentials: Mapping[str, Any], text: str, judgements: Sequence[Judgement]
    ) -> ModerationResult:
        results = [
            item if isinstance(item, ModerationResult) else ModerationResult(result=bool(item))
            for item in judgements
        ]
        categories = sorted({category for result in results for category in result.categories})
        usage = prices.price_call_usage(self._usage_of(results, text), self._pricing(model, credentials))
        return ModerationResult(
            result=any(result.result for result in results),
            categories=categories,
            usage=usage.model_copy(update={"latency": time.perf_counter() - self.started_at}),
        )

    @staticmethod
    def _usage_of(results: Sequence[ModerationResult], text: str) -> CallUsage:
        usages = [result.usage for result in results if result.usage is not None]
        if len(usages) != len(results) or not usages:
            return call_usage(len(text), Meter.CHARACTER)
        return prices.summed(usages)
