"""The command for Python that a gateway shows when it starts."""

from __future__ import annotations

from pathlib import Path

from tests.cli.starting import started, typed
from tests.clients.environments import Environments


def test_the_python_command_works_with_the_sdk(environments: Environments, tmp_path: Path) -> None:
    """It is copied into a shell that has the SDK and knows nothing of Modelbay."""
    folder = environments.place("clients") / "bin"

    with started(tmp_path) as shown:
        assert "sandbox" in typed(shown.command("Python"), path=str(folder))
