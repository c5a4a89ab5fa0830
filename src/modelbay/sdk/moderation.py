"""Moderation models."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from modelbay.entities import (
    CallUsage,
    Meter,
    ModelPropertyKey,
    ModelType,
    ModerationResult,
    PriceConfig,
)
from modelbay.errors import InvokeError, InvokeServerUnavailableError
from modelbay.sdk import prices, threads, tokens
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
        with self.timing_context(), self._boundary(model, credentials):
            await self.resolve(model, credentials)
            limit = self._property(model, credentials, ModelPropertyKey.MAX_CHARACTERS_PER_CHUNK)
            parts = (split_into_parts(text, int(limit)) if limit else []) or [text]
            judgements = await self._judge(model, credentials, parts, user)
            if len(judgements) != len(parts):
                count = f"{len(judgements)} judgements for {len(parts)} parts"
                raise InvokeServerUnavailableError(f"the provider answered with {count}")
            pricing = self._pricing(model, credentials)
            results = [_as_result(judgement) for judgement in judgements]
            usage = prices.price_call_usage(await _usage_of(results, text, model, pricing), pricing)
            return self._joined(results, usage)

    def _joined(self, results: Sequence[ModerationResult], usage: CallUsage) -> ModerationResult:
        return ModerationResult(
            result=any(result.result for result in results),
            categories=sorted({category for result in results for category in result.categories}),
            category_scores=_highest(results),
            usage=usage.model_copy(update={"latency": time.perf_counter() - self.started_at}),
        )


def _highest(results: Sequence[ModerationResult]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for result in results:
        for category, score in result.category_scores.items():
            scores[category] = max(score, scores.get(category, score))
    return scores


def _as_result(judgement: Judgement) -> ModerationResult:
    if isinstance(judgement, ModerationResult):
        return judgement
    return ModerationResult(result=bool(judgement))


async def _usage_of(
    results: Sequence[ModerationResult], text: str, model: str, pricing: PriceConfig | None
) -> CallUsage:
    """Return what the upstream reported, else what the model is priced by, counted here."""
    usages = [result.usage for result in results if result.usage is not None]
    if usages and len(usages) == len(results):
        return prices.summed(usages)
    if pricing is None or pricing.meter is not Meter.TOKEN:
        return call_usage(len(text), Meter.CHARACTER)
    count = await asyncio.to_thread(tokens.count_text, text, model)
    return call_usage(count.tokens, Meter.TOKEN).model_copy(update={"estimated": not count.exact})
