"""Which model shows which type: the provider's own, or the sandbox's where it has none."""

from __future__ import annotations

from typing import NamedTuple

from modelbay.cli.choose import SANDBOX, Choice
from modelbay.entities import ModelType

_SPEECH = (ModelType.TTS, ModelType.SPEECH2TEXT)


class Planned(NamedTuple):
    """A model, as `provider/model`; `why` says why it is not the provider's own."""

    model: str
    why: str = ""


def plan(choice: Choice, sandbox: Choice) -> dict[ModelType, Planned]:
    """Return a model for every type.

    Speech is written by one model and read by another: where the provider lacks one of the two, both are the
    sandbox's, since its recogniser understands its own voice only.
    """
    lacking = {kind for kind in sandbox.models if kind not in choice.models}
    if lacking & set(_SPEECH):
        lacking |= set(_SPEECH)
    return {kind: _planned(choice, sandbox, kind, lacking) for kind in sandbox.models}


def _planned(choice: Choice, sandbox: Choice, kind: ModelType, lacking: set[ModelType]) -> Planned:
    if kind not in lacking:
        return Planned(f"{choice.provider}/{choice.models[kind]}")
    missing = kind if kind not in choice.models else next(k for k in _SPEECH if k not in choice.models)
    why = f"{choice.provider} has no {missing.value} model here, so the {SANDBOX} stands in"
    return Planned(f"{SANDBOX}/{sandbox.models[kind]}", why)
