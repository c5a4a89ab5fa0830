"""Embedding models on Replicate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelbay.entities import EmbeddingInputType, MultiModalContent, TextEmbeddingResult
from modelbay.providers.replicate.running import finished_body, inputs_for
from modelbay.sdk.wired import WiredTextEmbeddingModel
from modelbay.wires.family import EmbeddingCall
from modelbay.wires.replicate.schema import Inputs


class ReplicateTextEmbeddingModel(WiredTextEmbeddingModel):
    """Predicts the vectors of the texts that fit one prediction."""

    async def _embed(
        self,
        model: str,
        credentials: dict[str, Any],
        inputs: Sequence[str | MultiModalContent],
        user: str | None,
        input_type: EmbeddingInputType,
    ) -> TextEmbeddingResult:
        options = self.wire_options(model, credentials)
        endpoint, dialect = self.endpoint(credentials, options), self._told(options)
        if options.get("version") and options.get("input_field"):
            taken = Inputs(str(options["version"]))  # all that had to be asked for
        else:
            taken = await inputs_for(model, options, endpoint, self.transport)
        call = EmbeddingCall(
            model, inputs, input_type, parameters=self.extras, options={**options, "inputs": taken}
        )
        creation = dialect.to_request(call, endpoint)
        return dialect.to_result(call, await finished_body(creation, endpoint, self.transport, options))
