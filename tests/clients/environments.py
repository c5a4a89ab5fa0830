"""The environments that clients are installed in, apart from the project's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("clients", "clients-llamaindex", "npm")


class Environments:
    """All environments, begun together: while one is tried, the others may still be installing."""

    def __init__(self) -> None:
        self._making = {name: self._begin(name) for name in NAMES}
        self._places: dict[str, Path] = {}

    def place(self, name: str) -> Path:
        """Return where an environment is; the test is skipped where its packages do not install."""
        if name not in self._places:
            place, complaint = self._making[name].communicate()
            if self._making[name].returncode:
                pytest.skip(f"{name}: the packages do not install here: {complaint.strip()[-500:]}")
            self._places[name] = ROOT / place.strip()
        return self._places[name]

    def close(self) -> None:
        """Stop what nobody waited for."""
        for name in self._making.keys() - self._places.keys():
            self._making[name].terminate()
            self._making[name].communicate()

    def _begin(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", "scripts/clients.sh", name],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
