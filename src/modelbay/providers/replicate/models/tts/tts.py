"""Models that speak, on Replicate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from modelbay.entities import AIModelEntity, ModelPropertyKey
from modelbay.errors import CredentialsValidateFailedError
from modelbay.providers.replicate.running import ask_inputs, finished_body, inputs_for
from modelbay.sdk.wired import WiredTTSModel
from modelbay.wires.family import SpeechCall
from modelbay.wires.replicate.schema import voices_of
from modelbay.wires.replicate.speech import PredictedSpeech, inline_audio


class ReplicateTTSModel(WiredTTSModel):
    """Predicts speech and fetches the audio from where the provider put it."""

    chooses_format = False

    async def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> AIModelEntity:
        """Declare a model with the voices that it says it has."""
        declared = await super().get_customizable_model_schema(model, credentials)
        options, endpoint = {"version": credentials.get("model_version")}, self.endpoint(credentials)
        names = voices_of(await inputs_for(model, options, endpoint, self.transport))
        voices = [{"mode": name, "name": name, "language": []} for name in names]
        told = {ModelPropertyKey.VOICES: voices, ModelPropertyKey.DEFAULT_VOICE: names[0]} if names else {}
        return declared.model_copy(update={"model_properties": {**declared.model_properties, **told}})

    async def _audio(
        self, model: str, credentials: dict[str, Any], text: str, voice: str, user: str | None
    ) -> AsyncIterator[bytes]:
        options = self.wire_options(model, credentials)
        endpoint, dialect = self.endpoint(credentials, options), PredictedSpeech()
        taken = await inputs_for(model, options, endpoint, self.transport)
        asked = {name: value for name, value in self.extras.items() if name != "response_format"}
        call = SpeechCall(model, text, voice, "", parameters=asked, options={**options, "inputs": taken})
        creation = dialect.to_request(call, endpoint)
        address = dialect.to_address(await finished_body(creation, endpoint, self.transport, options))
        inline = inline_audio(address)
        yield (await self.transport.fetch(address)).body if inline is None else inline

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by asking what it takes; nothing is predicted."""
        options = self.wire_options(model, credentials)
        taken = await ask_inputs(model, options, self.endpoint(credentials, options), self.transport)
        if not taken.place("speech"):
            raise CredentialsValidateFailedError(f"{model} does not speak: it takes no text")
