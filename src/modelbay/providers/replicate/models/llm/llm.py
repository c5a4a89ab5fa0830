"""Language models on Replicate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from modelbay.entities import AIModelEntity, LLMResultChunk
from modelbay.errors import CredentialsValidateFailedError
from modelbay.providers.replicate.running import ask_inputs, inputs_for, running
from modelbay.sdk.mapping import close
from modelbay.sdk.stops import StopFilter
from modelbay.sdk.text_filters import filter_text
from modelbay.sdk.wired import WiredLargeLanguageModel
from modelbay.wires.family import ChatCall, ChatDialect
from modelbay.wires.replicate.chat import OutputReader
from modelbay.wires.replicate.models import language_model


class ReplicateLargeLanguageModel(WiredLargeLanguageModel):
    """Creates a prediction, streams it or asks for it, and cancels it when nobody wants its rest."""

    async def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> AIModelEntity:
        """Declare a model by what it says that it takes."""
        declared = await super().get_customizable_model_schema(model, credentials)
        options, endpoint = {"version": credentials.get("model_version")}, self.endpoint(credentials)
        told = language_model(model, await inputs_for(model, options, endpoint, self.transport))
        properties = {**told.model_properties, **declared.model_properties}
        told_of = {"features": told.features, "parameter_rules": told.parameter_rules}
        return declared.model_copy(update={**told_of, "model_properties": properties})

    async def _chunks(
        self, dialect: ChatDialect, call: ChatCall, credentials: dict[str, Any]
    ) -> AsyncIterator[LLMResultChunk]:
        endpoint = self.endpoint(credentials, call.options)
        inputs = await inputs_for(call.model, call.options, endpoint, self.transport)
        call = replace(call, options={**call.options, "inputs": inputs})
        creation, stop, reader = dialect.to_request(call, endpoint), StopFilter(call.stop), OutputReader(call)
        async with running(creation, endpoint, self.transport, call.options) as run:
            chunks = filter_text(run.chunks(reader), stop)
            try:
                async for chunk in chunks:
                    yield chunk
                    if chunk.finish_reason is not None:
                        return
                    if stop.stopped:
                        break
            finally:
                await close(chunks)
            for chunk in reader.ended(None):
                yield chunk

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by asking what it takes; nothing is predicted."""
        options, endpoint = {"version": credentials.get("model_version")}, self.endpoint(credentials)
        inputs = await ask_inputs(model, options, endpoint, self.transport)
        if not inputs.converses:
            raise CredentialsValidateFailedError(f"{model} is not a language model: it takes no prompt")
