"""Speech, both ways: audio goes in and comes out by address."""

from __future__ import annotations

import base64
from typing import Any

from modelbay.entities import Speech2TextResult
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.family import Endpoint, SpeechCall, TranscriptionCall
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.replicate.prediction import Prediction, prediction_of, to_creation
from modelbay.wires.replicate.problems import problem
from modelbay.wires.replicate.schema import Inputs
from modelbay.wires.request import Part, Request

LARGEST_INLINE = 256 * 1024  # bytes; a larger file is uploaded first
_TEXTS = ("transcription", "text", "transcript", "output")
_FILES = ("audio", "audio_out", "url", "output", "wav")


class PredictedTranscript:
    """Speaks of recordings as predictions."""

    name = "replicate.transcripts"
    takes: frozenset[str] = frozenset({"language", "temperature"})

    def to_upload(self, call: TranscriptionCall, endpoint: Endpoint) -> Request | None:
        """Return the request that uploads the recording, if it is too large to be sent with the call."""
        if len(call.audio) <= LARGEST_INLINE:
            return None
        part = Part("content", call.audio, call.filename, call.mime_type)
        return endpoint.request("POST", endpoint.url("files"), form=(part,), to_error=problem)

    @reads_answer
    def to_address(self, body: Any) -> str:
        """Return where an uploaded recording is."""
        return str(answer_object(body)["urls"]["get"])

    def to_request(self, call: TranscriptionCall, endpoint: Endpoint) -> Request:
        """Return the request that creates the prediction; the option `audio_url` is an uploaded recording."""
        inputs, place = _place(call, "recording")
        url = call.options.get("audio_url")
        inline = url or f"data:{call.mime_type};base64,{base64.b64encode(call.audio).decode()}"
        values = {inputs.place_of_parameter(name): value for name, value in call.parameters.items()}
        return to_creation(call.model, inputs, {**values, place: inline}, endpoint)

    def to_result(self, call: TranscriptionCall, body: Any) -> Speech2TextResult:
        """Return what was said, of a prediction that has ended."""
        return Speech2TextResult(result=_text(_succeeded(body).output).strip())


class PredictedSpeech:
    """Speaks of speaking as predictions."""

    name = "replicate.speech"
    takes: frozenset[str] = frozenset({"speed"})

    def to_request(self, call: SpeechCall, endpoint: Endpoint) -> Request:
        """Return the request that creates the prediction."""
        inputs, place = _place(call, "speech")
        values = {inputs.place_of_parameter(name): value for name, value in call.parameters.items()}
        voice = inputs.place("voice") if inputs.fields else ""
        if call.voice and voice:
            values[voice] = call.voice
        return to_creation(call.model, inputs, {**values, place: call.text}, endpoint)

    def to_address(self, body: Any) -> str:
        """Return where the audio of a prediction that has ended is."""
        found = _file(_succeeded(body).output)
        if not found.startswith(("https://", "http://", "data:")):
            raise InvokeServerUnavailableError("the prediction's output has no address of audio")
        return found


def inline_audio(address: str) -> bytes | None:
    """Return the audio that stands in the address itself; None if it has to be fetched."""
    if not address.startswith("data:"):
        return None
    try:
        return base64.b64decode(address.partition(",")[2], validate=True)
    except ValueError as error:
        raise InvokeServerUnavailableError(f"the prediction's audio is not valid base64: {error}") from None


def _place(call: TranscriptionCall | SpeechCall, what: str) -> tuple[Inputs, str]:
    inputs = call.options.get("inputs") or Inputs(str(call.options.get("version") or ""))
    place = str(call.options.get("input_field") or "") or inputs.place(what)
    if not place:
        raise InvokeBadRequestError(
            f"input_field: the model has no input for a {what} that is known; name it"
        )
    return inputs, place


def _succeeded(body: Any) -> Prediction:
    prediction = prediction_of(body)
    if (failure := prediction.failure()) is not None:
        raise failure
    return prediction


def _text(output: Any) -> str:
    if isinstance(output, list) and all(isinstance(piece, str) for piece in output):
        return "".join(output)
    if isinstance(output, dict):
        output = next((output[name] for name in _TEXTS if isinstance(output.get(name), str)), None)
    if not isinstance(output, str):
        raise InvokeServerUnavailableError("the prediction's output has no text")
    return output


def _file(output: Any) -> str:
    if isinstance(output, list):
        output = output[0] if output else None
    if isinstance(output, dict):
        output = next((output[name] for name in _FILES if isinstance(output.get(name), str)), None)
    return output if isinstance(output, str) else ""
