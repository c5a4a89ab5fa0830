"""Text embedding models."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from modelbay.entities import (
    EmbeddingInputType,
    EmbeddingUsage,
    ModelPropertyKey,
    ModelType,
    MultiModalContent,
    MultiModalEmbeddingResult,
    TextEmbeddingResult,
)
from modelbay.errors import InvokeServerUnavailableError
from modelbay.sdk import prices, threads, tokens
from modelbay.sdk.batches import Limits, batches_of, refuse_long_texts
from modelbay.sdk.calls import each
from modelbay.sdk.model import AIModel
from modelbay.wires.usage import embedding_usage
from modelbay.wires.vectors import plain_vectors


class TextEmbeddingModel(AIModel):
    """Base of embedding models. A plugin defines `_invoke` for one request's worth of texts."""

    model_type: ClassVar[ModelType] = ModelType.TEXT_EMBEDDING
    requests_at_once: ClassVar[int] = 8
    attempts: ClassVar[int] = 2

    @abstractmethod
    def _invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        texts: list[str],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> Any:
        """Return a `TextEmbeddingResult` with one vector a text, in order; may be async."""

    def _invoke_multimodal(
        self,
        model: str,
        credentials: dict[str, Any],
        documents: list[MultiModalContent],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> Any:
        """Return a `MultiModalEmbeddingResult`; may be async."""
        raise NotImplementedError(f"{type(self).__name__} embeds text only")

    def get_num_tokens(self, model: str, credentials: dict[str, Any], texts: list[str]) -> Any:
        """Return the number of tokens of each text; may be async."""
        return [tokens.count_text(text, model).tokens for text in texts]

    async def invoke(
        self,
        model: str,
        credentials: dict[str, Any],
        texts: Sequence[str],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> TextEmbeddingResult:
        """Embed texts: one vector per text, in input order.

        The texts go out in requests of at most `max_chunks` texts, several requests at once; one that fails
        for a passing reason is tried again alone.

        Args:
            texts: N strings, each at most the model's `context_size` tokens. N may be 0.

        Returns:
            `embeddings` of shape [N, D], scaled as the provider sent them (not renormalised).

        Raises:
            InvokeBadRequestError: A text is too long; nothing is ever truncated silently.
        """
        boundary = self._boundary(model, credentials)
        with self.timing_context(), boundary:
            await self.resolve(model, credentials)
            limits = self._limits(model, credentials)
            cuts = self.extras.get("truncate") not in (None, "NONE")  # then the provider does, as asked
            await refuse_long_texts(texts, model, None if cuts else limits.text_tokens)

            async def embed(batch: list[str]) -> TextEmbeddingResult:
                # Mapped here already: whether a part is tried again depends on the class.
                with self._boundary(model, credentials):
                    result = await threads.call(
                        self._invoke,
                        model,
                        dict(credentials),
                        batch,
                        user,
                        EmbeddingInputType(input_type),
                    )
                    return _of_length(result, len(batch))

            at_once = min(self.requests_at_once, self.transport.parallelism or self.requests_at_once)
            batches = batches_of(texts, limits)
            results = await each(batches, embed, at_once=at_once, attempts=self.attempts)
            return await self._joined(model, credentials, texts, results)

    async def invoke_multimodal(
        self,
        model: str,
        credentials: dict[str, Any],
        documents: Sequence[MultiModalContent],
        user: str | None = None,
        input_type: EmbeddingInputType = EmbeddingInputType.DOCUMENT,
    ) -> MultiModalEmbeddingResult:
        """Embed texts and images, in input order; NotImplementedError if the model takes text only."""
        boundary = self._boundary(model, credentials)
        with self.timing_context():
            try:
                await self.resolve(model, credentials)
                result = await threads.call(
                    self._invoke_multimodal, model, credentials, list(documents), user, input_type
                )
                joined = await self._joined(model, credentials, [], [_of_length(result, len(documents))])
                return MultiModalEmbeddingResult.model_construct(**dict(joined))
            except NotImplementedError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: whatever a plugin raises is mapped
                raise boundary.map(error) from boundary.cause_of(error)

    def _limits(self, model: str, credentials: Mapping[str, Any]) -> Limits:
        schema = self.get_model_schema(model, credentials)
        context_size = schema.property_of(ModelPropertyKey.CONTEXT_SIZE) if schema else None
        request_tokens = schema.property_of("max_tokens_per_request") if schema else None
        return Limits(
            texts=self._batch_size(model, credentials),
            text_tokens=int(context_size) if context_size else None,
            request_tokens=int(request_tokens) if request_tokens else None,
        )

    def _get_max_chunks(self, model: str, credentials: Mapping[str, Any]) -> int:
        """Return how many texts one request may hold, 1 if it is not declared."""
        return int(self._property(model, credentials, ModelPropertyKey.MAX_CHUNKS) or 1)

    def _batch_size(self, model: str, credentials: Mapping[str, Any]) -> int:
        """Return how many texts go out in one request: no more than the way to the provider lets pass."""
        most = self._get_max_chunks(model, credentials)
        return most if self.transport.batch_size is None else min(most, self.transport.batch_size)

    async def _joined(
        self,
        model: str,
        credentials: Mapping[str, Any],
        texts: Sequence[str],
        results: Sequence[TextEmbeddingResult],
    ) -> TextEmbeddingResult:
        packed = bool(results) and all(result.packed for result in results)
        embeddings = [] if packed else [vector for result in results for vector in plain_vectors(result)]
        usages = [result.usage for result in results]
        usage = await self._usage_of(model, texts, usages)
        self.transport.spent(usage.total_tokens)
        usage = prices.price_embedding_usage(usage, self._pricing(model, credentials))
        return TextEmbeddingResult.model_construct(
            model=results[0].model if results else model,
            embeddings=embeddings,
            usage=usage.model_copy(update={"latency": time.perf_counter() - self.started_at}),
            packed=[text for result in results for text in result.packed or ()] if packed else None,
        )

    async def _usage_of(
        self, model: str, texts: Sequence[str], usages: Sequence[EmbeddingUsage]
    ) -> EmbeddingUsage:
        """Return the sum of what the upstream reported; counted here where it reported nothing."""
        if any(usage.estimated and not usage.tokens for usage in usages):
            counts = await threads.call(self.get_num_tokens, model, {}, list(texts))
            return embedding_usage(sum(int(count) for count in counts), estimated=True)
        if len(usages) == 1:
            return usages[0]
        estimated = any(usage.estimated for usage in usages)
        summed = embedding_usage(sum(usage.tokens for usage in usages), estimated=estimated)
        if all(usage.total_price is not None for usage in usages) and usages:
            total = sum((usage.total_price or 0 for usage in usages), start=usages[0].price_unit * 0)
            first = usages[0]
            more = {"tokens": summed.tokens, "total_tokens": summed.tokens, "estimated": estimated}
            return first.model_copy(update={**more, "total_price": total})
        return summed


def _of_length(result: TextEmbeddingResult, expected: int) -> TextEmbeddingResult:
    count = len(result.packed or result.embeddings)
    if count != expected:
        raise InvokeServerUnavailableError(
            f"the provider answered with {count} vectors for {expected} inputs"
        )
    return result
