"""Moderation models on a known wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import ModelPropertyKey, ModerationResult
from modelbay.sdk.calls import each
from modelbay.sdk.moderation import Judgement, ModerationModel
from modelbay.sdk.wired.base import ToldModel
from modelbay.wires.family import ModerationCall, ModerationDialect


class WiredModerationModel(ToldModel, ModerationModel):
    """Speaks the dialect that the provider declares; needs no code of the provider."""

    async def _invoke(
        self, model: str, credentials: dict[str, Any], text: str, user: str | None = None
    ) -> ModerationResult:
        (result,) = await self._request(model, credentials, [text])
        return result

    async def _judge(
        self, model: str, credentials: dict[str, Any], parts: Sequence[str], user: str | None
    ) -> list[Judgement]:
        """Judge the parts in requests of `max_chunks` each."""
        size = int(self._property(model, credentials, ModelPropertyKey.MAX_CHUNKS) or 1)
        requests = [parts[start : start + size] for start in range(0, len(parts), size)]

        async def judge(texts: Sequence[str]) -> list[ModerationResult]:
            return await self._request(model, credentials, texts)

        answers = await each(requests, judge, at_once=self.requests_at_once)
        return [result for answer in answers for result in answer]

    async def _request(
        self, model: str, credentials: dict[str, Any], texts: Sequence[str]
    ) -> list[ModerationResult]:
        options = self.wire_options(model, credentials)
        dialect = self._told(options)
        call = ModerationCall(
            model=self.upstream_name(model, credentials),
            texts=texts,
            parameters=self.extras,
            options=options,
        )
        body = await self.transport.json(dialect.to_request(call, self.endpoint(credentials, options)))
        return dialect.to_results(call, body)

    def _told(self, options: Mapping[str, Any]) -> ModerationDialect:
        return self._dialect(self.speaking(options).moderation)

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by judging one word."""
        await self._request(model, credentials, ["ping"])
