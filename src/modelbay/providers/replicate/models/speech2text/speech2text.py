"""Models that write down speech, on Replicate."""

from __future__ import annotations

from dataclasses import replace
from typing import IO, Any

from modelbay.entities import Speech2TextResult
from modelbay.errors import CredentialsValidateFailedError
from modelbay.providers.replicate.running import ask_inputs, finished_body, inputs_for
from modelbay.sdk import AudioFile, threads
from modelbay.sdk.wired import WiredSpeech2TextModel
from modelbay.wires.family import Endpoint, TranscriptionCall
from modelbay.wires.replicate.speech import PredictedTranscript


class ReplicateSpeech2TextModel(WiredSpeech2TextModel):
    """Predicts what is said in a recording, which is uploaded first if it is large."""

    async def _invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes], user: str | None = None
    ) -> Speech2TextResult:
        data = await threads.call(file.read)
        audio = file if isinstance(file, AudioFile) else AudioFile(data)
        options = self.wire_options(model, credentials)
        endpoint, dialect = self.endpoint(credentials, options), PredictedTranscript()
        taken = await inputs_for(model, options, endpoint, self.transport)
        call = TranscriptionCall(
            model,
            data,
            audio.name,
            audio.mime_type,
            parameters=self.extras,
            options={**options, "inputs": taken},
        )
        call = await self._uploaded(call, dialect, endpoint)
        creation = dialect.to_request(call, endpoint)
        return dialect.to_result(call, await finished_body(creation, endpoint, self.transport, options))

    async def _uploaded(
        self, call: TranscriptionCall, dialect: PredictedTranscript, endpoint: Endpoint
    ) -> TranscriptionCall:
        upload = dialect.to_upload(call, endpoint)
        if upload is None:
            return call
        url = dialect.to_address(await self.transport.json(upload))
        return replace(call, options={**call.options, "audio_url": url})

    async def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Prove credentials and model by asking what it takes; nothing is predicted."""
        options = self.wire_options(model, credentials)
        taken = await ask_inputs(model, options, self.endpoint(credentials, options), self.transport)
        if not taken.place("recording"):
            raise CredentialsValidateFailedError(f"{model} takes no recordings")
