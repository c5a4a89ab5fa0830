"""Speech written to a file and read back."""

from __future__ import annotations

import re

from modelbay.cli.demo.stage import Stage
from modelbay.entities import ModelType, SpeechResult

_TEXT = "Any voice may call at this bay, and every word comes back."
_ENDINGS = {"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/mp3": ".mp3"}


def show_speech(stage: Stage) -> None:
    """Speak a sentence into a file, then write down what the file says."""
    spoken = stage.bay.speak(stage.models[ModelType.TTS].model, _TEXT)
    path = spoken.save(stage.folder / f"speech{ending(spoken)}")
    stage.screen.line("said", _TEXT)
    stage.screen.line("file", f"{path} ({len(spoken.audio):,} bytes)", "green")
    stage.called(ModelType.TTS, spoken.usage)
    _read_back(stage, spoken)


def _read_back(stage: Stage, spoken: SpeechResult) -> None:
    model = stage.models[ModelType.SPEECH2TEXT].model
    stage.outcome(ModelType.SPEECH2TEXT)
    heard = stage.bay.transcribe(model, spoken.audio)
    stage.screen.line("with", model, "dim")
    stage.screen.line("heard", heard.text)
    stage.screen.line("so", comparison(_TEXT, heard.text), "green")
    stage.called(ModelType.SPEECH2TEXT, heard.usage)


def ending(spoken: SpeechResult) -> str:
    """Return the ending that a file of this audio has."""
    kind = spoken.mime_type.partition(";")[0]
    return _ENDINGS.get(kind, f".{kind.rpartition('/')[2] or 'audio'}")


def comparison(said: str, heard: str) -> str:
    """Say how many of the words came back."""
    wanted, got = _words(said), _words(heard)
    if wanted == got:
        return "every word came back"
    rest = list(got)
    for word in wanted:
        if word in rest:
            rest.remove(word)
    return f"{len(got) - len(rest)} of {len(wanted)} words came back"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
