"""Sandbox speech: a music box whose tunes carry the words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.providers.sandbox.engines import espeak
from modelbay.providers.sandbox.engines.speak import speak
from modelbay.sdk import TTSModel


class SandboxTTSModel(TTSModel):
    """Plays text as tones that the sandbox's recogniser understands; `espeak` speaks to people instead."""

    def _invoke(
        self,
        model: str,
        tenant_id: str,
        credentials: dict[str, Any],
        content_text: str,
        voice: str,
        user: str | None = None,
    ) -> Iterator[bytes]:
        if voice != "espeak":
            return speak(content_text, voice)
        try:
            return iter([espeak.speak(content_text)])
        except ValueError as error:
            raise InvokeBadRequestError(str(error)) from None
        except RuntimeError as error:
            raise InvokeServerUnavailableError(str(error)) from None

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Nothing can be wrong."""
