"""`POST /v1/audio/speech`, as its clients speak it. The answer is the audio itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelbay.wires.asked import Fields, wrong
from modelbay.wires.serving import SpeechAsk, Wishes

_NEUTRAL = {"speed": 1, "instructions": ""}


class SpeechFace:
    """Speaks of speaking. A voice or a format that is not named is the model's default."""

    dialect = "openai.speech"

    def from_request(self, body: Mapping[str, Any]) -> SpeechAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        wishes = Wishes(dialect=self.dialect, neutral=_NEUTRAL, fields={"custom_voice": "voice"})
        model, text = fields.required_text("model"), fields.required_text("input")
        voice = _read_voice(fields, wishes)
        if fields.one_of("stream_format", ("audio", "sse")) == "sse":
            raise wrong("stream_format", "the audio is sent as it is, not as events; leave the field out")
        _read_parameters(fields, wishes)
        wishes.extras = fields.rest()
        return SpeechAsk(model=model, text=text, voice=voice, wishes=wishes)


SPEECH = SpeechFace()


def _read_voice(fields: Fields, wishes: Wishes) -> str | None:
    """Read a voice: its name, or an object that holds the id of one made by the client."""
    voice = fields.take("voice")
    if isinstance(voice, Mapping):
        wishes.parameters["custom_voice"] = Fields(voice, "voice").required_text("id")
        return None
    if voice is not None and not isinstance(voice, str):
        raise wrong("voice", "must be the name of a voice")
    return voice or None


def _read_parameters(fields: Fields, wishes: Wishes) -> None:
    found = {
        "response_format": fields.text("response_format"),
        "speed": fields.number("speed"),
        "instructions": fields.text("instructions"),
    }
    wishes.parameters.update({name: value for name, value in found.items() if value is not None})
