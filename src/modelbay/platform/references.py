"""Secrets by reference: a file that people share says where a value is, not what it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from modelbay.errors import ModelbayError

HOW: Final = "refer to it as {env: VARIABLE} or {file: PATH}"


class ReferenceLostError(ModelbayError):
    """What a reference leads to is not there; the message names it and not the value."""

    summary = "A value that is referred to is not there."


class Reference(BaseModel):
    """Where a value is: in an environment variable, or in a file of its own, named from this one's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str = ""
    file: str = ""

    def value(self, folder: Path) -> str:
        """Return what it leads to.

        Args:
            folder: That of the file that refers to it.

        Raises:
            ReferenceLostError: It is not there, or empty; or the reference names neither or both.
        """
        if bool(self.env) == bool(self.file):
            raise ReferenceLostError("write either {env: VARIABLE} or {file: PATH}")
        if self.env:
            found = os.environ.get(self.env, "")
            if not found:
                raise ReferenceLostError(f"the environment has no such variable: {self.env}")
            return found
        try:
            found = folder.joinpath(Path(self.file).expanduser()).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ReferenceLostError(f"{self.file}: {why}") from None
        if not found:
            raise ReferenceLostError(f"{self.file}: it is empty")
        return found
