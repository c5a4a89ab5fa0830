"""Sandbox recognition: understands what the sandbox's own voices play."""

from __future__ import annotations

from typing import IO, Any

from modelbay.errors import InvokeBadRequestError
from modelbay.providers.sandbox.engines.recognise import recognise
from modelbay.sdk import Speech2TextModel


class SandboxSpeech2TextModel(Speech2TextModel):
    """Reads the tone code back; human speech it does not understand, and says so."""

    def _invoke(
        self, model: str, credentials: dict[str, Any], file: IO[bytes], user: str | None = None
    ) -> str:
        try:
            return recognise(file.read())
        except ValueError as error:
            raise InvokeBadRequestError(str(error)) from None

    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Nothing can be wrong."""
