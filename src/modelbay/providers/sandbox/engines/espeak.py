"""Human-like speech by espeak-ng, where it is installed. The sandbox's recogniser does not understand it."""

from __future__ import annotations

import shutil
import subprocess

__all__ = ["espeak_path", "speak"]

_ARGUMENTS = ("--stdin", "--stdout")
_TIMEOUT_SECONDS = 60


def espeak_path() -> str | None:
    """Return where espeak-ng is installed, None if it is not."""
    return shutil.which("espeak-ng")


def speak(text: str) -> bytes:
    """Return the text as a WAV file, spoken in espeak-ng's default voice.

    Raises:
        ValueError: espeak-ng is not installed.
        RuntimeError: espeak-ng failed or took longer than a minute.
    """
    path = espeak_path()
    if path is None:
        raise ValueError(
            "The voice 'espeak' needs the program espeak-ng: install it or choose another voice."
        )
    try:
        # The text goes in by standard input: it can never be taken for an option.
        done = subprocess.run(  # noqa: S603
            [path, *_ARGUMENTS],
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"espeak-ng did not finish within {_TIMEOUT_SECONDS} seconds.") from None
    if done.returncode or not done.stdout:
        raise RuntimeError(f"espeak-ng failed: {done.stderr.decode(errors='replace').strip() or 'no sound'}")
    return done.stdout
